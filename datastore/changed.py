"""What one commit changes, worked out once while both configurations are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datastore.origins import Operations, operations
from yang.diff import changes, difference, summary

if TYPE_CHECKING:
    from yang.tree import Node

LARGE = 1 << 18
"""Characters of a delta from which on there is no way back by an inverse: a snapshot follows soon, and is as near."""


class Changed(NamedTuple):
    """What the history keeps of a commit besides its delta."""

    after: Node
    inverse: str | None
    """The edit-config back; None if it would be large."""
    lines: tuple[str, ...]
    """A line for people for each change."""
    origins: Operations


def changed(before: Node, after: Node, delta: str) -> Changed:
    """Return what a commit changes whose delta leads from `before` to `after`."""
    found = list(changes(before, after))
    inverse = difference(after, before) if len(delta) < LARGE else None
    if inverse is not None and len(inverse) >= LARGE:
        inverse = None
    return Changed(after, inverse, tuple(map(summary, found)), operations(found))
