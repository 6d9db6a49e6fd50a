"""Systems that are read, changed and brought to what they should be, and ones that lie or are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.hardware.driver import Status
from backends.hardware.objects import NextHop, Port, Route, RouterInterface
from backends.hardware.simulated import Fault, SimulatedAsic
from backends.kernel.resources import Address
from backends.kernel.resources import Port as KernelPort
from backends.operation import BackendLost, Operation, OperationFailed
from datastore.systems import Systems
from datastore.wanted import Wanted
from tests.conftest import PORTS
from tests.datastore.conftest import PaperKernel
from tests.datastore.tampered import TamperedHardware, TamperedKernel

if TYPE_CHECKING:
    from backends.hardware import HardwareBackend
    from backends.resource import Key, Resource

PORT = Port("Ethernet1", admin_state=True)
INTERFACE = RouterInterface("Ethernet1", "port", "Ethernet1")
OTHER = RouterInterface("Ethernet2", "port", "Ethernet2")
HOP = NextHop("10.0.0.2", "", "Ethernet1")
ROUTE = Route("192.0.2.0/24", "forward", HOP.key)
ALL: dict[Key, Resource | None] = {wanted.key: wanted for wanted in (PORT, INTERFACE, HOP, ROUTE)}
NONE: dict[Key, Resource | None] = {key: Port("Ethernet1") if key == PORT.key else None for key in ALL}


@pytest.fixture
def tampered(hardware: HardwareBackend) -> TamperedHardware:
    return TamperedHardware(hardware)


@pytest.fixture
def paper() -> TamperedKernel:
    return TamperedKernel(PaperKernel(PORTS))


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def wanted() -> Wanted:
    return Wanted()


@pytest.fixture
def systems(paper: TamperedKernel, tampered: TamperedHardware, wanted: Wanted, told: list[str]) -> Systems:
    return Systems([paper, tampered], wanted, told.append)


def test_every_backend_is_asked_for_its_own_and_only_if_it_is_concerned(
    systems: Systems, paper: TamperedKernel, tampered: TamperedHardware
) -> None:
    assert systems.read([PORT.key, INTERFACE.key]) == {PORT.key: Port("Ethernet1")}
    assert (paper.reads, tampered.reads) == (0, 2)
    assert systems.read([KernelPort("Ethernet1").key]) == {KernelPort("Ethernet1").key: KernelPort("Ethernet1")}
    assert systems.backend_of(PORT.key) is tampered


def test_it_converges_from_nothing_and_back(systems: Systems, chip: SimulatedAsic) -> None:
    assert systems.converge(ALL)
    assert chip.get(ALL) == ALL
    assert systems.converge(NONE)
    assert chip.get(ALL) == {PORT.key: Port("Ethernet1")}


def test_what_is_as_it_should_be_is_left_alone(systems: Systems, tampered: TamperedHardware) -> None:
    systems.converge(ALL)
    tampered.executed.clear()
    assert systems.converge(ALL)
    assert tampered.executed == []


def test_one_wrong_thing_is_mended_by_one_operation(
    systems: Systems, chip: SimulatedAsic, tampered: TamperedHardware
) -> None:
    systems.converge(ALL)
    chip.bulk([Operation(ROUTE, None)])
    tampered.executed.clear()
    assert systems.converge(ALL)
    assert tampered.executed == [Operation(None, ROUTE)]


def test_a_refusal_does_not_hold_up_what_is_behind_it(systems: Systems, chip: SimulatedAsic, told: list[str]) -> None:
    chip.inject(Fault(Status.NO_RESOURCES, key=HOP.key))
    assert not systems.converge({**ALL, OTHER.key: OTHER})
    assert OTHER.key in chip._objects
    assert set(systems.out_of_step) == {HOP.key, ROUTE.key}
    assert len(told) == 1
    assert told[0].startswith("out of step: create hardware:next_hop 10.0.0.2")
    assert "; create hardware:route 192.0.2.0/24 (" in told[0]


def test_what_is_out_of_step_gets_back_in_step_when_it_can(systems: Systems, chip: SimulatedAsic) -> None:
    assert systems.get_in_step()
    chip.inject(Fault(Status.NO_RESOURCES, key=HOP.key))
    systems.converge(ALL)
    assert not systems.get_in_step()
    chip.inject(None)
    assert systems.get_in_step()
    assert systems.out_of_step == ()
    assert chip.get(ALL) == ALL


def test_a_later_aim_replaces_the_one_that_could_not_be_reached(systems: Systems, chip: SimulatedAsic) -> None:
    chip.inject(Fault(Status.NO_RESOURCES, key=ROUTE.key))
    assert not systems.converge(ALL)
    assert systems.converge({ROUTE.key: None})
    assert systems.out_of_step == ()


def test_a_backend_that_lies_is_out_of_step(systems: Systems, tampered: TamperedHardware) -> None:
    tampered.ignored.add(ROUTE.key)
    assert not systems.converge(ALL)
    assert systems.out_of_step == (ROUTE.key,)


def test_a_backend_that_is_lost_comes_back_in_step(
    systems: Systems, tampered: TamperedHardware, told: list[str], chip: SimulatedAsic
) -> None:
    tampered.is_lost = True
    assert not systems.converge(ALL)
    assert set(systems.out_of_step) == ALL.keys()
    assert told == ["a backend does not answer: hardware: nobody answers"]
    tampered.is_lost = False
    assert systems.get_in_step()
    assert chip.get(ALL) == ALL


def test_a_backend_that_is_lost_does_not_hold_up_the_others(
    systems: Systems, tampered: TamperedHardware, paper: TamperedKernel
) -> None:
    address = Address("Ethernet1", "10.0.0.1", 24)
    tampered.is_lost = True
    assert not systems.converge({**ALL, address.key: address})
    assert paper.read([address.key]) == {address.key: address}
    assert set(systems.out_of_step) == ALL.keys()


def test_a_backend_that_is_lost_in_the_middle_is_taken_up_where_it_stopped(
    systems: Systems, tampered: TamperedHardware, chip: SimulatedAsic
) -> None:
    tampered.cut_at = 2
    assert not systems.converge(ALL)
    assert chip.get(ALL).keys() == {PORT.key, INTERFACE.key}
    tampered.is_lost, tampered.cut_at = False, None
    assert systems.get_in_step()
    assert chip.get(ALL) == ALL


@pytest.mark.parametrize("call", ["read", "owned", "check", "execute"])
def test_a_mistake_in_a_backend_is_answered_as_its_loss(
    systems: Systems, tampered: TamperedHardware, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def mistaken(*_: object) -> None:
        raise KeyError("sdk")

    monkeypatch.setattr(tampered, call, mistaken)
    asks = {
        "read": lambda: systems.read(ALL),
        "owned": systems.owned,
        "check": lambda: systems.refusals(tampered, []),
        "execute": lambda: systems.execute(tampered, []),
    }
    with pytest.raises(BackendLost, match=r"hardware: KeyError\('sdk'\)"):
        asks[call]()


def test_a_refusal_is_passed_on_as_it_is(systems: Systems, tampered: TamperedHardware) -> None:
    tampered.refuse_at = 0
    with pytest.raises(OperationFailed):
        systems.execute(tampered, [Operation(None, INTERFACE)])


def test_what_depends_on_something_replaced_is_part_of_the_way(systems: Systems, wanted: Wanted) -> None:
    systems.converge(ALL)
    # as `Wanted.resolve` has it: the route asked for the next hop
    wanted._active[ROUTE.key] = ROUTE
    wanted._facts.ask(ROUTE.key, (HOP.key,))
    moved = NextHop("10.0.0.2", "", "Ethernet2")
    way = systems.way_to({HOP.key: moved, OTHER.key: OTHER})
    assert way.targets.keys() == {HOP.key, OTHER.key, ROUTE.key}
    assert way.found == {HOP.key: HOP, ROUTE.key: ROUTE}
    assert [operation.action for operation in way.operations] == ["delete", "delete", "create", "create", "create"]
    for backend in list(systems)[1:]:
        systems.execute(backend, way.operations)
    assert systems.way_to(way.targets).operations == []


def test_all_that_carries_our_mark_is_listed(systems: Systems) -> None:
    systems.converge(ALL)
    assert {found.key for found in systems.owned()} == {INTERFACE.key, HOP.key, ROUTE.key}


def test_a_port_that_is_not_there_is_not_waited_for(systems: Systems) -> None:
    absent = Port("Ethernet99", admin_state=True)
    assert systems.converge({absent.key: absent})
