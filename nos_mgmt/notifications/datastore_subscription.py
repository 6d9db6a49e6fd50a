"""Subscriptions to datastores: their contents from time to time, or what changes in them (RFC 8641)."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

from datastore.events import Sealed, StateChanged
from nos_mgmt.notifications.publisher import EventsLost
from nos_mgmt.notifications.state_changes import state_change
from nos_mgmt.notifications.subscription import PAUSE, Receiver, Subscription
from nos_mgmt.notifications.updates import change_update, edits_between, update

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nos_mgmt.notifications.publisher import Publisher
    from nos_mgmt.notifications.updates import Edit, Wanted
    from yang.path import Path
    from yang.tree import Node

RUNNING, OPERATIONAL = "ietf-datastores:running", "ietf-datastores:operational"
LARGEST = 2 << 20
"""Octets of the largest update: a session that does not read is given up at twice as many."""

VOLUME = "ietf-subscribed-notifications:unsupportable-volume"
TOO_BIG = "ietf-yang-push:update-too-big"


class Contents(NamedTuple):
    """What a subscription selects of a datastore at one time."""

    time: float
    xml: str

    @property
    def is_too_big(self) -> bool:
        """Whether it is more than an update may carry."""
        return len(self.xml) > LARGEST


class DatastoreSubscription(Subscription):
    """What both kinds have in common."""

    def __init__(self, number: int, publisher: Publisher, receiver: Receiver, datastore: str) -> None:
        """Send `receiver`, as the subscription `number`, what becomes of a datastore."""
        self.id = number
        self.receiver = receiver
        self.datastore = datastore
        self.stop: float | None = None
        self._publisher = publisher

    def begin(self) -> None:
        """Do nothing: what is new is told by trees."""

    def _push(self, contents: Contents) -> None:
        self.receiver.send(contents.time, update(self.id, contents.xml))
        self.sent_records += 1

    def _is_stopped(self, now: float) -> bool:
        if self.stop is not None and now >= self.stop:
            self.is_over = True
        return self.is_over

    def suspend(self, reason: str, now: float) -> None:
        """Send nothing for the time being, and say so (RFC 8639 section 2.7.5)."""
        if not self.suspended:
            self.suspended = reason
            self.receiver.send(now, state_change("subscription-suspended", self.id, reason))

    def resume(self, now: float) -> None:
        """Go on, and say so."""
        if self.suspended:
            self.suspended = ""
            self.receiver.send(now, state_change("subscription-resumed", self.id))


class Periodic(DatastoreSubscription):
    """Has the contents sent again and again."""

    def __init__(
        self,
        number: int,
        publisher: Publisher,
        receiver: Receiver,
        datastore: str,
        read: Callable[[], Contents],
        period: float,
        anchor: float | None = None,
    ) -> None:
        """Send what `read` returns, which is called in a thread of its own, every `period` seconds.

        If there is an `anchor` time, at times that are whole periods away from it; otherwise from the beginning on.
        """
        super().__init__(number, publisher, receiver, datastore)
        self.read = read
        self.period = period
        self.anchor = anchor
        self._due: float | None = None
        self._is_reading = False

    def retime(self, period: float, anchor: float | None) -> None:
        """Send at other times from now on."""
        self.period, self.anchor, self._due = period, anchor, None

    def advance(self, now: float) -> float | None:
        """Have the contents read when it is time; a time at which the last ones are still being read is passed over."""
        if self._is_stopped(now):
            return None
        if self._due is None:
            self._due = now if self.anchor is None else self._next(now - self.period / 1000)
        if now >= self._due:
            self._due = self._next(now)
            if not self.receiver.has_room():
                self.suspend(VOLUME, now)
            elif not self._is_reading:
                self._is_reading = True
                self._publisher.work(self._read_apart)
        return self._due if self.stop is None else min(self._due, self.stop)

    def _next(self, now: float) -> float:
        """Return the next time that is whole periods away from the anchor, or from the last time."""
        origin = self.anchor if self.anchor is not None else self._due
        if origin is None:
            return now
        return origin + (math.floor((now - origin) / self.period) + 1) * self.period

    def _read_apart(self) -> None:
        contents: Contents | None = None
        try:
            contents = self.read()
        finally:
            self._publisher.call(lambda: self._has_read(contents))

    def _has_read(self, contents: Contents | None) -> None:
        self._is_reading = False
        if self.is_over or contents is None:
            return
        if contents.is_too_big:
            self.suspend(TOO_BIG, contents.time)
            return
        self.resume(contents.time)
        self._push(contents)


class OnChange(DatastoreSubscription):
    """Has what changes in a datastore sent: in running, or in what is told of the operational state."""

    def __init__(
        self,
        number: int,
        publisher: Publisher,
        receiver: Receiver,
        datastore: str,
        wanted: Wanted,
        visible: Callable[[Node], Node],
        current: Callable[[], Node | None],
        *,
        dampening: float = 0.0,
        has_sync: bool = True,
        excluded: Collection[str] = (),
    ) -> None:
        """Send what changes in what `wanted` selects of what is `visible`, at the most every `dampening` seconds.

        `current` returns the newest tree of the datastore, without waiting for it. Without `has_sync` nothing but changes is
        ever sent, and of those none of the `excluded` change types.
        """
        super().__init__(number, publisher, receiver, datastore)
        self.wanted = wanted
        self.dampening = dampening
        self.has_sync = has_sync
        self.follows_state = datastore == OPERATIONAL
        self.excluded = excluded
        self._visible = visible
        self._current = current
        # what its receiver knows of, and what there is; None before it is known from where on changes are told
        self._base: Node | None = None
        self._last: Node | None = None
        self._early: list[Sealed | StateChanged] = []
        self._kind: type[Sealed | StateChanged] = Sealed if datastore == RUNNING else StateChanged
        self._churned: dict[Path, Edit] = {}
        self._is_incomplete = False
        self._next_time = 0.0
        self._patch = 0

    @property
    def latest(self) -> Node | None:
        """The newest tree that it has heard of."""
        return self._last

    def start_from(self, tree: Node, contents: Contents | None) -> None:
        """Tell of changes since `tree`, one that there was since the subscription was added, and of `contents` first."""
        self._base = self._last = tree
        early, self._early = self._early, []
        if contents is not None:
            self._push(contents)
            self._next_time = time.time() + self.dampening
        for event in early:
            self._follow(event)

    def resync(self, tree: Node, contents: Contents | None, wanted: Wanted) -> None:
        """Send `contents`, what `wanted` selects of `tree`, and go on from there with that filter."""
        self.wanted = wanted
        self._churned.clear()
        self._is_incomplete = False
        self._base = tree
        self.suspended = ""
        if contents is not None:
            self._push(contents)
        self._next_time = time.time() + self.dampening

    def notice(self, event: object) -> None:
        """Take note of a change."""
        if isinstance(event, EventsLost) and self._last is not None:
            self._last = self._current() or self._last
            self._is_incomplete = True
        elif isinstance(event, Sealed | StateChanged) and isinstance(event, self._kind):
            if self._last is None:
                self._early.append(event)
            else:
                self._follow(event)

    def advance(self, now: float) -> float | None:
        """Send what was held back, when it is time."""
        if self._is_stopped(now):
            return None
        wait: float | None = None
        if (self._base is not self._last or self._churned) and self.suspended != TOO_BIG:
            if now < self._next_time:
                wait = self._next_time
            elif not self.receiver.has_room():
                # what changes meanwhile is told in one update when there is room again
                self.suspend(VOLUME, now)
                wait = now + PAUSE
            else:
                self.resume(now)
                self._flush(now)
        times = [moment for moment in (wait, self.stop) if moment is not None]
        return min(times, default=None)

    def _follow(self, event: Sealed | StateChanged) -> None:
        if event.before is not self._last:
            # it had happened before the tree was taken from which changes are told
            return
        now = time.time()
        self._last = event.after
        if now >= self._next_time and not self.is_held and not self.suspended and self.receiver.has_room():
            self._flush(now)
        else:
            for edit in edits_between(event.before, event.after, self.wanted, self._visible):
                self._note(edit)

    def _note(self, edit: Edit) -> None:
        """Remember the last change of a node; what it has made of the nodes below is part of it."""
        below = [path for path in self._churned if edit.path in path.steps()]
        for path in below:
            del self._churned[path]
        self._churned[edit.path] = edit

    def _flush(self, now: float) -> None:
        """Send what is different from what was sent last, and what has changed since and is the same again."""
        base, last = self._base, self._last
        if base is None or last is None:
            return
        edits = edits_between(base, last, self.wanted, self._visible)
        told = {edit.path for edit in edits}
        edits += [edit for path, edit in self._churned.items() if not _is_covered(path, told)]
        self._base = last
        self._churned.clear()
        is_incomplete, self._is_incomplete = self._is_incomplete, False
        kept = [edit for edit in edits if edit.operation not in self.excluded]
        if not kept:
            return
        self._patch += 1
        content = change_update(self.id, self._patch, kept, is_incomplete=is_incomplete)
        if len(content) > LARGEST:
            # nothing more is sent until it is modified: then all is told anew
            self.suspend(TOO_BIG, now)
            return
        self.receiver.send(now, content)
        self.sent_records += 1
        self._next_time = now + self.dampening


def _is_covered(path: Path, told: set[Path]) -> bool:
    """Return whether one of the paths `told` is `path`, or on the way to it, or below it."""
    step: Path | None = path
    while step is not None:
        if step in told:
            return True
        step = step.parent
    return any(path in other.steps() for other in told)
