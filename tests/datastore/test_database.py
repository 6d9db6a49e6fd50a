"""How databases are opened, and how a history that cannot be opened says why."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from backends.hardware.objects import Route
from datastore import database as history_database
from datastore.database import HistoryDamaged, HistoryFailed
from datastore.errors import CommitFailed
from datastore.history import Author, History
from tests.conftest import make_device
from tests.databases import KINDS, Database, made, postgres
from tests.datastore.rig import AFTER, BEFORE, Rig, eventually
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from tests.databases import Postgres
    from yang.schema import Schema

ME = Author("me", 7, "test")
SHORT = 0.2
"""Seconds to wait for a database."""
SECRET = "hunter2"  # noqa: S105 - nobody's
DROPPED = Route("192.0.2.0/24", "drop").key


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return made(request, tmp_path)


@pytest.fixture
def rig(database: Database, full_schema: Schema) -> Iterator[Rig]:
    """A started device that waits for its database for a moment only, with a configuration."""
    made = Rig(database, full_schema)
    made.patience = SHORT
    made.start()
    made.commit(BEFORE)
    yield made
    made.close()


def refused(rig: Rig) -> str:
    """Return why a commit is refused, which must not have changed anything."""
    systems, running = rig.systems(), rig.committer.running
    with pytest.raises(CommitFailed) as failed:
        rig.commit(AFTER)
    assert rig.systems() == systems
    assert rig.committer.running is running
    return failed.value.message


def amid(rig: Rig, action: Callable[[], object]) -> None:
    """Have something happen in the middle of the next commit: once its beginning is written, and something is applied."""
    happening = rig.hardware.after[DROPPED]

    def happen() -> None:
        happening.clear()
        action()

    happening.append(happen)


def goes_on(rig: Rig) -> None:
    """See that a commit can be made, that nothing stays pending, and that a start finds all of it."""
    rig.commit(AFTER)
    assert "pending" not in rig.states()
    assert rig.history.configuration() == rig.tree(AFTER)
    systems = rig.systems()
    rig.start()
    assert rig.systems() == systems
    assert rig.committer.running == rig.tree(AFTER)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:////no/such/folder/history.sqlite", "unable to open database file"),
        ("nonsense", "Could not parse SQLAlchemy URL"),
        (f"postgresql//ann:{SECRET}@host/name", "Could not parse SQLAlchemy URL"),
        (f"postgresql://ann:{SECRET}@host:port/name", "Could not parse SQLAlchemy URL"),
        (f"nosuchdatabase://ann:{SECRET}@host/name", r"ann:\*\*\*@host/name cannot be opened: .*nosuchdatabase"),
        (f"postgresql://ann:{SECRET}@/name?host=/no/such/folder", "cannot be opened: .*/no/such/folder"),
        (f"postgresql://ann@/name?host=/no/such/folder&password={SECRET}", "cannot be opened: .*/no/such/folder"),
        (f"postgresql+psycopg://ann:{SECRET}@127.0.0.1:1/name", "cannot be opened: .*(refused|timeout)"),
    ],
)
def test_a_history_that_cannot_be_opened_says_why_and_tells_no_password(schema: Schema, url: str, reason: str) -> None:
    with pytest.raises(HistoryFailed, match=reason) as failed:
        History(url, schema)
    assert SECRET not in str(failed.value)
    assert "\n" not in str(failed.value)
    assert not isinstance(failed.value, HistoryDamaged)


def test_a_missing_driver_is_named_and_the_password_is_not(schema: Schema) -> None:
    pytest.importorskip("sqlalchemy.dialects.mysql", reason="this SQLAlchemy has no such dialect")
    with pytest.raises(HistoryFailed, match=r"user:\*\*\*@host/name cannot be opened: No module named") as failed:
        History("mysql+pymysql://user:secret@host/name", schema)
    assert "secret" not in str(failed.value)


def test_a_read_only_file_fails_the_writing_and_not_the_reading(schema: Schema, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.sqlite"
    with closing(History(url, schema)) as history:
        history.seal(history.begin(ME, ""))
    with closing(History(f"sqlite:///file:{tmp_path}/history.sqlite?mode=ro&uri=true", schema)) as reading:
        assert reading.last() == 1
        with pytest.raises(HistoryFailed, match="readonly database"):
            reading.begin(ME, "")


def test_a_start_with_other_models_is_refused_with_a_clear_error(
    tmp_path: Path, schema: Schema, hardware: HardwareBackend
) -> None:
    with closing(History(f"sqlite:///{tmp_path}/history.sqlite", schema)) as history:
        delta = '<interfaces xmlns="http://openconfig.net/yang/interfaces"><colour>red</colour></interfaces>'
        history.seal(history.begin(ME, delta))
    with pytest.raises(RequestError, match=r"commit 1 does not fit the models that are served: .*colour"):
        make_device(tmp_path, [hardware])


def test_commits_while_the_database_is_locked_are_refused_and_the_next_one_goes_on(
    rig: Rig, database: Database
) -> None:
    with database.locked():
        assert "nothing was changed: the history cannot be used: " in refused(rig)
    goes_on(rig)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("is_brief", [True, False], ids=["until it is taken back", "until later"])
def test_a_database_that_is_locked_in_the_middle_of_a_commit_takes_it_back(
    rig: Rig, database: Database, is_brief: bool
) -> None:
    held = database.locked()
    # once something is applied: the beginning is written, the seal cannot be
    amid(rig, held.__enter__)
    if is_brief:
        abort = rig.history.abort

        def abort_when_free(commit_id: int, reason: str) -> None:
            with suppress(StopIteration):
                held.__exit__(None, None, None)
            abort(commit_id, reason)

        rig.history.abort = abort_when_free  # type: ignore[method-assign]
    assert "the history cannot be used: " in refused(rig)
    if not is_brief:
        assert rig.states()[-1] == "pending"
        held.__exit__(None, None, None)
    assert eventually(lambda: rig.states() == ["sealed", "aborted"])
    goes_on(rig)


def test_what_somebody_else_has_committed_is_not_committed_over(rig: Rig, database: Database) -> None:
    database.sql(
        """INSERT INTO commits (id, time, "user", protocol, comment, label, state, reason, delta)
           SELECT 99, time, "user", protocol, comment, label, state, reason, delta FROM commits WHERE id = 1"""
    )
    assert "another server has made commit 99" in refused(rig)


def test_a_commit_that_somebody_else_has_marked_is_not_sealed(rig: Rig, database: Database) -> None:
    amid(rig, lambda: database.sql("UPDATE commits SET state = 'aborted' WHERE state = 'pending'"))
    assert "commit 2 is not pending any more" in refused(rig)
    assert rig.states() == ["sealed", "aborted"]
    goes_on(rig)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestPostgresql:
    """What is PostgreSQL's own."""

    def test_two_servers_do_not_share_a_database(self, rig: Rig, database: Database, schema: Schema) -> None:
        with pytest.raises(HistoryFailed, match="another nos-mgmt uses the history at postgresql"):
            History(history_database.Database(database.url, SHORT), schema)
        goes_on(rig)
        rig.close()
        History(history_database.Database(database.url, SHORT), schema).close()

    def test_two_schemas_of_a_database_have_two_histories(self, rig: Rig, postgresql: Postgres, schema: Schema) -> None:
        with closing(History(postgresql.database().url, schema)) as other:
            assert other.last() is None
            assert rig.history.last() == 1

    def test_its_sessions_write_for_certain(self, rig: Rig) -> None:
        with rig.history.writing() as connection:
            found = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("synchronous_commit", "fsync")]
        assert found == ["on", "on"]

    def test_numbers_larger_than_any_commit_has_are_unknown(self, rig: Rig) -> None:
        with pytest.raises(RequestError, match="there is no commit 4294967295"):
            rig.history.configuration(4294967295)
        assert list(rig.history.commits(4294967295, 4294967295)) == []

    def test_a_table_that_nobody_may_even_read_fails_requests_in_time(self, rig: Rig, database: Database) -> None:
        with database.engine().begin() as connection:
            connection.exec_driver_sql("LOCK TABLE commits IN ACCESS EXCLUSIVE MODE")
            assert "due to lock timeout" in refused(rig)
            with pytest.raises(HistoryFailed, match="due to lock timeout"):
                rig.history.last()
        goes_on(rig)

    def test_a_session_that_was_ended_is_made_anew(self, rig: Rig, database: Database) -> None:
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nos-mgmt'")
        goes_on(rig)

    @pytest.mark.usefixtures("impatient")
    def test_a_session_that_is_ended_in_the_middle_of_a_commit_takes_it_back(
        self, rig: Rig, database: Database
    ) -> None:
        seal = rig.history.seal

        def cut_off(*arguments: object) -> None:
            with database.engine().begin() as other:
                other.exec_driver_sql("LOCK TABLE commits IN EXCLUSIVE MODE")
                # it waits for the lock when its session ends
                waits = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'nos-mgmt' AND wait_event_type = 'Lock'"
                killer = threading.Thread(
                    target=lambda: (
                        eventually(lambda: database.sql(waits) == [(1,)])
                        and database.sql(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nos-mgmt'"
                        )
                    )
                )
                killer.start()
                try:
                    seal(*arguments)  # type: ignore[arg-type]
                finally:
                    killer.join()

        rig.history.seal = cut_off  # type: ignore[method-assign]
        assert "terminating connection" in refused(rig)
        assert eventually(lambda: rig.states() == ["sealed", "aborted"])
        del rig.history.seal  # type: ignore[method-assign]
        goes_on(rig)

    @pytest.mark.usefixtures("impatient")
    def test_a_server_that_hangs_refuses_a_commit_in_time_and_goes_on_when_it_is_back(
        self, rig: Rig, database: Database
    ) -> None:
        sessions = "SELECT pid FROM pg_stat_activity WHERE application_name = 'nos-mgmt'"
        pids = [pid for (pid,) in database.sql(sessions)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            assert "or a session of this one has not ended yet" in refused(rig)
            # whether that one was begun is known once the hung session has ended
            assert "the history cannot be written" in refused(rig)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        assert eventually(lambda: "back in step" in rig.told)
        goes_on(rig)


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[Postgres]:
    """A server that a test may stop."""
    with postgres() as server:
        yield server


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
def test_a_database_that_was_started_anew_is_found_again(
    full_schema: Schema, own_postgresql: Postgres, number: int
) -> None:
    rig = Rig(own_postgresql.database(), full_schema)
    rig.start()
    rig.commit(BEFORE)
    own_postgresql.stop(number)
    assert "nothing was changed: the history cannot be used: " in refused(rig)
    own_postgresql.start()
    goes_on(rig)
    rig.close()
