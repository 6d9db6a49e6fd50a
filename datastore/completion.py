"""What commits changed that were written without saying so: worked out once, from all deltas."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from datastore.chain import SEALED, Known, Way, deflated, follow, inflated
from datastore.changed import changed
from datastore.database import HistoryFailed
from datastore.origins import write
from datastore.tables import commits, origins, snapshots
from yang.errors import RequestError
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from datastore.changed import Changed
    from yang.schema import Schema

logger = logging.getLogger(__name__)

UNKNOWN = b""
"""What stands for the lines of a commit that does not fit the models any more."""
PATIENCE = 5.0
"""Seconds after which the log says how far it is."""


def is_complete(connection: Connection) -> bool:
    """Return whether every commit says what it changed."""
    untold = select(commits.c.id).where(commits.c.state == SEALED).where(commits.c.lines.is_(None)).limit(1)
    return connection.scalar(untold) is None


def complete(connection: Connection, schema: Schema) -> None:
    """Write down for every commit what it changed, and for every part of the configuration which one set it.

    What was set by a commit that does not fit the models any more counts as set by the first one after it that is known.
    """
    started = told = time.monotonic()
    total = connection.scalar(select(func.count()).where(commits.c.state == SEALED))
    connection.execute(delete(origins))
    for number, (commit_id, found) in enumerate(_replayed(connection, schema), 1):
        values: dict[str, bytes | None] = {"lines": UNKNOWN}
        if found is not None:
            write(connection, commit_id, found.origins)
            values = {"lines": deflated(joined(found.lines)), "inverse": None}
            if found.inverse is not None:
                values["inverse"] = deflated(found.inverse)
        untold = update(commits).where(commits.c.id == commit_id).where(commits.c.lines.is_(None))
        connection.execute(untold.values(values))
        if time.monotonic() - told > PATIENCE:
            told = time.monotonic()
            logger.info("the history is looked through for who set what: %d of %d commits", number, total)
    logger.info("who set what is known of %d commits, after %.1f s", total, time.monotonic() - started)


def _replayed(connection: Connection, schema: Schema) -> Iterator[tuple[int, Changed | None]]:
    """Yield every sealed commit with what it changed; None if that is not known."""
    tree = Node(schema.root, {})
    before, is_lost = 0, False
    kept = set(connection.scalars(select(snapshots.c.commit_id)))
    for commit_id, state in connection.execute(select(commits.c.id, commits.c.state).order_by(commits.c.id)).all():
        # retention leaves a snapshot behind a gap
        is_lost = is_lost or commit_id != before + 1
        before = commit_id
        if state != SEALED:
            continue
        delta = connection.scalar(select(commits.c.delta).where(commits.c.id == commit_id)) or b""
        way = Way(Known(before, tree), None, [(commit_id, delta)])
        if is_lost and commit_id in kept:
            text = connection.scalar(select(snapshots.c.configuration).where(snapshots.c.commit_id == commit_id))
            way = Way(None, (commit_id, text or b""), [])
        try:
            after = follow(way, schema)
        except (RequestError, HistoryFailed) as error:
            logger.warning("what commit %d changed cannot be told: %s", commit_id, error)
            is_lost = True
            yield commit_id, None
            continue
        is_lost = False
        yield commit_id, changed(tree, after, inflated(delta, commit_id))
        tree = after


def joined(lines: tuple[str, ...]) -> str:
    """Return lines for people as the history keeps them; a key in them may have line feeds."""
    return "\0".join(lines)
