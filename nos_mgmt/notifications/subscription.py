"""A subscription to an event stream: which of its records are sent, in which order, and when it is over.

RFC 5277 and RFC 8639 agree on all of that; they differ in what is said at the end of a replay and of the subscription.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from datastore.events import Sealed
from nos_mgmt.notifications.records import read
from nos_mgmt.notifications.state_changes import state_change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datastore.event_log import EventLog, Logged
    from nos_mgmt.notifications.records import Record
    from nos_mgmt.notifications.streams import Stream
    from yang.schema import Schema, SchemaNode
    from yang.tree import Node

BATCH = 64
"""Records that are taken out of the log at once."""
SHARE = 512
"""Records of a replay that are looked at before others have their turn."""
PAUSE = 0.1
"""Seconds after which a receiver that had no room for more of a replay is asked again."""


class Receiver(ABC):
    """Where notifications go: a session of some protocol. No method waits."""

    session_id: int

    @abstractmethod
    def send(self, time: float, content: str) -> None:
        """Send a notification with the event time `time`, in seconds since 1970, and the XML element `content`."""

    @abstractmethod
    def has_room(self) -> bool:
        """Return whether what was sent is on its way, but for a little."""

    @abstractmethod
    def may_receive(self, notification: SchemaNode) -> bool:
        """Return whether its user may receive a notification now."""

    @abstractmethod
    def seen(self, logged: Logged) -> Logged | None:
        """Return an event as its user may be told of it now; None if there is nothing to be told."""


class Subscription(ABC):
    """What a receiver has asked for. Its methods are called by the publisher's thread alone."""

    receiver: Receiver
    is_over: bool = False
    has_begun: bool = False
    is_held: bool = True
    """Whether nothing is to be sent yet: the answer to what asked for it has not been given."""
    id: int = 0
    """Its number (RFC 8639); 0 if it has none."""
    terms: Mapping[str, Any] = MappingProxyType({})
    """What it was established with, as the model of subscriptions has it."""
    suspended: str = ""
    """Why nothing is sent at present: an identity; empty if it is."""
    follows_state: bool = False
    """Whether it is told what changes in the operational datastore."""
    sent_records: int = 0
    excluded_records: int = 0

    @abstractmethod
    def begin(self) -> None:
        """Note that what happens from here on is new; it is called once, before the other methods."""

    @abstractmethod
    def advance(self, now: float) -> float | None:
        """Send what is to be sent at the time `now`, and return when to be called though nothing happened; None if never."""

    def notice(self, event: object) -> None:  # noqa: B027 - most only follow a log
        """Take note of what happens apart from what is logged."""

    def terminate(self, reason: str) -> None:
        """End it for a `reason`, an identity, and say so (RFC 8639 section 2.7.4)."""
        if not self.is_over:
            self.is_over = True
            self.receiver.send(time.time(), state_change("subscription-terminated", self.id, reason))


class StreamSubscription(Subscription):
    """A subscription to an event stream."""

    def __init__(
        self,
        schema: Schema,
        log: EventLog,
        receiver: Receiver,
        stream: Stream,
        selects: Callable[[Node], bool] | None = None,
        *,
        start: float | None = None,
        stop: float | None = None,
        replayed: Callable[[float], None] = lambda _: None,
        completed: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Send `receiver` the records of `stream` that a filter `selects`, all if that is None.

        Those of `log` since the time `start`, if it is given, come first, and then `replayed` is called, with the time. It is
        over when the time `stop` has come, and `completed` is called.
        """
        self._schema = schema
        self._log = log
        self.receiver = receiver
        self.stream = stream
        self.selects = selects
        self.start = start
        self.stop = stop
        self.reference: Callable[[Node], Callable[[Node], bool] | None] | None = None
        """What gives the filter that a configuration has under the name by which it was given, if it was; None if it has none."""
        self._replayed = replayed
        self._completed = completed
        self._present = 0
        self._sent = 0
        self._is_replaying = start is not None

    def begin(self) -> None:
        """Note that what is added to the log from here on is new."""
        self._present = self._log.last
        self._sent = 0 if self._is_replaying else self._present

    def advance(self, now: float) -> float | None:
        """Send what the log has and was not sent yet, a replay no faster than the receiver takes it."""
        considered = 0
        while not self.is_over:
            if self._is_replaying and self._sent >= self._present:
                self._is_replaying = False
                self._replayed(now)
            batch = self._log.after(self._sent, BATCH)
            if not batch:
                break
            for logged in batch:
                if self._is_replaying and logged.number > self._present:
                    # what of the replay was left has been dropped meanwhile
                    break
                if self._is_replaying:
                    if not self.receiver.has_room():
                        return now + PAUSE
                    if considered == SHARE:
                        # the others have their turn
                        return now
                    considered += 1
                self._sent = logged.number
                self._consider(logged)
            else:
                continue
            self._sent = max(self._sent, self._present)
        if self._is_replaying and not self.is_over:
            self._is_replaying = False
            self._replayed(now)
        if self.stop is not None and now >= self.stop and not self.is_over:
            self.is_over = True
            self._completed(now)
        return None if self.is_over else self.stop

    def notice(self, event: object) -> None:
        """Take note of another configuration, where the filter is part of it."""
        if self.reference is not None and isinstance(event, Sealed):
            self.selects = self.reference(event.after)
            if self.selects is None:
                self.terminate("ietf-subscribed-notifications:filter-unavailable")

    def _consider(self, logged: Logged) -> None:
        if self.is_over:
            # somebody has ended it meanwhile
            return
        is_old = logged.number <= self._present
        if is_old and self.start is not None and logged.time < self.start:
            return
        if self.stop is not None and logged.time > self.stop:
            return
        if not self.stream.has(logged.name):
            return
        definition = self._schema.root.children.get(logged.name)
        is_told = definition is not None and self.receiver.may_receive(definition)
        # the filter sees no more than its user
        seen = self.receiver.seen(logged) if is_told else None
        if seen is None or not self._is_wanted(seen):
            self.excluded_records += 1
            return
        self.sent_records += 1
        self.receiver.send(seen.time, seen.content)

    def _is_wanted(self, logged: Logged) -> bool:
        if self.selects is None:
            return True
        record: Record | None = read(self._schema, logged)
        return record is not None and self.selects(record.node)
