"""Data trees read from XML elements, typed as they are read (RFC 7950 sections 7, 8.3.1 and 9)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from yang.defaults import case_in_use
from yang.errors import (
    BadElement,
    InvalidValue,
    MissingElement,
    RequestError,
    UnknownElement,
    UnknownNamespace,
)
from yang.path import Path
from yang.tree import Entries, Node, ordered
from yang.values import listed, shown
from yang.xmlio import inner_xml
from yang.xmlpath import XmlPath

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yang.schema import Schema, SchemaNode
    from yang.tree import Child, Key
    from yang.types import Resolve
    from yang.values import Value

MIXED = XmlPath("descendant-or-self::*[*][text()[normalize-space()]]")
ANY = frozenset({"anydata", "anyxml"})
OPERATIONS = frozenset({"rpc", "notification"})


def read_children(
    parent: etree._Element, schema: SchemaNode, path: Path | None = None, *, config_only: bool = False
) -> dict[str, Child]:
    """Return the children that the elements below `parent`, the node at `path`, stand for, in the order of `schema`.

    Every leaf is parsed and every list's keys are looked for; rules over several nodes are left to validation.

    Raises:
        RequestError: Of the kind that RFC 7950 section 8.3.1 names, with the path of the node.
    """
    try:
        return Reader(schema.schema, config_only=config_only).children(parent, schema)
    except Refused as refused:
        raise placed(refused, parent, schema, path) from None


def read_data(parent: etree._Element, schema: Schema, *, config_only: bool = True) -> Node:
    """Return the data tree that the elements below `parent` stand for.

    Raises:
        RequestError: As for `read_children`.
    """
    refuse_mixed_content(parent, schema.root)
    return Node(schema.root, read_children(parent, schema.root, config_only=config_only))


def read_input(element: etree._Element, schema: SchemaNode) -> Node:
    """Return the input of an operation from its element; anyxml and anydata in it stay elements.

    Raises:
        RequestError: As for `read_children`, or because something mandatory is missing (RFC 7950 section 8.3.1).
    """
    refuse_mixed_content(element, schema)
    reader = Reader(schema.schema, config_only=False, keep_elements=True)
    try:
        node = Node(schema, reader.children(element, schema))
    except Refused as refused:
        raise refused.error from None
    _refuse_missing(node)
    return node


def _refuse_missing(node: Node) -> None:
    for choice in node.schema.choices:
        names = [name for name, child in node.schema.children.items() if choice.id in dict(child.cases)]
        is_wanted = choice.mandatory and all(case_in_use(node, *case) for case in choice.cases)
        if is_wanted and node.children.keys().isdisjoint(names):
            info = (("bad-element", names[0] if len(names) == 1 else choice.name),)
            raise MissingElement(f"{node.schema.name} needs one of {listed(names)}", info=info)
    for name, schema in node.schema.children.items():
        child = node.children.get(name)
        if child is None and not all(case_in_use(node, *case) for case in schema.cases):
            continue
        if child is None and (schema.mandatory or schema.min_elements):
            raise MissingElement(f"{name} is missing", info=bad(schema))
        if schema.kind == "container" and (child is not None or not schema.presence):
            _refuse_missing(child if isinstance(child, Node) else Node(schema, {}))


def placed(refused: Refused, top: etree._Element, schema: SchemaNode, path: Path | None = None) -> RequestError:
    """Return the error of `refused` with the path of its node, its line, and the value that is refused."""
    error = refused.error
    if error.path is None:
        error.path = path_of(refused.element, top, schema, path)
    if error.line is None:
        error.line = line_of(refused.element)
    if isinstance(error, InvalidValue) and not len(refused.element):
        error.value = refused.element.text or ""
    return error


def line_of(element: etree._Element) -> int | None:
    """Return the line of the document that `element` was read from."""
    return cast("int | None", element.sourceline)


def path_of(element: etree._Element, top: etree._Element, schema: SchemaNode, path: Path | None) -> Path | None:
    """Return the path of `element`, as far as the schema knows it; `top` is the element of `schema`'s node at `path`."""
    way: list[etree._Element] = []
    while element is not top:
        way.append(element)
        element = cast("etree._Element", element.getparent())  # noqa: SLF001 - lxml names it so
    for step in reversed(way):
        node = schema.tags.get(step.tag) if schema.is_inner else None
        if node is None or node.kind in OPERATIONS:
            break
        key: Key | None = None
        with suppress(Refused, RequestError):
            if node.kind == "list":
                key = read_key(step, node) or None
            elif node.kind == "leaf-list":
                key = (read_value(step, node),)
        path = Path(path, node, key)
        schema = node
    return path


def refuse_mixed_content(parent: etree._Element, schema: SchemaNode) -> None:
    """Raise `BadElement` if an element at or below `parent`, which is one of `schema`, has both elements and text.

    What anydata and anyxml hold is free.
    """
    for element in cast("list[etree._Element]", MIXED(parent)):  # noqa: SLF001 - likewise
        path = path_of(element, parent, schema, None)
        if path is None or path.schema.kind not in ANY:
            name = etree.QName(element).localname
            raise BadElement(f"{name} holds text between its elements", path, info=(("bad-element", name),))


def resolver(element: etree._Element, schema: Schema) -> Resolve:
    """Return the function that turns the prefixes in scope at `element` into modules' names."""

    def resolve(prefix: str | None) -> str | None:
        namespace = element.nsmap.get(prefix)
        if prefix is None and namespace is None:
            # ncclient declares no default namespace and names identities as in JSON, where the leaf's module is meant
            namespace = etree.QName(element).namespace
        module = schema.by_namespace.get(namespace) if namespace is not None else None
        return module.name if module is not None else None

    return resolve


def unknown(element: etree._Element, parent: SchemaNode) -> RequestError:
    """Return the error for an element that `parent` has no child for: what is wrong, and what would be right."""
    name = etree.QName(element)
    info = (("bad-element", name.localname),)
    if not name.namespace:
        return UnknownNamespace(f"{name.localname} is in no namespace", info=(*info, ("bad-namespace", "")))
    module = parent.schema.by_namespace.get(name.namespace)
    if module is None:
        return UnknownNamespace(
            f"{name.localname} is in the namespace {name.namespace}, which is not served",
            info=(*info, ("bad-namespace", name.namespace)),
        )
    if not parent.unsupported.isdisjoint((name.localname, f"{module.name}:{name.localname}")):
        return UnknownElement(
            f"{name.localname} is not supported: no backend implements it, see the deviations", info=info
        )
    known = listed(name for name, child in parent.children.items() if child.kind not in ("rpc", "notification"))
    return UnknownElement(f"{parent.name or 'the top'} has no {name.localname}; it has {known or 'nothing'}", info=info)


class Refused(Exception):
    """What is wrong with an element; its path is worked out when it is needed."""

    def __init__(self, element: etree._Element, error: RequestError) -> None:
        self.element = element
        self.error = error


class Reader:
    """Reads one document; the inner loop of every large edit."""

    def __init__(self, schema: Schema, *, config_only: bool, keep_elements: bool = False) -> None:
        self.schema = schema
        self.config_only = config_only
        self.keep_elements = keep_elements

    def children(self, parent: etree._Element, schema: SchemaNode) -> dict[str, Child]:  # noqa: C901, PLR0912, PLR0915 - calls cost
        """Return the children that the elements below `parent` stand for."""
        tags = schema.tags
        found: dict[str, Any] = {}
        gathered: dict[str, Any] = {}
        last = -1
        is_ordered = True
        for element in parent:
            node = tags.get(element.tag)
            if node is None:
                raise Refused(parent, unknown(element, schema))
            position = node.position
            if position < last:
                is_ordered = False
                if position < len(schema.keys):
                    read_key(parent, schema)
            last = position
            name, kind = node.qname, node.kind
            if kind == "leaf":
                if name in found:
                    raise Refused(element, twice(node, node.name))
                if len(element):
                    raise Refused(element, _not_a_value(node))
                try:
                    if node.type.is_prefixed:
                        found[name] = node.type.parse(element.text or "", resolver(element, self.schema))
                    else:
                        found[name] = node.type.parse(element.text or "")
                except InvalidValue as error:
                    raise Refused(element, invalid(node, error)) from None
            elif kind == "container":
                if name in found or name in gathered:
                    raise Refused(element, twice(node, node.name))
                children = self.children(element, node)
                if children or node.presence:
                    found[name] = Node(node, children)
                else:
                    # as good as not there, but not to be there twice
                    gathered[name] = None
            elif kind == "list":
                entries = gathered.get(name)
                if entries is None:
                    entries = gathered[name] = found[name] = {}
                children = self.children(element, node)
                try:
                    key = tuple([children[key] for key in node.keys])
                except KeyError:
                    key = read_key(element, node)
                if key in entries:
                    raise Refused(element, twice(node, " ".join([node.name, *map(str, key)])))
                entries[key or (len(entries) + 1,)] = Node(node, children)
            elif kind == "leaf-list":
                gathered.setdefault(name, []).append(self.value(element, node))
                found[name] = None
            elif kind in ANY:
                if name in found:
                    raise Refused(element, twice(node, node.name))
                if kind == "anydata" and element.text:
                    # RFC 7950 section 7.10.2: its value is a set of nodes
                    refuse_text(element)
                found[name] = element if self.keep_elements else self.inner_xml(element)
            else:
                raise Refused(parent, unknown(element, schema))
            if self.config_only and not node.config:
                raise Refused(element, UnknownElement(f"{node.name} is state, not configuration", info=bad(node)))
        for name, child in gathered.items():
            if isinstance(child, dict):
                found[name] = Entries(schema.children[name], child)
            elif child is not None:
                found[name] = self.leaf_list(parent, schema.children[name], child)
        if schema.choices:
            refuse_two_cases(schema, found, parent)
        if not found:
            refuse_text(parent)
        return found if is_ordered else ordered(schema, found)

    def inner_xml(self, element: etree._Element) -> str:
        """Return the value of an anydata or anyxml."""
        try:
            return inner_xml(element)
        except RequestError as error:
            raise Refused(element, error) from None

    def value(self, element: etree._Element, node: SchemaNode) -> Value:
        """Return one value of a leaf-list."""
        try:
            return read_value(element, node)
        except RequestError as error:
            raise Refused(element, error) from None

    def leaf_list(self, parent: etree._Element, node: SchemaNode, values: list[Value]) -> tuple[Value, ...]:
        """Return the value of a leaf-list: sorted, unless the order is the user's."""
        if node.config and len(set(values)) < len(values):
            # a value of configuration comes once (RFC 7950 section 7.7)
            known: set[tuple[type, Value]] = set()
            for index, value in enumerate(values):
                # True is 1 to Python, and another value of a union
                if (value.__class__, value) in known:
                    what = f"{node.name} {node.type.text(value)}"
                    raise Refused(parent.findall(node.tag)[index], twice(node, what))
                known.add((value.__class__, value))
        if node.user_ordered or not node.config:
            return tuple(values)
        return tuple(sorted(values, key=node.type.order))


def refuse_two_cases(schema: SchemaNode, names: Iterable[str], parent: etree._Element) -> None:
    """Refuse an edit or a document if two of the children `names` are in different cases of one choice.

    Raises:
        Refused: They are (RFC 7950 section 8.3.1); `parent` is the element that they stand in.
    """
    chosen: dict[str, tuple[str, str]] = {}
    for name in names:
        child = schema.children[name]
        for choice, case in child.cases:
            other = chosen.setdefault(choice, (case, name))
            if other[0] != case:
                element = parent.find(child.tag)
                error = BadElement(f"{other[1]} and {name} are alternatives", info=bad(child))
                raise Refused(parent if element is None else element, error)


def refuse_text(parent: etree._Element) -> None:
    """Raise `Refused` if `parent`, where only elements belong, holds text; to be asked where it holds no elements."""
    text = (parent.text or "").strip()
    if text:
        name = etree.QName(parent).localname
        error = BadElement(f"{name} holds text {shown(text)} where elements belong", info=(("bad-element", name),))
        raise Refused(parent, error)


def bad(node: SchemaNode) -> tuple[tuple[str, str], ...]:
    """Return the error-info that names the element of `node`."""
    return (("bad-element", node.name),)


def invalid(node: SchemaNode, error: InvalidValue) -> InvalidValue:
    """Return `error` with the leaf's name before its message."""
    return InvalidValue(f"{node.name}: {error.message}", app_tag=error.app_tag, info=bad(node))


def twice(node: SchemaNode, what: str) -> BadElement:
    """Return the error for a node that a document has twice."""
    return BadElement(f"{what} is given twice", info=bad(node))


def _not_a_value(node: SchemaNode) -> BadElement:
    return BadElement(f"{node.name} holds elements where a value belongs", info=bad(node))


def read_value(element: etree._Element, node: SchemaNode) -> Value:
    """Return the value that `element` gives the leaf or leaf-list `node`.

    Raises:
        RequestError: There is none, or it is outside the type; without a path.
    """
    if len(element):
        raise _not_a_value(node)
    try:
        if node.type.is_prefixed:
            return node.type.parse(element.text or "", resolver(element, node.schema))
        return node.type.parse(element.text or "")
    except InvalidValue as error:
        raise invalid(node, error) from None


def read_key(element: etree._Element, node: SchemaNode) -> Key:
    """Return the key of the list entry that `element` stands for.

    Raises:
        Refused: A key is not there or outside its type, or the keys do not come first, in the order of the key
            statement (RFC 7950 section 7.8.5).
    """
    key: list[Value] = []
    for position, name in enumerate(node.keys):
        leaf = node.children[name]
        child = element[position] if position < len(element) else None
        if child is None or child.tag != leaf.tag:
            if element.find(leaf.tag) is None:
                raise Refused(element, MissingElement(f"{node.name} has no key {name}", info=bad(leaf)))
            order = " ".join(node.keys)
            raise Refused(
                element,
                BadElement(f"the keys of {node.name} come first and in order: {order}", info=bad(leaf)),
            )
        try:
            key.append(read_value(child, leaf))
        except RequestError as error:
            raise Refused(child, error) from None
    return tuple(key)
