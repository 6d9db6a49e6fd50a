"""What becomes of nodes whose when is false: refused if they are new, dropped if they were there (RFC 7950 section 8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from yang.cursor import Cursor, cursor_at
from yang.diff import changes
from yang.errors import UnknownElement
from yang.tree import Node, is_empty
from yang.xpath_functions import is_true

if TYPE_CHECKING:
    from yang.errors import RequestError
    from yang.path import Path
    from yang.tree import Child, Entries
    from yang.values import Value

ROUNDS = 64
"""How many times a dropped node may make another one's when false; no model chains that many."""


def settle(before: Node, after: Node, errors: list[RequestError] | None = None) -> Node:
    """Return `after`, an edit of `before`, without the nodes that were in `before` and whose when is now false.

    Raises:
        UnknownElement: The edit made a node whose when is false; if a list for `errors` is given, the error is put there
            and the node left out.
    """
    rules = after.schema.schema.rules
    for _ in range(ROUNDS):
        root = Cursor(after.schema, after, None)
        doomed: dict[Path, None] = {}
        for change in changes(before, after):
            for rule, instance in rules.concerned(change, root):
                if rule.kind == "when" and not is_true(rule.evaluate(instance)):
                    path = instance.path()
                    if path not in doomed and cursor_at(Cursor(before.schema, before, None), path) is None:
                        name = path.schema.name
                        error = UnknownElement(
                            f"{name} may only be there when {rule.text}", path, info=(("bad-element", name),)
                        )
                        if errors is None:
                            raise error
                        errors.append(error)
                    doomed[path] = None
        if not doomed:
            return after
        for path in doomed:
            after = without(after, path)
    return after


def without(tree: Node, path: Path) -> Node:
    """Return `tree` without the node at `path`, and without the containers that it leaves empty."""
    return _without(tree, path.steps()) or Node(tree.schema, {})


def _without(node: Node, steps: list[Path]) -> Node | None:
    step, rest = steps[0], steps[1:]
    name = step.schema.qname
    child = node.children.get(name)
    if child is None:
        return node
    kept: Child | None = None
    if step.schema.kind == "list":
        entries, key = cast("Entries", child), step.key or ()
        entry = entries.get(key)
        kept = entries.updated({key: _without(entry, rest) if rest and entry is not None else None})
    elif step.schema.kind == "leaf-list" and step.key is not None:
        kept = tuple(value for value in cast("tuple[Value, ...]", child) if value != step.key[0])
    elif rest:
        kept = _without(cast("Node", child), rest)
    return node.without(name) if kept is None or is_empty(kept) else node.replacing(name, kept)
