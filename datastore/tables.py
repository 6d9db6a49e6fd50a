"""The tables of the history."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

commits = Table(
    "commits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", Float, nullable=False, comment="seconds since 1970, UTC"),
    Column("user", String, nullable=False),
    Column("session_id", Integer),
    Column("protocol", String, nullable=False),
    Column("comment", Text, nullable=False),
    Column("label", String, nullable=False),
    Column("state", String, nullable=False, comment="pending, sealed or aborted"),
    Column("reason", Text, nullable=False, comment="why it was aborted"),
    Column("delta", LargeBinary, nullable=False, comment="edit-config from the sealed commit before it, deflated"),
    sqlite_autoincrement=True,
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("commit_id", Integer, ForeignKey("commits.id"), primary_key=True),
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
)
