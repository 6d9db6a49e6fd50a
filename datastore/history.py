"""The history: every commit as a row with what it changed, and from time to time a whole configuration.

The history is also the persistence: a commit takes effect when its row is sealed, and a start begins from the last sealed
one. SQLite is used so that a sealed row survives a power cut.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from datastore.confirmation import Confirmation
from datastore.database import HistoryFailed, Transaction, engine, reason, shown
from datastore.errors import UnknownCommit
from datastore.tables import commits, confirmations, metadata, snapshots
from yang.diff import in_config
from yang.edit import edit_config
from yang.errors import RequestError
from yang.tree import Node
from yang.xmlio import MalformedXml, parse_document, print_children
from yang.xmlread import read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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

"""Seconds to wait for somebody else who is writing to the same SQLite file."""


class Author(NamedTuple):
    """Who makes a commit, and by which way."""

    user: str
    session_id: int | None = None
    protocol: str = "internal"


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


class History:
    """The commits in one database."""

    def __init__(self, url: str, schema: Schema) -> None:
        """Open the database at `url` and make its tables if they are not there.

        Raises:
            HistoryFailed: The database cannot be opened.
        """
        self._schema = schema
        self._since_snapshot = 0
        self._deltas_since_snapshot = 0
        self._snapshot_size = 0
        self._lock = threading.Lock()
        self._background = threading.Lock()
        self._snapshots: threading.Thread | None = None
        try:
            self._engine = engine(url)
            metadata.create_all(self._engine)
            with self._engine.begin() as connection:
                self._count(connection)
                row = connection.execute(select(*confirmations.c[1:])).first()
                self._confirmation = Confirmation(*row) if row is not None else None
        except (SQLAlchemyError, ImportError) as error:
            # SQLAlchemy raises ImportError for a database whose driver is not installed
            raise HistoryFailed(f"the history at {shown(url)} cannot be opened: {reason(error)}") from error

    def close(self) -> None:
        """Close the database, once a snapshot that is being taken is written."""
        with self._background:
            if self._snapshots is not None:
                self._snapshots.join()
        with self._lock:
            self._engine.dispose()

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
            "comment": comment,
            "label": label,
            "state": PENDING,
            "reason": "",
            "delta": zlib.compress(delta.encode(), 1),
        }
        with self._writing() as connection:
            key = connection.execute(insert(commits).values(row)).inserted_primary_key
        return int(key[0]) if key is not None else 0

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
        with self._writing() as connection:
            connection.execute(update(commits).where(commits.c.id == commit_id).values(state=SEALED))
            size = connection.scalar(select(func.length(commits.c.delta)).where(commits.c.id == commit_id))
            if confirmation != self._confirmation:
                self._write(connection, confirmation)
            if also is not None:
                also(connection)
        self._confirmation = confirmation
        self._since_snapshot += int(size or 0)
        self._deltas_since_snapshot += 1

    @property
    def confirmation(self) -> Confirmation | None:
        """What the last commit waits for."""
        return self._confirmation

    def confirm(
        self, confirmation: Confirmation | None = None, also: Callable[[Connection], None] | None = None
    ) -> None:
        """Write down that what has waited is confirmed, or waits for something else, though nothing is committed.

        Raises:
            HistoryFailed: It could not be written; it waits as before.
        """
        if confirmation != self._confirmation or also is not None:
            with self._writing() as connection:
                self._write(connection, confirmation)
                if also is not None:
                    also(connection)
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
        with self._writing() as connection:
            connection.execute(insert(snapshots).values(commit_id=commit_id, configuration=deflated(tree)))
            self._count(connection)

    def pending(self) -> list[tuple[int, str]]:
        """Return the commits that were begun and neither sealed nor aborted, each with its delta."""
        with self._reading() as connection:
            rows = connection.execute(
                select(commits.c.id, commits.c.delta).where(commits.c.state == PENDING).order_by(commits.c.id)
            ).all()
        return [(row.id, _inflated(row.delta, row.id)) for row in rows]

    def last(self) -> int | None:
        """Return the id of the last sealed commit, or None if there is none."""
        with self._reading() as connection:
            last: int | None = connection.scalar(select(func.max(commits.c.id)).where(commits.c.state == SEALED))
        return last

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

    def latest(self, first: int) -> Iterator[tuple[Commit, etree._Element]]:
        """Yield the sealed commits from the last one back to id `first`, each with the edit that it was.

        Raises:
            HistoryFailed: It cannot be read.
        """
        query = select(commits).where(commits.c.state == SEALED).where(commits.c.id >= first)
        with self._reading() as connection:
            for row in connection.execute(query.order_by(commits.c.id.desc())):
                yield _commit(row), _parsed(_inflated(row.delta, row.id))

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
                commit_id = connection.scalar(select(func.max(commits.c.id)).where(commits.c.state == SEALED))
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
                text = _inflated(start.configuration, read)
                tree = _snapshot(text, self._schema)
            for read, delta in deltas:
                tree = replayed(tree, _inflated(delta, read))
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
        """Return a transaction for what is kept beside the commits; nothing else is written meanwhile."""
        return self._writing()

    def reading(self) -> Transaction:
        """Return a transaction that reads what is kept beside the commits."""
        return self._reading()

    def read(self, configuration: bytes, what: str) -> Node:
        """Return a configuration that `deflated` has made.

        Raises:
            RequestError: It does not fit the models that are served.
            HistoryFailed: It is damaged.
        """
        return _snapshot(_inflated(configuration, what), self._schema)

    def _writing(self) -> Transaction:
        return Transaction(self._engine, self._lock)

    def _reading(self) -> Transaction:
        return Transaction(self._engine, None)


def replayed(tree: Node, delta: str) -> Node:
    """Return the configuration that a commit made of `tree`, given its delta.

    Raises:
        RequestError: It is not the configuration that the commit was made from, or does not fit the models.
        HistoryFailed: The delta is damaged.
    """
    return edit_config(tree, _parsed(delta))


def deflated(tree: Node) -> bytes:
    """Return a whole configuration as it is kept."""
    return zlib.compress(print_children(tree).encode(), 1)


def _inflated(octets: bytes, what: int | str) -> str:
    try:
        return zlib.decompress(octets).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        named = f"commit {what}" if isinstance(what, int) else what
        raise HistoryFailed(f"{named} in the history is damaged: {error}") from error


def _parsed(text: str) -> etree._Element:
    try:
        return parse_document(in_config(text).encode())
    except MalformedXml as error:
        raise _damaged(error) from error


def _snapshot(text: str, schema: Schema) -> Node:
    try:
        return read_document(in_config(text).encode(), schema)
    except MalformedXml as error:
        raise _damaged(error) from error


def _damaged(error: MalformedXml) -> HistoryFailed:
    return HistoryFailed(f"what is written in the history is damaged: {error}")


def _commit(row: Row[Any]) -> Commit:
    author = Author(row.user, row.session_id, row.protocol)
    return Commit(row.id, row.time, author, row.comment, row.label, row.state, row.reason)
