"""Retention: commits that are old enough are dropped, in the background, with nothing that is kept depending on them."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from datastore.background import Background
from datastore.chain import PENDING, SEALED
from datastore.database import HistoryFailed
from datastore.tables import commits, confirmations, snapshots
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from sqlalchemy import Connection

    from datastore.history import History

logger = logging.getLogger(__name__)

DAY = 86400.0
SLACK = 50
"""So many commits may be dropped before it is done: what is kept behind them has to be written as a whole."""
AT_ONCE = 250
"""Commits that one transaction drops: another one is not to wait for long."""


class Limits(NamedTuple):
    """What is kept: commits within both limits. By default everything, since what was done is evidence."""

    commits: int = 0
    """So many of the newest; 0 is any number."""
    days: float = 0
    """Those begun so many days ago, or less; 0 is any time."""


KEEP_ALL = Limits()


class Gap(NamedTuple):
    """Commits that go, with none between them that stays and has a configuration."""

    above: int | None
    """The commit that is kept and had its delta from the newest of them; None if none of them has a configuration."""
    ids: list[int]
    """The newest first."""


def gaps(connection: Connection, limits: Limits, protected: Collection[int], now: float) -> list[Gap]:
    """Return what is to be dropped, the newest first."""
    columns = select(commits.c.id, commits.c.time, commits.c.label, commits.c.state)
    kept = {*protected, *connection.scalars(select(confirmations.c.before))}
    found: list[Gap] = []
    above: int | None = None
    ids: list[int] = []
    has_sealed = False
    for number, row in enumerate(connection.execute(columns.order_by(commits.c.id.desc()))):
        is_sealed = row.state == SEALED
        is_old = (0 < limits.commits <= number) or (limits.days > 0 and row.time < now - limits.days * DAY)
        # the newest of all sees to it that no id is given again
        is_needed = number == 0 or row.state == PENDING or row.id in kept
        if is_sealed:
            is_needed = is_needed or above is None or bool(row.label)
        if is_old and not is_needed:
            ids.append(row.id)
            has_sealed = has_sealed or is_sealed
        elif is_sealed:
            if ids:
                found.append(Gap(above if has_sealed else None, ids))
            above, ids, has_sealed = row.id, [], False
    if ids:
        found.append(Gap(above if has_sealed else None, ids))
    return found


class Retention:
    """Drops what is older than the limits."""

    def __init__(self, history: History, limits: Limits, protected: Callable[[], Iterable[int]] = lambda: ()) -> None:
        """Drop commits of `history`, but not those that are `protected` when it is looked."""
        self._history = history
        self._limits = limits
        self._protected = protected
        self._background = Background("retention", self._look)
        self._least = 1

    def start(self) -> None:
        """Drop what is too old now, and from now on whatever becomes so when something is committed."""
        if any(self._limits):
            self._history.watch(self._background.ask)
            self._background.start()
            self._background.ask()

    def close(self) -> None:
        """Drop nothing more; what is under way is brought to a point at which nothing is half done."""
        self._background.close()

    def drop(self, least: int = 1) -> int:
        """Drop what is too old, if there is at least so much of it, and return how many commits that were.

        Raises:
            HistoryFailed: The history cannot be read or written.
            RequestError: What is to be kept does not fit the models any more.
        """
        protected = set(self._protected())
        with self._history.reading() as connection:
            found = gaps(connection, self._limits, protected, time.time())
        total = sum(len(gap.ids) for gap in found)
        if total < least:
            return 0
        dropped = 0
        for gap in found:
            self._keep(gap.above)
            # the newest first: what is older keeps what it is made from
            for start in range(0, len(gap.ids), AT_ONCE):
                if self._background.is_closed:
                    return dropped
                ids = gap.ids[start : start + AT_ONCE]
                self._history.drop(ids)
                dropped += len(ids)
        logger.info("%d old commits are no longer in the history", dropped)
        return dropped

    def _keep(self, above: int | None) -> None:
        """See to it that a commit has a snapshot."""
        if above is not None:
            with self._history.reading() as connection:
                has_one = connection.scalar(select(snapshots.c.commit_id).where(snapshots.c.commit_id == above))
            if has_one is None:
                self._history.snapshot(above, self._history.configuration(above))

    def _look(self) -> None:
        try:
            self.drop(self._least)
            # at the start all of it, and then much at once
            self._least = SLACK
        except (HistoryFailed, RequestError):
            logger.exception("old commits stay in the history for now")
