"""The database of the history: how it is opened, and what its errors become."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from datastore import integrity, migrations
from yang.errors import NosError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

PATIENCE = 10.0
"""Seconds to wait for somebody else who is writing to the same database, or for one that does not answer."""


class HistoryFailed(NosError):
    """The database cannot be read or written."""


class HistoryDamaged(HistoryFailed):
    """What the database should hold is not there, or cannot be read."""


class Transaction:
    """A transaction whose errors are the history's."""

    def __init__(self, engine: Engine, lock: threading.Lock | None) -> None:
        self._begun = engine.begin()
        self._lock = lock

    def __enter__(self) -> Connection:
        if self._lock is not None:
            self._lock.acquire()
        try:
            return self._begun.__enter__()
        except BaseException as error:
            self._release()
            if isinstance(error, SQLAlchemyError):
                raise failure("the history cannot be used", error) from error
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._begun.__exit__(kind, error, traceback)
        except SQLAlchemyError as failed:
            raise failure("the history cannot be written", failed) from failed
        finally:
            self._release()
        if isinstance(error, SQLAlchemyError):
            raise failure("the history cannot be used", error) from error

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()


class Database:
    """One database: many may read at once, and one may write, over a connection of its own."""

    def __init__(self, url: str, patience: float | None = None, *, is_damaged: bool = False) -> None:
        """Know the database at `url`, and wait `patience` seconds for others; of one that is damaged nothing is written.

        Raises:
            HistoryFailed: There is no such kind of database.
        """
        self._lock = threading.Lock()
        self._patience = PATIENCE if patience is None else patience
        self._is_damaged = is_damaged
        self.shown = "an address that cannot be read"
        with self._opening():
            self._url = _parsed(url)
            self.shown = shown(self._url)
            self.file = integrity.file_of(self._url)
            if is_damaged and self.file is not None:
                self._reader = self._writer = _reading(self.file)
            elif self._is_postgresql:
                self._reader, self._writer = self._sessions(takes_lock=False), self._sessions(takes_lock=True)
            else:
                self._reader = self._writer = _sqlite(self._url, self._patience)

    def prepare(self) -> None:
        """Make the tables, or bring those of an earlier version to what they are now.

        Raises:
            HistoryDamaged: The file is not whole; nothing is changed in it.
            HistoryFailed: It cannot be opened, somebody else uses it, or it was made by a later version.
        """
        with self._opening():
            if self.file is not None:
                integrity.check(self.file)
            # whoever may write has the database alone from here on
            with self._writer.connect() as connection:
                is_current = migrations.is_current(connection)
            if not is_current:
                self._bring_to_head()

    def _bring_to_head(self) -> None:
        if self._is_postgresql:
            # large tables take their time: no statement is cut off
            self._writer.dispose()
            unhurried = self._sessions(takes_lock=True, is_hurried=False)
            try:
                with unhurried.begin() as connection:
                    migrations.bring_to_head(connection)
            finally:
                unhurried.dispose()
            return
        with self._writer.connect() as connection:
            # a table that is made anew goes first: nothing may be deleted with it
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            # sqlite3 would commit every statement that makes a table
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            migrations.bring_to_head(connection)
            connection.commit()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")

    def writing(self) -> Transaction:
        """Return a transaction that may write; the others wait until it ends.

        Raises:
            HistoryDamaged: Nothing is written any more.
        """
        if self._is_damaged:
            raise HistoryDamaged("the history is damaged, and nothing is written to it")
        return Transaction(self._writer, self._lock)

    def reading(self) -> Transaction:
        """Return a transaction that reads."""
        return Transaction(self._reader, None)

    def close(self) -> None:
        """Let the database go."""
        with self._lock:
            self._reader.dispose()
            self._writer.dispose()

    @property
    def _is_postgresql(self) -> bool:
        return self._url.get_backend_name() == "postgresql"

    def _sessions(self, *, takes_lock: bool, is_hurried: bool = True) -> Engine:
        from datastore import postgresql  # noqa: PLC0415 - its driver takes a third of the start, and few have it

        return postgresql.sessions(self._url, self._patience, takes_lock=takes_lock, is_hurried=is_hurried)

    @contextmanager
    def _opening(self) -> Iterator[None]:
        try:
            yield
        except integrity.Damaged as damage:
            raise HistoryDamaged(f"the history at {self.shown} is damaged: {damage}") from damage
        except (SQLAlchemyError, ImportError, migrations.NotUsable) as error:
            # SQLAlchemy raises ImportError for a database whose driver is not installed
            raise failure(f"the history at {self.shown} cannot be opened", error) from error


def shown(url: URL) -> str:
    """Return a database's URL without its password."""
    hidden = {name: "***" for name in url.query if "password" in name}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)


def reason(error: Exception) -> str:
    """Return what a database complains of, in one line, without the statement and SQLAlchemy's address for help."""
    orig = getattr(error, "orig", None) or error
    # PostgreSQL adds the place in its own functions
    said = getattr(getattr(orig, "diag", None), "message_primary", None) or str(orig)
    return " ".join(said.split())


def failure(what: str, error: Exception) -> HistoryFailed:
    """Return what an error of the database is to the history."""
    orig = getattr(error, "orig", None)
    is_damage = isinstance(orig, sqlite3.Error) and integrity.is_damage(orig)
    return (HistoryDamaged if is_damage else HistoryFailed)(f"{what}: {reason(error)}")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ValueError as error:
        raise ArgumentError("Could not parse SQLAlchemy URL: the port is no number") from error
    if parsed.drivername in ("postgresql", "postgres"):
        # SQLAlchemy would take psycopg2
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _sqlite(url: URL, patience: float) -> Engine:
    """Return the engine of a database in a file; what it has committed is on the disk."""
    made = create_engine(url)
    if made.dialect.name == "sqlite":

        @event.listens_for(made, "connect")
        def _(connection: Any, _: Any) -> None:
            connection.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
            # of a new file: a commit of one leaf writes a few pages, however few octets of them it changes
            connection.execute("PRAGMA page_size=1024")
            # a sealed commit is on the disk when its client hears of it
            # of a new file: a commit of one leaf writes a few pages, however few octets of them it changes
            connection.execute("PRAGMA page_size=1024")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")

    return made


def _reading(file: Path) -> Engine:
    """Return the engine of a file in which nothing is to be changed."""
    return create_engine("sqlite://", creator=lambda: integrity.read_only(file, is_damaged=True), poolclass=NullPool)
