"""A server is killed in the middle of commits: after the next start everything is all old or all new, and new if it said ok.

The kernel is looked at with iproute2, the chip by all of its objects, the history in its database, running over NETCONF.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from backends.hardware.remote import RemoteDriver
from nos_mgmt.embedded import socket_of
from tests.conftest import PORTS, Server
from tests.faults.what_there_is import kernel_state, settled, steady
from tests.nos_mgmt.openssh import OpenSsh, command
from tests.nos_mgmt.over_ssh import PATIENCE, chunked, rpc
from tests.openconfig import interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., Server]

KILLS = 12
SEED = 6241
ROUTES = 600


class Everything(NamedTuple):
    """What there is of a configuration, in all places."""

    running: str
    kernel: dict[str, list[Any]]
    chip: frozenset[Any]


def configuration(which: int) -> str:
    """Return one of two configurations with many objects: those of both are changed, and each has some of its own."""
    networks = [f"10.{which}{number}.0" for number in range(len(PORTS))]
    ports = [
        interface(
            port, f"{network}.1/24", f"2001:db8:{number}::{which}/64", mtu=2000 + which, description=f"as {which}"
        )
        for number, (port, network) in enumerate(zip(PORTS, networks, strict=True))
    ]
    prefixes = [f"192.{number >> 8}.{number & 255}.0/24" for number in range(ROUTES)]
    prefixes += [f"198.{which}.{number}.0/24" for number in range(ROUTES // 5)]
    routes = [route(prefix, f"{networks[number % len(networks)]}.2") for number, prefix in enumerate(prefixes)]
    return interfaces(*ports) + static_routes(*routes)


def replace(session: OpenSsh, which: int) -> None:
    """Make a configuration the candidate."""
    parameters = "<target><candidate/></target><default-operation>replace</default-operation>"
    edit = f"<edit-config>{parameters}<config>{configuration(which)}</config></edit-config>"
    assert "<ok/>" in session.rpc(edit)


def namespace_of(server: Server) -> str:
    return str(json.loads((server.state / "namespaces.json").read_text())[0])


def chip_of(server: Server) -> frozenset[Any]:
    chip = RemoteDriver(socket_of(server.state))
    with closing(chip):
        ports = chip.get([("hardware:port", port) for port in PORTS])
        return frozenset({*chip.objects(), *ports.values()})


def everything(server: Server) -> Everything:
    """Return what a server has in all places, once it has settled."""
    with OpenSsh(command(server)) as session:
        running = session.rpc("<get-config><source><running/></source></get-config>")
    kernel = steady(lambda: kernel_state(namespace_of(server)))
    return Everything(running, kernel, chip_of(server))


def states(server: Server, folder: Path) -> list[str]:
    """Return the states of the commits in a history that no server has open, and leave it as it is."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in server.state.glob("history.sqlite*"):
        shutil.copy(file, folder)
    with closing(sqlite3.connect(folder / "history.sqlite")) as database:
        return [state for (state,) in database.execute("SELECT state FROM commits ORDER BY id")]


def answer_of(session: OpenSsh) -> bytes:
    """Return what the server said before it ended."""
    with suppress(BrokenPipeError):
        return session._received + session.process.communicate(timeout=PATIENCE)[0]
    return session._received


def with_kernel(server: Server) -> Server:
    if "no kernel backend" in server.log.read_text():
        pytest.skip("no network namespaces here: no right to make them")
    return server


def both(server: Server) -> tuple[float, list[Everything]]:
    """Return how long the systems take to follow, and what there is of each configuration when nobody disturbs it."""
    found, seconds = [], 0.0
    for which in (1, 2):
        with OpenSsh(command(server)) as session:
            replace(session, which)
            session.write(chunked(rpc("<commit/>")))
            wait_for_pending(server)
            started = time.perf_counter()
            assert b"<ok/>" in session.until(b"\n##\n")
            seconds = time.perf_counter() - started
        found.append(everything(server))
    return seconds, found


def wait_for_pending(server: Server) -> None:
    """Return as soon as a commit is in the journal and not sealed."""
    deadline = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(f"file:{server.state / 'history.sqlite'}?mode=ro", uri=True)) as database:
        while not database.execute("SELECT 1 FROM commits WHERE state = 'pending'").fetchall():
            assert time.monotonic() < deadline
            time.sleep(0.001)


def one_of(server: Server, known: list[Everything], say: str) -> int:
    """Return which of the two configurations is there, which has to be one, and in all places the same."""
    found = everything(server)
    matching = [number for number, one in enumerate(known) if one.running == found.running]
    assert len(matching) == 1, f"{say}: running is neither the one nor the other configuration"
    wanted = known[matching[0]]
    assert settled(namespace_of(server), wanted.kernel) == [], f"{say}: the kernel is not at configuration {matching}"
    assert found.chip == wanted.chip, f"{say}: the chip is not at configuration {matching}"
    return matching[0]


def moments(seconds: float) -> Iterator[tuple[bool, float]]:
    """Yield when to kill: whether to wait until the commit is in the journal, and seconds from then on."""
    chance = random.Random(SEED)  # noqa: S311 - not for secrets
    for number in range(KILLS):
        # a few before the systems are touched, most while they follow, and a few after that
        late = number - KILLS // 4
        yield late >= 0, seconds * 1.3 * (max(late, 0) + chance.random()) / (KILLS * 3 // 4)


def test_a_killed_server_comes_back_with_all_of_a_commit_or_nothing(start_server: Start, tmp_path: Path) -> None:
    server = with_kernel(start_server())
    seconds, known = both(server)
    now, seen = 1, Counter[str]()
    logs = [server.log]
    for is_journalled, moment in moments(seconds):
        say = f"killed {moment * 1000:.0f} ms after the commit {'was in the journal' if is_journalled else 'was sent'}"
        with OpenSsh(command(server)) as session:
            replace(session, 2 - now)
            session.write(chunked(rpc("<commit/>")))
            if is_journalled:
                wait_for_pending(server)
            time.sleep(moment)
            assert server.stop(signal.SIGKILL) == -signal.SIGKILL
            is_ok = b"<ok/>" in answer_of(session)
        journal = states(server, tmp_path / "copy")
        was_pending = journal[-1] == "pending"
        assert "pending" not in journal[:-1]
        server = start_server(state=server.state)
        logs.append(server.log)
        then = one_of(server, known, say)
        seen[
            f"{'ok' if is_ok else 'pending' if was_pending else 'nothing said'}, {'new' if then != now else 'old'}"
        ] += 1
        if is_ok:
            assert (then, was_pending) == (1 - now, False), say
        if was_pending:
            assert then == now, f"{say}: a commit that was cut off took effect"
        with OpenSsh(command(server)) as session:
            history = session.rpc('<get><filter><history xmlns="urn:nos-mgmt:yang:nos-history"/></filter></get>')
        assert "<state>pending" not in history
        assert history.count("<state>sealed") == journal.count("sealed")
        assert history.count("<state>aborted") == journal.count("aborted") + was_pending
        now = then
    assert seen["pending, old"] >= KILLS // 4, seen
    assert all("Traceback" not in log.read_text() for log in logs)
    with OpenSsh(command(server)) as session:
        replace(session, 2 - now)
        assert "<ok/>" in session.rpc("<commit/>")
    assert one_of(server, known, "the last commit") == 1 - now


def test_a_server_that_is_told_to_end_finishes_its_commit(start_server: Start, tmp_path: Path) -> None:
    server = with_kernel(start_server("--keep-namespaces"))
    seconds, known = both(server)
    with OpenSsh(command(server)) as session:
        replace(session, 1)
        session.write(chunked(rpc("<commit/>")))
        wait_for_pending(server)
        time.sleep(seconds / 4)
        assert server.stop(signal.SIGTERM) == 0, server.log.read_text()
    assert states(server, tmp_path / "copy") == ["sealed"] * 3
    # the kernel is there while no server is, and as the server left it
    assert settled(namespace_of(server), known[0].kernel) == []
    again = start_server(state=server.state)
    assert one_of(again, known, "told to end") == 0
    assert all("Traceback" not in log.read_text() for log in (server.log, again.log))
