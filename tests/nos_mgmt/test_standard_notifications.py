"""Base notifications (RFC 6470), and our own where no standard has any."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from datastore import events
from datastore.deviation import Deviation, Event
from datastore.event_log import EventLog
from nos_mgmt.netconf import capabilities
from nos_mgmt.netconf.messages import BASE_1_1
from nos_mgmt.netconf.session import Session
from nos_mgmt.sessions import Sessions
from tests.conftest import Client, make_device
from tests.nos_mgmt.notified import STANDARD, Told, create_subscription, names, told
from tests.openconfig import interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from datastore.history import Author
    from nos_mgmt.device import Device

INTERFACE = "/openconfig-interfaces:interfaces/openconfig-interfaces:interface[openconfig-interfaces:name='Ethernet1']"
CONFIG = f"{INTERFACE}/openconfig-interfaces:config"


def edits(event: Told) -> list[tuple[str | None, str | None]]:
    """Return what a netconf-config-change says was changed."""
    return [
        (edit.findtext("{*}target"), edit.findtext("{*}operation"))
        for edit in event.content.findall(f"{{{STANDARD}}}edit")
    ]


@pytest.fixture
def subscriber(device: Device) -> Client:
    """A client that is told everything."""
    client = Client(device)
    client.ok(create_subscription())
    return client


def committed(client: Client, config: str, options: str = "") -> None:
    """Edit and commit."""
    client.edit(config)
    client.ok(f"<commit>{options}</commit>")


def test_a_commit_is_told_with_who_and_each_edit(subscriber: Client, device: Device) -> None:
    """Section 2.2.1: netconf-config-change."""
    committed(subscriber, interfaces(interface("Ethernet1", mtu=9000, description="a")))
    committed(subscriber, interfaces(interface("Ethernet1", mtu=8000)))
    delete = '<interface><name>Ethernet1</name><config><mtu nc:operation="delete"/></config></interface>'
    committed(subscriber, interfaces(delete))
    committed(subscriber, interfaces(interface("Ethernet2")))
    committed(subscriber, interfaces('<interface nc:operation="delete"><name>Ethernet1</name></interface>'))
    found = told(subscriber, device)
    assert names(found) == ["netconf-config-change"] * 5
    assert [edits(event) for event in found] == [
        [("/openconfig-interfaces:interfaces", "create")],
        [(f"{CONFIG}/openconfig-interfaces:mtu", "replace")],
        [(f"{CONFIG}/openconfig-interfaces:mtu", "delete")],
        [(INTERFACE.replace("Ethernet1", "Ethernet2"), "create")],
        [(INTERFACE, "delete")],
    ]
    assert {event.text("datastore") for event in found} == {"running"}
    by = {(event.text("changed-by/username"), event.text("changed-by/session-id")) for event in found}
    assert by == {("admin", str(subscriber.session.id))}


def test_of_a_large_commit_the_top_is_told(subscriber: Client, device: Device) -> None:
    """Section 2.2.1: the target may be an ancestor of what was changed."""
    committed(subscriber, interfaces(interface("Ethernet1")))
    many = [interface(f"loopback{number}", type_="softwareLoopback") for number in range(1001)]
    committed(subscriber, interfaces(*many))
    assert edits(told(subscriber, device)[1]) == [("/openconfig-interfaces:interfaces", "merge")]


def test_a_refused_commit_is_no_change(subscriber: Client, device: Device) -> None:
    subscriber.edit(interfaces("<interface><name>Ethernet1</name><config><name>Ethernet1</name></config></interface>"))
    assert "<rpc-error>" in subscriber.send("<commit/>")
    assert told(subscriber, device) == []


def test_what_the_server_commits_is_told_so(subscriber: Client, device: Device) -> None:
    committed(subscriber, interfaces(interface("Ethernet1")), "<confirmed/><confirm-timeout>1</confirm-timeout>")
    deadline = time.monotonic() + 20
    while device.datastores.pending and time.monotonic() < deadline:
        time.sleep(0.02)
    found = told(subscriber, device)
    assert names(found) == [
        "netconf-config-change",
        "netconf-confirmed-commit",
        "netconf-config-change",
        "netconf-confirmed-commit",
    ]
    assert found[2].text("changed-by/server") == ""
    assert (found[3].text("confirm-event"), found[3].text("username")) == ("timeout", None)


def test_what_becomes_of_a_confirmed_commit_is_told(subscriber: Client, device: Device) -> None:
    """Section 2.2.5: start, extend, complete, cancel."""
    committed(subscriber, interfaces(interface("Ethernet1")), "<confirmed/><confirm-timeout>120</confirm-timeout>")
    subscriber.ok("<commit><confirmed/><confirm-timeout>60</confirm-timeout></commit>")
    subscriber.ok("<commit/>")
    committed(subscriber, interfaces(interface("Ethernet2")), "<confirmed/>")
    subscriber.ok("<cancel-commit/>")
    found = [event for event in told(subscriber, device) if event.name == "netconf-confirmed-commit"]
    assert [(event.text("confirm-event"), event.text("timeout")) for event in found] == [
        ("start", "120"),
        ("extend", "60"),
        ("complete", None),
        ("start", "600"),
        ("cancel", None),
    ]
    assert {event.text("username") for event in found} == {"admin"}


def test_the_end_of_a_session_cancels_what_only_it_could_confirm(pair: tuple[Client, Client], device: Device) -> None:
    ann, bob = pair
    bob.ok(create_subscription())
    committed(ann, interfaces(interface("Ethernet1")), "<confirmed/>")
    ann.ok("<close-session/>")
    deadline = time.monotonic() + 20
    while device.datastores.pending and time.monotonic() < deadline:
        time.sleep(0.02)
    found = [event for event in told(bob, device) if event.name == "netconf-confirmed-commit"]
    assert [(event.text("confirm-event"), event.text("username")) for event in found] == [
        ("start", "ann"),
        ("cancel", "ann"),
    ]


def test_sessions_are_told_of_from_their_start_to_their_end(subscriber: Client, device: Device) -> None:
    """Sections 2.2.3 and 2.2.4."""

    def author(number: int) -> Author:
        return subscriber.session.author._replace(user="bob", session_id=number)

    registry = Sessions()
    for _ in range(subscriber.session.id):
        registry.open(lambda _: None)
    hello = f'<hello xmlns="{NETCONF}"><capabilities><capability>{BASE_1_1}</capability></capabilities></hello>'
    session = Session(device, registry, author, lambda: None, lambda _: None, "192.0.2.1")
    session.handle(hello.encode())
    session.close()
    session.close()
    bad = Session(device, registry, author, lambda: None, lambda _: None, "192.0.2.1")
    bad.handle(b"<hello/>")
    found = told(subscriber, device)
    assert names(found) == ["netconf-session-start", "netconf-session-end", "netconf-session-end"]
    assert {event.text("username") for event in found} == {"bob"}
    assert {event.text("source-host") for event in found} == {"192.0.2.1"}
    assert [event.text("session-id") for event in found] == [str(session.id), str(session.id), str(bad.id)]
    assert [event.text("termination-reason") for event in found[1:]] == ["dropped", "bad-hello"]


def test_a_session_that_is_killed_or_closes_says_so(device: Device) -> None:
    """Section 2.2.4: termination-reason and killed-by."""
    registry = Sessions()
    subscriber, ann, bob = (Client(device, registry, user) for user in ("admin", "ann", "bob"))
    subscriber.ok(create_subscription())
    ann.ok(f"<kill-session><session-id>{bob.session.id}</session-id></kill-session>")
    ann.ok("<close-session/>")
    found = told(subscriber, device)
    assert [(event.text("username"), event.text("termination-reason"), event.text("killed-by")) for event in found] == [
        ("bob", "killed", str(ann.session.id)),
        ("ann", "closed", None),
    ]


def test_other_capabilities_than_before_are_told(
    tmp_path: Path, hardware: HardwareBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Section 2.2.2: what has changed since the server ran last."""
    device = make_device(tmp_path, [hardware], event_log=EventLog(tmp_path / "log.sqlite"))
    capabilities.tell_of_changes(device)
    device.close()
    known = capabilities.CAPABILITIES
    monkeypatch.setattr(capabilities, "CAPABILITIES", (*known[:-1], "urn:new:1.0", known[3] + "?more=1"))
    device = make_device(tmp_path, [hardware], event_log=EventLog(tmp_path / "log.sqlite"))
    client = Client(device)
    client.ok(create_subscription())
    capabilities.tell_of_changes(device)
    [event] = told(client, device)
    assert event.name == "netconf-capability-change"
    assert event.text("changed-by/server") == ""
    assert event.text("added-capability") == "urn:new:1.0"
    assert event.text("deleted-capability") == known[-1]
    assert event.text("modified-capability") == known[3] + "?more=1"
    capabilities.tell_of_changes(device)
    assert told(client, device) == []
    device.close()


def test_startup_is_told_of(tmp_path: Path, hardware: HardwareBackend) -> None:
    """Section 2.2.1: datastore startup."""
    device = make_device(tmp_path, [hardware], has_startup=True)
    client = Client(device)
    client.ok(create_subscription())
    client.ok("<copy-config><target><startup/></target><source><running/></source></copy-config>")
    client.ok("<delete-config><target><startup/></target></delete-config>")
    found = told(client, device)
    assert names(found) == ["netconf-config-change"] * 2
    assert {(event.text("datastore"), event.text("changed-by/username")) for event in found} == {("startup", "admin")}
    device.close()


def test_drift_is_told_of_in_its_stream(device: Device) -> None:
    client = Client(device)
    client.ok(create_subscription("<stream>DRIFT</stream>"))
    one = Deviation(7, "kernel", ("Link", "Ethernet1"), "", None, None, None, 0.0, "event")
    device.events.publish(Event("adopted", time.time(), one, 3))
    device.events.publish(events.OutOfStep(time.time(), ("link Ethernet1",), "it does not answer"))
    device.events.publish(events.BackInStep(time.time()))
    found = told(client, device)
    assert names(found) == ["deviation-event", "out-of-step", "back-in-step"]
    assert [found[0].text(leaf) for leaf in ("event", "id", "backend", "commit-id")] == ["adopted", "7", "kernel", "3"]
    assert (found[1].text("resource"), found[1].text("reason")) == ("link Ethernet1", "it does not answer")


def test_a_scheduled_commit_is_told_of_when_it_is_over(subscriber: Client, device: Device) -> None:
    subscriber.edit(interfaces(interface("Ethernet1")))
    subscriber.ok('<schedule-commit xmlns="urn:nos-mgmt:yang:nos-schedule"><in>1</in></schedule-commit>')
    deadline = time.monotonic() + 20
    while device.schedule.listed()[0].state == "waiting" and time.monotonic() < deadline:
        time.sleep(0.02)
    found = told(subscriber, device)
    assert names(found) == ["netconf-config-change", "scheduled-commit-event"]
    assert found[0].text("changed-by/session-id") == "0"
    assert (found[1].text("state"), found[1].text("user"), found[1].text("commit-id")) == ("done", "admin", "1")


def test_how_post_conditions_came_out_is_told(subscriber: Client, device: Device) -> None:
    condition = (
        '<post-conditions xmlns="urn:nos-mgmt:yang:nos-post-conditions"><deadline>30</deadline><assertion><name>up</name>'
        '<state><path xmlns:i="http://openconfig.net/yang/interfaces">/i:interfaces/i:interface[i:name="Ethernet1"]'
        "/i:state/i:mtu</path><value>9000</value></state></assertion></post-conditions>"
    )
    committed(subscriber, interfaces(interface("Ethernet1", mtu=9000)), condition)
    deadline = time.monotonic() + 20
    while device.datastores.pending and time.monotonic() < deadline:
        time.sleep(0.02)
    found = told(subscriber, device)
    assert names(found)[-2:] == ["netconf-confirmed-commit", "post-conditions-event"]
    assert found[-2].text("confirm-event") == "complete"
    assert (found[-1].text("held"), found[-1].text("user")) == ("true", "admin")
