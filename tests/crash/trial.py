"""One commit in a process of its own, which is killed or fails at a boundary, and what there is afterwards."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import signal
import sqlite3
import time
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from backends.hardware import HardwareBackend
from backends.hardware.remote import RemoteDriver
from backends.kernel import KernelBackend
from backends.process import ProcessBackend, proxy
from datastore import mender
from datastore.calls import Deadlines
from datastore.history import Author
from tests.conftest import make_device
from tests.crash.boundaries import Boundaries, WatchedHardware, WatchedKernel, watch_history
from tests.datastore.configurations import tree_of
from tests.datastore.rig import eventually
from tests.faults.what_there_is import kernel_state, settled, steady
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backends.backend import Backend
    from nos_mgmt.device import Device
    from yang.schema import Schema
    from yang.tree import Node

ME = Author("crash", 1, "test")
NEVER_SETTLED = "the server stayed out of step, or a commit pending"
PATIENCE = 0.1
"""Seconds to wait for the database."""
SHORT = Deadlines(read=0.5, check=0.5, execute=0.5, verify=0.5, state=0.5, per_thousand=0.5)
LATE = 1.5
"""Seconds that a call hangs which comes back too late."""
FOR_EVER = 3600.0
"""Likewise one that does not come back before the server is killed."""
LONGEST = 60.0
"""Seconds that one commit may take before it counts as hung."""


@cache
def _tree(schema: Schema, content: str) -> Node:
    return tree_of(schema, content)


class Known(NamedTuple):
    """What there is of a configuration in both systems when nobody disturbs it."""

    kernel: dict[str, list[Any]]
    chip: frozenset[Any]


class Systems:
    """A kernel namespace and a chip, which outlive every server, and the history of those."""

    def __init__(self, folder: Path, namespace: str, socket: Path) -> None:
        """Have a server's history in `folder`."""
        self.folder = folder
        self.namespace = namespace
        self.socket = socket

    def server(self, boundaries: Boundaries | None = None) -> Device:
        """Return a server on these systems, started; its calls are `boundaries`."""
        chip = HardwareBackend(RemoteDriver(self.socket))
        if boundaries is None:
            return make_device(self.folder, [KernelBackend(self.namespace), chip])
        kernel: Backend
        if not boundaries.has_process:
            kernel = KernelBackend(self.namespace)
        else:
            kernel = process = ProcessBackend("kernel", {"namespace": self.namespace})
            boundaries.end_backend = lambda: _end(process)
        watched = [WatchedKernel(kernel), WatchedHardware(chip)]
        for each in watched:
            each.boundaries = boundaries
        deadlines = SHORT if boundaries.hang_for else Deadlines()
        device = make_device(self.folder, list(watched), history_patience=PATIENCE, deadlines=deadlines)
        watch_history(device.history, boundaries)
        return device

    def commit(self, device: Device, content: str) -> None:
        """Make a configuration running."""
        tree = _tree(device.schema, content)
        device.datastores.edit(1, lambda _: tree)
        device.datastores.commit(1, ME)

    def chip(self) -> frozenset[Any]:
        """Return what the chip has."""
        driver = RemoteDriver(self.socket)
        try:
            ports = driver.get([("hardware:port", f"Ethernet{number}") for number in range(1, 9)])
            return frozenset({*driver.objects(), *ports.values()})
        finally:
            driver.close()

    def known(self, content: str) -> Known:
        """Return what there is of a configuration when nobody disturbs its commit."""
        device = self.server()
        self.commit(device, content)
        device.close()
        return Known(steady(lambda: kernel_state(self.namespace)), self.chip())

    def differences(self, wanted: Known) -> list[str]:
        """Return what is otherwise than it should be."""
        found = settled(self.namespace, wanted.kernel)
        return found if self.chip() == wanted.chip else [*found, "the chip"]


def _end(process: ProcessBackend) -> None:
    pid = process.pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


class Outcome(NamedTuple):
    """What became of a commit."""

    said: str
    """`ok`, `failed`, or nothing, if the server was killed before."""
    names: list[str]
    """The boundaries that it passed, if it was not killed."""


def attempt(systems: Systems, content: str, boundaries: Boundaries) -> Outcome:
    """Commit in a process that `boundaries` may kill, and return what came of it."""
    reading, writing = os.pipe()
    boundaries.kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve(systems, content, boundaries, lambda text: os.write(writing, text.encode()))
    os.close(writing)
    deadline = time.monotonic() + LONGEST
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reading)
            return Outcome("hung", [])
        time.sleep(0.002)
    with os.fdopen(reading) as said:
        lines = said.read().split("\n")
    return Outcome(lines[0], json.loads(lines[1]) if len(lines) > 1 else [])


class Jam:
    """A database that cannot be written for a while, really: another connection has it, or no file may grow."""

    def __init__(self, device: Device) -> None:
        self._other = sqlite3.connect(device.history._database.file or "", check_same_thread=False)
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def begin(self, how: str) -> None:
        """Lock the database, or leave no room on the disk."""
        if how == "locked":
            self._other.execute("BEGIN EXCLUSIVE")
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._limits[1]))

    def end(self) -> None:
        """Let it be written again."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        self._other.rollback()


def _serve(systems: Systems, content: str, boundaries: Boundaries, say: Callable[[str], object]) -> None:
    """Commit, say what came of it, and end; if all goes well the server ends in order."""
    status = 1
    # if it hangs, where it does so is worth knowing
    faulthandler.dump_traceback_later(LONGEST * 0.9)
    mender.PATIENCE = (0.02, 0.1)
    proxy.BACK_OFF = (0.02, 0.1)
    try:
        device = systems.server(boundaries)
        jammed = Jam(device)
        boundaries.jam = jammed.begin
        boundaries.is_on = True
        try:
            systems.commit(device, content)
            said = "ok"
        except RequestError:
            said = "failed"
        boundaries.reach("running has moved")
        say(said)
        if boundaries.hang_for == FOR_EVER:
            boundaries.kill()
        boundaries.reach("the client knows")
        boundaries.is_on = False
        names = boundaries.names
        jammed.end()
        if not eventually(lambda: not device.committer.out_of_step and not device.history.pending(), 20):
            names = [NEVER_SETTLED]
        device.close()
        say("\n" + json.dumps(names))
        status = 0
    finally:
        os._exit(status)


def judged(systems: Systems, contents: tuple[str, str], known: tuple[Known, Known], outcome: Outcome) -> str:
    """Return what is wrong after a commit from the first to the second of `contents`; empty if nothing is.

    A server is started anew; afterwards the first one is running again.
    """
    wrong = []
    if outcome.said == "hung":
        wrong.append("the commit hung")
    wrong += outcome.names if outcome.names == [NEVER_SETTLED] else []
    if outcome.names:
        # it ended in order: the systems are looked at before another server can mend anything
        wrong += systems.differences(known[outcome.said == "ok"])
    device = systems.server()
    trees = [_tree(device.schema, content) for content in contents]
    running = device.datastores.running
    if running not in trees:
        wrong.append("running is neither the old nor the new configuration")
    else:
        is_new = running == trees[1]
        wrong += systems.differences(known[is_new])
        if outcome.said in ("ok", "failed") and is_new is not (outcome.said == "ok"):
            wrong.append(f"the client was told {outcome.said}, and running is {'new' if is_new else 'old'}")
    if device.history.configuration() != running:
        wrong.append("the history has another configuration than runs")
    if device.history.pending():
        wrong.append("a commit stays pending")
    if device.committer.out_of_step:
        wrong.append("the systems are out of step")
    systems.commit(device, contents[0])
    # so that the next servers need not replay what a thousand of them have committed
    device.history.snapshot(device.history.last() or 0, device.datastores.running)
    device.close()
    return "; ".join(wrong)
