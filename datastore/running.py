"""Running, and all the ways in which it changes: a candidate, an earlier configuration, or one that was not confirmed."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from datastore.candidates import Candidates
from datastore.conditions import refuse_mismatch
from datastore.confirmation import Confirmations
from datastore.database import HistoryFailed
from datastore.errors import CommitFailed
from datastore.events import ConfirmationEvent, PostConditionsOver
from datastore.history import SYSTEM, Author
from datastore.locks import Locks
from datastore.partial_locks import PartialLocks
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from datastore.assertions import Finding
    from datastore.committer import Committed, Committer
    from datastore.confirmation import Confirmation, Look, Terms
    from datastore.events import ConfirmationKind
    from datastore.history import History
    from datastore.plan import Plan
    from datastore.private import PrivateCandidate
    from yang.tree import Node

logger = logging.getLogger(__name__)

NOBODY = 0
"""The number of no session."""


class Running:
    """The running datastore, with the candidates that become it, and what waits for a confirmation."""

    def __init__(self, committer: Committer, history: History, look: Look) -> None:
        """Have the running configuration of `committer`, which writes `history`, and candidates that are equal to it.

        What post-conditions are like is asked of `look`.
        """
        self._committer = committer
        self._history = history
        self._confirmations = Confirmations(self._take_back, self._come_true, look)
        self._candidates = Candidates(lambda: self.running, history)
        self._locks = Locks()
        self._partial_locks = PartialLocks()
        committer.guard(self._partial_locks.refuse_change)
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
        """The configuration in the candidate that sessions share: what the next commit of one of them makes running."""
        return self._candidates.shared.tree

    def private(self, session_id: int | None) -> PrivateCandidate | None:
        """Return the candidate of a session's own, if it has one."""
        return self._candidates.private(session_id)

    @property
    def pending(self) -> Confirmation | None:
        """What the last commit waits for; without it, it is taken back."""
        return self._confirmations.pending

    @property
    def findings(self) -> Sequence[Finding]:
        """How it is with the post-conditions of the last commit, as far as they were looked at."""
        return self._confirmations.findings

    def spoken(self, confirmation: Confirmation) -> None:
        """Note that the session which made the commit that waits for `confirmation` has sent a request since."""
        self._confirmations.spoken(confirmation)

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
        """Make the session's candidate running: with `terms` until it is confirmed, otherwise for good, with all that waits.

        A candidate of its own is updated before; what others have of the shared one goes on from what is running then.

        Raises:
            InUse: Another session has locked one of the two, or has to confirm a commit.
            ValidationFailed: The session's own candidate is in conflict with what was committed since it was branched.
            NotConfirmable: Nothing waits for `persist_id`.
            TxidMismatch: It was edited on condition of another state of running.
            PlanChanged: The plan has not the id `plan_id`.
            RequestError: As for `Committer.commit`; both datastores are as they were.
        """
        # the candidate is taken when its turn has come: an older one would undo what was committed in between
        private = self.private(session_id)
        with self._committing, _changing(private):
            self._refuse_use(session_id, private)
            self._confirmations.admit(session_id, persist_id)
            confirmation = self._confirmations.begin(terms, author, self._history.last()) if terms is not None else None
            if private is not None:
                private.update()
            candidate = self.candidate if private is None else private.tree
            waiting = self._confirmations.pending
            conditions = (private or self._candidates.shared).conditions
            refuse_mismatch(self.running, list(conditions.values()))
            done = self._committer.commit(candidate, author, comment, label, confirmation, plan_id)
            self._expect(confirmation)
            if confirmation is not None and terms is not None:
                self._tell("start" if waiting is None else "extend", author, terms.timeout)
            elif waiting is not None:
                self._tell("complete", author)
            if private is None:
                with self._mutex:
                    self._candidates.shared.commit()
                return done
            if confirmation is not None:
                self._candidates.propose(session_id)
            conditions.clear()
            private.rebase()
            with self._mutex:
                self._candidates.shared.rebase()
            return done

    def commit_apart(
        self,
        change: Callable[[Node], Node],
        author: Author,
        comment: str,
        label: str = "",
        accept: Callable[[Plan], None] = lambda _: None,
    ) -> Committed:
        """Commit what `change` makes of running, for no session; uncommitted edits stay, on top of it.

        `accept` may raise a RequestError at the sight of the plan.

        Raises:
            InUse: A session has locked running or the candidate, has edited what this takes away, or has to confirm a commit.
            RequestError: `change` or `accept` raises it, or as for `Committer.commit`; all datastores are as they were.
        """
        with self._committing, self._editing:
            self._refuse_use(NOBODY)
            self._confirmations.admit(NOBODY, None)
            after = change(self.running)
            self._candidates.shared.refuse_clash(after)
            done = self._committer.commit(after, author, comment, label, accept=accept)
            with self._mutex:
                self._candidates.shared.rebase()
            return done

    def write(self, session_id: int, change: Callable[[Node], Node], author: Author) -> Committed:
        """Commit what `change` makes of running, at once and for good (RFC 6241 section 8.2); candidates keep their changes.

        Raises:
            InUse: Another session has locked running, or a confirmed commit waits, which is not to be confirmed by this.
            RequestError: `change` raises it, or as for `Committer.commit`; all datastores are as they were.
        """
        with self._committing, self._editing:
            with self._mutex:
                self._locks.refuse_use("running", session_id)
            self._confirmations.admit(NOBODY, None)
            done = self._committer.commit(change(self.running), author)
            with self._mutex:
                self._candidates.shared.rebase()
            return done

    def take(self, session_id: int, keep: Callable[[Node, Node], None]) -> None:
        """Take what the session's candidate changes out of it, once `keep`, given running and the candidate, has kept it.

        Raises:
            InUse: Another session has locked one of the two, or has to confirm a commit.
            ValidationFailed: The session's own candidate is in conflict with what was committed since it was branched.
            RequestError: It could not be committed now, or `keep` raises it; the candidate is as it was.
        """
        private = self.private(session_id)
        with self._committing, self._editing, _changing(private):
            self._refuse_use(session_id, private)
            self._confirmations.admit(session_id, None)
            candidate = self.candidate if private is None else private.updated()
            refuse_mismatch(self.running, list((private or self._candidates.shared).conditions.values()))
            self._committer.plan(candidate)
            keep(self.running, candidate)
            if private is not None:
                private.forget()
                return
            with self._mutex:
                self._candidates.shared.discard()

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
                self._tell("cancel", author)
                self._tell_of_post_conditions(pending, held=False, outcome=f"{author.user} cancelled it")

    def roll_back(self, session_id: int, tree: Node, author: Author, comment: str) -> Committed:
        """Make `tree`, an earlier configuration, running.

        Raises:
            InUse: Another session has locked running or the candidate, or has to confirm a commit.
            CommitFailed: The candidate has changes, which a commit would put over the old configuration.
            RequestError: As for `Committer.commit`.
        """
        # nobody edits meanwhile: such a candidate would be made of what is running before, and bring that back
        private = self.private(session_id)
        with self._committing, self._editing:
            self._refuse_use(session_id, private)
            self._confirmations.admit(session_id, None)
            if self._candidates.shared.has_changes if private is None else private.has_changes:
                raise CommitFailed("the candidate has changes: commit or discard them first")
            waiting = self._confirmations.pending
            done = self._committer.commit(tree, author, comment)
            self._expect(None)
            if waiting is not None:
                self._tell("complete", author)
            if private is not None:
                private.forget()
            with self._mutex:
                self._candidates.shared.rebase()
            return done

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
            is_late = time.time() >= pending.deadline
            self._tell("timeout" if is_late else "cancel", Author(pending.user, pending.session_id))
            self._tell_of_post_conditions(pending, held=False, outcome=reason)
            return True

    def _come_true(self, pending: Confirmation, outcome: str) -> bool:
        """Return whether what waits is confirmed by its post-conditions, or waits no longer."""
        with self._committing, self._editing:
            if self._confirmations.pending is not pending:
                return True
            try:
                self._history.confirm(outcome=outcome)
            except HistoryFailed:
                logger.exception("it could not be written that a commit of %s is confirmed", pending.user)
                return False
            logger.info("a commit of %s stays: %s", pending.user, outcome)
            self._expect(None)
            self._tell("complete", Author(pending.user, pending.session_id))
            self._tell_of_post_conditions(pending, held=True, outcome=outcome)
            return True

    def _restore(self, pending: Confirmation, author: Author, reason: str) -> None:
        """Bring back what was running before the confirmed commit; the caller sees to it that nobody commits or edits."""
        tree = self._committer.configuration(pending.before)
        with self._partial_locks.aside():
            done = self._committer.commit(tree, author, f"taken back to {pending.before or 'nothing'}: {reason}")
        logger.info("commit %s takes back what %s had to confirm: %s", done.commit_id, pending.user, reason)
        self._candidates.take_back()
        self._expect(None)
        with self._mutex:
            self._candidates.shared.commit()

    def _expect(self, confirmation: Confirmation | None) -> None:
        """Wait for a confirmation, or for none any more."""
        self._confirmations.expect(confirmation)
        if confirmation is None:
            self._candidates.settle()

    def _tell(self, kind: ConfirmationKind, author: Author, timeout: float | None = None) -> None:
        """Tell of what happened to the commit that waits, or has waited."""
        self._committer.events.publish(ConfirmationEvent(time.time(), kind, author.user, author.session_id, timeout))

    def _tell_of_post_conditions(self, pending: Confirmation, *, held: bool, outcome: str) -> None:
        if pending.assertions:
            self._committer.events.publish(PostConditionsOver(time.time(), pending.user, held, outcome))

    def _refuse_use(self, session_id: int, private: PrivateCandidate | None = None) -> None:
        """Raise `InUse` if another session has locked running, or the candidate, unless that is `private`."""
        with self._mutex:
            if private is None:
                self._locks.refuse_use("candidate", session_id)
            self._locks.refuse_use("running", session_id)


def _changing(private: PrivateCandidate | None) -> AbstractContextManager[object]:
    """Return what keeps a session's own candidate, if it has one, from changing."""
    return private.changing if private is not None else nullcontext()
