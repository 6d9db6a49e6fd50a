"""Who gets in over SSH, and to what: the holder of a key, to the subsystem netconf, and nothing else."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncssh
import pytest

from tests.nos_mgmt.over_ssh import END, PATIENCE, SshClient, SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nos_mgmt.device import Device


@pytest.fixture
def server(device: Device, caplog: pytest.LogCaptureFixture) -> Iterator[SshServer]:
    """A server, which is not to fail over anything."""
    made = SshServer(device)
    yield made
    made.close()
    assert "Traceback" not in caplog.text


def test_the_owner_of_a_key_gets_in(server: SshServer) -> None:
    assert "<ok/>" in server.client().rpc("<discard-changes/>")


def test_another_key_does_not(server: SshServer) -> None:
    for algorithm in ("ssh-ed25519", "ecdsa-sha2-nistp256"):
        with pytest.raises(asyncssh.PermissionDenied):
            server.connect(client_keys=[asyncssh.generate_private_key(algorithm)])


def test_the_server_s_own_key_does_not(server: SshServer) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect(client_keys=[server.host_key])


@pytest.mark.parametrize("user", ["root", "nobody", "Admin", "admin ", "", "a" * 1000])
def test_another_user_does_not_even_with_the_key(server: SshServer, user: str) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect(user)


@pytest.mark.parametrize("password", ["", "admin", "x" * 100_000])
def test_there_are_no_passwords(server: SshServer, password: str) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect(client_keys=None, password=password)


def test_nobody_gets_in_with_nothing(server: SshServer) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect(client_keys=None)


def test_a_client_that_does_not_log_in_is_sent_away(device: Device) -> None:
    server = SshServer(device, login_time=0.3)
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as silent:
            silent.sendall(b"SSH-2.0-silent\r\n")
            while silent.recv(1 << 16):
                pass
    finally:
        server.close()


@pytest.mark.parametrize(
    "octets", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\0" * 300_000, b"SSH-2.0-x\r\n" + b"\xff" * 40_000]
)
def test_what_is_no_ssh_disturbs_nobody(server: SshServer, octets: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as odd, suppress(OSError):
        odd.sendall(octets)
    assert "<ok/>" in server.client().rpc("<discard-changes/>")


def test_there_is_no_shell_no_command_and_no_other_subsystem(server: SshServer) -> None:
    connection = server.connect()
    for request in (
        {},
        {"command": "id"},
        {"subsystem": "sftp"},
        {"subsystem": "NETCONF"},
        {"subsystem": ""},
        {"command": "netconf"},
    ):
        with pytest.raises(asyncssh.ChannelOpenError):
            server.run(connection.create_process(**request))
    assert len(server.transport.connections) == 1


def test_there_is_no_terminal(server: SshServer) -> None:
    connection = server.connect()
    with pytest.raises(asyncssh.ChannelOpenError):
        server.run(connection.create_process(term_type="xterm"))


def test_a_terminal_with_the_subsystem_changes_nothing(server: SshServer) -> None:
    connection = server.connect()
    process = server.run(connection.create_process(subsystem="netconf", term_type="xterm", encoding=None))
    assert b"</hello>" in server.run(process.stdout.readuntil(END))


def test_nothing_is_forwarded(server: SshServer) -> None:
    connection = server.connect()
    with pytest.raises(asyncssh.ChannelOpenError):
        server.run(connection.open_connection("127.0.0.1", server.port))
    with pytest.raises(asyncssh.ChannelListenError):
        server.run(connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", server.port))
    with pytest.raises(asyncssh.ChannelOpenError):
        server.run(connection.open_unix_connection("/run/x"))


def test_several_sessions_may_have_one_connection(server: SshServer) -> None:
    connection = server.connect()
    clients = [SshClient(server, connection) for _ in range(3)]
    assert all("<ok/>" in client.rpc("<discard-changes/>") for client in clients)
    assert "<ok/>" in clients[0].rpc("<close-session/>")
    assert clients[0].is_ended()
    assert "<ok/>" in clients[1].rpc("<discard-changes/>")


def test_more_sessions_than_the_limit_are_refused_and_one_that_ends_makes_room(device: Device) -> None:
    server = SshServer(device, sessions=2)
    try:
        first, second = server.client(), server.client()
        with pytest.raises(asyncssh.ChannelOpenError):
            server.client()
        assert "<ok/>" in first.rpc("<close-session/>")
        assert first.is_ended()
        assert "<ok/>" in server.client().rpc("<discard-changes/>")
        assert "<ok/>" in second.rpc("<discard-changes/>")
    finally:
        server.close()
