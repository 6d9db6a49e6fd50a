"""Scheduled commits over NETCONF."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from tests.datastore.rig import eventually
from tests.nos_mgmt.replies import data, error, is_ok, parsed
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from tests.conftest import Client

SCHEDULE = "urn:nos-mgmt:yang:nos-schedule"
HISTORY = "urn:nos-mgmt:yang:nos-history"
PORT = interfaces(interface("Ethernet1", mtu=9000))


def schedule(when: str, more: str = "") -> str:
    return f'<schedule-commit xmlns="{SCHEDULE}">{when}{more}</schedule-commit>'


def listed(client: Client) -> list[dict[str, str]]:
    found = data(client.ok(f'<get><filter><schedule xmlns="{SCHEDULE}"/></filter></get>'))
    return [{etree.QName(leaf).localname: leaf.text or "" for leaf in entry} for top in found for entry in top]


def test_it_is_answered_with_its_number_and_time(client: Client) -> None:
    client.edit(PORT)
    at = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    reply = client.ok(schedule(f"<at>{at.isoformat()}</at>", "<comment>at night</comment><label>night</label>"))
    found = {etree.QName(leaf).localname: leaf.text for leaf in parsed(reply)}
    due = f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
    assert found == {"id": "1", "due": due}
    (waiting,) = listed(client)
    assert waiting == {
        "id": "1",
        "due": due,
        "user": "admin",
        "session-id": str(client.session.id),
        "comment": "at night",
        "label": "night",
        "state": "waiting",
        "change": "+ /openconfig-interfaces:interfaces",
    }
    assert client.running() == ""


def test_it_is_in_the_history_with_its_number(client: Client) -> None:
    client.edit(PORT)
    client.ok(schedule("<in>1</in>"))
    assert eventually(lambda: listed(client)[0]["state"] == "done")
    assert "<mtu>9000</mtu>" in client.running()
    assert listed(client)[0]["commit-id"] == "1"
    history = client.ok(f'<get><filter><history xmlns="{HISTORY}"/></filter></get>')
    assert f'<schedule-id xmlns="{SCHEDULE}">1</schedule-id>' in history
    assert "<protocol>schedule</protocol><comment>scheduled as 1</comment>" in history


def test_it_is_cancelled(client: Client) -> None:
    client.edit(PORT)
    client.ok(schedule("<in>3600</in>"))
    cancel = f'<cancel-scheduled-commit xmlns="{SCHEDULE}"><id>1</id></cancel-scheduled-commit>'
    assert is_ok(client.send(cancel))
    assert (listed(client)[0]["state"], listed(client)[0]["reason"]) == ("cancelled", "admin cancelled it")
    found = error(client.send(cancel))
    assert (found.type, found.tag, found.info) == ("protocol", "invalid-value", {"bad-element": "id"})
    assert found.message == "no scheduled commit 1 waits"


@pytest.mark.parametrize(
    ("when", "tag", "bad", "message"),
    [
        ("<at>2020-01-01T00:00:00Z</at>", "invalid-value", "at", "2020-01-01T00:00:00Z is past"),
        ("<at>2039-02-30T00:00:00Z</at>", "invalid-value", "at", "2039-02-30T00:00:00Z is no time"),
        ("<at>9999-12-31T23:59:59-12:00</at>", "invalid-value", "at", "9999-12-31T23:59:59-12:00 is no time"),
        ("<at>2039-01-01T00:00:00</at>", "invalid-value", "at", "'2039-01-01T00:00:00'"),
        ("<in>0</in>", "invalid-value", "in", "0 is outside"),
        ("<in>5</in><at>2039-01-01T00:00:00Z</at>", "bad-element", "at", "alternatives"),
        ("", "missing-element", "when", "needs one of at, in"),
    ],
)
def test_a_time_that_is_none_is_refused(client: Client, when: str, tag: str, bad: str, message: str) -> None:
    client.edit(PORT)
    found = error(client.send(schedule(when)))
    assert (found.tag, found.info["bad-element"]) == (tag, bad)
    assert message in found.message
    assert listed(client) == []


def test_without_changes_there_is_nothing_to_schedule(client: Client) -> None:
    assert error(client.send(schedule("<in>5</in>"))).message == "the candidate has no changes to be scheduled"


def test_a_session_that_ends_leaves_it_as_it_is(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    ann.edit(PORT)
    started = time.time()
    ann.ok(schedule("<in>1</in>"))
    ann.ok("<close-session/>")
    assert eventually(lambda: listed(bob)[0]["state"] == "done")
    assert time.time() >= started + 1
    assert listed(bob)[0]["user"] == "ann"
    assert "<mtu>9000</mtu>" in bob.running()
