"""Two trees without what they share: all that decides what has changed in a selection of them, and little else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from yang.diff import entry_changes
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    from yang.path import Path


def narrowed(before: Node, after: Node, *, keep_siblings: bool = False) -> tuple[Node, Node]:
    """Return both trees without the containers, entries and lists that are the same object in both.

    The leaves beside what has changed stay, so that a filter can match them. If `keep_siblings`, all that stands beside a leaf
    that has changed stays as well, with what is below: a filter may select it for that leaf's value.
    """
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for name, child in before.children.items():
        other = after.children.get(name)
        if not isinstance(child, (Node, Entries)):
            old[name] = child
            if keep_siblings and other != child:
                return before, after
        elif other is not child:
            _narrow(name, child, other, old, new, keep_siblings=keep_siblings)
    for name, child in after.children.items():
        if not isinstance(child, (Node, Entries)):
            new[name] = child
            if keep_siblings and name not in before.children:
                return before, after
        elif name not in before.children:
            new[name] = child
    return Node(before.schema, old), Node(after.schema, _in_order(after, new))


def _narrow(
    name: str, child: Any, other: Any, old: dict[str, Any], new: dict[str, Any], *, keep_siblings: bool
) -> None:
    if isinstance(child, Node) and isinstance(other, Node):
        old[name], new[name] = narrowed(child, other, keep_siblings=keep_siblings)
    elif isinstance(child, Entries) and isinstance(other, Entries) and not child.schema.user_ordered:
        mine: dict[Any, Node] = {}
        its: dict[Any, Node] = {}
        for key, gone, come in entry_changes(child, other):
            if gone is not None and come is not None:
                mine[key], its[key] = narrowed(gone, come, keep_siblings=keep_siblings)
            elif gone is not None:
                mine[key] = gone
            elif come is not None:
                its[key] = come
        old[name], new[name] = Entries(child.schema, mine), Entries(other.schema, its)
    else:
        # where the order is the user's, all of it counts
        old[name] = child
        if other is not None:
            new[name] = other


def _in_order(node: Node, children: dict[str, Any]) -> dict[str, Any]:
    return {name: children[name] for name in node.children if name in children}


def has_conditions(wanted: Sequence[etree._Element] | None) -> bool:
    """Return whether a filter may select by the values of leaves (RFC 6241 section 6.2.5)."""
    return wanted is not None and any(
        not len(element) and bool((element.text or "").strip()) for top in wanted for element in top.iter()
    )


def node_at(tree: Node, path: Path) -> Node | None:
    """Return the container or list entry at a path; None if it is not there."""
    node: Any = tree
    for step in path.steps():
        node = node.children.get(step.schema.qname)
        if isinstance(node, Entries):
            node = node.get(step.key) if step.key is not None else None
        if not isinstance(node, Node):
            return None
    return cast("Node", node)


def alone(tree: Node, path: Path) -> Node:
    """Return `tree` with only what is at a path, and with the leaves of what leads there."""
    return _alone(tree, path.steps())


def _alone(node: Node, steps: list[Path]) -> Node:
    if not steps:
        return node
    name = steps[0].schema.qname
    children: dict[str, Any] = {
        other: child
        for other, child in node.children.items()
        if other == name or not isinstance(child, (Node, Entries))
    }
    child = children.get(name)
    key = steps[0].key
    if isinstance(child, Node):
        children[name] = _alone(child, steps[1:])
    elif isinstance(child, Entries) and key is not None and key in child:
        children[name] = Entries(child.schema, {key: _alone(child[key], steps[1:])})
    return Node(node.schema, children)
