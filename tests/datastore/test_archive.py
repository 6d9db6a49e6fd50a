"""The archive: every commit in order, after the commit, once the server is started again as well."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from datastore import archive as archive_module
from datastore.archive import Archive, Targets
from datastore.history import History
from datastore.retention import Limits, Retention
from tests.datastore.replays import write
from tests.datastore.rig import eventually
from tests.datastore.test_retention import ids, tops
from tests.yang.playground import playground
from yang.data_file import open_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.databases import Database

RECORD = """
import json, os, sys
told = {name[11:].lower(): value for name, value in os.environ.items() if name.startswith("NOS_COMMIT_")}
with open(sys.argv[1], "a") as file:
    file.write(json.dumps(told | {"text": sys.stdin.read()}) + "\\n")
"""


@pytest.fixture
def database(fresh: Callable[[], Database]) -> Database:
    return fresh()


@pytest.fixture
def history(database: Database) -> Iterator[History]:
    opened = History(database.url, playground())
    yield opened
    opened.close()


@pytest.fixture
def archived(history: History) -> Iterator[Callable[..., Archive]]:
    """A function that starts an archive of the history."""
    made: list[Archive] = []

    def start(targets: Targets) -> Archive:
        made.append(Archive(history, targets))
        made[-1].start()
        return made[-1]

    yield start
    for archive in made:
        archive.close()


def recorder(tmp_path: Path) -> tuple[str, ...]:
    return (sys.executable, "-c", RECORD, str(tmp_path / "record"))


def records(tmp_path: Path) -> list[dict[str, str]]:
    file = tmp_path / "record"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_every_commit_becomes_a_file_for_its_owner_alone(
    history: History, archived: Callable[..., Archive], tmp_path: Path
) -> None:
    folder = tmp_path / "archive" / "of-this-device"
    archive = archived(Targets(str(folder)))
    left = write(history, tops("a", "b <&> c"))
    assert eventually(lambda: not archive.waiting())
    assert [name[:9] for name in names(folder)] == ["00000001-", "00000002-"]
    for commit_id, name in zip(left, names(folder), strict=True):
        file = folder / name
        assert file.stat().st_mode & 0o777 == 0o600
        assert open_data(file.read_bytes()).read(playground(), config_only=True) == (left[commit_id], [])


def test_a_command_is_given_every_commit_in_order_with_what_is_known_of_it(
    history: History, archived: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = archived(Targets(command=recorder(tmp_path)))
    write(history, tops("a", label="good") + tops("b", "c"))
    assert eventually(lambda: not archive.waiting(), 20)
    found = records(tmp_path)
    assert [record["id"] for record in found] == ["1", "2", "3"]
    assert all(f">{text}</top>" in record["text"] for text, record in zip("abc", found, strict=True))
    assert {name: found[0][name] for name in ("user", "label", "comment", "protocol", "session")} == {
        "user": "me",
        "label": "good",
        "comment": "",
        "protocol": "test",
        "session": "7",
    }


def test_what_was_not_archived_when_the_server_ended_is_archived_by_the_next_one(
    history: History, database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    first = Archive(history, Targets(str(folder)))
    first.start()
    first.close()
    write(history, tops("a", "b", "c"))
    history.close()
    with closing(History(database.url, playground())) as reopened:
        again = Archive(reopened, Targets(str(folder)))
        assert again.waiting() == [1, 2, 3]
        again.start()
        assert eventually(lambda: not again.waiting())
        again.close()
    assert [name[:9] for name in names(folder)] == ["00000001-", "00000002-", "00000003-"]


def test_an_archive_that_is_new_begins_with_the_last_commit(
    history: History, archived: Callable[..., Archive], tmp_path: Path
) -> None:
    write(history, tops("a", "b", "c"))
    archive = archived(Targets(str(tmp_path / "archive")))
    assert eventually(lambda: not archive.waiting())
    assert [name[:9] for name in names(tmp_path / "archive")] == ["00000003-"]


def test_a_failure_is_tried_again_and_then_given_up_with_its_reason(
    history: History,
    archived: Callable[..., Archive],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(archive_module, "DELAYS", (0.0, 0.0))
    script = "import sys; print('no room on', sys.argv[1]); open(sys.argv[1], 'a').write('x'); sys.exit(3)"
    archive = archived(Targets(command=(sys.executable, "-c", script, str(tmp_path / "tries"))))
    write(history, tops("a"))
    assert eventually(lambda: not archive.waiting(), 20)
    assert (tmp_path / "tries").read_text() == "xxx"
    assert "commit 1 is not archived, and it is tried again in 0 s:" in caplog.text
    assert "not tried again: " in caplog.text
    assert "ended with 3: no room on" in caplog.text


def test_what_went_well_is_not_done_again_because_something_else_failed(
    history: History,
    archived: Callable[..., Archive],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive_module, "DELAYS", (0.0, 0.0))
    folder = tmp_path / "archive"
    calls: list[int] = []
    real = Archive._to_directory
    monkeypatch.setattr(Archive, "_to_directory", lambda *given: (calls.append(1), real(*given)))
    archive = archived(Targets(str(folder), ("/no/such/command",)))
    write(history, tops("a"))
    assert eventually(lambda: not archive.waiting())
    assert len(calls) == 1
    assert len(names(folder)) == 1


def test_a_directory_that_cannot_be_written_says_so(
    history: History,
    archived: Callable[..., Archive],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(archive_module, "DELAYS", ())
    (tmp_path / "file").write_text("no folder")
    archive = archived(Targets(str(tmp_path / "file")))
    write(history, tops("a"))
    assert eventually(lambda: not archive.waiting())
    assert "File exists" in caplog.text


def test_a_command_that_does_not_end_is_ended_with_all_it_started(
    history: History,
    archived: Callable[..., Archive],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(archive_module, "DELAYS", ())
    archive = archived(Targets(command=("sh", "-c", "sleep 100 & sleep 100"), timeout=0.1))
    write(history, tops("a"))
    assert eventually(lambda: not archive.waiting())
    assert "sh did not end within 0.1 s" in caplog.text


def test_the_end_of_the_server_does_not_wait_for_a_command(history: History, tmp_path: Path) -> None:
    archive = Archive(history, Targets(command=("sh", "-c", f"touch {tmp_path}/begun; sleep 100")))
    archive.start()
    write(history, tops("a"))
    assert eventually((tmp_path / "begun").exists)
    archive.close()
    # it is given to the next one
    assert archive.waiting() == [1]


def test_commits_do_not_wait_for_the_archive_and_none_is_left_out(
    history: History, archived: Callable[..., Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    real = Archive._to_directory

    def slow(*given: object) -> None:
        assert gate.wait(20)
        real(*given)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(Archive, "_to_directory", slow)
    folder = tmp_path / "archive"
    archive = archived(Targets(str(folder)))
    write(history, tops("a", "b", "c", "d"))
    assert archive.waiting() == [1, 2, 3, 4]
    # retention leaves them alone
    Retention(history, Limits(1), archive.waiting).drop()
    assert ids(history) == [1, 2, 3, 4]
    gate.set()
    assert eventually(lambda: not archive.waiting())
    assert [name[:8] for name in names(folder)] == ["00000001", "00000002", "00000003", "00000004"]
    Retention(history, Limits(1), archive.waiting).drop()
    assert ids(history) == [4]


def test_without_a_target_nothing_is_archived_and_nothing_waits(
    history: History, archived: Callable[..., Archive]
) -> None:
    archive = archived(Targets())
    write(history, tops("a"))
    assert archive.waiting() == []
    assert history.mark("archive") is None
