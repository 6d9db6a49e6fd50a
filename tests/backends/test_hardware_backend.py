"""The hardware backend beyond what every backend has to do: bulk calls, room, leftovers, state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends import OperationFailed
from backends.hardware import HardwareBackend
from backends.hardware.backend import BULK
from backends.hardware.driver import Answer, Counters, PortStatus, Status
from backends.hardware.objects import NextHopGroup, Port, Route, RouterInterface
from backends.hardware.simulated import Fault, SimulatedAsic
from backends.hardware.state import PortState
from tests.backends.hardware_scenarios import HOP1, INTERFACES, group
from tests.backends.steps import changed, gone, made
from tests.conftest import PORTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from backends import Key, Operation


class Counting(SimulatedAsic):
    """Counts its calls, and has counted packets."""

    def __init__(self, ports: Collection[str], capacity: Mapping[str, int] | None = None) -> None:
        super().__init__(ports, capacity)
        self.calls: list[int] = []

    def bulk(self, operations: Sequence[Operation]) -> list[Answer]:
        self.calls.append(len(operations))
        return super().bulk(operations)

    def status(self, ports: Collection[str] | None) -> Mapping[str, PortStatus]:
        return {name: PortStatus(found.is_up, Counters(*range(1, 9))) for name, found in super().status(ports).items()}


def drops(count: int) -> list[Route]:
    return [Route(f"10.{number >> 8}.{number & 255}.0/24", "drop") for number in range(count)]


def failures(backend: HardwareBackend, operations: Sequence[Operation]) -> dict[int, tuple[str, str, str]]:
    with pytest.raises(OperationFailed) as refused:
        backend.execute(operations)
    return {index: tuple(failure) for index, failure in refused.value.failures.items()}  # type: ignore[misc]  # a Failure


@pytest.mark.parametrize(
    ("count", "calls"), [(0, []), (1, [1]), (BULK, [BULK]), (BULK + 1, [BULK, 1]), (2 * BULK + 5, [BULK, BULK, 5])]
)
def test_operations_go_to_the_driver_in_bulk(count: int, calls: list[int]) -> None:
    chip = Counting(PORTS)
    HardwareBackend(chip).execute(made(*drops(count)))
    assert chip.calls == calls
    assert len(list(chip.objects())) == count


@pytest.mark.parametrize("index", [0, 1, BULK - 1, BULK, BULK + 1, 2 * BULK])
def test_the_first_failure_is_named_by_its_index_and_ends_it(index: int) -> None:
    chip = Counting(PORTS)
    routes = drops(2 * BULK + 1)
    chip.inject(Fault(Status.NO_RESOURCES, key=routes[index].key))
    failure = (f"{routes[index]}: an injected fault", "NO_RESOURCES", "")
    assert failures(HardwareBackend(chip), made(*routes)) == {index: failure}
    assert list(chip.objects()) == routes[:index]
    assert len(chip.calls) == index // BULK + 1


def test_a_failure_says_which_attribute_it_is_about(hardware: HardwareBackend) -> None:
    assert failures(hardware, changed(Port("Ethernet1"), Port("Ethernet1", mtu=1))) == {
        0: ("mtu 1 is outside 68..9216", "INVALID", "mtu")
    }


class Wordless(SimulatedAsic):
    def bulk(self, operations: Sequence[Operation]) -> list[Answer]:
        return [Answer(Status.UNSUPPORTED)] * len(operations)


def test_a_failure_without_a_word_is_told_by_its_status() -> None:
    assert failures(HardwareBackend(Wordless(PORTS)), made(*drops(1))) == {0: ("UNSUPPORTED", "UNSUPPORTED", "")}


def test_the_check_names_what_finds_no_room_when_it_is_its_turn() -> None:
    backend = HardwareBackend(SimulatedAsic(PORTS, {Route.kind: 2}))
    one, two, three, four = drops(4)
    reason = "the chip's table of hardware:route is full"
    assert backend.check(made(one, two)) == {}
    assert backend.check(made(one, two, three, four)) == {2: reason, 3: reason}
    assert backend.check([*made(one, two), *gone(one), *made(three)]) == {}
    assert backend.check([*made(one, two, three), *gone(one), *made(four)]) == {2: reason}
    backend.execute(made(one, two))
    assert backend.check(made(three)) == {0: reason}
    assert backend.check([*gone(one), *made(three)]) == {}
    assert backend.check(changed(one, Route(one.prefix, "trap"))) == {}


def test_what_the_check_names_is_what_the_chip_refuses() -> None:
    chip = SimulatedAsic(PORTS, {Route.kind: 3, RouterInterface.kind: 1})
    backend = HardwareBackend(chip)
    operations = [*made(*drops(3)), *gone(drops(1)[0]), *made(RouterInterface("Loopback0", "loopback"), *drops(5)[3:])]
    (named,) = backend.check(operations)
    assert list(failures(backend, operations)) == [named]


def test_a_kind_without_a_capacity_is_not_checked() -> None:
    backend = HardwareBackend(SimulatedAsic(PORTS))
    assert backend.check(changed(Port("Ethernet1"), Port("Ethernet1", admin_state=True))) == {}


def test_everything_but_the_ports_is_owned(hardware: HardwareBackend) -> None:
    assert list(hardware.owned()) == []
    operations = [*INTERFACES, *made(HOP1, group(HOP1))]
    hardware.execute(operations)
    assert set(hardware.owned()) == {operation.resource for operation in operations}


class Closed(SimulatedAsic):
    """A chip that cannot list its objects."""

    def objects(self) -> None:  # type: ignore[override]  # as drivers may
        return None


def test_a_chip_that_cannot_list_its_objects_owns_nothing() -> None:
    backend = HardwareBackend(Closed(PORTS))
    backend.execute(made(*drops(1)))
    assert list(backend.owned()) == []


def test_ports_that_come_and_go_are_reported_by_key(hardware: HardwareBackend, chip: SimulatedAsic) -> None:
    reports: list[list[Key]] = []
    hardware.watch(lambda keys: reports.append(list(keys)))
    chip.plug("Ethernet9")
    chip.pull("Ethernet1")
    assert reports == [[("hardware:port", "Ethernet9")], [("hardware:port", "Ethernet1")]]


def test_the_state_of_a_port_is_what_it_is_told_and_what_it_does() -> None:
    backend = HardwareBackend(Counting(PORTS))
    backend.execute(changed(Port("Ethernet1"), Port("Ethernet1", admin_state=True, mtu=9000)))
    (source,) = backend.state
    found = source.read([("Ethernet1",), ("nowhere",)])
    assert {name: str(value) for name, value in found["Ethernet1",].items()} == {
        "state/name": "Ethernet1",
        "state/type": "iana-if-type:ethernetCsmacd",
        "state/mtu": "9000",
        "state/admin-status": "UP",
        "state/oper-status": "UP",
        "state/counters/in-octets": "1",
        "state/counters/in-pkts": "2",
        "state/counters/in-errors": "3",
        "state/counters/in-discards": "4",
        "state/counters/out-octets": "5",
        "state/counters/out-pkts": "6",
        "state/counters/out-errors": "7",
        "state/counters/out-discards": "8",
    }
    assert set(found) == {("Ethernet1",)}
    assert set(found["Ethernet1",]) == set(PortState.leaves)
    assert source.read([("Ethernet2",)])["Ethernet2",]["state/oper-status"] == "DOWN"
    assert set(source.read(None)) == {(name,) for name in PORTS}


def test_a_port_that_is_not_there_is_told_by_what_is_missing(hardware: HardwareBackend) -> None:
    assert hardware.state[0].read([("Ethernet99",)]) == {}
    assert hardware.state[0].missing == {"state/admin-status": "DOWN", "state/oper-status": "NOT_PRESENT"}


def test_a_group_that_is_too_large_is_refused_when_it_is_made(hardware: HardwareBackend) -> None:
    keys = tuple(("hardware:next_hop", f"10.0.0.{number}", "") for number in range(65))
    assert list(failures(hardware, made(NextHopGroup("g", keys)))) == [0]
