"""Confirmed commits (RFC 6241 section 8.4): who may confirm them, and what takes them back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from backends.hardware.objects import Port
from backends.hardware.simulated import Fault
from datastore import confirmation
from datastore.confirmation import Confirmation, Terms
from datastore.database import HistoryFailed
from datastore.errors import CommitFailed, InUse, LockDenied, NotConfirmable, PlanChanged
from datastore.history import Author
from tests.databases import KINDS, made
from tests.datastore.rig import Rig, eventually
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.databases import Database
    from yang.schema import Schema

ANN, BOB = Author("ann", 1, "test"), Author("bob", 2, "test")
SOON = 0.05
PORT = (Port.kind, "Ethernet1")
OLD = interfaces(interface("Ethernet1", description="old"))
NEW = interfaces(interface("Ethernet1", description="new"))
NEWER = interfaces(interface("Ethernet1", description="newer"))


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return made(request, tmp_path)


@pytest.fixture
def rig(database: Database, full_schema: Schema) -> Iterator[Rig]:
    made = Rig(database, full_schema)
    made.start()
    made.commit(OLD)
    yield made
    made.close()


def commit(
    rig: Rig, content: str, who: Author = ANN, terms: Terms | None = None, persist_id: str | None = None
) -> None:
    tree = rig.tree(content)
    rig.stores.edit(who.session_id or 0, lambda _: tree)
    rig.stores.commit(who.session_id or 0, who, terms=terms, persist_id=persist_id)


def is_running(rig: Rig, content: str) -> bool:
    """Return whether a configuration runs, and is the last one in the history."""
    return rig.stores.running == rig.tree(content) == rig.history.configuration()


def is_back(rig: Rig, content: str = OLD) -> None:
    assert eventually(lambda: rig.stores.pending is None)
    assert is_running(rig, content)
    assert rig.history.confirmation is None


def test_what_is_confirmed_stays(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60))
    assert rig.stores.pending is not None
    assert is_running(rig, NEW)
    rig.stores.commit(1, ANN)
    assert rig.stores.pending is None
    assert is_running(rig, NEW)
    rig.start()
    assert is_running(rig, NEW)


def test_what_is_not_confirmed_in_time_is_taken_back(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(SOON))
    is_back(rig)
    last = list(rig.history.commits())[-1]
    assert last.author == Author("system", None, "internal")
    assert last.comment == "taken back to 1: it was not confirmed in time"


def test_the_first_configuration_can_be_taken_back_to_nothing(database: Database, full_schema: Schema) -> None:
    rig = Rig(database, full_schema)
    rig.start()
    commit(rig, NEW, terms=Terms(SOON))
    is_back(rig, "")
    rig.close()


def test_a_confirming_commit_may_bring_more(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60))
    commit(rig, NEWER)
    assert rig.stores.pending is None
    assert is_running(rig, NEWER)


def test_a_follow_up_resets_the_time_and_leads_back_to_before_the_first(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(0.3))
    commit(rig, NEWER, terms=Terms(60))
    time.sleep(0.4)
    assert is_running(rig, NEWER)
    rig.stores.commit(1, ANN, terms=Terms(SOON))
    is_back(rig)


def test_only_its_session_confirms_or_cancels(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60))
    with pytest.raises(InUse, match="a confirmed commit of ann waits for session 1"):
        rig.stores.commit(2, BOB)
    with pytest.raises(InUse):
        rig.stores.commit(2, BOB, terms=Terms(60))
    with pytest.raises(InUse):
        rig.stores.cancel(2, BOB)
    with pytest.raises(InUse):
        rig.stores.roll_back(2, rig.tree(OLD), BOB, "")
    with pytest.raises(NotConfirmable, match="'mine'"):
        rig.stores.commit(1, ANN, persist_id="mine")
    rig.stores.cancel(1, ANN)
    is_back(rig)
    assert list(rig.history.commits())[-1].comment == "taken back to 1: ann cancelled it"


def test_with_a_token_any_session_confirms(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60, "token"))
    for who in (ANN, BOB):
        with pytest.raises(InUse, match="waits for whoever has its persist-id"):
            rig.stores.commit(who.session_id or 0, who)
        with pytest.raises(NotConfirmable):
            rig.stores.commit(who.session_id or 0, who, persist_id="other")
    rig.stores.end_session(1)
    time.sleep(SOON)
    assert is_running(rig, NEW)
    commit(rig, NEWER, BOB, Terms(60), "token")
    pending = rig.stores.pending
    assert pending is not None
    assert (pending.persist, pending.session_id, pending.before) == ("token", 2, 1)
    rig.stores.commit(1, ANN, persist_id="token")
    assert rig.stores.pending is None
    assert is_running(rig, NEWER)


def test_cancelling_takes_the_token_or_the_session(rig: Rig) -> None:
    with pytest.raises(NotConfirmable, match="no confirmed commit to cancel"):
        rig.stores.cancel(1, ANN)
    commit(rig, NEW, terms=Terms(60, "token"))
    with pytest.raises(InUse):
        rig.stores.cancel(2, BOB)
    with pytest.raises(NotConfirmable):
        rig.stores.cancel(2, BOB, "other")
    rig.stores.cancel(2, BOB, "token")
    is_back(rig)
    commit(rig, NEW, terms=Terms(60, "token"))
    rig.stores.cancel(1, ANN)
    is_back(rig)


def test_the_end_of_its_session_takes_it_back(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60))
    rig.stores.end_session(2)
    assert is_running(rig, NEW)
    rig.stores.end_session(1)
    is_back(rig)
    assert list(rig.history.commits())[-1].comment.endswith("its session ended before it was confirmed")


def test_a_commit_that_fails_arms_nothing_and_confirms_nothing(rig: Rig) -> None:
    rig.chip.inject(Fault(key=PORT))
    wide = interfaces(interface("Ethernet1", description="new", mtu=4000))
    with pytest.raises(CommitFailed):
        commit(rig, wide, terms=Terms(60))
    assert (rig.stores.pending, rig.history.confirmation) == (None, None)
    rig.chip.inject(None)
    commit(rig, NEW, terms=Terms(60))
    waiting = rig.stores.pending
    rig.chip.inject(Fault(key=PORT))
    with pytest.raises(CommitFailed):
        commit(rig, wide)
    rig.chip.inject(None)
    assert rig.stores.pending is waiting
    rig.stores.cancel(1, ANN)
    is_back(rig)


def test_running_cannot_be_locked_by_another_session_while_it_waits(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60))
    with pytest.raises(LockDenied) as caught:
        rig.stores.lock("running", 2)
    assert caught.value.info == (("session-id", "1"),)
    rig.stores.lock("candidate", 2)
    rig.stores.lock("running", 1)
    rig.stores.unlock("candidate", 2)
    rig.stores.commit(1, ANN)
    assert rig.stores.pending is None


def test_a_candidate_outlives_what_is_taken_back(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60))
    edited = rig.tree(NEWER)
    rig.stores.edit(1, lambda _: edited)
    candidate = rig.stores.candidate
    rig.stores.cancel(1, ANN)
    is_back(rig)
    assert rig.stores.candidate is candidate
    assert candidate == edited


def test_a_restart_takes_back_what_has_no_token(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60))
    rig.start()
    is_back(rig)


def test_a_restart_goes_on_waiting_for_a_token_until_the_same_time(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60, "token"))
    before = rig.stores.pending
    rig.start()
    pending = rig.stores.pending
    assert before is not None
    assert pending == before._replace(session_id=None)
    with pytest.raises(InUse):
        # sessions are counted anew
        rig.stores.cancel(1, ANN)
    rig.stores.commit(1, ANN, persist_id="token")
    rig.start()
    assert rig.stores.pending is None
    assert is_running(rig, NEW)


def test_what_ran_out_while_nobody_served_is_taken_back_by_the_start(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(0.3, "token"))
    rig.stores.close()
    time.sleep(0.4)
    rig.start()
    is_back(rig)


def test_a_reboot_takes_back_even_what_has_a_token(rig: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commit(rig, NEW, terms=Terms(60, "token"))
    (tmp_path / "boot").write_text("another")
    monkeypatch.setattr(confirmation, "BOOT_ID", tmp_path / "boot")
    rig.start()
    is_back(rig)


def test_it_is_tried_until_it_can_be_taken_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmation, "PATIENCE", (SOON,))
    commit(rig, interfaces(interface("Ethernet1", mtu=4000)), terms=Terms(60))
    rig.chip.inject(Fault(key=PORT))
    rig.stores.end_session(1)
    time.sleep(4 * SOON)
    assert rig.stores.pending is not None
    rig.chip.inject(None)
    is_back(rig)


def test_an_end_of_the_server_takes_back_what_its_session_did_not_confirm(rig: Rig) -> None:
    commit(rig, NEW, terms=Terms(60))
    rig.stores.end_session(1)
    rig.close()
    rig.open()
    assert rig.history.confirmation is None
    assert rig.history.configuration() == rig.tree(OLD)


def test_a_commit_does_what_its_plan_says_or_nothing(rig: Rig) -> None:
    tree = rig.tree(NEW)
    rig.stores.edit(1, lambda _: tree)
    plan = rig.stores.plan()
    other = rig.tree(NEWER)
    rig.stores.edit(1, lambda _: other)
    with pytest.raises(PlanChanged, match=f"the plan is {rig.stores.plan().id} by now, not {plan.id}"):
        rig.stores.commit(1, ANN, plan_id=plan.id)
    assert is_running(rig, OLD)
    rig.stores.edit(1, lambda _: tree)
    rig.stores.commit(1, ANN, plan_id=plan.id)
    assert is_running(rig, NEW)


@pytest.mark.parametrize("terms", [None, Terms(60, "other")])
def test_a_confirmation_that_is_not_known_to_be_written_has_not_come(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, terms: Terms | None
) -> None:
    commit(rig, NEW, terms=Terms(60, "token"))
    waiting = rig.stores.pending
    seal = rig.history.seal

    def sealed_and_cut_off(commit_id: int, confirmation: Confirmation | None = None, _: object = None) -> None:
        before = rig.history._confirmation
        seal(commit_id, confirmation)
        rig.history._confirmation = before
        raise HistoryFailed("the connection was lost")

    with monkeypatch.context() as patched:
        patched.setattr(rig.history, "seal", sealed_and_cut_off)
        with pytest.raises(CommitFailed):
            commit(rig, NEWER, terms=terms, persist_id="token")
    assert rig.stores.pending is waiting
    rig.stores.close()
    rig.start()
    assert waiting is not None
    assert rig.stores.pending == waiting._replace(session_id=None)
