"""The datastores: running and candidate, and who has locked them (RFC 6241 sections 5.1, 7.5 and 8.3)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal

from datastore.errors import CommitFailed, InUse, LockDenied

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.committer import Committed, Committer
    from datastore.history import Author
    from datastore.plan import Plan
    from yang.tree import Node

Name = Literal["running", "candidate"]


class Datastores:
    """The configuration datastores of one server. Trees cannot change, so that readers need no lock."""

    def __init__(self, committer: Committer) -> None:
        """Have the running configuration of `committer`, and a candidate that is equal to it."""
        self._committer = committer
        self._candidate: Node | None = None
        self._locks: dict[Name, int] = {}
        # taken in this order: while a commit runs, while the candidate is changed, for a moment
        self._committing = threading.Lock()
        self._editing = threading.Lock()
        self._mutex = threading.Lock()

    @property
    def running(self) -> Node:
        """The configuration that is in effect."""
        return self._committer.running

    @property
    def candidate(self) -> Node:
        """The configuration that the next commit makes running."""
        candidate = self._candidate
        return self.running if candidate is None else candidate

    def read(self, name: Name) -> Node:
        """Return the configuration in a datastore."""
        return self.running if name == "running" else self.candidate

    def edit(self, session_id: int, edit: Callable[[Node], Node]) -> None:
        """Make the candidate what `edit` makes of it.

        Raises:
            InUse: Another session has locked it.
            RequestError: `edit` raises it; the candidate is as it was.
        """
        with self._editing, self._mutex:
            self._refuse_if_locked("candidate", session_id)
            self._set_candidate(edit(self.candidate))

    def discard(self, session_id: int) -> None:
        """Make the candidate equal to running.

        Raises:
            InUse: Another session has locked it.
        """
        with self._mutex:
            self._refuse_if_locked("candidate", session_id)
            self._candidate = None

    def lock(self, name: Name, session_id: int) -> None:
        """Let no other session change a datastore, once a commit that is under way has ended.

        Raises:
            LockDenied: Some session has locked it, or it is a candidate with changes that are not committed.
        """
        with self._mutex:
            self._refuse_lock(name)
        with self._committing, self._mutex:
            self._refuse_lock(name)
            self._locks[name] = session_id

    def unlock(self, name: Name, session_id: int) -> None:
        """Give a lock back; the candidate's changes are discarded with it (section 8.3.5.2).

        Raises:
            LockDenied: The session does not have it.
        """
        with self._mutex:
            holder = self._locks.get(name)
            if holder != session_id:
                whose = "nobody" if holder is None else f"session {holder}"
                raise LockDenied(f"{name} is locked by {whose}", info=(("session-id", str(holder or 0)),))
            self._release(name)

    def end_session(self, session_id: int) -> None:
        """Give back all that a session has locked."""
        with self._mutex:
            for name in [name for name, holder in self._locks.items() if holder == session_id]:
                self._release(name)

    def validate(self, tree: Node) -> None:
        """Judge a configuration by all that a commit would judge it by before it changes anything.

        Raises:
            ValidationFailed: It breaks rules of the models.
            RequestError: A backend could not put it into effect.
        """
        self._committer.plan(tree)

    def plan(self) -> Plan:
        """Return what a commit of the candidate would do.

        Raises:
            RequestError: It could not be committed.
        """
        return self._committer.plan(self.candidate)

    def commit(self, session_id: int, author: Author, comment: str = "", label: str = "") -> Committed:
        """Make the candidate running.

        Raises:
            InUse: Another session has locked one of the two.
            RequestError: As for `Committer.commit`; both datastores are as they were.
        """
        # the candidate is taken when its turn has come: an older one would undo what was committed in between
        with self._committing:
            with self._mutex:
                self._refuse_if_locked("candidate", session_id)
                self._refuse_if_locked("running", session_id)
                candidate = self.candidate
            done = self._committer.commit(candidate, author, comment, label)
            with self._mutex:
                self._set_candidate(self.candidate)
            return done

    def roll_back(self, session_id: int, tree: Node, author: Author, comment: str) -> Committed:
        """Make `tree`, an earlier configuration, running.

        Raises:
            InUse: Another session has locked running or the candidate.
            CommitFailed: The candidate has changes, which a commit would put over the old configuration.
            RequestError: As for `Committer.commit`.
        """
        # nobody edits meanwhile: such a candidate would be made of what is running before, and bring that back
        with self._committing, self._editing:
            with self._mutex:
                self._refuse_if_locked("candidate", session_id)
                self._refuse_if_locked("running", session_id)
                if self._candidate is not None:
                    raise CommitFailed("the candidate has changes: commit or discard them first")
            return self._committer.commit(tree, author, comment)

    def _refuse_lock(self, name: Name) -> None:
        holder = self._locks.get(name)
        if holder is not None:
            raise LockDenied(f"{name} is locked by session {holder}", info=(("session-id", str(holder)),))
        if name == "candidate" and self._candidate is not None:
            # RFC 6241 section 7.5: nobody may lock away another's changes; 0 stands for no session
            raise LockDenied("the candidate has changes that are not committed", info=(("session-id", "0"),))

    def _refuse_if_locked(self, name: Name, session_id: int) -> None:
        holder = self._locks.get(name)
        if holder is not None and holder != session_id:
            raise InUse(f"{name} is locked by session {holder}", info=(("session-id", str(holder)),))

    def _set_candidate(self, tree: Node) -> None:
        self._candidate = None if tree is self.running or tree == self.running else tree

    def _release(self, name: Name) -> None:
        del self._locks[name]
        if name == "candidate":
            self._candidate = None
