"""NETCONF over SSH (RFC 6242)."""

from __future__ import annotations

import asyncio
import gc
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import asyncssh
from asyncssh.kex import get_kex_algs

from nos_mgmt.netconf.channel import Channel, Wire
from nos_mgmt.netconf.service import Peer, Service
from nos_mgmt.netconf.ssh_login import Login
from nos_mgmt.netconf.transport import Transport

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from nos_mgmt.users import Users

logger = logging.getLogger(__name__)

SUBSYSTEM = "netconf"
KEX = tuple(
    name
    for name in (
        "mlkem768x25519-sha256",
        "curve25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "diffie-hellman-group-exchange-sha256",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group18-sha512",
        "diffie-hellman-group14-sha256",
    )
    # the first one is there if OpenSSL has ML-KEM
    if name.encode() in get_kex_algs()
)
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
"""Those that every client has; asyncssh takes 0.1 ms more for a small request with chacha20-poly1305."""
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
HOST_KEY_ALGORITHMS = (b"ssh-ed25519", b"rsa-sha2-512", b"rsa-sha2-256")
SIGNATURES = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""How users may prove that they have their keys: nothing with SHA-1 (RFC 9142, RFC 8332)."""
KEEPALIVE_INTERVAL = 60
CALL_LINGERS = 1.0
"""Seconds from the end of a periodic call's last session to the end of the connection."""
LOST = 500
"""Connections after which their memory is given back, some 20 KiB each; it takes 10 ms, more with a large configuration."""
LOGINS = 4
"""Passwords that are judged at once: whoever tries many keeps no request from being handled."""


class SshTransport(Transport):
    """Serves sessions to SSH clients."""

    def __init__(self, service: Service, users: Users, host_keys: Sequence[asyncssh.SSHKey]) -> None:
        """Let in whom `users` knows, as the owner of `host_keys`."""
        self.service = service
        self.users = users
        self.logins = ThreadPoolExecutor(LOGINS, "login")
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.timers: dict[asyncssh.SSHServerConnection, asyncio.TimerHandle] = {}
        """When a connection without a session is closed."""
        self._lost = 0
        self._acceptors: list[asyncssh.SSHAcceptor] = []
        own = asyncssh.load_keypairs(list(host_keys))
        for pair in own:
            # of an RSA key's, those with SHA-1 are left out
            pair.host_key_algorithms = [name for name in HOST_KEY_ALGORITHMS if name in pair.host_key_algorithms]
        self._options = asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: _Server(self),
            server_host_keys=own,
            kex_algs=KEX,
            encryption_algs=CIPHERS,
            mac_algs=MACS,
            signature_algs=SIGNATURES,
            compression_algs=None,
            encoding=None,
            login_timeout=service.limits.login_time,
            gss_host=None,
            agent_forwarding=False,
            x11_forwarding=False,
            # scrapli-netconf asks for a terminal unless it is told not to, and OpenSSH gives up where there is none
            allow_pty=True,
            line_editor=False,
            keepalive_interval=KEEPALIVE_INTERVAL,
            server_version="nos-mgmt",
        )

    async def listen(self, listening: socket.socket) -> None:
        """Take connections from a socket."""
        self._acceptors.append(await asyncssh.listen(sock=listening, config=None, options=self._options))

    async def serve(self, connection: socket.socket, idle_time: float | None = None) -> bool:
        """Serve the client at the other end of a TCP connection until it ends; return whether it had logged in."""
        try:
            served = await asyncssh.run_server(
                connection, config=None, options=self._options, server_factory=lambda: _Server(self, idle_time)
            )
        except (OSError, asyncssh.Error) as error:
            logger.info("a client that was called has not logged in: %s", error)
            return False
        await served.wait_closed()
        return True

    async def close(self) -> None:
        """Stop listening, and close all connections."""
        for acceptor in self._acceptors:
            acceptor.close()
        for connection in list(self.connections):
            connection.close()
            await connection.wait_closed()
        for acceptor in self._acceptors:
            await acceptor.wait_closed()
        self.logins.shutdown(wait=False, cancel_futures=True)

    def forget_cycles(self) -> None:
        """Give back the memory of connections that are lost, after many of them.

        They refer to themselves, and those that lived long would wait for a collection of what is old, which is seldom.
        """
        self._lost += 1
        if self._lost % LOST == 0:
            gc.collect()

    def close_if_idle(self, connection: asyncssh.SSHServerConnection) -> None:
        """Close a connection unless a session uses it."""
        wires = (channel.wire for channel in self.service.channels)
        if all(wire.connection is not connection for wire in wires if isinstance(wire, _Wire)):
            connection.close()


class _Server(Login):
    """One SSH connection."""

    def __init__(self, listener: SshTransport, idle_time: float | None = None) -> None:
        super().__init__(listener.users, listener.logins)
        self._listener = listener
        self._idle_time = idle_time
        self._connection: asyncssh.SSHServerConnection | None = None
        self._is_logging_in = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        super().connection_made(conn)
        self._connection = conn
        self._listener.connections.add(conn)
        address, port, *_ = conn.get_extra_info("peername") or ("nowhere", 0)
        self._is_logging_in = self._listener.service.begin_login(f"{address} port {port}")
        if not self._is_logging_in:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_login()
        if self._connection is not None:
            self._listener.connections.discard(self._connection)
            # or it would be held for as long as the timer runs
            timer = self._listener.timers.pop(self._connection, None)
            if timer is not None:
                timer.cancel()
        self._listener.forget_cycles()
        if isinstance(exc, (asyncssh.Error, OSError)):
            logger.info("a connection was lost: %s", exc)
        elif exc is not None:
            # asyncssh hands on what was raised in a callback
            logger.error("a connection had to be closed", exc_info=exc)

    def _end_login(self) -> None:
        if self._is_logging_in:
            self._is_logging_in = False
            self._listener.service.end_login()

    def auth_completed(self) -> None:
        super().auth_completed()
        self._end_login()
        if self._connection is not None:
            _close_unless_used(self._listener, self._connection)

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        assert self._connection is not None  # noqa: S101 - asyncssh has made it before
        user = str(self._connection.get_extra_info("username"))
        why = self._listener.service.refusal(user)
        if why:
            logger.warning("a session of %s was refused: %s", user, why)
            # this is the one place where SSH lets a reason be told (RFC 4254 section 5.1)
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_RESOURCE_SHORTAGE, why)
        return _Session(self._listener, self._connection, self._idle_time)


def _close_unless_used(
    transport: SshTransport, connection: asyncssh.SSHServerConnection, seconds: float | None = None
) -> None:
    """Close a connection that has no session after some time, that for a hello if nothing is said."""
    wait = transport.service.limits.hello_time if seconds is None else seconds
    timer = asyncio.get_running_loop().call_later(wait, transport.close_if_idle, connection)
    before = transport.timers.pop(connection, None)
    if before is not None:
        before.cancel()
    transport.timers[connection] = timer


class _Wire(Wire):
    """An SSH channel as a session writes to it."""

    def __init__(self, transport: SshTransport, connection: asyncssh.SSHServerConnection, linger: float | None) -> None:
        self._transport = transport
        self._linger = linger
        self.connection = connection
        self.channel: asyncssh.SSHServerChannel[bytes] | None = None

    def write(self, data: bytes) -> None:
        if self.channel is not None:
            self.channel.write(data)

    def pause_reading(self) -> None:
        if self.channel is not None:
            self.channel.pause_reading()

    def resume_reading(self) -> None:
        if self.channel is not None:
            self.channel.resume_reading()

    def is_closing(self) -> bool:
        return self.channel is None or self.channel.is_closing()

    def unsent(self) -> int:
        return self.channel.get_write_buffer_size() if self.channel is not None else 0

    def finish(self) -> None:
        if self.channel is not None:
            self.channel.exit(0)
        _close_unless_used(self._transport, self.connection, self._linger)

    def cut(self) -> None:
        if self.channel is not None:
            self.channel.abort()
        self._transport.close_if_idle(self.connection)


class _Session(asyncssh.SSHServerSession[bytes]):
    """What asyncssh tells of one channel, as the session takes it."""

    def __init__(
        self, transport: SshTransport, connection: asyncssh.SSHServerConnection, idle_time: float | None
    ) -> None:
        address, port, *_ = connection.get_extra_info("peername") or ("", 0)
        peer = Peer(str(connection.get_extra_info("username")), "ssh", address, port)
        # a call that has an end of its own is over with its session
        self._wire = _Wire(transport, connection, None if idle_time is None else CALL_LINGERS)
        self._service = transport.service
        self._channel = Channel(transport.service, peer, self._wire, idle_time)

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._wire.channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == SUBSYSTEM and self._service.begin(self._channel)

    def session_started(self) -> None:
        self._channel.start()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:  # noqa: ARG002 - clients have no stderr
        self._channel.received(data)

    def eof_received(self) -> bool:
        self._channel.received_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever the reason
        self._channel.leave()

    def pause_writing(self) -> None:
        self._channel.pause_writing()

    def resume_writing(self) -> None:
        self._channel.resume_writing()
