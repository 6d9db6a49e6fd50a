"""NETCONF over TLS with certificates on both sides (RFC 7589)."""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from typing import TYPE_CHECKING, cast

from nos_mgmt.netconf.cert_to_name import name_of
from nos_mgmt.netconf.channel import Channel, Wire
from nos_mgmt.netconf.service import Peer, Service
from nos_mgmt.netconf.transport import Transport
from yang.errors import NosError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nos_mgmt.endpoints import CertToName, Tls

logger = logging.getLogger(__name__)

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2 (RFC 9325 section 4.2); all those of TLS 1.3 are as good."""
GOODBYE_TIME = 10.0
"""Seconds that a client may take to read what was written last, and to answer the close_notify."""
END_TIME = 1.0
"""Seconds that all of them may take at the server's end."""


class UnusableCertificate(NosError):
    """A file that should hold certificates, or the key of one, and does not."""


def secured(tls: Tls) -> ssl.SSLContext:
    """Return how connections are secured.

    Raises:
        UnusableCertificate: A file cannot be read, or holds something else.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.verify_mode = ssl.CERT_REQUIRED
    # a resumed session would go on with a certificate that may have expired or been revoked since
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    _read("key", tls.key)
    # without a password OpenSSL would ask for one at the terminal
    _load("certificate", tls.certificate, lambda file: context.load_cert_chain(file, tls.key, lambda: b"-"))
    _load("client_ca", tls.client_ca, context.load_verify_locations)
    if tls.crl is not None:
        _load("crl", tls.crl, context.load_verify_locations)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _read(what: str, file: Path) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        raise UnusableCertificate(f"tls {what} {file}: {error.strerror}") from error


def _load(what: str, file: Path, load: Callable[[Path], object]) -> None:
    _read(what, file)
    try:
        load(file)
    except ssl.SSLError as error:
        raise UnusableCertificate(f"tls {what} {file}: {error.reason or error}") from error


class TlsTransport(Transport):
    """Serves a session to each TLS client."""

    def __init__(
        self, service: Service, context: ssl.SSLContext, rules: Sequence[CertToName], is_known: Callable[[str], bool]
    ) -> None:
        """Let in the users that `is_known` tells of, each with a certificate that `rules` map to its name."""
        self.service = service
        self._context = context
        self._rules = tuple(rules)
        self._held = frozenset(context.get_ca_certs(binary_form=True))
        self._is_known = is_known
        self._servers: list[asyncio.Server] = []
        self.connections: set[_Connection] = set()

    async def listen(self, listening: socket.socket) -> None:
        """Take connections from a socket."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(lambda: _Arrival(self, None), sock=listening))

    async def serve(self, connection: socket.socket, idle_time: float | None = None) -> bool:
        """Serve the client at the other end of a TCP connection until it ends; return whether it had logged in."""
        loop = asyncio.get_running_loop()
        _, arrival = await loop.connect_accepted_socket(lambda: _Arrival(self, idle_time), connection)
        return await asyncio.shield(arrival.over)

    async def close(self) -> None:
        """Stop listening, and close all connections."""
        for server in self._servers:
            server.close()
        open_ = set(self.connections)
        for connection in open_:
            connection.close()
        if open_:
            await asyncio.wait([connection.over for connection in open_], timeout=END_TIME)
        for connection in open_:
            connection.abort()
            await connection.over

    async def handshake(self, transport: asyncio.Transport, connection: _Connection) -> asyncio.Transport | None:
        """Return what a connection is after the handshake; None if it came to nothing."""
        limit = self.service.limits.login_time
        try:
            return await asyncio.get_running_loop().start_tls(
                transport,
                connection,
                self._context,
                server_side=True,
                ssl_handshake_timeout=limit,
                ssl_shutdown_timeout=GOODBYE_TIME,
            )
        except (OSError, ssl.CertificateError) as error:
            logger.info("a connection from %s was refused: %s", _address(transport), error)
            transport.abort()
            return None

    def user(self, transport: asyncio.Transport) -> str | None:
        """Return who the client is, if it may come in (RFC 7589 section 7)."""
        own, *issuers = verified_chain(transport.get_extra_info("ssl_object"))
        try:
            name = name_of([own, *(issuer for issuer in issuers if issuer in self._held)], self._rules)
        except ValueError as error:
            logger.warning("a connection from %s was refused: its certificate: %s", _address(transport), error)
            return None
        if name is None:
            logger.warning("a connection from %s was refused: its certificate maps to no name", _address(transport))
        elif not self._is_known(name):
            logger.warning("a connection from %s was refused: there is no user %r", _address(transport), name)
            name = None
        return name


def verified_chain(connection: ssl.SSLObject) -> list[bytes]:
    """Return the certificates, in DER, by which the client's was found to be valid, its own first."""
    if sys.version_info >= (3, 13):
        return connection.get_verified_chain()
    chain = connection._sslobj.get_verified_chain()  # type: ignore[attr-defined] # noqa: SLF001 - public only since
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain]


def _address(transport: asyncio.BaseTransport) -> str:
    host, port, *_ = transport.get_extra_info("peername") or ("nowhere", 0)
    return f"{host} port {port}"


class _Arrival(asyncio.Protocol):
    """A TCP connection before its handshake."""

    def __init__(self, transports: TlsTransport, idle_time: float | None) -> None:
        self._connection = _Connection(transports, idle_time)
        self.over = self._connection.over

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        plain = cast("asyncio.Transport", transport)
        plain.pause_reading()
        self._connection.begin(plain)


class _Connection(asyncio.Protocol):
    """A connection whose handshake is under way, and then one session on it."""

    def __init__(self, transports: TlsTransport, idle_time: float | None) -> None:
        self._transports = transports
        self._idle_time = idle_time
        self._plain: asyncio.Transport | None = None
        self._channel: Channel | None = None
        self._early: list[bytes] = []
        self._task: asyncio.Task[None] | None = None
        self.over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Done once the connection has ended; whether the client had logged in."""

    def begin(self, plain: asyncio.Transport) -> None:
        """Let the client in, if its certificate does."""
        self._plain = plain
        self._transports.connections.add(self)
        self._task = asyncio.get_running_loop().create_task(self._let_in(plain))

    async def _let_in(self, plain: asyncio.Transport) -> None:
        secure = await self._transports.handshake(plain, self)
        if secure is None:
            self._end()
            return
        user = self._transports.user(secure)
        address, port, *_ = secure.get_extra_info("peername") or ("", 0)
        service = self._transports.service
        if user is not None and not self.over.done():
            channel = Channel(service, Peer(user, "tls", address, port), _Wire(secure), self._idle_time)
            if service.begin(channel):
                self._channel = channel
                channel.start()
                for data in self._early:
                    channel.received(data)
                return
        # RFC 7589 section 3: with a close_notify
        secure.close()

    def close(self) -> None:
        """End the connection, in good order if there is a session."""
        if self._channel is not None:
            self._channel.end()
        else:
            self.abort()

    def abort(self) -> None:
        """End the connection without a word."""
        if self._plain is not None:
            self._plain.abort()

    def data_received(self, data: bytes) -> None:
        # what comes with the end of the handshake comes before this is told of that
        if self._channel is None:
            self._early.append(data)
        else:
            self._channel.received(data)

    def eof_received(self) -> None:
        # asyncio answers a close_notify with one, and writes nothing after it
        if self._channel is not None:
            self._channel.leave()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            logger.info("a connection was lost: %s", exc)
        self._end()

    def pause_writing(self) -> None:
        if self._channel is not None:
            self._channel.pause_writing()

    def resume_writing(self) -> None:
        if self._channel is not None:
            self._channel.resume_writing()

    def _end(self) -> None:
        self._transports.connections.discard(self)
        if self._channel is not None:
            self._channel.leave()
        if not self.over.done():
            self.over.set_result(self._channel is not None)


class _Wire(Wire):
    """A TLS connection as its session writes to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def finish(self) -> None:
        self._transport.close()

    def cut(self) -> None:
        # what the client does not take is dropped after GOODBYE_TIME; RFC 7589 section 3 wants a close_notify even now
        self._transport.close()
