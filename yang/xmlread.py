"""Data trees read from the text of an XML document, without elements.

Between two texts of a document there is markup: `</name><config><name>`, say. A large document has a million texts and
a few dozen such pieces of markup, so each is looked at once in every place where it occurs, and what it does is kept
as a `_Step`: which nodes end, which begin, and what the text behind it is the value of. One regular expression takes a
document apart; the rest is one look-up for a step and one for a value.

What is anything but elements of the schema with namespace declarations and values, and whatever is wrong, ends in None:
`yang.xmldata` takes all documents and says what is wrong with them.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from yang.collector import no_collections
from yang.errors import InvalidValue
from yang.tree import Entries, Node, ordered
from yang.types import LeafrefType, StringType
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yang.schema import Schema, SchemaNode
    from yang.types import Resolve, Type
    from yang.values import Value

CHUNK = 1 << 16
"""How many characters are taken apart at a time."""
SMALL = 1 << 16
"""Documents of fewer octets are read sooner than their steps are made."""
VALUES = 1 << 12
"""How many values of a type are remembered."""
STEPS = 300
"""So many steps may be made, and one more for `TEXTS` texts: for markup that does not come again they do not pay."""
TEXTS = 16
MARKUP = 1 << 14
"""How long the markup of one may be."""

NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
URI = r"(?:urn:[A-Za-z0-9_.:-]+|https?://(?!www\.w3\.org)[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?)"
"""What every parser takes for a URI."""
DECLARATION = rf"[ \t\n]+xmlns(?::(?![Xx][Mm][Ll])({NAME}))?=(?:\"({URI})\"|'({URI})')"
DECLARATIONS = re.compile(DECLARATION).findall
TAG = re.compile(
    rf"([ \t\n]*+)<(?:/((?:{NAME}:)?{NAME})|(?:({NAME}):)?({NAME})((?:{re.sub(r'[(](?![?])', '(?:', DECLARATION)})*))"
    r"[ \t\n]*+(/?)>"
).match
PIECES = re.compile(r">([ \t\n]*+[^< \t\n][^<]*+)<").split
"""Markup, text, markup, text, ..., markup; without the > before and the < behind a text."""
HEAD = re.compile(r"<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'][Uu][Tt][Ff]-8[\"'])?[ \t\n]*\?>[ \t\n]*+").match
NO_CHARACTERS = bytes({*range(32)} - {*b"\t\n\r"})
REFERENCE = re.compile(r"&([^;&]*;?)")
REFERENCES = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'", "#13;": "\r", "#xD;": "\r"}

CONTAINER, LIST, ENTRY, END_ENTRY, END_LIST, SET, LEAF_LIST, KEEP, END_LEAF_LIST, IS_NEW, IS_ONE_CASE, SORT = range(12)
Operation = tuple[int, int, str, Any]
"""What to do, how deep, to which child there, and the schema node or value."""


def read_document(content: bytes, schema: Schema, *, config_only: bool = True) -> Node:
    """Return the data tree that the elements below the root of an XML document stand for.

    Raises:
        MalformedXml: As for `parse_document`.
        RequestError: As for `read_data`.
    """
    tree = read_regular(content, schema, config_only=config_only) if len(content) >= SMALL else None
    return read_data(parse_document(content), schema, config_only=config_only) if tree is None else tree


def read_regular(content: bytes, schema: Schema, *, config_only: bool = True) -> Node | None:
    """Return what `read_document` does, or None if `content` is not as plain as is read here, or has an error."""
    try:
        text = content.decode()
        if len(content.translate(None, NO_CHARACTERS)) < len(content) or "]]>" in text:
            return None
        if not text.isascii() and ("\ufffe" in text or "\uffff" in text):
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        with no_collections():
            return _Reading(text, schema, config_only=config_only).tree()
    except (_Irregular, InvalidValue, KeyError, UnicodeDecodeError):
        return None


class _Irregular(Exception):
    """Something that is not read here."""


class _Values(dict[str, Any]):
    """The values of a type by what stands in the document."""

    def __init__(self, type_: Type, resolve: Any) -> None:
        super().__init__()
        self.type = type_
        self.resolve = resolve

    def __missing__(self, text: str) -> Value:
        plain = REFERENCE.sub(lambda match: REFERENCES[match[1]], text) if "&" in text else text
        value = self.type.parse(plain, self.resolve)
        if len(self) >= VALUES:
            self.clear()
        self[text] = value
        return value


class _Place(NamedTuple):
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


class _State(NamedTuple):
    """All open elements, and the steps from there by their markup."""

    places: tuple[_Place, ...]
    steps: dict[str, _Step]


class _Step(NamedTuple):
    """What a piece of markup does."""

    operations: tuple[Operation, ...]
    level: int
    name: str
    """What the text behind it is the value of, and how deep."""
    values: dict[str, Value] | None
    """Its values by text; None if the text is the value."""
    state: _State


class _Reading:
    def __init__(self, text: str, schema: Schema, *, config_only: bool) -> None:
        self.text = text
        self.schema = schema
        self.config_only = config_only
        self.start = _State((), {})
        self.states: dict[tuple[_Place, ...], _State] = {}
        self.values: dict[tuple[Type, tuple[tuple[str, str], ...], str], _Values] = {}
        self.steps = self.texts = 0
        self.has_references = "&" in text
        self.levels: list[Any] = [{}]
        """The children of the open containers and list entries, outermost first."""

    def tree(self) -> Node:
        """Return the tree."""
        levels = self.levels
        state = self.start
        operations: tuple[Operation, ...]
        for piece, text in chain.from_iterable(self.pieces()):
            step = state.steps.get(piece)
            if step is None:
                step = self.step(state, piece, is_last=text is None)
            operations, depth, leaf, values, state = step
            for operation, level, name, what in operations:
                if operation == CONTAINER:
                    below: dict[str, Any] = {}
                    levels[level][name] = Node(what, below)
                    levels[level + 1] = below
                elif operation == ENTRY:
                    levels[level + 1] = {}
                elif operation == END_ENTRY:
                    children = levels[level + 1]
                    keys = what.keys
                    key = (children[keys[0]],) if len(keys) == 1 else tuple([children[each] for each in keys])
                    entries = levels[level][name]
                    if key in entries:
                        raise _Irregular
                    entries[key] = Node(what, children)
                elif operation == LIST:
                    levels[level][name] = {}
                elif operation == END_LIST:
                    levels[level][name] = Entries(what, levels[level][name])
                elif operation == SET:
                    levels[level][name] = what
                else:
                    self.other(operation, level, name, what)
            if text is not None:
                levels[depth][leaf] = text if values is None else values[text]
        if state.places:
            # what is the end here was more than that before
            raise _Irregular
        for each in self.states.values():
            # they go round in circles
            each.steps.clear()
        return Node(self.schema.root, levels[0])

    def other(self, operation: int, level: int, name: str, what: Any) -> None:
        """Do what is done less often."""
        children, below = self.levels[level : level + 2]
        if operation == LEAF_LIST:
            self.levels[level + 1] = []
        elif operation == KEEP:
            below.append(children[name])
        elif operation == END_LEAF_LIST:
            children[name] = _leaf_list(what, below)
        elif operation == IS_NEW and name in children:
            raise _Irregular
        elif operation == IS_ONE_CASE:
            _check_choices(what, children)
        elif operation == SORT:
            in_order = ordered(what, children)
            children.clear()
            children.update(in_order)

    def pieces(self) -> Iterator[Iterable[tuple[str, str | None]]]:
        """Yield the pieces of markup of some part, each with the text behind it; the last one of all has none."""
        head = HEAD(self.text)
        rest = ""
        for start in range(head.end() if head is not None else 0, len(self.text), CHUNK):
            parts = PIECES(rest + self.text[start : start + CHUNK])
            rest = parts.pop()
            if len(rest) > 16 * CHUNK:
                # it would be searched again and again
                raise _Irregular
            self.texts += len(parts) // 2
            each = iter(parts)
            yield zip(each, each, strict=True)
        yield ((rest, None),)

    def step(self, state: _State, piece: str, *, is_last: bool) -> _Step:
        """Return what `piece` does in `state`, and remember it."""
        self.steps += 1
        if self.steps > STEPS + self.texts // TEXTS or len(piece) > MARKUP:
            raise _Irregular
        markup = f"{'' if state is self.start else '<'}{piece}{'' if is_last else '>'}"
        walk = _Walk(self, state)
        end = 0
        while (tag := TAG(markup, end)) is not None:
            end = tag.end()
            walk.tag(tag)
        if markup[end:].strip(" \t\n") or walk.is_first or bool(walk.places) is is_last:
            raise _Irregular
        places = tuple(walk.places)
        after = self.states.get(places)
        if after is None:
            after = self.states[places] = _State(places, {})
        values: _Values | None = None
        qname = ""
        if places:
            node = places[-1].node
            if node.kind not in ("leaf", "leaf-list"):
                raise _Irregular
            qname, values = node.qname, self.values_of(places[-1])
        step = _Step(tuple(walk.operations), len(places) - 2, qname, values, after)
        state.steps[piece] = step
        return step

    def values_of(self, place: _Place) -> _Values | None:
        """Return what the texts of a leaf stand for, or None if they stand for themselves."""
        type_ = place.node.type
        while isinstance(type_, LeafrefType):
            type_ = type_.target
        if isinstance(type_, StringType) and not (type_.lengths or type_.patterns or self.has_references):
            return None
        # what a prefix means depends on the place
        key = (type_, place.spaces, place.node.module.name) if type_.is_prefixed else (type_, (), "")
        values = self.values.get(key)
        if values is None:
            values = self.values[key] = _Values(type_, self.resolver(place))
        return values

    def resolver(self, place: _Place) -> Resolve:
        """Return the function that turns the prefixes in scope at `place` into modules' names; see `yang.xmldata.resolver`."""
        spaces: dict[str | None, str] = {prefix or None: namespace for prefix, namespace in place.spaces}
        modules = self.schema.by_namespace  # and not self, which has the tree

        def resolve(prefix: str | None) -> str | None:
            namespace = spaces.get(prefix)
            if prefix is None and namespace is None:
                namespace = place.node.module.namespace
            module = modules.get(namespace) if namespace is not None else None
            return module.name if module is not None else None

        return resolve


class _Walk:
    """What the tags of a piece of markup do, and the elements that are open behind them."""

    def __init__(self, reading: _Reading, state: _State) -> None:
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
            raise _Irregular
        else:
            self.close(space)
        self.is_behind_text = False

    def open(self, prefix: str, name: str, declarations: list[tuple[str, str, str]]) -> None:
        """Begin an element."""
        spaces = self.places[-1].spaces if self.places else ()
        if declarations:
            declared = {each: one or other for each, one, other in declarations}
            if len(declared) < len(declarations):
                raise _Irregular
            spaces = tuple(sorted((dict(spaces) | declared).items()))
        namespace = dict(spaces).get(prefix)
        if prefix and namespace is None:
            raise _Irregular
        written = f"{prefix}:{name}" if prefix else name
        if self.is_first:
            # whatever it is called
            self.is_first = False
            self.places.append(_Place(written, self.reading.schema.root, spaces))
        elif self.places and self.places[-1].node.is_inner:
            node = self.places[-1].node.tags[f"{{{namespace}}}{name}"]
            if node.kind not in ("leaf", "leaf-list", "container", "list"):
                raise _Irregular
            if self.reading.config_only and not node.config:
                raise _Irregular
            self.enter(node)
            self.places.append(_Place(written, node, spaces))
        else:
            raise _Irregular
        self.opened.append(len(self.operations))

    def enter(self, node: SchemaNode) -> None:
        """Begin a child of the innermost place."""
        place, level, name = self.places[-1], len(self.places) - 1, node.qname
        is_list = node.kind in ("list", "leaf-list")
        if place.last is not node or not is_list:
            self.end_run(place, level)
            if place.last is not None and (place.is_disordered or node.position <= place.last.position):
                if place.had_empty or node.position < len(place.node.keys):
                    raise _Irregular
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

    def end_run(self, place: _Place, level: int) -> None:
        """End the list or leaf-list that the child before is one of."""
        if place.last is not None and place.last.kind in ("list", "leaf-list"):
            self.do(END_LIST if place.last.kind == "list" else END_LEAF_LIST, level, place.last.qname, place.last)

    def do(self, operation: int, level: int, name: str, what: Any = None) -> None:
        """Add an operation."""
        self.operations.append((operation, level, name, what))
        if len(self.reading.levels) < level + 2:
            self.reading.levels.append(None)


def _leaf_list(node: SchemaNode, values: list[Value]) -> tuple[Value, ...]:
    if not node.config:
        return tuple(values)
    if len(set(values)) < len(values):
        raise _Irregular
    return tuple(values if node.user_ordered else sorted(values, key=node.type.order))


def _check_choices(schema: SchemaNode, children: dict[str, Any]) -> None:
    chosen: dict[str, str] = {}
    for name in children:
        for choice, case in schema.children[name].cases:
            if chosen.setdefault(choice, case) != case:
                raise _Irregular
