"""A backend that hangs or dies, in the server's process or in its own: the server goes on, and tells who it is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from backends.process import ProcessBackend, proxy
from datastore import mender
from datastore.calls import Deadlines
from nos_mgmt.device import Device
from nos_mgmt.netconf.state import OWN_DEFAULTS, OWN_PATHS, own_state
from tests.backends import misbehaving
from tests.backends.misbehaving import Misbehaving, let_go, order
from tests.conftest import PORTS, Client
from tests.datastore.rig import eventually
from tests.openconfig import interface, interfaces, route, static_routes
from yang import bindings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.resource import Key, Resource

SHORT = Deadlines(read=0.3, check=0.3, execute=0.3, verify=0.3, state=0.3, close=0.3)
SECONDS = 30.0
CONTENT = interfaces(interface("Ethernet1", "10.0.0.1/24")) + static_routes(route("192.0.2.0/24", "10.0.0.2"))
STATE = '<interfaces xmlns="http://openconfig.net/yang/interfaces"><interface><name>Ethernet1</name></interface></interfaces>'
HISTORY = '<history xmlns="urn:nos-mgmt:yang:nos-history"/>'


class Machine:
    """A device with a chip and a kernel that misbehaves on demand."""

    def __init__(self, folder: Path, kernel: Misbehaving | ProcessBackend) -> None:
        self.folder = folder
        self.kernel = kernel
        self.chip = SimulatedAsic(PORTS)
        history = f"sqlite:///{folder / 'history.sqlite'}"
        backends = [kernel, HardwareBackend(self.chip)]
        self.device = Device(bindings.DEFAULT, history, backends, OWN_PATHS, own_state, OWN_DEFAULTS, deadlines=SHORT)
        self.device.start()
        self.client = Client(self.device)

    def systems(self) -> tuple[dict[Key, Resource], dict[Key, Resource]]:
        """Return everything that kernel and chip have."""
        paper = Misbehaving(self.folder)
        paper.load()
        return paper.there, dict(self.chip._objects)

    def refused(self) -> str:
        """Return what a commit is refused with."""
        answer = self.client.send("<commit/>")
        assert "<error-tag>operation-failed</error-tag>" in answer
        return answer.partition("<error-message")[2].partition("</error-message>")[0]

    def is_committed(self) -> bool:
        return "<ok/>" in self.client.send("<commit/>")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a kernel that misbehaves, with a server that has no patience."""
    monkeypatch.setattr(mender, "PATIENCE", (0.02,))
    monkeypatch.setattr(proxy, "BACK_OFF", (0.02,))
    misbehaving.install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture
def whole(folder: Path) -> Iterator[Machine]:
    """A machine whose kernel runs in the server's process."""
    made = Machine(folder, Misbehaving(folder))
    yield made
    let_go(folder)
    made.device.close()


@pytest.fixture
def split(folder: Path) -> Iterator[tuple[Machine, ProcessBackend]]:
    """A machine whose kernel runs in a process of its own."""
    kernel = ProcessBackend("misbehaving", {"folder": str(folder)})
    made = Machine(folder, kernel)
    yield made, kernel
    let_go(folder)
    made.device.close()


@pytest.fixture(params=["whole", "split"])
def machine(request: pytest.FixtureRequest) -> Machine:
    """Each of the two."""
    made = request.getfixturevalue(request.param)
    return made if isinstance(made, Machine) else made[0]


@pytest.mark.parametrize(("call", "phase"), [("read", "read"), ("check", "check"), ("execute", "execute")])
def test_a_backend_that_hangs_fails_the_commit_and_is_named_with_the_phase(
    machine: Machine, call: str, phase: str
) -> None:
    machine.client.edit(CONTENT)
    before = machine.systems()
    order(machine.folder, call, "hang")
    assert f"kernel: it did not come back from {phase} within 0.3" in machine.refused()
    assert "<interface>" not in machine.client.running()
    let_go(machine.folder)
    assert eventually(lambda: machine.systems() == before and not machine.device.committer.out_of_step, SECONDS)
    assert eventually(machine.is_committed, SECONDS)
    assert machine.systems() != before


def test_a_backend_that_hangs_in_verify_fails_the_commit_and_everything_is_led_back(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.client.edit(CONTENT)
    before = machine.systems()
    execute = machine.kernel.execute

    def then_hang(operations: Any) -> None:
        execute(operations)
        order(machine.folder, "read", "hang")

    monkeypatch.setattr(machine.kernel, "execute", then_hang)
    answer = machine.refused()
    monkeypatch.setattr(machine.kernel, "execute", execute)
    assert "kernel: it did not come back from verify within 0.3" in answer
    assert "what was changed could not be taken back yet, and is tried again" in answer
    let_go(machine.folder)
    assert eventually(lambda: machine.systems() == before and not machine.device.committer.out_of_step, SECONDS)


def test_while_a_backend_hangs_others_are_answered_and_commits_are_refused_by_its_name(whole: Machine) -> None:
    machine = whole
    machine.client.edit(CONTENT)
    before = machine.systems()
    order(machine.folder, "execute", "hang")
    committing = threading.Thread(target=machine.client.send, args=("<commit/>",))
    committing.start()
    assert eventually((machine.folder / "obeyed").exists, SECONDS)
    other = Client(machine.device)
    assert "<interface>" not in other.running()
    assert "Ethernet1" in other.ok(f'<get><filter type="subtree">{STATE}</filter></get>')
    other.ok(f'<get><filter type="subtree">{HISTORY}</filter></get>')
    committing.join(SECONDS)
    answer = machine.refused()
    assert "nothing was changed: the systems are out of step with running, at kernel:" in answer
    assert "kernel: it has not come back from execute since 20" in answer
    other.edit(interfaces(interface("Ethernet2", "10.0.9.1/24")))
    let_go(machine.folder)
    assert eventually(lambda: machine.systems() == before, SECONDS)
    assert eventually(machine.is_committed, SECONDS)


def test_state_that_a_backend_does_not_tell_is_an_error_and_not_left_out(machine: Machine) -> None:
    wanted = f'<get><filter type="subtree">{STATE}</filter></get>'
    order(machine.folder, "state", "hang")
    answer = machine.client.send(wanted)
    assert "<error-tag>operation-failed</error-tag>" in answer
    assert "kernel: it did not come back from state within 0.3" in answer
    machine.client.ok(f'<get><filter type="subtree">{HISTORY}</filter></get>')
    machine.client.ok("<get-config><source><running/></source></get-config>")
    if not isinstance(machine.kernel, ProcessBackend):
        assert "kernel: it has not come back from state since 20" in machine.client.send(wanted)
        # commits do not wait for state
        machine.client.edit(CONTENT)
        assert machine.is_committed()
    let_go(machine.folder)
    assert eventually(lambda: "UP" in machine.client.send(wanted), SECONDS)


@pytest.mark.parametrize("call", ["read", "check", "execute"])
def test_a_backend_whose_process_dies_in_a_commit_aborts_it_and_is_named(
    split: tuple[Machine, ProcessBackend], call: str
) -> None:
    machine, kernel = split
    pid = kernel.pid
    machine.client.edit(CONTENT)
    before = machine.systems()
    order(machine.folder, call, "die")
    answer = machine.refused()
    assert f"kernel: its process was ended by SIGKILL during {call}" in answer
    assert "<interface>" not in machine.client.running()
    assert eventually(lambda: kernel.pid not in (None, pid), SECONDS)
    assert eventually(lambda: machine.systems() == before and not machine.device.committer.out_of_step, SECONDS)
    assert eventually(machine.is_committed, SECONDS)
    states = [commit.state for commit in machine.device.history.commits()]
    assert states.count("sealed") == 1
    assert set(states) == {"sealed"} if call != "execute" else {"sealed", "aborted"}


def test_while_a_process_is_not_there_commits_are_refused_with_how_it_ended(
    split: tuple[Machine, ProcessBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, kernel = split
    monkeypatch.setattr(proxy, "BACK_OFF", (600.0,))
    machine.client.edit(CONTENT)
    order(machine.folder, "execute", "die")
    machine.refused()
    assert eventually(lambda: kernel.pid is None, SECONDS)
    assert "its process was ended by SIGKILL; it is started again" in machine.refused()


def test_a_port_that_went_while_there_was_no_process_is_noticed(split: tuple[Machine, ProcessBackend]) -> None:
    machine, kernel = split
    machine.client.edit(CONTENT)
    machine.client.ok("<commit/>")
    order(machine.folder, "read", "die")
    paper = Misbehaving(machine.folder)
    paper.load()
    paper.there = {key: one for key, one in paper.there.items() if "Ethernet1" not in key}
    paper.save()
    machine.client.send("<commit/>")
    pid = kernel.pid
    machine.client.edit(interfaces(interface("Ethernet2", "10.0.9.1/24")))
    assert "SIGKILL" in machine.refused()
    assert eventually(lambda: kernel.pid not in (None, pid), SECONDS)
    assert eventually(lambda: any("Ethernet1" in deferred.key for deferred in machine.device.deferred()), SECONDS)


def test_a_server_ends_though_a_backend_hangs(tmp_path: Path) -> None:
    machine = Machine(tmp_path, Misbehaving(tmp_path))
    order(tmp_path, "close", "hang")
    machine.device.close()
    let_go(tmp_path)
