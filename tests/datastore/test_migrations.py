"""Databases of every version that there was: recognised, and brought to today's tables with all that is in them."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from datastore import migrations
from datastore.confirmation import Confirmation
from datastore.database import HistoryDamaged, HistoryFailed
from datastore.history import Author, Commit, History
from datastore.tables import metadata
from tests.databases import KINDS, made
from tests.datastore.configurations import tree_of
from tests.openconfig import interface, interfaces
from yang.diff import difference
from yang.tree import Node
from yang.xmlio import print_children

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.databases import Database
    from yang.schema import Schema

REVISIONS = ("0001", "0002", "0003")
ALL = """INSERT INTO commits (id, time, "user", session_id, protocol, comment, label, state, reason, delta)
VALUES (:id, :time, 'ann', 7, 'netconf', 'why', 'v1', :state, '', :delta)"""
FIRST = ("before", "deadline", "session_id", "user", "persist", "boot")
"""What confirmations had at first."""
WAITING = Confirmation(1, 2e9, 7, "ann", "token", "boot")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return made(request, tmp_path)


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "datastore:migrations")
    return ScriptDirectory.from_config(config)


def at(database: Database, revision: str, *, is_marked: bool = True) -> None:
    """Make a database what it was at a revision, perhaps before databases were marked with it."""
    with database.engine().begin() as connection:
        migrations.upgrade(connection, revision)
    if not is_marked:
        database.sql("DROP TABLE alembic_version")


def port(schema: Schema, description: str) -> Node:
    return tree_of(schema, interfaces(interface("Ethernet1", description=description)))


def fill(database: Database, schema: Schema, revision: str) -> None:
    """Write down two commits, with a snapshot of the first one, and what waits where that is possible."""
    one, two = port(schema, "one"), port(schema, "two")
    delta = difference(Node(schema.root, {}), one)
    database.sql(ALL, id=1, time=1.5, state="sealed", delta=zlib.compress(delta.encode()))
    database.sql(ALL, id=2, time=2.5, state="sealed", delta=zlib.compress(difference(one, two).encode()))
    configuration = zlib.compress(print_children(one).encode())
    database.sql("INSERT INTO snapshots VALUES (1, :configuration)", configuration=configuration)
    if revision >= "0002":
        waiting = {name: value for name, value in WAITING._asdict().items() if revision > "0002" or name in FIRST}
        columns = ", ".join(f'"{name}"' for name in waiting)
        values = ", ".join(f":{name}" for name in waiting)
        database.sql(f"INSERT INTO confirmations (id, {columns}) VALUES (1, {values})", **waiting)  # noqa: S608 - names of our own
    if not database.is_sqlite:
        database.sql("SELECT setval('commits_id_seq', 2)")


def shape(database: Database) -> dict[str, Any]:
    """Return what a database says of its tables, apart from the order of columns."""
    seen = inspect(database.engine())
    return {
        table: {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in seen.get_columns(table)
            ),
            "key": seen.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": sorted(str(k["constrained_columns"]) for k in seen.get_foreign_keys(table)),
            "indexes": sorted(str(i["column_names"]) for i in seen.get_indexes(table)),
            "never twice": database.is_sqlite and "AUTOINCREMENT" in _sql_of(database, table),
        }
        for table in sorted(seen.get_table_names())
    }


def _sql_of(database: Database, table: str) -> str:
    return str(database.sql("SELECT sql FROM sqlite_master WHERE name = :table", table=table)[0][0])


def test_the_newest_revision_is_the_one_that_databases_are_marked_with() -> None:
    assert scripts().get_heads() == [migrations.HEAD]
    assert [script.revision for script in scripts().walk_revisions()] == sorted(REVISIONS, reverse=True)


def test_a_new_database_has_the_newest_revision(database: Database, schema: Schema) -> None:
    History(database.url, schema).close()
    assert database.sql("SELECT version_num FROM alembic_version") == [(migrations.HEAD,)]


@pytest.mark.parametrize("is_marked", [True, False], ids=["marked", "unmarked"])
@pytest.mark.parametrize("revision", REVISIONS)
def test_what_is_in_a_database_of_an_earlier_version_survives(
    database: Database, schema: Schema, revision: str, is_marked: bool
) -> None:
    if not is_marked and revision not in migrations.UNMARKED.values():
        is_marked = True  # they have been marked ever since
    at(database, revision, is_marked=is_marked)
    fill(database, schema, revision)
    with closing(History(database.url, schema)) as history:
        author = Author("ann", 7, "netconf")
        assert list(history.commits()) == [
            Commit(number, number + 0.5, author, "why", "v1", "sealed", "") for number in (1, 2)
        ]
        assert history.configuration(1) == port(schema, "one")
        assert history.configuration() == port(schema, "two")
        assert history.confirmation == (WAITING if revision >= "0002" else None)
        assert history.begin(Author("me"), "") == 3
        history.seal(3, WAITING)
    assert database.sql("SELECT version_num FROM alembic_version") == [(migrations.HEAD,)]
    with closing(History(database.url, schema)) as again:
        assert again.last() == 3
        assert again.confirmation == WAITING


@pytest.mark.parametrize("revision", [None, *REVISIONS])
def test_a_migrated_database_has_the_tables_that_a_new_one_has(
    database: Database, schema: Schema, request: pytest.FixtureRequest, tmp_path: Path, revision: str | None
) -> None:
    if revision is not None:
        at(database, revision)
        History(database.url, schema).close()
    else:
        with database.engine().begin() as connection:
            migrations.upgrade(connection)
    with database.engine().connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    assert found == []
    (tmp_path / "new").mkdir()
    new = made(request, tmp_path / "new", "sqlite" if database.is_sqlite else "postgresql")
    History(new.url, schema).close()
    assert _without_names(shape(database)) == _without_names(shape(new))


def _without_names(shape: dict[str, Any]) -> str:
    return re.sub(r"nextval\('[^']*'", "nextval(", str(shape))


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(database: Database, schema: Schema) -> None:
    History(database.url, schema).close()
    database.sql("UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(HistoryFailed, match="made by a newer nos-mgmt, revision 0999") as refused:
        History(database.url, schema)
    assert not isinstance(refused.value, HistoryDamaged)
    assert database.sql("SELECT version_num FROM alembic_version") == [("0999",)]


def test_a_database_with_some_of_the_tables_is_refused(database: Database, schema: Schema) -> None:
    at(database, "0001", is_marked=False)
    database.sql("DROP TABLE snapshots")
    with pytest.raises(HistoryFailed, match="has the tables commits, and is no history of any version"):
        History(database.url, schema)


def test_a_migration_that_fails_changes_nothing(
    database: Database, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(database, "0001", is_marked=False)
    fill(database, schema, "0001")
    before = shape(database)
    upgrade = migrations.upgrade

    def upgrade_and_fail(connection: Any) -> None:
        upgrade(connection)
        raise migrations.NotUsable("the power went off")

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "upgrade", upgrade_and_fail)
        with pytest.raises(HistoryFailed, match="the power went off"):
            History(database.url, schema)
    assert shape(database) == before
    with closing(History(database.url, schema)) as history:
        assert history.configuration() == port(schema, "two")


def test_tables_of_others_are_no_history(database: Database, schema: Schema) -> None:
    database.sql("CREATE TABLE diary (day INTEGER)")
    database.sql("INSERT INTO diary VALUES (1)")
    with closing(History(database.url, schema)) as history:
        assert history.last() is None
    assert database.sql("SELECT day FROM diary") == [(1,)]


def test_a_start_with_the_newest_revision_needs_no_alembic(tmp_path: Path) -> None:
    program = f"""
import sys
from datastore.database import Database
for _ in range(2):
    database = Database("sqlite:///{tmp_path}/history.sqlite")
    database.prepare()
    database.close()
assert not {{"alembic", "psycopg"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_migration_may_make_a_table_anew_to_which_others_refer(
    database: Database, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(database, "0001")
    fill(database, schema, "0001")
    upgrade = migrations.upgrade

    def widen(connection: Any) -> None:
        upgrade(connection)
        # SQLite has no other way: a new table with the rows of the old one, which goes
        with Operations(MigrationContext.configure(connection)).batch_alter_table("commits") as batch:
            batch.alter_column("label", nullable=True)

    monkeypatch.setattr(migrations, "upgrade", widen)
    with closing(History(database.url, schema)) as history:
        assert history.configuration(1) == port(schema, "one")
        assert history.configuration() == port(schema, "two")
    assert database.sql("SELECT count(*) FROM snapshots") == [(1,)]
