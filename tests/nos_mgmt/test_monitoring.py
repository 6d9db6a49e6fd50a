"""netconf-state (RFC 6022 section 2): datastores and their locks, sessions, statistics; get-schema of all that is named."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from datastore.history import Author
from nos_mgmt.netconf.session import Session
from nos_mgmt.sessions import Sessions
from tests.conftest import Client, make_device
from tests.nos_mgmt.replies import data, parsed
from yang.diff import NETCONF

if TYPE_CHECKING:
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device

MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
LIBRARY = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
COUNTERS = ["in-rpcs", "in-bad-rpcs", "out-rpc-errors", "out-notifications"]


def state(client: Client, content: str) -> etree._Element:
    (found,) = data(
        client.ok(f'<get><filter><netconf-state xmlns="{MONITORING}">{content}</netconf-state></filter></get>')
    )
    return found


def leaves(element: etree._Element) -> dict[str, str]:
    return {etree.QName(leaf).localname: leaf.text or "" for leaf in element.iter() if not len(leaf)}


def sessions(client: Client) -> list[dict[str, str]]:
    return [leaves(entry) for entry in state(client, "<sessions/>").iter(f"{{{MONITORING}}}session")]


def statistics(client: Client) -> dict[str, str]:
    return leaves(state(client, "<statistics/>"))


def test_the_datastores_are_listed(client: Client) -> None:
    # section 2.1.2
    entries = list(state(client, "<datastores/>").iter(f"{{{MONITORING}}}datastore"))
    assert [leaves(entry) for entry in entries] == [{"name": "running"}, {"name": "candidate"}]


def test_startup_is_listed_where_it_is_one(tmp_path: Path, hardware: HardwareBackend) -> None:
    made = make_device(tmp_path, [hardware], has_startup=True)
    try:
        names = [leaf.text for leaf in state(Client(made), "<datastores/>").iter(f"{{{MONITORING}}}name")]
        assert names == ["running", "candidate", "startup"]
    finally:
        made.close()


def test_a_lock_is_told_with_its_session_and_its_time(device: Device) -> None:
    # section 2.1.2, global-lock
    registry = Sessions()
    ann, bob = Client(device, registry), Client(device, registry)
    ann.ok("<lock><target><running/></target></lock>")
    bob.ok("<lock><target><candidate/></target></lock>")
    found = {
        entry.findtext(f"{{{MONITORING}}}name"): leaves(entry)
        for entry in state(ann, "<datastores/>").iter(f"{{{MONITORING}}}datastore")
    }
    assert found["running"]["locked-by-session"] == str(ann.session.id)
    assert found["candidate"]["locked-by-session"] == str(bob.session.id)
    assert datetime.fromisoformat(found["running"]["locked-time"]).tzinfo is not None
    ann.ok("<unlock><target><running/></target></unlock>")
    bob.session.close()
    assert "global-lock" not in etree.tostring(state(ann, "<datastores/>")).decode()


def test_one_datastore_is_had_by_its_name(client: Client) -> None:
    client.ok("<lock><target><running/></target></lock>")
    found = state(client, "<datastores><datastore><name>running</name></datastore></datastores>")
    assert leaves(found).keys() == {"name", "locked-by-session", "locked-time"}


def test_a_session_is_told_with_who_and_where_and_since_when(device: Device) -> None:
    # section 2.1.4
    registry = Sessions()
    ann = Client(device, registry, "ann")
    Session(
        device,
        registry,
        lambda number: Author("bob", number, "netconf"),
        lambda: None,
        lambda _: None,
        "2001:db8::1",
        "netconf-tls",
    )
    first, second = sessions(ann)
    assert (first["session-id"], first["username"], first["transport"]) == ("1", "ann", "ncm:netconf-ssh")
    assert "source-host" not in first
    assert (second["username"], second["source-host"], second["transport"]) == ("bob", "2001:db8::1", "ncm:netconf-tls")
    assert datetime.fromisoformat(second["login-time"]).tzinfo is not None
    assert list(first)[-4:] == COUNTERS


def test_a_session_counts_what_it_gets_and_sends(device: Device) -> None:
    # section 2.1.4, common-counters
    ann, bob = (Client(device, Sessions(), name) for name in ("ann", "bob"))
    before = statistics(ann)
    bob.send("<discard-changes/>")
    bob.send("<no-such-operation/>")
    bob.session.handle(b"<rpc")
    bob.session.handle(f'<hello xmlns="{NETCONF}"/>'.encode())
    bob.session.push(b"<notification/>")
    after = statistics(ann)
    (own,) = [client for client in device.traffic.clients() if client.user == "bob"]
    assert (own.in_rpcs, own.in_bad_rpcs, own.out_rpc_errors, own.out_notifications) == (2, 2, 3, 1)
    gained = {name: int(after[name]) - int(before[name]) for name in COUNTERS}
    # the request that asks is one of them
    assert gained == {"in-rpcs": 3, "in-bad-rpcs": 2, "out-rpc-errors": 3, "out-notifications": 1}
    assert bob.pushed == [b"<notification/>"]


def test_statistics_outlive_the_sessions_they_come_from(device: Device) -> None:
    # section 2.1.5
    ann = Client(device, user="ann")
    bob = Client(device, user="bob")
    bob.ok("<discard-changes/>")
    before = statistics(ann)
    bob.session.close()
    after = statistics(ann)
    assert int(after["in-rpcs"]) == int(before["in-rpcs"]) + 1
    assert after["in-sessions"] == "2"
    assert [client.user for client in device.traffic.clients()] == ["ann"]


def test_a_session_is_dropped_unless_its_end_was_asked_for(device: Device) -> None:
    # section 2.1.5, dropped-sessions
    registry = Sessions()
    ann, bob, eve, joe = (Client(device, registry, name) for name in ("ann", "bob", "eve", "joe"))
    bob.ok("<close-session/>")
    bob.session.close()
    assert ann.ok(f"<kill-session><session-id>{eve.session.id}</session-id></kill-session>")
    eve.session.close()
    assert statistics(ann)["dropped-sessions"] == "0"
    joe.session.close()
    joe.session.close()
    assert statistics(ann)["dropped-sessions"] == "1"


@pytest.mark.parametrize(
    "hello",
    [
        "<hello",
        f'<hello xmlns="{NETCONF}"/>',
        '<hello xmlns="urn:x"/>',
        f'<hello xmlns="{NETCONF}"><session-id>1</session-id></hello>',
    ],
)
def test_a_hello_that_is_none_is_counted(device: Device, hello: str) -> None:
    # section 2.1.5, in-bad-hellos
    ann = Client(device)
    session = Session(device, Sessions(), lambda number: Author("bob", number, "netconf"), lambda: None, lambda _: None)
    assert session.handle(hello.encode()) is None
    session.close()
    found = statistics(ann)
    assert (found["in-bad-hellos"], found["in-sessions"], found["dropped-sessions"]) == ("1", "2", "0")


def test_statistics_tell_when_the_server_has_started(client: Client) -> None:
    assert datetime.fromisoformat(statistics(client)["netconf-start-time"]).tzinfo is not None


def named_anywhere(client: Client) -> set[tuple[str, str]]:
    """Return the modules and submodules that hello, YANG library, or the list of schemas names, with their revisions."""
    found: set[tuple[str, str]] = set()
    for uri in re.findall(r"module=([\w.-]+)(?:&amp;revision=([\d-]+))?", client.session.hello().decode()):
        found.add(uri)
    for top in data(client.ok("<get/>")):
        if etree.QName(top).localname in ("yang-library", "modules-state"):
            for element in top.iter("{*}module", "{*}submodule", "{*}import-only-module", "{*}deviation"):
                if len(element):
                    found.add((element.findtext("{*}name", ""), element.findtext("{*}revision", "")))
        if etree.QName(top).localname == "netconf-state":
            for element in top.iter("{*}schema"):
                found.add((element.findtext("{*}identifier", ""), element.findtext("{*}version", "")))
    return found


def test_every_module_and_submodule_that_is_named_anywhere_can_be_had(client: Client) -> None:
    # section 3.1
    named = named_anywhere(client)
    assert {"ietf-yang-library", "ietf-datastores", "nos-deviations", "openconfig-interfaces"} <= {
        name for name, _ in named
    }
    for name, revision in named:
        version = f"<version>{revision}</version>" if revision else ""
        request = f'<get-schema xmlns="{MONITORING}"><identifier>{name}</identifier>{version}</get-schema>'
        (found,) = parsed(client.ok(request))
        text = found.text or ""
        assert re.search(rf"^\s*(?:sub)?module {name}\s*{{", text, re.MULTILINE)
        for other in re.findall(r"^\s*(?:import|include)\s+\"?([\w.-]+)\"?\s*[{;]", text, re.MULTILINE):
            assert other in {known for known, _ in named}, f"{other}, which {name} imports"
