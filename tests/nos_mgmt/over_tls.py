"""A server and clients over real TLS."""

from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING, Any

from cryptography import x509

from nos_mgmt.endpoints import CertToName, Tls
from nos_mgmt.netconf.messages import BASE_1_1
from nos_mgmt.netconf.tls import TlsTransport, secured
from tests.nos_mgmt.certificates import Issued, issue
from tests.nos_mgmt.on_loop import PATIENCE, OnLoop
from tests.nos_mgmt.over_ssh import END, chunked, hello, rpc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nos_mgmt.device import Device


class Authority:
    """A CA, a certificate of the server by it, and files with what each side needs."""

    def __init__(self, folder: Path) -> None:
        """Write files into `folder`."""
        self.folder = folder
        self.ca = issue("test CA", is_ca=True)
        self.ca_file, _ = self.ca.write(folder, "ca")
        name = x509.DNSName("localhost")
        self.server, self.server_key = issue("server", self.ca, [name]).write(folder, "server")

    def tls(self, *rules: CertToName, crl: Path | None = None, client_ca: Path | None = None) -> Tls:
        """Return settings with rules; if there are none, every certificate of the CA is for the user in its common name."""
        given = rules or (CertToName(1, self.ca.fingerprint(), "common-name"),)
        return Tls(self.server, self.server_key, client_ca or self.ca_file, given, crl)

    def client(self, issued: Issued | None, *chain: Issued, **options: Any) -> ssl.SSLContext:
        """Return how a client with a certificate, or without one, secures its connections."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if issued is not None:
            context.load_cert_chain(*issued.write(self.folder, f"client-{id(issued)}", *chain))
        for name, value in options.items():
            setattr(context, name, value)
        return context


class TlsServer(OnLoop):
    """A listener with a user `admin`, who has a certificate."""

    def __init__(self, device: Device, authority: Authority, tls: Tls | None = None, **limits: Any) -> None:
        """Serve `device` on a free port."""
        super().__init__(device, **limits)
        self.authority = authority
        self.admin = issue("admin", authority.ca)
        used = tls or authority.tls()
        self.transport = TlsTransport(self.service, secured(used), used.cert_to_name, {"admin", "ann"}.__contains__)
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self.run(self.transport.listen(listening))
        self._clients: list[TlsClient] = []

    def client(self, issued: Issued | None = None, *chain: Issued, greets: bool = True, **options: Any) -> TlsClient:
        """Return a client of `admin`, or with a certificate that is given."""
        context = self.authority.client(issued or self.admin, *chain, **options)
        return self.connected(context, greets=greets)

    def connected(self, context: ssl.SSLContext, *, greets: bool = True) -> TlsClient:
        """Return a client with its connection secured by a context."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self._clients.append(TlsClient(plain, context, greets=greets))
        return self._clients[-1]

    def close(self) -> None:
        """End everything, as the server does."""
        for client in self._clients:
            client.connection.close()
        self.end(self.transport)
        self.stop()


class TlsClient:
    """One NETCONF session from the client's end, in octets and messages."""

    def __init__(
        self, plain: socket.socket, context: ssl.SSLContext, capabilities: Sequence[str] = (), *, greets: bool = True
    ) -> None:
        """Secure a TCP connection; exchange hellos if it `greets`."""
        self.plain = plain
        try:
            self.connection = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        except BaseException:
            plain.close()
            raise
        self.chunked = False
        self._received = b""
        if greets:
            self.server_hello = self.receive()
            self.write(hello(*capabilities))
            self.chunked = not capabilities or BASE_1_1 in capabilities

    def write(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.connection.sendall(octets)

    def send(self, operation: str, message_id: object = 1) -> None:
        """Send a request."""
        message = rpc(operation, message_id)
        self.write(chunked(message) if self.chunked else message + END)

    def receive(self) -> bytes:
        """Return the next message."""
        end = b"\n##\n" if self.chunked else END
        while end not in self._received:
            piece = self.connection.recv(1 << 16)
            assert piece, self._received
            self._received += piece
        message, _, self._received = self._received.partition(end)
        return re.sub(rb"\n#[0-9]+\n", b"", message) if self.chunked else message

    def rpc(self, operation: str) -> str:
        """Return the reply to a request."""
        self.send(operation)
        return self.receive().decode()

    def is_ended(self) -> bool:
        """Return whether the server ends the session with a close_notify, and says nothing more before."""
        # a connection that ends without one raises SSLEOFError here
        return self._received + self.connection.recv(1 << 16) == b""
