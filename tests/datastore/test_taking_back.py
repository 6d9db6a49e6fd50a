"""A commit that fails and cannot be taken back at once: backends that are lost, mistaken or stubborn, and a history that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.hardware.driver import Status
from backends.hardware.objects import Route
from backends.hardware.simulated import Fault
from datastore.database import HistoryFailed
from datastore.errors import CommitFailed
from tests.databases import KINDS, made
from tests.datastore.rig import AFTER, BEFORE, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from backends.translator import AnyTranslator
    from datastore.confirmation import Confirmation
    from tests.databases import Database
    from tests.datastore.rig import Rig

DROPPED = Route("192.0.2.0/24", "drop").key


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return made(request, tmp_path)


def failed(rig: Rig, *contents: str) -> CommitFailed:
    """Return the error of a commit that has to fail."""
    running = rig.committer.running
    with pytest.raises(CommitFailed) as refused:
        rig.commit(*contents)
    assert rig.committer.running is running
    return refused.value


def stuck(rig: Rig) -> None:
    """Have a commit fail in such a way that it cannot be taken back: a route is changed and does not change again."""
    rig.commit(BEFORE)
    rig.hardware.refuses_always.add(Route("203.0.113.0/24", "").key)
    rig.hardware.after[DROPPED].append(lambda: rig.hardware.refuses_always.add(DROPPED))
    error = failed(rig, AFTER)
    assert error.message.endswith("; what was changed could not be taken back yet, and is tried again")
    rig.hardware.after.clear()


class Loss:
    """The loss of a system at its n-th call of a kind."""

    def __init__(self, kind: str, number: int) -> None:
        self.kind = kind
        self.left = number

    def __call__(self, call: str) -> bool:
        self.left -= call == self.kind
        return self.left < 0


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", ["kernel", "hardware"])
@pytest.mark.parametrize(("kind", "least"), [("read", 2), ("execute", 2), ("check", 1)])
def test_a_backend_that_is_lost_at_any_moment_leaves_all_as_it_was(rig: Rig, name: str, kind: str, least: int) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    backend = rig.kernel if name == "kernel" else rig.hardware
    number = 0
    while True:
        backend.lost_when = Loss(kind, number)
        try:
            rig.commit(AFTER)
            break
        except CommitFailed as error:
            message = error.message
        assert f"{name}: nobody answers" in message
        # what could not be taken back at once is when the system answers again
        backend.lost_when, backend.is_lost = lambda _: False, False
        assert eventually(lambda: not rig.committer.out_of_step and "pending" not in rig.states())
        assert rig.systems() == systems
        number += 1
    assert number >= least
    assert rig.committer.running == rig.tree(AFTER)


def test_a_backend_that_is_lost_before_anything_was_changed_says_so(rig: Rig) -> None:
    rig.commit(BEFORE)
    rig.hardware.is_lost = True
    assert failed(rig, AFTER).message == "nothing was changed: hardware: nobody answers"
    assert rig.committer.out_of_step == ()
    assert rig.states() == ["sealed"]


def test_a_backend_that_is_lost_while_it_is_verified_is_taken_back(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    rig.hardware.executed.clear()
    rig.hardware.lost_when = lambda call: call == "read" and bool(rig.hardware.executed)
    message = failed(rig, AFTER).message
    assert "hardware: nobody answers" in message
    assert "nothing was changed" not in message
    # what does answer is as it was at once
    assert rig.systems()[0] == systems[0]
    rig.hardware.lost_when, rig.hardware.is_lost = lambda _: False, False
    rig.commit(BEFORE)
    assert rig.systems() == systems


def test_a_mistake_in_a_backend_is_taken_back(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    rig.hardware.mistake = ZeroDivisionError("sdk")
    error = failed(rig, AFTER)
    assert "hardware: ZeroDivisionError('sdk')" in error.message
    rig.hardware.mistake = None
    # it may have been in the way of taking it back too
    rig.commit(BEFORE)
    assert rig.systems() == systems


def test_a_mistake_in_a_translator_is_taken_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.commit(BEFORE)
    systems, running = rig.systems(), rig.committer.running

    def mistaken(_: AnyTranslator, *__: object) -> str:
        raise ZeroDivisionError("leaf")

    for translator in rig.hardware.translators:
        monkeypatch.setattr(type(translator), "leaf_of", mistaken)
    rig.chip.inject(Fault(Status.INVALID, after=5))
    with pytest.raises(ZeroDivisionError):
        rig.commit(AFTER)
    assert rig.systems() == systems
    assert rig.committer.running is running
    assert rig.states() == ["sealed", "aborted"]
    monkeypatch.undo()
    rig.commit(AFTER)


def test_an_undo_that_fails_is_told_and_leaves_the_commit_pending(rig: Rig) -> None:
    stuck(rig)
    assert DROPPED in rig.committer.out_of_step
    assert any(line.startswith("out of step: update hardware:route 192.0.2.0/24") for line in rig.told)
    # a start would have to look for what it left
    assert rig.states() == ["sealed", "pending"]


def test_nothing_is_committed_while_out_of_step(rig: Rig) -> None:
    stuck(rig)
    systems = rig.systems()
    message = failed(rig, AFTER).message
    assert message == "nothing was changed: the systems are out of step with running, at hardware:route 192.0.2.0/24"
    assert rig.systems() == systems
    # what a plan is asked for is still told
    assert rig.committer.plan(rig.tree(AFTER)).steps


def test_a_commit_gets_back_in_step_if_it_can(rig: Rig) -> None:
    stuck(rig)
    rig.hardware.refuses_always.clear()
    rig.commit(AFTER)
    assert rig.committer.out_of_step == ()
    assert rig.states() == ["sealed", "aborted", "sealed"]
    done = rig.systems()
    rig.commit("")
    rig.commit(AFTER)
    assert rig.systems() == done


@pytest.mark.usefixtures("impatient")
def test_the_mender_gets_back_in_step_when_it_can(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    stuck(rig)
    assert not eventually(lambda: not rig.committer.out_of_step, 0.1)
    rig.hardware.refuses_always.clear()
    assert eventually(lambda: "back in step" in rig.told)
    assert rig.systems() == systems
    assert rig.states() == ["sealed", "aborted"]


def test_a_history_that_cannot_be_written_changes_nothing(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    rig.database.refuse("INSERT ON commits")
    rig.hardware.executed.clear()
    rig.kernel.executed.clear()
    assert failed(rig, AFTER).message == "nothing was changed: the history cannot be used: disk full"
    assert rig.systems() == systems
    assert rig.hardware.executed == rig.kernel.executed == []
    rig.database.allow()
    rig.commit(AFTER)
    assert rig.states() == ["sealed", "sealed"]


def test_a_commit_that_cannot_be_sealed_is_taken_back(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    rig.database.refuse("UPDATE ON commits", "NEW.state = 'sealed'")
    assert failed(rig, AFTER).message == "the history cannot be used: disk full"
    assert rig.systems() == systems
    assert rig.states() == ["sealed", "aborted"]
    assert rig.history.configuration() == rig.tree(BEFORE)


def test_a_commit_of_which_it_is_not_known_whether_it_was_begun_is_marked_when_that_is_known(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    begin = rig.history.begin

    def begun_and_cut_off(*arguments: str) -> None:
        begin(*arguments)
        raise HistoryFailed("the connection was lost")

    with monkeypatch.context() as patched:
        patched.setattr(rig.history, "begin", begun_and_cut_off)
        failed(rig, AFTER)
    assert rig.systems() == systems
    assert eventually(lambda: rig.states() == ["sealed", "aborted"])
    rig.commit(AFTER)
    assert rig.states() == ["sealed", "aborted", "sealed"]


def test_a_commit_of_which_it_is_not_known_whether_it_was_sealed_took_no_effect(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    seal = rig.history.seal

    def sealed_and_cut_off(commit_id: int, confirmation: Confirmation | None = None, _: object = None) -> None:
        seal(commit_id, confirmation)
        raise HistoryFailed("the connection was lost")

    monkeypatch.setattr(rig.history, "seal", sealed_and_cut_off)
    failed(rig, AFTER)
    assert rig.systems() == systems
    assert rig.states() == ["sealed", "aborted"]
    assert rig.history.configuration() == rig.tree(BEFORE)


@pytest.mark.usefixtures("impatient")
def test_a_commit_that_cannot_be_marked_as_aborted_holds_up_others_until_it_can(rig: Rig) -> None:
    rig.commit(BEFORE)
    systems = rig.systems()
    rig.database.refuse("UPDATE ON commits")
    failed(rig, AFTER)
    assert rig.systems() == systems
    assert rig.states() == ["sealed", "pending"]
    assert failed(rig, AFTER).message == "nothing was changed: the history cannot be written"
    rig.database.allow()
    assert eventually(lambda: rig.states() == ["sealed", "aborted"])
    rig.commit(AFTER)
    assert rig.states() == ["sealed", "aborted", "sealed"]


def test_closing_does_not_wait_for_what_cannot_be_mended(rig: Rig) -> None:
    stuck(rig)
    rig.committer.close()
    assert rig.committer.out_of_step != ()
