"""Calls of a backend: in time, too late, one at a time, and after one that has not come back."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from backends import BackendLost, Failure, OperationFailed
from datastore.calls import Calls, Deadlines
from tests.backends.paper import PaperKernel
from tests.datastore.rig import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = Deadlines(read=0.05, check=0.05, execute=0.05)
SECONDS = 20.0


class Abandoned(PaperKernel):
    """Counts how often a call was given up."""

    times = 0

    def abandon(self) -> None:
        self.times += 1


@pytest.fixture
def backend() -> Abandoned:
    return Abandoned()


@pytest.fixture
def calls(backend: Abandoned) -> Calls:
    return Calls(backend, SHORT)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a hanging call waits for."""
    event = threading.Event()
    yield event
    event.set()


def test_what_a_call_returns_is_returned(calls: Calls) -> None:
    assert calls.make("read", lambda: 5) == 5
    assert calls.loss == ""


def test_a_refusal_is_raised_as_it_is(calls: Calls) -> None:
    refusal = OperationFailed({3: Failure("no")})

    def refuse() -> None:
        raise refusal

    with pytest.raises(OperationFailed) as refused:
        calls.make("execute", refuse)
    assert refused.value is refusal
    assert calls.loss == ""


def test_a_mistake_is_a_loss_that_names_the_backend(calls: Calls) -> None:
    with pytest.raises(BackendLost, match=r"^kernel: ZeroDivisionError"):
        calls.make("read", lambda: 1 // 0)
    assert calls.loss.startswith("kernel: ZeroDivisionError")
    calls.make("read", lambda: None)
    assert calls.loss == ""


def test_the_more_a_call_is_about_the_more_time_it_has() -> None:
    deadlines = Deadlines(execute=60.0, per_thousand=2.0)
    assert [deadlines.of("execute", size) for size in (0, 1, 1000, 100_000)] == [60.0, 60.002, 62.0, 260.0]
    assert deadlines.of("check", 0) == Deadlines().check


def test_a_call_that_takes_too_long_is_given_up(calls: Calls, backend: Abandoned, gate: threading.Event) -> None:
    with pytest.raises(BackendLost, match=r"^kernel: it did not come back from check within 0\.05 s$"):
        calls.make("check", gate.wait)
    assert backend.times == 1


def test_until_it_comes_back_every_other_call_is_refused_at_once(calls: Calls, gate: threading.Event) -> None:
    made: list[int] = []
    with pytest.raises(BackendLost):
        calls.make("execute", gate.wait)
    for _ in range(3):
        with pytest.raises(BackendLost, match=r"^kernel: it has not come back from execute since \d{4}-.*Z$"):
            calls.make("read", lambda: made.append(1))
    assert "execute since" in calls.loss
    gate.set()
    assert eventually(lambda: answers(calls), SECONDS)
    assert made == []


def test_what_comes_back_too_late_is_dropped(calls: Calls, gate: threading.Event) -> None:
    with pytest.raises(BackendLost):
        calls.make("read", lambda: gate.wait() and "late")
    gate.set()
    assert eventually(lambda: answers(calls), SECONDS)
    assert calls.make("read", lambda: "new") == "new"


def test_calls_from_several_threads_take_turns(backend: Abandoned) -> None:
    calls = Calls(backend, Deadlines())
    inside: list[int] = []
    most: list[int] = []

    def call() -> None:
        inside.append(1)
        most.append(len(inside))
        inside.pop()

    threads = [threading.Thread(target=lambda: [calls.make("state", call) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 200


def test_who_waits_for_a_turn_waits_no_longer_than_for_an_answer(backend: Abandoned, gate: threading.Event) -> None:
    calls = Calls(backend, Deadlines(read=0.05))
    thread = threading.Thread(target=lambda: calls.make("execute", gate.wait))
    thread.start()
    assert eventually(calls._turn.locked, SECONDS)
    with pytest.raises(BackendLost, match=r"^kernel: it was busy with other calls for 0\.05 s: no read$"):
        calls.make("read", lambda: None)
    gate.set()
    thread.join()
    calls.make("read", lambda: None)


def test_closing_ends_the_thread_and_does_not_wait_for_one_that_hangs(calls: Calls, gate: threading.Event) -> None:
    calls.make("read", lambda: None)
    thread = calls._thread
    assert thread is not None
    with pytest.raises(BackendLost):
        calls.make("read", gate.wait)
    calls.close()
    assert thread.is_alive()
    gate.set()
    assert eventually(lambda: not thread.is_alive(), SECONDS)


def test_nothing_of_a_call_is_held_after_it_and_no_thread_after_its_owner(backend: Abandoned) -> None:
    class Big:
        pass

    calls = Calls(backend, Deadlines())
    big = Big()
    held: Any = weakref.ref(big)
    calls.make("read", lambda big=big: big)  # type: ignore[misc]
    del big
    assert eventually(lambda: gc.collect() >= 0 and held() is None, SECONDS)
    thread = calls._thread
    assert thread is not None
    del calls
    assert eventually(lambda: gc.collect() >= 0 and not thread.is_alive(), SECONDS)


def answers(calls: Calls) -> bool:
    try:
        calls.make("read", lambda: None)
    except BackendLost:
        return False
    return True
