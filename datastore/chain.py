"""The chain of deltas: how the configuration that a commit left is had again."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from datastore.database import HistoryDamaged
from datastore.errors import UnknownCommit
from datastore.tables import commits, snapshots
from yang.diff import in_config
from yang.edit import edit_config
from yang.errors import RequestError
from yang.tree import Node
from yang.xmlio import MalformedXml, parse_document
from yang.xmlread import read_document

if TYPE_CHECKING:
    from lxml import etree
    from sqlalchemy import Connection

    from yang.schema import Schema

PENDING, SEALED, ABORTED = "pending", "sealed", "aborted"
NEAR = 100
"""So many more steps back than forth are still quicker than reading a snapshot."""


class Known(NamedTuple):
    """A configuration that somebody has at hand."""

    commit_id: int
    tree: Node


class Way(NamedTuple):
    """How to come to a configuration: edits of one that is known, or of a snapshot."""

    known: Known | None
    snapshot: tuple[int, bytes] | None
    steps: list[tuple[int, bytes]]


def last_sealed(connection: Connection) -> int | None:
    """Return the id of the last sealed commit."""
    last: int | None = connection.scalar(select(func.max(commits.c.id)).where(commits.c.state == SEALED))
    return last


def refuse_unless_sealed(connection: Connection, commit_id: int) -> None:
    """Raise `UnknownCommit` if a commit has no configuration."""
    state = connection.scalar(select(commits.c.state).where(commits.c.id == commit_id))
    if state is None:
        newest = connection.scalar(select(func.max(commits.c.id))) or 0
        if 0 < commit_id < newest:
            raise UnknownCommit(f"commit {commit_id} is no longer in the history")
        raise UnknownCommit(f"there is no commit {commit_id}")
    if state != SEALED:
        raise UnknownCommit(f"commit {commit_id} is {state}: it has no configuration")


def way_to(connection: Connection, commit_id: int, *known: Known) -> Way:
    """Return the way to the configuration that a sealed commit left, perhaps from one of those that are known."""
    start = connection.execute(
        select(snapshots.c.commit_id)
        .where(snapshots.c.commit_id <= commit_id)
        .order_by(snapshots.c.commit_id.desc())
        .limit(1)
    ).scalar()
    first = start or 0
    # what is behind a gap has a snapshot of its own
    earlier = [each for each in known if first <= each.commit_id <= commit_id]
    nearest = max(earlier, key=lambda each: each.commit_id, default=None)
    later = min((each for each in known if each.commit_id > commit_id), key=lambda each: each.commit_id, default=None)
    if later is not None:
        forth = commit_id - (nearest.commit_id if nearest is not None else first - NEAR)
        back = later.commit_id - commit_id
        if back < forth and (steps := _back(connection, commit_id, later.commit_id)) is not None:
            return Way(later, None, steps)
    steps = [
        (row.id, row.delta)
        for row in connection.execute(
            select(commits.c.id, commits.c.delta)
            .where(commits.c.state == SEALED)
            .where(commits.c.id > (nearest.commit_id if nearest is not None else first))
            .where(commits.c.id <= commit_id)
            .order_by(commits.c.id)
        )
    ]
    if nearest is not None or start is None:
        return Way(nearest, None, steps)
    text = connection.scalar(select(snapshots.c.configuration).where(snapshots.c.commit_id == start))
    return Way(None, (start, text or b""), steps)


def _back(connection: Connection, commit_id: int, later: int) -> list[tuple[int, bytes]] | None:
    """Return the inverses that lead back to a commit from a later one, or None if one is missing."""
    rows = connection.execute(
        select(commits.c.id, commits.c.state, commits.c.inverse)
        .where(commits.c.id > commit_id)
        .where(commits.c.id <= later)
        .order_by(commits.c.id.desc())
    ).all()
    steps = [(row.id, row.inverse) for row in rows if row.state == SEALED]
    if len(rows) < later - commit_id or any(inverse is None for _, inverse in steps):
        return None
    return steps


def follow(way: Way, schema: Schema) -> Node:
    """Return the configuration at the end of `way`.

    Raises:
        RequestError: It does not fit the models that are served.
        HistoryDamaged: The history is damaged.
    """
    tree = way.known.tree if way.known is not None else Node(schema.root, {})
    read = 0
    try:
        if way.snapshot is not None:
            read, octets = way.snapshot
            tree = snapshot_of(inflated(octets, read), schema)
        for read, octets in way.steps:
            tree = replayed(tree, inflated(octets, read))
    except RequestError as error:
        raise RequestError(f"commit {read} does not fit the models that are served: {error}") from error
    return tree


def replayed(tree: Node, delta: str) -> Node:
    """Return the configuration that a commit made of `tree`, given its delta.

    Raises:
        RequestError: It is not the configuration that the commit was made from, or does not fit the models.
        HistoryDamaged: The delta is damaged.
    """
    return edit_config(tree, parsed(delta))


def deflated(text: str) -> bytes:
    """Return `text` as the history keeps it."""
    return zlib.compress(text.encode(), 1)


def inflated(octets: bytes, what: int | str) -> str:
    """Return the text that the history keeps as `octets`, which are of a commit, or whatever else `what` names.

    Raises:
        HistoryDamaged: It is damaged.
    """
    try:
        return zlib.decompress(octets).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        named = f"commit {what}" if isinstance(what, int) else what
        raise HistoryDamaged(f"{named} in the history is damaged: {error}") from error


def parsed(text: str) -> etree._Element:
    """Return the edit that a delta is.

    Raises:
        HistoryDamaged: It is damaged.
    """
    try:
        return parse_document(in_config(text).encode())
    except MalformedXml as error:
        raise _damaged(error) from error


def snapshot_of(text: str, schema: Schema) -> Node:
    """Return the configuration that a snapshot has.

    Raises:
        RequestError: It does not fit the models.
        HistoryDamaged: It is damaged.
    """
    try:
        return read_document(in_config(text).encode(), schema)
    except MalformedXml as error:
        raise _damaged(error) from error


def _damaged(error: MalformedXml) -> HistoryDamaged:
    return HistoryDamaged(f"what is written in the history is damaged: {error}")
