"""Many who commit, edit and read at once: one commit at a time, and readers that do not wait for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from datastore.errors import CommitFailed
from datastore.history import Author
from tests.datastore.rig import AFTER, BEFORE, ME, eventually
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.datastore.rig import Rig
    from yang.tree import Node

PAIR = ("Ethernet1", "Ethernet2")


def both(text: str) -> str:
    """Return a configuration in which two ports have the same description."""
    return interfaces(*(interface(name, description=text) for name in PAIR))


def descriptions(tree: Node) -> list[str]:
    top = tree.get("openconfig-interfaces:interfaces")
    return [top.get("interface").get((name,)).get("config").get("description") for name in PAIR]


def together(*works: Callable[[], None]) -> None:
    """Do all works at once, and raise what one of them raises."""
    errors: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.fixture
def blocked(rig: Rig) -> tuple[threading.Event, threading.Event]:
    """The chip waits in its next operations: an event for its beginning, and one to go on."""
    rig.commit(both("first"))
    has_begun, may_go_on = threading.Event(), threading.Event()

    def wait(call: str) -> bool:
        if call == "execute":
            has_begun.set()
            assert may_go_on.wait(10)
        return False

    rig.hardware.lost_when = wait
    return has_begun, may_go_on


def test_commits_from_many_threads_are_one_after_another(rig: Rig) -> None:
    def committing(name: str) -> Callable[[], None]:
        def work() -> None:
            for number in range(10):
                rig.committer.commit(rig.tree(both(f"{name} {number}")), Author(name))

        return work

    together(*(committing(f"thread {number}") for number in range(4)))
    assert rig.states() == ["sealed"] * 40
    assert rig.history.configuration() == rig.committer.running
    for commit in rig.history.commits():
        first, second = descriptions(rig.history.configuration(commit.id))
        assert first == second
        assert first.startswith(commit.author.user)
    systems = rig.systems()
    rig.start()
    assert rig.systems() == systems


def test_of_many_commits_of_one_candidate_one_takes_effect(rig: Rig) -> None:
    rig.edit(BEFORE)
    done: list[int | None] = []
    together(*[lambda: done.append(rig.stores.commit(1, ME).commit_id)] * 4)
    assert sorted(done, key=str) == [1, None, None, None]


def test_edits_from_many_threads_are_all_committed(rig: Rig) -> None:
    names = [f"Ethernet{number}" for number in range(1, 9)]

    def editing(name: str) -> Callable[[], None]:
        def work() -> None:
            for number in range(5):
                rig.edit(interfaces(interface(name, description=str(number))))
                rig.stores.commit(1, ME)

        return work

    together(*map(editing, names))
    assert rig.stores.candidate is rig.stores.running
    assert rig.committer.running == rig.tree(interfaces(*(interface(name, description="4") for name in names)))
    assert rig.history.configuration() == rig.committer.running


def test_readers_see_the_old_or_the_new_configuration(rig: Rig) -> None:
    rig.commit(both("0"))
    is_done = threading.Event()
    seen = set()

    def reading() -> None:
        while not is_done.wait(0.0001):
            first, second = descriptions(rig.committer.running)
            assert first == second
            seen.add(first)

    def committing() -> None:
        try:
            for number in range(1, 40):
                rig.commit(both(str(number)))
        finally:
            is_done.set()

    together(reading, reading, committing)
    assert len(seen) > 5


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_commit_is_not_seen_before_it_is_sealed(
    rig: Rig, blocked: tuple[threading.Event, threading.Event], is_refused: bool
) -> None:
    has_begun, may_go_on = blocked
    if is_refused:
        rig.hardware.refuse_at = len(rig.hardware.executed) + 1
    committing = threading.Thread(target=lambda: _quietly(lambda: rig.commit(both("second"))))
    committing.start()
    assert has_begun.wait(5)
    # neither waits for the commit
    assert descriptions(rig.committer.running) == ["first", "first"]
    assert rig.committer.deferred() == []
    assert rig.committer.out_of_step == ()
    assert rig.history.last() == 1
    may_go_on.set()
    committing.join()
    assert descriptions(rig.committer.running) == (["first"] * 2 if is_refused else ["second"] * 2)


def test_the_end_waits_for_a_commit_that_is_under_way(
    rig: Rig, blocked: tuple[threading.Event, threading.Event]
) -> None:
    has_begun, may_go_on = blocked
    committing = threading.Thread(target=rig.commit, args=(AFTER,))
    committing.start()
    assert has_begun.wait(5)
    closing = threading.Thread(target=rig.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    may_go_on.set()
    closing.join()
    committing.join()
    rig.start()
    assert rig.committer.running == rig.tree(AFTER)
    assert rig.states() == ["sealed", "sealed"]


def test_ports_that_come_and_go_while_others_commit_end_as_configured(rig: Rig) -> None:
    def flapping() -> None:
        for _ in range(40):
            rig.chip.pull("Ethernet2")
            rig.chip.plug("Ethernet2")

    def committing() -> None:
        for number in range(40):
            _quietly(lambda number=number: rig.commit(BEFORE if number % 2 else AFTER))  # type: ignore[misc]

    together(flapping, committing)
    rig.commit("")
    rig.commit(BEFORE)
    assert eventually(lambda: not rig.committer.out_of_step)
    systems = rig.systems()
    rig.start()
    assert rig.systems() == systems
    assert rig.kernel.executed == rig.hardware.executed == []


def _quietly(work: Callable[[], object]) -> None:
    """Do something that may be refused."""
    try:
        work()
    except CommitFailed:
        return
