"""Notifications over NETCONF: the messages, and create-subscription (RFC 5277)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from backends.state import StateSource
from nos_mgmt.access.events import is_judged, told_of
from nos_mgmt.netconf.messages import DECLARATION, InvalidParameter, MissingParameter, OperationNotSupported
from nos_mgmt.netconf.reading import filter_of
from nos_mgmt.netconf.times import date_and_time, seconds_of
from nos_mgmt.notifications.records import read
from nos_mgmt.notifications.streams import STREAMS
from nos_mgmt.notifications.subscription import Receiver, StreamSubscription
from yang.diff import NETCONF
from yang.errors import BadElement, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, ClassVar

    from lxml.etree import _Element

    from datastore.event_log import Logged
    from nos_mgmt.device import Device
    from nos_mgmt.netconf.session import Call
    from nos_mgmt.notifications.streams import Stream
    from nos_mgmt.notifications.subscription import Subscription
    from yang.reporting import Filter
    from yang.schema import SchemaNode
    from yang.tree import Key, Node
    from yang.values import Value

NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
MANAGE = "urn:ietf:params:xml:ns:netmod:notification"


def correct(operation: _Element) -> None:
    """Put the filter of a create-subscription into the namespace that it belongs in: ncclient puts it into NETCONF's."""
    if operation.tag == f"{{{NOTIFICATION}}}create-subscription":
        for misplaced in operation.findall(f"{{{NETCONF}}}filter"):
            misplaced.tag = f"{{{NOTIFICATION}}}filter"


class BadTime(BadElement):
    """A time that a subscription cannot have (RFC 5277 section 2.1.1)."""

    type = "protocol"


class AlreadySubscribed(RequestError):
    """A second subscription in a session that can have one."""

    type = "protocol"


def notification(when: float, content: str) -> bytes:
    """Return the message that carries an event (RFC 5277 section 4)."""
    return (
        DECLARATION
        + f'<notification xmlns="{NOTIFICATION}"><eventTime>{date_and_time(when)}</eventTime>{content}</notification>'.encode()
    )


class SessionReceiver(Receiver):
    """A NETCONF session as the receiver of notifications."""

    def __init__(self, call: Call) -> None:
        """Send to the session of `call`."""
        self._call = call
        self.session_id = call.session.id

    def send(self, time: float, content: str) -> None:
        """Send a notification."""
        self._call.session.push(notification(time, content))

    def has_room(self) -> bool:
        """Return whether what was sent has been written, but for a little."""
        return self._call.session.has_room

    def may_receive(self, notification: SchemaNode) -> bool:
        """Return whether the session's user may receive a notification (RFC 8341 section 3.4.6)."""
        return self._call.access.may_receive(notification)

    def seen(self, logged: Logged) -> Logged | None:
        """Return an event without what the session's user may not read."""
        access = self._call.access
        if access.sees_all or not is_judged(logged.name):
            return logged
        event = read(self._call.device.schema, logged)
        node = told_of(access, event.node.get(logged.name)) if event is not None else None
        if event is None or node is None:
            return None
        told = event._replace(node=event.node.replacing(logged.name, node))
        return logged._replace(content=told.content)


class Created(StreamSubscription):
    """A subscription by create-subscription."""


def create_subscription(call: Call) -> None:
    """Have the session told of events from now on (section 2.1.1)."""
    given = call.input.get
    publisher = call.device.publisher
    present = publisher.subscriptions(call.session.id)
    if any(not isinstance(one, Created) for one in present):
        # RFC 8640 section 4
        raise OperationNotSupported(
            "this session has subscriptions by establish-subscription", info=(("bad-element", "create-subscription"),)
        )
    if present:
        raise AlreadySubscribed(
            "this session has a subscription already, which ends at its stop time or with the session"
        )
    refuse_too_many(call)
    stream = named_stream(given("stream") or "NETCONF")
    start, stop = _times(call)
    wanted = filter_of(call)
    receiver = SessionReceiver(call)
    subscription = Created(
        call.device.schema,
        publisher.log,
        receiver,
        stream,
        selecting(wanted) if wanted is not None else None,
        start=start,
        stop=stop,
        replayed=lambda now: receiver.send(now, f'<replayComplete xmlns="{MANAGE}"/>'),
        completed=lambda now: receiver.send(now, f'<notificationComplete xmlns="{MANAGE}"/>'),
    )
    begin(call, subscription)


def selecting(wanted: Filter) -> Callable[[Node], bool]:
    """Return what tells whether a filter selects anything of an event (section 3.6)."""
    return lambda event: bool(wanted.select(event, config_only=False).children)


def begin(call: Call, subscription: Subscription) -> None:
    """Begin a subscription: what happens from now on is sent after the answer to the request."""
    publisher = call.device.publisher
    publisher.add(subscription)
    call.session.after_reply(lambda: publisher.release(subscription))


def named_stream(name: str) -> Stream:
    """Return the stream of a name.

    Raises:
        InvalidParameter: There is none.
    """
    if name not in STREAMS:
        raise InvalidParameter(
            f"there is no stream {name}; there are {', '.join(STREAMS)}", info=(("bad-element", "stream"),)
        )
    return STREAMS[name]


class TooManySubscriptions(RequestError):
    """There are as many subscriptions as may be."""

    tag = "resource-denied"


def refuse_too_many(call: Call) -> None:
    """Raise `TooManySubscriptions` if there may be no other one."""
    if call.device.publisher.is_full:
        raise TooManySubscriptions("there are as many subscriptions as may be", app_tag=INSUFFICIENT)


INSUFFICIENT = "ietf-subscribed-notifications:insufficient-resources"


def _times(call: Call) -> tuple[float | None, float | None]:
    """Return when a replay begins, and when the subscription ends."""
    texts = call.input.get("startTime"), call.input.get("stopTime")
    if texts[0] is None and texts[1] is not None:
        raise MissingParameter("stopTime is there without startTime", info=(("bad-element", "startTime"),))
    start = _time(texts[0], "startTime")
    stop = _time(texts[1], "stopTime")
    if start is not None and start > time.time():
        raise BadTime(f"startTime {texts[0]} is later than now", info=(("bad-element", "startTime"),))
    if start is not None and stop is not None and stop < start:
        raise BadTime(f"stopTime {texts[1]} is earlier than startTime {texts[0]}", info=(("bad-element", "stopTime"),))
    return start, stop


def _time(text: str | None, name: str) -> float | None:
    if text is None:
        return None
    try:
        return seconds_of(text, name)
    except InvalidParameter as error:
        raise BadTime(error.message, info=error.info) from error


class Streams(StateSource):
    """The event streams, for clients of RFC 5277 (section 3.2.5.1)."""

    path: ClassVar[str] = "/nc-notifications:netconf/streams/stream"
    leaves: ClassVar[tuple[str, ...]] = (
        "name",
        "description",
        "replaySupport",
        "replayLogCreationTime",
        "replayLogAgedTime",
    )

    def __init__(self, device: Device) -> None:
        """Tell of the streams of `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        """Return the streams."""
        log = self._device.publisher.log
        times: dict[str, Any] = {"replayLogCreationTime": date_and_time(log.created)}
        if log.aged is not None:
            times["replayLogAgedTime"] = date_and_time(log.aged)
        return {
            (stream.name,): {"description": stream.description, "replaySupport": True, **times}
            for stream in STREAMS.values()
            if keys is None or (stream.name,) in keys
        }
