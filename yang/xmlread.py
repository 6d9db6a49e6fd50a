"""Data trees read from the text of an XML document, without elements.

Between two texts of a document there is markup: `</name><config><name>`, say. A large document has a million texts and
a few dozen such pieces of markup, so each is looked at once in every place where it occurs, and what it does is kept
as a `Step`: which nodes end, which begin, and what the text behind it is the value of. One regular expression takes a
document apart; the rest is one look-up for a step and one for a value.

What is anything but elements of the schema with namespace declarations and values, and whatever is wrong, ends in None:
`yang.xmldata` takes all documents and says what is wrong with them.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from yang.collector import no_collections
from yang.errors import InvalidValue
from yang.tree import Entries, Node, ordered
from yang.types import LeafrefType, StringType
from yang.xml_markup import (
    CONTAINER,
    END_ENTRY,
    END_LEAF_LIST,
    END_LIST,
    ENTRY,
    IS_NEW,
    IS_ONE_CASE,
    KEEP,
    LEAF_LIST,
    LIST,
    SET,
    SORT,
    TAG,
    Irregular,
    Operation,
    Place,
    State,
    Step,
    Walk,
)
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

PIECES = re.compile(r">([ \t\n]*+[^< \t\n][^<]*+)<").split
"""Markup, text, markup, text, ..., markup; without the > before and the < behind a text."""
HEAD = re.compile(r"<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'][Uu][Tt][Ff]-8[\"'])?[ \t\n]*\?>[ \t\n]*+").match
NO_CHARACTERS = bytes({*range(32)} - {*b"\t\n\r"})
REFERENCE = re.compile(r"&([^;&]*;?)")
REFERENCES = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'", "#13;": "\r", "#xD;": "\r"}


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
            return Reading(text, schema, config_only=config_only).tree()
    except (Irregular, InvalidValue, KeyError, UnicodeDecodeError):
        return None


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


class Reading:
    """One document that is being read."""

    def __init__(self, text: str, schema: Schema, *, config_only: bool) -> None:
        self.text = text
        self.schema = schema
        self.config_only = config_only
        self.start = State((), {})
        self.states: dict[tuple[Place, ...], State] = {}
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
                        raise Irregular
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
            raise Irregular
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
            raise Irregular
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
                raise Irregular
            self.texts += len(parts) // 2
            each = iter(parts)
            yield zip(each, each, strict=True)
        yield ((rest, None),)

    def step(self, state: State, piece: str, *, is_last: bool) -> Step:
        """Return what `piece` does in `state`, and remember it."""
        self.steps += 1
        if self.steps > STEPS + self.texts // TEXTS or len(piece) > MARKUP:
            raise Irregular
        markup = f"{'' if state is self.start else '<'}{piece}{'' if is_last else '>'}"
        walk = Walk(self, state)
        end = 0
        while (tag := TAG(markup, end)) is not None:
            end = tag.end()
            walk.tag(tag)
        if markup[end:].strip(" \t\n") or walk.is_first or bool(walk.places) is is_last:
            raise Irregular
        places = tuple(walk.places)
        after = self.states.get(places)
        if after is None:
            after = self.states[places] = State(places, {})
        values: _Values | None = None
        qname = ""
        if places:
            node = places[-1].node
            if node.kind not in ("leaf", "leaf-list"):
                raise Irregular
            qname, values = node.qname, self.values_of(places[-1])
        step = Step(tuple(walk.operations), len(places) - 2, qname, values, after)
        state.steps[piece] = step
        return step

    def values_of(self, place: Place) -> _Values | None:
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

    def resolver(self, place: Place) -> Resolve:
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


def _leaf_list(node: SchemaNode, values: list[Value]) -> tuple[Value, ...]:
    if not node.config:
        return tuple(values)
    if len(set(values)) < len(values):
        raise Irregular
    return tuple(values if node.user_ordered else sorted(values, key=node.type.order))


def _check_choices(schema: SchemaNode, children: dict[str, Any]) -> None:
    chosen: dict[str, str] = {}
    for name in children:
        for choice, case in schema.children[name].cases:
            if chosen.setdefault(choice, case) != case:
                raise Irregular
