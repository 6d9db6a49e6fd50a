"""The datastores: running and candidate, and who has locked them (RFC 6241 sections 5.1, 7.5 and 8.3)."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Literal

from datastore.confirmation import Confirmations
from datastore.database import HistoryFailed
from datastore.errors import CommitFailed, InUse, LockDenied
from datastore.history import Author
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.committer import Committed, Committer
    from datastore.confirmation import Confirmation, Terms
    from datastore.history import History
    from datastore.plan import Plan
    from yang.tree import Node

logger = logging.getLogger(__name__)

SYSTEM = Author("system")
Name = Literal["running", "candidate"]


class Datastores:
    """The configuration datastores of one server. Trees cannot change, so that readers need no lock."""

    def __init__(self, committer: Committer, history: History) -> None:
        """Have the running configuration of `committer`, which writes `history`, and a candidate that is equal to it."""
        self._committer = committer
        self._history = history
        self._confirmations = Confirmations(self._take_back)
        self._candidate: Node | None = None
        self._locks: dict[Name, int] = {}
        # taken in this order: while a commit runs, while the candidate is changed, for a moment
        self._committing = threading.Lock()
        self._editing = threading.Lock()
        self._mutex = threading.Lock()

    def start(self) -> None:
        """Go on waiting for what had to be confirmed when the server ended, or take it back."""
        pending = self._history.confirmation
        if pending is None:
            return
        reason = pending.why_now(has_restarted=True)
        # sessions are counted anew: whoever has this number now is somebody else
        pending = pending._replace(session_id=None)
        if not reason or not self._take_back(pending, reason, is_known=False):
            self._confirmations.expect(pending)

    def close(self) -> None:
        """Wait for nothing any more."""
        self._confirmations.close()

    @property
    def pending(self) -> Confirmation | None:
        """What the last commit waits for; without it, it is taken back."""
        return self._confirmations.pending

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
            LockDenied: Some session has locked it, or it is a candidate with changes that are not committed, or running with
                a confirmed commit of another session.
        """
        with self._mutex:
            self._refuse_lock(name, session_id)
        with self._committing, self._mutex:
            self._refuse_lock(name, session_id)
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
        """Give back all that a session has locked, and take back, soon, what it has not confirmed."""
        with self._mutex:
            for name in [name for name, holder in self._locks.items() if holder == session_id]:
                self._release(name)
        self._confirmations.end_session(session_id)

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

    def commit(
        self,
        session_id: int,
        author: Author,
        comment: str = "",
        label: str = "",
        *,
        terms: Terms | None = None,
        persist_id: str | None = None,
        plan_id: str = "",
    ) -> Committed:
        """Make the candidate running: with `terms` until it is confirmed, and otherwise for good, with all that waits.

        Raises:
            InUse: Another session has locked one of the two, or has to confirm a commit.
            NotConfirmable: Nothing waits for `persist_id`.
            PlanChanged: The plan has not the id `plan_id`.
            RequestError: As for `Committer.commit`; both datastores are as they were.
        """
        # the candidate is taken when its turn has come: an older one would undo what was committed in between
        with self._committing:
            with self._mutex:
                self._refuse_if_locked("candidate", session_id)
                self._refuse_if_locked("running", session_id)
                candidate = self.candidate
            self._confirmations.admit(session_id, persist_id)
            confirmation = self._confirmations.begin(terms, author, self._history.last()) if terms is not None else None
            done = self._committer.commit(candidate, author, comment, label, confirmation, plan_id)
            self._confirmations.expect(confirmation)
            with self._mutex:
                self._set_candidate(self.candidate)
            return done

    def cancel(self, session_id: int, author: Author, persist_id: str | None = None) -> None:
        """Take back what waits for a confirmation.

        Raises:
            NotConfirmable: Nothing waits, or not for `persist_id`.
            InUse: Another session has to confirm it.
            RequestError: As for `Committer.commit`; it still waits.
        """
        with self._committing, self._editing:
            self._confirmations.admit(session_id, persist_id, cancels=True)
            pending = self._confirmations.pending
            if pending is not None:
                self._restore(pending, author, f"{author.user} cancelled it")

    def _take_back(self, pending: Confirmation, reason: str, *, is_known: bool = True) -> bool:
        """Return whether what waits is taken back, or waits no longer."""
        with self._committing, self._editing:
            if is_known and self._confirmations.pending is not pending:
                return True
            try:
                self._restore(pending, SYSTEM, reason)
            except (RequestError, HistoryFailed):
                logger.exception(
                    "a commit of %s could not be taken back, though %s; it is tried again", pending.user, reason
                )
                return False
            return True

    def _restore(self, pending: Confirmation, author: Author, reason: str) -> None:
        """Bring back what was running before the confirmed commit; the caller sees to it that nobody commits or edits."""
        tree = self._committer.configuration(pending.before)
        done = self._committer.commit(tree, author, f"taken back to {pending.before or 'nothing'}: {reason}")
        logger.info("commit %s takes back what %s had to confirm: %s", done.commit_id, pending.user, reason)
        self._confirmations.expect(None)
        with self._mutex:
            self._set_candidate(self.candidate)

    def roll_back(self, session_id: int, tree: Node, author: Author, comment: str) -> Committed:
        """Make `tree`, an earlier configuration, running.

        Raises:
            InUse: Another session has locked running or the candidate, or has to confirm a commit.
            CommitFailed: The candidate has changes, which a commit would put over the old configuration.
            RequestError: As for `Committer.commit`.
        """
        # nobody edits meanwhile: such a candidate would be made of what is running before, and bring that back
        with self._committing, self._editing:
            with self._mutex:
                self._refuse_if_locked("candidate", session_id)
                self._refuse_if_locked("running", session_id)
                self._confirmations.admit(session_id, None)
                if self._candidate is not None:
                    raise CommitFailed("the candidate has changes: commit or discard them first")
            done = self._committer.commit(tree, author, comment)
            self._confirmations.expect(None)
            return done

    def adopt(
        self, change: Callable[[Node], Node], author: Author, comment: str, accept: Callable[[Plan], None]
    ) -> Committed:
        """Make what `change` makes of running the running configuration, if `accept` raises nothing at the plan's sight.

        A candidate with changes is left as it is; one without follows running, as ever.

        Raises:
            InUse: A session has locked running or the candidate, or a commit waits for its confirmation.
            RequestError: `change` or `accept` raises it; or as for `Committer.commit`.
        """
        with self._committing, self._editing:
            with self._mutex:
                # no session has this number
                self._refuse_if_locked("running", 0)
                self._refuse_if_locked("candidate", 0)
            self._confirmations.admit(0, None)
            done = self._committer.commit(change(self.running), author, comment, accept=accept)
            with self._mutex:
                self._set_candidate(self.candidate)
            return done

    def _refuse_lock(self, name: Name, session_id: int) -> None:
        pending = self._confirmations.pending
        if name == "running" and pending is not None and pending.session_id != session_id:
            info = (("session-id", str(pending.session_id or 0)),)
            raise LockDenied(f"running has a confirmed commit of {pending.user} that is not confirmed yet", info=info)
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
