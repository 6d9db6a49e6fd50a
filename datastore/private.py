"""Private candidates: a branch of running for each session that asks for one (draft-ietf-netconf-privcand)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from datastore.changed_by import changed_by
from datastore.errors import Conflicting, LockDenied, ValidationFailed
from yang.limits import LIMITS
from yang.merge import merge
from yang.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from datastore.conditions import Condition
    from datastore.history import Commit, History
    from yang.merge import Conflict
    from yang.path import Path
    from yang.schema import SchemaNode
    from yang.tree import Child, Node

ResolutionMode = Literal["revert-on-conflict", "prefer-candidate", "prefer-running"]


class PrivateCandidate:
    """The candidate of one session: made when it is first looked at, of what is running then.

    Trees share what they have in common, so that it costs what the session has changed, and nothing before.
    """

    def __init__(self, session_id: int, running: Callable[[], Node], history: History) -> None:
        """Branch from what `running` returns, whose commits are in `history`."""
        self.changing = threading.RLock()
        """To be held while it is changed or committed."""
        self._session_id = session_id
        self._running = running
        self._history = history
        self._is_locked = False
        self._base: Node | None = None
        self._tree: Node | None = None
        self._since = 0
        self.conditions: dict[Path | None, Condition] = {}
        """On what condition it becomes running; of several for one node the last."""

    @property
    def tree(self) -> Node:
        """The configuration in it."""
        with self.changing:
            return self._branched()[1]

    @property
    def has_changes(self) -> bool:
        """Whether it is another configuration than it was branched from."""
        with self.changing:
            return self._tree is not self._base and self._tree != self._base

    def edit(self, edit: Callable[[Node], Node]) -> None:
        """Make it what `edit` makes of it."""
        with self.changing:
            self._tree = edit(self._branched()[1])

    def discard(self) -> None:
        """Make it again what running was when it was branched or last updated (section "discard-changes")."""
        with self.changing:
            self._tree = self._base
            self.conditions.clear()

    def update(self, mode: ResolutionMode = "revert-on-conflict") -> None:
        """Bring into it what has changed in running since it was branched, or last updated.

        Raises:
            ValidationFailed: Both have changed something; each of the errors, `Conflicting`, names the leaf, and the commit
                that has changed it. The candidate is as it was. In the other modes one of the two is kept instead.
        """
        with self.changing:
            self._tree, self._base, self._since = self._updated(mode)

    def updated(self) -> Node:
        """Return what a commit would make running: the candidate, brought up to date.

        Raises:
            ValidationFailed: As for `update`.
        """
        with self.changing:
            return self._updated("revert-on-conflict")[0]

    def rebase(self) -> None:
        """Take what is running as what it was branched from: what was committed and is no longer is its own change again."""
        with self.changing:
            if self._base is not None:
                self._since = self._history.last() or 0
                self._base = self._running()

    def forget(self) -> None:
        """Be branched anew when it is next looked at."""
        with self.changing:
            self._base = self._tree = None
            self.conditions.clear()

    def lock(self) -> None:
        """Lock it: nobody else can change it anyhow, but who has locked it has to know.

        Raises:
            LockDenied: It is locked.
        """
        if self._is_locked:
            info = (("session-id", str(self._session_id)),)
            raise LockDenied(f"candidate is locked by session {self._session_id}", info=info)
        self._is_locked = True

    def unlock(self) -> None:
        """Unlock it; its changes stay.

        Raises:
            LockDenied: It is not locked.
        """
        if not self._is_locked:
            raise LockDenied("candidate is locked by nobody", info=(("session-id", "0"),))
        self._is_locked = False

    def _branched(self) -> tuple[Node, Node]:
        if self._base is None or self._tree is None:
            # the commit before the tree: at worst one commit more is looked at than has come since
            self._since = self._history.last() or 0
            self._base = self._tree = self._running()
        return self._base, self._tree

    def _updated(self, mode: ResolutionMode) -> tuple[Node, Node, int]:
        """Return the candidate brought up to date, what is running, and the last commit that is surely in it."""
        base, tree = self._branched()
        since = self._history.last() or 0
        running = self._running()
        merged = merge(base, tree, running, "theirs" if mode == "prefer-running" else "mine")
        if merged.conflicts and mode == "revert-on-conflict":
            raise ValidationFailed(list(self._told(merged.conflicts[: LIMITS.errors])))
        return merged.tree, running, since

    def _told(self, conflicts: tuple[Conflict, ...]) -> Iterator[Conflicting]:
        commits = changed_by(self._history, [conflict.changed for conflict in conflicts], self._since)
        for conflict in conflicts:
            yield _conflicting(conflict, commits.get(conflict.changed))


def _conflicting(conflict: Conflict, commit: Commit | None) -> Conflicting:
    schema = conflict.path.schema
    if conflict.is_of_order:
        what = f"{schema.name}: the order here and the order in running are not the same"
    else:
        mine, theirs = _said(schema, conflict.mine), _said(schema, conflict.theirs)
        what = f"{schema.name}: {mine} here, and {theirs} in running"
    if conflict.changed != conflict.path:
        what += f", because of {conflict.changed}"
    if commit is None:
        return Conflicting(what, conflict.path)
    time = datetime.fromtimestamp(commit.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Conflicting(
        f"{what} since commit {commit.id} of {commit.author.user} at {time}",
        conflict.path,
        info=(("commit", str(commit.id)), ("user", commit.author.user), ("time", time)),
    )


def _said(schema: SchemaNode, child: Child | None) -> str:
    """Return a node's value for people."""
    if child is None:
        return "not there"
    if schema.kind == "leaf":
        return shown(schema.type.text(child))  # type: ignore[arg-type]  # a leaf's value
    if isinstance(child, tuple):
        return shown(", ".join(map(schema.type.text, child)))
    return shown(child) if isinstance(child, str) else "there"
