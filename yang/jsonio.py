"""Data trees printed as JSON (RFC 7951)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from yang.errors import RequestError
from yang.json_any import from_xml, parse_any
from yang.json_values import encode
from yang.tree import Node
from yang.xmldata import read_data

if TYPE_CHECKING:
    from yang.schema import SchemaNode
    from yang.tree import Child, Entries
    from yang.values import Value


def print_json(node: Node, indent: int | None = None) -> str:
    """Return everything below `node` as the text of one JSON object, on one line unless `indent` is given."""
    separators = (",", ":") if indent is None else None
    return json.dumps(members(node), ensure_ascii=False, indent=indent, separators=separators)


def members(node: Node) -> dict[str, Any]:
    """Return everything below `node` as plain dicts, lists and values, as `json.dumps` takes them.

    A name has its module's only where that is not the module of what it stands in (RFC 7951 section 4).
    """
    found: dict[str, Any] = {}
    schemas = node.schema.children
    for name, child in node.children.items():
        # what most of all data is, first
        kind = child.__class__
        if kind is Node:
            found[name] = members(cast("Node", child))
        elif kind is str and schemas[name].kind == "leaf":
            found[name] = child
        else:
            found[name] = member(schemas[name], child)
    return found


def member(schema: SchemaNode, child: Child) -> Any:
    """Return one child as `json.dumps` takes it."""
    match schema.kind:
        case "leaf":
            return encode(schema.type, cast("Value", child))
        case "list":
            return [members(entry) for entry in cast("Entries", child).values()]
        case "leaf-list":
            return [encode(schema.type, value) for value in cast("tuple[Value, ...]", child)]
    return _any(schema, cast("str", child))


def _any(schema: SchemaNode, text: str) -> Any:
    """Return what an anydata or anyxml holds: with the types of the schema, if it is data of it."""
    if schema.kind == "anydata" and not text:
        return {}
    if schema.kind == "anydata" and text.startswith("<"):
        root = schema.schema.root
        element = parse_any(text)
        if all(child.tag in root.tags and not child.attrib for child in element):
            try:
                return members(read_data(element, schema.schema, config_only=False))
            except RequestError:
                pass
    return from_xml(text, schema.schema)
