"""A chip in a process of its own: it outlives whoever drives it, and tells everybody what happens to its ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from backends import BackendLost, plugins
from backends.hardware import HardwareBackend, from_settings, remote
from backends.hardware.driver import Counters, DriverLost, PortStatus, Status
from backends.hardware.objects import OBJECTS, Port, Route
from backends.hardware.remote import RemoteDriver
from backends.hardware.simulated import CAPACITY, GROUP_SIZE, Fault
from tests.backends.hardware_scenarios import HOP1, HOP2, INTERFACES, group
from tests.backends.linux import until
from tests.backends.steps import changed, gone, made
from tests.conftest import PORTS

if TYPE_CHECKING:
    from collections.abc import Iterator

DROP = Route("192.0.2.0/24", "drop")

DIES = """
import os, sys
from pathlib import Path
from backends.hardware.objects import Route
from backends.hardware.remote import RemoteDriver
from backends.operation import Operation

RemoteDriver(Path(sys.argv[1])).bulk([Operation(None, Route("192.0.2.0/24", "drop"))])
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def other(chip_socket: Path) -> Iterator[RemoteDriver]:
    """A second driver of the same chip."""
    driver = RemoteDriver(chip_socket)
    yield driver
    driver.close()


def asked(path: Path, *lines: bytes) -> list[object]:
    """Return the answers to raw requests."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(b"".join(line + b"\n" for line in lines))
        reader = connection.makefile("rb")
        with reader:
            return [json.loads(reader.readline()) for _ in lines]


def test_a_chip_far_away_is_as_one_at_hand(remote_chip: RemoteDriver) -> None:
    capabilities = remote_chip.capabilities()
    assert capabilities.kinds == {kind.kind for kind in OBJECTS}
    assert capabilities.capacity == remote_chip.availability() == CAPACITY
    assert capabilities.next_hops == GROUP_SIZE
    assert remote_chip.status(["Ethernet1", "x"]) == {"Ethernet1": PortStatus(is_up=False, counters=Counters())}
    assert set(remote_chip.status(None)) == set(PORTS)
    objects = [operation.resource for operation in [*INTERFACES, *made(HOP1, HOP2, group(HOP1, HOP2))]]
    assert {answer.status for answer in remote_chip.bulk(made(*objects))} == {Status.OK}
    assert set(remote_chip.objects()) == set(objects)
    assert remote_chip.get([HOP1.key, DROP.key]) == {HOP1.key: HOP1}


def test_answers_come_whole(remote_chip: RemoteDriver) -> None:
    (answer,) = remote_chip.bulk(changed(Port("Ethernet1"), Port("Ethernet1", mtu=1)))
    assert answer == (Status.INVALID, "mtu 1 is outside 68..9216", "mtu")
    assert isinstance(answer.status, Status)


def test_faults_are_ordered_from_afar(remote_chip: RemoteDriver) -> None:
    remote_chip.inject(Fault(Status.LOST, key=DROP.key, detail="dead cell"))
    assert [answer.status for answer in remote_chip.bulk(made(DROP))] == [Status.LOST]
    remote_chip.inject(None)
    remote_chip.inject(Fault(Status.IN_USE, after=1))
    assert [answer.status for answer in remote_chip.bulk([*made(DROP), *gone(DROP)])] == [Status.OK, Status.IN_USE]


def test_two_clients_see_the_same_chip(remote_chip: RemoteDriver, other: RemoteDriver) -> None:
    remote_chip.bulk(made(DROP))
    assert other.get([DROP.key]) == {DROP.key: DROP}
    other.bulk(gone(DROP))
    assert remote_chip.get([DROP.key]) == {}


def test_several_threads_of_one_client_get_their_own_answers(remote_chip: RemoteDriver) -> None:
    wrong: list[str] = []

    def ask(name: str) -> None:
        wrong.extend(name for _ in range(50) if set(remote_chip.get([Port(name).key])) != {Port(name).key})

    threads = [threading.Thread(target=ask, args=(name,)) for name in PORTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_every_watcher_is_told_of_ports_from_the_moment_that_it_watches(
    remote_chip: RemoteDriver, other: RemoteDriver
) -> None:
    events: dict[str, list[str]] = {"one": [], "other": []}
    remote_chip.watch(events["one"].extend)
    other.watch(events["other"].extend)
    remote_chip.plug("Ethernet9")
    other.pull("Ethernet9")
    until(lambda: events == {"one": ["Ethernet9"] * 2, "other": ["Ethernet9"] * 2})


def test_a_watcher_that_has_gone_is_no_trouble(remote_chip: RemoteDriver, chip_socket: Path) -> None:
    events: list[str] = []
    remote_chip.watch(events.extend)
    for _ in range(3):
        gone_soon = RemoteDriver(chip_socket)
        gone_soon.watch(lambda _: None)
        gone_soon.close()
    for name in ("Ethernet9", "Ethernet10", "Ethernet11"):
        remote_chip.plug(name)
    until(lambda: events == ["Ethernet9", "Ethernet10", "Ethernet11"])


def test_the_chip_survives_its_clients_death(remote_chip: RemoteDriver, chip_socket: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIES, str(chip_socket)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert remote_chip.get([DROP.key]) == {DROP.key: DROP}


def test_a_client_that_dies_in_the_middle_of_a_request_is_no_trouble(
    remote_chip: RemoteDriver, chip_socket: Path
) -> None:
    for request in (b'["get", [["hardware:p', b'["objects", null]\n' * 1000):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(chip_socket))
            connection.sendall(request)
    assert set(remote_chip.status(None)) == set(PORTS)


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b"{}",
        b"7",
        b'["get"]',
        b'["no such method", null]',
        b'["get", 5]',
        b'["bulk", [["x", "y"]]]',
        b'["bulk", [[null, ["no such kind"]]]]',
        b'["inject", ["NO_SUCH_STATUS", 0, null, ""]]',
        b"\xff\xfe",
    ],
)
def test_nonsense_is_answered_and_what_follows_too(chip_socket: Path, line: bytes) -> None:
    (is_ok, why), status = asked(chip_socket, line, b'["status", ["Ethernet1"]]')  # type: ignore[misc]  # two answers
    assert is_ok is False
    assert why
    assert status == [True, {"Ethernet1": [False, [0] * len(Counters._fields)]}]


def test_a_request_that_the_chip_cannot_answer_is_an_error(remote_chip: RemoteDriver) -> None:
    with pytest.raises(DriverLost, match="cannot do fly: ValueError: no method fly"):
        remote_chip._line.ask("fly")
    assert remote_chip.get([]) == {}


def test_a_chip_that_is_switched_off_has_gone_when_that_is_said(chip_socket: Path, remote_chip: RemoteDriver) -> None:
    remote_chip.stop()
    assert not chip_socket.exists()
    with pytest.raises(DriverLost, match="no chip behind"):
        remote_chip.get([])
    with pytest.raises(DriverLost, match="no chip behind"):
        RemoteDriver(chip_socket)


def answers(path: Path) -> bool:
    """Return whether a chip answers."""
    with suppress(DriverLost), RemoteDriverOf(path) as driver:
        return bool(driver.status(None))
    return False


def test_sigterm_ends_the_chip_and_removes_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "chip.sock"
    command = [sys.executable, "-m", "backends.hardware.remote", "--socket", str(path), "--ports", "2"]
    with subprocess.Popen(command) as process:
        until(lambda: answers(path))
        process.send_signal(signal.SIGINT)  # Ctrl-C is for the server in the foreground, not for its chip
        assert answers(path)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert not path.exists()


def test_a_lost_chip_is_a_lost_backend(chip_socket: Path, remote_chip: RemoteDriver, other: RemoteDriver) -> None:
    backend = HardwareBackend(remote_chip)
    other.stop()
    for action in (
        lambda: backend.read([DROP.key]),
        lambda: backend.execute(made(DROP)),
        lambda: backend.check(made(DROP)),
        lambda: list(backend.owned()),
        lambda: backend.watch(lambda _: None),
        lambda: backend.state[0].read(None),
    ):
        with pytest.raises(BackendLost, match=str(chip_socket)):
            action()


def test_the_next_chip_behind_the_socket_is_found(chip_socket: Path, remote_chip: RemoteDriver) -> None:
    remote_chip.bulk(made(DROP))
    events: list[str] = []
    remote_chip.watch(events.extend)
    with RemoteDriverOf(chip_socket) as second:
        second.stop()
    with pytest.raises(DriverLost):
        remote_chip.get([DROP.key])
    remote.start(chip_socket, ports=2)
    assert remote_chip.get([DROP.key, Port("Ethernet1").key]) == {Port("Ethernet1").key: Port("Ethernet1")}
    until(lambda: events == ["Ethernet1", "Ethernet2"])
    remote_chip.plug("Ethernet3")
    until(lambda: events == ["Ethernet1", "Ethernet2", "Ethernet3"])


def test_whoever_follows_is_told_of_all_that_becomes_of_ports(chip_socket: Path, remote_chip: RemoteDriver) -> None:
    """Also of what this program sets, and of another chip, of which nothing is known."""
    told: list[object] = []
    remote_chip.follow(told.append)
    remote_chip.bulk(changed(Port("Ethernet1"), Port("Ethernet1", admin_state=True)))
    remote_chip.bulk(made(DROP))
    remote_chip.pull("Ethernet2")
    until(lambda: told == [["Ethernet1"], ["Ethernet2"]])
    with RemoteDriverOf(chip_socket) as second:
        second.stop()
    remote.start(chip_socket, ports=2)
    until(lambda: told[2:] == [None])


class RemoteDriverOf(RemoteDriver):
    """A driver for a few lines."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Slow:
    """Somebody behind a socket who answers late."""

    def __init__(self, path: Path) -> None:
        self.may_answer = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        first, _ = self.listener.accept()
        first.recv(4096)
        self.may_answer.wait(10)
        with suppress(OSError):
            first.sendall(b'[true, {"Ethernet1": [true, [1, 1, 1, 1, 1, 1, 1, 1]]}]\n')
        second, _ = self.listener.accept()
        second.recv(4096)
        second.sendall(b"[true, {}]\n")
        first.close()
        second.close()
        self.listener.close()


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "ANSWER_TIME", 0.1)
    slow = Slow(tmp_path / "slow.sock")
    with RemoteDriverOf(tmp_path / "slow.sock") as driver:
        with pytest.raises(DriverLost, match="timed out"):
            driver.status(None)
        slow.may_answer.set()
        monkeypatch.setattr(remote, "ANSWER_TIME", 10.0)
        assert driver.status(None) == {}
    slow.thread.join()


def test_a_driver_that_is_closed_stays_closed(chip_socket: Path, remote_chip: RemoteDriver) -> None:
    driver = RemoteDriver(chip_socket)
    driver.watch(lambda _: None)
    driver.close()
    driver.close()
    with pytest.raises(DriverLost, match="is closed"):
        driver.get([])
    assert remote_chip.get([]) == {}
    assert not [thread for thread in threading.enumerate() if thread.name == "asic events"]


def test_a_chip_that_does_not_start_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DriverLost, match="did not start"):
        remote.start(tmp_path / "no such folder" / "chip.sock", ports=2)
    assert "No such file or directory" in capfd.readouterr().err


def test_the_socket_is_for_its_owner_alone(chip_socket: Path) -> None:
    assert chip_socket.stat().st_mode & 0o077 == 0


def test_a_socket_that_is_left_over_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "chip.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    remote.start(path, ports=1)
    with RemoteDriverOf(path) as driver:
        assert set(driver.status(None)) == {"Ethernet1"}
        driver.stop()


def test_the_chips_process_holds_on_to_nothing(chip_socket: Path) -> None:
    processes = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # of one that has just ended
            if os.fsencode(chip_socket) in path.read_bytes().split(b"\0"):
                processes.append(path.parent)
    (process,) = processes
    assert {str((process / "fd" / str(number)).readlink()) for number in range(3)} == {os.devnull}
    assert f"\nPPid:\t{os.getpid()}\n" not in (process / "status").read_text()


def test_settings_name_the_driver_and_its_socket(chip_socket: Path) -> None:
    backend = from_settings({"driver": "simulated", "socket": str(chip_socket)})
    assert isinstance(backend.driver, RemoteDriver)
    assert set(backend.state[0].read(None)) == {(name,) for name in PORTS}
    backend.close()
    driver = plugins.driver("simulated", {"socket": str(chip_socket)})
    assert driver.get([]) == {}
    driver.close()
