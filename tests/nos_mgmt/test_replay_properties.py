"""Replay, filters and stop times against a model of RFC 5277 and RFC 8639 in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore.event_log import EventLog, LogLimits
from nos_mgmt.netconf.notifications import selecting
from nos_mgmt.notifications.records import record
from nos_mgmt.notifications.streams import DRIFT, NETCONF
from nos_mgmt.notifications.subscription import Receiver, StreamSubscription
from tests.conftest import config
from yang.reporting import SubtreeFilter

if TYPE_CHECKING:
    from typing import Any

    from datastore.event_log import Logged
    from yang.schema import Schema, SchemaNode

KINDS = {
    "healed": ("nos-drift:deviation-event", {"event": "healed", "id": 1}),
    "found": ("nos-drift:deviation-event", {"event": "found", "id": 1}),
    "back": ("nos-drift:back-in-step", {}),
    "session": ("ietf-netconf-notifications:netconf-session-start", {"username": "a", "session-id": 1}),
}
FOUND = '<deviation-event xmlns="urn:nos-mgmt:yang:nos-drift"><event>found</event></deviation-event>'
FORBIDDEN = "nos-drift:back-in-step"


class Listening(Receiver):
    """A receiver that takes everything, with so much room between looks."""

    session_id = 1

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.room = 1

    def send(self, time: float, content: str) -> None:
        self.heard.append(f"{time:g} {content}")

    def has_room(self) -> bool:
        self.room -= 1
        return self.room >= 0

    def may_receive(self, notification: SchemaNode) -> bool:
        return f"{notification.module.name}:{notification.name}" != FORBIDDEN

    def seen(self, logged: Logged) -> Logged:
        return logged


moments = st.integers(0, 12)
events = st.lists(st.tuples(moments, st.sampled_from(sorted(KINDS))), max_size=12)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    past=events,
    future=events,
    start=st.none() | moments,
    stop=st.none() | moments,
    is_filtered=st.booleans(),
    is_drift=st.booleans(),
    kept=st.integers(1, 30),
    room=st.lists(st.integers(0, 2), max_size=4),
)
def test_what_is_sent_is_what_the_rfcs_say(
    full_schema: Schema,
    past: list[tuple[int, str]],
    future: list[tuple[int, str]],
    start: int | None,
    stop: int | None,
    kept: int,
    room: list[int],
    *,
    is_filtered: bool,
    is_drift: bool,
) -> None:
    past, future = sorted(past), sorted(future)
    log = EventLog(limits=LogLimits(records=kept))
    receiver = Listening()

    def add(when: int, kind: str) -> str:
        made = record(full_schema, when, *KINDS[kind])
        assert made is not None
        log.add(made.time, made.name, made.content)
        return f"{when:g} {made.content}"

    def is_sent(when: int, kind: str) -> bool:
        return (
            KINDS[kind][0] != FORBIDDEN
            and (stop is None or when <= stop)
            and (not is_drift or kind != "session")
            and (not is_filtered or kind == "found")
        )

    texts = [(when, kind, add(when, kind)) for when, kind in past]
    elements: Any = config(FOUND)
    subscription = StreamSubscription(
        full_schema,
        log,
        receiver,
        DRIFT if is_drift else NETCONF,
        selecting(SubtreeFilter(list(elements))) if is_filtered else None,
        start=start,
        stop=stop,
        replayed=lambda _: receiver.heard.append("replayed"),
        completed=lambda _: receiver.heard.append("completed"),
    )
    subscription.begin()
    # whoever has no room for a replay now has it later, and misses nothing, as long as the log has it
    for rooms in room:
        receiver.room = rooms
        subscription.advance(0)
    receiver.room = 1000
    expected = []
    if start is not None:
        expected = [text for when, kind, text in texts[-kept:] if when >= start and is_sent(when, kind)]
        expected.append("replayed")
    subscription.advance(0)
    if stop == 0:
        expected.append("completed")
    for when, kind in future:
        text = add(when, kind)
        if is_sent(when, kind) and "completed" not in expected:
            expected.append(text)
        subscription.advance(when)
        if stop is not None and when >= stop and "completed" not in expected:
            expected.append("completed")
    assert receiver.heard == expected
    assert subscription.is_over == ("completed" in expected)
    log.close()
