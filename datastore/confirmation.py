"""Confirmed commits: what is taken back unless somebody confirms it in time (RFC 6241 section 8.4)."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datastore.errors import InUse, NotConfirmable

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.history import Author

logger = logging.getLogger(__name__)

TIMEOUT = 600
"""Seconds, where a client does not say."""
PATIENCE = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to take a commit back, if it is refused; the last one is repeated."""
LONGEST_WAIT = 60.0
"""Seconds after which the clock is looked at again: it may have been set."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Terms(NamedTuple):
    """What a client asks of a confirmed commit."""

    timeout: float = TIMEOUT
    """Seconds."""
    persist: str | None = None
    """The token by which any session can confirm it; without one, only the session that made it can."""


class Confirmation(NamedTuple):
    """What a confirmed commit waits for; it is kept in the history, so that it survives the server."""

    before: int | None
    """The commit whose configuration comes back; None stands for the empty configuration."""
    deadline: float
    """Seconds since 1970, UTC."""
    session_id: int | None
    """The session that made the commit; None once it has ended."""
    user: str
    persist: str | None
    boot: str
    """What tells one start of the machine from another."""

    def why_now(self, *, has_restarted: bool = False) -> str:
        """Return why the commit is to be taken back now; empty if it is not."""
        if time.time() >= self.deadline:
            return "it was not confirmed in time"
        if has_restarted and self.boot != boot_id():
            return "the machine was started anew before it was confirmed"
        if self.persist is None and (has_restarted or self.session_id is None):
            return "its session ended before it was confirmed"
        return ""


def boot_id() -> str:
    """Return what tells this start of the machine from others; empty where nothing does."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class Confirmations:
    """The confirmed commit that waits, if there is one, and the thread that takes it back when it is time."""

    def __init__(self, take_back: Callable[[Confirmation, str], bool]) -> None:
        """Call `take_back`, from a thread, with what waits and why; it returns whether that is over."""
        self._take_back = take_back
        self._changed = threading.Condition()
        self._pending: Confirmation | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def pending(self) -> Confirmation | None:
        """What waits."""
        return self._pending

    def begin(self, terms: Terms, author: Author, last: int | None) -> Confirmation:
        """Return what a confirmed commit is going to wait for, given the last commit before it.

        In follow-up commits the first one's state comes back, and a token stays until there is another one.
        """
        pending = self._pending
        before = pending.before if pending is not None else last
        persist = terms.persist
        if persist is None and pending is not None:
            persist = pending.persist
        return Confirmation(before, time.time() + terms.timeout, author.session_id, author.user, persist, boot_id())

    def expect(self, confirmation: Confirmation | None) -> None:
        """Wait for a confirmation; None if there is none to wait for any more."""
        with self._changed:
            self._pending = confirmation
            if confirmation is not None and self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="confirmation", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def admit(self, session_id: int, persist_id: str | None, *, cancels: bool = False) -> None:
        """Raise an error if a session may not commit, or cancel, now.

        Raises:
            NotConfirmable: There is nothing of this token, or nothing to cancel.
            InUse: It is for another session, or for whoever has the token.
        """
        pending = self._pending
        if persist_id is not None:
            if pending is None or pending.persist != persist_id:
                raise NotConfirmable(
                    f"no confirmed commit waits for the persist-id {persist_id!r}",
                    info=(("bad-element", "persist-id"),),
                )
            return
        if pending is None:
            if cancels:
                raise NotConfirmable("there is no confirmed commit to cancel")
            return
        if pending.session_id == session_id and (cancels or pending.persist is None):
            return
        whose = "whoever has its persist-id" if pending.persist is not None else f"session {pending.session_id}"
        raise InUse(f"a confirmed commit of {pending.user} waits for {whose}")

    def end_session(self, session_id: int) -> None:
        """Take back, soon, what only this session could have confirmed."""
        with self._changed:
            if self._pending is not None and self._pending.session_id == session_id:
                self._pending = self._pending._replace(session_id=None)
                self._changed.notify_all()

    def close(self) -> None:
        """Wait no longer; what is to be taken back already is tried once more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _watch(self) -> None:
        attempts = 0
        while True:
            with self._changed:
                pending = self._pending
                reason = pending.why_now() if pending is not None else ""
                if pending is None or (self._is_closed and not reason):
                    self._thread = None
                    return
                if not reason:
                    attempts = 0
                    self._changed.wait(min(pending.deadline - time.time(), LONGEST_WAIT))
                    continue
            if self._is_over(pending, reason):
                continue
            with self._changed:
                if self._is_closed:
                    self._thread = None
                    return
                self._changed.wait(PATIENCE[min(attempts, len(PATIENCE) - 1)])
            attempts += 1

    def _is_over(self, pending: Confirmation, reason: str) -> bool:
        try:
            return self._take_back(pending, reason)
        except Exception:
            # a mistake must not keep what nobody has confirmed
            logger.exception("a commit that was not confirmed could not be taken back")
            return False
