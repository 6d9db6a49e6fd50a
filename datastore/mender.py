"""The mender: tries again, in the background, until everything is as it should be."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.turn import Turn

logger = logging.getLogger(__name__)

PATIENCE = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts; the last one is repeated."""


class Mender:
    """Makes an attempt now and then until one succeeds."""

    def __init__(self, lock: Turn, attempt: Callable[[], bool]) -> None:
        """Call `attempt` with `lock` held; it returns whether there is nothing left to mend."""
        self._lock = lock
        self._attempt = attempt
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """See to it that attempts are made; the caller holds the lock."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._mend, name="mender", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Make no more attempts; the caller does not hold the lock."""
        self._closing.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _mend(self) -> None:
        attempt = 0
        while not self._closing.wait(PATIENCE[min(attempt, len(PATIENCE) - 1)]):
            attempt += 1
            with self._lock:
                if self._is_mended():
                    # whoever finds something wrong after this starts another thread
                    self._thread = None
                    return

    def _is_mended(self) -> bool:
        try:
            return self._attempt()
        except Exception:
            # a mistake must not end the mending
            logger.exception("an attempt to mend failed")
            return False
