"""A server whose backends run in processes of their own, as a file says, and what is left when it ends."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.nos_mgmt.openssh import OpenSsh, command
from tests.openconfig import interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Server

SECONDS = 60.0
MOST = 600
"""Commits that are attempted, ten a second, before it is given up."""
SETTINGS = """
[deadlines]
execute = 45
[backend.kernel]
process = true
[backend.hardware]
process = true
"""


def workers(server: Server) -> list[int]:
    """Return the processes of a server's backends, in the order in which they were started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended
        if b"backends.process.worker" in arguments and str(server.process.pid).encode() in arguments:
            found.append(int(process.name))
    return sorted(found)


def eventually(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path: Path, start_server: Callable[..., Server]) -> Server:
    (tmp_path / "nos.toml").write_text(SETTINGS)
    started = start_server("--config", str(tmp_path / "nos.toml"))
    if "no kernel backend" in started.log.read_text():
        pytest.skip("no network namespaces here: no right to make them")
    return started


def test_a_backend_that_is_killed_fails_the_commit_and_comes_back(server: Server) -> None:
    before = workers(server)
    assert len(before) == 2
    with OpenSsh(command(server)) as client:
        client.edit(interfaces(interface("Ethernet1", "10.0.0.1/24")))
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not set(before) & set(workers(server)))
        config = static_routes(route("192.0.2.0/24", "10.0.0.2"))
        client.rpc(f"<edit-config><target><candidate/></target><config>{config}</config></edit-config>")
        answers = [client.rpc("<commit/>")]
        while "<ok/>" not in answers[-1] and len(answers) < MOST:
            assert "its process was ended by SIGKILL" in answers[-1]
            time.sleep(0.1)
            answers.append(client.rpc("<commit/>"))
        assert "192.0.2.0/24" in client.rpc("<get-config><source><running/></source></get-config>")
    after = workers(server)
    assert len(after) == 2
    assert not set(before) & set(after)
    assert server.stop() == 0
    eventually(lambda: not workers(server))
    assert "Traceback" not in server.log.read_text()


def test_no_backend_outlives_a_server_that_is_killed(server: Server) -> None:
    assert len(workers(server)) == 2
    server.stop(signal.SIGKILL)
    eventually(lambda: not workers(server))
