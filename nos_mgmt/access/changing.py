"""Whether a user may make one tree of another: judged on what differs, and nothing else (RFC 8341 sections 3.2.5 to 3.2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from yang.diff import changes, out_of_place
from yang.path import Path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from nos_mgmt.access.rules import Operation, Rules, State
    from yang.diff import Change
    from yang.tree import Child
    from yang.values import Value


class Denied(NamedTuple):
    """The first thing that a user may not do to a tree."""

    operation: Operation
    path: Path


def first_denied(rules: Rules, before: Node, after: Node) -> Denied | None:
    """Return the first node in which the two differ that may not be changed so; None if there is none.

    A node that is new or gone is judged with everything below it that is. A container without presence is not: whether it is
    there says nothing.
    """
    root = before.schema
    if before is after or all(rules.whole(root, rules.top, operation) for operation in ("create", "update", "delete")):
        return None
    parent: Path | None = None
    state = rules.top
    for change in changes(before, after):
        if change.path.parent is not parent:
            parent = change.path.parent
            state = rules.top
            for step in parent.steps() if parent is not None else ():
                state = rules.below(state, step.schema, step.key)
        found = _of_change(rules, change, state)
        if found is not None:
            return found
    return None


def _of_change(rules: Rules, change: Change, state: State) -> Denied | None:
    path, old, new = change
    schema = path.schema
    if schema.kind == "leaf-list":
        return _of_values(rules, path, _values(old), _values(new), state)
    inner = rules.below(state, schema, path.key)
    if old is None:
        return _within(rules, cast("Child", new), path, inner, "create")
    if new is None:
        return _within(rules, old, path, inner, "delete")
    return None if rules.permits(schema, inner, "update") else Denied("update", path)


def _of_values(rules: Rules, path: Path, old: tuple[Value, ...], new: tuple[Value, ...], state: State) -> Denied | None:
    """Judge what becomes of a leaf-list: its values are nodes of their own."""
    known, kept = set(old), set(new)
    what: list[tuple[Operation, Value]] = [("delete", value) for value in old if value not in kept]
    what += [("create", value) for value in new if value not in known]
    if path.schema.user_ordered:
        moved = out_of_place([(value,) for value in old], [(value,) for value in new])
        what += [("update", value) for (value,) in moved if value in known]
    for operation, value in what:
        if not rules.permits(path.schema, rules.below(state, path.schema, (value,)), operation):
            return Denied(operation, Path(path.parent, path.schema, (value,)))
    return None


def _values(child: Child | None) -> tuple[Value, ...]:
    return cast("tuple[Value, ...]", child) if child is not None else ()


def _within(rules: Rules, child: Any, path: Path, state: State, operation: Operation) -> Denied | None:
    """Return the first node that may not be made, or taken away, of a node in `state` and of what is below it."""
    schema = path.schema
    if rules.whole(schema, state, operation):
        return None
    is_place = schema.kind == "container" and not schema.presence
    if not is_place and not rules.permits(schema, state, operation):
        return Denied(operation, path)
    for name, inner in child.children.items() if isinstance(child, Node) else ():
        below = schema.children[name]
        found: Denied | None = None
        if isinstance(inner, Entries):
            for key, entry in inner.items():
                there = Path(path, below, key)
                found = _within(rules, entry, there, rules.below(state, below, key), operation)
                if found is not None:
                    break
        elif isinstance(inner, tuple):
            created = operation == "create"
            found = _of_values(rules, Path(path, below), () if created else inner, inner if created else (), state)
        else:
            found = _within(rules, inner, Path(path, below), rules.below(state, below), operation)
        if found is not None:
            return found
    return None
