"""Requests that are answered at once, beside those that a thread handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.nos_mgmt.openssh import OpenSsh, command
from tests.nos_mgmt.over_ssh import chunked, rpc
from tests.openconfig import interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Callable

    from nos_mgmt.device import Device
    from tests.conftest import Client, Server

CONFIG = interfaces(
    "".join(interface(f"Ethernet{number}", f"10.0.{number}.1/24", mtu=2000 + number) for number in range(1, 9))
)
ONE = interfaces("<interface><name>Ethernet1</name></interface>")


def get_config(filter_: str, source: str = "running", attributes: str = "") -> str:
    return f"<get-config><source><{source}/></source><filter{attributes}>{filter_}</filter></get-config>"


def quickly(client: Client, operation: str) -> str | None:
    message = f'<rpc xmlns="{NETCONF}" message-id="1">{operation}</rpc>'
    answer = client.session.handle_quickly(message.encode())
    return None if answer is None else answer.decode()


@pytest.fixture
def full(client: Client) -> Client:
    """A client of a device that has something configured."""
    client.edit(CONFIG)
    client.ok("<commit/>")
    return client


@pytest.mark.parametrize(
    "operation",
    [
        get_config(ONE),
        get_config(ONE, attributes=' type="subtree"'),
        get_config(interfaces("<interface><name>Ethernet1</name><config><mtu/></config></interface>")),
        get_config(interfaces("<interface><name>nowhere</name></interface>")),
        get_config('<x xmlns="urn:nowhere"/>'),
    ],
)
def test_a_small_answer_is_given_at_once_and_is_the_same(full: Client, operation: str) -> None:
    answer = quickly(full, operation)
    assert answer is not None
    assert answer == full.send(operation).replace(f' xmlns:nc="{NETCONF}"', "")


@pytest.mark.parametrize(
    "operation",
    [
        get_config(""),
        get_config(interfaces("<interface/>")),
        get_config(interfaces("<interface><config><mtu>2001</mtu></config></interface>")),
        get_config(ONE, "candidate"),
        get_config(ONE, attributes=' type="none"'),
        get_config(ONE, attributes=' x="y"'),
        get_config(ONE.replace("<interface>", '<interface x="y">')),
        get_config(ONE).replace("<get-config>", '<get-config x="y">'),
        "<get-config><source><running/></source></get-config>",
        f"<get><filter>{ONE}</filter></get>",
        '<get-config xmlns="urn:nowhere"/>',
        "<get-config/>",
        f"<edit-config><target><candidate/></target><config>{CONFIG}</config></edit-config><!-- get-config -->",
        get_config(ONE) + " " * 5000,
        "<commit/>",
        "<close-session/>",
    ],
)
def test_everything_else_is_left_to_a_thread(full: Client, operation: str) -> None:
    assert quickly(full, operation) is None


def test_what_is_malformed_is_left_to_a_thread(full: Client) -> None:
    assert full.session.handle_quickly(b"<get-config") is None


def test_nothing_is_answered_at_once_while_a_commit_waits_for_a_sign_of_life(full: Client) -> None:
    full.edit(CONFIG.replace("2001", "2100"))
    full.ok("<commit><confirmed/></commit>")
    assert quickly(full, get_config(ONE)) is None
    full.ok("<commit/>")
    assert quickly(full, get_config(ONE)) is not None


def test_nothing_is_answered_after_the_end(full: Client) -> None:
    full.ok("<close-session/>")
    assert quickly(full, get_config(ONE)) is None


def test_answers_come_in_the_order_of_the_requests(start_server: Callable[..., Server]) -> None:
    server = start_server("--backends", "hardware")
    everything = "<get-config><source><running/></source></get-config>"
    with OpenSsh(command(server)) as session:
        session.edit(CONFIG)
        asked = [get_config(ONE), everything, get_config(ONE), get_config(ONE), everything, *[get_config(ONE)] * 20]
        session.write(b"".join(chunked(rpc(operation, f"m{number}")) for number, operation in enumerate(asked)))
        for number, operation in enumerate(asked):
            answer = session.until(b"\n##\n").decode()
            assert f'message-id="m{number}"' in answer
            assert answer.count("<interface>") == (8 if operation == everything else 1)
    assert server.stop() == 0


def test_a_session_that_others_see_counts_answers_given_at_once(full: Client, device: Device) -> None:
    heard: list[object] = []
    device.requests.listen(heard.append)
    quickly(full, get_config(ONE))
    assert len(heard) == 1
