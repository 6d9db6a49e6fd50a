"""Whatever sessions do, in whatever order: the datastores are what RFC 6241 says, sections 7.5, 8.3 and 8.4.

Among it, what was scheduled comes due: it is committed once, and neither undoes nor commits what others have edited.

A small model says what there should be after each step; a server is killed and started anew among the steps.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from datastore import confirmation
from datastore import schedule as scheduling
from datastore.confirmation import Terms
from datastore.errors import CommitFailed, InUse, LockDenied, NotConfirmable
from datastore.history import Author
from datastore.schedule import Schedule
from tests.conftest import config
from tests.datastore.rig import Rig, eventually
from tests.openconfig import interface, interfaces
from yang.edit import edit_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.store import Name
    from yang.schema import Schema

SESSIONS = st.sampled_from([1, 2, 3])
TOKENS = st.sampled_from([None, None, None, "a", "b"])
DATASTORES = st.sampled_from(["running", "candidate"])
PATIENCE = 30
Content = dict[str, str]
"""Ports with their descriptions."""


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1e9

    def time(self) -> float:
        return self.now

    monotonic = time


class Still(Schedule):
    """A schedule that is looked at when the test says so."""

    def _watch(self) -> None:
        pass


class Waiting(NamedTuple):
    """What the model knows of a confirmed commit that waits."""

    before: Content
    session: int | None
    persist: str | None
    deadline: float


class Planned(NamedTuple):
    """What the model knows of a scheduled commit: the ports that it changes, before and after."""

    number: int
    due: float
    changes: dict[str, tuple[str | None, str | None]]


def differing(before: Content, after: Content) -> dict[str, tuple[str | None, str | None]]:
    ports = [port for port in before | after if before.get(port) != after.get(port)]
    return {port: (before.get(port), after.get(port)) for port in ports}


def replayed(content: Content, changes: dict[str, tuple[str | None, str | None]]) -> Content | None:
    """Return what changes make of ports; None if they make or remove what is there, or is not."""
    if any((old is None) is (port in content) for port, (old, new) in changes.items() if old is None or new is None):
        return None
    kept = content | {port: new for port, (_, new) in changes.items() if new is not None}
    return {port: text for port, text in kept.items() if changes.get(port, ("", ""))[1] is not None}


class Machine(RuleBasedStateMachine):
    """Sessions that edit, lock, commit, confirm, cancel, schedule and end; a clock; and a server that ends and is killed."""

    schema: Schema
    clock: Clock

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.rig = Rig(self.folder, self.schema)
        self.rig.start()
        self.running: Content = {}
        self.candidate: Content | None = None
        self.locks: dict[str, int] = {}
        self.waiting: Waiting | None = None
        self.schedule = Still(self.rig.stores, self.rig.history)
        self.planned: list[Planned] = []
        self.held_up: tuple[int, float] | None = None

    def teardown(self) -> None:
        self.rig.close()
        shutil.rmtree(self.folder)

    @rule(session=SESSIONS, port=st.sampled_from(["Ethernet1", "Ethernet2"]), text=st.sampled_from("xyz"))
    def edit(self, session: int, port: str, text: str) -> None:
        content = config(interfaces(interface(port, description=text)))
        refused = InUse if self._is_locked("candidate", session) else None
        self._attempt(refused, lambda: self.rig.stores.edit(session, lambda tree: edit_config(tree, content)))
        if refused is None:
            self._set_candidate((self.running if self.candidate is None else self.candidate) | {port: text})

    @precondition(lambda self: self.candidate is not None)
    @rule(session=SESSIONS)
    def discard(self, session: int) -> None:
        refused = InUse if self._is_locked("candidate", session) else None
        self._attempt(refused, lambda: self.rig.stores.discard(session))
        if refused is None:
            self.candidate = None

    @rule(session=SESSIONS, name=DATASTORES)
    def lock(self, session: int, name: Name) -> None:
        waiting = self.waiting
        is_refused = (
            name in self.locks
            or (name == "candidate" and self.candidate is not None)
            or (name == "running" and waiting is not None and waiting.session != session)
        )
        self._attempt(LockDenied if is_refused else None, lambda: self.rig.stores.lock(name, session))
        if not is_refused:
            self.locks[name] = session

    @rule(session=SESSIONS, name=DATASTORES)
    def unlock(self, session: int, name: Name) -> None:
        is_refused = self.locks.get(name) != session
        self._attempt(LockDenied if is_refused else None, lambda: self.rig.stores.unlock(name, session))
        if not is_refused:
            self._release(name)

    @rule(session=SESSIONS, persist_id=TOKENS)
    def commit(self, session: int, persist_id: str | None) -> None:
        self._commit(session, None, persist_id)

    @rule(session=SESSIONS, persist=TOKENS, persist_id=TOKENS, timeout=st.sampled_from([5, 50]))
    def confirmed_commit(self, session: int, persist: str | None, persist_id: str | None, timeout: int) -> None:
        self._commit(session, Terms(timeout, persist), persist_id)

    @rule(session=SESSIONS, persist_id=TOKENS)
    def cancel(self, session: int, persist_id: str | None) -> None:
        waiting = self.waiting
        refused: type[Exception] | None = None
        if waiting is None or (persist_id is not None and waiting.persist != persist_id):
            refused = NotConfirmable
        elif persist_id is None and waiting.session != session:
            refused = InUse
        self._attempt(refused, lambda: self.rig.stores.cancel(session, author(session), persist_id))
        if refused is None:
            self._take_back()

    @precondition(lambda self: self.candidate is not None)
    @rule(session=SESSIONS, seconds=st.sampled_from([0, 5, 50]))
    def plan(self, session: int, seconds: int) -> None:
        refused = self._refusal(session, None)
        due = self.clock.now + seconds
        number = self._attempt(refused, lambda: self.schedule.add(session, author(session), due, patience=PATIENCE))
        if refused is None and self.candidate is not None:
            self.planned.append(Planned(number, due, differing(self.running, self.candidate)))
            self.planned.sort(key=lambda planned: (planned.due, planned.number))
            self.candidate = None

    @precondition(lambda self: len(self.planned) > 1)
    @rule(index=st.integers(0, 3))
    def cancel_planned(self, index: int) -> None:
        planned = self.planned.pop(index % len(self.planned))
        self.schedule.cancel(planned.number, author(1))

    @precondition(lambda self: self.planned)
    @rule(seconds=st.sampled_from([0, 10, 60]), is_killed=st.sampled_from([False, False, True]))
    def carry_out(self, seconds: int, is_killed: bool) -> None:
        self.pass_time(seconds)
        assert eventually(lambda: (self.rig.stores.pending is None) is (self.waiting is None))
        planned, *others = self.planned
        self.schedule._step()
        outcome = self.schedule._outcome
        if planned.due > self.clock.now:
            assert outcome is None
            return
        after = replayed(self.running, planned.changes)
        edited = None
        if after is not None and self.candidate is not None:
            edited = replayed(after, differing(self.running, self.candidate))
        is_in_the_way = self.candidate is not None and after is not None and edited is None
        is_held_up = bool(self.locks) or self.waiting is not None or is_in_the_way
        if is_held_up:
            if self.held_up is None or self.held_up[0] != planned.number:
                self.held_up = planned.number, self.clock.now
            is_held_up = self.clock.now - self.held_up[1] < PATIENCE
            after = None
        if is_held_up:
            assert outcome is None
            return
        assert outcome is not None
        is_gone = any(old and new and port not in self.running for port, (old, new) in planned.changes.items())
        if after is not None and not is_gone:
            assert outcome.state == "done"
            self.running = after
            self._set_candidate(edited)
        else:
            assert outcome.state == "failed"
        if is_killed:
            # before it was marked
            self._start_anew(is_killed=True)
            self.planned = [planned, *others]
            if outcome.commit_id is None:
                return
            assert self.schedule._carried_out(*self.schedule.listed([planned.number])) == outcome
        self.schedule._rows.finish(*outcome)
        self.schedule._outcome = self.held_up = None
        self.planned = others

    @rule(session=SESSIONS, number=st.integers(1, 4))
    def roll_back(self, session: int, number: int) -> None:
        sealed = [commit.id for commit in self.rig.history.commits() if commit.state == "sealed"]
        if not sealed:
            return
        tree = self.rig.history.configuration(sealed[-number:][0])
        refused = self._refusal(session, None)
        if refused is None and self.candidate is not None:
            refused = CommitFailed
        self._attempt(refused, lambda: self.rig.stores.roll_back(session, tree, author(session), ""))
        if refused is None:
            self.running, self.waiting = content_of(tree), None

    @precondition(lambda self: self.waiting is not None or self.locks)
    @rule(session=SESSIONS)
    def end(self, session: int) -> None:
        self.rig.stores.end_session(session)
        self._end(session)

    @rule(seconds=st.sampled_from([1, 10, 60]))
    def pass_time(self, seconds: int) -> None:
        self.clock.now += seconds
        confirmations = self.rig.stores._confirmations
        with confirmations._changed:
            confirmations._changed.notify_all()
        if self.waiting is not None and self.clock.now >= self.waiting.deadline:
            self._take_back()

    @rule(is_killed=st.booleans())
    def start_anew(self, is_killed: bool) -> None:
        self._start_anew(is_killed=is_killed)

    def _start_anew(self, *, is_killed: bool) -> None:
        if is_killed:
            # nothing of what ends in order may be done
            self.rig.stores._confirmations._take_back = lambda *_: True
        else:
            for session in (1, 2, 3):
                self.rig.stores.end_session(session)
        self.rig.start()
        self.schedule = Still(self.rig.stores, self.rig.history)
        self.candidate = None
        self.held_up = None
        self.locks = {}
        if self.waiting is not None:
            self.waiting = self.waiting._replace(session=None)
            if self.waiting.persist is None:
                self._take_back()

    @invariant()
    def it_is_what_the_model_says(self) -> None:
        assert eventually(lambda: (self.rig.stores.pending is None) is (self.waiting is None))
        assert content_of(self.rig.stores.running) == self.running
        assert content_of(self.rig.history.configuration()) == self.running
        assert content_of(self.rig.stores.candidate) == (self.running if self.candidate is None else self.candidate)
        assert self.rig.history.confirmation is None if self.waiting is None else self.rig.history.confirmation
        assert not self.rig.committer.out_of_step

    def _commit(self, session: int, terms: Terms | None, persist_id: str | None) -> None:
        refused = self._refusal(session, persist_id)
        stores = self.rig.stores
        self._attempt(refused, lambda: stores.commit(session, author(session), terms=terms, persist_id=persist_id))
        if refused is not None:
            return
        before = self.running if self.waiting is None else self.waiting.before
        persist = self.waiting.persist if self.waiting is not None else None
        self.running = self.running if self.candidate is None else self.candidate
        self.candidate = self.waiting = None
        if terms is not None:
            self.waiting = Waiting(before, session, terms.persist or persist, self.clock.now + terms.timeout)

    def _refusal(self, session: int, persist_id: str | None) -> type[Exception] | None:
        if self._is_locked("candidate", session) or self._is_locked("running", session):
            return InUse
        waiting = self.waiting
        if persist_id is not None:
            return None if waiting is not None and waiting.persist == persist_id else NotConfirmable
        if waiting is not None and (waiting.persist is not None or waiting.session != session):
            return InUse
        return None

    def _take_back(self) -> None:
        assert self.waiting is not None
        self.running, self.waiting = self.waiting.before, None
        self._set_candidate(self.candidate)

    def _end(self, session: int) -> None:
        for name in [name for name, holder in self.locks.items() if holder == session]:
            self._release(name)
        if self.waiting is not None and self.waiting.session == session:
            self.waiting = self.waiting._replace(session=None)
            if self.waiting.persist is None:
                self._take_back()

    def _release(self, name: str) -> None:
        del self.locks[name]
        if name == "candidate":
            self.candidate = None

    def _set_candidate(self, content: Content | None) -> None:
        self.candidate = None if content == self.running else content

    def _is_locked(self, name: str, session: int) -> bool:
        return self.locks.get(name, session) != session

    def _attempt(self, refused: type[Exception] | None, action: Callable[[], Any]) -> Any:
        if refused is None:
            return action()
        with pytest.raises(refused):
            action()
        return None


def author(session: int) -> Author:
    return Author(f"user{session}", session, "test")


def content_of(tree: Any) -> Content:
    top = tree.get("openconfig-interfaces:interfaces")
    entries = top.get("interface").items() if top is not None else ()
    return {str(key[0]): entry.get("config").get("description") for key, entry in entries}


def test_any_sequence_of_sessions(full_schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    Machine.schema = full_schema
    Machine.clock = Clock()
    monkeypatch.setattr(confirmation, "time", Machine.clock)
    monkeypatch.setattr(scheduling, "time", Machine.clock)
    examples = int(os.environ.get("MACHINE_EXAMPLES", "100"))
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    Machine.TestCase.settings = settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=checks,
    )
    Machine.TestCase("runTest").runTest()
