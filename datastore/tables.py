"""The tables of the history."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

metadata = MetaData()

LARGEST = (1 << 31) - 1
"""A number that no commit will have."""


class Number(TypeDecorator[int]):
    """The number of a commit; one that clients ask for may be larger than those of a database."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Any) -> int | None:  # noqa: ARG002 - as SQLAlchemy has it
        """Return a number that a database takes."""
        return value if value is None else min(value, LARGEST)


commits = Table(
    "commits",
    metadata,
    Column("id", Number, primary_key=True),
    Column("time", Float, nullable=False, comment="seconds since 1970, UTC"),
    Column("user", String, nullable=False),
    Column("session_id", Integer),
    Column("protocol", String, nullable=False),
    Column("comment", Text, nullable=False),
    Column("label", String, nullable=False),
    Column("state", String, nullable=False, comment="pending, sealed or aborted"),
    Column("reason", Text, nullable=False, comment="why it was aborted"),
    Column("delta", LargeBinary, nullable=False, comment="edit-config from the sealed commit before it, deflated"),
    Column("schedule_id", Integer, comment="the scheduled commit that it is"),
    Column("outcome", Text, comment="by what it was confirmed, if by its post-conditions"),
    Column("inverse", LargeBinary, comment="the edit-config back, deflated; null if it would be large"),
    Column(
        "lines", LargeBinary, comment="what it changed, for people, with zeros between, deflated; null if not told yet"
    ),
    sqlite_autoincrement=True,
)

# of the few that were scheduled: whatever a commit does not write need not reach the disk either
_is_scheduled = commits.c.schedule_id.is_not(None)
Index("ix_commits_schedule_id", commits.c.schedule_id, sqlite_where=_is_scheduled, postgresql_where=_is_scheduled)

snapshots = Table(
    "snapshots",
    metadata,
    Column("commit_id", Number, ForeignKey("commits.id"), primary_key=True),
    Column("configuration", LargeBinary, nullable=False, comment="the whole configuration, deflated"),
)

startup = Table(
    "startup",
    metadata,
    Column("id", Integer, primary_key=True, comment="1: there is one startup configuration at most"),
    Column("commit_id", Integer, ForeignKey("commits.id"), comment="the commit whose configuration it is"),
    Column("configuration", LargeBinary, comment="the configuration itself, deflated, if it is no commit's"),
)

boots = Table(
    "boots",
    metadata,
    Column("id", Integer, primary_key=True, comment="1: the last start of the server"),
    Column("boot", String, nullable=False, comment="which start of the machine it was"),
)

confirmations = Table(
    "confirmations",
    metadata,
    Column("id", Integer, primary_key=True, comment="1: one confirmed commit waits at most"),
    Column("before", Integer, ForeignKey("commits.id"), comment="what comes back; null is the empty configuration"),
    Column("deadline", Float, nullable=False, comment="seconds since 1970, UTC"),
    Column("session_id", Integer),
    Column("user", String, nullable=False),
    Column("persist", Text, comment="the token by which any session can confirm"),
    Column("boot", String, nullable=False, comment="which start of the machine it was"),
    Column("assertions", Text, nullable=False, server_default=text("''"), comment="post-conditions, as JSON"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("due", Float, nullable=False, comment="seconds since 1970, UTC"),
    Column("patience", Float, nullable=False, comment="seconds for which it is tried again"),
    Column("user", String, nullable=False),
    Column("session_id", Integer),
    Column("comment", Text, nullable=False),
    Column("label", String, nullable=False),
    Column("state", String, nullable=False, comment="waiting, done, failed or cancelled"),
    Column("reason", Text, nullable=False),
    Column("commit_id", Integer, comment="what it became"),
    Column("changes", Text, nullable=False, comment="lines for people"),
    Column("delta", LargeBinary, nullable=False, comment="edit-config from what was running, deflated"),
    sqlite_autoincrement=True,
)

origins = Table(
    "origins",
    metadata,
    # octets, so that their order does not depend on a collation; datastore/origins.py says what they are
    Column("path", LargeBinary, primary_key=True, comment="what a commit created or changed and is still there"),
    Column("commit_id", Integer, nullable=False, comment="which one; retention may have dropped it"),
    sqlite_with_rowid=False,
)

marks = Table(
    "marks",
    metadata,
    Column("name", String, primary_key=True, comment="who goes through the commits"),
    Column("commit_id", Integer, nullable=False, comment="the last one that is dealt with"),
)
