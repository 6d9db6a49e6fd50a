"""Commits at a time: what the candidate changes is kept, and committed on top of what is running then.

One is carried out once, whenever the server is killed: the commit's row in the history has its number, so that a sealed
commit tells that it is done, whether or not that could be marked.
"""

from __future__ import annotations

import logging
import threading
import time
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from datastore.database import HistoryFailed
from datastore.errors import CommitFailed, InUse, TooManyScheduled, UnknownSchedule
from datastore.events import ScheduledOver
from datastore.history import Author, replayed
from datastore.scheduled import CANCELLED, DONE, FAILED, Rows, Scheduled
from yang.diff import changes, difference, summary
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datastore.history import History
    from datastore.store import Datastores
    from yang.tree import Node

logger = logging.getLogger(__name__)

PROTOCOL = "schedule"
MOST = 1000
"""How many may wait."""
PATIENCE = 600.0
"""Seconds for which one is tried again while datastores are locked, where a client does not say."""
PAUSE = 3.0
"""Seconds between attempts."""
LONGEST_WAIT = 60.0
"""Seconds after which the clock is looked at again: it may have been set."""
LINES = 100
"""How many changes are told of."""


class _Outcome(NamedTuple):
    """What became of an attempt, and has to be written down."""

    number: int
    state: str
    reason: str = ""
    commit_id: int | None = None


class Schedule:
    """The scheduled commits of a device, and the thread that carries them out in order."""

    def __init__(
        self,
        datastores: Datastores,
        history: History,
        publish: Callable[[object], None] = lambda _: None,
        judge: Callable[[Author, Node, Node], None] = lambda *_: None,
    ) -> None:
        """Commit to `datastores`, keep what waits beside `history`, and have `publish` told of what is over.

        `judge` raises a RequestError if an author may not make one configuration of another; it is asked again when it is time.
        """
        self._judge = judge
        self._datastores = datastores
        self._publish = publish
        self._rows = Rows(history)
        self._changed = threading.Condition()
        self._turn = threading.Lock()  # held while one is carried out or cancelled
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._has_news = False
        self._outcome: _Outcome | None = None
        self._tried: tuple[int, float] | None = (
            None  # the one that is held up, and since when, by a clock that nobody sets
        )

    def start(self) -> None:
        """Carry out what is due, and go on waiting for the rest."""
        self._watch()

    def close(self) -> None:
        """Wait for nothing any more; one that is being carried out is finished."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def listed(self, numbers: Sequence[int] | None = None) -> list[Scheduled]:
        """Return those with `numbers`, or all: those that wait, and those that were over last.

        Raises:
            HistoryFailed: They cannot be read.
        """
        return self._rows.listed(numbers)

    def add(
        self,
        session_id: int,
        author: Author,
        due: float,
        comment: str = "",
        label: str = "",
        patience: float = PATIENCE,
    ) -> int:
        """Take what the candidate changes for a commit at `due`, in seconds since 1970, and return its number.

        Raises:
            InUse: Another session has locked a datastore, or has to confirm a commit.
            TooManyScheduled: As many wait as may.
            RequestError: It changes nothing, or could not be committed now; the candidate is as it was.
        """
        number = 0

        def keep(running: Node, candidate: Node) -> None:
            nonlocal number
            self._judge(author, running, candidate)
            delta = difference(running, candidate, is_apart=True)
            if not delta:
                raise CommitFailed("the candidate has no changes to be scheduled")
            try:
                if self._rows.waiting() >= MOST:
                    raise TooManyScheduled(f"{MOST} scheduled commits wait already")
                number = self._rows.add(due, patience, author, comment, label, _lines(running, candidate), delta)
            except HistoryFailed as error:
                raise CommitFailed(f"nothing was scheduled: {error}") from error

        self._datastores.take(session_id, keep)
        logger.info("%s scheduled commit %s", author.user, number)
        self._watch()
        return number

    def cancel(self, number: int, author: Author) -> None:
        """Have one that waits never carried out.

        Raises:
            UnknownSchedule: It does not wait.
            CommitFailed: That cannot be written down; it waits.
        """
        with self._turn:
            try:
                is_over = self._rows.sealed(number) is None and self._rows.finish(
                    number, CANCELLED, f"{author.user} cancelled it"
                )
            except HistoryFailed as error:
                raise CommitFailed(f"nothing was cancelled: {error}") from error
        if not is_over:
            raise UnknownSchedule(f"no scheduled commit {number} waits", info=(("bad-element", "id"),))
        logger.info("%s cancelled the scheduled commit %s", author.user, number)
        self._watch()

    def _watch(self) -> None:
        """See to it that the thread looks, which ends when nothing waits."""
        with self._changed:
            self._has_news = True
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._has_news = False
            try:
                wait = self._step()
            except Exception:
                # a database that does not answer, or a mistake: what waits is not forgotten over it
                logger.exception("the schedule could not be looked at; it is tried again")
                wait = PAUSE
            with self._changed:
                if self._is_closed or (wait is None and not self._has_news):
                    self._thread = None
                    return
                if wait and not self._has_news:
                    self._changed.wait(min(wait, LONGEST_WAIT))

    def _step(self) -> float | None:
        """Carry out what is due first, if it is time, and return when to look again, in seconds; None if nothing waits."""
        with self._turn:
            if self._outcome is not None:
                self._rows.finish(*self._outcome)
                self._outcome = None
            scheduled = self._rows.next()
            if scheduled is None:
                return None
            wait = scheduled.due - time.time()
            if wait > 0:
                return wait
            outcome = self._carried_out(scheduled)
            if outcome is None:
                return PAUSE
            # what is known here is not asked of the history, which may not have it right until it is mended
            self._outcome = outcome
            self._tried = None
            state: Literal["done", "failed"] = "done" if outcome.state == DONE else "failed"
            self._publish(
                ScheduledOver(time.time(), scheduled.id, state, scheduled.user, outcome.reason, outcome.commit_id)
            )
            return 0.0

    def _carried_out(self, scheduled: Scheduled) -> _Outcome | None:
        """Return what became of one that is due; None if it has to be tried again."""
        number = scheduled.id
        commit_id = self._rows.sealed(number)
        if commit_id is not None:
            # the server ended before it could be marked
            return _Outcome(number, DONE, commit_id=commit_id)
        author = Author(scheduled.user, None, PROTOCOL, number)
        comment = f"{scheduled.comment} (scheduled as {number})" if scheduled.comment else f"scheduled as {number}"
        delta = self._rows.delta(number)
        if delta is None:
            return self._failed(scheduled, "what it changes is damaged in the database")
        try:
            done = self._datastores.commit_apart(
                lambda running: replayed(running, delta), author, comment, scheduled.label
            )
        except InUse as error:
            return self._held_up(scheduled, str(error))
        except (RequestError, HistoryFailed) as error:
            return self._failed(scheduled, str(error))
        except Exception as error:
            logger.exception("the scheduled commit %s of %s failed", number, scheduled.user)
            return _Outcome(number, FAILED, f"a mistake of the server, whose log tells more: {error!r}")
        logger.info("the scheduled commit %s of %s is commit %s", number, scheduled.user, done.commit_id)
        return _Outcome(number, DONE, commit_id=done.commit_id)

    def _held_up(self, scheduled: Scheduled, reason: str) -> _Outcome | None:
        now = time.monotonic()
        if self._tried is None or self._tried[0] != scheduled.id:
            self._tried = scheduled.id, now
            logger.info("the scheduled commit %s of %s is held up: %s", scheduled.id, scheduled.user, reason)
        if now - self._tried[1] >= scheduled.patience:
            return self._failed(scheduled, f"held up for {scheduled.patience:g} s: {reason}")
        if reason != scheduled.reason:
            self._rows.explain(scheduled.id, reason)
        return None

    @staticmethod
    def _failed(scheduled: Scheduled, reason: str) -> _Outcome:
        logger.warning("the scheduled commit %s of %s failed: %s", scheduled.id, scheduled.user, reason)
        return _Outcome(scheduled.id, FAILED, reason)


def _lines(running: Node, candidate: Node) -> list[str]:
    found = changes(running, candidate)
    lines = [summary(change) for change in islice(found, LINES)]
    more = sum(1 for _ in found)
    return [*lines, f"… ({len(lines) + more} in all)"] if more else lines
