"""Trees that have been replaced by what is for the most part the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yang.diff import entry_changes
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from yang.tree import Child


def sharing(before: Node, after: Node) -> Node:
    """Return `after` with the very objects of `before` wherever they are equal; `before` itself if nothing is different.

    It takes time for what is not shared already, and spares that time to whoever looks for differences afterwards.
    """
    if before is after or before.schema is not after.schema:
        return after
    old, new = before.children, after.children
    is_same = len(old) == len(new)
    children: dict[str, Any] | None = None
    for name, child in new.items():
        other = old.get(name)
        if other is child:
            continue
        found = _shared(other, child) if other is not None else child
        if found is not other:
            is_same = False
        if found is not child:
            if children is None:
                children = dict(new)
            children[name] = found
    if is_same:
        return before
    return after if children is None else Node(after.schema, children)


def _shared(before: Child, after: Child) -> Child:
    if before.__class__ is not after.__class__:
        return after
    if isinstance(before, Node) and isinstance(after, Node):
        return sharing(before, after)
    if isinstance(before, Entries) and isinstance(after, Entries):
        return _shared_entries(before, after)
    if isinstance(before, tuple) and isinstance(after, tuple):
        # 1 is equal to true, and another value
        is_alike = [value.__class__ for value in before] == [value.__class__ for value in after]
        return before if is_alike and before == after else after
    return before if before == after else after


def _shared_entries(before: Entries, after: Entries) -> Entries:
    if before.schema is not after.schema:
        return after
    changed: dict[Any, Node | None] = {}
    kept: dict[Any, Node | None] = {}
    for key, old, new in entry_changes(before, after):
        found = sharing(old, new) if old is not None and new is not None else new
        if found is not old:
            changed[key] = found
        if found is not new:
            kept[key] = found
    if (before.schema.keys and not before.schema.user_ordered) or list(before) == list(after):
        # so that chunks are shared as well
        return before.updated(changed) if changed else before
    return after.updated(kept) if kept else after
