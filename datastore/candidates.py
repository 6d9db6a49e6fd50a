"""The candidates of all sessions: the shared one, and those of sessions' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datastore.candidate import Candidate
from datastore.private import PrivateCandidate

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.history import History
    from yang.tree import Node


class Candidates:
    """Which candidate is whose; the caller sees to it that one thread at a time changes that, or the shared one."""

    def __init__(self, running: Callable[[], Node], history: History) -> None:
        """Have the shared one, a branch of what `running` returns, whose commits are in `history`."""
        self.shared = Candidate(running)
        self._running = running
        self._history = history
        self._private: dict[int, PrivateCandidate] = {}
        self._proposers: set[int] = set()

    def private(self, session_id: int | None) -> PrivateCandidate | None:
        """Return the candidate of a session's own, if it has one."""
        return self._private.get(session_id) if session_id is not None else None

    def begin(self, session_id: int) -> None:
        """Let a session have one of its own."""
        self._private[session_id] = PrivateCandidate(session_id, self._running, self._history)

    def end(self, session_id: int) -> None:
        """Drop what a session has of its own."""
        self._private.pop(session_id, None)
        self._proposers.discard(session_id)

    def propose(self, session_id: int) -> None:
        """Note that what a session has committed of its own has to be confirmed."""
        self._proposers.add(session_id)

    def settle(self) -> None:
        """Forget what had to be confirmed: it was, or was taken back."""
        self._proposers.clear()

    def take_back(self) -> None:
        """Have what was to be confirmed, and is not in running any more, in the sessions' own candidates it came from."""
        for session_id in list(self._proposers):
            private = self._private.get(session_id)
            if private is not None:
                private.rebase()

    def forget(self) -> None:
        """Have the candidates of sessions' own lose their changes."""
        for private in list(self._private.values()):
            private.forget()
