"""What one client may take: sessions, time, size and rate, each of which can be set; and who is refused is told."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest

from tests.conftest import Client
from tests.nos_mgmt.access.configured import edited, user
from tests.nos_mgmt.notified import create_subscription
from tests.nos_mgmt.over_ssh import PATIENCE, SshServer, chunked, rpc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nos_mgmt.device import Device

DISCARD = "<discard-changes/>"


@pytest.fixture
def serve(device: Device) -> Iterator[Callable[..., SshServer]]:
    """A function that starts a server with limits."""
    started: list[SshServer] = []

    def start(**limits: Any) -> SshServer:
        started.append(SshServer(device, **limits))
        return started[-1]

    yield start
    for server in started:
        server.close()


def test_a_session_over_the_limit_is_told_why(serve: Callable[..., SshServer]) -> None:
    server = serve(sessions=1)
    first = server.client()
    with pytest.raises(asyncssh.ChannelOpenError, match="as many sessions are open as may be: 1") as refused:
        server.client()
    assert refused.value.code == asyncssh.OPEN_RESOURCE_SHORTAGE
    assert "<ok/>" in first.rpc(DISCARD)


def test_a_user_s_session_over_the_limit_is_told_why_and_others_get_in(
    serve: Callable[..., SshServer], device: Device
) -> None:
    server = serve(user_sessions=2)
    edited(Client(device), user("ann", f"<ssh-key>{server.user_key.export_public_key().decode()}</ssh-key>"))
    first, _ = server.client(), server.client()
    with pytest.raises(asyncssh.ChannelOpenError, match="as many sessions of admin are open as may be: 2"):
        server.client()
    ann = server.run(server.connect("ann").create_process(subsystem="netconf", encoding=None))
    assert server.run(ann.stdout.readuntil(b"]]>]]>"))
    assert "<ok/>" in first.rpc("<close-session/>")
    assert first.is_ended()
    assert "<ok/>" in server.client().rpc(DISCARD)


def test_an_idle_session_is_ended_and_one_that_speaks_is_not(serve: Callable[..., SshServer]) -> None:
    server = serve(idle_time=2)
    idle, busy = server.client(), server.client()
    ended_at = time.monotonic() + 4
    while time.monotonic() < ended_at:
        assert "<ok/>" in busy.rpc(DISCARD)
        time.sleep(0.1)
    assert idle.is_ended()
    assert "<ok/>" in busy.rpc(DISCARD)
    assert busy.is_ended()


def test_a_session_with_a_subscription_is_not_idle(serve: Callable[..., SshServer]) -> None:
    server = serve(idle_time=2)
    subscriber, other = server.client(), server.client()
    assert "<ok/>" in subscriber.rpc(create_subscription("<stream>DRIFT</stream>"))
    assert other.is_ended()
    time.sleep(0.5)
    assert "<ok/>" in subscriber.rpc(DISCARD)


def test_a_session_whose_request_takes_long_is_not_idle(serve: Callable[..., SshServer], device: Device) -> None:
    server = serve(idle_time=1.5)
    client = server.client()
    with device.datastores._mutex:
        client.send(DISCARD)
        time.sleep(3)
    assert b"<ok/>" in client.receive()


def test_a_connection_without_a_session_is_ended_in_time(serve: Callable[..., SshServer]) -> None:
    server = serve(hello_time=2)
    connection, other = server.connect(), server.client()
    server.run(connection.wait_closed())
    assert "<ok/>" in other.rpc(DISCARD)


def test_requests_over_the_rate_wait_and_all_of_them_are_answered_in_order(serve: Callable[..., SshServer]) -> None:
    server = serve(rate=20)
    fast, other = server.client(), server.client()
    started = time.monotonic()
    fast.write(b"".join(chunked(rpc(DISCARD, number)) for number in range(40)))
    assert "<ok/>" in other.rpc(DISCARD)  # the rate is a session's own
    for number in range(40):
        assert f'message-id="{number}"'.encode() in fast.receive()
    # the first second's worth at once, and then one in 50 ms; that it is no faster is what is promised
    assert time.monotonic() - started > 0.9


def test_a_session_that_waits_for_its_turn_is_read_no_further(serve: Callable[..., SshServer]) -> None:
    server = serve(rate=1)
    client = server.client()
    client.write(b"".join(chunked(rpc(f"<!--{'x' * 100_000}-->{DISCARD}", number)) for number in range(40)))
    deadline = time.monotonic() + PATIENCE
    (channel,) = server.service.channels
    while not channel._is_paused:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(channel._messages) <= 12
    # and it can be ended meanwhile
    client.vanish()
    while server.service.channels:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_message_over_the_limit_ends_the_session(serve: Callable[..., SshServer]) -> None:
    server = serve(message_size=1000)
    client = server.client()
    assert "<ok/>" in client.rpc(DISCARD)
    client.send(f"<!--{'x' * 1000}-->{DISCARD}")
    assert client.is_ended()


def test_a_client_that_does_not_log_in_is_sent_away_in_time(serve: Callable[..., SshServer]) -> None:
    server = serve(login_time=2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as silent:
        while silent.recv(1 << 16):
            pass
    assert "<ok/>" in server.client().rpc(DISCARD)


def test_more_clients_than_may_log_in_at_once_are_cut_and_those_who_have_do_not_count(
    serve: Callable[..., SshServer],
) -> None:
    server = serve(logins=2)
    inside = [server.client() for _ in range(3)]
    where = ("127.0.0.1", server.port)
    with (
        socket.create_connection(where, timeout=PATIENCE) as first,
        socket.create_connection(where, PATIENCE) as second,
    ):
        assert first.recv(4) == second.recv(4) == b"SSH-"
        with pytest.raises((asyncssh.Error, OSError)):
            server.connect()
        assert all("<ok/>" in client.rpc(DISCARD) for client in inside)
    deadline = time.monotonic() + PATIENCE
    while len(server.transport.connections) > 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "<ok/>" in server.client().rpc(DISCARD)
