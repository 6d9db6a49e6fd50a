"""Drift in a simulated chip and in a kernel of paper: read-back, and what is no drift."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backends.hardware.driver import Status
from backends.hardware.objects import Port as ChipPort
from backends.hardware.objects import Route as ChipRoute
from backends.hardware.simulated import Fault
from backends.kernel.resources import Address, Port
from tests.datastore.rig import AFTER, BEFORE, ME, Rig
from tests.datastore.watched import Watched
from tests.openconfig import interface, interfaces
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yang.schema import Schema

PORT = "/openconfig-interfaces:interfaces/interface[name='Ethernet1']"
ROUTE = "192.0.2.0/24"
OWN = ("/nos-drift:drift/default-action", "/nos-drift:drift/policy/action")


@pytest.fixture
def rig(tmp_path: Path, full_schema: Schema) -> Iterator[Rig]:
    """A started device that can have policies."""
    made = Rig(tmp_path, full_schema, own_paths=OWN)
    made.start()
    yield made
    made.close()


@pytest.fixture
def watched(rig: Rig) -> Iterator[Watched]:
    """That device with everything configured, compared every now and then."""
    rig.commit(BEFORE)
    made = Watched(rig.committer, rig.stores, interval=0.2)
    made.drift.start()
    yield made
    made.drift.close()


def port_of(rig: Rig) -> ChipPort:
    found = rig.chip._objects[ChipPort("Ethernet1").key]
    assert isinstance(found, ChipPort)
    return found


def change(rig: Rig, **attributes: object) -> ChipPort:
    """Change the chip's port behind our back, and return what it was like."""
    port = port_of(rig)
    rig.chip._objects[port.key] = replace(port, **attributes)  # type: ignore[arg-type]
    return port


def test_what_changes_in_the_chip_is_found_by_read_back(rig: Rig, watched: Watched) -> None:
    port = change(rig, mtu=1234)
    route = rig.chip._objects["hardware:route", ROUTE]
    rig.chip._remove(route)
    extra = ChipRoute("203.0.113.0/24", "drop")
    rig.chip._objects[extra.key] = extra
    watched.wait_for(
        "hardware:port Ethernet1 mtu is '1234' instead of '9000'",
        f"hardware:route {ROUTE} is not there",
        "hardware:route 203.0.113.0/24 is there, and nothing calls for it",
    )
    paths = {one.key[0]: str(one.path) for one in watched.drift.deviations()}
    assert paths["hardware:port"] == f"{PORT}/config/mtu"
    assert {one.seen_by for one in watched.drift.deviations()} == {"comparison"}
    watched.policy("revert")
    watched.wait_for()
    assert port_of(rig) == port
    assert rig.chip._objects[route.key] == route
    assert extra.key not in rig.chip._objects


def test_what_the_chip_has_is_adopted_everywhere(rig: Rig, watched: Watched) -> None:
    watched.policy("adopt")
    change(rig, mtu=1234, description="chip")
    watched.wait_for_event("adopted", "mtu")
    watched.wait_for()
    there = rig.paper.there[Port("Ethernet1").key]
    assert there == Port("Ethernet1", enabled=True, mtu=1234, alias="chip")


def test_what_cannot_be_adopted_says_why(rig: Rig, watched: Watched) -> None:
    watched.policy("adopt")
    before = watched.committer.running
    # one of the two objects that an address calls for: to delete the address would take the other one away
    rig.chip._remove(rig.chip._objects["hardware:route", "10.0.0.1/32"])
    assert "the object calls for" in watched.wait_for_outcome("it could not be adopted").outcome
    assert watched.committer.running is before
    watched.policy("revert")
    watched.wait_for()


def test_a_value_that_no_leaf_can_have_is_not_adopted(rig: Rig, watched: Watched) -> None:
    watched.policy("adopt")
    change(rig, mtu=99999)
    assert "99999" in watched.wait_for_outcome("it could not be adopted").outcome


def test_a_revert_that_is_refused_is_said_and_tried_again(
    rig: Rig, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datastore.remedies.PATIENCE", (0.0,))
    port = port_of(rig)
    rig.hardware.refuses_always.add(port.key)
    change(rig, mtu=1234)
    watched.policy("revert")
    watched.wait_for_outcome("it could not be reverted")
    # others can commit meanwhile
    assert rig.committer.out_of_step == ()
    watched.commit(interfaces(interface("Ethernet2", description="other")))
    rig.hardware.refuses_always.clear()
    watched.wait_for()
    watched.wait_for_event("reverted", "mtu")


def test_policies_are_by_path(rig: Rig, watched: Watched) -> None:
    watched.policy("revert", f"{PORT}/config/mtu")
    port = change(rig, mtu=1234, description="theirs")
    watched.wait_for_event("reverted", "mtu")
    watched.wait_for("hardware:port Ethernet1 description is 'theirs' instead of ''")
    assert port_of(rig) == replace(port, description="theirs")


def test_what_is_adopted_does_not_heal_what_is_only_an_alarm(rig: Rig, watched: Watched) -> None:
    watched.policy("adopt", f"{PORT}/config/mtu")
    port = change(rig, mtu=1234, description="theirs")
    watched.wait_for_outcome("the configuration would call for something else")
    assert port_of(rig) == replace(port, mtu=1234, description="theirs")


def test_a_system_that_does_not_answer_has_no_drift(rig: Rig, watched: Watched) -> None:
    rig.hardware.is_lost = True
    rig.paper.there[Port("Ethernet1").key] = Port("Ethernet1", enabled=True, mtu=1)
    reads = rig.kernel.reads
    watched.when(lambda: rig.kernel.reads > reads)
    assert watched.events == []
    rig.hardware.is_lost = False
    watched.wait_for("kernel:port Ethernet1 mtu is '1' instead of '9000'")


def test_a_port_that_has_gone_without_a_word_is_deferred_and_no_drift(rig: Rig, watched: Watched) -> None:
    for key in [key for key in rig.paper.there if "Ethernet1" in key or ROUTE in key]:
        del rig.paper.there[key]
    watched.when(lambda: Port("Ethernet1").key in {one.key for one in rig.committer.deferred()})
    watched.compare()
    assert watched.drift.deviations() == []


def test_ports_that_are_plugged_and_pulled_are_no_drift(rig: Rig, watched: Watched) -> None:
    for _ in range(5):
        rig.chip.pull("Ethernet1")
        watched.compare()
        rig.chip.plug("Ethernet1")
    watched.compare()
    watched.compare()
    assert watched.events == []


def test_commits_failures_and_rollbacks_are_no_drift(rig: Rig, watched: Watched) -> None:
    trees = [rig.tree(BEFORE), rig.tree(AFTER), rig.tree(), rig.tree(BEFORE)]
    for number in range(24):
        watched.drift.touch(None)
        rig.committer.plan(trees[(number + 1) % 4])
        if number % 3 == 0:
            rig.chip.inject(Fault(Status.NO_RESOURCES, after=number % 4))
        try:
            rig.committer.commit(trees[number % 4], ME)
        except RequestError:
            assert number % 3 == 0
        rig.chip.inject(None)
    watched.compare()
    watched.compare()
    assert watched.events == []
    assert watched.drift.deviations() == []


def test_what_was_changed_while_no_server_ran_is_mended_by_the_start(rig: Rig, watched: Watched) -> None:
    watched.drift.close()
    address = Address("Ethernet1", "10.0.0.1", 24)
    del rig.paper.there[address.key]
    rig.start()
    assert rig.paper.there[address.key] == address
    after = Watched(rig.committer, rig.stores, interval=0.1)
    after.drift.start()
    after.compare()
    assert after.events == []
    after.drift.close()
