"""Scheduled commits as they are kept: rows beside the history."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, insert, select, update

from datastore.chain import SEALED
from datastore.tables import commits, schedules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import Row

    from datastore.history import Author, History

WAITING, DONE, FAILED, CANCELLED = "waiting", "done", "failed", "cancelled"
KEPT = 1000
"""Scheduled commits that are over and still told of."""

SHOWN = tuple(column for column in schedules.c if column.name != "delta")


class Scheduled(NamedTuple):
    """One scheduled commit, without what it changes in full."""

    id: int
    due: float
    """Seconds since 1970, UTC."""
    patience: float
    """Seconds for which it is tried again while datastores are locked."""
    user: str
    session_id: int | None
    comment: str
    label: str
    state: str
    reason: str
    commit_id: int | None
    """The commit that it became; None if it was none, or none was needed."""
    changes: tuple[str, ...]
    """Lines for people."""


class Rows:
    """The scheduled commits in a history's database. Each method raises `HistoryFailed` if that cannot be used."""

    def __init__(self, history: History) -> None:
        """Keep them beside `history`."""
        self._history = history

    def add(
        self,
        due: float,
        patience: float,
        author: Author,
        comment: str,
        label: str,
        changes: Sequence[str],
        delta: str,
    ) -> int:
        """Write down one that waits, and return its number."""
        row = {
            "due": due,
            "patience": patience,
            "user": author.user,
            "session_id": author.session_id,
            "comment": comment,
            "label": label,
            "state": WAITING,
            "reason": "",
            "changes": "\n".join(changes),
            "delta": zlib.compress(delta.encode(), 1),
        }
        with self._history.writing() as connection:
            key = connection.execute(insert(schedules).values(row)).inserted_primary_key
        return int(key[0]) if key is not None else 0

    def waiting(self) -> int:
        """Return how many wait."""
        with self._history.reading() as connection:
            return int(connection.scalar(select(func.count()).where(schedules.c.state == WAITING)) or 0)

    def next(self) -> Scheduled | None:
        """Return the one that is due first."""
        query = select(*SHOWN).where(schedules.c.state == WAITING).order_by(schedules.c.due, schedules.c.id).limit(1)
        with self._history.reading() as connection:
            row = connection.execute(query).first()
        return _scheduled(row) if row is not None else None

    def listed(self, numbers: Sequence[int] | None = None) -> list[Scheduled]:
        """Return those with `numbers`, or all, in order."""
        query = select(*SHOWN).order_by(schedules.c.id)
        if numbers is not None:
            query = query.where(schedules.c.id.in_(numbers))
        with self._history.reading() as connection:
            return [_scheduled(row) for row in connection.execute(query)]

    def delta(self, number: int) -> str | None:
        """Return what one changes; None if that is damaged."""
        with self._history.reading() as connection:
            octets: bytes | None = connection.scalar(select(schedules.c.delta).where(schedules.c.id == number))
        try:
            return zlib.decompress(octets or b"").decode()
        except (zlib.error, UnicodeDecodeError):
            return None

    def sealed(self, number: int) -> int | None:
        """Return the sealed commit that one has become, or None."""
        query = select(commits.c.id).where(commits.c.schedule_id == number).where(commits.c.state == SEALED)
        with self._history.reading() as connection:
            found: int | None = connection.scalar(query.limit(1))
        return found

    def explain(self, number: int, reason: str) -> None:
        """Write down why one has not been carried out yet."""
        with self._history.writing() as connection:
            connection.execute(update(schedules).where(schedules.c.id == number).values(reason=reason))

    def finish(self, number: int, state: str, reason: str = "", commit_id: int | None = None) -> bool:
        """Write down what became of one that waits, drop what was over long ago, and return whether it has waited."""
        is_it = (schedules.c.id == number) & (schedules.c.state == WAITING)
        over = select(schedules.c.id).where(schedules.c.state != WAITING).order_by(schedules.c.id.desc())
        with self._history.writing() as connection:
            done = connection.execute(
                update(schedules).where(is_it).values(state=state, reason=reason, commit_id=commit_id)
            )
            oldest = connection.scalar(over.offset(KEPT).limit(1))
            if oldest is not None:
                is_old = (schedules.c.id <= oldest) & (schedules.c.state != WAITING)
                connection.execute(delete(schedules).where(is_old))
        return bool(done.rowcount)


def _scheduled(row: Row[Any]) -> Scheduled:
    return Scheduled(**{**row._asdict(), "changes": tuple(filter(None, row.changes.split("\n")))})
