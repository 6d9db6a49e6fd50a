"""The history: every commit as a row with what it changed, and from time to time a whole configuration.

The history is also the persistence: a commit takes effect when its row is sealed, and a start begins from the last sealed
one. A sealed row survives a power cut, in either of the databases that there are.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, insert, select, update

from datastore.confirmation import Confirmation
from datastore.database import Database, HistoryDamaged, HistoryFailed, Transaction
from datastore.errors import UnknownCommit
from datastore.tables import commits, confirmations, snapshots
from yang.diff import in_config
from yang.edit import edit_config
from yang.errors import RequestError
from yang.tree import Node
from yang.xmlio import MalformedXml, parse_document, print_children
from yang.xmlread import read_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lxml import etree
    from sqlalchemy import Connection, Row

    from yang.schema import Schema

logger = logging.getLogger(__name__)

PENDING, SEALED, ABORTED = "pending", "sealed", "aborted"
SHOWN = 0.001
"""Seconds to which times are told."""
MOST_DELTAS = 500
"""After so many commits a new snapshot is due, however small they are."""
LEAST_SNAPSHOT = 1 << 16
"""Deltas of so many octets do not yet call for a snapshot."""


class Author(NamedTuple):
    """Who makes a commit, and by which way."""

    user: str
    session_id: int | None = None
    protocol: str = "internal"
    schedule_id: int | None = None
    """The scheduled commit that it is."""


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


class History:
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
        self._background = threading.Lock()
        self._snapshots: threading.Thread | None = None
        self._database = Database(database) if isinstance(database, str) else database
        try:
            self._open()
        except BaseException:
            self._database.close()
            raise

    def _open(self) -> None:
        self._database.prepare()
        with self._reading() as connection:
            self._count(connection)
            self._latest = connection.scalar(select(func.max(commits.c.id))) or 0
            row = connection.execute(select(*confirmations.c[1:])).first()
            self._confirmation = Confirmation(*row) if row is not None else None

    def close(self) -> None:
        """Close the database, once a snapshot that is being taken is written."""
        with self._background:
            if self._snapshots is not None:
                self._snapshots.join()
        self._database.close()

    def begin(self, author: Author, delta: str, comment: str = "", label: str = "") -> int:
        """Write down a commit that is about to be carried out, and return its id.

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
            "delta": zlib.compress(delta.encode(), 1),
        }
        with self._writing() as connection:
            self._refuse_if_passed(connection)
            key = connection.execute(insert(commits).values(row)).inserted_primary_key
        self._latest = int(key[0]) if key is not None else 0
        return self._latest

    def _refuse_if_passed(self, connection: Connection) -> None:
        """Raise if somebody else has committed, say while the database was away: what runs here is not the last commit."""
        last = _last(connection)
        if last is not None and last > self._latest:
            raise HistoryFailed(f"another server has made commit {last}, on which this one knows nothing: start anew")

    def seal(self, commit_id: int, confirmation: Confirmation | None = None) -> None:
        """Write down that a commit took effect: from here on it is the configuration.

        With it goes, at once, what it waits for to stay; without `confirmation` it confirms what has waited.

        Raises:
            HistoryFailed: It could not be written; the commit has not taken effect.
        """
        with self._writing() as connection:
            pending = (commits.c.id == commit_id) & (commits.c.state == PENDING)
            if not connection.execute(update(commits).where(pending).values(state=SEALED)).rowcount:
                raise HistoryFailed(f"commit {commit_id} is not pending any more: another server uses the history")
            size = connection.scalar(select(func.length(commits.c.delta)).where(commits.c.id == commit_id))
            if confirmation != self._confirmation:
                self._write(connection, confirmation)
        self._confirmation = confirmation
        self._since_snapshot += int(size or 0)
        self._deltas_since_snapshot += 1

    @property
    def confirmation(self) -> Confirmation | None:
        """What the last commit waits for."""
        return self._confirmation

    def confirm(self, confirmation: Confirmation | None = None, outcome: str = "") -> None:
        """Write down that what has waited is confirmed, or waits for something else, though nothing is committed.

        If it is confirmed by an `outcome`, that is told of the commit that has waited.

        Raises:
            HistoryFailed: It could not be written; it waits as before.
        """
        if confirmation != self._confirmation:
            with self._writing() as connection:
                self._write(connection, confirmation)
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
        with self._writing() as connection:
            connection.execute(update(commits).where(commits.c.id == commit_id).values(state=ABORTED, reason=reason))
            # if it was sealed without our knowing it, what waited before it waits again
            self._write(connection, self._confirmation)

    @property
    def is_snapshot_due(self) -> bool:
        """Whether so much has been committed since the last snapshot that reading it back would take long."""
        return self._deltas_since_snapshot >= MOST_DELTAS or self._since_snapshot > max(
            LEAST_SNAPSHOT, self._snapshot_size
        )

    def keep_short(self, commit_id: int, tree: Node) -> None:
        """Have a snapshot of `tree`, which commit `commit_id` left, taken in the background if one is due.

        Nobody waits for it: the tree cannot change, and without it the history only takes longer to read.
        """
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
        configuration = zlib.compress(print_children(tree).encode(), 1)
        with self._writing() as connection:
            connection.execute(insert(snapshots).values(commit_id=commit_id, configuration=configuration))
            self._count(connection)

    def pending(self) -> list[tuple[int, str]]:
        """Return the commits that were begun and neither sealed nor aborted, each with its delta."""
        # whoever writes comes after what a broken connection may still have been writing
        with self._writing() as connection:
            rows = connection.execute(
                select(commits.c.id, commits.c.delta).where(commits.c.state == PENDING).order_by(commits.c.id)
            ).all()
        return [(row.id, inflated(row.delta, row.id)) for row in rows]

    def last(self) -> int | None:
        """Return the id of the last sealed commit, or None if there is none."""
        with self._reading() as connection:
            return _last(connection)

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
        with self._reading() as connection:
            found: int | None = connection.scalar(query.order_by(commits.c.id.desc()).offset(ago).limit(1))
        if found is None:
            raise UnknownCommit(f"there is no commit {asked}")
        return found

    def commits(self, first: int = 1, last: int | None = None) -> Iterator[Commit]:
        """Yield the commits from id `first` to `last`, in order."""
        query = select(*[column for column in commits.c if column.name != "delta"]).where(commits.c.id >= first)
        if last is not None:
            query = query.where(commits.c.id <= last)
        with self._reading() as connection:
            for row in connection.execute(query.order_by(commits.c.id)):
                yield _commit(row)

    def configuration(self, commit_id: int | None = None) -> Node:
        """Return the configuration as the sealed commit `commit_id` left it, or the last one; an empty one if there is none.

        Raises:
            UnknownCommit: There is no such commit, or it is not sealed.
            RequestError: The configuration does not fit the models that are served.
            HistoryFailed: It cannot be read.
        """
        tree = Node(self._schema.root, {})
        with self._reading() as connection:
            if commit_id is None:
                commit_id = _last(connection)
                if commit_id is None:
                    return tree
            state = connection.scalar(select(commits.c.state).where(commits.c.id == commit_id))
            if state is None:
                raise UnknownCommit(f"there is no commit {commit_id}")
            if state != SEALED:
                raise UnknownCommit(f"commit {commit_id} is {state}: it has no configuration")
            start = connection.execute(
                select(snapshots)
                .where(snapshots.c.commit_id <= commit_id)
                .order_by(snapshots.c.commit_id.desc())
                .limit(1)
            ).first()
            deltas = connection.execute(
                select(commits.c.id, commits.c.delta)
                .where(commits.c.state == SEALED)
                .where(commits.c.id > (start.commit_id if start is not None else 0))
                .where(commits.c.id <= commit_id)
                .order_by(commits.c.id)
            ).all()
        read = commit_id
        try:
            if start is not None:
                read = start.commit_id
                text = inflated(start.configuration, read)
                tree = snapshot_of(text, self._schema)
            for read, delta in deltas:
                tree = replayed(tree, inflated(delta, read))
        except RequestError as error:
            raise RequestError(f"commit {read} does not fit the models that are served: {error}") from error
        return tree

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

    def writing(self) -> Transaction:
        """Return a transaction on the history's database, for what is kept beside the commits."""
        return self._writing()

    def reading(self) -> Transaction:
        """Return a transaction that only reads."""
        return self._reading()

    def _writing(self) -> Transaction:
        return self._database.writing()

    def _reading(self) -> Transaction:
        return self._database.reading()


def replayed(tree: Node, delta: str) -> Node:
    """Return the configuration that a commit made of `tree`, given its delta.

    Raises:
        RequestError: It is not the configuration that the commit was made from, or does not fit the models.
        HistoryDamaged: The delta is damaged.
    """
    return edit_config(tree, _parsed(delta))


def _last(connection: Connection) -> int | None:
    """Return the id of the last sealed commit."""
    last: int | None = connection.scalar(select(func.max(commits.c.id)).where(commits.c.state == SEALED))
    return last


def inflated(octets: bytes, commit_id: int) -> str:
    """Return the text that a commit's row or snapshot has.

    Raises:
        HistoryDamaged: It is damaged.
    """
    try:
        return zlib.decompress(octets).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise HistoryDamaged(f"commit {commit_id} in the history is damaged: {error}") from error


def _parsed(text: str) -> etree._Element:
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


def _commit(row: Row[Any]) -> Commit:
    author = Author(row.user, row.session_id, row.protocol, row.schedule_id)
    return Commit(row.id, row.time, author, row.comment, row.label, row.state, row.reason, row.outcome or "")
