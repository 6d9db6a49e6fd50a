"""Leafrefs to the entries of a list: what they refer to is found by the entry's key, not by going through the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from yang.cursor import Cursor
    from yang.schema import SchemaNode


def lookup(leaf: SchemaNode, tree: Any) -> Callable[[Cursor], bool] | None:
    """Return a function that looks whether an instance of `leaf` refers to something, by the path with a syntax tree.

    It looks into the one entry whose only key is the value, so that False says nothing. None if the path leads through no
    such list, or says more than names.
    """
    if tree[0] != "path":
        return None
    _, is_absolute, steps = tree
    start: SchemaNode | None = leaf
    while is_absolute and start is not None and start.parent is not None:
        start = start.parent
    ups = 0
    way: list[SchemaNode | None] = []
    for axis, (kind, module, name), predicates in steps:
        if axis == "parent" and kind == "node" and not way and not predicates:
            ups += 1
            start = start.parent if start is not None else None
        elif axis == "child" and kind == "name" and not predicates and start is not None and start.is_inner:
            start = start.children.get(start.qname_of(module, name))
            way.append(start)
        else:
            return None
    lists = [index for index, node in enumerate(way) if node is not None and node.kind == "list"]
    if start is None or start.kind != "leaf" or len(lists) != 1:
        return None
    list_ = way[lists[0]]
    if list_ is None or len(list_.keys) != 1:
        return None
    before = [node.qname for node in way[: lists[0] + 1] if node is not None]
    behind = [node.qname for node in way[lists[0] + 1 :] if node is not None]

    def find(instance: Cursor) -> bool:
        cursor: Cursor | None = instance.root() if is_absolute else instance
        for _ in range(ups):
            cursor = cursor.parent if cursor is not None else None
        value = instance.value
        entries = _below(cursor.value, before) if cursor is not None else None
        if not isinstance(entries, Entries):
            return False
        found = _below(entries.get((value,)), behind)
        # True is 1 to Python
        return bool(found == value) and found.__class__ is value.__class__

    return find


def _below(node: Any, names: list[str]) -> Any:
    for name in names:
        if not isinstance(node, Node):
            return None
        node = node.children.get(name)
    return node
