"""Scheduled commits: what the candidate changes, committed at a time, once, whatever happens in between."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.hardware.objects import Port
from backends.hardware.simulated import Fault
from datastore import schedule as scheduling
from datastore import scheduled as rows
from datastore.confirmation import Terms
from datastore.database import HistoryFailed
from datastore.errors import CommitFailed, InUse, TooManyScheduled, UnknownSchedule, ValidationFailed
from datastore.history import Author
from datastore.schedule import Schedule
from tests.datastore.rig import Rig, eventually
from tests.datastore.test_confirmed_machine import content_of, differing, replayed
from tests.openconfig import interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from datastore.scheduled import Scheduled
    from yang.schema import Schema

ANN, BOB = Author("ann", 1, "test"), Author("bob", 2, "test")
PORT = (Port.kind, "Ethernet1")
OLD = interfaces(interface("Ethernet1", description="old"))
NEW = interfaces(interface("Ethernet1", description="new"))
SECOND = interfaces(interface("Ethernet2", description="two"))
LATER = 3600.0


class Planned(Rig):
    """A rig with a schedule."""

    schedule: Schedule

    def open(self) -> None:
        super().open()
        self.schedule = Schedule(self.stores, self.history)

    def start(self) -> None:
        super().start()
        self.schedule.start()

    def close(self) -> None:
        if self.is_open:
            self.schedule.close()
        super().close()

    def plan(self, content: str, seconds: float = 0.0, who: Author = ANN, **more: float) -> int:
        """Schedule an edit."""
        self.edit(content)
        return self.schedule.add(who.session_id or 0, who, time.time() + seconds, "why", "v1", **more)

    def one(self, number: int) -> Scheduled:
        (found,) = self.schedule.listed([number])
        return found

    def becomes(self, number: int, state: str) -> Scheduled:
        assert eventually(lambda: self.one(number).state == state), self.one(number)
        return self.one(number)

    def is_held_up(self, number: int, reason: str) -> None:
        assert eventually(lambda: reason in self.one(number).reason), self.one(number)
        assert self.one(number).state == "waiting"

    def come_due(self) -> None:
        """Have everything that waits be due, in its order, as if no server had run for long."""
        self.database.sql(f"UPDATE schedules SET due = due - {10 * LATER}")  # noqa: S608 - a number of ours


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "PAUSE", 0.01)


@pytest.fixture
def rig(tmp_path: Path, full_schema: Schema) -> Iterator[Planned]:
    made = Planned(tmp_path, full_schema)
    made.start()
    made.commit(OLD)
    yield made
    made.close()


def test_it_is_kept_until_its_time(rig: Planned) -> None:
    number = rig.plan(NEW, LATER)
    assert rig.stores.running == rig.stores.candidate == rig.tree(OLD)
    found = rig.one(number)
    assert (found.state, found.user, found.session_id, found.comment, found.label) == ("waiting", "ann", 1, "why", "v1")
    path = "/openconfig-interfaces:interfaces/interface[name='Ethernet1']/config/description"
    assert found.changes == (f"~ {path} old -> new",)
    assert rig.states() == ["sealed"]


def test_at_its_time_it_is_a_commit_of_its_user(rig: Planned) -> None:
    number = rig.plan(NEW)
    done = rig.becomes(number, "done")
    assert rig.stores.running == rig.tree(NEW) == rig.history.configuration()
    commit = list(rig.history.commits())[-1]
    assert commit.author == Author("ann", None, "schedule", number)
    assert (commit.id, commit.comment, commit.label) == (done.commit_id, f"why (scheduled as {number})", "v1")


def test_what_others_commit_meanwhile_is_kept(rig: Planned) -> None:
    number = rig.plan(NEW, LATER)
    rig.edit(SECOND)
    rig.stores.commit(2, BOB)
    rig.come_due()
    rig.schedule.start()
    rig.becomes(number, "done")
    assert rig.stores.running == rig.tree(NEW, SECOND)


def test_uncommitted_edits_stay_on_top(rig: Planned) -> None:
    number = rig.plan(NEW, LATER)
    rig.edit(SECOND)
    rig.edit(interfaces(interface("Ethernet1", description="edited")))
    rig.come_due()
    rig.schedule.start()
    rig.becomes(number, "done")
    assert rig.stores.running == rig.tree(NEW)
    assert rig.stores.candidate == rig.tree(SECOND, interfaces(interface("Ethernet1", description="edited")))


def test_uncommitted_edits_that_do_not_fit_hold_it_up(rig: Planned) -> None:
    number = rig.plan(SECOND, LATER)
    rig.edit(interfaces(interface("Ethernet2", description="mine")))
    edited = rig.stores.candidate
    rig.come_due()
    rig.schedule.start()
    rig.is_held_up(number, "the candidate has changes that do not fit together with these")
    assert (rig.stores.running, rig.stores.candidate) == (rig.tree(OLD), edited)
    rig.stores.discard(1)
    rig.becomes(number, "done")
    assert rig.stores.running == rig.tree(OLD, SECOND) == rig.stores.candidate


def test_what_does_not_apply_any_more_fails_and_changes_nothing(rig: Planned) -> None:
    number = rig.plan(SECOND, LATER)
    rig.edit(interfaces(interface("Ethernet2", description="by others")))
    rig.stores.commit(2, BOB)
    rig.come_due()
    rig.schedule.start()
    assert "interface Ethernet2 is to be created and is there already" in rig.becomes(number, "failed").reason
    assert rig.stores.running == rig.tree(OLD, interfaces(interface("Ethernet2", description="by others")))
    assert rig.states() == ["sealed", "sealed"]


def test_what_a_system_refuses_fails_and_changes_nothing(rig: Planned) -> None:
    number = rig.plan(interfaces(interface("Ethernet1", mtu=4000)), LATER)
    rig.chip.inject(Fault(key=PORT))
    before = rig.systems()
    rig.come_due()
    rig.schedule.start()
    assert "hardware" in rig.becomes(number, "failed").reason
    assert rig.stores.running == rig.tree(OLD)
    assert rig.systems() == before


def test_what_could_not_be_committed_now_is_not_scheduled(rig: Planned) -> None:
    rig.edit(static_routes(route("192.0.2.0/24", "@Ethernet7")))
    edited = rig.stores.candidate
    with pytest.raises(ValidationFailed):
        rig.schedule.add(1, ANN, time.time())
    assert rig.stores.candidate is edited
    rig.stores.discard(1)
    with pytest.raises(CommitFailed, match="no changes"):
        rig.schedule.add(1, ANN, time.time())
    assert rig.schedule.listed() == []


def test_whoever_may_not_commit_may_not_schedule(rig: Planned) -> None:
    rig.edit(NEW)
    edited = rig.stores.candidate
    rig.stores.lock("running", 2)
    with pytest.raises(InUse, match="running is locked by session 2"):
        rig.schedule.add(1, ANN, time.time())
    rig.stores.unlock("running", 2)
    rig.stores.commit(2, BOB, terms=Terms(60))
    rig.edit(SECOND)
    with pytest.raises(InUse, match="a confirmed commit of bob"):
        rig.schedule.add(1, ANN, time.time())
    assert rig.schedule.listed() == []
    assert rig.stores.running == edited


@pytest.mark.parametrize("name", ["running", "candidate"])
def test_it_waits_for_locks(rig: Planned, name: str) -> None:
    number = rig.plan(NEW, LATER)
    rig.stores.lock(name, 2)  # type: ignore[arg-type]  # it is one of the two
    rig.come_due()
    rig.schedule.start()
    rig.is_held_up(number, f"{name} is locked by session 2")
    rig.stores.unlock(name, 2)  # type: ignore[arg-type]  # likewise
    assert rig.becomes(number, "done").reason == ""


def test_it_waits_for_a_confirmation(rig: Planned) -> None:
    number = rig.plan(NEW, LATER)
    rig.edit(SECOND)
    rig.stores.commit(2, BOB, terms=Terms(60))
    rig.come_due()
    rig.schedule.start()
    rig.is_held_up(number, "a confirmed commit of bob waits for session 2")
    rig.stores.cancel(2, BOB)
    rig.becomes(number, "done")
    assert rig.stores.running == rig.tree(NEW)


def test_its_patience_ends(rig: Planned) -> None:
    number = rig.plan(NEW, LATER, patience=0.05)
    rig.stores.lock("running", 2)
    rig.come_due()
    rig.schedule.start()
    assert rig.becomes(number, "failed").reason == "held up for 0.05 s: running is locked by session 2"
    assert rig.stores.running == rig.tree(OLD)


def test_a_restart_carries_out_what_is_overdue_in_order(rig: Planned) -> None:
    second = rig.plan(interfaces(interface("Ethernet1", description="second")), LATER + 1)
    first = rig.plan(interfaces(interface("Ethernet1", description="first")), LATER)
    later = rig.plan(interfaces(interface("Ethernet1", description="later")), 20 * LATER)
    rig.close()
    rig.come_due()
    rig.start()
    for number in (first, second):
        rig.becomes(number, "done")
    assert [commit.author.schedule_id for commit in rig.history.commits()] == [None, first, second]
    assert rig.stores.running == rig.tree(interfaces(interface("Ethernet1", description="second")))
    assert rig.one(later).state == "waiting"


def test_what_was_committed_and_not_marked_is_not_committed_again(
    rig: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = rig.plan(NEW, LATER)

    def cut_off(*_: object) -> bool:
        raise HistoryFailed("killed")

    with monkeypatch.context() as patched:
        patched.setattr(rows.Rows, "finish", cut_off)
        rig.come_due()
        rig.schedule.start()
        assert eventually(lambda: rig.stores.running == rig.tree(NEW))
        rig.schedule.close()
    assert rig.one(number).state == "waiting"
    # were it carried out again, this would be undone
    rig.edit(interfaces(interface("Ethernet1", description="newer")))
    rig.stores.commit(2, BOB)
    rig.start()
    assert rig.becomes(number, "done").commit_id == 2
    assert rig.stores.running == rig.tree(interfaces(interface("Ethernet1", description="newer")))


def test_what_could_not_be_marked_is_marked_later_and_not_committed_again(
    rig: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, refusals = rows.Rows.finish, iter([True, True])

    def hesitant(self: rows.Rows, number: int, state: str, reason: str = "", commit_id: int | None = None) -> bool:
        if next(refusals, False):
            raise HistoryFailed("the disk is full")
        return finish(self, number, state, reason, commit_id)

    monkeypatch.setattr(rows.Rows, "finish", hesitant)
    number = rig.plan(NEW)
    assert rig.becomes(number, "done").commit_id == 2
    assert rig.states() == ["sealed", "sealed"]


def test_what_is_already_so_is_done_without_a_commit(rig: Planned) -> None:
    number = rig.plan(NEW, LATER)
    rig.edit(NEW)
    rig.stores.commit(2, BOB)
    rig.come_due()
    rig.schedule.start()
    assert rig.becomes(number, "done").commit_id is None
    assert rig.states() == ["sealed", "sealed"]


def test_what_is_cancelled_is_never_carried_out(rig: Planned) -> None:
    number = rig.plan(NEW, LATER)
    rig.schedule.cancel(number, BOB)
    rig.come_due()
    rig.start()
    assert (rig.one(number).state, rig.one(number).reason) == ("cancelled", "bob cancelled it")
    rig.becomes(rig.plan(SECOND), "done")
    assert rig.stores.running == rig.tree(OLD, SECOND)
    for gone in (number, number + 1, 99):
        with pytest.raises(UnknownSchedule, match=f"no scheduled commit {gone} waits"):
            rig.schedule.cancel(gone, BOB)


def test_a_clock_that_is_set_is_noticed(rig: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now = 1e9

        def time(self) -> float:
            return self.now

        monotonic = time

    clock = Clock()
    monkeypatch.setattr(scheduling, "time", clock)
    monkeypatch.setattr(scheduling, "LONGEST_WAIT", 0.01)
    rig.edit(NEW)
    number = rig.schedule.add(1, ANN, clock.now + LATER)
    assert rig.one(number).state == "waiting"
    clock.now += LATER
    rig.becomes(number, "done")


def test_so_many_wait_and_no_more(rig: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "MOST", 2)
    rig.plan(NEW, LATER)
    rig.plan(NEW, LATER)
    with pytest.raises(TooManyScheduled, match="2 scheduled commits wait already"):
        rig.plan(NEW, LATER)
    assert rig.stores.candidate == rig.tree(NEW)


def test_what_is_over_is_dropped_in_the_end(rig: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "KEPT", 2)
    waiting = rig.plan(SECOND, LATER)
    over = [rig.plan(NEW, LATER) for _ in range(4)]
    for number in over:
        rig.schedule.cancel(number, ANN)
    assert [found.id for found in rig.schedule.listed()] == [waiting, *over[-2:]]


def test_of_many_changes_some_are_told(rig: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "LINES", 2)
    number = rig.plan(interfaces(*(interface(f"Ethernet{port}") for port in range(2, 6))), LATER)
    assert rig.one(number).changes[1:] == (
        "+ /openconfig-interfaces:interfaces/interface[name='Ethernet3']",
        "… (4 in all)",
    )


def test_one_whose_changes_are_damaged_fails_and_the_next_is_carried_out(rig: Planned) -> None:
    broken, sound = rig.plan(SECOND, LATER), rig.plan(NEW, LATER)
    rig.database.sql(f"UPDATE schedules SET delta = x'00' WHERE id = {broken}")  # noqa: S608 - a number of ours
    rig.come_due()
    rig.schedule.start()
    assert "damaged" in rig.becomes(broken, "failed").reason
    rig.becomes(sound, "done")


CONTENTS = st.dictionaries(
    st.sampled_from(["Ethernet1", "Ethernet2", "Ethernet3", "Ethernet4"]), st.sampled_from("xyz"), max_size=4
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=CONTENTS, planned=CONTENTS, meanwhile=CONTENTS, edited=CONTENTS)
def test_it_neither_undoes_nor_commits_what_others_do(
    rig: Planned, base: dict[str, str], planned: dict[str, str], meanwhile: dict[str, str], edited: dict[str, str]
) -> None:
    def make_candidate(content: dict[str, str]) -> None:
        entries = [interface(port, description=text) for port, text in content.items()]
        tree = rig.tree(interfaces(*entries) if entries else "")
        rig.stores.edit(1, lambda _: tree)

    def make_running(content: dict[str, str]) -> None:
        make_candidate(content)
        rig.stores.commit(1, ANN)

    make_running(base)
    make_candidate(planned)
    if base == planned:
        return
    number = rig.schedule.add(1, ANN, time.time() + LATER, patience=0)
    make_running(meanwhile)
    make_candidate(edited)
    rig.come_due()
    rig.schedule.start()
    assert eventually(lambda: rig.one(number).state != "waiting")
    wanted = replayed(meanwhile, differing(base, planned))
    on_top = replayed(wanted, differing(meanwhile, edited)) if wanted is not None else None
    found = rig.one(number)
    if found.state == "done":
        assert content_of(rig.stores.running) == wanted
        assert content_of(rig.stores.candidate) == on_top
    else:
        # it cannot be, or not together with the edits, or changes a port that has gone
        assert (content_of(rig.stores.running), content_of(rig.stores.candidate)) == (meanwhile, edited)
        changed = differing(base, planned).items()
        assert wanted is None or on_top is None or any(old and port not in meanwhile for port, (old, _) in changed)
    rig.stores.discard(1)
