"""Everything that is wrong with an XML document, where `read_data` ends at the first.

Reading is the inner loop of every large edit, so it does not gather errors; a document that was refused is walked again,
and what is right of it becomes a tree, for the rules between nodes to be judged too.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lxml import etree

from yang.errors import BadElement, RequestError, UnknownElement
from yang.limits import LIMITS
from yang.tree import Entries, Node, is_empty, ordered
from yang.xmldata import (
    ANY,
    OPERATIONS,
    Reader,
    Refused,
    bad,
    line_of,
    placed,
    read_children,
    read_key,
    read_value,
    refuse_text,
    refuse_two_cases,
    twice,
    unknown,
)

if TYPE_CHECKING:
    from yang.schema import SchemaNode
    from yang.tree import Child


def read_all(
    parent: etree._Element, schema: SchemaNode, *, config_only: bool = True, most: int = LIMITS.errors
) -> tuple[Node, list[RequestError]]:
    """Return the node of `schema` that `parent` stands for without what is wrong in it, and what that is, in its order.

    No more than `most` errors are looked for, and if there are so many, the node is empty. Each has the path of its node,
    the line of its element and the value that is refused.
    """
    walk = _Walk(parent, schema, most, config_only=config_only)
    node = Node(schema, {})
    with suppress(_Enough):
        node = Node(schema, walk.children(parent, schema))
    if not walk.errors:
        try:
            read_children(parent, schema, config_only=config_only)
        except RequestError as error:
            walk.errors.append(error)
    return node, walk.errors


class _Enough(Exception):
    """There are as many errors as are looked for."""


class _Walk:
    def __init__(self, top: etree._Element, schema: SchemaNode, most: int, *, config_only: bool) -> None:
        self.most = most
        self.top = top
        self.schema = schema
        self.config_only = config_only
        self.reader = Reader(schema.schema, config_only=config_only)
        self.errors: list[RequestError] = []
        self.told: set[tuple[etree._Element, str]] = set()

    def children(self, parent: etree._Element, schema: SchemaNode) -> dict[str, Child]:
        """Return what is right of the children that the elements below `parent`, which is one of `schema`, stand for."""
        present: set[str] = set()
        found: dict[str, Any] = {}
        for element in parent:
            try:
                node = self.schema_of(element, parent, schema)
                if node.qname in present and node.kind not in ("list", "leaf-list"):
                    self.note(Refused(element, twice(node, node.name)))
                else:
                    present.add(node.qname)
                    self.child(element, node, found)
            except Refused as refused:
                self.note(refused)
        try:
            self.whole(parent, schema, present)
        except Refused as refused:
            self.note(refused)
        for name, child in found.items():
            node = schema.children[name]
            if node.kind == "list":
                found[name] = Entries(node, child)
            elif node.kind == "leaf-list":
                found[name] = self.reader.leaf_list(parent, node, list(child.values()))
        return ordered(schema, {name: child for name, child in found.items() if not is_empty(child)})

    def schema_of(self, element: etree._Element, parent: etree._Element, schema: SchemaNode) -> SchemaNode:
        """Return the schema node of an element below `parent`."""
        node = schema.tags.get(element.tag)
        if node is None or node.kind in OPERATIONS:
            error = unknown(element, schema)
            error.line = line_of(element)
            raise Refused(parent, error)
        if self.config_only and not node.config:
            raise Refused(element, UnknownElement(f"{node.name} is state, not configuration", info=bad(node)))
        return node

    def child(self, element: etree._Element, node: SchemaNode, found: dict[str, Any]) -> None:
        """Add to `found` what one element stands for; note or raise what is wrong with it."""
        name = node.qname
        if node.kind == "container":
            found[name] = Node(node, self.children(element, node))
        elif node.kind == "list":
            children = self.children(element, node)
            key = read_key(element, node)
            entries = found.setdefault(name, {})
            if key in entries:
                raise Refused(element, twice(node, " ".join([node.name, *map(str, key)])))
            entries[key or (len(entries) + 1,)] = Node(node, children)
        elif node.kind in ANY:
            if node.kind == "anydata" and not len(element):
                refuse_text(element)
            found[name] = self.reader.inner_xml(element)
        else:
            try:
                value = read_value(element, node)
            except RequestError as error:
                raise Refused(element, error) from None
            if node.kind == "leaf":
                found[name] = value
                return
            values = found.setdefault(name, {})
            which = (value.__class__, value) if node.config else len(values)  # True is no 1
            if which in values:
                raise Refused(element, twice(node, f"{node.name} {node.type.text(value)}"))
            values[which] = value

    def whole(self, parent: etree._Element, schema: SchemaNode, found: set[str]) -> None:
        """Raise what is wrong with the elements below `parent` taken together, and with text among them."""
        if schema.choices:
            refuse_two_cases(schema, sorted(found, key=lambda name: schema.children[name].position), parent)
        if not len(parent):
            refuse_text(parent)
        elif (parent.text or "").strip() or any((child.tail or "").strip() for child in parent):
            name = etree.QName(parent).localname
            raise Refused(parent, BadElement(f"{name} holds text between its elements", info=(("bad-element", name),)))

    def note(self, refused: Refused) -> None:
        """Keep an error, though that of a list's key, which is read twice, once."""
        told = (refused.element, refused.error.message)
        if told not in self.told or refused.error.tag.startswith("unknown"):
            self.told.add(told)
            self.errors.append(placed(refused, self.top, self.schema))
            if len(self.errors) >= self.most:
                raise _Enough
