"""Documents on a web server, over TLS with a certificate that is verified; redirects are not followed."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, NamedTuple

from yang.errors import RequestError, TooBig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.client import HTTPResponse

XML = "application/yang-data+xml, application/xml, text/xml"


class Remote(NamedTuple):
    """A web server."""

    host: str
    port: int
    context: ssl.SSLContext
    patience: float
    """Seconds that one request may take, however slowly the server answers."""

    def get(self, target: str, largest: int) -> bytes:
        """Return a document.

        Raises:
            RequestError: The server cannot be reached or trusted, or does not have it.
            TooBig: It has more than `largest` octets.
        """
        with self._answer("GET", target, {"Accept": XML}) as response:
            content = response.read(largest + 1)
            if len(content) <= largest and response.length:
                raise ConnectionError(f"it ended {response.length} octets before its end")
        if len(content) > largest:
            raise TooBig(f"https://{self.host}{target} has more than the {largest} octets that are read")
        return content

    def put(self, target: str, content: bytes) -> None:
        """Have the server keep a document.

        Raises:
            RequestError: The server cannot be reached or trusted, or refuses it.
        """
        with self._answer("PUT", target, {"Content-Type": "application/xml"}, content):
            pass

    def delete(self, target: str) -> None:
        """Have the server forget a document.

        Raises:
            RequestError: The server cannot be reached or trusted, or refuses it.
        """
        with self._answer("DELETE", target, {}):
            pass

    @contextmanager
    def _answer(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Iterator[HTTPResponse]:
        where = f"https://{self.host}{f':{self.port}' if self.port != 443 else ''}{target}"
        connection = _Connection(self.host, self.port, timeout=self.patience, context=self.context)
        is_late = threading.Event()
        end = threading.Timer(self.patience, _cut, (connection, is_late))
        end.daemon = True
        end.start()
        try:
            connection.request(method, target, content, headers)
            with connection.getresponse() as response:
                if not 200 <= response.status < 300 or (method == "GET" and response.status != 200):
                    raise RequestError(f"{where} answers {method} with {response.status} {response.reason}".rstrip())
                yield response
            if is_late.is_set():
                # a connection that is cut looks like the end of what came
                raise TimeoutError
        except ssl.SSLCertVerificationError as error:
            raise RequestError(f"{where} is not trusted: {error.verify_message}") from error
        except (OSError, HTTPException, ValueError) as error:
            if is_late.is_set() or isinstance(error, TimeoutError):
                raise RequestError(f"{where} has not answered within {self.patience:g} s") from error
            raise RequestError(f"{where} cannot be reached: {getattr(error, 'strerror', None) or error}") from error
        finally:
            end.cancel()
            connection.close()


class _Connection(HTTPSConnection):
    """A connection that remembers its socket: http.client lets go of it while an answer is still read."""

    held: socket.socket | None = None

    def connect(self) -> None:
        super().connect()
        self.held = self.sock


def _cut(connection: _Connection, is_late: threading.Event) -> None:
    """End a connection whose time is over, whoever is reading from it."""
    is_late.set()
    for held in (connection.held, connection.sock):
        if held is not None:
            # it may have ended meanwhile
            with suppress(OSError):
                socket.socket.shutdown(held, socket.SHUT_RDWR)
