"""Data resource identifiers, as URLs name data nodes (RFC 8040 section 3.5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from yang.errors import InvalidValue, UnknownElement
from yang.path import Path
from yang.values import listed, shown
from yang.xmldata import OPERATIONS

if TYPE_CHECKING:
    from yang.schema import Schema, SchemaNode
    from yang.tree import Key


def parse_resource(text: str, schema: Schema) -> Path | None:
    """Return the path that `text`, such as `/module:container/list=key1,key2/leaf`, names; None for `/`.

    Raises:
        RequestError: The schema has no such node, or a key is missing or outside its type.
    """
    path: Path | None = None
    for segment in text.strip("/").split("/") if text.strip("/") else ():
        name, equals, values = segment.partition("=")
        parent = path.schema if path is not None else schema.root
        node = _child(parent, unquote(name))
        if node is None or (parent.kind in ("list", "leaf-list") and path is not None and path.key is None):
            known = listed(name for name, child in parent.children.items() if child.kind not in OPERATIONS)
            raise UnknownElement(
                f"{shown(text)}: {parent.name or 'the top'} has no {name}; it has {known or 'nothing'}", path
            )
        path = Path(path, node, _key(text, node, values.split(",")) if equals else None)
    return path


def print_resource(path: Path) -> str:
    """Return the data resource identifier of a node, which `parse_resource` reads."""
    parts = []
    for step in path.steps():
        schema = step.schema
        parts.append(f"/{schema.qname}")
        if step.key is not None and (schema.keys or schema.kind == "leaf-list"):
            leaves = [schema.children[name] for name in schema.keys] or [schema]
            values = (quote(leaf.type.text(value), safe="") for leaf, value in zip(leaves, step.key, strict=True))
            parts.append(f"={','.join(values)}")
    return "".join(parts)


def _child(parent: SchemaNode, name: str) -> SchemaNode | None:
    node = parent.children.get(name) if parent.is_inner else None
    if node is None and parent.is_inner and parent.parent is not None and ":" in name:
        # the module's name may stand where it need not
        module, _, local = name.partition(":")
        node = parent.children.get(local) if parent.module.name == module else None
    return node if node is not None and node.kind not in OPERATIONS else None


def _key(text: str, node: SchemaNode, values: list[str]) -> Key:
    leaves = [node] if node.kind == "leaf-list" else [node.children[name] for name in node.keys]
    if len(values) != len(leaves) or not leaves:
        raise InvalidValue(
            f"{shown(text)}: {node.name} has {len(leaves)} key values, and {len(values)} are given"
            if leaves
            else f"{shown(text)}: {node.name} has no keys"
        )
    return tuple(
        leaf.type.parse(unquote(value), lambda module, leaf=leaf: module or leaf.module.name)  # type: ignore[misc]  # of this turn
        for leaf, value in zip(leaves, values, strict=True)
    )


def resource_of(path: Path) -> str:
    """Return the data resource identifier of a node, which `parse_resource` reads."""
    return "".join(f"/{step.schema.qname}{_values(step)}" for step in path.steps())


def _values(step: Path) -> str:
    if step.key is None:
        return ""
    schema = step.schema
    leaves = [schema] if schema.kind == "leaf-list" else [schema.children[name] for name in schema.keys]
    texts = [quote(leaf.type.text(value), safe="") for leaf, value in zip(leaves, step.key, strict=True)]
    return f"={','.join(texts)}"
