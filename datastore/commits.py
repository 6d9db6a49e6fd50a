"""Commits as people look for them: who made them, when and why, without what they changed."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from datastore.tables import commits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from sqlalchemy import Connection, Select

SHOWN = 0.001
"""Seconds to which times are told."""


class Author(NamedTuple):
    """Who makes a commit, and by which way."""

    user: str
    session_id: int | None = None
    protocol: str = "internal"
    schedule_id: int | None = None
    """The scheduled commit that it is."""


SYSTEM = Author("system")
"""The server itself."""


class Commit(NamedTuple):
    """One commit, without what it changed."""

    id: int
    time: float
    author: Author
    comment: str
    label: str
    state: str
    reason: str
    outcome: str = ""
    """By what it was confirmed, if by its post-conditions."""


class Wanted(NamedTuple):
    """Which commits somebody looks for; what is None does not matter."""

    user: str | None = None
    protocol: str | None = None
    label: str | None = None
    state: str | None = None
    since: float | None = None
    """Begun no earlier than that, in seconds since 1970."""
    until: float | None = None
    """Begun no later than in the millisecond of that."""
    comment: str | None = None
    """What the comment contains; capitals do not matter."""
    before: int | None = None
    """Only those with a smaller id: what follows another list."""


COLUMNS = [column for column in commits.c if column.name not in ("delta", "inverse", "lines")]


def newest(connection: Connection, wanted: Wanted, limit: int | None = None) -> Iterator[Commit]:
    """Yield the commits that are looked for, the newest first, at most `limit`."""
    query = _query(wanted).order_by(commits.c.id.desc())
    rows = connection.execute(query if wanted.comment else query.limit(limit))
    if not wanted.comment:
        yield from map(commit_of, rows)
        return
    # databases differ in what a capital is
    part = wanted.comment.casefold()
    yield from islice((commit for commit in map(commit_of, rows) if part in commit.comment.casefold()), limit)


def _query(wanted: Wanted) -> Select[Any]:
    query = select(*COLUMNS)
    for name in ("user", "protocol", "label", "state"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(commits.c[name] == value)
    if wanted.since is not None:
        query = query.where(commits.c.time >= wanted.since)
    if wanted.until is not None:
        query = query.where(commits.c.time < wanted.until + SHOWN)
    if wanted.before is not None:
        query = query.where(commits.c.id < wanted.before)
    return query


def commit_of(row: Sequence[Any]) -> Commit:
    """Return the commit that a row of `COLUMNS` has."""
    number, begun, user, session_id, protocol, comment, label, state, reason, schedule_id, outcome = row
    author = Author(user, session_id, protocol, schedule_id)
    return Commit(number, begun, author, comment, label, state, reason, outcome or "")
