"""The publisher: takes what happens, logs it, and has subscriptions send it, all in one thread.

Whoever publishes an event only puts it into a queue, and no receiver is waited for: a commit is not held up by either.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from nos_mgmt.notifications.telling import Teller

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.event_log import EventLog
    from datastore.events import Events
    from nos_mgmt.notifications.subscription import Subscription
    from yang.schema import Schema

logger = logging.getLogger(__name__)

QUEUED = 10_000
"""Events that may wait to be taken; what happens beyond is not told of."""
LONGEST_WAIT = 60.0
"""Seconds after which the clock is looked at again: it may have been set."""
SUBSCRIPTIONS = 1000
"""Subscriptions at once."""


READERS = 2
"""Datastores that are read at once for subscriptions."""


class EventsLost(NamedTuple):
    """More happened than could be taken."""

    number: int


class Publisher:
    """Tells of what happens in a device."""

    def __init__(self, schema: Schema, events: Events, log: EventLog) -> None:
        """Take `events` from now on, and keep what is told in `log`."""
        self.log = log
        self._teller = Teller(schema)
        self._queue: deque[object] = deque()
        self._lost = 0
        self.lost = 0
        """Events of which nobody was told, since the start."""
        self._changed = threading.Condition()
        self._is_woken = False
        self._is_closed = False
        self._subscriptions: list[Subscription] = []
        self._numbers = itertools.count(1)
        self._readers = ThreadPoolExecutor(READERS, "push")
        self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)
        self._end = events.listen(self._take)

    def start(self) -> None:
        """Begin to tell."""
        self.log.start()
        self._thread.start()

    def close(self) -> None:
        """Tell of what has happened so far, and no more."""
        if self._is_closed:
            return
        self._end()
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()
        self._readers.shutdown(cancel_futures=True)
        self.log.close()

    def next_id(self) -> int:
        """Return the number of a new subscription."""
        return next(self._numbers)

    @property
    def is_full(self) -> bool:
        """Whether there are as many subscriptions as may be."""
        return len(self._subscriptions) >= SUBSCRIPTIONS

    def add(self, subscription: Subscription) -> None:
        """Have a subscription note what happens from now on; it sends nothing before it is released."""
        with self._changed:
            self._subscriptions.append(subscription)

        def begin() -> None:
            subscription.begin()
            subscription.has_begun = True

        self.call(begin)

    def release(self, subscription: Subscription) -> None:
        """Have a subscription send what it is to send."""
        subscription.is_held = False
        self.wake()

    def subscriptions(self, session_id: int | None = None) -> list[Subscription]:
        """Return the subscriptions that are not over, those of one session or all."""
        with self._changed:
            return [
                one
                for one in self._subscriptions
                if not one.is_over and (session_id is None or one.receiver.session_id == session_id)
            ]

    def end_session(self, session_id: int) -> None:
        """Forget the subscriptions of a session that is over."""
        for subscription in self.subscriptions(session_id):
            subscription.is_over = True
        self.wake()

    def call(self, action: Callable[[], None]) -> None:
        """Have `action`, which may not wait, done by the publisher's thread, after what has happened so far."""
        with self._changed:
            self._queue.append(_Action(action))
            self._changed.notify_all()

    def settle(self, patience: float = 5.0) -> None:
        """Return when what has happened so far was taken note of, and what was to be sent then was sent."""
        done = threading.Event()
        self.call(done.set)
        done.wait(patience)

    def work(self, action: Callable[[], None]) -> None:
        """Have `action`, which may take its time, done by another thread."""
        self._readers.submit(self._guarded, action)

    def wake(self) -> None:
        """Have all subscriptions look again whether there is something to send."""
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()

    def _take(self, event: object) -> None:
        with self._changed:
            if len(self._queue) >= QUEUED:
                self._lost += 1
                self.lost += 1
                return
            self._queue.append(event)
            self._changed.notify_all()

    def _run(self) -> None:
        due: float | None = None
        while True:
            with self._changed:
                while not (self._queue or self._is_woken or self._is_closed):
                    wait = LONGEST_WAIT if due is None else min(due - time.time(), LONGEST_WAIT)
                    if wait <= 0:
                        break
                    self._changed.wait(wait)
                now = time.time()
                taken, self._queue = self._queue, deque()
                lost, self._lost = self._lost, 0
                self._is_woken = False
                self._subscriptions = [one for one in self._subscriptions if not one.is_over]
                subscriptions = list(self._subscriptions)
                is_last = self._is_closed
            if lost:
                logger.error("%d events are not told of: more happened than could be taken", lost)
                taken.append(EventsLost(lost))
            for event in taken:
                self._guarded(self._tell, event, subscriptions)
            due = self._advance(subscriptions, now)
            if is_last:
                return

    def _advance(self, subscriptions: list[Subscription], now: float) -> float | None:
        """Have all send what is to be sent, and return when the first is to be asked again."""
        times = [self._guarded(one.advance, now, one=one) for one in subscriptions if one.has_begun and not one.is_held]
        return min((moment for moment in times if moment is not None), default=None)

    def _tell(self, event: object, subscriptions: list[Subscription]) -> None:
        if isinstance(event, _Action):
            # what happened before is sent on the terms that were those before
            self._advance(subscriptions, time.time())
            event.action()
            return
        for made in self._teller.records(event):
            self.log.add(made.time, made.name, made.content)
        for subscription in subscriptions:
            self._guarded(subscription.notice, event, one=subscription)

    @staticmethod
    def _guarded(action: Callable[..., Any], *arguments: object, one: Subscription | None = None) -> Any:
        try:
            return None if one is not None and one.is_over else action(*arguments)
        except Exception:
            # a mistake must not end what others are told
            logger.exception("a notification could not be sent")
            if one is not None:
                one.is_over = True
            return None


class _Action:
    __slots__ = ("action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self.action = action
