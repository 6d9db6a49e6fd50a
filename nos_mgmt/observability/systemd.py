"""What systemd is told (sd_notify(3)): that the server is ready, how it is, that it ends, and that it is well, if it is."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor, Future

    from nos_mgmt.device import Device
    from nos_mgmt.sessions import Sessions

logger = logging.getLogger(__name__)

LONGEST_TURN = 600.0
"""Seconds for which a commit, or what mends systems, may have its turn before the server counts as stuck."""
WITHOUT_WATCHDOG = 30.0
"""Seconds between two looks if nobody waits for them."""


class Notifier:
    """Sends messages to the service manager, if there is one that wants them."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Find it by NOTIFY_SOCKET, and how often it wants to hear by WATCHDOG_USEC."""
        address = environment.get("NOTIFY_SOCKET", "")
        # a socket in the abstract namespace is written with an @
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environment.get("WATCHDOG_USEC", "0") if is_ours else "0"
        self.watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() else 0.0
        """Seconds of silence after which it ends the server; 0 if it does not."""

    @property
    def is_wanted(self) -> bool:
        """Whether anybody listens."""
        return bool(self._address)

    def send(self, *lines: str) -> None:
        """Send `lines`, such as `READY=1`; that nobody takes them is no error."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                # a manager that does not read is not waited for
                sender.setblocking(False)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            logger.warning("the service manager was not told %s: %s", lines[0], error)


class SelfCheck:
    """Looks whether the server does what it is for. The event loop lives, or nobody could call it.

    - A commit can begin, or the one that goes on has not had its turn for too long.
    - A thread for requests is free, or one has answered something since the last look, or they wait for that commit.
    """

    def __init__(self, device: Device, executor: Executor) -> None:
        """Look at `device`, whose requests are handled by `executor`."""
        self._device = device
        self._executor = executor
        self._answered = 0
        self._seen = 0
        self._probe: Future[None] | None = None
        device.requests.listen(self._count)

    def _count(self, _: object) -> None:
        self._answered += 1

    def begin(self) -> None:
        """Ask for a thread, unless one that was asked for has not come yet."""
        if self._probe is None:
            self._probe = self._executor.submit(_nothing)

    def trouble(self) -> str:
        """Return what is wrong, some time after `begin`; empty if nothing is."""
        since = self._device.committer.turn.since
        turn = 0.0 if since is None else time.monotonic() - since
        if turn > LONGEST_TURN:
            return f"a commit has gone on for {turn:.0f} s"
        seen, self._seen = self._seen, self._answered
        if self._probe is not None and self._probe.done():
            self._probe = None
        elif since is None and seen == self._answered:
            return "no thread is free for requests"
        return ""


async def report(notifier: Notifier, check: SelfCheck, status: Callable[[], str]) -> None:
    """Say that the server is ready, and then again and again how it is, until this is cancelled; then that it ends."""
    if not notifier.is_wanted:
        return
    # twice in the time that the manager waits, with some left for a busy machine
    interval = notifier.watchdog / 3 or WITHOUT_WATCHDOG
    trouble = ""
    try:
        notifier.send("READY=1", f"STATUS={status()}")
        while True:
            check.begin()
            await asyncio.sleep(interval)
            before, trouble = trouble, check.trouble()
            if trouble:
                notifier.send(f"STATUS=not well: {trouble}")
                if trouble != before:
                    logger.error("not well: %s", trouble)
            else:
                notifier.send("WATCHDOG=1", f"STATUS={status()}")
    finally:
        notifier.send("STOPPING=1", "STATUS=ending")


def status_of(device: Device, sessions: Sessions) -> str:
    """Return how the server is, in a line."""
    if device.rescue:
        return "read-only: the history is damaged"
    deviations, out = len(device.drift.deviations()), len(device.committer.out_of_step)
    told = [
        f"{len(sessions)} sessions",
        f"{deviations} deviations" if deviations else "",
        f"{out} out of step" if out else "",
    ]
    return ", ".join(filter(None, told))


def _nothing() -> None:
    """Do nothing: that it was done is what counts."""
