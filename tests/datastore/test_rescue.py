"""A damaged history: found before anything is touched, shown as far as it can be read, and never written to."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from backends.hardware import HardwareBackend
from backends.hardware.objects import Route
from backends.hardware.simulated import SimulatedAsic
from datastore import history as history_module
from datastore import integrity
from datastore.database import HistoryDamaged
from datastore.history import History
from nos_mgmt.device import Device
from nos_mgmt.netconf.state import OWN_PATHS, own_state
from tests.conftest import PORTS, Client, make_device
from tests.databases import KINDS, Database, made
from tests.datastore.configurations import tree_of
from tests.datastore.tampered import TamperedHardware
from tests.openconfig import interface, interfaces
from yang import bindings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yang.schema import Schema

COMMITS = 40
HISTORY = 'xmlns="urn:nos-mgmt:yang:nos-history"'


def text(number: int) -> str:
    """Return what the commit of a number has as a description; it compresses badly, so that there are many pages."""
    return f"{number}-" + "".join(f"{(number * 7919 + place * 104729) % 65537:x}" for place in range(150))


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return made(request, tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a history with many commits, and two snapshots."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(history_module, "MOST_DELTAS", 15)
        device = make_device(folder, [HardwareBackend(SimulatedAsic(PORTS))])
        client = Client(device)
        for number in range(1, COMMITS + 1):
            client.edit(interfaces(interface("Ethernet1", description=text(number))))
            client.ok("<commit/>")
            snapshots = device.history._snapshots
            if snapshots is not None:
                snapshots.join()
        device.close()
    assert sql(folder / "history.sqlite", "SELECT commit_id FROM snapshots") == [(15,), (30,)]
    return folder / "history.sqlite"


@pytest.fixture
def file(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copy(whole, tmp_path))


def sql(file: Path, statement: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def page_of(file: Path, table: str, which: float) -> tuple[int, int]:
    """Return where a page of a table begins, and its size; `which` is between the first, 0, and the last, 1."""
    size = sql(file, "PRAGMA page_size")[0][0]
    data = file.read_bytes()
    root = sql(file, "SELECT rootpage FROM sqlite_master WHERE name = ?", table)[0][0]
    start = (root - 1) * size
    if data[start] == 0x0D:
        return start, size
    cells = int.from_bytes(data[start + 3 : start + 5], "big")
    pointers = [int.from_bytes(data[start + 12 + 2 * cell : start + 14 + 2 * cell], "big") for cell in range(cells)]
    pages = [int.from_bytes(data[start + at : start + at + 4], "big") for at in pointers]
    pages.append(int.from_bytes(data[start + 8 : start + 12], "big"))
    return (pages[round(which * (len(pages) - 1))] - 1) * size, size


def zero(file: Path, start: int, size: int) -> None:
    with file.open("r+b") as opened:
        opened.seek(start)
        opened.write(b"\0" * size)


def no_database(file: Path) -> None:
    file.write_text("a diary\n" * 10000)


def first_page(file: Path) -> None:
    zero(file, 0, 4096)


def early_page(file: Path) -> None:
    zero(file, *page_of(file, "commits", 0))


def late_page(file: Path) -> None:
    zero(file, *page_of(file, "commits", 1))


def root_page(file: Path) -> None:
    size = sql(file, "PRAGMA page_size")[0][0]
    zero(file, (sql(file, "SELECT rootpage FROM sqlite_master WHERE name = 'commits'")[0][0] - 1) * size, size)


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 // 4096 * 4096)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def last_delta(file: Path) -> None:
    sql(file, "UPDATE commits SET delta = x'00' WHERE id = ?", COMMITS)


def middle_delta(file: Path) -> None:
    sql(file, "UPDATE commits SET delta = substr(delta, 1, length(delta) - 5) WHERE id = 34")


def last_snapshot(file: Path) -> None:
    sql(file, "UPDATE snapshots SET configuration = x'00' WHERE commit_id = (SELECT max(commit_id) FROM snapshots)")


def no_tables(file: Path) -> None:
    for table in ("confirmations", "snapshots", "commits"):
        sql(file, f"DROP TABLE {table}")


ALL, SOME, NOTHING = COMMITS, range(1, COMMITS), 0
DAMAGES: dict[Callable[[Path], None], tuple[str, int | range]] = {
    no_database: ("file is not a database", NOTHING),
    first_page: ("file is not a database", NOTHING),
    # the snapshots are behind it
    early_page: ("", ALL),
    late_page: ("", SOME),
    root_page: ("", 30),
    cut_short: ("", SOME),
    emptied: ("it is empty, as no history ever is", NOTHING),
    last_delta: ("commit 40: ", 39),
    middle_delta: ("commit 34: ", 33),
    last_snapshot: ("commit 30: ", ALL),
    no_tables: ("its tables are gone", NOTHING),
}
"""What is said of a damage, and up to which commit configurations can be read."""
STRAY = Route("203.0.113.0/24", "drop")


@pytest.fixture(params=DAMAGES, ids=lambda damage: damage.__name__)
def damage(request: pytest.FixtureRequest, file: Path) -> tuple[str, int | range]:
    request.param(file)
    return DAMAGES[request.param]


class Rescued(NamedTuple):
    """A device on a damaged history, and the backend of its chip, which has something that no commit put there."""

    device: Device
    backend: TamperedHardware
    chip: dict[Any, Any]


@pytest.fixture
def rescued(file: Path, damage: object, chip: SimulatedAsic) -> Iterator[Rescued]:
    assert damage is not None
    chip._objects[STRAY.key] = STRAY
    before = dict(chip._objects)
    backend = TamperedHardware(HardwareBackend(chip))
    device = make_device(file.parent, [backend])
    yield Rescued(device, backend, before)
    device.close()


def test_a_damaged_history_is_refused_and_says_where(file: Path, damage: tuple[str, object], schema: Schema) -> None:
    before = file.read_bytes()
    with pytest.raises(HistoryDamaged, match=f"the history at sqlite:///{file} is damaged: .*{damage[0]}") as found:
        History(f"sqlite:///{file}", schema)
    assert "\n" not in str(found.value)
    assert file.read_bytes() == before


def test_what_can_be_read_is_shown_and_everything_is_left_alone(
    file: Path, damage: tuple[str, int | range], rescued: Rescued, chip: SimulatedAsic, caplog: pytest.LogCaptureFixture
) -> None:
    before = file.read_bytes()
    device, client = rescued.device, Client(rescued.device)
    said, reached = damage
    assert "is damaged" in device.rescue
    assert said in device.rescue
    assert str(file) in device.rescue
    last = device.history.last() or 0
    assert last in reached if isinstance(reached, range) else last == reached
    if last:
        assert device.datastores.running == tree_of(
            device.schema, interfaces(interface("Ethernet1", description=text(last)))
        )
        assert text(last) in client.running()
        assert f"running is commit {last}, the last one" in device.rescue
    else:
        assert client.running() == ""
        assert "running is empty: nothing can be read of it" in device.rescue
    # get asks the systems, and for the commits
    seen = client.ok("<get/>")
    assert "<oper-status>" in seen
    refused = [
        "<commit/>",
        "<commit><confirmed/></commit>",
        f"<get-plan {HISTORY}/>",
        f"<rollback {HISTORY}><commit>{max(last, 1)}</commit></rollback>",
        "<cancel-commit/>",
    ]
    client.edit(interfaces(interface("Ethernet1", description="new")))
    for operation in refused:
        answer = client.send(operation)
        assert "<rpc-error>" in answer, operation
        assert "failed over this request" not in answer, operation
    assert "<error-app-tag>history-damaged</error-app-tag>" in client.send("<commit/>")
    assert "read-only rescue" in client.send("<commit/>")
    assert "<error-tag>operation-failed</error-tag>" in client.send("<commit/>")
    device.close()
    assert rescued.backend.executed == []
    assert chip._objects == rescued.chip
    assert file.read_bytes() == before
    assert "Traceback" not in caplog.text


def test_the_log_of_a_server_that_was_killed_is_read_and_left_as_it_is(
    tmp_path: Path, hardware: HardwareBackend
) -> None:
    device = make_device(tmp_path, [hardware])
    client = Client(device)
    for number in (1, 2, 3):
        client.edit(interfaces(interface("Ethernet1", description=text(number))))
        client.ok("<commit/>")
    Database(f"sqlite:///{tmp_path}/history.sqlite").sql("UPDATE commits SET delta = :no WHERE id = 3", no=b"\0")
    folder = tmp_path / "killed"
    folder.mkdir()
    for path in tmp_path.glob("history.sqlite*"):
        shutil.copy(path, folder)
    device.close()
    kept = {name: (folder / name).read_bytes() for name in ("history.sqlite", "history.sqlite-wal")}
    assert len(kept["history.sqlite-wal"]) > 4096
    with closing(make_device(folder, [hardware])) as rescued:
        assert rescued.history.last() == 2
        assert "commit 3: " in rescued.rescue
    assert {name: (folder / name).read_bytes() for name in kept} == kept


def test_a_folder_in_which_nothing_can_be_made_does_not_keep_a_file_from_being_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_delta(file)
    connect = sqlite3.connect

    def unable(name: str, **options: Any) -> sqlite3.Connection:
        if "mode=ro" in name:
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        return connect(name, **options)

    monkeypatch.setattr(integrity.sqlite3, "connect", unable)  # type: ignore[attr-defined]
    with closing(integrity.read_only(file)) as connection:
        assert connection.execute("SELECT count(*) FROM commits").fetchone() == (COMMITS,)


def test_a_large_file_is_looked_over_for_a_while_only(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(integrity, "INSTRUCTIONS", 1)
    integrity.check(file, longest=0)
    assert "was not looked over: interrupted" in caplog.text


def test_damage_that_only_shows_when_rows_are_read_leads_to_the_rescue_as_well(
    database: Database, chip: SimulatedAsic
) -> None:
    """A delta that is no XML, though its checksum is right; in PostgreSQL any delta."""
    device = Device(bindings.DEFAULT, database.url, [HardwareBackend(chip)], OWN_PATHS, own_state)
    device.start()
    client = Client(device)
    for number in (1, 2):
        client.edit(interfaces(interface("Ethernet1", description=text(number))))
        client.ok("<commit/>")
    device.close()
    database.sql("UPDATE commits SET delta = :delta WHERE id = 2", delta=zlib.compress(b"<interfaces>"))
    chip._objects[STRAY.key] = STRAY
    backend = TamperedHardware(HardwareBackend(chip))
    again = Device(bindings.DEFAULT, database.url, [backend], OWN_PATHS, own_state)
    again.start()
    with closing(again):
        assert "running is commit 1, the last one that can be read of it" in again.rescue
        assert text(1) in Client(again).running()
        assert "history-damaged" in Client(again).send("<commit/>")
        assert backend.executed == []
    assert STRAY.key in chip._objects


def test_what_cannot_be_read_is_told_as_an_error(file: Path, hardware: HardwareBackend) -> None:
    last_delta(file)
    with closing(make_device(file.parent, [hardware])) as rescued:
        answer = Client(rescued).send(f"<get-configuration {HISTORY}><commit>{COMMITS}</commit></get-configuration>")
    assert "<error-tag>operation-failed</error-tag>" in answer
    assert "<error-app-tag>history-failed</error-app-tag>" in answer
    assert "commit 40 in the history is damaged" in answer


def test_what_was_saved_can_be_committed_again_once_the_file_is_away(
    file: Path, hardware: HardwareBackend, tmp_path: Path
) -> None:
    last_delta(file)
    with closing(make_device(tmp_path, [hardware])) as rescued:
        saved = Client(rescued).running()
    (tmp_path / "damaged").mkdir()
    for path in tmp_path.glob("history.sqlite*"):
        path.rename(tmp_path / "damaged" / path.name)
    with closing(make_device(tmp_path, [hardware])) as device:
        assert device.rescue == ""
        client = Client(device)
        client.edit(saved)
        client.ok("<commit/>")
        assert text(COMMITS - 1) in client.running()
