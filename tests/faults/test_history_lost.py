"""Servers whose history is damaged, on a full disk, or locked, and servers killed over PostgreSQL, from outside."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Server, needs
from tests.databases import Database
from tests.faults.test_kill import answer_of, chip_of, everything, namespace_of, one_of, replace, with_kernel
from tests.faults.what_there_is import kernel_state, settled, steady
from tests.nos_mgmt.openssh import OpenSsh, command
from tests.nos_mgmt.over_ssh import PATIENCE, chunked, rpc
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.databases import Postgres

    Start = Callable[..., Server]

KILLS = 3
SEED = 6241
DESCRIBED = interfaces(interface("Ethernet1", "10.0.0.1/24", description="precious"))
COMMIT = rpc("<commit/>")


def running(session: OpenSsh) -> str:
    """Return the running configuration."""
    answer = session.rpc("<get-config><source><running/></source></get-config>")
    return "".join(answer.partition("<data>")[2].partition("</data>")[0].splitlines())


def description(number: int, size: int = 10) -> str:
    chance = random.Random(number)  # noqa: S311 - not for secrets
    return interfaces(interface("Ethernet1", description=f"{number} {chance.randbytes(size).hex()}"))


def edit(session: OpenSsh, content: str) -> None:
    assert "<ok/>" in session.rpc(f"<edit-config><target><candidate/></target><config>{content}</config></edit-config>")


def test_a_server_with_a_damaged_history_shows_what_is_left_and_leaves_everything_alone(
    start_server: Start, tmp_path: Path
) -> None:
    server = with_kernel(start_server())
    namespace = namespace_of(server)
    with OpenSsh(command(server)) as session:
        session.edit(DESCRIBED)
        session.edit(interfaces(interface("Ethernet2", "10.0.1.1/24")))
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    database = Database(f"sqlite:///{server.state / 'history.sqlite'}")
    database.sql("UPDATE commits SET delta = :octets WHERE id = 2", octets=b"\0")
    # what no history knows would be taken away by a start
    ip = [needs("ip"), "-n", namespace, "route", "add"]
    subprocess.run([*ip, "203.0.113.0/24", "via", "10.0.1.2", "proto", "201"], check=True)
    kernel, chip, octets = steady(lambda: kernel_state(namespace)), chip_of(server), database.file.read_bytes()

    rescue = start_server(state=server.state)
    log = rescue.log.read_text()
    assert f"RESCUE: the history at sqlite:///{database.file} is damaged: commit 2" in log
    assert "running is commit 1, the last one that can be read of it" in log
    assert "running is commit 1\n" in log
    with OpenSsh(command(rescue)) as session:
        saved = running(session)
        assert "precious" in saved
        assert "Ethernet2" not in saved
        assert "<oper-status>" in session.rpc("<get/>")
        edit(session, interfaces(interface("Ethernet1", description="changed")))
        for operation in (
            "<commit/>",
            '<rollback xmlns="urn:nos-mgmt:yang:nos-history"><commit>1</commit></rollback>',
        ):
            answer = session.rpc(operation)
            assert "<rpc-error>" in answer
            assert "<error-app-tag>history-damaged</error-app-tag>" in answer or "rollback" in operation
    assert rescue.stop() == 0, rescue.log.read_text()
    assert settled(namespace, kernel) == []
    assert chip_of(rescue) == chip
    assert database.file.read_bytes() == octets
    assert "Traceback" not in rescue.log.read_text()

    # the way out
    (tmp_path / "damaged").mkdir()
    for path in server.state.glob("history.sqlite*"):
        shutil.move(path, tmp_path / "damaged")
    again = start_server(state=server.state)
    assert "RESCUE" not in again.log.read_text()
    with OpenSsh(command(again)) as session:
        session.edit(saved[saved.index("<") : saved.rindex(">") + 1])
        assert "precious" in running(session)
    assert "203.0.113.0" not in str(kernel_state(namespace))


def impatient(folder: Path) -> tuple[str, str]:
    """Return the options by which a server waits for its database for a moment only."""
    file = folder / "settings.toml"
    file.write_text("history_patience = 0.3\n")
    return "--config", str(file)


def room(server: Server, folder: Path) -> Path:
    """Return a folder as the server sees it, in a mount namespace of its own."""
    return Path(f"/proc/{server.process.pid}/root{folder}")


def test_commits_on_a_full_disk_are_refused_and_the_next_one_with_room_goes_on(
    start_server: Start, tmp_path: Path
) -> None:
    needs("unshare")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=4m none "{disk}" && exec "$@"'
    under = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, "sh"]
    if subprocess.run([*under, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a file system")
    database = f"sqlite:///{disk}/history.sqlite"
    server = start_server("--backends", "hardware", "--history", database, under=under)
    with OpenSsh(command(server)) as session:
        session.edit(description(0))
        chip, before = chip_of(server), running(session)
        filler = room(server, disk) / "filler"
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(b"\0" * (8 << 20))
        # the file may have some room of its own left
        answer = ""
        for number in range(1, 50):
            edit(session, description(number, 30000))
            answer = session.rpc("<commit/>")
            if "<ok/>" not in answer:
                break
            chip, before = chip_of(server), running(session)
        assert "database or disk is full" in answer
        assert "<error-tag>operation-failed</error-tag>" in answer
        assert chip_of(server) == chip
        assert running(session) == before
        assert "<rpc-error>" in session.rpc("<commit/>")
        filler.unlink()
        assert "<ok/>" in session.rpc("<commit/>")
        last = running(session)
        assert last != before
        assert server.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_commits_while_another_has_the_database_are_refused_and_the_next_one_goes_on(
    start_server: Start, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    database = Database(f"sqlite:///{tmp_path}/history.sqlite")
    if kind == "postgresql":
        database = request.getfixturevalue("postgresql").database()
    server = start_server("--backends", "hardware", "--history", database.url, *impatient(tmp_path))
    with OpenSsh(command(server)) as session:
        session.edit(description(0))
        chip, before = chip_of(server), running(session)
        edit(session, description(1))
        with database.locked():
            answer = session.rpc("<commit/>")
            assert "nothing was changed: the history cannot be used: " in answer
            assert chip_of(server) == chip
            assert running(session) == before
        assert "<ok/>" in session.rpc("<commit/>")
        assert running(session) != before
    assert [state for (state,) in database.sql("SELECT state FROM commits ORDER BY id")] == ["sealed", "sealed"]


def test_a_server_that_is_killed_over_postgresql_comes_back_with_all_of_a_commit_or_nothing(
    start_server: Start, postgresql: Postgres, tmp_path: Path
) -> None:
    database = postgresql.database()
    option = ("--history", database.url)
    server = with_kernel(start_server(*option))
    known = []
    for which in (1, 2):
        with OpenSsh(command(server)) as session:
            replace(session, which)
            started = time.monotonic()
            assert "<ok/>" in session.rpc("<commit/>")
            seconds = time.monotonic() - started
        known.append(everything(server))
    now, seen = 1, set()
    for number in range(KILLS):
        with OpenSsh(command(server)) as session:
            replace(session, 2 - now)
            session.write(chunked(COMMIT))
            wait_for_pending(database)
            time.sleep(seconds * number / (KILLS - 1))
            server.stop(signal.SIGKILL)
            is_ok = b"<ok/>" in answer_of(session)
        was_pending = database.sql("SELECT state FROM commits ORDER BY id DESC LIMIT 1") == [("pending",)]
        server = start_server(*option, state=server.state)
        then = one_of(server, known, f"kill {number}")
        seen.add((is_ok, was_pending))
        if is_ok:
            assert (then, was_pending) == (1 - now, False)
        if was_pending:
            assert then == now
        assert database.sql("SELECT count(*) FROM commits WHERE state = 'pending'") == [(0,)]
        now = then
    assert (False, True) in seen
    # while this one runs, no other has the history
    with pytest.raises(AssertionError, match="another nos-mgmt uses the history at postgresql"):
        start_server("--backends", "hardware", *option, *impatient(tmp_path), state=tmp_path / "other")


def wait_for_pending(database: Database) -> None:
    """Return as soon as a commit is in the journal and not sealed."""
    deadline = time.monotonic() + PATIENCE
    with database.engine().connect() as connection:
        while not connection.exec_driver_sql("SELECT 1 FROM commits WHERE state = 'pending'").all():
            connection.rollback()
            assert time.monotonic() < deadline
            time.sleep(0.001)
