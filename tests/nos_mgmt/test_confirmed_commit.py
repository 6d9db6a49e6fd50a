"""Confirmed commits over NETCONF (RFC 6241 section 8.4), and commits that carry a plan's id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from tests.nos_mgmt.replies import error, is_ok
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from nos_mgmt.device import Device
    from tests.conftest import Client

HISTORY = "urn:nos-mgmt:yang:nos-history"
PORT = interfaces(interface("Ethernet1", mtu=9000))
WAITING = f'<get><filter type="subtree"><history xmlns="{HISTORY}"><pending-confirmation/></history></filter></get>'


def test_it_is_advertised(client: Client) -> None:
    assert b"urn:ietf:params:netconf:capability:confirmed-commit:1.1" in client.session.hello()


def test_a_confirmed_commit_is_confirmed_by_another(client: Client, device: Device) -> None:
    client.edit(PORT)
    assert is_ok(client.send("<commit><confirmed/><confirm-timeout>120</confirm-timeout></commit>"))
    pending = device.datastores.pending
    assert pending is not None
    assert "<mtu>9000</mtu>" in client.running()
    assert is_ok(client.send("<commit/>"))
    assert device.datastores.pending is None
    assert "<mtu>9000</mtu>" in client.running()


def test_it_is_cancelled(client: Client) -> None:
    client.edit(PORT)
    client.send("<commit><confirmed/></commit>")
    assert is_ok(client.send("<cancel-commit/>"))
    assert client.running() == ""
    assert error(client.send("<cancel-commit/>")).tag == "invalid-value"


def test_the_token_opens_it_to_others(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    ann.edit(PORT)
    assert is_ok(ann.send("<commit><confirmed/><persist>IQ,d4668</persist></commit>"))
    assert error(bob.send("<commit/>")).tag == "in-use"
    found = error(bob.send("<commit><persist-id>other</persist-id></commit>"))
    assert (found.type, found.tag, found.info) == ("protocol", "invalid-value", {"bad-element": "persist-id"})
    found = error(bob.send("<cancel-commit><persist-id>other</persist-id></cancel-commit>"))
    assert found.tag == "invalid-value"
    assert is_ok(bob.send("<commit><confirmed/><persist-id>IQ,d4668</persist-id></commit>"))
    assert is_ok(bob.send("<cancel-commit><persist-id>IQ,d4668</persist-id></cancel-commit>"))
    assert ann.running() == ""


def test_another_session_cannot_lock_running_meanwhile(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    ann.edit(PORT)
    ann.send("<commit><confirmed/></commit>")
    found = error(bob.send("<lock><target><running/></target></lock>"))
    assert (found.tag, found.info) == ("lock-denied", {"session-id": str(ann.session.id)})


@pytest.mark.parametrize("leaf", ["<persist>token</persist>", "<confirm-timeout>5</confirm-timeout>"])
def test_what_is_for_confirmed_commits_needs_confirmed(client: Client, leaf: str) -> None:
    client.edit(PORT)
    found = error(client.send(f"<commit>{leaf}</commit>"))
    assert (found.type, found.tag, found.info) == ("protocol", "missing-element", {"bad-element": "confirmed"})
    assert client.running() == ""


@pytest.mark.parametrize("seconds", ["0", "-1", "4294967296", "soon"])
def test_a_time_that_is_none_is_refused(client: Client, seconds: str) -> None:
    found = error(client.send(f"<commit><confirmed/><confirm-timeout>{seconds}</confirm-timeout></commit>"))
    assert (found.tag, found.info) == ("invalid-value", {"bad-element": "confirm-timeout"})


def test_what_waits_is_state(client: Client) -> None:
    client.edit(PORT)
    client.send("<commit/>")
    assert "deadline" not in client.send(WAITING)
    client.send("<commit><confirmed/><persist>t</persist></commit>")
    reply = etree.fromstring(client.send(WAITING).encode())
    (waiting,) = reply.iter(f"{{{HISTORY}}}pending-confirmation")
    found = {etree.QName(leaf).localname: leaf.text for leaf in waiting}
    assert (found["before"], found["persistent"], found["session-id"]) == ("1", "true", str(client.session.id))
    assert "<persist>" not in client.send(WAITING)


def test_a_commit_that_carries_a_plan_does_that_or_nothing(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    ann.edit(PORT)
    reply = etree.fromstring(ann.send(f'<get-plan xmlns="{HISTORY}"/>').encode())
    (plan_id,) = reply.iter(f"{{{HISTORY}}}plan-id")
    (text,) = reply.iter(f"{{{HISTORY}}}text")
    assert "hardware: update hardware:port Ethernet1" in (text.text or "")
    bob.edit(interfaces(interface("Ethernet2", mtu=9000)))
    carrying = f'<commit><plan-id xmlns="{HISTORY}">{plan_id.text}</plan-id></commit>'
    assert "by now" in (error(ann.send(carrying)).message or "")
    assert ann.running() == ""
    bob.edit(
        '<interfaces xmlns="http://openconfig.net/yang/interfaces"><interface nc:operation="delete">'
        "<name>Ethernet2</name></interface></interfaces>"
    )
    assert is_ok(ann.send(carrying))
