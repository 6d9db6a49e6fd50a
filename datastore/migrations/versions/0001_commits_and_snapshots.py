"""Commits, and whole configurations now and then: the first version."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, Integer, LargeBinary, String, Text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "commits",
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
    op.create_table(
        "snapshots",
        Column("commit_id", Integer, ForeignKey("commits.id"), primary_key=True),
        Column("configuration", LargeBinary, nullable=False, comment="the whole configuration, deflated"),
    )
