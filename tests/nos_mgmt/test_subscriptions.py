"""Dynamic subscriptions (RFC 8639) over NETCONF (RFC 8640), to sessions in bytes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nos_mgmt.notifications import publisher as publishing
from tests.nos_mgmt.notified import STANDARD, create_subscription, names, told
from tests.nos_mgmt.replies import error, is_ok
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from nos_mgmt.device import Device
    from tests.conftest import Client

SUBSCRIBED = "urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications"
LONG_AGO = "<replay-start-time>2000-01-01T00:00:00Z</replay-start-time>"
CHANGES = f'<netconf-config-change xmlns="{STANDARD}"/>'
SUBSCRIPTIONS = f'<get><filter type="subtree"><subscriptions xmlns="{SUBSCRIBED}"/></filter></get>'


def establishing(content: str = "", stream: str = "NETCONF") -> str:
    """Return the operation that establishes a subscription to a stream."""
    return f'<establish-subscription xmlns="{SUBSCRIBED}"><stream>{stream}</stream>{content}</establish-subscription>'


def filtered(content: str) -> str:
    """Return a filter."""
    return f"<stream-subtree-filter>{content}</stream-subtree-filter>"


def operation(name: str, number: int, content: str = "") -> str:
    """Return an operation on a subscription."""
    return f'<{name} xmlns="{SUBSCRIBED}"><id>{number}</id>{content}</{name}>'


def established(client: Client, content: str = "", stream: str = "NETCONF") -> int:
    """Return the number of a new subscription."""
    root = etree.fromstring(client.ok(establishing(content, stream)).encode())
    return int(root.findtext(f"{{{SUBSCRIBED}}}id") or 0)


def commit(client: Client, mtu: int) -> None:
    """Commit something."""
    client.edit(interfaces(interface("Ethernet1", mtu=mtu)))
    client.ok("<commit/>")


def in_(seconds: float) -> str:
    """Return a time that is so far ahead."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def reason(reply: str, kind: str) -> str | None:
    """Return the reason in the structure of an error (RFC 8640 section 7)."""
    return etree.fromstring(reply.encode()).findtext(f".//{{{SUBSCRIBED}}}{kind}/{{{SUBSCRIBED}}}reason")


def test_several_subscriptions_of_a_session_are_sent_each_on_its_own(client: Client, device: Device) -> None:
    """RFC 8639 section 1.3, RFC 8640 section 6."""
    numbers = {established(client), established(client, filtered(CHANGES)), established(client, stream="DRIFT")}
    assert len(numbers) == 3
    commit(client, 9000)
    assert names(told(client, device)) == ["netconf-config-change"] * 2


def test_a_replay_ends_with_replay_completed(pair: tuple[Client, Client], device: Device) -> None:
    """RFC 8639 section 2.4.2.1, 2.7.2: it names the subscription; the log's beginning is told."""
    ann, bob = pair
    commit(bob, 9000)
    reply = ann.ok(establishing(LONG_AGO + filtered(CHANGES)))
    root = etree.fromstring(reply.encode())
    number = root.findtext(f"{{{SUBSCRIBED}}}id")
    revised = root.findtext(f"{{{SUBSCRIBED}}}replay-start-time-revision") or ""
    assert datetime.fromisoformat(revised) <= datetime.now(UTC)
    commit(bob, 8000)
    found = told(ann, device)
    assert names(found) == ["netconf-config-change", "replay-completed", "netconf-config-change"]
    assert found[1].text("id") == number


def test_a_start_that_the_log_covers_is_not_revised(client: Client) -> None:
    reply = client.ok(establishing(f"<replay-start-time>{in_(-0.0001)}</replay-start-time>"))
    assert "revision" not in reply


def test_a_stop_time_ends_it(client: Client, device: Device) -> None:
    """RFC 8639 section 2.4.2: subscription-completed is for servers with the feature configured."""
    established(client, f"<stop-time>{in_(0.3)}</stop-time>")
    deadline = time.monotonic() + 20
    while device.publisher.subscriptions() and time.monotonic() < deadline:
        time.sleep(0.02)
    commit(client, 9000)
    assert told(client, device) == []


@pytest.mark.parametrize(
    ("content", "element"),
    [
        ("<replay-start-time>2999-01-01T00:00:00Z</replay-start-time>", "replay-start-time"),
        ("<stop-time>2000-01-01T00:00:00Z</stop-time>", "stop-time"),
        (f"{LONG_AGO}<stop-time>1999-01-01T00:00:00Z</stop-time>", "stop-time"),
        ("<stream-filter-name>none</stream-filter-name>", "stream-filter-name"),
    ],
)
def test_what_cannot_be_is_refused(client: Client, device: Device, content: str, element: str) -> None:
    found = error(client.send(establishing(content)))
    assert (found.tag, found.info) == ("invalid-value", {"bad-element": element})
    assert device.publisher.subscriptions() == []


def test_a_stream_that_is_not_there_is_refused(client: Client) -> None:
    assert error(client.send(establishing(stream="NONE"))).info == {"bad-element": "stream"}


def test_a_session_has_subscriptions_of_one_kind(pair: tuple[Client, Client]) -> None:
    """RFC 8640 section 4."""
    ann, bob = pair
    established(ann)
    assert error(ann.send(create_subscription())).tag == "operation-not-supported"
    bob.ok(create_subscription())
    assert error(bob.send(establishing())).tag == "operation-not-supported"


def test_a_subscription_is_modified_and_says_so(client: Client, device: Device) -> None:
    """RFC 8639 sections 2.4.3 and 2.7.3."""
    number = established(client, filtered(f'<netconf-session-end xmlns="{STANDARD}"/>'))
    commit(client, 9000)
    stop = in_(3600)
    assert is_ok(
        client.send(operation("modify-subscription", number, filtered(CHANGES) + f"<stop-time>{stop}</stop-time>"))
    )
    commit(client, 8000)
    found = told(client, device)
    assert names(found) == ["subscription-modified", "netconf-config-change"]
    assert [found[0].text(name) for name in ("id", "stream", "stop-time")] == [str(number), "NETCONF", stop]
    assert (
        found[0].content.find(f"{{{SUBSCRIBED}}}stream-subtree-filter/{{{STANDARD}}}netconf-config-change") is not None
    )


def test_a_deleted_subscription_sends_nothing_more(client: Client, device: Device) -> None:
    """RFC 8639 section 2.4.4."""
    number = established(client)
    assert is_ok(client.send(operation("delete-subscription", number)))
    commit(client, 9000)
    assert told(client, device) == []
    reply = client.send(operation("delete-subscription", number))
    found = error(reply)
    assert (found.type, found.tag) == ("application", "invalid-value")
    assert found.app_tag == "ietf-subscribed-notifications:no-such-subscription"
    assert (reason(reply, "delete-subscription-error-info") or "").endswith(":no-such-subscription")


def test_another_session_can_kill_but_neither_delete_nor_modify_it(pair: tuple[Client, Client], device: Device) -> None:
    """RFC 8639 sections 2.4.5 and 2.7.4."""
    ann, bob = pair
    number = established(ann)
    for name, content in (("delete-subscription", ""), ("modify-subscription", filtered(CHANGES))):
        refused = error(bob.send(operation(name, number, content)))
        assert refused.app_tag == "ietf-subscribed-notifications:no-such-subscription"
    assert is_ok(bob.send(operation("kill-subscription", number)))
    commit(bob, 9000)
    [event] = told(ann, device)
    assert (event.name, event.text("id")) == ("subscription-terminated", str(number))
    assert (event.text("reason") or "").endswith(":no-such-subscription")
    assert told(bob, device) == []
    assert error(bob.send(operation("kill-subscription", number))).tag == "invalid-value"


def test_subscriptions_are_listed_with_their_terms_and_receivers(pair: tuple[Client, Client], device: Device) -> None:
    """RFC 8639 section 2.4: only in operational state; they cannot be configured."""
    ann, bob = pair
    number = established(ann, LONG_AGO + filtered(CHANGES))
    bob.ok(create_subscription())
    commit(bob, 9000)
    told(ann, device)
    root = etree.fromstring(bob.ok(SUBSCRIPTIONS).encode())
    [found] = root.iter(f"{{{SUBSCRIBED}}}subscription")
    assert found.findtext("{*}id") == str(number)
    assert found.findtext("{*}stream") == "NETCONF"
    assert found.findtext("{*}replay-start-time") == "2000-01-01T00:00:00Z"
    assert (found.findtext("{*}encoding") or "").endswith("encode-xml")
    [receiver] = found.iter(f"{{{SUBSCRIBED}}}receiver")
    assert [child.text for child in receiver] == [f"session {ann.session.id}", "1", "2", "active"]
    edit = f'<subscriptions xmlns="{SUBSCRIBED}"><subscription><id>9</id></subscription></subscriptions>'
    config = f"<edit-config><target><candidate/></target><config>{edit}</config></edit-config>"
    assert error(bob.send(config)).tag == "unknown-element"


def test_streams_are_listed(client: Client) -> None:
    """RFC 8639 section 2.1."""
    root = etree.fromstring(
        client.ok(f'<get><filter type="subtree"><streams xmlns="{SUBSCRIBED}"/></filter></get>').encode()
    )
    streams = list(root.iter(f"{{{SUBSCRIBED}}}stream"))
    assert [stream.findtext("{*}name") for stream in streams] == ["DRIFT", "NETCONF"]
    assert all(stream.find("{*}replay-support") is not None for stream in streams)


def test_a_configured_filter_is_used_as_it_is_now_and_its_end_is_that_of_the_subscription(
    client: Client, device: Device
) -> None:
    """RFC 8639 sections 2.2 and 2.7.4: filter-unavailable."""

    def configure(content: str, attributes: str = "") -> None:
        entry = f"<stream-filter{attributes}><name>f</name>{content}</stream-filter>"
        client.edit(f'<filters xmlns="{SUBSCRIBED}">{entry}</filters>')
        client.ok("<commit/>")

    configure(filtered(f'<netconf-session-end xmlns="{STANDARD}"/>'))
    number = established(client, "<stream-filter-name>f</stream-filter-name>")
    commit(client, 9000)
    assert told(client, device) == []
    configure(filtered(CHANGES))
    assert names(told(client, device)) == ["netconf-config-change"]
    configure("", ' nc:operation="delete"')
    found = told(client, device)
    assert names(found) == ["subscription-terminated"]
    assert (found[0].text("id"), (found[0].text("reason") or "").partition(":")[2]) == (
        str(number),
        "filter-unavailable",
    )


def test_there_are_only_so_many_subscriptions(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8640 section 7: insufficient-resources."""
    monkeypatch.setattr(publishing, "SUBSCRIPTIONS", 2)
    established(client)
    established(client)
    found = error(client.send(establishing()))
    assert (found.tag, found.app_tag) == (
        "resource-denied",
        "ietf-subscribed-notifications:insufficient-resources",
    )


def test_other_encodings_than_xml_are_refused(client: Client) -> None:
    """RFC 8640 section 2."""
    assert (
        error(client.send(establishing(f'<encoding xmlns:sn="{SUBSCRIBED}">sn:encode-json</encoding>'))).tag
        == "invalid-value"
    )
    assert established(client, f'<encoding xmlns:sn="{SUBSCRIBED}">sn:encode-xml</encoding>')


@pytest.mark.parametrize(
    ("expression", "is_told"),
    [
        ("/n:netconf-config-change", True),
        ("count(/ietf-netconf-notifications:netconf-config-change/n:edit) = 1", True),
        ("/n:netconf-config-change/n:edit/n:operation = 'delete'", False),
        ("/n:netconf-session-end", False),
    ],
)
def test_an_xpath_filter_is_a_condition(client: Client, device: Device, expression: str, *, is_told: bool) -> None:
    """RFC 8639 section 2.2: prefixes are modules' names and those declared, and the result counts as true or false."""
    established(client, f'<stream-xpath-filter xmlns:n="{STANDARD}">{expression}</stream-xpath-filter>')
    commit(client, 9000)
    assert names(told(client, device)) == (["netconf-config-change"] if is_told else [])


def test_an_xpath_filter_that_is_none_is_unsupported_and_says_why(client: Client) -> None:
    """RFC 8639 section 2.4.6."""
    reply = client.send(establishing("<stream-xpath-filter>///</stream-xpath-filter>"))
    found = error(reply)
    assert (found.tag, found.app_tag) == ("invalid-value", "ietf-subscribed-notifications:filter-unsupported")
    assert (reason(reply, "establish-subscription-stream-error-info") or "").endswith(":filter-unsupported")
    assert "<filter-failure-hint>" in reply
