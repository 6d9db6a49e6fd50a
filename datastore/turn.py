"""Whose turn it is: a lock that tells since when it is held."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


class Turn:
    """A lock for `with`."""

    def __init__(self) -> None:
        """Be free."""
        self._lock = threading.Lock()
        self._since: float | None = None

    @property
    def since(self) -> float | None:
        """When whoever has the lock took it, by the monotonic clock; None if nobody has it."""
        return self._since

    def __enter__(self) -> None:
        self._lock.acquire()
        self._since = time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._since = None
        self._lock.release()
