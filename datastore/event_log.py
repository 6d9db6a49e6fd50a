"""The log of events that can be replayed: the newest ones, in memory, and beside that in a file that outlives the server.

Whoever writes to it waits for no disk: a thread brings what is new to the file in batches.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Column, Float, Integer, MetaData, String, Table, create_engine, delete, event, insert, select
from sqlalchemy.exc import SQLAlchemyError

from datastore.background import Background

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

logger = logging.getLogger(__name__)

DAY = 86400.0
RARELY = 4096
"""Records that are dropped from the front of the list at once."""

metadata = MetaData()
records = Table(
    "records",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("time", Float, nullable=False),
    Column("name", String, nullable=False),
    Column("content", String, nullable=False),
)
notes = Table("notes", metadata, Column("name", String, primary_key=True), Column("value", String, nullable=False))


class LogLimits(NamedTuple):
    """What the log keeps, the newest records; 0 stands for any number."""

    records: int = 10_000
    octets: int = 16 << 20
    days: int = 0


class Logged(NamedTuple):
    """One event in the log."""

    number: int
    """They are numbered in order, without gaps."""
    time: float
    """Seconds since 1970, UTC, in whole milliseconds."""
    name: str
    """What it is an instance of, as `module:name`."""
    content: str
    """The element of that name, as XML."""


class EventLog:
    """Holds events for a replay."""

    def __init__(self, file: Path | None = None, limits: LogLimits = LogLimits()) -> None:  # noqa: B008 - it cannot change
        """Keep what `limits` say, in `file` too if it is given; a file that cannot be used is put aside and begun anew."""
        self._limits = limits
        self._lock = threading.Lock()
        self._records: list[Logged] = []
        self._first = 0
        self._last = 0
        self._octets = 0
        self._notes: dict[str, str] = {}
        self._written = 0
        self._unwritten_notes: set[str] = set()
        self._engine: Engine | None = None
        self._writer = Background("event log", self._write)
        if file is not None:
            self._open(file)
        if "created" not in self._notes:
            self.note("created", repr(round(time.time(), 3)))
        with self._lock:
            self._drop()

    def start(self) -> None:
        """Begin to write what is added; what was added before is written then."""
        if self._engine is not None:
            self._writer.start()

    @property
    def created(self) -> float:
        """When the log was begun, in seconds since 1970."""
        return float(self._notes["created"])

    @property
    def aged(self) -> float | None:
        """The time of the last record that was dropped; None if none was."""
        noted = self._notes.get("aged")
        return float(noted) if noted is not None else None

    @property
    def last(self) -> int:
        """The number of the last record; 0 if there was none yet."""
        return self._last

    def add(self, when: float, name: str, content: str) -> Logged:
        """Add a record, the last one, and return it."""
        with self._lock:
            self._last += 1
            logged = Logged(self._last, round(when, 3), name, content)
            self._records.append(logged)
            self._octets += len(content)
            self._drop()
        self._writer.ask()
        return logged

    def after(self, number: int, most: int) -> list[Logged]:
        """Return the first records with higher numbers than `number`, at most so many."""
        with self._lock:
            if number >= self._last:
                return []
            self._drop()
            first = self._last - (len(self._records) - self._first)
            index = self._first + max(number - first, 0)
            return self._records[index : index + most]

    def noted(self, name: str) -> str | None:
        """Return what was noted under a name; None if nothing was."""
        return self._notes.get(name)

    def note(self, name: str, value: str) -> None:
        """Keep something beside the records."""
        with self._lock:
            self._notes[name] = value
            self._unwritten_notes.add(name)
        self._writer.ask()

    def close(self) -> None:
        """Write what is not written yet, and let the file go."""
        if self._engine is not None:
            self._writer.close()
            self._write()
            self._engine.dispose()

    def _drop(self) -> None:
        """Drop what is more than is kept."""
        limits, oldest = self._limits, None
        while self._first < len(self._records):
            record = self._records[self._first]
            is_kept = not limits.records or len(self._records) - self._first <= limits.records
            is_kept = is_kept and (not limits.octets or self._octets <= limits.octets)
            if is_kept and not (limits.days and record.time < time.time() - limits.days * DAY):
                break
            oldest = record
            self._octets -= len(record.content)
            self._first += 1
        if oldest is not None:
            self._notes["aged"] = repr(oldest.time)
            self._unwritten_notes.add("aged")
        if self._first >= RARELY or self._first == len(self._records):
            del self._records[: self._first]
            self._first = 0

    def _open(self, file: Path) -> None:
        try:
            self._read(file)
        except SQLAlchemyError as error:
            logger.warning("the log of events in %s cannot be used and is begun anew: %s", file, error)
            self._records, self._octets, self._last, self._notes = [], 0, 0, {}
            if self._engine is not None:
                self._engine.dispose()
            for suffix in ("", "-wal", "-shm"):
                part = file.with_name(file.name + suffix)
                if part.exists():
                    part.replace(part.with_name(part.name + ".damaged"))
            try:
                self._read(file)
            except SQLAlchemyError as again:
                logger.warning("events are kept in memory only: %s", again)
                self._engine = None

    def _read(self, file: Path) -> None:
        self._engine = create_engine(f"sqlite:///{file}")

        @event.listens_for(self._engine, "connect")
        def _(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            # the last moments before a power failure may be missing; the file stays whole
            connection.execute("PRAGMA synchronous=NORMAL")

        metadata.create_all(self._engine)
        with self._engine.begin() as connection:
            self._records = [Logged(*row) for row in connection.execute(select(records).order_by(records.c.number))]
            self._notes = {name: value for name, value in connection.execute(select(notes))}  # noqa: C416 - rows are no pairs
        if self._records:
            self._last = self._written = self._records[-1].number
            self._octets = sum(len(record.content) for record in self._records)
        numbers = [record.number for record in self._records]
        if numbers and numbers != list(range(numbers[0], self._last + 1)):
            raise SQLAlchemyError("records are missing")

    def _write(self) -> None:
        """Bring the file up to date."""
        if self._engine is None:
            return
        with self._lock:
            first = self._last - (len(self._records) - self._first)
            new = self._records[self._first + max(self._written - first, 0) :]
            last = self._last
            names, self._unwritten_notes = self._unwritten_notes, set()
            noted = [{"name": name, "value": self._notes[name]} for name in sorted(names)]
        try:
            with self._engine.begin() as connection:
                if new:
                    connection.execute(insert(records), [record._asdict() for record in new])
                connection.execute(delete(records).where(records.c.number <= first))
                for note in noted:
                    connection.execute(delete(notes).where(notes.c.name == note["name"]))
                    connection.execute(insert(notes).values(note))
            self._written = last
        except SQLAlchemyError as error:
            # what was not written this time is written with what comes next, as long as the log has it
            logger.warning("events could not be written to their log: %s", error)
            with self._lock:
                self._unwritten_notes |= names
