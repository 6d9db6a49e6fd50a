"""Subscriptions to datastores (RFC 8641), to sessions in bytes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nos_mgmt.access import Access
from nos_mgmt.notifications import datastore_subscription as push
from nos_mgmt.notifications import publisher as publishing
from tests.nos_mgmt.notified import Told, create_subscription, names, read, settle, told
from tests.nos_mgmt.replies import error, is_ok
from tests.nos_mgmt.test_subscriptions import SUBSCRIBED, SUBSCRIPTIONS, operation
from tests.openconfig import INTERFACES, interface, interfaces
from yang.filter import select
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from nos_mgmt.device import Device
    from tests.conftest import Client
    from yang.tree import Node

PUSH = "urn:ietf:params:xml:ns:yang:ietf-yang-push"
DATASTORES = "urn:ietf:params:xml:ns:yang:ietf-datastores"
MTU = "/openconfig-interfaces:interfaces/interface=Ethernet1/config/mtu"
COUNTERS = (
    f'<datastore-subtree-filter xmlns="{PUSH}"><interfaces xmlns="{INTERFACES}"><interface><name>Ethernet1</name>'
    "<state><counters/></state></interface></interfaces></datastore-subtree-filter>"
)
ON_CHANGE = f'<on-change xmlns="{PUSH}"/>'


def establishing(trigger: str = ON_CHANGE, selection: str = "", datastore: str = "running") -> str:
    """Return the operation that establishes a subscription to a datastore."""
    target = f'<datastore xmlns="{PUSH}" xmlns:ds="{DATASTORES}">ds:{datastore}</datastore>'
    return f'<establish-subscription xmlns="{SUBSCRIBED}">{target}{selection}{trigger}</establish-subscription>'


def selecting(content: str) -> str:
    """Return a selection filter."""
    return f'<datastore-subtree-filter xmlns="{PUSH}">{content}</datastore-subtree-filter>'


def on_change(content: str) -> str:
    """Return an on-change trigger."""
    return f'<on-change xmlns="{PUSH}">{content}</on-change>'


def periodic(period: int, more: str = "") -> str:
    """Return a periodic trigger."""
    return f'<periodic xmlns="{PUSH}"><period>{period}</period>{more}</periodic>'


def established(client: Client, *arguments: str) -> int:
    """Return the number of a new subscription."""
    root = etree.fromstring(client.ok(establishing(*arguments)).encode())
    return int(root.findtext(f"{{{SUBSCRIBED}}}id") or 0)


def commit(client: Client, *entries: str) -> None:
    """Commit interfaces."""
    client.edit(interfaces(*entries))
    client.ok("<commit/>")


def edits(event: Told) -> list[tuple[str | None, str | None, str | None]]:
    """Return the edits of a push-change-update: what was done, to what, and the text of the new value if it is a leaf."""
    return [
        (
            edit.findtext("{*}operation"),
            edit.findtext("{*}target"),
            "".join(edit.find("{*}value").itertext()) if edit.find("{*}value") is not None else None,  # type: ignore[union-attr]
        )
        for edit in event.content.iter(f"{{{PUSH}}}edit")
    ]


def awaited(client: Client, count: int) -> list[Told]:
    """Return what a client is told, once it is so much."""
    deadline = time.monotonic() + 30
    while len(client.pushed) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    messages, client.pushed[:] = list(client.pushed), []
    return [read(message) for message in messages]


def test_all_is_sent_first_and_then_what_changes(pair: tuple[Client, Client], device: Device) -> None:
    """Sections 3.7, 4.3.1: sync-on-start."""
    ann, bob = pair
    commit(bob, interface("Ethernet1", mtu=9000))
    number = established(ann)
    commit(bob, interface("Ethernet1", mtu=8000))
    commit(bob, interface("Ethernet2"))
    found = told(ann, device)
    assert names(found) == ["push-update", "push-change-update", "push-change-update"]
    assert {event.text("id") for event in found} == {str(number)}
    contents = found[0].content.find(f"{{{PUSH}}}datastore-contents")
    assert contents is not None
    assert [child.tag for child in contents] == [f"{{{INTERFACES}}}interfaces"]
    assert "9000" in "".join(contents.itertext())
    assert edits(found[1]) == [("replace", MTU, "8000")]
    assert [edit[:2] for edit in edits(found[2])] == [("create", MTU.replace("1/config/mtu", "2"))]
    assert [event.text("datastore-changes/yang-patch/patch-id") for event in found[1:]] == ["1", "2"]


def test_only_what_the_filter_selects_is_sent(client: Client, device: Device) -> None:
    """Section 3.6."""
    wanted = interfaces("<interface><name>Ethernet2</name></interface>")
    established(client, ON_CHANGE, selecting(wanted))
    commit(client, interface("Ethernet1"))
    commit(client, interface("Ethernet2", mtu=9000))
    found = told(client, device)
    assert names(found) == ["push-update", "push-change-update"]
    assert "Ethernet1" not in "".join(found[1].content.itertext())


def test_without_sync_on_start_nothing_but_changes_is_sent(client: Client, device: Device) -> None:
    """Section 4.3.1; it cannot be resynchronized either (section 4.4.4)."""
    commit(client, interface("Ethernet1", mtu=9000))
    number = established(client, on_change("<sync-on-start>false</sync-on-start>"))
    commit(client, interface("Ethernet1", mtu=8000))
    assert [edits(event) for event in told(client, device)] == [[("replace", MTU, "8000")]]
    found = error(client.send(operation("resync-subscription", number).replace(SUBSCRIBED, PUSH)))
    assert (found.tag, found.app_tag) == ("operation-not-supported", "ietf-yang-push:on-change-sync-unsupported")


def test_excluded_changes_are_left_out(client: Client, device: Device) -> None:
    """Section 4.3.1: excluded-change."""
    excluded = "<excluded-change>create</excluded-change><excluded-change>delete</excluded-change>"
    established(client, on_change(f"<sync-on-start>false</sync-on-start>{excluded}"))
    commit(client, interface("Ethernet1", mtu=9000))
    commit(client, interface("Ethernet1", mtu=8000))
    commit(client, '<interface nc:operation="delete"><name>Ethernet1</name></interface>')
    assert [edits(event) for event in told(client, device)] == [[("replace", MTU, "8000")]]


def test_within_the_dampening_period_changes_are_gathered(client: Client) -> None:
    """Section 3.3: one update with what is different, and with what has changed and is the same again."""
    commit(client, interface("Ethernet1", mtu=9000, description="a"))
    established(client, on_change("<dampening-period>100</dampening-period>"))
    for mtu, description in ((8000, "b"), (7000, "c"), (9000, "d")):
        commit(client, interface("Ethernet1", mtu=mtu, description=description))
    commit(client, interface("Ethernet2"))
    commit(client, '<interface nc:operation="delete"><name>Ethernet2</name></interface>')
    first, second = awaited(client, 2)
    assert (first.name, second.name) == ("push-update", "push-change-update")
    assert edits(second) == [
        ("replace", MTU.replace("mtu", "description"), "d"),
        ("replace", MTU, "9000"),
        ("delete", MTU.replace("1/config/mtu", "2"), None),
    ]


def test_what_a_user_may_not_see_is_not_sent(
    pair: tuple[Client, Client], device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Section 3.9, RFC 8341 section 3.4.6: judged when it is sent, before the filter."""

    def visible(_: Access, tree: Node) -> Node:
        names_only = f'<interfaces xmlns="{INTERFACES}"><interface><name/></interface></interfaces>'
        return select(tree, [parse_document(names_only.encode())])

    ann, bob = pair
    commit(bob, interface("Ethernet1", mtu=9000))
    monkeypatch.setattr(Access, "visible", visible)
    established(ann, ON_CHANGE)
    commit(bob, interface("Ethernet1", mtu=8000))
    commit(bob, interface("Ethernet2", mtu=8000))
    found = told(ann, device)
    assert names(found) == ["push-update", "push-change-update"]
    assert "".join(found[0].content.itertext()).endswith("Ethernet1")
    assert edits(found[1]) == [("create", MTU.replace("1/config/mtu", "2"), "Ethernet2")]


def test_a_receiver_can_ask_for_everything_again(pair: tuple[Client, Client], device: Device) -> None:
    """Section 4.4.4: resync-subscription, by its own session."""
    ann, bob = pair
    number = established(ann)
    commit(bob, interface("Ethernet1", mtu=9000))
    resync = operation("resync-subscription", number).replace(SUBSCRIBED, PUSH)
    assert is_ok(ann.send(resync))
    commit(bob, interface("Ethernet1", mtu=8000))
    found = told(ann, device)
    assert names(found) == ["push-update", "push-change-update", "push-update", "push-change-update"]
    assert "9000" in "".join(found[2].content.itertext())
    assert edits(found[3]) == [("replace", MTU, "8000")]
    refused = error(bob.send(resync))
    assert (refused.tag, refused.app_tag) == ("invalid-value", "ietf-yang-push:no-such-subscription-resync")


@pytest.mark.parametrize("datastore", ["running", "operational"])
def test_the_contents_are_sent_every_period(client: Client, device: Device, datastore: str) -> None:
    """Sections 3.1, 3.7: periodic, of both datastores; a deleted one ends."""
    commit(client, interface("Ethernet1", mtu=9000))
    wanted = interfaces("<interface><name>Ethernet1</name></interface>")
    number = established(client, periodic(100), selecting(wanted), datastore)
    first = awaited(client, 1)[0]
    commit(client, interface("Ethernet1", mtu=8000))
    client.pushed.clear()
    # one may have been read before the commit
    second = awaited(client, 2)[1]
    assert (first.name, second.name) == ("push-update", "push-update")
    assert "9000" in "".join(first.content.itertext())
    assert "8000" in "".join(second.content.itertext())
    states = list(first.content.iter(f"{{{INTERFACES}}}oper-status"))
    assert len(states) == (1 if datastore == "operational" else 0)
    client.ok(operation("delete-subscription", number))
    settle(device)
    assert device.publisher.subscriptions() == []


def test_an_anchor_says_when_periods_begin() -> None:
    """Section 4.3.1: anchor-time, before or after now."""

    def times(anchor: float | None, moments: list[float]) -> list[float | None]:
        class Nowhere(push.Receiver):
            session_id = 1

            def send(self, time: float, content: str) -> None:
                raise AssertionError((time, content))

            def has_room(self) -> bool:
                return True

            def may_receive(self, _: object) -> bool:
                return True

            def seen(self, _: object) -> None:
                raise AssertionError

        class Nobody:
            def work(self, action: object) -> None:
                assert action

        subscription = push.Periodic(
            1,
            Nobody(),  # type: ignore[arg-type]  # it is asked for nothing else
            Nowhere(),
            "ietf-datastores:running",
            lambda: push.Contents(0, ""),
            10,
            anchor,
        )
        return [subscription.advance(moment) for moment in moments]

    assert times(None, [1003, 1005, 1013, 1014, 1041]) == [1013, 1013, 1023, 1023, 1043]
    assert times(1000, [1003, 1010, 1012]) == [1010, 1020, 1020]
    assert times(2005, [1003, 1005, 1006]) == [1005, 1015, 1015]


@pytest.mark.parametrize(
    ("arguments", "tag", "reason"),
    [
        ((ON_CHANGE, "", "candidate"), "invalid-value", "datastore-not-subscribable"),
        ((ON_CHANGE, COUNTERS, "operational"), "operation-not-supported", "on-change-unsupported"),
        ((periodic(99),), "invalid-value", "period-unsupported"),
        ((ON_CHANGE, selecting('<x xmlns="urn:none"/>')), "operation-failed", "unchanging-selection"),
    ],
)
def test_errors_are_those_of_the_rfc(
    client: Client, device: Device, arguments: tuple[str, ...], tag: str, reason: str
) -> None:
    """Section 4.4.1 and appendix A.1, RFC 8640 section 7."""
    reply = client.send(establishing(*arguments))
    found = error(reply)
    assert (found.type, found.tag, found.app_tag) == ("application", tag, f"ietf-yang-push:{reason}")
    detail = etree.fromstring(reply.encode()).find(f".//{{{PUSH}}}establish-subscription-datastore-error-info")
    assert detail is not None
    assert (detail.findtext(f"{{{PUSH}}}reason") or "").endswith(f":{reason}")
    hint = detail.findtext(f"{{{PUSH}}}period-hint")
    assert hint == ("100" if reason == "period-unsupported" else None)
    assert device.publisher.subscriptions() == []


def test_an_update_that_is_too_big_is_refused_with_its_size(
    client: Client, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Appendix A.1: sync-too-big and update-too-big, with hints."""
    commit(client, *(interface(f"Ethernet{number}") for number in range(1, 9)))
    monkeypatch.setattr(push, "LARGEST", 1024)
    found = error(reply := client.send(establishing()))
    assert (found.tag, found.app_tag) == ("too-big", "ietf-yang-push:sync-too-big")
    assert "<kilobytes-limit>1</kilobytes-limit>" in reply
    found = error(client.send(establishing(periodic(100))))
    assert (found.tag, found.app_tag) == ("too-big", "ietf-yang-push:update-too-big")
    settle(device)
    assert device.publisher.subscriptions() == []


def test_a_change_that_is_too_big_suspends_until_it_is_modified(
    client: Client, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 8639 sections 2.4.3 and 2.7.5."""
    number = established(client)
    settle(device)
    monkeypatch.setattr(push, "LARGEST", 1024)
    commit(client, *(interface(f"Ethernet{number}") for number in range(1, 9)))
    commit(client, interface("Ethernet1", mtu=9000))
    found = told(client, device)
    assert names(found) == ["push-update", "subscription-suspended"]
    assert (found[1].text("reason") or "").endswith(":update-too-big")
    assert "<state>suspended</state>" in client.ok(SUBSCRIPTIONS)
    monkeypatch.undo()
    wanted = selecting(interfaces("<interface><name>Ethernet1</name></interface>"))
    selection = f'<datastore xmlns="{PUSH}" xmlns:ds="{DATASTORES}">ds:running</datastore>{wanted}'
    client.ok(operation("modify-subscription", number, selection))
    commit(client, interface("Ethernet1", mtu=8000))
    found = told(client, device)
    assert names(found) == ["subscription-modified", "push-update", "push-change-update"]
    assert edits(found[2]) == [("replace", MTU, "8000")]
    assert "<state>active</state>" in client.ok(SUBSCRIPTIONS)


def test_a_period_is_modified(client: Client) -> None:
    """Section 4.4.2."""
    number = established(client, periodic(360_000))
    assert names(awaited(client, 1)) == ["push-update"]
    datastore = f'<datastore xmlns="{PUSH}" xmlns:ds="{DATASTORES}">ds:running</datastore>'
    refused = error(client.send(operation("modify-subscription", number, datastore + periodic(1))))
    assert refused.app_tag == "ietf-yang-push:period-unsupported"
    refused = error(client.send(operation("modify-subscription", number, datastore + ON_CHANGE)))
    assert refused.info == {"bad-element": "on-change"}
    client.ok(operation("modify-subscription", number, datastore + periodic(100)))
    assert names(awaited(client, 3)) == ["subscription-modified", "push-update", "push-update"][:3]
    assert "<period>100</period>" in client.ok(SUBSCRIPTIONS)


def test_a_receiver_that_has_no_room_is_suspended_and_catches_up(client: Client, device: Device) -> None:
    """RFC 8639 sections 2.7.5 and 2.7.6: all that it missed comes in one update."""
    commit(client, interface("Ethernet1", mtu=9000))
    established(client)
    settle(device)
    client.session.pushed(-(2 << 20))
    for mtu in (8000, 7000, 6000):
        commit(client, interface("Ethernet1", mtu=mtu))
    settle(device)
    assert names([read(message) for message in client.pushed]) == ["push-update", "subscription-suspended"]
    client.session.pushed(2 << 20)
    found = awaited(client, 4)
    assert names(found) == ["push-update", "subscription-suspended", "subscription-resumed", "push-change-update"]
    assert edits(found[3]) == [("replace", MTU, "6000")]


def test_a_flood_of_events_loses_no_change(client: Client, device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """Section 4.4: what was missed is told by the difference, and marked as incomplete."""
    commit(client, interface("Ethernet1", mtu=9000))
    established(client)
    settle(device)
    monkeypatch.setattr(publishing, "QUEUED", 0)
    commit(client, interface("Ethernet1", mtu=8000))
    commit(client, interface("Ethernet1", mtu=7000))
    monkeypatch.undo()
    found = told(client, device)
    assert names(found)[0] == "push-update"
    assert edits(found[-1])[-1] == ("replace", MTU, "7000")
    assert found[-1].text("incomplete-update") == ""
    commit(client, interface("Ethernet1", mtu=6000))
    [event] = told(client, device)
    assert edits(event) == [("replace", MTU, "6000")]
    assert event.text("incomplete-update") is None


def test_updates_are_no_part_of_any_stream(pair: tuple[Client, Client], device: Device) -> None:
    """Section 3.7."""
    ann, bob = pair
    established(ann)
    bob.ok(create_subscription("<startTime>2000-01-01T00:00:00Z</startTime>"))
    assert "push-update" not in names(told(bob, device))


def test_a_trigger_is_needed_and_streams_have_none(client: Client) -> None:
    assert error(client.send(establishing(""))).info == {"bad-element": "datastore"}
    stream = (
        f'<establish-subscription xmlns="{SUBSCRIBED}"><stream>NETCONF</stream>{ON_CHANGE}</establish-subscription>'
    )
    assert error(client.send(stream)).info == {"bad-element": "on-change"}
