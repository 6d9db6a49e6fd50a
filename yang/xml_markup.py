"""What a piece of markup in an XML document does to the tree that is being read: see `yang.xmlread`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from yang.tree import Node

if TYPE_CHECKING:
    from yang.schema import SchemaNode
    from yang.values import Value
    from yang.xmlread import Reading

NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
URI = r"(?:urn:[A-Za-z0-9_.:-]+|https?://(?!www\.w3\.org)[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?)"
"""What every parser takes for a URI."""
DECLARATION = rf"[ \t\n]+xmlns(?::(?![Xx][Mm][Ll])({NAME}))?=(?:\"({URI})\"|'({URI})')"
DECLARATIONS = re.compile(DECLARATION).findall
TAG = re.compile(
    rf"([ \t\n]*+)<(?:/((?:{NAME}:)?{NAME})|(?:({NAME}):)?({NAME})((?:{re.sub(r'[(](?![?])', '(?:', DECLARATION)})*))"
    r"[ \t\n]*+(/?)>"
).match

CONTAINER, LIST, ENTRY, END_ENTRY, END_LIST, SET, LEAF_LIST, KEEP, END_LEAF_LIST, IS_NEW, IS_ONE_CASE, SORT = range(12)
Operation = tuple[int, int, str, Any]
"""What to do, how deep, to which child there, and the schema node or value."""


class Irregular(Exception):
    """Something that is not read here."""


class Place(NamedTuple):
    """An element that is open: where the reader is, as far as it matters to what may come."""

    name: str
    """As it is written."""
    node: SchemaNode
    spaces: tuple[tuple[str, str], ...]
    """The namespaces in scope by prefix; the default one has none."""
    last: SchemaNode | None = None
    """What the child before is one of."""
    is_disordered: bool = False
    """Whether the children are in another order than the schema's."""
    had_empty: bool = False
    """Whether a container that says nothing was among them: it may not come twice."""


class State(NamedTuple):
    """All open elements, and the steps from there by their markup."""

    places: tuple[Place, ...]
    steps: dict[str, Step]


class Step(NamedTuple):
    """What a piece of markup does."""

    operations: tuple[Operation, ...]
    level: int
    name: str
    """What the text behind it is the value of, and how deep."""
    values: dict[str, Value] | None
    """Its values by text; None if the text is the value."""
    state: State


class Walk:
    """What the tags of a piece of markup do, and the elements that are open behind them."""

    def __init__(self, reading: Reading, state: State) -> None:
        self.reading = reading
        self.places = list(state.places)
        self.operations: list[Operation] = []
        self.opened: list[int] = []
        """For the innermost places, opened in this piece: how many operations there were then."""
        self.is_first = state is reading.start
        self.is_behind_text = bool(state.places)

    def tag(self, tag: re.Match[str]) -> None:
        """Take one tag."""
        space, closed, prefix, name, declarations, is_empty = tag.groups()
        if closed is None:
            self.open(prefix or "", name, DECLARATIONS(declarations))
            if is_empty:
                self.close("")
        elif is_empty or not self.places or self.places[-1].name != closed:
            raise Irregular
        else:
            self.close(space)
        self.is_behind_text = False

    def open(self, prefix: str, name: str, declarations: list[tuple[str, str, str]]) -> None:
        """Begin an element."""
        spaces = self.places[-1].spaces if self.places else ()
        if declarations:
            declared = {each: one or other for each, one, other in declarations}
            if len(declared) < len(declarations):
                raise Irregular
            spaces = tuple(sorted((dict(spaces) | declared).items()))
        namespace = dict(spaces).get(prefix)
        if prefix and namespace is None:
            raise Irregular
        written = f"{prefix}:{name}" if prefix else name
        if self.is_first:
            # whatever it is called
            self.is_first = False
            self.places.append(Place(written, self.reading.schema.root, spaces))
        elif self.places and self.places[-1].node.is_inner:
            node = self.places[-1].node.tags[f"{{{namespace}}}{name}"]
            if node.kind not in ("leaf", "leaf-list", "container", "list"):
                raise Irregular
            if self.reading.config_only and not node.config:
                raise Irregular
            self.enter(node)
            self.places.append(Place(written, node, spaces))
        else:
            raise Irregular
        self.opened.append(len(self.operations))

    def enter(self, node: SchemaNode) -> None:
        """Begin a child of the innermost place."""
        place, level, name = self.places[-1], len(self.places) - 1, node.qname
        is_list = node.kind in ("list", "leaf-list")
        if place.last is not node or not is_list:
            self.end_run(place, level)
            if place.last is not None and (place.is_disordered or node.position <= place.last.position):
                if place.had_empty or node.position < len(place.node.keys):
                    raise Irregular
                place = place._replace(is_disordered=True)
                self.do(IS_NEW, level, name)
            if is_list:
                self.do(LIST if node.kind == "list" else LEAF_LIST, level, name)
        self.places[-1] = place._replace(last=node)
        if node.kind in ("container", "list"):
            self.do(CONTAINER if node.kind == "container" else ENTRY, level, name, node)

    def close(self, space: str) -> None:
        """End the innermost element, which holds `space` if there is nothing else in it."""
        place = self.places.pop()
        node, name, level = place.node, place.node.qname, len(self.places) - 1
        began = self.opened.pop() if self.opened else None
        if node.kind in ("leaf", "leaf-list"):
            if began is not None:
                values = self.reading.values_of(place)
                self.do(SET, level, name, space if values is None else values[space])
            if node.kind == "leaf-list":
                self.do(KEEP, level, name)
        elif node.kind == "container" and began == len(self.operations):
            self.operations.pop()
            if node.presence:
                self.do(SET, level, name, Node(node, {}))
            else:
                self.places[-1] = self.places[-1]._replace(had_empty=True)
        else:
            self.end_run(place, level + 1)
            if node.choices:
                self.do(IS_ONE_CASE, level + 1, name, node)
            if place.is_disordered:
                self.do(SORT, level + 1, name, node)
            if node.kind == "list":
                self.do(END_ENTRY, level, name, node)

    def end_run(self, place: Place, level: int) -> None:
        """End the list or leaf-list that the child before is one of."""
        if place.last is not None and place.last.kind in ("list", "leaf-list"):
            self.do(END_LIST if place.last.kind == "list" else END_LEAF_LIST, level, place.last.qname, place.last)

    def do(self, operation: int, level: int, name: str, what: Any = None) -> None:
        """Add an operation."""
        self.operations.append((operation, level, name, what))
        if len(self.reading.levels) < level + 2:
            self.reading.levels.append(None)
