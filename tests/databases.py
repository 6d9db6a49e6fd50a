"""The databases that a history can be in: a file, and a PostgreSQL of the tests' own."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine, Row

KINDS = ("sqlite", "postgresql")
STARTED = 60.0
"""Seconds that a PostgreSQL may take to start."""
FUNCTION = (
    "CREATE OR REPLACE FUNCTION no() RETURNS trigger AS $$ BEGIN RAISE 'disk full'; END $$ LANGUAGE plpgsql",
    "EXECUTE FUNCTION no()",
)


class Database:
    """One database, empty at first, seen from behind the history's back."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite:")

    @property
    def file(self) -> Path:
        """The file of an SQLite database."""
        return Path(self.url.removeprefix("sqlite:///"))

    def engine(self) -> Engine:
        """Return an engine that keeps no connections."""
        url = make_url(self.url)
        return create_engine(url if self.is_sqlite else url.set(drivername="postgresql+psycopg"), poolclass=NullPool)

    def sql(self, statement: str, **values: Any) -> Sequence[Row[Any]]:
        """Return the rows that a statement yields, if it yields any; its `:names` stand for `values`."""
        with self.engine().begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else ()

    def refuse(self, what: str, when: str = "") -> None:
        """Have writes fail, say `INSERT ON commits`, as if there was no room; where `when` says so, an SQL expression."""
        condition = f"WHEN ({when})" if when else ""
        action = "BEGIN SELECT RAISE(FAIL, 'disk full'); END"
        if not self.is_sqlite:
            self.sql(FUNCTION[0])
            action = FUNCTION[1]
        self.sql(f"CREATE TRIGGER no BEFORE {what} FOR EACH ROW {condition} {action}")

    def allow(self, table: str = "commits") -> None:
        """Have no writes fail any more."""
        self.sql("DROP TRIGGER no" if self.is_sqlite else f"DROP TRIGGER no ON {table}")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody else write meanwhile."""
        with self.engine().connect() as connection:
            connection.exec_driver_sql("BEGIN EXCLUSIVE" if self.is_sqlite else "LOCK TABLE commits IN EXCLUSIVE MODE")
            yield
            connection.rollback()


class Postgres:
    """A PostgreSQL server that listens at a socket in its own folder."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        # a short path: that of a socket may not be longer than 107 octets
        self.folder = Path(tempfile.mkdtemp(prefix="nos-pg-"))
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            # it refuses to run as root
            entry = _somebody()
            self._user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None
        made = ["-D", self.folder / "data", "-U", "nos", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync"]
        subprocess.run([binaries / "initdb", *made], check=True, capture_output=True, cwd=self.folder, **self._user)

    @property
    def url(self) -> str:
        """The URL of its only database."""
        return f"postgresql://nos@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start it, and return when it lets clients in."""
        options = [
            "-D",
            self.folder / "data",
            "-k",
            self.folder,
            "-c",
            "listen_addresses=",
            "-c",
            "shared_buffers=16MB",
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **self._user,
            )
        deadline = time.monotonic() + STARTED
        is_ready = [self._binaries / "pg_isready", "--quiet", "--host", self.folder]
        while subprocess.run(is_ready, check=False).returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it by a signal: SIGINT ends its clients' sessions, and SIGQUIT is as if the power went off."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(STARTED)
            self._process = None

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def database(self) -> Database:
        """Return an empty schema of its own, which is quicker to make than a database."""
        name = f"test_{secrets.token_hex(6)}"
        Database(self.url).sql(f"CREATE SCHEMA {name}")
        return Database(f"{self.url}&options=-csearch_path%3D{name}")


def _somebody() -> pwd.struct_passwd:
    """Return a user who is not root."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Yield a server, started, or skip the test where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("there is no postgresql")
    server = Postgres(found[-1].parent if found else Path(str(on_path)).resolve().parent)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def made(request: pytest.FixtureRequest, folder: Path, kind: str = "sqlite") -> Database:
    """Return an empty database of a kind, or of that which a fixture has as its parameter; a file is in `folder`."""
    if getattr(request, "param", kind) == "sqlite":
        return Database(f"sqlite:///{folder / 'history.sqlite'}")
    server: Postgres = request.getfixturevalue("postgresql")
    return server.database()
