"""A candidate: a branch of running that is worked on (RFC 6241 section 8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datastore.chain import replayed
from datastore.errors import InUse
from yang.diff import difference
from yang.errors import RequestError
from yang.merge import merge

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.conditions import Condition
    from yang.path import Path
    from yang.tree import Node


class Candidate:
    """The candidate that all sessions share; the caller sees to it that one thread at a time changes it.

    It is running itself until it is edited. From then on it knows what running was, so that what others commit meanwhile is
    brought into it and is not undone by the next commit.
    """

    def __init__(self, running: Callable[[], Node]) -> None:
        """Be what `running` returns."""
        self._running = running
        self._tree: Node | None = None
        self._base: Node | None = None
        self.conditions: dict[Path | None, Condition] = {}
        """On what condition it becomes running; of several for one node the last."""

    @property
    def tree(self) -> Node:
        """The configuration in it."""
        tree = self._tree
        return self._running() if tree is None else tree

    @property
    def has_changes(self) -> bool:
        """Whether it is another configuration than running."""
        return self._tree is not None

    def edit(self, edit: Callable[[Node], Node]) -> None:
        """Make it what `edit` makes of it."""
        before = self.tree
        base = before if self._tree is None else self._base
        self._set(edit(before), base)

    def discard(self) -> None:
        """Make it running again."""
        self._tree = self._base = None
        self.conditions.clear()

    def commit(self) -> None:
        """Take what has just become running as what it was branched from: it was committed, or stays as it is."""
        self._set(self.tree, self._running())
        self.conditions.clear()

    def refuse_clash(self, after: Node) -> None:
        """Raise an error if its edits cannot be made in `after`, which somebody else is about to commit.

        Values that both change are no reason: those of the candidate stay on top.

        Raises:
            InUse: They are about what is gone there, or has been made there.
        """
        if self._tree is None or self._base is None:
            return
        try:
            replayed(after, difference(self._base, self._tree, is_apart=True))
        except RequestError as error:
            # the commit of the candidate would undo that one
            raise InUse(
                f"the candidate has changes that do not fit together with these: {error}", error.path
            ) from error

    def rebase(self) -> None:
        """Bring into it what others have made of running; where both have changed something, it stays as it is."""
        if self._tree is not None and self._base is not None:
            running = self._running()
            self._set(merge(self._base, self._tree, running).tree, running)

    def _set(self, tree: Node, base: Node | None) -> None:
        running = self._running()
        if tree is running or tree == running:
            self._tree = self._base = None
        else:
            self._tree, self._base = tree, base
