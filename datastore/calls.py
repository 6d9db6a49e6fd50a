"""Calls of backends, each answered in time or given up, so that a backend that hangs holds up nobody for long."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from backends.operation import BackendLost, OperationFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.backend import Backend
    from datastore.events import Events

logger = logging.getLogger(__name__)

Phase: TypeAlias = Literal["start", "read", "check", "execute", "verify", "state", "close"]
T = TypeVar("T")


@dataclass(frozen=True)
class Deadlines:
    """How many seconds a backend has for one call, by the phase of a commit that it is part of."""

    start: float = 300.0
    """To list all that is there, when the server starts."""
    read: float = 30.0
    check: float = 30.0
    execute: float = 60.0
    verify: float = 30.0
    state: float = 10.0
    close: float = 10.0
    per_thousand: float = 2.0
    """What is added for every thousand resources or operations of a call."""

    def of(self, phase: Phase, size: int) -> float:
        """Return how long a call that is about `size` resources may take."""
        allowed: float = getattr(self, phase)
        return allowed + self.per_thousand * size / 1000


class Called(NamedTuple):
    """A backend was called."""

    backend: str
    phase: Phase
    seconds: float
    size: int
    """How many resources or operations the call was about."""
    refused: int = 0
    """How many operations were refused."""
    is_lost: bool = False
    """Whether it was not answered."""


class Calls:
    """The calls of one backend, one at a time, carried out by a thread of their own.

    A call that does not come back in time is given up: `BackendLost` is raised, and again at once by every further call,
    until it has come back. What it returned by then is dropped.
    """

    def __init__(self, backend: Backend, deadlines: Deadlines, events: Events | None = None) -> None:
        """Call `backend`, and tell `events` of it."""
        self._backend = backend
        self._events = events
        self._deadlines = deadlines
        self._turn = threading.Lock()
        self._given_up: _Call[object] | None = None
        self._waiting: SimpleQueue[_Call[object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self.loss = ""
        """Why the last call was not answered; empty if it was."""
        self.is_closed = False

    def make(self, phase: Phase, call: Callable[[], T], size: int = 0) -> T:
        """Return what `call`, which is about `size` resources, returns.

        Raises:
            OperationFailed: It raises it.
            BackendLost: It raises anything else, or does not come back in time.
        """
        begun = time.perf_counter()
        refused = 0
        try:
            found = self._made(phase, call, self._deadlines.of(phase, size))
            self.loss = ""
        except OperationFailed as error:
            self.loss = ""
            refused = len(error.failures)
            raise
        except BackendLost as error:
            self.loss = f"{self._backend.name}: {error}"
            raise BackendLost(self.loss) from error
        except Exception as error:
            # a mistake in a backend: what state its system is in is then as unknown
            logger.exception("%s failed", self._backend.name)
            self.loss = f"{self._backend.name}: {error!r}"
            raise BackendLost(self.loss) from error
        finally:
            if self._events is not None:
                seconds = time.perf_counter() - begun
                self._events.publish(Called(self._backend.name, phase, seconds, size, refused, bool(self.loss)))
        return found

    def close(self) -> None:
        """End the thread; one that a call holds ends when that comes back."""
        self.is_closed = True
        self._waiting.put(None)
        if self._thread is not None and self._given_up is None:
            self._thread.join(self._deadlines.close)

    def _made(self, phase: Phase, call: Callable[[], T], seconds: float) -> T:
        if self.is_closed:
            raise BackendLost("it was let go")
        # that one is given up is said at once, and not when its turn would have come
        self._refuse_while_given_up()
        if not self._turn.acquire(timeout=seconds):
            raise BackendLost(f"it was busy with other calls for {seconds:g} s: no {phase}")
        try:
            self._refuse_while_given_up()
            if self._given_up is not None:
                logger.warning("%s has come back from %s, too late", self._backend.name, self._given_up.phase)
                self._given_up = None
            made: _Call[T] = _Call(phase, call)
            self._waiting.put(made)  # type: ignore[arg-type]  # whoever takes it out looks at no result
            if self._thread is None:
                self._start()
            try:
                outcome = made.outcome.get(timeout=seconds)
            except Empty:
                self._given_up = made  # type: ignore[assignment]  # nobody looks at its result either
                self._backend.abandon()
                raise BackendLost(f"it did not come back from {phase} within {seconds:g} s") from None
        finally:
            self._turn.release()
        if outcome.error is not None:
            raise outcome.error
        return outcome.found  # type: ignore[return-value]  # without an error it is there

    def _refuse_while_given_up(self) -> None:
        given_up = self._given_up
        if given_up is not None and given_up.outcome.empty():
            since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(given_up.begun))
            raise BackendLost(f"it has not come back from {given_up.phase} since {since}")

    def _start(self) -> None:
        self._thread = threading.Thread(
            target=_carry_out, args=(self._waiting,), name=f"calls of {self._backend.name}", daemon=True
        )
        self._thread.start()
        weakref.finalize(self, self._waiting.put, None)


class _Outcome(NamedTuple, Generic[T]):
    """What a call returned or raised."""

    found: T | None
    error: BaseException | None


class _Call(Generic[T]):
    """One call."""

    __slots__ = ("begun", "call", "outcome", "phase")

    def __init__(self, phase: Phase, call: Callable[[], T]) -> None:
        self.phase = phase
        self.call = call
        self.begun = time.time()
        self.outcome: SimpleQueue[_Outcome[T]] = SimpleQueue()


def _carry_out(waiting: SimpleQueue[_Call[object] | None]) -> None:
    """Carry out calls until there is None instead of one."""
    while (made := waiting.get()) is not None:
        outcome: _Outcome[object]
        try:
            outcome = _Outcome(made.call(), None)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the outcome raises it
            outcome = _Outcome(None, error)
        made.outcome.put(outcome)
        # nothing of it is held while the next one is waited for
        del made, outcome
