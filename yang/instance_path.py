"""Instance-identifiers as paths: what they name, whether it is there or not (RFC 7950 section 9.13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.errors import InvalidValue, UnknownElement
from yang.identifiers import PREDICATE, STEP
from yang.path import Path
from yang.values import listed, shown
from yang.xmldata import OPERATIONS, bad

if TYPE_CHECKING:
    from yang.schema import Schema, SchemaNode
    from yang.tree import Key
    from yang.values import InstanceIdentifier


def instance_path(value: InstanceIdentifier, schema: Schema) -> Path:
    """Return the path of the one node that `value` names: every list entry on the way by all of its keys.

    Raises:
        UnknownElement: The schema has no such node.
        InvalidValue: An entry is not named by its keys, or a key is outside its type.
    """
    path: Path | None = None
    for module, name, predicates in STEP.findall(value):
        parent = path.schema if path is not None else schema.root
        node = parent.children.get(parent.qname_of(module, name)) if parent.is_inner else None
        if node is None or node.kind in OPERATIONS:
            known = listed(name for name, child in parent.children.items() if child.kind not in OPERATIONS)
            message = (
                f"{shown(value, 200)}: {parent.name or 'the top'} has no {module}:{name}; it has {known or 'nothing'}"
            )
            raise UnknownElement(message, path, info=(("bad-element", name),))
        path = Path(path, node)
        path.key = _key(value, path, PREDICATE.findall(predicates))
    if path is None:
        raise InvalidValue(f"{shown(value)} names nothing")
    return path


def _key(value: InstanceIdentifier, path: Path, predicates: list[tuple[str, ...]]) -> Key | None:
    node = path.schema
    names = {"leaf-list": ["."], "list": list(node.keys)}.get(node.kind, [])
    given = {predicate[0] or predicate[2]: predicate[3] or predicate[4] for predicate in predicates}
    if given.keys() != set(names) or len(given) < len(predicates) or (node.kind == "list" and not names):
        wanted = f"is named by {listed(names)}" if names else "has no keys"
        raise InvalidValue(f"{shown(value, 200)}: {node.name} {wanted}", path.parent, info=bad(node))
    try:
        return tuple(_leaf(node, name).type.parse(given[name]) for name in names) or None
    except InvalidValue as error:
        raise InvalidValue(f"{shown(value, 200)}: {node.name}: {error.message}", path.parent, info=bad(node)) from None


def _leaf(node: SchemaNode, name: str) -> SchemaNode:
    return node if name == "." else node.children[name]
