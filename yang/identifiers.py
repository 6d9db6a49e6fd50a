"""Instance-identifiers followed to the node that they name (RFC 7950 section 9.13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from yang.errors import InvalidValue
from yang.tree import Node

if TYPE_CHECKING:
    from yang.cursor import Cursor
    from yang.schema import SchemaNode
    from yang.tree import Entries
    from yang.values import InstanceIdentifier

STEP = re.compile(r"""/([\w.-]+):([\w.-]+)((?:\[(?:"[^"]*"|'[^']*'|[^]])*\])*)""")
PREDICATE = re.compile(r"""\[(?:(\.)|([\w.-]+):([\w.-]+))=(?:"([^"]*)"|'([^']*)')\]|\[([0-9]+)\]""")


def identified(root: Cursor, value: InstanceIdentifier) -> Cursor | None:
    """Return the node below `root` that `value` names, defaults and containers without presence included; None if none is there.

    An entry of a list is named by all of its keys, a value of a leaf-list by itself.
    """
    found = root
    for module, name, predicates in STEP.findall(value):
        child = _child(found, found.schema.qname_of(module, name), PREDICATE.findall(predicates))
        if child is None:
            return None
        found = child
    return found


def _child(parent: Cursor, qname: str, predicates: list[tuple[str, ...]]) -> Cursor | None:
    schema = parent.schema.children.get(qname) if isinstance(parent.value, Node) else None
    if schema is None:
        return None
    if schema.kind == "leaf-list" and len(predicates) == 1 and predicates[0][0]:
        try:
            wanted = schema.type.parse(_quoted(predicates[0]))
        except InvalidValue:
            return None
        return next((value for value in parent.child(qname) if value.value == wanted), None)
    if schema.kind == "list" and schema.keys:
        return _entry(parent, schema, predicates)
    if schema.kind == "list" and len(predicates) == 1 and predicates[0][5]:
        entries = list(parent.child(qname))
        position = int(predicates[0][5])
        return entries[position - 1] if 1 <= position <= len(entries) else None
    return None if predicates or schema.kind == "leaf-list" else next(parent.child(qname), None)


def _entry(parent: Cursor, schema: SchemaNode, predicates: list[tuple[str, ...]]) -> Cursor | None:
    wanted = {(module, name): _quoted(predicate) for predicate in predicates for _, module, name, *_ in (predicate,)}
    entries = cast("Node", parent.value).children.get(schema.qname)
    if entries is None or len(wanted) < len(predicates):
        return None
    if wanted.keys() != {(schema.module.name, name) for name in schema.keys}:
        return None
    try:
        key = tuple(schema.children[name].type.parse(wanted[schema.module.name, name]) for name in schema.keys)
    except InvalidValue:
        return None
    entry = cast("Entries", entries).get(key)
    return None if entry is None else parent.__class__(schema, entry, parent, key)


def _quoted(predicate: tuple[str, ...]) -> str:
    return predicate[3] or predicate[4]
