"""Failed log-ins, which make the next ones wait: longer with each failure, by source address and by user."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

FREE = 3
"""Failures after which nobody waits yet: who mistypes a password, or whose agent offers several keys."""
FIRST = 1.0
LONGEST = 64.0
"""Seconds that the first who waits does, and that nobody waits longer than; in between they double."""
FORGOTTEN = 600.0
"""Seconds without a failure after which there was none."""
REMEMBERED = 10_000
"""Addresses and users whose failures are remembered; those that failed longest ago are forgotten first."""


class _Failures(NamedTuple):
    number: int
    last: float
    until: float
    """When the next attempt may be made."""


class Throttle:
    """Remembers failures, and says how long to wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Tell the time by `clock`, in seconds."""
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._failures)

    def wait(self, **who: str) -> float:
        """Return for how many seconds `who` may not try, say `address="192.0.2.1", user="ann"`; 0 if they may now."""
        now = self._clock()
        with self._lock:
            return max(0.0, *(self._known(each, now).until - now for each in who.items()))

    def failed(self, **who: str) -> None:
        """Note that `who` have failed."""
        now = self._clock()
        with self._lock:
            for each in who.items():
                number = self._known(each, now).number + 1
                self._failures[each] = _Failures(number, now, now + _delay(number))
                self._failures.move_to_end(each)
            while len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, **who: str) -> None:
        """Forget all failures of `who`."""
        with self._lock:
            for each in who.items():
                self._failures.pop(each, None)

    def _known(self, each: tuple[str, str], now: float) -> _Failures:
        found = self._failures.get(each)
        return found if found is not None and now - found.last < FORGOTTEN else _Failures(0, now, now)


def _delay(number: int) -> float:
    """Return for how many seconds the next attempt waits after so many failures."""
    return min(FIRST * 2.0 ** min(number - FREE - 1, 30), LONGEST) if number > FREE else 0.0
