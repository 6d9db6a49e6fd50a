"""Sequences that two have changed since they were one: the order of a user's list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

Item = TypeVar("Item", bound="Hashable")


def woven(
    base: Sequence[Item], mine: Sequence[Item], theirs: Sequence[Item], prefer: Literal["mine", "theirs"]
) -> tuple[list[Item], bool]:
    """Return the items of both sides in an order that keeps what either has moved, and whether that is the only one.

    It is not if both moved items, or put different ones at the same place; `prefer` decides then, its items come first.
    """
    if list(mine) == list(theirs):
        return list(mine), True
    common = set(mine) & set(theirs)
    my, their = ([item for item in side if item in common] for side in (mine, theirs))
    is_clear = True
    leader = prefer
    if my != their:
        order = [item for item in base if item in common]
        if my == order:
            leader = "theirs"
        elif their == order:
            leader = "mine"
        else:
            is_clear = False
    first, second = (mine, theirs) if leader == "mine" else (theirs, mine)
    leading, following = _runs(first, common), _runs(second, common)
    if any(anchor in leading for anchor in following):
        is_clear = False
    found: list[Item] = []
    for anchor in (None, *(item for item in first if item in common)):
        if anchor is not None:
            found.append(anchor)
        found += leading.get(anchor, [])
        found += following.get(anchor, [])
    return found, is_clear


def _runs(items: Iterable[Item], common: set[Item]) -> Mapping[Item | None, list[Item]]:
    """Return the items that are not in `common`, by the one of `common` that they stand behind; None is the front."""
    runs: dict[Item | None, list[Item]] = {}
    anchor: Item | None = None
    for item in items:
        if item in common:
            anchor = item
        else:
            runs.setdefault(anchor, []).append(item)
    return runs
