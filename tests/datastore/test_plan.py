"""The plan: which operations, in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from backends.kernel import resources as kernel
from backends.operation import Operation
from datastore import plan as planning
from datastore.plan import Deferred, Plan, Step, step
from datastore.wanted import Wanted
from tests.datastore.verbatim import Label, Net, Nothing, Objects, Port, Way, kept, tried

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backends.resource import Key, Resource
    from datastore.objects import ChangedObject
    from yang.schema import Schema

GATEWAY = kernel.Hop("2001:db8::2", "")
P1, P2 = Port("p1", speed=10), Port("p2", speed=10)
DOWN = Port("p1")


@pytest.fixture
def objects(schema: Schema) -> Objects:
    return Objects(schema)


def planned(
    wanted: Wanted, changed: list[ChangedObject], found: Mapping[Key, Resource] | None = None
) -> list[Operation]:
    """Return the operations of a change, in a system that is as it should be, or where `found` is found."""
    there: dict[Key, Any] = {**wanted.active, P2.key: P2, DOWN.key: wanted.active.get(DOWN.key, DOWN), **(found or {})}
    targets = planning.touched(tried(wanted, changed), wanted)
    mine = {key: there[key] for key in targets if key in there}
    bounced = planning.bounced(mine, targets, wanted)
    targets |= {key: target for key, target in bounced.items() if key not in targets}
    mine = {key: there[key] for key in targets if key in there}
    return planning.operations(mine, targets, bounced.keys(), wanted)


def told(operations: Sequence[Operation]) -> list[str]:
    return [str(operation).partition(" (")[0] for operation in operations]


def test_a_step_is_one_operation_or_two_where_a_resource_can_only_be_replaced() -> None:
    old, noted, moved = (
        Net("10.0.0.0/24", "p1"),
        Net("10.0.0.0/24", "p1", note="new"),
        Net("10.0.0.0/24", "p2", note="new"),
    )
    assert step(old, old) == ()
    assert step(None, old) == (Operation(None, old),)
    assert step(old, None) == (Operation(old, None),)
    assert step(old, noted) == (Operation(old, noted),)
    assert step(old, moved) == (Operation(old, None), Operation(None, moved))


def test_resources_come_after_what_they_need(objects: Objects) -> None:
    wanted = Wanted()
    changed = objects.change(a=(Way("w", "10.0.0.9"), Net("10.0.0.0/24", "p1"), P1))
    assert told(planned(wanted, changed)) == [
        "update test:port p1",
        "create test:net 10.0.0.0/24",
        "create test:way w",
    ]


def test_resources_go_before_what_they_need(objects: Objects) -> None:
    wanted = Wanted()
    kept(wanted, objects.change(a=(P1, Net("10.0.0.0/24", "p1"), Way("w", "10.0.0.9"))))
    assert told(planned(wanted, objects.change(a=None))) == [
        "delete test:way w",
        "delete test:net 10.0.0.0/24",
        "update test:port p1",
    ]


def test_a_released_port_is_as_if_nobody_had_configured_it(objects: Objects) -> None:
    wanted = Wanted()
    kept(wanted, objects.change(a=(P1,)))
    assert planned(wanted, objects.change(a=None)) == [Operation(P1, DOWN)]


def test_a_replaced_resource_takes_its_dependents_down_and_brings_them_back(objects: Objects) -> None:
    wanted = Wanted()
    ways = (Way("w1", "10.0.0.9"), Way("w2", "10.0.0.10"), Way("w3", "10.0.1.9"))
    nets = (Net("10.0.0.0/24", "p1"), Net("10.0.1.0/24", "p1"))
    kept(wanted, objects.change(a=(P1, P2, *ways), net=nets))
    assert told(planned(wanted, objects.change(net=(Net("10.0.0.0/24", "p2"), nets[1])))) == [
        "delete test:way w1",
        "delete test:way w2",
        "delete test:net 10.0.0.0/24",
        "create test:net 10.0.0.0/24",
        "create test:way w1",
        "create test:way w2",
    ]


def test_a_change_in_place_leaves_the_dependents_alone(objects: Objects) -> None:
    wanted = Wanted()
    kept(wanted, objects.change(a=(P1, Way("w", "10.0.0.9")), net=(Net("10.0.0.0/24", "p1"),)))
    changed = objects.change(net=(Net("10.0.0.0/24", "p1", note="new"),))
    assert told(planned(wanted, changed)) == ["update test:net 10.0.0.0/24"]


def test_what_a_changed_resource_needed_goes_after_the_change(objects: Objects) -> None:
    wanted = Wanted()
    wide, narrow = Net("10.0.0.0/8", "p1"), Net("10.0.0.0/24", "p1")
    kept(wanted, objects.change(a=(P1, wide, Way("w", "10.0.0.9")), narrow=(narrow,)))
    assert told(planned(wanted, objects.change(narrow=None))) == ["update test:way w", "delete test:net 10.0.0.0/24"]


def test_what_two_offered_goes_after_the_change_in_both(objects: Objects) -> None:
    wanted = Wanted()
    one, two, other = Label("one", "p1", 1), Label("two", "p1", 1), Label("other", "p2", 2)
    kept(wanted, objects.change(a=(P1, P2, other), labels=(one, two), way=(Way("w", number=1),)))
    assert told(planned(wanted, objects.change(labels=None, way=(Way("w", number=2),)))) == [
        "update test:way w",
        "delete test:label one",
        "delete test:label two",
    ]


def test_a_port_is_set_down_after_the_way_through_it_has_moved(objects: Objects) -> None:
    wanted = Wanted()
    one, two = Label("one", "p1", 1), Label("two", "p2", 2)
    kept(wanted, objects.change(port=(P1,), a=(P2, two), one=(one,), way=(Way("w", number=1),)))
    # the label goes late, and needs the port to be up until then
    changed = objects.change(port=(Port("p1"),), one=None, way=(Way("w", number=2),))
    assert told(planned(wanted, changed)) == ["update test:way w", "delete test:label one", "update test:port p1"]


def test_a_port_that_offers_something_new_is_changed_first(objects: Objects) -> None:
    wanted = Wanted()
    kept(wanted, objects.change(port=(DOWN,), label=(Label("one", "p1", 1),)))
    changed = objects.change(port=(P1,))
    assert told(planned(wanted, changed)) == ["update test:port p1", "create test:label one"]


@pytest.mark.parametrize("more", [{"enabled": False, "mtu": 1400}, {"enabled": True, "mtu": 1200}])
def test_what_a_port_would_drop_that_has_to_change_first_is_taken_away_before(
    objects: Objects, more: dict[str, Any]
) -> None:
    wanted = Wanted()
    one, two = kernel.Port("one", enabled=True), kernel.Port("two", enabled=True)
    vlan = kernel.VlanLink("one.10", "one", 10, enabled=True, alias="")
    address = kernel.Address("one", "2001:db8::1", 64)
    moved, stays = (kernel.Route(f"2001:db8:{name}::/48", 1024, (GATEWAY,)) for name in "ab")
    both = replace(stays, next_hops=(kernel.Hop("", "two"), GATEWAY))
    kept(wanted, objects.change(one=(one,), two=(two,), vlan=(vlan,), address=(address,), moved=(moved,), both=(both,)))
    changed = objects.change(
        one=(kernel.Port("one", **more),), moved=(replace(moved, next_hops=(kernel.Hop("", "two"),)),)
    )
    # the VLAN and the route that has another way live on without; the address goes with the port's IPv6
    assert told(planned(wanted, changed, {one.key: one, two.key: two})) == [
        "delete kernel:route 2001:db8:a::/48 1024",
        "delete kernel:address one 2001:db8::1",
        "update kernel:port one",
        "update kernel:vlan one.10",
        "create kernel:route 2001:db8:a::/48 1024",
        "update kernel:route 2001:db8:b::/48 1024",
    ]


def test_what_follows_a_port_that_has_to_change_first_may_lose_something_with_it(objects: Objects) -> None:
    wanted = Wanted()
    one, two = kernel.Port("one", enabled=True), kernel.Port("two", enabled=True)
    ten, twenty = (kernel.VlanLink(f"one.{tag}", "one", tag, enabled=True, alias="") for tag in (10, 20))
    address = kernel.Address("one.20", "2001:db8::1", 64)
    route = kernel.Route("2001:db8:a::/48", 1024, (GATEWAY,))
    kept(wanted, objects.change(one=(one,), two=(two,), ten=(ten,), twenty=(twenty, address), route=(route,)))
    low = kernel.Port("one", enabled=True, mtu=1200)
    changed = objects.change(one=(low,), twenty=None, two=(two, replace(address, interface="two")))
    # the VLAN that goes gets the port's MTU at once, and with it loses IPv6
    assert told(planned(wanted, changed, {one.key: one, two.key: two})) == [
        "delete kernel:route 2001:db8:a::/48 1024",
        "delete kernel:address one.20 2001:db8::1",
        "delete kernel:vlan one.20",
        "update kernel:port one",
        "update kernel:vlan one.10",
        "create kernel:address two 2001:db8::1",
        "create kernel:route 2001:db8:a::/48 1024",
    ]


def test_a_port_changes_after_what_has_moved_away_from_a_vlan_of_it_that_goes(objects: Objects) -> None:
    wanted = Wanted()
    one, two = kernel.Port("one", enabled=True), kernel.Port("two", enabled=True)
    vlan = kernel.VlanLink("one.10", "one", 10, enabled=True, alias="")
    address = kernel.Address("one.10", "2001:db8::1", 64)
    route = kernel.Route("2001:db8:a::/48", 1024, (GATEWAY,))
    kept(wanted, objects.change(one=(one,), two=(two,), vlan=(vlan, address), route=(route,)))
    low = kernel.Port("one", enabled=True, mtu=1200)
    changed = objects.change(one=(low,), vlan=None, two=(two, replace(address, interface="two")))
    assert told(planned(wanted, changed, {one.key: one, two.key: two})) == [
        "create kernel:address two 2001:db8::1",
        "update kernel:route 2001:db8:a::/48 1024",
        "delete kernel:address one.10 2001:db8::1",
        "delete kernel:vlan one.10",
        "update kernel:port one",
    ]


def test_what_only_one_can_have_is_given_up_before_another_takes_it(objects: Objects) -> None:
    wanted = Wanted()
    old, new, way = Label("old", "p1", 1), Label("new", "p1", 1), Way("w", number=1)
    kept(wanted, objects.change(a=(P1,), label=(old,), way=(way,)))
    assert told(planned(wanted, objects.change(label=(new,)))) == [
        "delete test:way w",
        "delete test:label old",
        "create test:label new",
        "create test:way w",
    ]


def test_what_is_replaced_takes_what_another_one_gives_up(objects: Objects) -> None:
    wanted = Wanted()
    ten, twenty = (kernel.VlanLink(f"one.{tag}", "one", tag, enabled=True, alias="") for tag in (10, 20))
    one = kernel.Port("one", enabled=True)
    addresses = [kernel.Address(link, f"10.0.{at}.1", 24) for at, link in enumerate(("one.10", "one"))]
    through = kernel.Route("192.0.2.0/24", 0, (kernel.Hop("10.0.0.2", ""),))
    kept(wanted, objects.change(one=(one, addresses[1]), ten=(ten, addresses[0]), twenty=(twenty,), through=(through,)))
    # the route would keep the VLAN that goes until it has moved, but its number is needed before
    moved = replace(through, next_hops=(kernel.Hop("10.0.1.2", ""),))
    changed = objects.change(ten=None, twenty=(replace(twenty, vlan_id=10),), through=(moved,))
    assert told(planned(wanted, changed, {one.key: one})) == [
        "delete kernel:route 192.0.2.0/24 0",
        "delete kernel:address one.10 10.0.0.1",
        "delete kernel:vlan one.10",
        "delete kernel:vlan one.20",
        "create kernel:vlan one.20",
        "create kernel:route 192.0.2.0/24 0",
    ]


def test_a_network_may_be_offered_by_both_for_a_moment(objects: Objects) -> None:
    wanted = Wanted()
    wide, old, new = Net("10.0.0.0/8", "p1"), Net("10.0.0.0/25", "p1"), Net("10.0.0.0/24", "p1")
    kept(wanted, objects.change(a=(P1, wide), net=(old,), way=(Way("w", "10.0.0.9"),)))
    assert told(planned(wanted, objects.change(net=(new,)))) == [
        "create test:net 10.0.0.0/24",
        "update test:way w",
        "delete test:net 10.0.0.0/25",
    ]


def test_what_leaves_a_replaced_resource_in_the_same_change_is_down_meanwhile(objects: Objects) -> None:
    wanted = Wanted()
    nets = (Net("10.0.0.0/24", "p1"), Net("10.0.1.0/24", "p1"))
    kept(wanted, objects.change(a=(P1, P2), net=nets, way=(Way("w", "10.0.0.9"),)))
    changed = objects.change(net=(Net("10.0.0.0/24", "p2"), nets[1]), way=(Way("w", "10.0.1.9"),))
    assert told(planned(wanted, changed)) == [
        "delete test:way w",
        "delete test:net 10.0.0.0/24",
        "create test:net 10.0.0.0/24",
        "create test:way w",
    ]


def test_a_resource_that_is_there_already_is_not_made_again(objects: Objects) -> None:
    net = Net("10.0.0.0/24", "p1")
    assert told(planned(Wanted(), objects.change(a=(P1, net)), {net.key: net})) == ["update test:port p1"]


def test_a_resource_that_is_there_differently_is_changed_from_what_it_is(objects: Objects) -> None:
    there, net = Net("10.0.0.0/24", "p1", note="foreign"), Net("10.0.0.0/24", "p1")
    operations = planned(Wanted(), objects.change(a=(P1, net)), {net.key: there})
    assert Operation(there, net) in operations


def test_a_resource_that_turns_out_to_be_replaced_takes_its_dependents_down(objects: Objects) -> None:
    wanted = Wanted()
    net, way = Net("10.0.0.0/24", "p1"), Way("w", "10.0.0.9")
    kept(wanted, objects.change(a=(P1, way), net=(net,)))
    # somebody has moved it behind our back, so that a change in place will not do
    changed = objects.change(net=(Net("10.0.0.0/24", "p1", note="new"),))
    assert told(planned(wanted, changed, {net.key: Net("10.0.0.0/24", "p2")})) == [
        "delete test:way w",
        "delete test:net 10.0.0.0/24",
        "create test:net 10.0.0.0/24",
        "create test:way w",
    ]


def test_a_port_that_has_gone_is_left_alone() -> None:
    assert planning.operations({}, {P1.key: P1}, (), Wanted()) == []


def test_a_port_that_has_come_is_left_alone() -> None:
    assert planning.operations({P1.key: P1}, {P1.key: None}, (), Wanted()) == []


def test_what_depends_on_something_that_goes_is_looked_at_too(objects: Objects) -> None:
    wanted = Wanted()
    one, two = Label("one", "p1", 1), Label("two", "p1", 1)
    kept(wanted, objects.change(a=(P1, two), one=(one,), way=(Way("w", number=1),)))
    targets = planning.touched(tried(wanted, objects.change(one=None)), wanted)
    assert targets == {one.key: None, ("test:way", "w"): Way("w", number=1, through="two")}


def test_all_that_depends_on_a_port_is_found(objects: Objects) -> None:
    wanted = Wanted()
    net, way, other = Net("10.0.0.0/24", "p1"), Way("w", "10.0.0.9"), Net("10.0.1.0/24", "p2")
    kept(wanted, objects.change(a=(P1, P2, net, way, other)))
    assert planning.depending([P1.key], wanted).keys() == {P1.key, net.key, ("test:way", "w")}


def plan_of(*operations: Operation) -> Plan:
    backend = Nothing()
    return Plan([Step(backend, operation, None) for operation in operations])


def test_the_id_of_a_plan_is_the_same_for_the_same_operations() -> None:
    one, two = Operation(None, P1), Operation(P1, P2)
    assert plan_of(one, two).id == plan_of(one, two).id
    assert len(plan_of(one).id) == 64


def test_the_id_of_a_plan_differs_with_its_operations_and_their_order() -> None:
    one, two = Operation(None, P1), Operation(None, P2)
    plans = [
        plan_of(),
        plan_of(one),
        plan_of(one.inverse()),
        plan_of(one, two),
        plan_of(two, one),
        plan_of(Operation(DOWN, P1)),
    ]
    assert len({plan.id for plan in plans}) == len(plans)


def test_batches_are_runs_of_steps_to_one_backend() -> None:
    first, second = Nothing(), Nothing()
    steps = [Step(backend, Operation(None, P1), None) for backend in (first, first, second, first)]
    batches = [(backend, len(batch)) for backend, batch in Plan(steps).batches()]
    assert batches == [(first, 2), (second, 1), (first, 1)]
    assert list(Plan([]).batches()) == []


def test_a_plan_reads_as_numbered_lines() -> None:
    backend = Nothing()
    plan = Plan(
        [Step(backend, Operation(DOWN, P1), None), Step(backend, Operation(None, Label("a", "p1", 1)), None)],
        [Deferred(("test:port", "p9"), None, "test:port p9 is not there")],
    )
    assert str(plan).splitlines() == [
        "1. test: update test:port p1 (speed 0 -> 10)",
        "2. test: create test:label a (port 'p1', number 1)",
        "later: test:port p9: test:port p9 is not there",
    ]
    assert str(Plan([])) == "nothing to do"
