"""Confirmed commits: what is taken back unless it is confirmed in time (RFC 6241 section 8.4).

Somebody confirms it, or its post-conditions do, when all of them hold at one time.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datastore.assertions import ALIVE, Session, read, unheld
from datastore.errors import InUse, NotConfirmable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datastore.assertions import Assertion, Finding
    from datastore.history import Author

    Look = Callable[[Sequence[Assertion], Session], Sequence[Finding]]

logger = logging.getLogger(__name__)

TIMEOUT = 600
"""Seconds, where a client does not say."""
PATIENCE = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to take a commit back, if it is refused; the last one is repeated."""
LOOKS = 0.25
"""Seconds between looks at post-conditions."""
LONGEST_WAIT = 60.0
"""Seconds after which the clock is looked at again: it may have been set."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Terms(NamedTuple):
    """What a client asks of a confirmed commit."""

    timeout: float = TIMEOUT
    """Seconds."""
    persist: str | None = None
    """The token by which any session can confirm it; without one, only the session that made it can."""
    assertions: str = ""
    """What confirms it when it comes true, as `datastore.assertions.written` has it; empty if nothing does."""


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
    assertions: str = ""
    """As in `Terms`."""

    def why_now(self, *, has_restarted: bool = False) -> str:
        """Return why the commit is to be taken back now; empty if it is not."""
        if time.time() >= self.deadline:
            if self.assertions:
                asked = " while no server looked" if has_restarted else " in time"
                return f"its post-conditions did not come true{asked}"
            return "it was not confirmed in time"
        if has_restarted and self.boot != boot_id():
            return "the machine was started anew before it was confirmed"
        if self.assertions:
            is_over = has_restarted or self.session_id is None
            if is_over and any(assertion.kind == ALIVE for assertion in read(self.assertions)):
                return "its post-conditions cannot come true any more, as its session has ended"
            return ""
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

    def __init__(
        self,
        take_back: Callable[[Confirmation, str], bool],
        come_true: Callable[[Confirmation, str], bool] = lambda *_: False,
        look: Look = lambda *_: (),
    ) -> None:
        """Call, from a thread, `take_back` with what waits and why, or `come_true` with what waits and what has come true.

        Both return whether it is over. What its post-conditions are like is asked of `look`.
        """
        self._take_back = take_back
        self._come_true = come_true
        self._look = look
        self._findings: Sequence[Finding] = ()
        self._doomed = ""
        self._has_spoken = False
        self._changed = threading.Condition()
        self._pending: Confirmation | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def pending(self) -> Confirmation | None:
        """What waits."""
        return self._pending

    @property
    def findings(self) -> Sequence[Finding]:
        """What the post-conditions of what waits were like when they were looked at last; none before the first look."""
        return self._findings

    def begin(self, terms: Terms, author: Author, last: int | None) -> Confirmation:
        """Return what a confirmed commit is going to wait for, given the last commit before it.

        In follow-up commits the first one's state comes back, and a token stays until there is another one.
        """
        pending = self._pending
        before = pending.before if pending is not None else last
        persist = terms.persist
        if persist is None and pending is not None:
            persist = pending.persist
        deadline = time.time() + terms.timeout
        return Confirmation(before, deadline, author.session_id, author.user, persist, boot_id(), terms.assertions)

    def expect(self, confirmation: Confirmation | None, doomed: str = "") -> None:
        """Wait for a confirmation; None if there is none to wait for any more.

        If it is `doomed`, it cannot come any more for this reason, and the commit is to be taken back.
        """
        with self._changed:
            self._pending = confirmation
            self._doomed = doomed
            self._findings, self._has_spoken = (), False
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
        if pending.assertions:
            whose = f"its post-conditions, or {whose}" if pending.session_id is not None else "its post-conditions"
        raise InUse(f"a confirmed commit of {pending.user} waits for {whose}")

    def spoken(self, confirmation: Confirmation) -> None:
        """Have heard of the session that has to do with `confirmation`, since that waits."""
        with self._changed:
            if self._pending is confirmation and not self._has_spoken:
                self._has_spoken = True
                self._changed.notify_all()

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
                reason = self._doomed or (pending.why_now() if pending is not None else "")
                if pending is None or (self._is_closed and not reason):
                    self._thread = None
                    return
                if not reason:
                    attempts = 0
                    if not pending.assertions:
                        self._changed.wait(min(pending.deadline - time.time(), LONGEST_WAIT))
                        continue
                is_watched = bool(pending.assertions) and not self._doomed
            if is_watched:
                reason = self._looked(pending, reason)
                if not reason:
                    continue
            if self._is_over(self._take_back, pending, reason):
                continue
            with self._changed:
                if self._is_closed:
                    self._thread = None
                    return
                self._changed.wait(PATIENCE[min(attempts, len(PATIENCE) - 1)])
            attempts += 1

    def _looked(self, pending: Confirmation, reason: str) -> str:
        """Look at post-conditions, and return why the commit is to be taken back now; empty if it is not.

        If they hold, they confirm it; if not, and there is no `reason` yet, this returns when another look is due.
        """
        session = Session(pending.session_id is not None, self._has_spoken)
        try:
            findings = self._look(read(pending.assertions), session)
        except Exception:
            # a mistake must not keep what has not come true
            logger.exception("post-conditions could not be looked at")
            findings, instead = (), "they could not be looked at; the log tells more"
        else:
            instead = unheld(findings)
        with self._changed:
            if self._pending is not pending:
                return ""
            self._findings = findings
        if findings and not instead:
            names = ", ".join(f"{finding.assertion.name} ({finding.assertion})" for finding in findings)
            if self._is_over(self._come_true, pending, f"its post-conditions came true: {names}"):
                return ""
            instead = "they did, and that could not be written down"
        with self._changed:
            if self._pending is not pending:
                return ""
            if reason:
                # whatever comes true from now on comes too late
                self._doomed = f"{reason}: {instead}"
            elif not self._is_closed:
                self._changed.wait(max(0.0, min(pending.deadline - time.time(), LOOKS)))
            return self._doomed

    def _is_over(self, action: Callable[[Confirmation, str], bool], pending: Confirmation, reason: str) -> bool:
        try:
            return action(pending, reason)
        except Exception:
            # a mistake must not keep what nobody has confirmed
            logger.exception("a commit that waits could be neither confirmed nor taken back")
            return False
