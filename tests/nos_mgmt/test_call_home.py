"""Calling home (RFC 8071) with clients that wait on real sockets: asyncssh, ncclient and Python's ssl."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest
from ncclient import manager

from nos_mgmt.endpoints import CallHome, Endpoint, Keepalives, ReconnectStrategy
from nos_mgmt.netconf.call_home import Order, call, next_call, pauses_of
from nos_mgmt.netconf.tls import TlsTransport, secured
from tests.nos_mgmt.certificates import issue
from tests.nos_mgmt.on_loop import PATIENCE
from tests.nos_mgmt.over_ssh import SshClient, SshServer
from tests.nos_mgmt.over_tls import Authority, TlsClient

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nos_mgmt.device import Device
    from nos_mgmt.netconf.transport import Transport

AT_ONCE = ReconnectStrategy(max_attempts=1, first_pause=0.01, longest_pause=0.02)
DISCARD = "<discard-changes/>"


class Caller(SshServer):
    """A server that listens nowhere that a test knows of, and calls."""

    def __init__(self, device: Device, authority: Authority, **limits: Any) -> None:
        """Have SSH as users know it, and TLS for the user `admin`."""
        super().__init__(device, **limits)
        self.authority = authority
        tls = authority.tls()
        self.tls = TlsTransport(self.service, secured(tls), tls.cert_to_name, {"admin"}.__contains__)
        self._calls: list[asyncio.Task[None]] = []

    def call_home(self, *endpoints: Endpoint, **more: Any) -> None:
        """Begin to call a client, who is given a moment between attempts."""
        client = CallHome("test", endpoints, **{"reconnect_strategy": AT_ONCE, **more})
        transports: dict[str, Transport] = {"ssh": self.transport, "tls": self.tls}

        def begin() -> None:
            self._calls.append(self._loop.create_task(call(client, transports)))

        self.call(begin)

    def taken(self, listening: socket.socket) -> SshClient:
        """Return a session of `admin` on the next connection that comes to a socket."""
        plain, _ = listening.accept()
        options = {"client_keys": [self.user_key], "known_hosts": None, "config": None, "agent_path": None}
        connecting = asyncssh.connect(sock=plain, username="admin", **options)
        self._connections.append(self.run(connecting))
        return SshClient(self, self._connections[-1])

    def close(self) -> None:
        """End calls as well."""
        for task in self._calls:
            self.call(task.cancel)
        self.end(self.transport, self.tls)
        super().close()


@pytest.fixture
def caller(device: Device, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Caller]:
    """A server that calls, and is not to fail over anything."""
    caplog.set_level("INFO")
    made = Caller(device, Authority(tmp_path))
    yield made
    made.close()
    assert "Traceback" not in caplog.text


def waiting(address: str = "127.0.0.1") -> closing[socket.socket]:
    """Have a socket at which a client waits to be called."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.create_server((address, 0), family=family)
    listening.settimeout(PATIENCE)
    return closing(listening)


def endpoint(listening: socket.socket, transport: str = "ssh", name: str = "a") -> Endpoint:
    address, port, *_ = listening.getsockname()
    return Endpoint(name, transport, address, port)


def received(connection: socket.socket) -> bytes:
    """Return what comes before a connection is closed or cut."""
    try:
        return connection.recv(1 << 16)
    except OSError:
        return b""


def eventually(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_client_that_waits_with_asyncssh_is_called(caller: Caller, address: str) -> None:
    with waiting(address) as listening:
        caller.call_home(endpoint(listening))
        client = caller.taken(listening)
        assert "<ok/>" in client.rpc(DISCARD)
        # the server is who it is by its host key, whoever made the connection
        key = client.connection.get_server_host_key()
        assert key is not None
        assert key.public_data == caller.host_key.public_data


# ncclient leaves the socket on which it has waited to the collector
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning")
def test_ncclient_is_called(caller: Caller, tmp_path: Path) -> None:
    caller.user_key.write_private_key(tmp_path / "key")
    with waiting() as free:
        port = free.getsockname()[1]
    caller.call_home(Endpoint("a", "ssh", "127.0.0.1", port))
    with manager.call_home(
        host="127.0.0.1",
        port=port,
        username="admin",
        key_filename=str(tmp_path / "key"),
        hostkey_verify=False,
        allow_agent=False,
        look_for_keys=False,
        timeout=PATIENCE,
    ) as client:
        assert client.discard_changes().ok


def test_a_client_that_waits_for_tls_is_called_and_is_the_tls_client(caller: Caller) -> None:
    admin = issue("admin", caller.authority.ca)
    with waiting("::1") as listening:
        caller.call_home(endpoint(listening, "tls"))
        plain, _ = listening.accept()
        plain.settimeout(PATIENCE)
        client = TlsClient(plain, caller.authority.client(admin))
        assert "<ok/>" in client.rpc(DISCARD)
        client.connection.unwrap().close()
        plain, _ = listening.accept()  # it is persistent
        plain.close()


def test_a_persistent_connection_that_ends_is_made_again(caller: Caller) -> None:
    with waiting() as listening:
        caller.call_home(endpoint(listening))
        for end in ("vanish", "close"):
            client = caller.taken(listening)
            assert "<ok/>" in client.rpc(DISCARD)
            caller.call(client.connection.abort if end == "vanish" else client.connection.close)
        assert "<ok/>" in caller.taken(listening).rpc(DISCARD)


def test_the_next_endpoint_is_called_if_one_does_not_answer_or_lets_nobody_in(caller: Caller) -> None:
    with waiting() as closed:
        nobody = endpoint(closed, name="nobody")
    with waiting() as rude, waiting() as listening:

        def hang_up() -> None:
            for _ in range(2):
                rude.accept()[0].close()

        answering = threading.Thread(target=hang_up)
        answering.start()
        twice = replace(AT_ONCE, max_attempts=2)
        caller.call_home(nobody, endpoint(rude, name="rude"), endpoint(listening), reconnect_strategy=twice)
        assert "<ok/>" in caller.taken(listening).rpc(DISCARD)
        answering.join()


def test_an_endpoint_that_has_let_the_server_in_is_tried_first_if_that_is_the_strategy(caller: Caller) -> None:
    strategy = replace(AT_ONCE, start_with="last-connected")
    with waiting() as second:
        with waiting() as free:
            first = endpoint(free, name="first")
        caller.call_home(first, endpoint(second, name="second"), reconnect_strategy=strategy)
        client = caller.taken(second)
        with closing(socket.create_server((first.address, first.port))) as listening:
            listening.settimeout(1)
            caller.call(client.connection.abort)
            caller.taken(second)
            with pytest.raises(TimeoutError):
                listening.accept()


def test_a_client_that_has_another_certificate_is_called_again(caller: Caller) -> None:
    stranger = issue("admin", issue("test CA", is_ca=True))
    with waiting() as listening:
        caller.call_home(endpoint(listening, "tls"))
        plain, _ = listening.accept()
        with closing(caller.authority.client(stranger).wrap_socket(plain, server_hostname="localhost")) as refused:
            assert not received(refused)
        plain, _ = listening.accept()
        plain.settimeout(PATIENCE)
        client = TlsClient(plain, caller.authority.client(issue("admin", caller.authority.ca)))
        assert "<ok/>" in client.rpc(DISCARD)
        client.connection.close()


def test_a_client_that_is_called_and_says_nothing_is_left_in_time(device: Device, tmp_path: Path) -> None:
    caller = Caller(device, Authority(tmp_path), login_time=0.2)
    try:
        for transport in ("ssh", "tls"):
            with waiting() as listening:
                caller.call_home(endpoint(listening, transport))
                first, _ = listening.accept()
                first.settimeout(PATIENCE)
                while first.recv(1 << 16):
                    pass
                second, _ = listening.accept()
                first.close()
                second.close()
    finally:
        caller.close()


def test_a_periodic_connection_is_ended_when_it_is_idle_and_made_again_in_time(caller: Caller) -> None:
    with waiting() as listening:
        caller.call_home(endpoint(listening), connection_type="periodic", period=0.01, idle_time=0.3)
        for _ in range(2):
            client = caller.taken(listening)
            assert "<ok/>" in client.rpc(DISCARD)
            assert client.is_ended()
            caller.run(client.connection.wait_closed())  # by the server


def test_a_connection_is_watched_by_the_kernel_as_the_settings_say(caller: Caller) -> None:
    with waiting() as listening:
        caller.call_home(endpoint(listening, "tls"), keepalives=Keepalives(7, 2, 3))
        plain, _ = listening.accept()
        plain.settimeout(PATIENCE)
        client = TlsClient(plain, caller.authority.client(issue("admin", caller.authority.ca)))
        (connection,) = caller.tls.connections
        assert connection._tcp is not None
        watched = connection._tcp.get_extra_info("socket")
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPCNT, socket.TCP_KEEPINTVL)
        assert watched.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert [watched.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [7, 2, 3]
        client.connection.close()


def test_pauses_grow_up_to_the_longest() -> None:
    assert list(islice(pauses_of(ReconnectStrategy(first_pause=1, longest_pause=5)), 5)) == [1, 2, 4, 5, 5]
    assert list(islice(pauses_of(ReconnectStrategy(first_pause=9, longest_pause=5)), 2)) == [5, 5]


def test_a_round_has_every_endpoint_once() -> None:
    endpoints = tuple(Endpoint(name, "ssh", "192.0.2.1") for name in "abc")
    for start_with in ("first-listed", "last-connected", "random-selection"):
        order = Order(CallHome("x", endpoints, reconnect_strategy=ReconnectStrategy(start_with)))
        order.last_connected = endpoints[1]
        first = {"first-listed": "abc", "last-connected": "bca"}.get(start_with)
        for _ in range(10):
            names = "".join(one.name for one in order.round())
            assert names in ("abc", "bca", "cab")
            assert first in (names, None)


def test_periodic_calls_are_whole_periods_from_the_anchor() -> None:
    anchor = datetime(2026, 1, 1, tzinfo=UTC)
    minute = timedelta(minutes=1)
    with_anchor = CallHome("x", (), period=60, anchor_time=anchor)
    assert next_call(with_anchor, anchor + 90 * minute, None) == anchor + 120 * minute
    assert next_call(with_anchor, anchor - 90 * minute, None) == anchor - 60 * minute
    assert next_call(with_anchor, anchor + 120 * minute, anchor + 60 * minute) == anchor + 180 * minute
    without = CallHome("x", (), period=60)
    assert next_call(without, anchor, None) == anchor
    assert next_call(without, anchor + 10 * minute, anchor) == anchor + 60 * minute
    # of those that passed during a long connection none is made up for
    assert next_call(without, anchor + 200 * minute, anchor) == anchor + 240 * minute
