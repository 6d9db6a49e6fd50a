"""A web server over TLS with a certificate of its own authority, which keeps documents, or misbehaves on demand."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Web:
    """What there is at a server, by path, and what it was asked."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.is_silent = threading.Event()
        self.drips = threading.Event()
        self.ended = threading.Event()
        self.port = 0
        self.ca: Path

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"https://127.0.0.1:{self.port}{path}"


def _drip(handler: BaseHTTPRequestHandler, web: Web) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        if web.ended.wait(0.1):
            break
        handler.wfile.write(b"X")
        handler.wfile.flush()


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _misbehaves(self) -> bool:
            web.asked.append((self.command, self.path))
            if web.is_silent.is_set():
                web.ended.wait(20)
                return True
            if web.drips.is_set():
                _drip(self, web)
                return True
            if self.path in web.redirects:
                self._answer(302, Location=web.redirects[self.path])
                return True
            return False

        def do_GET(self) -> None:
            if not self._misbehaves():
                found = web.documents.get(self.path)
                self._answer(404 if found is None else 200, found or b"")

        def do_PUT(self) -> None:
            if not self._misbehaves():
                web.documents[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(201)

        def do_DELETE(self) -> None:
            if not self._misbehaves():
                self._answer(404 if web.documents.pop(self.path, None) is None else 204)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        pass  # clients that cut the connection are what is tested


@contextmanager
def web_server(folder: Path) -> Iterator[Web]:
    """Have a server at a free port of 127.0.0.1; its authority's certificate is in `folder`."""
    web = Web()
    web.ca = folder / "ca.pem"
    certificate = folder / "server.pem"
    _write_certificates(web.ca, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    server = Server(("127.0.0.1", 0), _handler(web))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _write_certificates(ca: Path, server: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("an authority", "a server")]

    def made(index: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(names[index])
            .issuer_name(names[0])
            .public_key(keys[index].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )

    authority = made(0).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    own = made(1).add_extension(address, critical=False)
    pem = serialization.Encoding.PEM
    ca.write_bytes(authority.sign(keys[0], hashes.SHA256()).public_bytes(pem))
    key = keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    server.write_bytes(key + own.sign(keys[0], hashes.SHA256()).public_bytes(pem))
