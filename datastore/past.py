"""What the history tells of what has been: commits, their configurations, how those differ, and who set what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from datastore.blame import Blame, blamed, way_down
from datastore.chain import (
    SEALED,
    Known,
    follow,
    inflated,
    last_sealed,
    parsed,
    refuse_unless_sealed,
    snapshot_of,
    way_to,
)
from datastore.commits import COLUMNS, SHOWN, Commit, Wanted, commit_of, newest
from datastore.comparison import Comparison, compared, lines_of, neighbours
from datastore.completion import complete
from datastore.database import HistoryFailed
from datastore.errors import UnknownCommit
from datastore.origins import read
from datastore.tables import commits
from yang.tree import Node

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterator

    from lxml import etree

    from datastore.database import Database, Transaction
    from yang.schema import Schema

ATTEMPTS = 100
"""How often blame looks again because a commit came between."""


class Past:
    """The part of a history that looks back; `History` opens it and writes it."""

    _database: Database
    _schema: Schema
    _dropping: threading.Lock
    """Held while a configuration is read by several statements, which have to see the same commits."""
    _tip: Known | None
    """The last configuration, if it is at hand."""
    _is_complete: bool
    """Whether every commit says what it changed."""

    def last(self) -> int | None:
        """Return the id of the last sealed commit, or None if there is none."""
        with self.reading() as connection:
            return last_sealed(connection)

    def number(self, *, label: str | None = None, as_of: float | None = None, ago: int = 0) -> int:
        """Return the id of a sealed commit: the last one with `label`, begun by `as_of`, or so many before the last.

        `as_of` is in seconds since 1970; a commit that begins in the same millisecond has begun.

        Raises:
            UnknownCommit: There is none.
            HistoryFailed: The history cannot be read.
        """
        query = select(commits.c.id).where(commits.c.state == SEALED)
        asked = f"{ago} before the last"
        if label is not None:
            query, asked = query.where(commits.c.label == label), f"labelled {label!r}"
        elif as_of is not None:
            query, asked = query.where(commits.c.time < as_of + SHOWN), "as early as that"
        with self.reading() as connection:
            found: int | None = connection.scalar(query.order_by(commits.c.id.desc()).offset(ago).limit(1))
        if found is None:
            raise UnknownCommit(f"there is no commit {asked}")
        return found

    def commits(self, first: int = 1, last: int | None = None) -> Iterator[Commit]:
        """Yield the commits from id `first` to `last`, in order."""
        query = select(*COLUMNS).where(commits.c.id >= first)
        if last is not None:
            query = query.where(commits.c.id <= last)
        with self.reading() as connection:
            yield from map(commit_of, connection.execute(query.order_by(commits.c.id)))

    def newest(self, wanted: Wanted, limit: int | None = None) -> list[Commit]:
        """Return the commits that are looked for, the newest first, at most `limit`."""
        with self.reading() as connection:
            return list(newest(connection, wanted, limit))

    def changes(self, ids: Collection[int]) -> dict[int, list[str]]:
        """Return what commits changed, a line for people for each change; nothing for one of which it is not known.

        Raises:
            HistoryFailed: It cannot be read.
        """
        with self.reading() as connection:
            return lines_of(connection, ids)

    def configuration(self, commit_id: int | None = None, *known: Known) -> Node:
        """Return the configuration as the sealed commit `commit_id` left it, or the last one; an empty one if there is none.

        If others are `known`, it may be had from them.

        Raises:
            UnknownCommit: There is no such commit, or it is not sealed.
            RequestError: The configuration does not fit the models that are served.
            HistoryFailed: It cannot be read.
        """
        tip = self._tip
        with self._dropping, self.reading() as connection:
            if commit_id is None:
                commit_id = last_sealed(connection)
                if commit_id is None:
                    return Node(self._schema.root, {})
            refuse_unless_sealed(connection, commit_id)
            way = way_to(connection, commit_id, *known, *([tip] if tip is not None else []))
        return follow(way, self._schema)

    def compare(self, first: int, second: int) -> Comparison:
        """Return how the configurations of two commits differ.

        Raises:
            UnknownCommit: There is no such commit, or it is not sealed.
            RequestError: One of them does not fit the models that are served.
            HistoryFailed: They cannot be read.
        """
        with self._dropping, self.reading() as connection:
            refuse_unless_sealed(connection, first)
            refuse_unless_sealed(connection, second)
            found = neighbours(connection, first, second)
        if found is not None:
            return found
        before = self.configuration(first)
        return compared(before, self.configuration(second, Known(first, before)))

    def complete(self) -> None:
        """Work out what commits changed that do not say so; it may take a while, with progress in the log.

        Raises:
            HistoryFailed: It cannot be written.
        """
        if not self._is_complete:
            with self.writing() as connection:
                complete(connection, self._schema)
                self._is_complete = True

    def blame(self, select_: Callable[[Node], Node]) -> Blame:
        """Return who set what `select_` leaves of the configuration that is in effect.

        Raises:
            HistoryFailed: The history cannot be read, or commits come faster than it can be.
        """
        self.complete()
        for _ in range(ATTEMPTS):
            with self.reading() as connection:
                last = last_sealed(connection)
            if last is None:
                return Blame([], {})
            tip = self._tip
            if tip is None or tip.commit_id != last:
                tip = Known(last, self.configuration(last))
            tree = select_(tip.tree)
            with self.reading() as connection:
                rows = read(connection, way_down(tree))
                # statements may see different states of a database
                if last_sealed(connection) == last:
                    return blamed(connection, tree, rows)
        raise HistoryFailed("commits come faster than the history can be read")

    def latest(self, first: int) -> Iterator[tuple[Commit, etree._Element]]:
        """Yield the sealed commits from the last one back to id `first`, each with the edit that it was.

        Raises:
            HistoryFailed: It cannot be read.
        """
        query = select(*COLUMNS, commits.c.delta).where(commits.c.state == SEALED).where(commits.c.id >= first)
        with self.reading() as connection:
            for row in connection.execute(query.order_by(commits.c.id.desc())):
                commit = commit_of(row[:-1])
                yield commit, parsed(inflated(row.delta, commit.id))

    def read(self, configuration: bytes, what: str) -> Node:
        """Return a configuration that is kept beside the commits.

        Raises:
            RequestError: It does not fit the models that are served.
            HistoryDamaged: It is damaged.
        """
        return snapshot_of(inflated(configuration, what), self._schema)

    def reading(self) -> Transaction:
        """Return a transaction that reads."""
        return self._database.reading()

    def writing(self) -> Transaction:
        """Return a transaction that may write, also what is kept beside the commits."""
        return self._database.writing()
