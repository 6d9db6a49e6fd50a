"""PostgreSQL as the history's database: sessions that write for certain, give up in time, and of which one may write."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.errors import LockNotAvailable
from sqlalchemy import create_engine, event

from datastore.database import HistoryFailed, shown

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Engine
    from sqlalchemy.engine import URL

LOCK = "SELECT pg_advisory_lock(6241, current_schema()::regnamespace::oid::int)"
"""Taken by the session that may write; each schema has a history of its own."""
LONGER = 1.2
"""So many times as long as for a lock the server may take for a statement, so that it says which; and so many times as long
as that before it counts as hung."""


class Session(psycopg.Connection[Any]):
    """A connection that is given up if the server does not answer."""

    longest = float("inf")
    """Seconds to wait for any answer: the server's own limits are of no use where it is hung itself."""

    def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
        """Wait for an answer.

        Raises:
            OperationalError: There is none; the connection is closed.
        """
        return super().wait(self._limited(gen), *arguments, **options)

    def _limited(self, answer: Any) -> Generator[Any, Any, Any]:
        deadline = time.monotonic() + self.longest
        try:
            wanted = next(answer)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > deadline:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"the database has not answered for {self.longest:g} s")
                wanted = answer.send(ready)
        except StopIteration as end:
            return end.value


def sessions(url: URL, patience: float, *, takes_lock: bool, is_hurried: bool = True) -> Engine:
    """Return an engine whose sessions wait `patience` seconds for others, and, if `is_hurried`, for anything.

    With `takes_lock` there is one session, which may write, and no other like it anywhere as long as it is open. Without,
    there are several, which only read.
    """
    # 0 would be for ever
    limit = max(1, round(patience * 1000))
    given = str(url.query.get("options", ""))
    options = [given, "-c synchronous_commit=on", f"-c lock_timeout={limit}"]
    options.append(f"-c statement_timeout={round(LONGER * limit) if is_hurried else 0}")
    if not takes_lock:
        options.append("-c default_transaction_read_only=on")
    arguments = {
        "application_name": "nos-mgmt",
        # whole seconds, and libpq takes 1 for 2
        "connect_timeout": max(2, round(patience)),
        "tcp_user_timeout": round(LONGER**2 * limit),
    }
    engine = create_engine(
        url,
        connect_args={
            **{name: value for name, value in arguments.items() if name not in url.query},
            "options": " ".join(options).strip(),
        },
        # a server that was started anew is noticed before a commit relies on it
        pool_pre_ping=True,
        # what is read in several statements is as of one moment
        isolation_level="READ COMMITTED" if takes_lock else "REPEATABLE READ",
        pool_timeout=patience,
        **({"pool_size": 1, "max_overflow": 0} if takes_lock else {}),
    )

    @event.listens_for(engine, "do_connect")
    def _(_dialect: Any, _record: Any, given: Any, named: Any) -> Session:
        session = Session.connect(*given, **named)
        session.longest = LONGER**2 * patience if is_hurried else float("inf")
        if takes_lock:
            _take_lock(session, url)
        return session

    return engine


def _take_lock(session: Session, url: URL) -> None:
    """Have the history alone, once a session that was cut off has really ended.

    Raises:
        HistoryFailed: Somebody else has it.
    """
    try:
        session.execute(LOCK)
        session.commit()
    except LockNotAvailable as error:
        session.close()
        raise HistoryFailed(
            f"another nos-mgmt uses the history at {shown(url)}, or a session of this one has not ended yet"
        ) from error
    except BaseException:
        session.close()
        raise
