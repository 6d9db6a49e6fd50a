"""A server from its start to its end, in a process of its own."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends.kernel import namespaces
from nos_mgmt.embedded import socket_of
from tests.conftest import Server, needs
from tests.nos_mgmt.openssh import NO_QUESTIONS, OpenSsh, command
from tests.nos_mgmt.over_ssh import END, PATIENCE
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., Server]

CONFIG = interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=2000))
RUNNING = "<get-config><source><running/></source></get-config>"


@pytest.fixture
def start(start_server: Start) -> Iterator[Start]:
    """A function that starts a server, which is not to fail over anything."""
    started: list[Server] = []

    def start_(*options: str, **more: object) -> Server:
        started.append(start_server(*options, **more))
        return started[-1]

    yield start_
    assert all("Traceback" not in server.log.read_text() for server in started)


def with_kernel(server: Server) -> Server:
    """Return the server, or skip the test if it has no namespaces."""
    if "no kernel backend" in server.log.read_text():
        pytest.skip("no network namespaces here: no right to make them")
    return server


def made(server: Server) -> list[str]:
    """Return the namespaces that a server has made."""
    names: list[str] = json.loads((server.state / "namespaces.json").read_text())
    return names


def chips(server: Server) -> list[int]:
    """Return the processes that simulate a server's chip."""
    socket = str(socket_of(server.state)).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended
        if socket in arguments and b"backends.hardware.remote" in arguments:
            found.append(int(process.name))
    return found


def eventually(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def mtu_of(port: str, namespace: str) -> int:
    shown = subprocess.run([needs("ip"), "-j", "-n", namespace, "link", "show", port], capture_output=True, check=True)
    return int(json.loads(shown.stdout)[0]["mtu"])


def test_the_line_that_it_prints_connects_without_questions(start: Start, tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    server = start("--known-hosts", str(known_hosts), "--backends", "hardware")
    line = server.log.read_text().partition("connect with:")[2].splitlines()[0].strip()
    assert line == f"ssh -s -p {server.port} -i {server.key} admin@127.0.0.1 netconf"
    ssh, *arguments = shlex.split(line)
    asked = ["-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={known_hosts}"]
    with OpenSsh([needs(ssh), *NO_QUESTIONS, *asked, *arguments]) as session:
        assert b"<session-id>1</session-id>" in session.server_hello
        assert "<ok/>" in session.rpc("<close-session/>")
        assert session.is_ended()
        assert session.process.wait(PATIENCE) == 0


def test_a_known_hosts_file_that_cannot_be_written_is_no_reason_not_to_serve(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    server = start("--known-hosts", str(tmp_path / "file" / "known_hosts"), "--backends", "hardware")
    assert "clients have to be told the server's key" in server.log.read_text()


def test_the_greeting_says_what_it_serves(start: Start) -> None:
    server = start("--backends", "hardware")
    assert f"NETCONF over SSH at 127.0.0.1 port {server.port}, with hardware and " in server.log.read_text()
    assert "nothing is committed yet" in server.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_all_that_it_made(start: Start, number: signal.Signals) -> None:
    server = with_kernel(start())
    names = made(server)
    assert len(names) == 2
    assert all(map(namespaces.exists, names))
    assert len(chips(server)) == 1
    with OpenSsh(command(server)) as idle, OpenSsh(command(server)) as stuck:
        stuck.edit(CONFIG)
        stuck.write(b"\n#1000\n<rpc")
        assert server.stop(number) == 0
        assert idle.is_ended()
        assert stuck.is_ended()
    assert not any(map(namespaces.exists, names))
    assert not (server.state / "namespaces.json").exists()
    eventually(lambda: chips(server) == [])
    assert server.log.read_text().rstrip().endswith("ending")


def test_who_presses_ctrl_c_twice_has_it_all_removed_too(start: Start) -> None:
    server = with_kernel(start())
    names = made(server)
    for _ in range(20):
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    assert server.process.wait(PATIENCE) == 0
    assert not any(map(namespaces.exists, names))


@pytest.mark.parametrize("wait", [0.0, 0.1, 0.3])
def test_a_signal_while_it_starts_leaves_nothing(tmp_path: Path, wait: float) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-m", "nos_mgmt", "serve", "--state", str(tmp_path / "state"), "--port", "0"]
    with log.open("wb") as opened:
        server = Server(subprocess.Popen(command, stdout=opened, stderr=opened), 0, tmp_path / "state", log)
    eventually((server.state / "lock").exists)
    time.sleep(wait)
    assert server.stop() == 0, log.read_text()
    assert "Traceback" not in log.read_text()
    assert not (server.state / "namespaces.json").exists()
    eventually(lambda: chips(server) == [])


def test_namespaces_that_are_to_be_kept_are_kept_and_found_again(start: Start) -> None:
    first = with_kernel(start("--keep-namespaces"))
    names = made(first)
    with OpenSsh(command(first)) as session:
        session.edit(CONFIG)
    assert first.stop() == 0
    assert all(map(namespaces.exists, names))
    assert mtu_of("Ethernet1", names[0]) == 2000
    second = start()
    assert made(second) == names
    assert second.stop() == 0
    assert not any(map(namespaces.exists, names))


def test_namespaces_of_another_port_are_removed_as_well(start: Start) -> None:
    first = with_kernel(start("--keep-namespaces"))
    before = made(first)
    assert first.stop() == 0
    second = start(port=first.port)
    names = made(second)
    assert set(names) > set(before)
    assert f"nos-{first.port}" in names
    assert second.stop() == 0
    assert not any(map(namespaces.exists, names))


def test_a_namespace_that_is_given_is_managed_and_left(start: Start, namespace: str) -> None:
    server = start("--namespace", namespace, "--backends", "kernel")
    assert not (server.state / "namespaces.json").exists()
    with OpenSsh(command(server)) as session:
        session.edit(CONFIG)
    assert mtu_of("Ethernet1", namespace) == 2000
    assert server.stop() == 0
    assert namespaces.exists(namespace)
    assert namespaces.exists(f"{namespace}-far")


def test_a_restart_comes_back_to_what_was_committed(start: Start) -> None:
    first = with_kernel(start())
    with OpenSsh(command(first)) as session:
        session.edit(CONFIG)
        before = session.rpc(RUNNING)
    assert first.stop() == 0
    second = start()
    assert "running is commit 1" in second.log.read_text()
    assert mtu_of("Ethernet1", made(second)[0]) == 2000
    with OpenSsh(command(second)) as session:
        assert session.rpc(RUNNING) == before


def test_a_start_after_a_kill_finds_namespaces_and_chip_as_they_were(start: Start) -> None:
    first = with_kernel(start())
    with OpenSsh(command(first)) as session:
        session.edit(CONFIG)
    names, chip = made(first), chips(first)
    assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    assert chips(first) == chip
    second = start()
    assert (made(second), chips(second)) == (names, chip)
    assert second.stop() == 0
    assert not any(map(namespaces.exists, names))
    eventually(lambda: chips(second) == [])


@pytest.mark.parametrize(
    "missing", ["net_admin,sys_admin", "net_admin", "sys_admin", "everything in another user's world"]
)
def test_without_the_right_to_make_namespaces_it_serves_with_the_chip_alone(start: Start, missing: str) -> None:
    if missing.startswith("everything"):
        under = [needs("unshare"), "--user", "--map-root-user"]
    else:
        dropped = ",".join(f"-{name}" for name in missing.split(","))
        under = [needs("setpriv"), f"--bounding-set={dropped}", f"--inh-caps={dropped}"]
    if subprocess.run([*under, "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"{under[0]} cannot take rights away here")
    server = start(under=under)
    said = [line for line in server.log.read_text().splitlines() if "kernel" in line]
    assert said == ["no kernel backend: no right to make network namespaces"]
    assert "with hardware and " in server.log.read_text()
    with OpenSsh(command(server)) as session:
        session.edit(CONFIG)
    assert server.stop() == 0


def test_a_state_folder_with_a_long_path_is_no_obstacle(start: Start, tmp_path: Path) -> None:
    # a Unix socket's path has at most 107 octets
    server = start("--backends", "hardware", state=tmp_path / ("long" * 20) / ("longer" * 20) / "state")
    assert len(str(socket_of(server.state))) < 108
    with OpenSsh(command(server)) as session:
        session.edit(CONFIG)
    assert len(chips(server)) == 1
    assert server.stop() == 0
    eventually(lambda: chips(server) == [])


def test_a_relative_state_folder_is_one(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Path(__file__).parent.parent.parent
    monkeypatch.setenv("PYTHONPATH", str(repository))
    monkeypatch.chdir(tmp_path)
    server = start("--backends", "hardware", state=Path("here"))
    assert (tmp_path / "here" / "history.sqlite").exists()
    assert (tmp_path / "here").stat().st_mode & 0o777 == 0o700
    assert server.stop() == 0


def test_ports_are_as_many_as_are_asked_for(start: Start) -> None:
    server = start("--backends", "hardware", "--asic-ports", "30")
    with OpenSsh(command(server)) as session:
        filter_ = f"<filter>{interfaces('<interface><name>Ethernet30</name></interface>')}</filter>"
        assert "<oper-status>" in session.rpc(f"<get>{filter_}</get>")
        assert session.rpc(f"<get>{filter_.replace('30', '31')}</get>").count("<name>") == 0


def test_without_backends_it_serves_nothing_to_configure(start: Start) -> None:
    server = start("--backends", "")
    assert "with no backend" in server.log.read_text()
    with OpenSsh(command(server)) as session:
        assert b"openconfig-interfaces" not in session.server_hello
        assert "unknown" in session.rpc(
            f"<edit-config><target><candidate/></target><config>{CONFIG}</config></edit-config>"
        )


def test_a_session_is_greeted_before_it_says_anything(start: Start) -> None:
    server = start("--backends", "hardware")
    done = subprocess.run(command(server), input=b"", capture_output=True, check=False, timeout=PATIENCE)
    assert done.stdout.endswith(END)
