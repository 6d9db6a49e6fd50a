"""How two configurations of the history differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from datastore.chain import SEALED, inflated
from datastore.tables import commits
from yang.diff import changes, difference, summary

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from yang.tree import Node


class Comparison(NamedTuple):
    """How one configuration becomes another."""

    lines: list[str]
    """A line for people for each change."""
    edit: str
    """The content of the `<config>` that edits the one into the other; `yang.diff.in_config` declares its prefixes."""


def compared(before: Node, after: Node) -> Comparison:
    """Return how two trees differ."""
    return Comparison(list(map(summary, changes(before, after))), difference(before, after))


def neighbours(connection: Connection, first: int, second: int) -> Comparison | None:
    """Return how a sealed commit differs from the sealed one before it, by what is written of it; None if it is no such pair."""
    if first >= second:
        return None
    between = connection.execute(
        select(commits.c.id, commits.c.state).where(commits.c.id > first).where(commits.c.id < second)
    ).fetchmany(second - first)
    # of ids that are missing, some may have been dropped that were sealed
    if len(between) < second - first - 1 or any(row.state == SEALED for row in between):
        return None
    row = connection.execute(select(commits.c.delta, commits.c.lines).where(commits.c.id == second)).one()
    if not row.lines:
        return None
    return Comparison(split(inflated(row.lines, second)), inflated(row.delta, second))


def lines_of(connection: Connection, ids: Collection[int]) -> dict[int, list[str]]:
    """Return what commits changed, as far as it is written of them."""
    found: dict[int, list[str]] = {}
    # one after the other: those of large commits are large
    for commit_id in ids:
        octets = connection.scalar(select(commits.c.lines).where(commits.c.id == commit_id))
        if octets:
            found[commit_id] = split(inflated(octets, commit_id))
    return found


def split(text: str) -> list[str]:
    """Return the lines for people in what the history keeps of them."""
    return text.split("\0") if text else []
