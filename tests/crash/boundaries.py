"""The boundaries of a commit, at which something can be made to happen: every call of a backend and of the history."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from backends.operation import BackendLost, OperationFailed
from datastore.database import HistoryFailed
from tests.datastore.tampered import INJECTED, TamperedHardware, TamperedKernel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key, Resource
    from datastore.history import History

    Error = Callable[[], Exception]

INSIDE = 12
"""So many boundaries are looked at inside one call of a backend; larger batches are taken in as many parts."""


class Boundaries:
    """Counts the boundaries that are passed, and does something at some of them."""

    def __init__(
        self,
        kill_at: int | None = None,
        fail_at: Iterable[int] = (),
        jam_at: int | None = None,
        jam: str = "",
        hang_at: int | None = None,
        hang_for: float = 0.0,
        end_backend_at: int | None = None,
    ) -> None:
        """Call `kill` at one of them, raise the error that fits at others, hang at one, end a backend's process at one.

        They are counted from 1. From the boundary `jam_at` on the database is really `jam`: "locked" or "full".
        """
        self.names: list[str] = []
        self.inside = INSIDE
        self.is_on = False
        self.kill: Callable[[], None] = lambda: None
        self.jam: Callable[[str], None] = lambda _: None
        self.end_backend: Callable[[], None] = lambda: None
        self.hang_for = hang_for
        self.has_process = end_backend_at is not None
        self._kill_at = kill_at
        self._jam_at = jam_at
        self._jam = jam
        self._fail_at = frozenset(fail_at)
        self._hang_at = hang_at
        self._end_backend_at = end_backend_at

    def reach(self, name: str, error: Error | None = None) -> None:
        """Pass a boundary."""
        if not self.is_on:
            return
        self.names.append(name)
        if len(self.names) == self._kill_at:
            self.kill()
        if len(self.names) == self._jam_at:
            self.jam(self._jam)
        if len(self.names) == self._hang_at:
            time.sleep(self.hang_for)
        if len(self.names) == self._end_backend_at:
            self.end_backend()
        if error is not None and len(self.names) in self._fail_at:
            raise error()


class _Watched:
    """The part that both backends have."""

    boundaries: Boundaries
    name: str
    inner: Any

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        self.boundaries.reach(f"{self.name}: read", _lost)
        found: Mapping[Key, Resource] = self.inner.read(keys)
        self.boundaries.reach(f"{self.name}: has read", _lost)
        return found

    def execute(self, operations: Sequence[Operation]) -> None:
        self.boundaries.reach(f"{self.name}: execute", _lost)
        size = max(1, -(-len(operations) // self.boundaries.inside))
        for start in range(0, len(operations), size):
            self.boundaries.reach(f"{self.name}: operation {start}", lambda at=start: OperationFailed({at: INJECTED}))  # type: ignore[misc]
            try:
                self.inner.execute(operations[start : start + size])
            except OperationFailed as error:
                raise OperationFailed({start + index: failure for index, failure in error.failures.items()}) from error
        self.boundaries.reach(f"{self.name}: has executed", _lost)


class WatchedKernel(_Watched, TamperedKernel):
    """A kernel whose calls are boundaries."""


class WatchedHardware(_Watched, TamperedHardware):
    """A chip whose calls are boundaries."""


def watch_history(history: History, boundaries: Boundaries) -> None:
    """Make the writes of a history boundaries."""
    for name in ("begin", "seal", "abort", "confirm", "snapshot"):
        setattr(history, name, _watched(getattr(history, name), name, boundaries))


def _watched(method: Any, name: str, boundaries: Boundaries) -> Any:
    def call(*arguments: Any) -> Any:
        boundaries.reach(f"history: {name}", _full)
        found = method(*arguments)
        boundaries.reach(f"history: after {name}", _full)
        return found

    return call


def _lost() -> Exception:
    return BackendLost("an injected silence")


def _full() -> Exception:
    return HistoryFailed("an injected failure: the disk is full")
