"""create-subscription, streams and replay (RFC 5277), to sessions in bytes."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from datastore.event_log import EventLog, LogLimits
from nos_mgmt.access import Access
from nos_mgmt.sessions import Sessions
from tests.conftest import Client, make_device
from tests.nos_mgmt.notified import NOTIFICATION, STANDARD, create_subscription, names, settle, told
from tests.nos_mgmt.replies import error, is_ok
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device
    from yang.schema import SchemaNode

MANAGE = "urn:ietf:params:xml:ns:netmod:notification"
LONG_AGO = "<startTime>2000-01-01T00:00:00Z</startTime>"
STREAMS = f'<get><filter type="subtree"><netconf xmlns="{MANAGE}"/></filter></get>'


def only(name: str, content: str = "") -> str:
    """Return a filter for one notification of RFC 6470."""
    return f'<filter type="subtree"><{name} xmlns="{STANDARD}">{content}</{name}></filter>'


def xpath(expression: str) -> str:
    """Return a filter by an expression."""
    return f'<filter type="xpath" xmlns:n="{STANDARD}" select="{expression}"/>'


def commit(client: Client, mtu: int) -> None:
    """Commit something."""
    client.edit(interfaces(interface("Ethernet1", mtu=mtu)))
    client.ok("<commit/>")


def ago(seconds: float) -> str:
    """Return a time that is so long ago."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def test_both_capabilities_are_advertised(client: Client) -> None:
    """Sections 3.1.1 and 6.1."""
    hello = client.session.hello()
    assert b"<capability>urn:ietf:params:netconf:capability:notification:1.0</capability>" in hello
    assert b"<capability>urn:ietf:params:netconf:capability:interleave:1.0</capability>" in hello


def test_events_are_told_after_the_reply_and_others_hear_nothing(pair: tuple[Client, Client], device: Device) -> None:
    """Section 2.1.1."""
    ann, bob = pair
    assert is_ok(ann.send(create_subscription()))
    commit(bob, 9000)
    assert names(told(ann, device)) == ["netconf-config-change"]
    assert told(bob, device) == []


def test_requests_are_answered_while_a_subscription_is_there(client: Client, device: Device) -> None:
    """Section 6: interleave."""
    client.ok(create_subscription())
    commit(client, 9000)
    assert "<mtu>9000</mtu>" in client.running()
    assert names(told(client, device)) == ["netconf-config-change"]


def test_an_event_time_is_when_the_event_happened(client: Client, device: Device) -> None:
    """Section 2.2.1."""
    client.ok(create_subscription())
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    commit(client, 9000)
    [event] = told(client, device)
    assert before <= event.time <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("content", "is_told"),
    [
        (only("netconf-config-change"), True),
        (only("netconf-config-change", "<datastore>running</datastore>"), True),
        (only("netconf-config-change", "<datastore>startup</datastore>"), False),
        (only("netconf-config-change", "<changed-by><username>admin</username></changed-by>"), True),
        (only("netconf-config-change", "<changed-by><username>eve</username></changed-by>"), False),
        (only("netconf-session-end"), False),
        ('<filter type="subtree"><something xmlns="urn:not:served"/></filter>', False),
        (xpath("/n:netconf-config-change[n:changed-by/n:username='admin']"), True),
        (xpath("/n:netconf-config-change[n:datastore='startup']"), False),
        (xpath("//n:operation[.='create']"), True),
    ],
)
def test_a_filter_selects_events_by_their_content(
    client: Client, device: Device, content: str, *, is_told: bool
) -> None:
    """Section 3.6: an event is sent whole, if the filter selects anything of it."""
    client.ok(create_subscription(content))
    commit(client, 9000)
    found = told(client, device)
    assert names(found) == (["netconf-config-change"] if is_told else [])
    assert all(event.text("edit/operation") == "create" for event in found)


def test_a_stream_has_only_its_events(client: Client, device: Device) -> None:
    """Section 3.2."""
    client.ok(create_subscription("<stream>DRIFT</stream>"))
    commit(client, 9000)
    assert told(client, device) == []


def test_streams_are_listed(client: Client) -> None:
    """Section 3.2.5.1."""
    root = etree.fromstring(client.ok(STREAMS).encode())
    streams = {stream.findtext("{*}name"): stream for stream in root.iter(f"{{{MANAGE}}}stream")}
    assert set(streams) == {"NETCONF", "DRIFT"}
    assert all(stream.findtext("{*}replaySupport") == "true" for stream in streams.values())
    created = streams["NETCONF"].findtext("{*}replayLogCreationTime") or ""
    assert datetime.fromisoformat(created) <= datetime.now(UTC)
    assert streams["NETCONF"].find("{*}replayLogAgedTime") is None


def test_a_replay_comes_first_and_is_told_to_be_complete(pair: tuple[Client, Client], device: Device) -> None:
    """Section 3.3."""
    ann, bob = pair
    for mtu in (9000, 8000):
        commit(bob, mtu)
    ann.ok(create_subscription(LONG_AGO + only("netconf-config-change")))
    commit(bob, 7000)
    found = told(ann, device)
    assert names(found) == ["netconf-config-change"] * 2 + ["replayComplete", "netconf-config-change"]
    assert found[2].content.tag == f"{{{MANAGE}}}replayComplete"


def test_a_replay_begins_at_its_start_time(pair: tuple[Client, Client], device: Device) -> None:
    ann, bob = pair
    commit(bob, 9000)
    bob.ok(create_subscription(LONG_AGO + only("netconf-config-change")))
    first = told(bob, device)[0].time
    commit(ann, 8000)
    later = f"<startTime>{(first + timedelta(milliseconds=1)).isoformat()}</startTime>"
    ann.ok(create_subscription(later + only("netconf-config-change")))
    assert names(told(ann, device)) == ["netconf-config-change", "replayComplete"]


def test_of_a_log_without_anything_the_replay_is_complete_at_once(client: Client, device: Device) -> None:
    client.ok(create_subscription(f"<startTime>{ago(0)}</startTime>"))
    assert names(told(client, device)) == ["replayComplete"]


def test_a_stop_time_that_is_past_ends_the_replay(client: Client, device: Device) -> None:
    """Section 2.1.1: afterwards the session may subscribe again."""
    commit(client, 9000)
    client.ok(create_subscription(f"{LONG_AGO}<stopTime>2000-01-02T00:00:00Z</stopTime>"))
    assert names(told(client, device)) == ["replayComplete", "notificationComplete"]
    commit(client, 8000)
    assert told(client, device) == []
    assert is_ok(client.send(create_subscription()))


def test_a_subscription_ends_when_its_stop_time_comes(client: Client, device: Device) -> None:
    soon = (datetime.now(UTC) + timedelta(milliseconds=300)).isoformat()
    client.ok(create_subscription(f"<startTime>{ago(0)}</startTime><stopTime>{soon}</stopTime>"))
    deadline = time.monotonic() + 20
    while device.publisher.subscriptions() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert names(told(client, device)) == ["replayComplete", "notificationComplete"]


@pytest.mark.parametrize(
    ("content", "tag", "element"),
    [
        ("<stopTime>2000-01-02T00:00:00Z</stopTime>", "missing-element", "startTime"),
        ("<startTime>2999-01-01T00:00:00Z</startTime>", "bad-element", "startTime"),
        (f"{LONG_AGO}<stopTime>1999-01-01T00:00:00Z</stopTime>", "bad-element", "stopTime"),
        ("<stream>NONE</stream>", "invalid-value", "stream"),
    ],
)
def test_errors_are_those_of_the_rfc(client: Client, content: str, tag: str, element: str) -> None:
    """Section 2.1.1: negative responses."""
    found = error(client.send(create_subscription(content)))
    assert (found.type, found.tag, found.info) == ("protocol", tag, {"bad-element": element})
    assert is_ok(client.send(create_subscription()))


def test_a_time_that_is_none_is_refused(client: Client) -> None:
    found = error(client.send(create_subscription("<startTime>yesterday</startTime>")))
    assert (found.tag, found.info["bad-element"]) == ("invalid-value", "startTime")


def test_a_session_has_one_subscription(client: Client) -> None:
    client.ok(create_subscription())
    assert error(client.send(create_subscription())).tag == "operation-failed"


def test_a_session_that_has_ended_is_told_nothing(pair: tuple[Client, Client], device: Device) -> None:
    ann, bob = pair
    ann.ok(create_subscription())
    ann.ok("<close-session/>")
    commit(bob, 9000)
    assert told(ann, device) == []
    assert device.publisher.subscriptions() == []


def test_what_a_user_may_not_receive_is_left_out_but_completions_are_not(
    pair: tuple[Client, Client], device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 8341 section 3.4.6: judged when it is sent; replayComplete and notificationComplete are always permitted."""
    client, other = pair
    is_permitted = True

    def may_receive(_: Access, notification: SchemaNode) -> bool:
        return is_permitted or notification.name != "netconf-config-change"

    monkeypatch.setattr(Access, "may_receive", may_receive)
    client.ok(create_subscription())
    commit(client, 9000)
    assert names(told(client, device)) == ["netconf-config-change"]
    is_permitted = False
    commit(client, 8000)
    assert told(client, device) == []
    other.ok(create_subscription(LONG_AGO))
    assert "netconf-config-change" not in names(found := told(other, device))
    assert names(found)[-1] == "replayComplete"


def test_a_replay_outlives_the_server(tmp_path: Path, hardware: HardwareBackend) -> None:
    """Section 3.3: what the log has is there after a restart, with its creation time."""
    log = EventLog(tmp_path / "notifications.sqlite")
    created = log.created
    device = make_device(tmp_path, [hardware], event_log=log)
    commit(Client(device), 9000)
    device.close()
    device = make_device(tmp_path, [hardware], event_log=EventLog(tmp_path / "notifications.sqlite"))
    client = Client(device)
    client.ok(create_subscription(LONG_AGO + only("netconf-config-change")))
    found = told(client, device)
    assert names(found) == ["netconf-config-change", "replayComplete"]
    assert device.publisher.log.created == created
    device.close()


def test_what_was_dropped_is_not_replayed_and_the_streams_say_so(tmp_path: Path, hardware: HardwareBackend) -> None:
    """Section 3.3: replayLogAgedTime."""
    device = make_device(tmp_path, [hardware], event_log=EventLog(limits=LogLimits(records=2)))
    client = Client(device)
    for mtu in (9000, 8000, 7000):
        commit(client, mtu)
    client.ok(create_subscription(LONG_AGO))
    assert names(told(client, device)) == ["netconf-config-change"] * 2 + ["replayComplete"]
    assert "<replayLogAgedTime>" in client.ok(STREAMS)
    device.close()


class Stuck(Client):
    """A client that does not read: what is pushed to it is never written."""

    def _pushed(self, message: bytes) -> None:
        self.pushed.append(message)


def test_a_subscriber_that_does_not_read_holds_up_nobody(device: Device) -> None:
    """A replay waits for whoever does not take it; commits and other subscribers do not."""
    registry = Sessions()
    stuck, other, worker = (kind(device, registry, "admin") for kind in (Stuck, Client, Client))
    for number in range(100):
        device.publisher.log.add(time.time(), "nos-drift:back-in-step", f"<x>{'x' * 50_000}</x>")
        assert number < 100
    stuck.ok(create_subscription(LONG_AGO))
    other.ok(create_subscription())
    for number in range(100):
        commit(worker, 1500 + number)
    assert names(told(other, device)) == ["netconf-config-change"] * 100
    # a replay of 5 MB stops after what may wait to be written
    assert 0 < sum(map(len, stuck.pushed)) < 5_000_000
    assert b"netconf-config-change" not in b"".join(stuck.pushed)


def test_publishing_waits_for_no_receiver(device: Device) -> None:
    """A receiver whose push hangs stops the notifications, not a commit."""
    hanging = threading.Event()
    entered = threading.Event()

    class Hanging(Client):
        def _pushed(self, message: bytes) -> None:
            entered.set()
            hanging.wait(60)
            super()._pushed(message)

    registry = Sessions()
    slow, worker = Hanging(device, registry), Client(device, registry)
    slow.ok(create_subscription())
    commit(worker, 9000)
    assert entered.wait(20)
    for number in range(100):
        commit(worker, 1500 + number)
    assert slow.pushed == []
    hanging.set()
    settle(device)
    assert len(slow.pushed) == 101


def test_notifications_are_messages_of_their_own(client: Client, device: Device) -> None:
    """Section 2.2.1."""
    client.ok(create_subscription())
    commit(client, 9000)
    settle(device)
    [message] = client.pushed
    assert message.startswith(b'<?xml version="1.0" encoding="UTF-8"?><notification ')
    assert f'xmlns="{NOTIFICATION}"'.encode() in message
