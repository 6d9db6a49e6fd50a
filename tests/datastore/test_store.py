"""The datastores: what is in them, who has locked them, and what becomes of changes that are not committed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from datastore.errors import CommitFailed, InUse, LockDenied
from datastore.history import Author
from tests.conftest import config, make_device
from tests.datastore.configurations import tree_of
from tests.datastore.tampered import TamperedHardware
from tests.openconfig import interface, interfaces
from yang.edit import edit_config
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from backends.operation import Operation
    from datastore.store import Datastores
    from nos_mgmt.device import Device
    from yang.tree import Node

ME = Author("me", 1, "test")
ONE, TWO = 1, 2
"""Two sessions."""
NAMES = ("running", "candidate")


@pytest.fixture
def stores(device: Device) -> Datastores:
    return device.datastores


def described(stores: Datastores, text: str, session_id: int = ONE, port: str = "Ethernet1") -> None:
    content = interfaces(interface(port, description=text))
    stores.edit(session_id, lambda tree: edit_config(tree, config(content)))


def descriptions(tree: Node) -> dict[str, str]:
    top = tree.get("openconfig-interfaces:interfaces")
    if top is None:
        return {}
    entries = top.get("interface")
    return {str(key[0]): entry.get("config").get("description") for key, entry in entries.items()}


def test_candidate_is_running_until_it_is_edited(stores: Datastores) -> None:
    assert stores.candidate is stores.running
    described(stores, "one")
    assert descriptions(stores.read("candidate")) == {"Ethernet1": "one"}
    assert descriptions(stores.read("running")) == {}


def test_a_candidate_that_is_edited_back_is_running_again(stores: Datastores) -> None:
    described(stores, "one")
    empty = stores.running
    stores.edit(ONE, lambda _: empty)
    assert stores.candidate is stores.running
    stores.lock("candidate", TWO)


def test_replacing_everything_by_the_same_changes_nothing(stores: Datastores) -> None:
    described(stores, "one")
    stores.commit(ONE, ME)
    content = config(interfaces(interface("Ethernet1", description="one")))
    stores.edit(ONE, lambda tree: edit_config(tree, content, "replace"))
    assert stores.candidate is stores.running


def test_replacing_everything_changes_what_is_different(stores: Datastores) -> None:
    for port in ("Ethernet1", "Ethernet2"):
        described(stores, "one", port=port)
    stores.commit(ONE, ME)
    both = "".join(interface(port, description=text) for port, text in (("Ethernet1", "one"), ("Ethernet2", "two")))
    stores.edit(ONE, lambda tree: edit_config(tree, config(interfaces(both)), "replace"))
    before, after = (
        tree.get("openconfig-interfaces:interfaces").get("interface") for tree in (stores.running, stores.candidate)
    )
    assert after[("Ethernet1",)] is before[("Ethernet1",)]
    assert descriptions(stores.candidate) == {"Ethernet1": "one", "Ethernet2": "two"}


def test_a_candidate_that_running_is_copied_to_is_running(stores: Datastores) -> None:
    described(stores, "one")
    stores.commit(ONE, ME)
    described(stores, "two")
    described(stores, "one")
    stores.edit(ONE, lambda _: stores.running)
    assert stores.candidate is stores.running
    stores.lock("candidate", TWO)


def test_a_commit_makes_candidate_running(stores: Datastores) -> None:
    described(stores, "one")
    candidate = stores.candidate
    assert stores.commit(ONE, ME).commit_id == 1
    assert stores.running is candidate
    assert stores.candidate is stores.running
    stores.lock("candidate", TWO)


def test_discard_makes_candidate_running_again(stores: Datastores) -> None:
    described(stores, "one")
    stores.discard(TWO)
    assert stores.candidate is stores.running


def test_a_failed_edit_leaves_the_candidate(stores: Datastores) -> None:
    described(stores, "one")
    before = stores.candidate

    def fails(_: Node) -> Node:
        raise RequestError("no")

    with pytest.raises(RequestError):
        stores.edit(ONE, fails)
    assert stores.candidate is before


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_is_held_by_one_session(stores: Datastores, name: str) -> None:
    stores.lock(name, ONE)
    for session_id in (ONE, TWO):
        with pytest.raises(LockDenied, match="locked by session 1") as denied:
            stores.lock(name, session_id)
        assert denied.value.info == (("session-id", "1"),)
    stores.unlock(name, ONE)
    stores.lock(name, TWO)


@pytest.mark.parametrize("name", NAMES)
def test_only_its_holder_gives_a_lock_back(stores: Datastores, name: str) -> None:
    with pytest.raises(LockDenied, match="locked by nobody") as denied:
        stores.unlock(name, ONE)
    assert denied.value.info == (("session-id", "0"),)
    stores.lock(name, TWO)
    with pytest.raises(LockDenied, match="locked by session 2"):
        stores.unlock(name, ONE)


def test_both_datastores_can_be_locked_by_different_sessions(stores: Datastores) -> None:
    stores.lock("running", ONE)
    stores.lock("candidate", TWO)


def test_a_candidate_with_changes_cannot_be_locked(stores: Datastores) -> None:
    described(stores, "one")
    for session_id in (ONE, TWO):
        with pytest.raises(LockDenied, match="changes that are not committed") as denied:
            stores.lock("candidate", session_id)
        assert denied.value.info == (("session-id", "0"),)
    stores.lock("running", TWO)


def test_a_locked_candidate_is_in_use_by_its_holder_alone(stores: Datastores) -> None:
    stores.lock("candidate", ONE)
    described(stores, "mine")
    before = stores.candidate
    for refused in (
        lambda: described(stores, "theirs", TWO),
        lambda: stores.discard(TWO),
        lambda: stores.commit(TWO, ME),
        lambda: stores.roll_back(TWO, stores.running, ME, ""),
    ):
        with pytest.raises(InUse, match="candidate is locked by session 1") as in_use:
            refused()
        assert in_use.value.info == (("session-id", "1"),)
    assert stores.candidate is before
    assert stores.commit(ONE, ME).commit_id == 1


def test_locked_running_can_be_committed_to_by_its_holder_alone(stores: Datastores) -> None:
    stores.lock("running", ONE)
    described(stores, "theirs", TWO)
    for refused in (lambda: stores.commit(TWO, ME), lambda: stores.roll_back(TWO, stores.running, ME, "")):
        with pytest.raises(InUse, match="running is locked by session 1"):
            refused()
    assert stores.commit(ONE, ME).commit_id == 1


def test_unlocking_the_candidate_discards_its_changes(stores: Datastores) -> None:
    stores.lock("candidate", ONE)
    described(stores, "one")
    stores.unlock("candidate", ONE)
    assert stores.candidate is stores.running


def test_unlocking_running_discards_nothing(stores: Datastores) -> None:
    stores.lock("running", ONE)
    described(stores, "one")
    stores.unlock("running", ONE)
    assert descriptions(stores.candidate) == {"Ethernet1": "one"}


def test_a_session_that_ends_loses_its_locks_and_what_it_did_under_them(stores: Datastores) -> None:
    stores.lock("candidate", ONE)
    stores.lock("running", TWO)
    described(stores, "one")
    stores.end_session(ONE)
    assert stores.candidate is stores.running
    stores.lock("candidate", TWO)
    with pytest.raises(LockDenied):
        stores.lock("running", ONE)


def test_a_session_without_locks_leaves_its_changes(stores: Datastores) -> None:
    described(stores, "one")
    stores.end_session(ONE)
    assert descriptions(stores.candidate) == {"Ethernet1": "one"}


def test_a_rollback_makes_an_earlier_tree_running(stores: Datastores) -> None:
    described(stores, "one")
    stores.commit(ONE, ME)
    first = stores.running
    described(stores, "two")
    stores.commit(ONE, ME)
    assert stores.roll_back(TWO, first, ME, "back").commit_id == 3
    assert stores.running is first
    assert stores.candidate is first


def test_a_rollback_is_refused_while_the_candidate_has_changes(stores: Datastores) -> None:
    described(stores, "one")
    candidate = stores.candidate
    with pytest.raises(CommitFailed, match="the candidate has changes"):
        stores.roll_back(ONE, stores.running, ME, "")
    assert stores.candidate is candidate


def test_validate_and_plan_change_nothing(stores: Datastores) -> None:
    described(stores, "one")
    candidate, running = stores.candidate, stores.running
    stores.validate(candidate)
    assert len(stores.plan().steps) == 2
    assert stores.candidate is candidate
    assert stores.running is running


class Slow(TamperedHardware):
    """A chip that is told when to go on."""

    def __init__(self, inner: HardwareBackend) -> None:
        super().__init__(inner)
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()

    def execute(self, operations: Sequence[Operation]) -> None:
        self.has_begun.set()
        assert self.may_go_on.wait(10)
        super().execute(operations)


@pytest.fixture
def slow(hardware: HardwareBackend) -> Slow:
    return Slow(hardware)


@pytest.fixture
def waiting(tmp_path: Path, slow: Slow) -> Iterator[Datastores]:
    """Datastores whose commits wait in the middle, with one commit made."""
    device = make_device(tmp_path, [slow])
    described(device.datastores, "first")
    slow.may_go_on.set()
    device.datastores.commit(ONE, ME)
    slow.may_go_on.clear()
    slow.has_begun.clear()
    yield device.datastores
    slow.may_go_on.set()
    device.close()


class Background:
    """Something that a thread does."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.is_done = threading.Event()
        self.error: Exception | None = None
        self._work = work
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._work()
        except RequestError as error:
            self.error = error
        self.is_done.set()

    def waits(self) -> bool:
        return not self.is_done.wait(0.1)


def test_what_is_edited_during_a_commit_is_not_committed_and_not_lost(waiting: Datastores, slow: Slow) -> None:
    described(waiting, "second")
    commit = Background(lambda: waiting.commit(ONE, ME))
    assert slow.has_begun.wait(5)
    described(waiting, "later", TWO, "Ethernet2")
    assert descriptions(waiting.running) == {"Ethernet1": "first"}
    slow.may_go_on.set()
    assert commit.is_done.wait(5)
    assert descriptions(waiting.running) == {"Ethernet1": "second"}
    assert descriptions(waiting.candidate) == {"Ethernet1": "second", "Ethernet2": "later"}


def test_a_commit_that_waited_for_another_commits_the_candidate_of_its_own_turn(
    waiting: Datastores, slow: Slow
) -> None:
    described(waiting, "second")
    first = Background(lambda: waiting.commit(ONE, ME))
    assert slow.has_begun.wait(5)
    second = Background(lambda: waiting.commit(ONE, ME))
    assert second.waits()
    described(waiting, "third", TWO)
    slow.may_go_on.set()
    assert first.is_done.wait(5)
    assert second.is_done.wait(5)
    assert descriptions(waiting.running) == {"Ethernet1": "third"}
    assert waiting.candidate is waiting.running


def test_an_edit_during_a_rollback_is_made_to_its_result(waiting: Datastores, slow: Slow) -> None:
    empty = tree_of(waiting.running.schema.schema, "")
    back = Background(lambda: waiting.roll_back(ONE, empty, ME, ""))
    assert slow.has_begun.wait(5)
    edit = Background(lambda: described(waiting, "new", TWO, "Ethernet2"))
    assert edit.waits()
    slow.may_go_on.set()
    assert back.is_done.wait(5)
    assert edit.is_done.wait(5)
    assert descriptions(waiting.running) == {}
    # made to what was there before, it would have brought that back
    assert descriptions(waiting.candidate) == {"Ethernet2": "new"}


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_is_not_given_in_the_middle_of_a_commit(waiting: Datastores, slow: Slow, name: str) -> None:
    described(waiting, "second")
    commit = Background(lambda: waiting.commit(ONE, ME))
    assert slow.has_begun.wait(5)
    lock = Background(lambda: waiting.lock(name, TWO))
    # a candidate that is being committed has changes still, and is refused at once
    assert lock.waits() == (name == "running")
    slow.may_go_on.set()
    assert commit.is_done.wait(5)
    assert lock.is_done.wait(5)
    assert (lock.error is None) == (name == "running")


def test_a_lock_that_somebody_holds_is_refused_at_once(waiting: Datastores, slow: Slow) -> None:
    waiting.lock("running", ONE)
    described(waiting, "second")
    commit = Background(lambda: waiting.commit(ONE, ME))
    assert slow.has_begun.wait(5)
    with pytest.raises(LockDenied, match="locked by session 1"):
        waiting.lock("running", TWO)
    assert commit.waits()


def test_a_session_can_end_in_the_middle_of_its_commit(waiting: Datastores, slow: Slow) -> None:
    waiting.lock("candidate", ONE)
    described(waiting, "second")
    commit = Background(lambda: waiting.commit(ONE, ME))
    assert slow.has_begun.wait(5)
    waiting.end_session(ONE)
    slow.may_go_on.set()
    assert commit.is_done.wait(5)
    assert commit.error is None
    assert descriptions(waiting.running) == {"Ethernet1": "second"}
    assert waiting.candidate is waiting.running
