"""The datastores: running, candidates, startup and factory-default (RFC 6241 sections 5.1, 8.3 and 8.7, RFC 8808)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from datastore.errors import CommitFailed, InUse, LockDenied
from datastore.events import StartupChanged
from datastore.running import Running
from datastore.startup import Startup, begin_anew
from yang.sharing import sharing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from datastore.committer import Committed, Committer
    from datastore.conditions import Condition
    from datastore.confirmation import Look
    from datastore.history import Author, History
    from datastore.locks import Lock
    from datastore.partial_locks import PartialLock
    from datastore.plan import Plan
    from datastore.private import ResolutionMode
    from yang.path import Path, XPath
    from yang.tree import Node

FACTORY_LABEL = "factory-default"
Name = Literal["running", "candidate", "startup", "intended", "factory-default"]
READ_ONLY = frozenset({"intended", "factory-default"})
"""The datastores of RFC 8342 and RFC 8808 that nobody writes."""


class Datastores(Running):
    """The configuration datastores of one server. Trees cannot change, so that readers need no lock."""

    def __init__(
        self,
        committer: Committer,
        history: History,
        look: Look = lambda *_: (),
        factory_default: Node | None = None,
        *,
        has_startup: bool = False,
        take_in: Callable[[Node, Node], Node] = lambda _, after: after,
    ) -> None:
        """Have the running configuration of `committer`, which writes `history`, and a candidate that is equal to it.

        What post-conditions are like is asked of `look`. `factory_default` is what a device leaves the factory with, nothing
        if it is not given. Only if it `has_startup`, a start of the machine begins from the startup configuration, and
        otherwise from what was running. What clients have made of one configuration is taken in as `take_in` returns it, given
        that one and theirs.
        """
        super().__init__(committer, history, look)
        self._factory_default = factory_default if factory_default is not None else committer.configuration(None)
        self._has_startup = has_startup
        self._take_in = take_in
        self._startup = Startup(history)

    def start(self) -> None:
        """Begin with what the machine starts with, if it was started anew; or go on with what had to be confirmed.

        Raises:
            HistoryFailed: The history cannot be used.
        """
        has_begun_anew = begin_anew(
            self._committer, self._history, self._startup if self._has_startup else None, self._factory_default
        )
        self._startup.note_start(is_used=self._has_startup)
        pending = self._history.confirmation
        if has_begun_anew or pending is None:
            return
        reason = pending.why_now(has_restarted=True)
        # sessions are counted anew: whoever has this number now is somebody else
        pending = pending._replace(session_id=None)
        if not reason or not self._take_back(pending, reason, is_known=False):
            self._confirmations.expect(pending, reason)

    def close(self) -> None:
        """Wait for nothing any more."""
        self._confirmations.close()

    def use_private(self, session_id: int) -> None:
        """Let a session have a candidate of its own from now on, instead of the shared one."""
        with self._mutex:
            self._candidates.begin(session_id)

    def read(self, name: Name, session_id: int | None = None) -> Node:
        """Return the configuration in a datastore, as a session sees it.

        Raises:
            RequestError: The startup configuration does not fit the models that are served.
            HistoryFailed: The startup configuration cannot be read.
        """
        if name in ("running", "intended"):
            # nothing is made of running before it is applied (RFC 8342 section 5.1.4)
            return self.running
        if name == "factory-default":
            return self._factory_default
        if name == "startup":
            startup = self._startup.read()
            return startup if startup is not None else self._factory_default
        private = self.private(session_id)
        return private.tree if private is not None else self.candidate

    def edit(self, session_id: int, edit: Callable[[Node], Node], conditions: Iterable[Condition] = ()) -> None:
        """Make the session's candidate what `edit` makes of it, to become running on `conditions`.

        Raises:
            InUse: Another session has locked it.
            RequestError: `edit` raises it; the candidate is as it was.
        """
        edit = self._taking_in(edit)
        private = self.private(session_id)
        if private is not None:
            with private.changing:
                private.edit(edit)
                private.conditions.update({condition.path: condition for condition in conditions})
            return
        with self._editing, self._mutex:
            self._locks.refuse_use("candidate", session_id)
            shared = self._candidates.shared
            shared.edit(edit)
            shared.conditions.update({condition.path: condition for condition in conditions})

    def write(self, session_id: int, change: Callable[[Node], Node], author: Author) -> Committed:
        """Commit what `change` makes of running, as `Running.write` does."""
        return super().write(session_id, self._taking_in(change), author)

    def _taking_in(self, edit: Callable[[Node], Node]) -> Callable[[Node], Node]:
        def edited(before: Node) -> Node:
            after = self._take_in(before, edit(before))
            # who replaces everything has changed little as a rule: a commit is to cost as much as that
            return after if after is self.running else sharing(before, after)

        return edited

    def discard(self, session_id: int) -> None:
        """Make the session's candidate equal to running, or, if it is its own, to what running was at its last update.

        Raises:
            InUse: Another session has locked it.
        """
        private = self.private(session_id)
        if private is not None:
            private.discard()
            return
        with self._mutex:
            self._locks.refuse_use("candidate", session_id)
            self._candidates.shared.discard()

    def update(self, session_id: int, mode: ResolutionMode) -> None:
        """Bring what others have committed into the session's own candidate.

        Raises:
            CommitFailed: It has none of its own.
            ValidationFailed: There are conflicts, as `PrivateCandidate.update` tells.
        """
        private = self.private(session_id)
        if private is None:
            raise CommitFailed("this session has no private candidate: its hello did not ask for one")
        private.update(mode)

    def save(self, session_id: int, tree: Node) -> None:
        """Make `tree` the startup configuration: where it is what is running, the commit that left it, without a copy.

        Raises:
            InUse: Another session has locked it.
            ValidationFailed: It breaks rules of the models.
            HistoryFailed: It could not be written; it is as it was.
        """
        with self._committing:
            with self._mutex:
                self._locks.refuse_use("startup", session_id)
            last = self._history.last()
            if tree is self.running and last is not None:
                self._startup.point_to(last)
            else:
                tree = self._take_in(self._committer.configuration(None), tree)
                self._committer.validate(tree)
                self._startup.write(tree)
        self._committer.events.publish(StartupChanged(time.time(), session_id))

    def delete_startup(self, session_id: int) -> None:
        """Have no startup configuration: the machine starts with that of the factory.

        Raises:
            InUse: Another session has locked it.
            HistoryFailed: It could not be written; it is as it was.
        """
        with self._mutex:
            self._locks.refuse_use("startup", session_id)
        self._startup.delete()
        self._committer.events.publish(StartupChanged(time.time(), session_id))

    def protected(self) -> frozenset[int]:
        """Return the commits that the history has to keep, because a datastore is what they left.

        Raises:
            HistoryFailed: The history cannot be read.
        """
        return self._startup.protected()

    def lock(self, name: Name, session_id: int) -> None:
        """Let no other session change a datastore, once a commit that is under way has ended.

        Raises:
            LockDenied: Some session has locked it, or it is a candidate with changes that are not committed, or running with
                a confirmed commit of another session.
        """
        private = self.private(session_id)
        if private is not None and name == "candidate":
            private.lock()
            return
        with self._mutex:
            self._refuse_lock(name, session_id)
        with self._committing, self._mutex:
            self._refuse_lock(name, session_id)
            self._locks.take(name, session_id)

    def unlock(self, name: Name, session_id: int) -> None:
        """Give a lock back; a shared candidate's changes are discarded with it (section 8.3.5.2).

        Raises:
            LockDenied: The session does not have it.
        """
        private = self.private(session_id)
        if private is not None and name == "candidate":
            private.unlock()
            return
        with self._mutex:
            self._locks.give_back(name, session_id)
            self._given_back([name])

    def locks(self) -> dict[str, Lock]:
        """Return the locks on whole datastores, by their names; those on candidates of sessions' own are not among them."""
        with self._mutex:
            return self._locks.held()

    def lock_partially(
        self, session_id: int, find: Callable[[Node], Collection[Path]], select: Sequence[XPath]
    ) -> tuple[int, Collection[Path]]:
        """Let no other session change the nodes that `find` finds in running, which the session named by `select`.

        Returns:
            The lock's number, and the nodes.

        Raises:
            LockDenied: A session has locked running, or another one any of the nodes; nothing is locked then.
            InUse: A confirmed commit waits, so that the nodes may have to change (RFC 5717 section 2.6.2).
            ResourceDenied: Too many nodes would be locked.
            RequestError: `find` raises it.
        """
        with self._committing:
            paths = find(self.running)
            with self._mutex:
                self._locks.refuse_lock("running")
            pending = self._confirmations.pending
            if pending is not None:
                raise InUse(
                    f"running has a confirmed commit of {pending.user} that is not confirmed yet",
                    app_tag="outstanding-confirmed-commit",
                )
            return self._partial_locks.take(session_id, paths, select, self.running), paths

    def unlock_partially(self, lock_id: int | None, session_id: int) -> None:
        """Give a partial lock back.

        Raises:
            UnknownLock: The session does not have it.
        """
        self._partial_locks.give_back(lock_id, session_id)

    def partial_locks(self) -> list[PartialLock]:
        """Return the partial locks on running, oldest first."""
        return self._partial_locks.listed(self.running)

    def end_session(self, session_id: int) -> None:
        """Give back all that a session has locked, drop its own candidate, and take back, soon, what it has not confirmed."""
        with self._mutex:
            self._given_back(self._locks.give_all_back(session_id))
            self._candidates.end(session_id)
        self._partial_locks.give_all_back(session_id)
        self._confirmations.end_session(session_id)

    def validate(self, tree: Node) -> None:
        """Judge a configuration by all that a commit would judge it by before it changes anything.

        Raises:
            ValidationFailed: It breaks rules of the models.
            RequestError: A backend could not put it into effect.
        """
        self._committer.plan(tree)

    def plan(self, session_id: int | None = None) -> Plan:
        """Return what a commit of the session's candidate would do.

        Raises:
            RequestError: It could not be committed.
        """
        private = self.private(session_id)
        return self._committer.plan(self.candidate if private is None else private.updated())

    def factory_reset(self, session_id: int, author: Author) -> Committed:
        """Make every datastore what the device leaves the factory with (RFC 8808 section 2).

        Startup goes together with running, so that there is no time at which only one of them is reset. Candidates, those of
        sessions' own among them, lose their changes.

        Raises:
            InUse: Another session has locked a datastore, or has to confirm a commit.
            RequestError: As for `Committer.commit`; all datastores are as they were.
        """
        with self._committing, self._editing:
            with self._mutex:
                for name in ("running", "candidate", "startup"):
                    self._locks.refuse_use(name, session_id)
                self._confirmations.admit(session_id, None)
            waiting = self._confirmations.pending
            done = self._committer.commit(
                self._factory_default, author, "factory reset", FACTORY_LABEL, also=self._startup.delete_with
            )
            self._expect(None)
            if waiting is not None:
                self._tell("complete", author)
            if self._has_startup:
                self._committer.events.publish(StartupChanged(time.time(), session_id))
            with self._mutex:
                self._candidates.shared.discard()
            self._candidates.forget()
            return done

    def _refuse_lock(self, name: Name, session_id: int) -> None:
        pending = self._confirmations.pending
        if name == "running" and pending is not None and pending.session_id != session_id:
            info = (("session-id", str(pending.session_id or 0)),)
            raise LockDenied(f"running has a confirmed commit of {pending.user} that is not confirmed yet", info=info)
        self._locks.refuse_lock(name)
        if name == "running":
            self._partial_locks.refuse_global_lock()
        if name == "candidate" and self._candidates.shared.has_changes:
            # RFC 6241 section 7.5: nobody may lock away another's changes; 0 stands for no session
            raise LockDenied("the candidate has changes that are not committed", info=(("session-id", "0"),))

    def _given_back(self, names: list[str]) -> None:
        if "candidate" in names:
            self._candidates.shared.discard()
