"""Data trees read from JSON, typed as they are read (RFC 7951; RFC 7950 section 8.3.1)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from yang.errors import BadElement, InvalidValue, MissingElement, RequestError, UnknownElement, UnknownNamespace
from yang.json_any import is_xml, parse_any, to_xml
from yang.json_document import Members, parse_json
from yang.json_values import decoder, kind_of, refuse_characters
from yang.limits import LIMITS, Limits
from yang.path import Path
from yang.tree import Entries, Node, ordered
from yang.values import listed
from yang.xmldata import ANY, OPERATIONS, bad, twice
from yang.xmlio import inner_xml, print_children

if TYPE_CHECKING:
    from yang.json_document import JsonDocument, Pointer
    from yang.json_values import Decode
    from yang.schema import Schema, SchemaNode
    from yang.tree import Child, Key
    from yang.types import Type
    from yang.values import Value


def read_json(
    content: bytes,
    schema: Schema,
    *,
    config_only: bool = True,
    limits: Limits = LIMITS,
    errors: list[RequestError] | None = None,
) -> Node:
    """Return the data tree that a JSON document stands for.

    If a list for `errors` is given, what is wrong is put there and left out of the tree, which is empty if there are more
    errors than `limits` has; every error has its line.

    Raises:
        MalformedJson: `content` is not JSON.
        TooBig: It is beyond `limits`.
        RequestError: Of the kind that RFC 7950 section 8.3.1 names, with the path of the node.
    """
    document = parse_json(content, limits)
    return read_members(document, (), schema, config_only=config_only, errors=errors)


def read_members(
    document: JsonDocument,
    pointer: Pointer,
    schema: Schema,
    *,
    config_only: bool = True,
    errors: list[RequestError] | None = None,
) -> Node:
    """Return the data tree that the object at `pointer` in a document stands for; otherwise as `read_json`."""
    children = read_children(document, pointer, schema.root, config_only=config_only, errors=errors)
    return Node(schema.root, children)


def read_children(
    document: JsonDocument,
    pointer: Pointer,
    schema: SchemaNode,
    path: Path | None = None,
    *,
    config_only: bool = True,
    errors: list[RequestError] | None = None,
) -> dict[str, Child]:
    """Return the children of the node `schema` at `path` that the object at `pointer` stands for; otherwise as `read_json`."""
    try:
        return _Reader(document, pointer, schema, path, errors, config_only=config_only).top()
    except _Told as told:
        if errors is None:
            raise told.error from None
        return {}  # there are too many


class _Told(Exception):
    """An error with its path that ends the reading."""

    def __init__(self, error: RequestError) -> None:
        self.error = error


class _Reader:
    """Reads one document; an inner loop, as the one for XML."""

    def __init__(
        self,
        document: JsonDocument,
        pointer: Pointer,
        node: SchemaNode,
        path: Path | None,
        errors: list[RequestError] | None,
        *,
        config_only: bool,
    ) -> None:
        self.document = document
        self.base = pointer
        self.node = node
        self.above = path
        self.schema = node.schema
        self.errors = errors
        self.config_only = config_only
        self.is_plain = document.is_plain
        self.decoders: dict[Type, Decode] = {}
        self.way: list[str | int] = []
        self.is_inside_any = False

    def top(self) -> dict[str, Child]:
        """Return the children of the node that is read."""
        value = self.document.value
        for step in self.base:
            value = value[step]
        self.value = value
        if not isinstance(value, dict):
            self.note(BadElement(f"{kind_of(value)} where an object of data nodes belongs"))
            return {}
        return self.children(value, self.node)

    def children(self, members: dict[str, Any], schema: SchemaNode) -> dict[str, Child]:  # noqa: C901, PLR0912, PLR0915 - calls cost
        """Return the children that `members` stand for."""
        nodes = schema.children
        decoders = self.decoders
        found: dict[str, Any] = {}
        last = -1
        is_ordered = True
        if members.__class__ is Members:
            self.note_duplicates(members, schema)
        for name, value in members.items():
            node = nodes.get(name)
            if node is None:
                if name[:1] != "@" or not (name == "@" or name[1:] in nodes):  # RFC 7952 section 5.2: annotations
                    self.note(self.unknown(name, schema), at=name)
                continue
            position = node.position
            if position < last:
                is_ordered = False
            last = position
            kind = node.kind
            try:
                if self.config_only and not node.config:
                    raise UnknownElement(f"{node.name} is state, not configuration", info=bad(node))
                if kind == "leaf":
                    decode = decoders.get(node.type)
                    if decode is None:
                        decode = decoders[node.type] = self.decoder(node.type)
                    found[name] = decode(value, node)
                elif kind == "container":
                    if not isinstance(value, dict):
                        raise _misshapen(node, value, "an object")
                    self.way.append(name)
                    below = self.children(value, node)
                    self.way.pop()
                    if below or node.presence:
                        found[name] = Node(node, below)
                elif kind == "list":
                    if entries := self.entries(node, value):
                        found[name] = Entries(node, entries)
                elif kind == "leaf-list":
                    if values := self.values(node, value):
                        found[name] = values
                elif kind in ANY:
                    found[name] = self.any(node, value)
                else:
                    raise self.unknown(name, schema)
            except InvalidValue as error:
                self.note_invalid(error, node, value, name)
            except RequestError as error:
                self.note(error, at=name)
        if schema.choices:
            self.refuse_two_cases(schema, found)
        return found if is_ordered else ordered(schema, found)

    def entries(self, node: SchemaNode, value: Any) -> dict[Key, Node]:
        """Return the entries of a list."""
        if not isinstance(value, list):
            raise _misshapen(node, value, "an array of objects")
        entries: dict[Key, Node] = {}
        way = self.way
        way.append(node.qname)
        for index, item in enumerate(value):
            if item.__class__ is not dict and not isinstance(item, dict):
                self.note(_misshapen(node, item, "an object"), at=index)
                continue
            way.append(index)
            children = self.children(item, node)
            try:
                key = tuple([children[name] for name in node.keys])
            except KeyError:
                self.note_missing_keys(node, item)
                way.pop()
                continue
            if key in entries:
                self.note(twice(node, " ".join([node.name, *map(str, key)])))
            else:
                entries[key or (len(entries) + 1,)] = Node(node, children)  # type: ignore[index]  # keys are leaves
            way.pop()
        way.pop()
        return entries

    def values(self, node: SchemaNode, value: Any) -> tuple[Value, ...]:
        """Return the values of a leaf-list: sorted, unless the order is the user's."""
        if not isinstance(value, list):
            raise _misshapen(node, value, "an array of values")
        decode = self.decoder(node.type)
        values: list[Value] = []
        seen: set[tuple[type, Value]] = set()  # True is no 1
        self.way.append(node.qname)
        for index, item in enumerate(value):
            try:
                read = decode(item, node)
            except InvalidValue as error:
                self.note_invalid(error, node, item, index)
                continue
            if node.config and (read.__class__, read) in seen:
                # a value of configuration comes once (RFC 7950 section 7.7)
                self.note(twice(node, f"{node.name} {node.type.text(read)}"), at=index)
                continue
            seen.add((read.__class__, read))
            values.append(read)
        self.way.pop()
        if node.user_ordered or not node.config:
            return tuple(values)
        return tuple(sorted(values, key=node.type.order))

    def any(self, node: SchemaNode, value: Any) -> str:
        """Return the value of an anydata or anyxml."""
        if node.kind == "anydata" and not isinstance(value, dict) and not is_xml(value):
            raise _misshapen(node, value, "an object")
        try:
            text = to_xml(value, self.schema, self.document.limits)
        except RequestError as error:
            error.message = f"{node.name}: {error.message}"
            error.info = bad(node)
            raise
        modelled = self.modelled(node, value)
        return text if modelled is None else modelled

    def modelled(self, node: SchemaNode, value: Any) -> str | None:
        """Return the XML of what an anydata holds if that is data of the schema, whose types say how it is written."""
        known = self.schema.root.children.keys()
        if node.kind == "anyxml" or self.is_inside_any or not isinstance(value, dict) or not value.keys() <= known:
            return None
        pointer = [*self.base, *self.way, node.qname]
        reader = _Reader(self.document, pointer, self.schema.root, None, None, config_only=False)
        reader.is_inside_any = True
        try:
            tree = Node(self.schema.root, reader.top())
        except _Told:
            return None
        return inner_xml(parse_any(print_children(tree)))

    def decoder(self, type_: Type) -> Decode:
        """Return the decoder of a type, which looks at each character only if the document may have wrong ones."""
        decode = decoder(type_)
        if self.is_plain:
            return decode

        def careful(value: Any, node: SchemaNode) -> Value:
            if isinstance(value, str):
                refuse_characters(value)
            return decode(value, node)

        return careful

    def refuse_two_cases(self, schema: SchemaNode, found: dict[str, Any]) -> None:
        """Note what is there of a second case of a choice (RFC 7950 section 8.3.1), and leave it out."""
        chosen: dict[str, tuple[str, str]] = {}
        for name in list(found):
            child = schema.children[name]
            for choice, case in child.cases:
                other = chosen.setdefault(choice, (case, name))
                if other[0] != case:
                    self.note(BadElement(f"{other[1]} and {name} are alternatives", info=bad(child)), at=name)
                    found.pop(name, None)

    def note_missing_keys(self, node: SchemaNode, item: dict[str, Any]) -> None:
        """Note the keys that an entry has not; those with a wrong value are noted already."""
        for name in node.keys:
            if name not in item:
                self.note(MissingElement(f"{node.name} has no key {name}", info=bad(node.children[name])))

    def note_duplicates(self, members: Members, schema: SchemaNode) -> None:
        """Note the members that an object has twice."""
        for name in members.duplicates:
            node = schema.children.get(name)
            info = (("bad-element", node.name if node is not None else name),)
            self.note(BadElement(f"{name.rpartition(':')[2]} is given twice", info=info), at=name)

    def note_invalid(self, error: InvalidValue, node: SchemaNode, value: Any, at: str | int) -> None:
        """Note a value that is outside its type."""
        told = InvalidValue(f"{node.name}: {error.message}", app_tag=error.app_tag, info=bad(node))
        told.value = value if isinstance(value, str) else None if isinstance(value, (dict, list)) else str(value)
        self.note(told, at=at)

    def note(self, error: RequestError, at: str | int | None = None) -> None:
        """Give `error` its path and line; keep it if all are wanted, and raise it otherwise."""
        if error.path is None:
            way = self.way if at is None else [*self.way, at]
            error.path = self.path(way)
            error.line = self.document.line([*self.base, *way])
        if self.errors is None:
            raise _Told(error)
        self.errors.append(error)
        if len(self.errors) >= self.document.limits.errors:
            raise _Told(error)

    def path(self, way: Pointer) -> Path | None:
        """Return the path that `way` leads along, as far as the schema knows it."""
        path = self.above
        schema, value, node = self.node, self.value, None
        for step in way:
            value = value[step]
            if isinstance(step, str):
                node = schema.children.get(step)
                if node is None or node.kind in OPERATIONS:
                    break
                path, schema = Path(path, node), node
            elif path is not None and node is not None:
                path = Path(path.parent, node, self.key(node, value))
        return path

    def key(self, node: SchemaNode, value: Any) -> Key | None:
        """Return the key of an entry or a leaf-list's value, if it has one."""
        with suppress(InvalidValue, KeyError, TypeError):
            if node.kind == "leaf-list":
                return (self.decoder(node.type)(value, node),)
            leaves = [node.children[name] for name in node.keys]
            return tuple(self.decoder(leaf.type)(value[leaf.qname], leaf) for leaf in leaves) or None
        return None

    def unknown(self, name: str, parent: SchemaNode) -> RequestError:
        """Return the error for a member that `parent` has no child for: what is wrong, and what would be right."""
        prefix, _, local = name.rpartition(":")
        info = (("bad-element", local),)
        if prefix and prefix not in self.schema.modules:
            return UnknownNamespace(
                f"{local} is in the module {prefix}, which is not served", info=(*info, ("bad-namespace", prefix))
            )
        if not parent.unsupported.isdisjoint((name, local)):
            return UnknownElement(f"{local} is not supported: no backend implements it, see the deviations", info=info)
        right = next((known for known in parent.children if known.rpartition(":")[2] == local), None)
        if right is not None and parent.children[right].kind not in OPERATIONS:
            # RFC 7951 section 4: the module's name stands where the module changes, and only there
            return UnknownElement(f"{name} is written {right} here", info=info)
        known = listed(known for known, child in parent.children.items() if child.kind not in OPERATIONS)
        return UnknownElement(f"{parent.name or 'the top'} has no {name}; it has {known or 'nothing'}", info=info)


def _misshapen(node: SchemaNode, value: Any, wanted: str) -> BadElement:
    return BadElement(f"{node.name} is {kind_of(value)} where {wanted} belongs", info=bad(node))
