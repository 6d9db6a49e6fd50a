"""Ports that are configured and not there, that come, and that go."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from backends.hardware.objects import Port as ChipPort
from backends.hardware.objects import RouterInterface
from backends.kernel.resources import Address, Port
from datastore.errors import CommitFailed
from datastore.events import BackInStep, OutOfStep
from tests.conftest import config
from tests.datastore.rig import ME, eventually
from tests.openconfig import INTERFACES, interface, interfaces, route, static_routes
from yang.edit import edit_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.hardware.simulated import SimulatedAsic
    from datastore.plan import Deferred
    from nos_mgmt.device import Device
    from tests.datastore.rig import Rig

PLANNED = interfaces(interface("Ethernet9", "10.9.0.1/24", mtu=9000)) + static_routes(route("192.0.2.0/24", "10.9.0.2"))
INTERFACE = RouterInterface("Ethernet9", "port").key
TRAP = ("hardware:route", "10.9.0.1/32")


def plug(rig: Rig) -> None:
    """Put the port into both systems; the kernel of paper does not tell."""
    rig.paper.there[Port("Ethernet9").key] = Port("Ethernet9")
    rig.chip.plug("Ethernet9")


def lose(rig: Rig) -> None:
    """Take the port, with all that is on it, out of the kernel of paper, which does not tell."""
    for key in [key for key in rig.paper.there if "Ethernet9" in key or key[0] == "kernel:route"]:
        del rig.paper.there[key]


def test_a_port_that_is_not_there_is_accepted_and_deferred(rig: Rig) -> None:
    done = rig.commit(PLANNED)
    assert done.commit_id == 1
    # the chip takes packets to an address to the CPU whether its port is there or not
    assert [step.operation.key for step in done.plan.steps] == [TRAP]
    reasons = {deferred.key: deferred.reason for deferred in rig.committer.deferred()}
    assert reasons["kernel:port", "Ethernet9"] == "kernel:port Ethernet9 is not there"
    assert reasons["kernel:address", "Ethernet9", "10.9.0.1"] == "it waits for link Ethernet9"
    assert reasons["hardware:route", "192.0.2.0/24"].startswith("it waits for hardware:next_hop 10.9.0.2")


def test_it_takes_effect_when_it_is_plugged_in(rig: Rig) -> None:
    rig.commit(PLANNED)
    rig.chip.plug("Ethernet9")
    assert rig.chip._objects[ChipPort("Ethernet9").key] == ChipPort("Ethernet9", admin_state=True, mtu=9000)
    assert ("hardware:route", "192.0.2.0/24") in rig.chip._objects
    assert {deferred.key[0].partition(":")[0] for deferred in rig.committer.deferred()} == {"kernel"}
    assert rig.told == ["came or went: hardware:port Ethernet9; 5 resources are as they should be"]


def test_it_is_as_if_it_had_been_there_from_the_beginning(rig: Rig) -> None:
    rig.commit(PLANNED)
    plug(rig)
    rig.start()
    systems = rig.systems()
    rig.commit("")
    rig.commit(PLANNED)
    assert rig.systems() == systems
    assert rig.committer.deferred() == []


def test_what_is_on_it_goes_when_it_is_pulled(rig: Rig) -> None:
    plug(rig)
    rig.commit(PLANNED)
    rig.chip.pull("Ethernet9")
    assert [key for key in rig.chip._objects if key[0] != ChipPort.kind] == [TRAP]
    assert INTERFACE in {deferred.key for deferred in rig.committer.deferred()}
    assert rig.committer.out_of_step == ()
    rig.chip.plug("Ethernet9")
    assert ("hardware:route", "192.0.2.0/24") in rig.chip._objects


def test_a_port_that_nobody_configured_concerns_nobody(rig: Rig) -> None:
    rig.chip.plug("Ethernet9")
    rig.chip.pull("Ethernet9")
    assert rig.told == []
    assert rig.chip.plug("Ethernet9") is None
    rig.commit(PLANNED)
    assert INTERFACE in rig.chip._objects


@pytest.mark.parametrize("content", ["", interfaces(interface("Ethernet9", "10.9.0.1/24", mtu=1400))])
def test_a_port_that_has_gone_without_a_word_can_be_configured_further(rig: Rig, content: str) -> None:
    plug(rig)
    rig.commit(PLANNED)
    lose(rig)
    done = rig.commit(content)
    assert not [step for step in done.plan.steps if step.backend is rig.kernel]
    # nor does it want anything of the port
    there = {**rig.paper.there, **rig.chip._objects}
    assert {key: there.get(key) for key in done.plan.targets} == done.plan.targets
    assert (Port("Ethernet9").key in {deferred.key for deferred in rig.committer.deferred()}) == bool(content)
    # a start sees it again
    rig.paper.there[Port("Ethernet9").key] = Port("Ethernet9")
    rig.start()
    assert (Address("Ethernet9", "10.9.0.1", 24).key in rig.paper.there) == bool(content)


def test_a_port_that_comes_back_in_the_middle_of_a_commit_is_left_alone_by_its_undo(rig: Rig) -> None:
    plug(rig)
    rig.commit(PLANNED)
    systems = rig.systems()
    lose(rig)

    def come_back(call: str) -> bool:
        if call == "execute":
            rig.paper.there[Port("Ethernet9").key] = Port("Ethernet9")
        return False

    rig.hardware.lost_when = come_back
    rig.hardware.refuses_always.add(TRAP)
    with pytest.raises(CommitFailed, match=r"an injected refusal \(EINJECTED\)$"):
        rig.commit("")
    assert rig.committer.out_of_step == ()
    assert rig.paper.there[Port("Ethernet9").key] == Port("Ethernet9")
    # and whoever is told of it fills it
    rig.committer.look_again([Port("Ethernet9").key])
    assert rig.systems() == systems


def test_a_port_that_goes_and_comes_before_anybody_looks_is_filled_again(rig: Rig) -> None:
    plug(rig)
    rig.commit(PLANNED)
    systems = rig.systems()
    told: list[threading.Thread] = []
    # nobody can look while something is committed
    with rig.committer.turn:
        for happen in (rig.chip.pull, rig.chip.plug):
            told.append(threading.Thread(target=happen, args=("Ethernet9",)))
            told[-1].start()
            assert eventually(lambda: (ChipPort("Ethernet9").key in rig.chip._objects) == (len(told) == 2))
    for thread in told:
        thread.join()
    assert rig.systems() == systems


def test_a_port_that_comes_in_the_middle_of_the_start_is_not_missed(rig: Rig) -> None:
    rig.commit(PLANNED)
    rig.open()
    plugging = threading.Thread(target=rig.chip.plug, args=("Ethernet9",))

    def plug_at_the_end(call: str) -> bool:
        if call == "owned" and not plugging.ident:
            plugging.start()
            assert eventually(lambda: ChipPort("Ethernet9").key in rig.chip._objects)
        return False

    rig.hardware.lost_when = plug_at_the_end
    rig.committer.start()
    plugging.join()
    assert INTERFACE in rig.chip._objects


@pytest.mark.usefixtures("impatient")
def test_a_port_that_comes_while_its_system_is_lost_is_looked_at_later(rig: Rig) -> None:
    rig.commit(PLANNED)
    rig.hardware.is_lost = True
    rig.chip.plug("Ethernet9")
    assert INTERFACE not in rig.chip._objects
    rig.hardware.is_lost = False
    assert eventually(lambda: INTERFACE in rig.chip._objects)
    assert eventually(lambda: "back in step" in rig.told)


def test_a_port_that_came_while_its_system_was_lost_is_part_of_the_next_commit(rig: Rig) -> None:
    rig.commit(PLANNED)
    rig.hardware.is_lost = True
    rig.chip.plug("Ethernet9")
    rig.hardware.is_lost = False
    rig.commit(interfaces(interface("Ethernet9", "10.9.0.1/25")))
    assert ("hardware:route", "10.9.0.0/25") in rig.chip._objects


@pytest.mark.usefixtures("impatient")
def test_what_a_port_brings_and_is_refused_is_tried_again(rig: Rig) -> None:
    rig.commit(PLANNED)
    rig.hardware.refuses_always.add(INTERFACE)
    rig.chip.plug("Ethernet9")
    assert INTERFACE in rig.committer.out_of_step
    rig.hardware.refuses_always.clear()
    assert eventually(lambda: not rig.committer.out_of_step)
    assert ("hardware:route", "192.0.2.0/24") in rig.chip._objects


@pytest.mark.usefixtures("impatient")
def test_being_out_of_step_is_an_event_and_so_is_its_end(rig: Rig) -> None:
    told: list[object] = []
    rig.committer.events.listen(told.append)
    rig.commit(PLANNED)
    rig.hardware.refuses_always.add(INTERFACE)
    rig.chip.plug("Ethernet9")
    [trouble] = [event for event in told if isinstance(event, OutOfStep)]
    assert any("Ethernet9" in resource for resource in trouble.resources)
    assert not any(isinstance(event, BackInStep) for event in told)
    rig.hardware.refuses_always.clear()
    assert eventually(lambda: any(isinstance(event, BackInStep) for event in told))


def test_after_the_end_ports_may_come_and_go(rig: Rig) -> None:
    rig.commit(PLANNED)
    rig.committer.close()
    rig.chip.plug("Ethernet9")
    assert INTERFACE not in rig.chip._objects


def waiting(device: Device) -> list[Deferred]:
    """Return what is deferred, once what is being seen to has been done."""
    # a port that came is told of as not waiting any more before what is on it is made
    with device.committer.at_rest():
        return device.deferred()


def edited(device: Device, content: str) -> None:
    device.datastores.edit(1, lambda tree: edit_config(tree, config(content)))
    device.datastores.commit(1, ME)


def state_of(device: Device, name: str) -> dict[str, object]:
    """Return the leaves of an interface's state."""
    filter_ = f'<interfaces xmlns="{INTERFACES}"><interface><name>{name}</name></interface></interfaces>'
    running, deferred = device.datastores.running, device.deferred_paths()
    tree = device.operational.view(running, deferred, list(config(filter_)))
    entry = tree.get("openconfig-interfaces:interfaces").get("interface").get((name,))
    return dict(entry.get("state").children)


def test_a_kernel_port_that_is_not_there_is_shown_so_until_it_comes(
    both: Device, chip: SimulatedAsic, namespace: str, ip: Callable[..., str]
) -> None:
    edited(both, PLANNED)
    state = state_of(both, "Ethernet9")
    assert (state["oper-status"], state["admin-status"]) == ("NOT_PRESENT", "DOWN")
    assert "mtu" not in state
    chip.plug("Ethernet9")
    ip("link", "add", "Ethernet9", "type", "veth", "peer", "name", "Ethernet9", "netns", f"{namespace}-far")
    ip("link", "set", "Ethernet9", "up", far=True)
    assert eventually(lambda: waiting(both) == [])
    assert "10.9.0.1/24" in ip("addr", "show", "Ethernet9")
    assert "192.0.2.0/24 via 10.9.0.2" in ip("route")
    assert eventually(lambda: state_of(both, "Ethernet9")["oper-status"] == "UP")
    assert state_of(both, "Ethernet9")["mtu"] == 9000


def test_a_kernel_port_that_goes_takes_its_routes_along_and_brings_them_back(
    both: Device, namespace: str, ip: Callable[..., str]
) -> None:
    edited(both, PLANNED.replace("Ethernet9", "Ethernet8"))
    assert "192.0.2.0/24" in ip("route")
    ip("link", "del", "Ethernet8")
    assert eventually(lambda: waiting(both) != [])
    assert ip("route") == ""
    for _ in range(3):
        ip("link", "add", "Ethernet8", "type", "veth", "peer", "name", "Ethernet8", "netns", f"{namespace}-far")
        assert eventually(lambda: "192.0.2.0/24 via 10.9.0.2" in ip("route"))
        # gone and come before anybody looks
        with both.committer.turn:
            ip("link", "del", "Ethernet8")
            ip("link", "add", "Ethernet8", "type", "veth", "peer", "name", "Ethernet8", "netns", f"{namespace}-far")
        assert eventually(lambda: "192.0.2.0/24 via 10.9.0.2" in ip("route"))
        ip("link", "del", "Ethernet8")
        assert eventually(lambda: waiting(both) != [])
    assert both.committer.out_of_step == ()
