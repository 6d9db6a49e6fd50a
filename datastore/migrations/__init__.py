"""The versions of the tables: recognised, and brought to what they are now.

A new version is a file in `versions` and a new `HEAD`; CONTRIBUTING.md shows one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, String, Table, insert, inspect, select

from datastore.tables import metadata
from yang.errors import NosError

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = "0003"
"""The revision that tables.py shows."""
UNMARKED = {
    frozenset({"commits", "snapshots"}): "0001",
    frozenset({"commits", "snapshots", "confirmations"}): "0002",
}
"""The revisions that were made before databases were marked with theirs, by their tables."""

marked = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


class NotUsable(NosError):
    """A database of a version that is not known."""


def is_current(connection: Connection) -> bool:
    """Return whether a database is marked with the newest revision; Alembic is not needed for that."""
    return inspect(connection).has_table(marked.name) and _mark_of(connection) == HEAD


def revision(connection: Connection) -> str | None:
    """Return the revision of a database; None if it has no history.

    Raises:
        NotUsable: It is of one that is not known.
    """
    tables = set(inspect(connection).get_table_names())
    found = _mark_of(connection) if marked.name in tables else None
    if found is not None and found > HEAD:
        raise NotUsable(f"it was made by a newer nos-mgmt, revision {found}; this one knows {HEAD}")
    if found is None and (ours := tables.intersection(metadata.tables)):
        found = UNMARKED.get(frozenset(ours))
        if found is None:
            raise NotUsable(f"it has the tables {', '.join(sorted(ours))}, and is no history of any version")
    return found


def bring_to_head(connection: Connection) -> None:
    """Make the tables where there are none, and change those of an earlier revision; all in one transaction.

    Raises:
        NotUsable: The revision is not known.
    """
    found = revision(connection)
    if found is None:
        metadata.create_all(connection)
        _mark(connection, HEAD)
    else:
        _mark(connection, found)
        if found != HEAD:
            upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring a database from the revision that it is marked with, or from nothing, to another one."""
    from alembic import command, config  # noqa: PLC0415 - it takes as long as the rest of a start, and is seldom needed

    settings = config.Config(attributes={"connection": connection})
    settings.set_main_option("script_location", "datastore:migrations")
    command.upgrade(settings, to)


def _mark_of(connection: Connection) -> str | None:
    mark: str | None = connection.scalar(select(marked.c.version_num))
    return mark


def _mark(connection: Connection, found: str) -> None:
    marked.create(connection, checkfirst=True)
    if _mark_of(connection) is None:
        connection.execute(insert(marked).values(version_num=found))
