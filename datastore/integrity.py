"""Whether an SQLite file is whole: looked at without changing anything in it."""

from __future__ import annotations

import logging
import sqlite3
import time
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from yang.errors import NosError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL

logger = logging.getLogger(__name__)

LONGEST = 5.0
"""Seconds after which a file counts as whole, though not all of it has been looked at."""
INSTRUCTIONS = 10_000
"""So many of SQLite's instructions are carried out between two looks at the clock."""
READING = (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ)
NEEDED = (
    "SELECT 'commit', commit_id, configuration FROM snapshots WHERE commit_id = (SELECT max(commit_id) FROM snapshots)",
    """SELECT 'commit', id, delta FROM commits WHERE state = 'pending' OR state = 'sealed'
       AND id > (SELECT coalesce(max(commit_id), 0) FROM snapshots)""",
)
"""What a start reads: id and octets; these tables have been so since the first version."""


class Damaged(NosError):
    """A file that is not whole; the message says where."""


def file_of(url: URL) -> Path | None:
    """Return the file of an SQLite database; None if it is in none, or not SQLite's."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database.removeprefix("file:"))


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error says that a file is not whole, and not that it cannot be reached, say."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or code in READING


def check(file: Path, longest: float = LONGEST) -> None:
    """Look at all pages of a file, and at the rows that a start needs, for at most `longest` seconds.

    What keeps it from being opened at all is for whoever opens it to find.

    Raises:
        Damaged: Something is wrong with it.
    """
    if not file.is_file():
        return
    if not file.stat().st_size:
        # SQLite takes it for a new one, and a start would take everything away from all systems
        raise Damaged("it is empty, as no history ever is; if it never was one, remove it")
    try:
        with closing(read_only(file)) as connection:
            deadline = time.monotonic() + longest
            connection.set_progress_handler(lambda: time.monotonic() > deadline, INSTRUCTIONS)
            for wrong in _wrong(connection):
                raise Damaged(" ".join(wrong.split()))
    except sqlite3.Error as error:
        if is_damage(error):
            raise Damaged(str(error)) from error
        logger.warning("%s was not looked over: %s", file, error)


def read_only(file: Path, *, is_damaged: bool = False) -> sqlite3.Connection:
    """Return a connection that changes nothing in a file; if it is known to be damaged, read what is left of it."""
    try:
        return _connected(file, "mode=ro", is_damaged)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        # there is no room for the index of its log: without the log, that is
        return _connected(file, "immutable=1", is_damaged)


def _connected(file: Path, how: str, is_damaged: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(file))}?{how}", uri=True, check_same_thread=False)
    try:
        if is_damaged:
            # without it SQLite reads nothing of a file that was cut short
            connection.execute("PRAGMA writable_schema=ON")
        connection.execute("PRAGMA schema_version")
    except BaseException:
        connection.close()
        raise
    return connection


def _wrong(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what is wrong."""
    for (line,) in connection.execute("PRAGMA quick_check(1)"):
        if line != "ok":
            yield line
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables.issuperset(("commits", "snapshots")):
        if "alembic_version" in tables:
            yield "its tables are gone"
        return
    for query in NEEDED:
        for _, number, octets in connection.execute(query):
            try:
                zlib.decompress(octets)
            except (zlib.error, TypeError) as error:
                yield f"commit {number}: {error}"
