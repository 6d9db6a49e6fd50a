"""Work that follows a commit and that nobody waits for: one thread, which does it when it is asked to."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class Background:
    """A thread that does something once it is asked, again if it is asked meanwhile, and one at a time."""

    def __init__(self, name: str, action: Callable[[], None]) -> None:
        """Have `action` done; the thread is called `name`."""
        self._action = action
        self._asked = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)

    @property
    def is_closed(self) -> bool:
        """Whether the action should come to an end."""
        return self._closed.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask(self) -> None:
        """Have it done soon; this takes no time."""
        self._asked.set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, within the action, and return whether it should come to an end."""
        return self._closed.wait(seconds)

    def close(self) -> None:
        """Wait until it has come to its end."""
        self._closed.set()
        self._asked.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while self._asked.wait() and not self.is_closed:
            self._asked.clear()
            try:
                self._action()
            except Exception:
                # whatever it is, what is asked for later is to be done
                logger.exception("%s failed", self._thread.name)
