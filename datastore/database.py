"""The database of the history: how it is opened, and what its errors become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from yang.errors import NosError

if TYPE_CHECKING:
    import threading
    from types import TracebackType
    from typing import Any

    from sqlalchemy import Connection, Engine

PATIENCE = 10.0
"""Seconds to wait for somebody else who is writing to the same SQLite file."""


class HistoryFailed(NosError):
    """The database cannot be read or written."""


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
        except SQLAlchemyError as error:
            self._release()
            raise HistoryFailed(f"the history cannot be used: {reason(error)}") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._begun.__exit__(kind, error, traceback)
        except SQLAlchemyError as failure:
            raise HistoryFailed(f"the history cannot be written: {reason(failure)}") from failure
        finally:
            self._release()
        if isinstance(error, SQLAlchemyError):
            raise HistoryFailed(f"the history cannot be used: {reason(error)}") from error

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()


def shown(url: str) -> str:
    """Return a database's URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return repr(url)


def reason(error: Exception) -> str:
    """Return what a database complains of, without the statement and SQLAlchemy's address for help."""
    return str(getattr(error, "orig", None) or error)


def engine(url: str) -> Engine:
    """Return the engine of the database at `url`; what it has committed is on the disk."""
    made = create_engine(url)
    if made.dialect.name == "sqlite":

        @event.listens_for(made, "connect")
        def _(connection: Any, _: Any) -> None:
            # a sealed commit is on the disk when its client hears of it
            # of a new file: a commit of one leaf writes a few pages, however few octets of them it changes
            connection.execute("PRAGMA page_size=1024")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute(f"PRAGMA busy_timeout={round(PATIENCE * 1000)}")

    return made
