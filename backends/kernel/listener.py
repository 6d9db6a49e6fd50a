"""Hearing the kernel's notifications in a thread of its own."""

from __future__ import annotations

import select
import socket
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from backends.kernel.netlink import Netlink

if TYPE_CHECKING:
    from collections.abc import Iterable

PAUSE = 0.1
"""Seconds before anything is done about notifications that were lost."""


class Listener(ABC):
    """Hears the notifications of some groups, from `start` to `close`."""

    def __init__(self, namespace: str | None, groups: int, name: str, besides: int = -1) -> None:
        """Subscribe to `groups` in `namespace`, but for what the socket with the port `besides` brings about.

        Raises:
            OSError: There is no such namespace, or no right to enter it.
        """
        self._netlink = Netlink(namespace, groups)
        self._besides = besides
        self._stopping = threading.Event()
        self._waker, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._listen, name=name, daemon=True)

    @abstractmethod
    def heard(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Take the notifications of one receive, as pairs of type and payload; they may raise `OSError` when some were lost."""

    @abstractmethod
    def lost(self) -> None:
        """Know that notifications were lost."""

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._stopping.set()
        self._waker.close()
        if self._thread.ident is not None:
            self._thread.join()
        self._woken.close()
        self._netlink.close()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            select.select([self._netlink.fileno(), self._woken.fileno()], [], [])
            if self._stopping.is_set():
                return
            try:
                self.heard(self._netlink.notifications(self._besides))
            except OSError:
                self._stopping.wait(PAUSE)
                self.lost()
