"""The history: every commit as a row with what it changed, and from time to time a whole configuration.

The history is also the persistence: a commit takes effect when its row is sealed, and a start begins from the last sealed
one. A sealed row survives a power cut, in either of the databases that there are.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from datastore.chain import ABORTED, PENDING, SEALED, Known, deflated, inflated, last_sealed, replayed
from datastore.commits import SYSTEM, Author, Commit, Wanted
from datastore.completion import is_complete, joined
from datastore.confirmation import Confirmation
from datastore.database import Database, HistoryFailed
from datastore.origins import write
from datastore.past import Past
from datastore.tables import commits, confirmations, marks, origins, snapshots
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import Connection

    from datastore.changed import Changed
    from yang.schema import Schema
    from yang.tree import Node

__all__ = ["SYSTEM", "Author", "Commit", "History", "Wanted", "replayed"]

logger = logging.getLogger(__name__)

MOST_DELTAS = 500
"""After so many commits a new snapshot is due, however small they are."""
LEAST_SNAPSHOT = 1 << 16
"""Deltas of so many octets do not yet call for a snapshot."""


class History(Past):
    """The commits in one database."""

    def __init__(self, database: Database | str, schema: Schema) -> None:
        """Open a database, perhaps given by its URL, and bring its tables to what they are now.

        Raises:
            HistoryDamaged: It is not whole; nothing was changed in it.
            HistoryFailed: The database cannot be opened, or somebody else uses it.
        """
        self._schema = schema
        self._since_snapshot = 0
        self._deltas_since_snapshot = 0
        self._snapshot_size = 0
        self._latest = 0
        self._confirmation: Confirmation | None = None
        self._dropping = threading.Lock()
        self._background = threading.Lock()
        self._snapshots: threading.Thread | None = None
        self._begun: dict[int, Changed] = {}
        self._tip: Known | None = None
        self._is_complete = True
        self._watchers: list[Callable[[], None]] = []
        self._database = Database(database) if isinstance(database, str) else database
        try:
            self._open()
        except BaseException:
            self._database.close()
            raise

    def _open(self) -> None:
        self._database.prepare()
        with self.reading() as connection:
            self._count(connection)
            self._is_complete = is_complete(connection)
            self._latest = connection.scalar(select(func.max(commits.c.id))) or 0
            row = connection.execute(select(*confirmations.c[1:])).first()
            self._confirmation = Confirmation(*row) if row is not None else None

    def close(self) -> None:
        """Close the database, once a snapshot that is being taken is written."""
        with self._background:
            if self._snapshots is not None:
                self._snapshots.join()
        self._database.close()

    def begin(
        self, author: Author, delta: str, comment: str = "", label: str = "", changed: Changed | None = None
    ) -> int:
        """Write down a commit that is about to be carried out, and return its id.

        What it changes is worked out later if it is not given.

        Raises:
            HistoryFailed: It could not be written; nothing may be changed then.
        """
        row = {
            "time": time.time(),
            "user": author.user,
            "session_id": author.session_id,
            "protocol": author.protocol,
            "schedule_id": author.schedule_id,
            "comment": comment,
            "label": label,
            "state": PENDING,
            "reason": "",
            "delta": deflated(delta),
        }
        if changed is not None:
            row["lines"] = deflated(joined(changed.lines))
            row["inverse"] = deflated(changed.inverse) if changed.inverse is not None else None
        with self.writing() as connection:
            self._refuse_if_passed(connection)
            key = connection.execute(insert(commits).values(row)).inserted_primary_key
        self._latest = int(key[0]) if key is not None else 0
        if changed is not None:
            self._begun[self._latest] = changed
        return self._latest

    def _refuse_if_passed(self, connection: Connection) -> None:
        """Raise if somebody else has committed, say while the database was away: what runs here is not the last commit."""
        last = last_sealed(connection)
        if last is not None and last > self._latest:
            raise HistoryFailed(f"another server has made commit {last}, on which this one knows nothing: start anew")

    def seal(
        self,
        commit_id: int,
        confirmation: Confirmation | None = None,
        also: Callable[[Connection], None] | None = None,
    ) -> None:
        """Write down that a commit took effect: from here on it is the configuration.

        With it goes, at once, what it waits for to stay; without `confirmation` it confirms what has waited. What `also`
        writes is written with it or not at all.

        Raises:
            HistoryFailed: It could not be written; the commit has not taken effect.
        """
        changed = self._begun.pop(commit_id, None)
        with self.writing() as connection:
            pending = (commits.c.id == commit_id) & (commits.c.state == PENDING)
            if not connection.execute(update(commits).where(pending).values(state=SEALED)).rowcount:
                raise HistoryFailed(f"commit {commit_id} is not pending any more: another server uses the history")
            size = connection.scalar(select(func.length(commits.c.delta)).where(commits.c.id == commit_id))
            if confirmation != self._confirmation:
                self._write(connection, confirmation)
            if changed is not None:
                write(connection, commit_id, changed.origins)
            if also is not None:
                also(connection)
        self._confirmation = confirmation
        if changed is not None:
            self._tip = Known(commit_id, changed.after)
        else:
            self._is_complete = False
        self._since_snapshot += int(size or 0)
        self._deltas_since_snapshot += 1

    @property
    def confirmation(self) -> Confirmation | None:
        """What the last commit waits for."""
        return self._confirmation

    def confirm(
        self,
        confirmation: Confirmation | None = None,
        also: Callable[[Connection], None] | None = None,
        outcome: str = "",
    ) -> None:
        """Write down that what has waited is confirmed, or waits for something else, though nothing is committed.

        If it is confirmed by an `outcome`, that is told of the commit that has waited.

        Raises:
            HistoryFailed: It could not be written; it waits as before.
        """
        if confirmation != self._confirmation or also is not None:
            with self.writing() as connection:
                self._write(connection, confirmation)
                if also is not None:
                    also(connection)
                if outcome and self._confirmation is not None:
                    last = select(func.max(commits.c.id)).where(commits.c.state == SEALED).scalar_subquery()
                    # where nothing was changed, the last commit is the one before
                    is_it = (commits.c.id == last) & (commits.c.id != self._confirmation.before)
                    connection.execute(update(commits).where(is_it).values(outcome=outcome))
            self._confirmation = confirmation

    @staticmethod
    def _write(connection: Connection, confirmation: Confirmation | None) -> None:
        connection.execute(delete(confirmations))
        if confirmation is not None:
            connection.execute(insert(confirmations).values(id=1, **confirmation._asdict()))

    def abort(self, commit_id: int, reason: str) -> None:
        """Write down that a commit took no effect.

        Raises:
            HistoryFailed: It could not be written; the next start will find it pending, which means the same.
        """
        self._begun.pop(commit_id, None)
        if self._tip is not None and self._tip.commit_id == commit_id:
            self._tip = None
        with self.writing() as connection:
            was = connection.scalar(select(commits.c.state).where(commits.c.id == commit_id))
            connection.execute(update(commits).where(commits.c.id == commit_id).values(state=ABORTED, reason=reason))
            # if it was sealed without our knowing it, what waited before it waits again
            self._write(connection, self._confirmation)
            if was == SEALED:
                # and who set what has to be found out again, if need be by the next start
                connection.execute(delete(origins))
                connection.execute(update(commits).where(commits.c.id == last_sealed(connection)).values(lines=None))
        if was == SEALED:
            self._is_complete = False

    @property
    def is_snapshot_due(self) -> bool:
        """Whether so much has been committed since the last snapshot that reading it back would take long."""
        return self._deltas_since_snapshot >= MOST_DELTAS or self._since_snapshot > max(
            LEAST_SNAPSHOT, self._snapshot_size
        )

    def keep_short(self, commit_id: int, tree: Node) -> None:
        """Have a snapshot of `tree`, which commit `commit_id` left, taken in the background if one is due.

        Nobody waits for it: the tree cannot change, and without it the history only takes longer to read. Those who watch
        are told of the commit as well.
        """
        for tell in self._watchers:
            tell()
        if not self.is_snapshot_due:
            return
        with self._background:
            if self._snapshots is None or not self._snapshots.is_alive():
                self._snapshots = threading.Thread(target=self._take_snapshot, args=(commit_id, tree), name="snapshot")
                self._snapshots.start()

    def _take_snapshot(self, commit_id: int, tree: Node) -> None:
        try:
            self.snapshot(commit_id, tree)
        except HistoryFailed:
            logger.exception("no snapshot of commit %s", commit_id)

    def snapshot(self, commit_id: int, tree: Node) -> None:
        """Keep the whole configuration that a sealed commit left.

        Raises:
            HistoryFailed: It could not be written; nothing is lost but time.
        """
        configuration = deflated(print_children(tree))
        with self.writing() as connection:
            # retention may have taken one, or have dropped the commit
            if _is_wanting(connection, commit_id):
                connection.execute(insert(snapshots).values(commit_id=commit_id, configuration=configuration))
                self._count(connection)

    def pending(self) -> list[tuple[int, str]]:
        """Return the commits that were begun and neither sealed nor aborted, each with its delta."""
        # whoever writes comes after what a broken connection may still have been writing
        with self.writing() as connection:
            rows = connection.execute(
                select(commits.c.id, commits.c.delta).where(commits.c.state == PENDING).order_by(commits.c.id)
            ).all()
        return [(row.id, inflated(row.delta, row.id)) for row in rows]

    def _count(self, connection: Connection) -> None:
        """Count what has been committed since the last snapshot."""
        last = connection.execute(
            select(snapshots.c.commit_id, func.length(snapshots.c.configuration))
            .order_by(snapshots.c.commit_id.desc())
            .limit(1)
        ).first()
        commit_id, self._snapshot_size = (last[0], last[1]) if last is not None else (0, 0)
        row = connection.execute(
            select(func.count(), func.coalesce(func.sum(func.length(commits.c.delta)), 0))
            .where(commits.c.id > commit_id)
            .where(commits.c.state == SEALED)
        ).one()
        self._deltas_since_snapshot, self._since_snapshot = int(row[0]), int(row[1])

    def watch(self, tell: Callable[[], None]) -> None:
        """Call `tell`, which takes no time, after each commit."""
        self._watchers.append(tell)

    def drop(self, ids: Collection[int]) -> None:
        """Drop commits; the caller sees to it that no other one is made from them.

        Raises:
            HistoryFailed: They could not be dropped; all of them are there.
        """
        with self._dropping, self.writing() as connection:
            connection.execute(delete(snapshots).where(snapshots.c.commit_id.in_(ids)))
            connection.execute(delete(commits).where(commits.c.id.in_(ids)))

    def mark(self, name: str) -> int | None:
        """Return the id of the last commit that `name` has dealt with, or None if it never had to."""
        with self.reading() as connection:
            found: int | None = connection.scalar(select(marks.c.commit_id).where(marks.c.name == name))
        return found

    def set_mark(self, name: str, commit_id: int) -> None:
        """Write down that `name` has dealt with all commits up to one.

        Raises:
            HistoryFailed: It could not be written.
        """
        with self.writing() as connection:
            connection.execute(delete(marks).where(marks.c.name == name))
            connection.execute(insert(marks).values(name=name, commit_id=commit_id))


def _is_wanting(connection: Connection, commit_id: int) -> bool:
    """Return whether a commit is there and has no snapshot."""
    has_one = select(snapshots.c.commit_id).where(snapshots.c.commit_id == commit_id).exists()
    return connection.scalar(select(commits.c.id).where(commits.c.id == commit_id).where(~has_one)) is not None
