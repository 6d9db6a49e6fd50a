"""What happens in a device, told to whoever wants to know: notifications, metrics and logs."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.commits import Author
    from yang.tree import Node

logger = logging.getLogger(__name__)


class Sealed(NamedTuple):
    """A commit has become the running configuration."""

    commit_id: int
    time: float
    """Seconds since 1970, UTC."""
    author: Author
    before: Node
    after: Node


class Refused(NamedTuple):
    """A commit has failed, and everything is as it was."""

    time: float
    author: Author
    reason: str


class Events:
    """Hands events on to listeners, in the order in which they are published."""

    def __init__(self) -> None:
        """Have no listener."""
        self._listeners: list[Callable[[object], None]] = []
        self._lock = threading.Lock()

    def listen(self, listener: Callable[[object], None]) -> Callable[[], None]:
        """Have `listener` called with every event from now on; return what ends that.

        It is called by whichever thread publishes, perhaps in the middle of a commit: it may not wait for anything.
        """
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end

    def publish(self, event: object) -> None:
        """Tell all listeners; what one of them raises is logged and concerns nobody else."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(event)
            except Exception:
                logger.exception("a listener failed over %s", type(event).__name__)
