"""A start after whatever ended the server before: everything is at the old configuration or at the new one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from backends.hardware.objects import Port as ChipPort
from backends.hardware.objects import Route, RouterInterface
from backends.kernel.resources import Address, Port
from backends.operation import BackendLost, Operation
from datastore.database import HistoryFailed
from datastore.errors import CommitFailed
from tests.databases import KINDS, made
from tests.datastore.rig import AFTER, BEFORE, ME, eventually
from tests.openconfig import interface, interfaces, route, static_routes
from yang.diff import difference

if TYPE_CHECKING:
    from pathlib import Path

    from datastore.confirmation import Confirmation
    from tests.databases import Database
    from tests.datastore.rig import Rig


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return made(request, tmp_path)


def cut_off(rig: Rig, content: str, kernel: int | None = None, hardware: int | None = None) -> None:
    """Begin a commit, and end the server after so many operations in one of the systems: nothing is taken back."""
    rig.kernel.cut_at = len(rig.kernel.executed) + kernel if kernel is not None else None
    rig.hardware.cut_at = len(rig.hardware.executed) + hardware if hardware is not None else None
    # the process ends with both of them
    rig.kernel.lost_when = lambda _: rig.hardware.is_lost
    rig.hardware.lost_when = lambda _: rig.kernel.is_lost
    with pytest.raises(CommitFailed):
        rig.commit(content)
    assert rig.states()[-1] == "pending"


def boundaries(rig: Rig) -> list[tuple[int | None, int | None]]:
    """Return after how many operations, in the kernel or in the chip, a commit of `AFTER` can be cut off."""
    steps = rig.committer.plan(rig.tree(AFTER)).steps
    kernel = sum(step.backend is rig.kernel for step in steps)
    found: list[tuple[int | None, int | None]] = [(count, None) for count in range(kernel)]
    return found + [(None, count) for count in range(len(steps) - kernel)]


def test_a_start_comes_back_to_the_last_commit_and_changes_nothing(rig: Rig) -> None:
    rig.commit(BEFORE)
    rig.commit(AFTER)
    running, systems = rig.committer.running, rig.systems()
    rig.start()
    assert rig.committer.running == running
    assert rig.systems() == systems
    assert rig.kernel.executed == rig.hardware.executed == []
    # and goes on from there
    rig.commit(BEFORE)
    rig.commit(AFTER)
    assert rig.systems() == systems


def test_a_start_knows_what_is_deferred(rig: Rig) -> None:
    rig.commit(static_routes(route("192.0.2.0/24", "10.0.0.2")))
    deferred = rig.committer.deferred()
    rig.start()
    assert set(rig.committer.deferred()) == set(deferred) != set()


def test_a_start_repairs_what_was_changed_meanwhile(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    rig.paper.there[Port("Ethernet1").key] = Port("Ethernet1", mtu=1300)
    del rig.paper.there[Address("Ethernet2", "10.0.1.1", 24).key]
    rig.paper.there[Address("Ethernet1", "10.0.0.1", 8).key] = Address("Ethernet1", "10.0.0.1", 8)
    foreign = [
        Operation(rig.chip._objects[ChipPort("Ethernet1").key], ChipPort("Ethernet1", mtu=1300)),
        Operation(rig.chip._objects[Route("198.51.100.0/24", "").key], None),
        Operation(None, RouterInterface("Ethernet7", "port", "Ethernet7")),
        Operation(None, Route("203.0.113.0/24", "forward", RouterInterface("Ethernet7", "port").key)),
    ]
    rig.chip.bulk(foreign)
    rig.start()
    assert rig.systems() == systems


def test_a_start_with_an_empty_chip_fills_it(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    rig.chip.__init__(["Ethernet1", "Ethernet2", *(f"Ethernet{number}" for number in range(3, 9))])  # type: ignore[misc]
    rig.paper.__init__(rig.chip.status(None))  # type: ignore[misc]
    rig.start()
    assert rig.systems() == systems


def test_a_commit_that_was_cut_off_at_any_operation_leaves_nothing(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    cuts = boundaries(rig)
    assert len(cuts) > 20
    for kernel, hardware in cuts:
        cut_off(rig, AFTER, kernel, hardware)
        rig.start()
        assert rig.systems() == systems
        assert rig.committer.running == rig.tree(BEFORE)
        assert set(rig.states()[1:]) == {"aborted"}
        assert rig.told[-1].endswith("was cut off and took no effect")
    rig.commit(AFTER)
    done = rig.systems()
    rig.commit("")
    rig.commit(AFTER)
    assert rig.systems() == done


def test_a_commit_that_was_sealed_is_the_new_configuration_whatever_came_then(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.commit(BEFORE)
    seal = rig.history.seal

    class Ended(BaseException):
        pass

    def sealed_and_ended(commit_id: int, confirmation: Confirmation | None = None, _: object = None) -> None:
        seal(commit_id, confirmation)
        rig.kernel.is_lost = rig.hardware.is_lost = True
        raise Ended

    monkeypatch.setattr(rig.history, "seal", sealed_and_ended)
    with pytest.raises(Ended):
        rig.commit(AFTER)
    rig.start()
    assert rig.committer.running == rig.tree(AFTER)
    assert rig.states() == ["sealed", "sealed"]


def test_a_commit_that_was_cut_off_before_anything_was_done_is_marked(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    rig.history.begin(ME, difference(rig.committer.running, rig.tree(AFTER)))
    rig.start()
    assert rig.systems() == systems
    assert rig.states() == ["sealed", "aborted"]


def test_what_a_cut_off_commit_woke_up_is_put_to_sleep_again(rig: Rig) -> None:
    # the address is not what was edited: it waited for its link to be up
    link = ("10.7.0.1/32", "2001:db8::7/128")
    rig.commit(interfaces(interface("lo7", *link, type_="softwareLoopback", enabled=False)))
    systems = rig.systems()
    woken = Address("lo7", "2001:db8::7", 128).key
    rig.kernel.lost_when = lambda call: call == "read" and woken in rig.paper.there
    with pytest.raises(CommitFailed):
        rig.commit(interfaces(interface("lo7", *link, type_="softwareLoopback")))
    assert woken in rig.paper.there
    rig.start()
    assert rig.systems() == systems


def test_a_port_that_comes_while_a_cut_off_commit_is_looked_for_is_left_alone(rig: Rig) -> None:
    rig.commit(BEFORE)
    cut_off(rig, interfaces(interface("Ethernet9", "10.9.0.1/24")), hardware=0)
    rig.open()
    plugging = threading.Thread(target=rig.chip.plug, args=("Ethernet9",))

    def plug(call: str) -> bool:
        # what the commit may have left was read just before
        if call == "owned" and not plugging.ident:
            plugging.start()
            assert eventually(lambda: ChipPort("Ethernet9").key in rig.chip._objects)
        return False

    rig.hardware.lost_when = plug
    rig.committer.start()
    plugging.join()
    assert rig.committer.out_of_step == ()
    assert rig.states() == ["sealed", "aborted"]
    assert rig.chip._objects[ChipPort("Ethernet9").key] == ChipPort("Ethernet9")
    rig.commit(AFTER)


def test_a_second_end_in_the_middle_of_the_repair_changes_nothing(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    for count in range(6):
        cut_off(rig, AFTER, hardware=8)
        rig.open()
        rig.kernel.cut_at = count
        rig.kernel.lost_when = lambda _: rig.hardware.is_lost
        rig.hardware.lost_when = lambda _: rig.kernel.is_lost
        rig.committer.start()
        if rig.kernel.is_lost:
            assert rig.states()[-1] == "pending"
        rig.start()
        assert rig.systems() == systems
        assert rig.states()[-1] == "aborted"


def test_an_end_while_an_undo_was_still_tried_is_repaired(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    there = Address("Ethernet3", "10.0.1.1", 24).key
    # the kernel refuses to take away what the commit has made
    rig.kernel.after[there].append(lambda: rig.kernel.refuses_always.add(there))
    rig.hardware.refuses_always.add(Route("203.0.113.0/24", "").key)
    with pytest.raises(CommitFailed, match="could not be taken back yet"):
        rig.commit(AFTER)
    assert there in rig.paper.there
    rig.start()
    assert rig.systems() == systems
    assert rig.states() == ["sealed", "aborted"]


def test_a_pending_commit_from_before_the_last_one_is_only_marked(rig: Rig) -> None:
    pending = rig.history.begin(ME, difference(rig.committer.running, rig.tree(AFTER)))
    rig.commit(BEFORE)
    # its difference does not even fit what is running
    systems = rig.systems()
    rig.start()
    assert rig.systems() == systems
    assert rig.states() == ["aborted", "sealed"]
    assert [commit.reason for commit in rig.history.commits(pending, pending)] == [
        "the server ended while it was carried out"
    ]


@pytest.mark.parametrize(("old", "new"), [("mtu", "colour"), ("</interfaces>", "")])
def test_a_pending_commit_that_cannot_be_read_does_not_stop_the_start(rig: Rig, old: str, new: str) -> None:
    rig.commit(BEFORE)
    rig.history.begin(ME, difference(rig.committer.running, rig.tree(AFTER)).replace(old, new))
    rig.start()
    assert rig.committer.running == rig.tree(BEFORE)
    assert any(line.startswith("what commit 2 may have left behind is not known: ") for line in rig.told)
    assert rig.states() == ["sealed", "aborted"]


def test_several_pending_commits_are_all_looked_after(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    for content in (AFTER, ""):
        rig.history.begin(ME, difference(rig.committer.running, rig.tree(content)))
    address = Address("Ethernet3", "10.0.1.1", 24)
    rig.paper.there[address.key] = address
    del rig.paper.there[Address("Ethernet1", "10.0.0.1", 24).key]
    rig.start()
    assert rig.systems() == systems
    assert rig.states() == ["sealed", "aborted", "aborted"]


@pytest.mark.usefixtures("impatient")
def test_what_cannot_be_repaired_at_the_start_is_repaired_later(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    *_, (kernel, hardware) = boundaries(rig)
    cut_off(rig, AFTER, kernel, hardware)
    rig.open()
    rig.hardware.refuses_always.add(Route("192.0.2.0/24", "").key)
    rig.committer.start()
    assert rig.committer.running == rig.tree(BEFORE)
    assert rig.committer.out_of_step != ()
    assert rig.states() == ["sealed", "pending"]
    rig.hardware.refuses_always.clear()
    assert eventually(lambda: rig.states() == ["sealed", "aborted"])
    assert rig.systems() == systems


@pytest.mark.usefixtures("impatient")
def test_a_start_goes_on_if_it_cannot_mark_what_was_cut_off(rig: Rig) -> None:
    rig.commit(BEFORE)
    cut_off(rig, AFTER, kernel=1)
    rig.database.refuse("UPDATE ON commits")
    rig.start()
    assert rig.states() == ["sealed", "pending"]
    rig.database.allow()
    assert eventually(lambda: rig.states() == ["sealed", "aborted"])


def test_a_start_without_a_system_says_which(rig: Rig) -> None:
    rig.commit(BEFORE)
    rig.open()
    rig.hardware.is_lost = True
    with pytest.raises(BackendLost, match="hardware: nobody answers"):
        rig.committer.start()


def test_a_start_without_a_history_says_so(rig: Rig) -> None:
    rig.commit(BEFORE)
    rig.open()
    rig.database.sql("UPDATE commits SET delta = :octets", octets=b"\0")
    with pytest.raises(HistoryFailed, match="commit 1 in the history is damaged"):
        rig.committer.start()
