"""Changes on condition that parts of running are in the state that a client knows (draft-ietf-netconf-transaction-id)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datastore.errors import TxidMismatch
from datastore.refusal import node_at
from yang.etags import etag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yang.path import Path
    from yang.tree import Node


class Condition(NamedTuple):
    """What somebody knows of a node."""

    path: Path | None
    """None for the whole tree."""
    etag: str
    visible: Callable[[Node], Node]
    """What of a tree whoever knows it may see, which its etags are of."""


def refuse_mismatch(tree: Node, conditions: Iterable[Condition]) -> None:
    """Raise an error if a node of `tree` has not the etag that it should have.

    Leaves have the etag of what they are in.

    Raises:
        TxidMismatch: It has not, or is not there.
    """
    seen: dict[Callable[[Node], Node], Node] = {}
    for condition in conditions:
        visible = seen.get(condition.visible)
        if visible is None:
            visible = seen[condition.visible] = condition.visible(tree)
        node = versioned(visible, condition.path)
        found = etag(node) if node is not None else None
        if found != condition.etag:
            name = condition.path.schema.name if condition.path is not None else "the configuration"
            now = f"{found} by now" if found is not None else "not there"
            raise TxidMismatch(f"{name} is {now}, not {condition.etag}", condition.path, found)


def versioned(tree: Node, path: Path | None) -> Node | None:
    """Return the container, list entry or tree whose etag the node at `path` has; None if that is not there."""
    if path is None:
        return tree
    if path.schema.kind in ("container", "list"):
        return node_at(tree, path)
    return tree if path.parent is None else node_at(tree, path.parent)
