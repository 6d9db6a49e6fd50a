"""NETCONF over TLS with certificates on both sides (RFC 7589)."""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from datastore.events import LoginFailed
from nos_mgmt.netconf.cert_to_name import name_of
from nos_mgmt.netconf.channel import Channel, Wire
from nos_mgmt.netconf.service import Peer, Service
from nos_mgmt.netconf.transport import Transport
from yang.errors import NosError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from datastore.events import LoginFailure
    from nos_mgmt.endpoints import CertToName, Tls

logger = logging.getLogger(__name__)

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2 (RFC 9325 section 4.2); all those of TLS 1.3 are as good."""
GOODBYE_TIME = 10.0
"""Seconds that a client may take to read what was written last, and to close its side."""
END_TIME = 1.0
"""Seconds that all of them may take at the server's end."""
READ_SIZE = 1 << 18
RECORD_SIZE = 4096
"""Octets in a record: ncclient reads as many when its socket has something, and does not see the rest of a longer one."""


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
        self.context = context
        self.connections: set[_Connection] = set()
        self._rules = tuple(rules)
        self._held = frozenset(context.get_ca_certs(binary_form=True))
        self._is_known = is_known
        self._servers: list[asyncio.Server] = []

    async def listen(self, listening: socket.socket) -> None:
        """Take connections from a socket."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(lambda: _Connection(self), sock=listening))

    async def serve(self, connection: socket.socket, idle_time: float | None = None) -> bool:
        """Serve the client at the other end of a TCP connection until it ends; return whether it had logged in."""
        loop = asyncio.get_running_loop()
        _, served = await loop.connect_accepted_socket(lambda: _Connection(self, idle_time), connection)
        return await asyncio.shield(served.over)

    async def close(self) -> None:
        """Stop listening, and close all connections."""
        for server in self._servers:
            server.close()
        connections = set(self.connections)
        for connection in connections:
            connection.finish()
        if connections:
            await asyncio.wait([connection.over for connection in connections], timeout=END_TIME)
        for connection in connections:
            connection.abort()
            await connection.over

    def user(self, connection: ssl.SSLObject, address: str) -> str | None:
        """Return who the client at an address is, if it may come in (RFC 7589 section 7)."""
        own, *issuers = verified_chain(connection)
        try:
            name = name_of([own, *(issuer for issuer in issuers if issuer in self._held)], self._rules)
        except ValueError as error:
            logger.warning("a connection from %s was refused: its certificate: %s", address, error)
            self._tell("unusable", "", address)
            return None
        if name is None:
            logger.warning("a connection from %s was refused: its certificate maps to no name", address)
            self._tell("unmapped", "", address)
        elif not self._is_known(name):
            logger.warning("a connection from %s was refused: there is no user %r", address, name)
            self._tell("unknown-user", name, address)
            name = None
        return name

    def _tell(self, reason: LoginFailure, user: str, address: str) -> None:
        event = LoginFailed(time.time(), "certificate", reason, user, address)
        self.service.device.events.publish(event)


def verified_chain(connection: ssl.SSLObject) -> list[bytes]:
    """Return the certificates, in DER, by which the client's was found to be valid, its own first."""
    if sys.version_info >= (3, 13):
        return connection.get_verified_chain()
    chain = connection._sslobj.get_verified_chain()  # type: ignore[attr-defined] # noqa: SLF001 - public only since
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain]


class _Connection(asyncio.Protocol, Wire):
    """A TCP connection, TLS on it, and one session on that.

    asyncio's own TLS keeps the alert to itself that tells a client why its certificate is not taken, and cannot answer a client
    that has said all that it will say.
    """

    def __init__(self, transport: TlsTransport, idle_time: float | None = None) -> None:
        self._transport = transport
        self._idle_time = idle_time
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = transport.context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._tcp: asyncio.Transport | None = None
        self._address, self._port = "", 0
        self._channel: Channel | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_logging_in = False
        self._is_secure = False
        self._is_closing = False
        self.over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Done once the connection has ended; whether the client had logged in."""

    # what TCP tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tcp = cast("asyncio.Transport", transport)
        self._address, self._port, *_ = transport.get_extra_info("peername") or ("nowhere", 0)
        self._transport.connections.add(self)
        self._is_logging_in = self._transport.service.begin_login(str(self))
        if self._is_logging_in:
            self._abort_in(self._transport.service.limits.login_time)
        else:
            self.abort()

    def data_received(self, data: bytes) -> None:
        if self._is_closing:
            return
        self._incoming.write(data)
        try:
            if self._is_secure or self._handshake():
                self._read()
        except ssl.SSLError as error:
            logger.info("a connection from %s was refused: %s", self, error)
            # with the alert that tells the client why
            self.finish()
        if not self._is_closing:
            self._flush()

    def eof_received(self) -> None:
        if not self._is_secure and not self._is_closing:
            logger.info("a connection from %s was cut in its handshake", self)
        self._leave()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            logger.info("a connection from %s was lost: %s", self, exc)
        if self._timer is not None:
            self._timer.cancel()
        self._end_login()
        self._is_closing = True
        self._leave()
        self._transport.connections.discard(self)
        # a session's objects refer to one another and wait for the collector, which does not see how large OpenSSL's are
        del self._tls, self._incoming, self._outgoing
        if not self.over.done():
            self.over.set_result(self._channel is not None)

    def pause_writing(self) -> None:
        if self._channel is not None:
            self._channel.pause_writing()

    def resume_writing(self) -> None:
        if self._channel is not None:
            self._channel.resume_writing()

    # what the session asks

    def write(self, data: bytes) -> None:
        if not self._is_closing:
            for start in range(0, len(data), RECORD_SIZE):
                self._tls.write(data[start : start + RECORD_SIZE])
            self._flush()

    def pause_reading(self) -> None:
        if self._tcp is not None:
            self._tcp.pause_reading()

    def resume_reading(self) -> None:
        if self._tcp is not None:
            self._tcp.resume_reading()

    def is_closing(self) -> bool:
        return self._is_closing or self._tcp is None or self._tcp.is_closing()

    def unsent(self) -> int:
        return self._tcp.get_write_buffer_size() if self._tcp is not None else 0

    def finish(self) -> None:
        """Say close_notify, after what was written, and wait a while for the client to close its side."""
        if self._is_closing:
            return
        self._is_closing = True
        if self._is_secure:
            # it wants to read the client's, for which RFC 8446 section 6.1 has nobody wait
            with suppress(ssl.SSLError):
                self._tls.unwrap()
        self._flush()
        if self._tcp is not None and not self._tcp.is_closing():
            self._tcp.resume_reading()
            # the client may have reset the connection, and the loop not have told of it yet
            with suppress(OSError):
                self._tcp.write_eof()
        self._abort_in(GOODBYE_TIME)

    def cut(self) -> None:
        # RFC 7589 section 3 wants a close_notify even now
        self.finish()

    def abort(self) -> None:
        """End the connection without a word."""
        if self._tcp is not None:
            self._tcp.abort()

    def __str__(self) -> str:
        return f"{self._address} port {self._port}"

    def _handshake(self) -> bool:
        """Go on with the handshake; return whether the client is in."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self._is_secure = True
        self._end_login()
        if self._timer is not None:
            self._timer.cancel()
        user = self._transport.user(self._tls, str(self))
        if user is not None:
            channel = Channel(
                self._transport.service, Peer(user, "tls", self._address, self._port), self, self._idle_time
            )
            if self._transport.service.begin(channel):
                self._channel = channel
                channel.start()
                return True
        self.finish()
        return False

    def _read(self) -> None:
        """Hand on what the client has sent."""
        assert self._channel is not None  # noqa: S101 - it is there since the handshake
        try:
            while not self._is_closing and (data := self._tls.read(READ_SIZE)):
                self._channel.received(data)
        except ssl.SSLWantReadError:
            return
        if self._is_closing:
            return
        # a close_notify: the client sends nothing more
        if self._tls.version() == "TLSv1.3":
            self._channel.received_eof()
        else:
            # RFC 5246 section 7.2.1: answered at once, and nothing else is written
            self._leave()

    def _flush(self) -> None:
        if self._outgoing.pending and self._tcp is not None:
            self._tcp.write(self._outgoing.read())

    def _leave(self) -> None:
        if self._channel is not None:
            self._channel.leave()
        self.finish()

    def _end_login(self) -> None:
        if self._is_logging_in:
            self._is_logging_in = False
            self._transport.service.end_login()

    def _abort_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)
