"""The journal: what the history is told of commits before, and after, anything is changed for them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from datastore.database import HistoryFailed

if TYPE_CHECKING:
    from datastore.changed import Changed
    from datastore.history import Author, History

logger = logging.getLogger(__name__)


class Journal:
    """Begins commits in the history, and marks those that took no effect, as soon as the history can be written.

    Only one thread may use it at a time.
    """

    def __init__(self, history: History) -> None:
        """Write `history`."""
        self._history = history
        self._unmarked: dict[int, str] = {}
        self._is_begun_unknown = False

    def begin(self, author: Author, delta: str, comment: str, label: str, changed: Changed) -> int:
        """Write down a commit that is about to be carried out, with what it changes, and return its id.

        Raises:
            HistoryFailed: It could not be written for certain; it is marked as aborted if it was written all the same.
        """
        try:
            return self._history.begin(author, delta, comment, label, changed)
        except HistoryFailed:
            self._is_begun_unknown = True
            raise

    def to_be_marked(self, commit_id: int, reason: str) -> None:
        """Have `mark_aborted` write down that a commit took no effect, and why."""
        self._unmarked[commit_id] = reason

    def mark_aborted(self) -> bool:
        """Mark the commits that took no effect; return whether none remains to be marked.

        To be called once nothing of them is left in any system.
        """
        if self._is_begun_unknown and not self._find_begun():
            return False
        for commit_id, reason in list(self._unmarked.items()):
            try:
                self._history.abort(commit_id, reason)
            except HistoryFailed:
                logger.exception("commit %s stays pending in the history; it took no effect", commit_id)
                return False
            del self._unmarked[commit_id]
        return True

    def _find_begun(self) -> bool:
        """Return whether the history could tell which commits were begun without our knowing it; they are to be marked."""
        try:
            for commit_id, _ in self._history.pending():
                self._unmarked.setdefault(commit_id, "its beginning could not be written for certain")
        except HistoryFailed:
            logger.exception("the history does not tell whether a commit was begun")
            return False
        self._is_begun_unknown = False
        return True
