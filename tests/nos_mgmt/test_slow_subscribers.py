"""Subscribers over SSH that do not read: bounded, ended, and no concern of anybody else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.nos_mgmt.notified import create_subscription, settle
from tests.nos_mgmt.over_ssh import SshServer
from tests.nos_mgmt.over_tls import Authority, TlsServer
from tests.nos_mgmt.replies import is_ok
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nos_mgmt.device import Device

LARGE = f"<back-in-step xmlns='urn:nos-mgmt:yang:nos-drift'>{'<!--' + 'x' * 100_000 + '-->'}</back-in-step>"


@pytest.fixture
def server(device: Device) -> Iterator[SshServer]:
    """A server."""
    made = SshServer(device)
    yield made
    made.close()


def flood(device: Device, count: int) -> None:
    """Have so many large events in the log, and tell of them."""
    for _ in range(count):
        device.publisher.log.add(time.time(), "nos-drift:back-in-step", LARGE)
    device.publisher.wake()
    settle(device)


def commit(device: Device, client: object, mtu: int) -> None:
    """Commit something over a session."""
    edit = f"<target><candidate/></target><config>{interfaces(interface('Ethernet1', mtu=mtu))}</config>"
    assert is_ok(client.rpc(f"<edit-config>{edit}</edit-config>"))  # type: ignore[attr-defined]
    assert is_ok(client.rpc("<commit/>"))  # type: ignore[attr-defined]
    assert device.datastores.pending is None


def test_a_session_that_leaves_what_it_is_sent_unread_is_ended_and_others_go_on(
    server: SshServer, device: Device
) -> None:
    stuck, reader, worker = server.client(), server.client(), server.client()
    assert is_ok(stuck.rpc(create_subscription()))
    assert is_ok(reader.rpc(create_subscription("<stream>DRIFT</stream>")))
    assert len(device.publisher.subscriptions()) == 2
    for number in range(10):
        flood(device, 10)
        commit(device, worker, 1500 + number)
        for _ in range(10):
            assert b"back-in-step" in reader.receive()
    deadline = time.monotonic() + 20
    while len(device.publisher.subscriptions()) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    # the one that reads is left
    [subscription] = device.publisher.subscriptions()
    assert subscription.receiver.session_id == 2
    flood(device, 1)
    assert b"back-in-step" in reader.receive()


def test_a_replay_of_any_size_ends_nobody(server: SshServer, device: Device) -> None:
    """It is larger than what may wait, and goes out as it is taken."""
    reader = server.client()
    flood(device, 80)
    assert is_ok(reader.rpc(create_subscription("<stream>DRIFT</stream><startTime>2000-01-01T00:00:00Z</startTime>")))
    for _ in range(80):
        assert b"back-in-step" in reader.receive()
    assert b"replayComplete" in reader.receive()


REPLAY = create_subscription("<stream>DRIFT</stream><startTime>2000-01-01T00:00:00Z</startTime>")
SCHEMA = (
    '<get-schema xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring">'
    "<identifier>openconfig-network-instance</identifier></get-schema>"
)


def ended(server: SshServer | TlsServer, left: int) -> None:
    """Return when no more sessions than `left` are left."""
    deadline = time.monotonic() + 30
    while len(server.service.channels) > left:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_client_that_takes_nothing_of_its_replay_is_ended_in_time(device: Device) -> None:
    """What was sent would fit into what may wait, and the rest of the replay waits in the log."""
    server = SshServer(device, stall_time=0.5)
    try:
        reader, stuck = server.client(), server.client()
        flood(device, 80)
        stuck.send(REPLAY)
        ended(server, 1)
        assert is_ok(reader.rpc("<discard-changes/>"))
        assert device.publisher.subscriptions() == []
    finally:
        server.close()


def test_a_client_that_takes_its_replay_slowly_is_not(device: Device) -> None:
    server = SshServer(device, stall_time=1)
    try:
        slow = server.client()
        flood(device, 60)
        assert is_ok(slow.rpc(REPLAY))
        for _ in range(60):
            time.sleep(0.04)
            assert b"back-in-step" in slow.receive()
        assert b"replayComplete" in slow.receive()
    finally:
        server.close()


def test_a_client_that_takes_no_replies_is_ended_in_time(device: Device) -> None:
    server = SshServer(device, stall_time=0.5)
    try:
        reader, stuck = server.client(), server.client()
        for _ in range(200):
            stuck.send(SCHEMA)
        ended(server, 1)
        assert is_ok(reader.rpc("<discard-changes/>"))
    finally:
        server.close()


def test_a_client_over_tls_that_takes_nothing_is_ended_in_time(device: Device, tmp_path: Path) -> None:
    server = TlsServer(device, Authority(tmp_path), stall_time=0.5)
    try:
        stuck = server.client()
        flood(device, 80)
        stuck.send(REPLAY)
        ended(server, 0)
    finally:
        server.close()
