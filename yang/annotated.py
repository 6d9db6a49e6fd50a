"""Data printed as XML with attributes on its nodes, and perhaps without what is below some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast
from xml.sax.saxutils import quoteattr

from yang.tree import Entries, Node
from yang.with_defaults import ATTRIBUTE
from yang.xmlio import print_child, print_leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yang.schema import SchemaNode
    from yang.tree import Child, Key
    from yang.values import Value
    from yang.with_defaults import Mode


class Mark(Protocol):
    """What is to be said of one node, and of those below it."""

    def attributes(self) -> str:
        """Return the attributes as they stand in a start tag, each with a space before it."""

    def is_pruned(self) -> bool:
        """Return whether only the node itself is printed, a list entry with its keys."""

    def below(self, schema: SchemaNode, key: Key | None, child: Child) -> Mark | None:
        """Return what is to be said of a child: of an entry with `key`, or a leaf-list's value; None if nothing is."""


class DefaultMark:
    """What is said of leaves that are there by default (RFC 6243 section 3.4)."""

    def __init__(self, node: Node | None, attribute: str = "") -> None:
        """Speak of what was set as `node`, if anything was, and of a leaf by `attribute`."""
        self._node = node
        self._attribute = attribute

    def attributes(self) -> str:
        """Return the tag of a default."""
        return self._attribute

    def is_pruned(self) -> bool:
        """Return False: nothing is left out."""
        return False

    def below(self, schema: SchemaNode, key: Key | None, child: Child) -> DefaultMark | None:
        """Return what is said of a child."""
        was = child_of(self._node, schema, key)
        if isinstance(child, Node):
            return DefaultMark(was if isinstance(was, Node) else None)
        return None if was is not None else DefaultMark(None, ATTRIBUTE)


def defaults_of(tree: Node, mode: Mode) -> list[Mark]:
    """Return what is said of the defaults that `mode` puts into `tree`."""
    return [DefaultMark(tree)] if mode == "report-all-tagged" else []


def child_of(node: Node | None, schema: SchemaNode, key: Key | None) -> Child | None:
    """Return the child of `node` that `schema` defines, of a list the entry of `key`."""
    child = node.children.get(schema.qname) if node is not None else None
    return child.get(key or ()) if isinstance(child, Entries) else child


def print_marked(node: Node, marks: Sequence[Mark]) -> str:
    """Return the XML of everything below `node` with what `marks`, which are about that node, say of it."""
    out: list[str] = []
    _print_node(node, marks, out)
    return "".join(out)


def print_alone(schema: SchemaNode, child: Child, marks: Sequence[Mark] = (), declared: str = "") -> str:
    """Return the XML of one child, an entry of a list or a leaf-list's value for itself, with its namespace in any case.

    `marks` are about its parent; what they need to have `declared` stands in its start tag.
    """
    if schema.parent is None:
        return ""
    text = print_marked(Node(schema.parent, {schema.qname: child}), marks)
    namespace = quoteattr(schema.module.namespace)
    return f"<{schema.name} xmlns={namespace}{declared}{text[len(schema.open_tag) :]}"


def _print_node(node: Node, marks: Sequence[Mark], out: list[str]) -> None:
    for name, child in node.children.items():
        schema = node.schema.children[name]
        if not marks:
            out.append(print_child(name, child, node.schema))
        elif isinstance(child, Entries):
            for key, entry in child.items():
                _print_inner(schema, entry, _below(marks, schema, key, entry), out)
        elif isinstance(child, Node):
            _print_inner(schema, child, _below(marks, schema, None, child), out)
        elif schema.kind == "leaf-list":
            for value in cast("tuple[Value, ...]", child):
                _print_leaf(schema, print_leaf(schema, value), _below(marks, schema, (value,), value), out)
        else:
            text = print_child(name, child, node.schema)
            _print_leaf(schema, text, _below(marks, schema, None, child), out)


def _below(marks: Sequence[Mark], schema: SchemaNode, key: Key | None, child: Child) -> list[Mark]:
    return [below for mark in marks if (below := mark.below(schema, key, child)) is not None]


def _print_inner(schema: SchemaNode, node: Node, marks: Sequence[Mark], out: list[str]) -> None:
    opened = schema.open_tag + "".join([mark.attributes() for mark in marks])
    if any(mark.is_pruned() for mark in marks):
        keys = [print_child(name, node.children[name], schema) for name in schema.keys]
        out += [opened, ">", *keys, schema.close_tag] if keys else [opened, "/>"]
        return
    out += (opened, ">")
    _print_node(node, marks, out)
    out.append(schema.close_tag)


def _print_leaf(schema: SchemaNode, text: str, marks: Sequence[Mark], out: list[str]) -> None:
    attributes = "".join([mark.attributes() for mark in marks])
    if any(mark.is_pruned() for mark in marks):
        out += (schema.open_tag, attributes, "/>")
    else:
        out += (schema.open_tag, attributes, text[len(schema.open_tag) :])
