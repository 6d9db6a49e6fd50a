"""The rescue: what can still be read of a damaged history is shown, and nothing is written, committed or mended."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import select

from datastore.chain import SEALED, inflated, replayed, snapshot_of
from datastore.committer import Committer
from datastore.database import Database, HistoryDamaged, HistoryFailed
from datastore.errors import CommitFailed
from datastore.history import History
from datastore.tables import commits, snapshots
from yang.errors import RequestError
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backends.backend import Backend
    from datastore.history import Commit
    from yang.schema import Schema


class RescuedHistory(History):
    """A damaged history, as far as it can be read."""

    def __init__(self, url: str, schema: Schema, damage: HistoryDamaged) -> None:
        """Read the last configuration that there is in the database at `url`, of which `damage` tells."""
        super().__init__(Database(url, is_damaged=True), schema)
        self._damage = damage
        self.recovered, self._recovered_id = self._recover()

    def _open(self) -> None:
        """Prepare nothing, and expect nothing to be there."""

    def __str__(self) -> str:
        """What is wrong, what is shown, and what can be done."""
        which = f"commit {self._recovered_id}, the last one that can be read of it" if self._recovered_id else "empty"
        if self._recovered_id is None:
            which += ": nothing can be read of it"
        elif self._recovered_id == self._last_of_all():
            which = f"commit {self._recovered_id}, the last one"
        return (
            f"{self._damage}. This is a read-only rescue: running is {which}; all systems are left as they are, and nothing"
            " can be committed. Save the configuration with get-config, end the server, move the database away, start again,"
            " and commit what was saved"
        )

    def last(self) -> int | None:
        """Return the id of the commit whose configuration is shown; None if it is the empty one."""
        return self._recovered_id

    def pending(self) -> list[tuple[int, str]]:
        """Return nothing: what was cut off stays as it is."""
        return []

    def commits(self, *arguments: Any, **options: Any) -> Iterator[Commit]:
        """Yield the commits as `History.commits` does, up to the first one that cannot be read."""
        with suppress(HistoryFailed):
            yield from super().commits(*arguments, **options)

    def _last_of_all(self) -> int | None:
        with suppress(HistoryFailed):
            return super().last()
        return None

    def _recover(self) -> tuple[Node, int | None]:
        """Return the newest configuration that can be read, and the id of its commit."""
        found = []
        with suppress(HistoryFailed), self.reading() as connection:
            found = list(connection.scalars(select(snapshots.c.commit_id).order_by(snapshots.c.commit_id.desc())))
        for start in (*found, None):
            tree, commit_id = self._recover_from(start)
            if commit_id is not None:
                return tree, commit_id
        return Node(self._schema.root, {}), None

    def _recover_from(self, start: int | None) -> tuple[Node, int | None]:
        """Return how far one gets from the snapshot of a commit, or from nothing."""
        tree, reached = Node(self._schema.root, {}), None
        with suppress(HistoryFailed, RequestError), self.reading() as connection:
            if start is not None:
                octets = connection.scalar(select(snapshots.c.configuration).where(snapshots.c.commit_id == start))
                tree, reached = snapshot_of(inflated(octets or b"", start), self._schema), start
            later = select(commits.c.id, commits.c.delta).where(commits.c.state == SEALED, commits.c.id > (start or 0))
            for commit_id, delta in connection.execute(later.order_by(commits.c.id)):
                tree, reached = replayed(tree, inflated(delta, commit_id)), commit_id
        return tree, reached


class Rescuer(Committer):
    """A committer that has a rescued configuration running, and leaves all systems alone."""

    def __init__(self, backends: Sequence[Backend], history: RescuedHistory) -> None:
        """Show what `history` has recovered."""
        super().__init__(backends, history, history.recovered)
        self._why = str(history)

    def start(self) -> None:
        """Do nothing: what is in the systems is worth more than what is left of the history."""

    def plan(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse.

        Raises:
            CommitFailed: Always.
        """
        raise CommitFailed(f"nothing was changed: {self._why}", app_tag="history-damaged")

    commit = plan
