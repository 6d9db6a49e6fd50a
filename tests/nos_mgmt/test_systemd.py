"""What systemd is told (sd_notify(3))."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from nos_mgmt.observability import systemd
from nos_mgmt.observability.systemd import Notifier, SelfCheck, report, status_of
from nos_mgmt.sessions import Sessions
from tests.conftest import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nos_mgmt.device import Device
    from tests.conftest import Server


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket of a service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        yield manager


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    """One thread for requests."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


def told(manager: socket.socket) -> dict[str, str]:
    """Return what comes next."""
    return dict(line.split("=", 1) for line in manager.recv(4096).decode().splitlines())


def environment(manager: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.getsockname(), **more}


def test_a_server_says_that_it_is_ready_that_it_lives_and_that_it_ends(
    start_server: Callable[..., Server], manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "300000")
    server = start_server("--backends", "hardware")
    assert told(manager) == {"READY": "1", "STATUS": "0 sessions"}
    assert told(manager) == {"WATCHDOG": "1", "STATUS": "0 sessions"}
    assert server.stop() == 0
    while "STOPPING" not in (last := told(manager)):
        assert "WATCHDOG" in last
    assert last == {"STOPPING": "1", "STATUS": "ending"}


def test_the_address_may_be_abstract() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("")
        manager.settimeout(10)
        Notifier({"NOTIFY_SOCKET": "@" + manager.getsockname()[1:].decode()}).send("READY=1")
        assert told(manager) == {"READY": "1"}


def test_a_manager_that_has_gone_is_no_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nowhere")}).send("READY=1")
    assert "was not told READY=1" in caplog.text


def test_a_watchdog_for_another_process_is_none_of_ours(manager: socket.socket) -> None:
    assert Notifier(environment(manager, WATCHDOG_USEC="3000000")).watchdog == 3
    assert Notifier(environment(manager, WATCHDOG_USEC="3000000", WATCHDOG_PID="1")).watchdog == 0


def test_a_server_without_a_free_thread_is_not_well(device: Device, executor: ThreadPoolExecutor) -> None:
    check = SelfCheck(device, executor)
    release = threading.Event()
    executor.submit(release.wait)
    check.begin()
    assert check.trouble() == "no thread is free for requests"
    release.set()
    executor.submit(int).result()
    assert check.trouble() == ""


def test_threads_that_answer_are_a_sign_of_life(device: Device, executor: ThreadPoolExecutor) -> None:
    check = SelfCheck(device, executor)
    release = threading.Event()
    executor.submit(release.wait)
    check.begin()
    Client(device).ok("<get-config><source><running/></source></get-config>")
    assert check.trouble() == ""
    assert check.trouble() == "no thread is free for requests"
    release.set()


def test_threads_that_wait_for_a_commit_are_well_until_it_takes_too_long(
    device: Device, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = SelfCheck(device, executor)
    with device.committer.at_rest():
        release = threading.Event()
        executor.submit(release.wait)
        check.begin()
        assert check.trouble() == ""
        monkeypatch.setattr(systemd, "LONGEST_TURN", 0.0)
        assert check.trouble().startswith("a commit has gone on for ")
        release.set()


def test_the_watchdog_is_not_fed_while_something_is_wrong(
    device: Device, executor: ThreadPoolExecutor, manager: socket.socket
) -> None:
    release = threading.Event()
    executor.submit(release.wait)

    async def run() -> None:
        notifier = Notifier(environment(manager, WATCHDOG_USEC="30000"))
        reporting = asyncio.create_task(report(notifier, SelfCheck(device, executor), lambda: "well"))
        heard = [await asyncio.to_thread(told, manager) for _ in range(3)]
        assert heard == [
            {"READY": "1", "STATUS": "well"},
            *[{"STATUS": "not well: no thread is free for requests"}] * 2,
        ]
        release.set()
        while "WATCHDOG" not in await asyncio.to_thread(told, manager):
            pass
        reporting.cancel()

    asyncio.run(run())


def test_the_status_tells_of_sessions(device: Device) -> None:
    sessions = Sessions()
    client = Client(device, sessions)
    assert status_of(device, sessions) == "1 sessions"
    client.ok("<close-session/>")
    assert status_of(device, sessions) == "0 sessions"
