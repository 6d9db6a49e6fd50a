"""The management sessions that are open, over whatever protocol."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Sessions:
    """Numbers sessions, and ends them on demand."""

    def __init__(self) -> None:
        """Have none."""
        self._last = 0
        self._ends: dict[int, Callable[[int | None], None]] = {}
        self._users: dict[int, tuple[str, Callable[[], None]]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._ends)

    def __bool__(self) -> bool:
        return True

    @property
    def opened(self) -> int:
        """How many there have been."""
        return self._last

    def open(self, end: Callable[[int | None], None]) -> int:
        """Return the number of a new session; `end`, which any thread may call with the number of another one, ends it."""
        with self._lock:
            self._last += 1
            self._ends[self._last] = end
            return self._last

    def belongs(self, number: int, user: str, leave: Callable[[], None]) -> None:
        """Note whose a session is; `leave`, which any thread may call, ends it after what it is asked for now."""
        with self._lock:
            if number in self._ends:
                self._users[number] = (user, leave)

    def end_user(self, user: str) -> None:
        """End all sessions of a user, each after what it is asked for now."""
        with self._lock:
            leaving = [leave for whose, leave in self._users.values() if whose == user]
        for leave in leaving:
            leave()

    def close(self, number: int) -> None:
        """Forget a session."""
        with self._lock:
            self._ends.pop(number, None)
            self._users.pop(number, None)

    def kill(self, number: int, killer: int | None = None) -> bool:
        """End a session on behalf of another one, the `killer`; return whether there was one of this number."""
        with self._lock:
            end = self._ends.get(number)
        if end is None:
            return False
        end(killer)
        return True
