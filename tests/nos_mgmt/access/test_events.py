"""What a user may not read is in no notification either, sent at once or replayed (RFC 8341 section 3.4.6)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from datastore import events
from datastore.deviation import Deviation, Event
from nos_mgmt.sessions import Sessions
from tests.conftest import Client, make_device
from tests.nos_mgmt.access.configured import edited, nacm, rule, rule_list
from tests.nos_mgmt.notified import create_subscription, names, told
from tests.openconfig import INTERFACES, interface, interfaces
from yang.instance_path import instance_path
from yang.values import InstanceIdentifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device

NAMES = "openconfig-interfaces:interfaces/openconfig-interfaces:interface[openconfig-interfaces:name='{}']"
ENTRY = f'<path xmlns:if="{INTERFACES}">/if:interfaces/if:interface[if:name="Ethernet1"]</path>'
MTU = f'<path xmlns:if="{INTERFACES}">/if:interfaces/if:interface/if:config/if:mtu</path>'
PAST = "<startTime>2020-01-01T00:00:00Z</startTime>"


@pytest.fixture
def device(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Device]:
    """A device of which only admin is the administrator; ann may not see Ethernet1, nor any mtu."""
    made = make_device(tmp_path, [hardware], administrators=("admin",))
    rules = rule_list("g", rule("deny", ENTRY), rule("deny", MTU, name="b"))
    ports = [interface(name, mtu=1500, description="a") for name in ("Ethernet1", "Ethernet2")]
    edited(Client(made), interfaces(*ports) + nacm("", rules, members={"g": ["ann"]}))
    yield made
    made.close()


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def ann(device: Device, sessions: Sessions) -> Client:
    client = Client(device, sessions, "ann")
    client.ok(create_subscription())
    return client


def targets(client: Client, device: Device) -> list[list[str]]:
    """Return what each change that a client was told of has changed."""
    return [
        [target.text or "" for target in event.content.findall("{*}edit/{*}target")]
        for event in told(client, device)
        if event.name == "netconf-config-change"
    ]


def change(device: Device, *ports: str) -> None:
    edited(Client(device), interfaces(*ports))


def test_edits_of_what_may_not_be_read_are_left_out(device: Device, sessions: Sessions, ann: Client) -> None:
    everything = Client(device, sessions)
    everything.ok(create_subscription())
    ports = [interface(name, mtu=9000, description="b") for name in ("Ethernet1", "Ethernet2")]
    change(device, *ports)
    (seen,), (whole,) = targets(ann, device), targets(everything, device)
    assert seen == [f"/{NAMES.format('Ethernet2')}/openconfig-interfaces:config/openconfig-interfaces:description"]
    assert len(whole) == 4


def test_a_commit_of_nothing_else_is_not_told_of(device: Device, ann: Client) -> None:
    told(ann, device)
    change(device, interface("Ethernet1", mtu=9000), interface("Ethernet2", mtu=9000))
    assert "netconf-config-change" not in names(told(ann, device))


def test_what_is_replayed_is_judged_when_it_is_sent(device: Device, sessions: Sessions) -> None:
    change(device, interface("Ethernet1", description="b"))
    change(device, interface("Ethernet2", description="b"))
    ann, bob = (Client(device, sessions, user) for user in ("ann", "bob"))
    for client in (ann, bob):
        client.ok(create_subscription(PAST))
    seen, whole = targets(ann, device), targets(bob, device)
    assert not any("Ethernet1" in target or "mtu" in target for event in seen for target in event)
    assert any("Ethernet2" in target for target in seen[-1])
    # the commit that made the container interfaces, and that of Ethernet1
    assert len(whole) == len(seen) + 2
    # and so it is by the rules of then
    edited(Client(device), nacm("<enable-nacm>false</enable-nacm>"))
    again = Client(device, sessions, "ann")
    again.ok(create_subscription(PAST))
    assert any("Ethernet1" in target for event in targets(again, device) for target in event)


def test_a_filter_sees_no_more_than_its_user(device: Device) -> None:
    ann = Client(device, user="ann")
    wanted = "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"
    select = "/n:netconf-config-change/n:edit[contains(n:target, 'mtu')]"
    ann.ok(create_subscription(f'<filter type="xpath" xmlns:n="{wanted}" select="{select}"/>'))
    change(device, interface("Ethernet2", mtu=9000, description="b"))
    assert targets(ann, device) == []


def test_deviations_of_what_may_not_be_seen_are_not_told_of(device: Device, ann: Client) -> None:
    told(ann, device)
    for number, name in enumerate(("Ethernet1", "Ethernet2", "Ethernet2"), 1):
        leaf = ("mtu", "mtu", "description")[number - 1]
        text = f"/{NAMES.format(name)}/openconfig-interfaces:config/openconfig-interfaces:{leaf}"
        path = instance_path(InstanceIdentifier(text), device.schema)
        one = Deviation(number, "hardware", ("Port", name), leaf, path, None, None, 0.0, "event")
        device.events.publish(Event("found", time.time(), one, None))
    found = told(ann, device)
    assert [event.text("id") for event in found] == ["3"]


def test_that_systems_are_out_of_step_is_told_without_which(device: Device, ann: Client) -> None:
    told(ann, device)
    device.events.publish(events.OutOfStep(time.time(), ("link Ethernet1",), "Ethernet1 does not answer"))
    (event,) = told(ann, device)
    assert event.name == "out-of-step"
    assert len(event.content) == 0
