"""The simulated chip: tables with room and references, faults on demand, ports that are plugged and pulled."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from backends import Operation, Resource
from backends.hardware.driver import Answer, Capabilities, Counters, PortStatus, Status
from backends.hardware.objects import OBJECTS, Neighbor, NextHop, NextHopGroup, Object, Port, Route, RouterInterface
from backends.hardware.simulated import CAPACITY, GROUP_SIZE, Fault, SimulatedAsic
from backends.kernel.resources import Address
from tests.backends.hardware_scenarios import ETHERNET1, HOP1, HOP2, INTERFACES, group, next_hop, port_interface
from tests.backends.steps import changed, gone, made
from tests.conftest import PORTS

if TYPE_CHECKING:
    from collections.abc import Sequence

MAC = "02:00:00:00:00:01"
DROP = Route("192.0.2.0/24", "drop")


def statuses(chip: SimulatedAsic, operations: Sequence[Operation]) -> list[str]:
    return [str(answer.status) for answer in chip.bulk(operations)]


def refusal(chip: SimulatedAsic, operation: Operation) -> Answer:
    """Return the answer to an operation, which leaves the chip as it was."""
    before = (set(chip.objects()), chip.availability())
    (answer,) = chip.bulk([operation])
    assert (set(chip.objects()), chip.availability()) == before
    return answer


def accept(chip: SimulatedAsic, operations: Sequence[Operation]) -> None:
    assert set(statuses(chip, operations)) == {"OK"}


def test_a_chip_has_its_ports_and_nothing_else(chip: SimulatedAsic) -> None:
    keys = [Port(name).key for name in PORTS]
    assert chip.get(keys) == {key: Port(key[1]) for key in keys}
    assert list(chip.objects()) == []
    assert chip.get([DROP.key, Port("Ethernet99").key]) == {}


def test_a_chip_tells_what_it_can_do(chip: SimulatedAsic) -> None:
    assert chip.capabilities() == Capabilities(frozenset(kind.kind for kind in OBJECTS), CAPACITY, GROUP_SIZE)
    smaller = SimulatedAsic(PORTS, {Route.kind: 2})
    assert smaller.capabilities().capacity == {**CAPACITY, Route.kind: 2}


def test_every_operation_has_its_answer_up_to_the_first_error(chip: SimulatedAsic) -> None:
    answers = chip.bulk([*INTERFACES[:2], *made(DROP, DROP, HOP1), *gone(DROP)])
    assert [str(answer.status) for answer in answers] == ["OK", "OK", "OK", "EXISTS", "NOT_EXECUTED", "NOT_EXECUTED"]
    assert answers[3].detail == "hardware:route 192.0.2.0/24 is there already"
    assert chip.get([DROP.key, HOP1.key]) == {DROP.key: DROP}
    assert chip.bulk([]) == []


@pytest.mark.parametrize(
    ("operation", "status", "attribute"),
    [
        (Operation(DROP, None), Status.NOT_FOUND, ""),
        (Operation(DROP, Route("192.0.2.0/24", "trap")), Status.NOT_FOUND, ""),
        (Operation(None, ETHERNET1), Status.EXISTS, ""),
        (Operation(None, Port("Ethernet1")), Status.EXISTS, ""),
        (Operation(None, Port("Ethernet99")), Status.UNSUPPORTED, ""),
        (Operation(Port("Ethernet1"), None), Status.UNSUPPORTED, ""),
        (Operation(Port("Ethernet99"), Port("Ethernet99", admin_state=True)), Status.NOT_FOUND, ""),
        (Operation(None, Address("Ethernet1", "10.0.0.1", 24)), Status.UNSUPPORTED, ""),
        (Operation(ETHERNET1, None), Status.IN_USE, ""),
        (Operation(HOP1, None), Status.IN_USE, ""),
        (Operation(group(HOP1), None), Status.IN_USE, ""),
        (Operation(None, port_interface("Ethernet99")), Status.NOT_FOUND, ""),
        (Operation(None, Neighbor("Ethernet7", "10.0.0.2", MAC)), Status.NOT_FOUND, ""),
        (Operation(None, next_hop("10.0.0.9", "Ethernet7")), Status.NOT_FOUND, ""),
        (Operation(None, group(HOP2, next_hop("10.0.0.9", "Ethernet7"), name="x")), Status.NOT_FOUND, ""),
        (Operation(None, Route("198.51.100.0/24", "forward", group(name="nowhere").key)), Status.NOT_FOUND, ""),
        (Operation(Port("Ethernet1"), Port("Ethernet1", mtu=67)), Status.INVALID, "mtu"),
        (Operation(Port("Ethernet1"), Port("Ethernet1", mtu=9217)), Status.INVALID, "mtu"),
        (Operation(None, RouterInterface("x", "sub_port", "Ethernet1", 0)), Status.INVALID, "vlan_id"),
        (Operation(None, RouterInterface("x", "sub_port", "Ethernet1", 4095)), Status.INVALID, "vlan_id"),
        (Operation(None, RouterInterface("x", "tunnel", "Ethernet1")), Status.INVALID, "type"),
        (Operation(None, RouterInterface("x", "loopback", "Ethernet1")), Status.INVALID, "type"),
        (Operation(None, RouterInterface("x", "port")), Status.INVALID, "type"),
        (Operation(None, NextHopGroup("x", ())), Status.INVALID, "members"),
        (Operation(None, NextHopGroup("x", (Port("Ethernet1").key,))), Status.INVALID, "members"),
        (Operation(None, Route("198.51.100.0/24", "forward")), Status.INVALID, "action"),
        (Operation(None, Route("198.51.100.0/24", "drop", HOP1.key)), Status.INVALID, "action"),
        (Operation(None, Route("198.51.100.0/24", "bounce")), Status.INVALID, "action"),
        (Operation(None, Route("198.51.100.0/24", "forward", Port("Ethernet1").key)), Status.INVALID, "target"),
        (Operation(HOP1, NextHop(HOP1.address, "", "Ethernet2")), Status.UNSUPPORTED, "router_interface"),
        (Operation(ETHERNET1, RouterInterface("Ethernet1", "loopback")), Status.UNSUPPORTED, "type"),
    ],
    ids=str,
)
def test_what_the_chip_refuses_leaves_no_trace(operation: Operation, status: Status, attribute: str) -> None:
    chip = SimulatedAsic(PORTS)
    accept(
        chip, [*INTERFACES, *made(HOP1, HOP2, group(HOP1)), *made(Route("203.0.113.0/24", "forward", group(HOP1).key))]
    )
    answer = refusal(chip, operation)
    assert (answer.status, answer.attribute) == (status, attribute)
    assert answer.detail


def test_a_full_table_takes_nothing_more_until_something_goes() -> None:
    chip = SimulatedAsic(PORTS, {Route.kind: 2})
    one, two, three = (Route(f"192.0.2.{number}/32", "drop") for number in range(3))
    assert statuses(chip, made(one, two, three)) == ["OK", "OK", "NO_RESOURCES"]
    assert chip.availability()[Route.kind] == 0
    accept(chip, changed(one, Route(one.prefix, "trap")))
    accept(chip, [*gone(two), *made(three)])
    assert chip.availability()[Route.kind] == 0


def test_a_group_has_room_for_so_many_next_hops(chip: SimulatedAsic) -> None:
    hops = [next_hop(f"10.0.1.{number + 2}", "Ethernet1") for number in range(GROUP_SIZE + 1)]
    accept(chip, [*INTERFACES, *made(*hops), *made(group(*hops[:-1]))])
    answer = refusal(chip, Operation(group(*hops[:-1]), group(*hops)))
    assert (answer.status, answer.attribute) == (Status.NO_RESOURCES, "members")


def test_what_is_referred_to_is_counted_through_updates(chip: SimulatedAsic) -> None:
    route, other = Route("192.0.2.0/24", "forward", HOP1.key), Route("192.0.2.0/24", "forward", HOP2.key)
    accept(chip, [*INTERFACES, *made(HOP1, HOP2, route), *changed(route, other, route, other), *gone(HOP1)])
    assert statuses(chip, gone(HOP2)) == ["IN_USE"]
    accept(chip, [*changed(other, Route("192.0.2.0/24", "drop")), *gone(HOP2)])


def test_a_member_that_is_named_twice_is_let_go_once(chip: SimulatedAsic) -> None:
    twice = NextHopGroup("g", (HOP1.key, HOP1.key))
    accept(chip, [*INTERFACES, *made(HOP1, twice), *gone(twice, HOP1)])


def test_a_fault_happens_once_after_so_many_operations(chip: SimulatedAsic) -> None:
    chip.inject(Fault(Status.INVALID, after=2))
    one, two, three = (Route(f"192.0.2.{number}/32", "drop") for number in range(3))
    assert statuses(chip, made(one)) == ["OK"]
    answers = chip.bulk(made(two, three))
    assert [answer.status for answer in answers] == [Status.OK, Status.INVALID]
    assert answers[1].detail == "hardware:route 192.0.2.2/32: an injected fault"
    accept(chip, made(three))


def test_several_faults_happen_each_in_its_turn(chip: SimulatedAsic) -> None:
    for after in (0, 0, 3):
        chip.inject(Fault(Status.NO_RESOURCES, after=after))
    routes = [Route(f"192.0.2.{number}/32", "drop") for number in range(6)]
    assert [statuses(chip, made(route)) for route in routes] == [
        ["NO_RESOURCES"],
        ["NO_RESOURCES"],
        ["OK"],
        ["NO_RESOURCES"],
        ["OK"],
        ["OK"],
    ]


def test_a_fault_of_an_object_happens_every_time_until_it_is_taken_back(chip: SimulatedAsic) -> None:
    chip.inject(Fault(Status.LOST, key=DROP.key, detail="dead cell"))
    assert chip.bulk(made(DROP)) == [Answer(Status.LOST, "hardware:route 192.0.2.0/24: dead cell")]
    assert statuses(chip, made(Route("198.51.100.0/24", "drop"))) == ["OK"]
    assert statuses(chip, made(DROP)) == ["LOST"]
    chip.inject(None)
    accept(chip, made(DROP))


def test_a_fault_of_an_object_strikes_its_removal_too(chip: SimulatedAsic) -> None:
    accept(chip, made(DROP))
    chip.inject(Fault(key=DROP.key, status=Status.IN_USE))
    assert refusal(chip, Operation(DROP, None)).status is Status.IN_USE


def test_a_port_that_is_plugged_is_there_and_reported(chip: SimulatedAsic) -> None:
    events: list[list[str]] = []
    chip.watch(lambda names: events.append(list(names)))
    chip.watch(lambda names: events.append(["again", *names]))
    chip.plug("Ethernet9")
    assert chip.get([Port("Ethernet9").key]) == {Port("Ethernet9").key: Port("Ethernet9")}
    assert events == [["Ethernet9"], ["again", "Ethernet9"]]


def test_a_port_that_is_plugged_twice_stays_as_it_is(chip: SimulatedAsic) -> None:
    accept(chip, changed(Port("Ethernet1"), Port("Ethernet1", admin_state=True)))
    chip.plug("Ethernet1")
    assert chip.get([Port("Ethernet1").key]) == {Port("Ethernet1").key: Port("Ethernet1", admin_state=True)}


def test_a_port_that_is_pulled_takes_along_what_refers_to_it(chip: SimulatedAsic) -> None:
    stays: list[Resource] = [port_interface("Ethernet2"), HOP2, Route("198.51.100.0/24", "forward", HOP2.key)]
    goes = [
        HOP1,
        group(HOP1, HOP2),
        Neighbor("Ethernet1", "10.0.1.2", MAC),
        Route("203.0.113.0/24", "forward", HOP1.key),
    ]
    whole = Route("192.0.2.0/24", "forward", group(HOP1).key)
    accept(chip, [*made(ETHERNET1, stays[0], HOP1, HOP2), *made(*goes[1:], stays[2], whole)])
    events: list[list[str]] = []
    chip.watch(lambda names: events.append(list(names)))
    chip.pull("Ethernet1")
    assert set(chip.objects()) == set(stays)
    assert chip.get([Port("Ethernet1").key]) == {}
    assert events == [["Ethernet1"]]
    used = {kind: CAPACITY[kind] - free for kind, free in chip.availability().items()}
    assert used == {RouterInterface.kind: 1, Neighbor.kind: 0, NextHop.kind: 1, NextHopGroup.kind: 0, Route.kind: 1}
    accept(chip, gone(stays[2], HOP2, stays[0]))


def test_a_port_that_comes_back_is_as_new(chip: SimulatedAsic) -> None:
    accept(chip, [*changed(Port("Ethernet1"), Port("Ethernet1", admin_state=True, mtu=9000)), *INTERFACES])
    chip.pull("Ethernet1")
    chip.plug("Ethernet1")
    assert chip.get([Port("Ethernet1").key]) == {Port("Ethernet1").key: Port("Ethernet1")}
    accept(chip, made(ETHERNET1))


def test_pulling_what_is_not_there_is_only_reported(chip: SimulatedAsic) -> None:
    events: list[list[str]] = []
    chip.watch(lambda names: events.append(list(names)))
    chip.pull("Ethernet99")
    assert events == [["Ethernet99"]]
    assert len(chip.status(None)) == len(PORTS)


def test_whoever_is_told_of_a_port_may_ask_the_chip(chip: SimulatedAsic) -> None:
    found: list[object] = []
    chip.watch(lambda names: found.append(chip.get([Port(name).key for name in names])))
    chip.plug("Ethernet9")
    assert found == [{Port("Ethernet9").key: Port("Ethernet9")}]


def test_a_port_is_up_when_it_is_told_to_be(chip: SimulatedAsic) -> None:
    accept(chip, changed(Port("Ethernet1"), Port("Ethernet1", admin_state=True)))
    down, up = PortStatus(is_up=False, counters=Counters()), PortStatus(is_up=True, counters=Counters())
    assert chip.status(["Ethernet1", "Ethernet2", "Ethernet99"]) == {"Ethernet1": up, "Ethernet2": down}
    assert set(chip.status(None)) == set(PORTS)


def test_several_threads_may_use_the_chip(chip: SimulatedAsic) -> None:
    failed: list[object] = []

    def work(number: int) -> None:
        routes: list[Object] = [Route(f"10.{number}.{third}.0/24", "drop") for third in range(100)]
        for _ in range(10):
            failed.extend(status for status in statuses(chip, [*made(*routes), *gone(*routes)]) if status != "OK")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert chip.availability() == CAPACITY
