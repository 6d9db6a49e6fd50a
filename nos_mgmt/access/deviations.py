"""Deviations that nos-drift tells of: of what a user may not see, none is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.errors import RequestError
from yang.instance_path import instance_path
from yang.json_values import qualified
from yang.types import InstanceIdentifierType

if TYPE_CHECKING:
    from collections.abc import Callable

    from yang.path import Path
    from yang.tree import Entries, Node

DRIFT = "nos-drift:drift"
LIST = "deviation"


def without_deviations(tree: Node, is_seen: Callable[[Path], bool]) -> Node:
    """Return `tree` without the deviations that are about an object that is not all seen."""
    drift: Node | None = tree.get(DRIFT)
    entries: Entries | None = drift.get(LIST) if drift is not None else None
    if drift is None or entries is None:
        return tree
    identifier = InstanceIdentifierType()

    def may_be_told(entry: Node) -> bool:
        text = entry.get("path")
        if text is None:
            return True
        try:
            return is_seen(instance_path(identifier.parse(qualified(text)), tree.schema.schema))
        except RequestError:
            return False

    left = entries.rebuilt(lambda chunk: {key: entry for key, entry in chunk.items() if may_be_told(entry)})
    if len(left) == len(entries):
        return tree
    return tree.replacing(DRIFT, drift.replacing(LIST, left) if left.chunks else drift.without(LIST))
