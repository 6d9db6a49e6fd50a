"""What each commit changed and who set what, scheduled commits, post-conditions, startup, and how far who has come."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, Integer, LargeBinary, String, Text, text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns and make tables."""
    op.add_column("commits", Column("schedule_id", Integer, comment="the scheduled commit that it is"))
    op.add_column("commits", Column("outcome", Text, comment="by what it was confirmed, if by its post-conditions"))
    op.add_column(
        "commits", Column("inverse", LargeBinary, comment="the edit-config back, deflated; null if it would be large")
    )
    told = "what it changed, for people, with zeros between, deflated; null if not told yet"
    op.add_column("commits", Column("lines", LargeBinary, comment=told))
    is_scheduled = text("schedule_id IS NOT NULL")
    op.create_index(
        "ix_commits_schedule_id",
        "commits",
        ["schedule_id"],
        sqlite_where=is_scheduled,
        postgresql_where=is_scheduled,
    )
    op.add_column(
        "confirmations",
        Column("assertions", Text, nullable=False, server_default=text("''"), comment="post-conditions, as JSON"),
    )
    op.create_table(
        "startup",
        Column("id", Integer, primary_key=True, comment="1: there is one startup configuration at most"),
        Column("commit_id", Integer, ForeignKey("commits.id"), comment="the commit whose configuration it is"),
        Column("configuration", LargeBinary, comment="the configuration itself, deflated, if it is no commit's"),
    )
    op.create_table(
        "boots",
        Column("id", Integer, primary_key=True, comment="1: the last start of the server"),
        Column("boot", String, nullable=False, comment="which start of the machine it was"),
    )
    op.create_table(
        "schedules",
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
    op.create_table(
        "origins",
        Column("path", LargeBinary, primary_key=True, comment="what a commit created or changed and is still there"),
        Column("commit_id", Integer, nullable=False, comment="which one; retention may have dropped it"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "marks",
        Column("name", String, primary_key=True, comment="who goes through the commits"),
        Column("commit_id", Integer, nullable=False, comment="the last one that is dealt with"),
    )
