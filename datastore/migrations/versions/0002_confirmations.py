"""What a confirmed commit waits for."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, Integer, String, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "confirmations",
        Column("id", Integer, primary_key=True, comment="1: one confirmed commit waits at most"),
        Column("before", Integer, ForeignKey("commits.id"), comment="what comes back; null is the empty configuration"),
        Column("deadline", Float, nullable=False, comment="seconds since 1970, UTC"),
        Column("session_id", Integer),
        Column("user", String, nullable=False),
        Column("persist", Text, comment="the token by which any session can confirm"),
        Column("boot", String, nullable=False, comment="which start of the machine it was"),
    )
