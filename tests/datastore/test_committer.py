"""The commit: everywhere or nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.hardware.driver import Status
from backends.hardware.objects import NextHop, Route, RouterInterface
from backends.hardware.objects import Port as ChipPort
from backends.hardware.simulated import Fault
from backends.kernel.resources import Address, Port
from backends.operation import Operation
from datastore.errors import CommitFailed, NotTranslatable, UnsupportedValue, ValidationFailed
from tests.datastore.rig import AFTER, BEFORE, ME
from tests.openconfig import INTERFACES, interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from datastore.committer import Committed
    from nos_mgmt.device import Device
    from tests.conftest import Client
    from tests.datastore.rig import Rig

PORT = "/openconfig-interfaces:interfaces/interface[name='Ethernet1']"
STATIC = (
    "/openconfig-network-instance:network-instances/network-instance[name='DEFAULT']/protocols"
    "/protocol[identifier='openconfig-policy-types:STATIC'][name='static']/static-routes/static[prefix='192.0.2.0/24']"
)


def refused(rig: Rig, *contents: str) -> CommitFailed:
    """Return the error of a commit that has to fail, having looked that it left nothing."""
    running, systems = rig.committer.running, rig.systems()
    with pytest.raises(CommitFailed) as failed:
        rig.commit(*contents)
    assert rig.committer.running is running
    assert rig.systems() == systems
    return failed.value


def test_a_commit_reaches_all_systems_and_moves_running(rig: Rig) -> None:
    done = rig.commit(BEFORE)
    assert done.commit_id == 1
    assert rig.committer.running == rig.tree(BEFORE)
    assert Address("Ethernet1", "10.0.0.1", 24).key in rig.paper.there
    assert Route("10.0.0.0/24", "forward").key in rig.chip._objects
    assert rig.history.configuration() == rig.tree(BEFORE)


def test_a_commit_does_just_what_the_plan_says(rig: Rig) -> None:
    rig.commit(BEFORE)
    for content in (AFTER, BEFORE, ""):
        systems = rig.systems()
        plan = rig.committer.plan(rig.tree(content))
        assert rig.systems() == systems
        rig.kernel.executed.clear()
        rig.hardware.executed.clear()
        done: Committed = rig.commit(content)
        assert done.plan.id == plan.id
        for backend in (rig.kernel, rig.hardware):
            assert backend.executed == [step.operation for step in plan.steps if step.backend is backend]
        there = {**rig.paper.there, **rig.chip._objects}
        assert {key: there.get(key) for key in plan.targets} == plan.targets


def test_each_system_gets_what_has_one_rank_at_once(rig: Rig) -> None:
    routes = static_routes(*(route(f"100.64.{number}.0/24", "DROP") for number in range(50)))
    for content, last in ((routes, rig.hardware), ("", rig.kernel)):
        batches = list(rig.commit(content).plan.batches())
        assert [len(steps) for _, steps in batches] == [50, 50]
        assert batches[-1][0] is last


def test_a_commit_of_nothing_writes_nothing(rig: Rig) -> None:
    assert rig.commit("").commit_id is None
    assert list(rig.history.commits()) == []


def test_an_equal_configuration_is_no_change(rig: Rig) -> None:
    rig.commit(BEFORE)
    assert rig.commit(BEFORE).commit_id is None


def test_a_refused_operation_takes_back_those_before_it(rig: Rig) -> None:
    rig.commit(BEFORE)
    rig.chip.inject(Fault(Status.NO_RESOURCES, key=("hardware:route", "203.0.113.0/24")))
    error = refused(rig, AFTER)
    assert error.app_tag == "hardware-NO_RESOURCES"
    assert "hardware refused to create hardware:route 203.0.113.0/24" in error.message
    assert str(error.path).endswith("/static[prefix='203.0.113.0/24']/next-hops/next-hop[index='0']/config/next-hop")
    assert rig.states() == ["sealed", "aborted"]
    assert list(rig.history.commits())[-1].reason == error.message
    assert rig.committer.out_of_step == ()


def test_a_refused_commit_succeeds_once_its_cause_is_gone(rig: Rig) -> None:
    rig.commit(BEFORE)
    rig.chip.inject(Fault(Status.NO_RESOURCES, after=2))
    refused(rig, AFTER)
    assert rig.commit(AFTER).commit_id == 3
    fresh = rig.systems()
    rig.commit("")
    rig.commit(AFTER)
    assert rig.systems() == fresh


def test_broken_rules_are_told_all_at_once(client: Client, device: Device) -> None:
    client.edit(f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet1</name></interface></interfaces>')
    with pytest.raises(ValidationFailed) as broken:
        device.datastores.commit(1, ME)
    assert {error.app_tag for error in broken.value.errors} == {None, "instance-required"}


def test_a_value_that_no_backend_has_is_refused_at_its_leaf(rig: Rig) -> None:
    with pytest.raises(UnsupportedValue, match=r"l2vlan is not supported here: .*ethernetCsmacd") as failed:
        rig.commit(interfaces(interface("Ethernet1", type_="l2vlan")))
    assert str(failed.value.path) == f"{PORT}/config/type"
    assert rig.states() == []


def test_what_a_backend_cannot_translate_is_refused_at_its_leaf(rig: Rig) -> None:
    with pytest.raises(NotTranslatable, match=r"192\.0\.2\.1/24 has host bits set") as failed:
        rig.commit(static_routes(route("192.0.2.1/24", "DROP")))
    assert str(failed.value.path).endswith("/static[prefix='192.0.2.1/24']/config/prefix")
    assert rig.commit(BEFORE).commit_id == 1


def test_a_refusal_that_can_be_told_beforehand_changes_nothing(rig: Rig) -> None:
    rig.commit(BEFORE)
    rig.chip._capacity[Route.kind] = len([key for key in rig.chip._objects if key[0] == Route.kind])
    rig.hardware.executed.clear()
    error = refused(rig, BEFORE, static_routes(route("203.0.113.0/24", "10.0.0.2")))
    assert "the chip's table of hardware:route is full" in error.message
    assert str(error.path).endswith("/static[prefix='203.0.113.0/24']/next-hops/next-hop[index='0']/config/next-hop")
    assert rig.hardware.executed == []
    assert rig.states() == ["sealed"]


@pytest.mark.parametrize(
    ("key", "content", "path"),
    [
        (ChipPort("Ethernet1").key, interface("Ethernet1", mtu=1400), f"{PORT}/config/mtu"),
        (ChipPort("Ethernet1").key, interface("Ethernet1", description="x"), f"{PORT}/config/description"),
        (Port("Ethernet1").key, interface("Ethernet1", enabled=False), f"{PORT}/config/enabled"),
        (RouterInterface("Ethernet1", "port").key, interface("Ethernet1"), f"{PORT}/config/name"),
        (
            Address("Ethernet1", "10.0.0.1", 24).key,
            interface("Ethernet1", "10.0.0.1/24"),
            f"{PORT}/subinterfaces/subinterface[index='0']/openconfig-if-ip:ipv4/addresses/address[ip='10.0.0.1']/config/",
        ),
    ],
)
def test_a_refusal_is_told_at_the_leaf_it_comes_from(rig: Rig, key: tuple[str, ...], content: str, path: str) -> None:
    if not path.endswith("/config/name"):
        rig.commit(interfaces(interface("Ethernet1")))
    backend = rig.hardware if key[0].startswith("hardware") else rig.kernel
    backend.refuses_always.add(key)
    with pytest.raises(CommitFailed) as failed:
        rig.commit(interfaces(content))
    assert str(failed.value.path).startswith(path)
    assert failed.value.app_tag == f"{backend.name}-EINJECTED"


@pytest.mark.parametrize(
    ("hops", "leaf"),
    [
        (["10.0.0.2"], "/next-hops/next-hop[index='0']/config/next-hop"),
        (["10.0.0.2", "10.0.0.3"], "/config/prefix"),
        (["@Ethernet1"], "/next-hops/next-hop[index='0']/interface-ref/config/interface"),
        (["DROP"], "/next-hops/next-hop[index='0']/config/next-hop"),
    ],
)
def test_a_refused_route_is_told_at_its_next_hop_if_it_has_one(rig: Rig, hops: list[str], leaf: str) -> None:
    rig.commit(interfaces(interface("Ethernet1", "10.0.0.1/24")))
    rig.hardware.refuses_always.add(Route("192.0.2.0/24", "drop").key)
    error = refused(
        rig, interfaces(interface("Ethernet1", "10.0.0.1/24")) + static_routes(route("192.0.2.0/24", *hops))
    )
    assert str(error.path) == STATIC + leaf


def test_a_refused_removal_is_told_at_what_was_there(rig: Rig) -> None:
    rig.commit(interfaces(interface("Ethernet1")) + static_routes(route("192.0.2.0/24", "DROP")))
    rig.hardware.refuses_always.add(Route("192.0.2.0/24", "drop").key)
    error = refused(rig, interfaces(interface("Ethernet1")))
    assert str(error.path).startswith(STATIC)


@pytest.mark.parametrize(
    ("content", "key", "said"),
    [
        (BEFORE, Route("192.0.2.0/24", "").key, "hardware:route 192.0.2.0/24 is not there"),
        (BEFORE, ChipPort("Ethernet1").key, "mtu is 1500 instead of 9000"),
        ("", ChipPort("Ethernet5").key, "description is 'five' instead of ''"),
        ("", Route("10.5.0.1/32", "").key, "hardware:route 10.5.0.1/32 is still there"),
    ],
)
def test_a_backend_that_says_ok_and_does_nothing_fails_the_commit(
    rig: Rig, content: str, key: tuple[str, ...], said: str
) -> None:
    rig.commit(interfaces(interface("Ethernet5", "10.5.0.1/24", description="five")))
    rig.hardware.ignored.add(key)
    error = refused(rig, content)
    assert "it said that it was done, and then: " in error.message
    assert said in error.message
    assert error.app_tag == "hardware-VERIFY"
    assert error.path is not None
    rig.hardware.ignored.clear()
    rig.commit(content)


def test_what_a_system_drops_of_what_depends_on_a_change_is_put_back(rig: Rig) -> None:
    rig.commit(BEFORE)
    dropped = Route("198.51.100.0/24", "forward", NextHop("10.0.1.2").key)
    assert rig.chip._objects[dropped.key] == dropped
    # as the kernel does when an address goes
    gone = RouterInterface("Ethernet1", "port").key

    def drop() -> None:
        rig.hardware.after.clear()
        rig.chip.bulk([Operation(dropped, None)])

    rig.hardware.after[NextHop("10.0.1.2").key].append(drop)
    rig.commit(AFTER)
    assert gone in rig.chip._objects
    assert rig.chip._objects[dropped.key] == dropped


def test_what_was_changed_behind_our_back_is_what_a_failed_commit_brings_back(rig: Rig) -> None:
    rig.commit(BEFORE)
    foreign = ChipPort("Ethernet1", admin_state=True, mtu=2000)
    rig.chip.bulk([Operation(rig.chip._objects[foreign.key], foreign)])
    rig.hardware.refuse_at = len(rig.hardware.executed) + 4
    refused(rig, AFTER)
    assert rig.chip._objects[foreign.key] == foreign


def test_a_value_that_is_there_already_is_not_set_again(rig: Rig) -> None:
    rig.commit(BEFORE)
    there = ChipPort("Ethernet1", admin_state=True, mtu=1400)
    rig.chip.bulk([Operation(rig.chip._objects[there.key], there)])
    plan = rig.committer.plan(rig.tree(BEFORE.replace("9000", "1400")))
    assert [step.backend for step in plan.steps] == [rig.kernel]


def test_what_waits_is_part_of_the_plan(rig: Rig) -> None:
    plan = rig.committer.plan(rig.tree(static_routes(route("192.0.2.0/24", "10.0.0.2"))))
    assert plan.steps == ()
    assert {deferred.key for deferred in plan.deferred} == {
        ("kernel:route", "192.0.2.0/24", 0),
        ("hardware:route", "192.0.2.0/24"),
        ("hardware:next_hop", "10.0.0.2", ""),
    }
    assert all(str(deferred.path) == STATIC for deferred in plan.deferred)
    assert rig.committer.deferred() == []
    rig.commit(static_routes(route("192.0.2.0/24", "10.0.0.2")))
    assert set(rig.committer.deferred()) == set(plan.deferred)
    rig.commit(static_routes(route("192.0.2.0/24", "10.0.0.2")) + interfaces(interface("Ethernet1", "10.0.0.1/24")))
    assert rig.committer.deferred() == []


@pytest.mark.parametrize("size", [10, 400])
def test_a_commit_of_one_leaf_reads_what_it_changes_and_nothing_else(rig: Rig, size: int) -> None:
    many = [interface(f"Ethernet1{number}", f"10.{number // 250}.{number % 250}.1/24") for number in range(size)]
    routes = static_routes(*(route(f"100.{number // 250}.{number % 250}.0/24", "192.0.2.9") for number in range(size)))
    rig.edit(interfaces(*many, interface("Ethernet1", "192.0.2.1/24")) + routes)
    rig.stores.commit(1, ME)
    rig.kernel.reads = rig.hardware.reads = 0
    rig.edit(interfaces(interface("Ethernet1", description="new")))
    assert len(rig.stores.commit(1, ME).plan.steps) == 2
    # each of the two ports to plan, and to verify
    assert (rig.kernel.reads, rig.hardware.reads) == (2, 2)


def test_after_the_end_nothing_is_committed(rig: Rig) -> None:
    rig.committer.close()
    with pytest.raises(CommitFailed, match="nothing was changed: the server is ending"):
        rig.commit(BEFORE)
    assert rig.states() == []
