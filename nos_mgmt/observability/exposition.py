"""The address at which Prometheus finds the metrics.

It cannot hold the server up: it has threads of its own, few of them, each for a short time, and works the metrics out at most
once a second however often it is asked.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry

logger = logging.getLogger(__name__)

CLIENTS = 8
"""Clients that are answered at once; another one is sent away."""
PATIENCE = 5.0
"""Seconds that a client may take to ask, and to take the answer."""
FRESH = 1.0
"""Seconds for which an answer is given again."""


@contextmanager
def exposed(registry: CollectorRegistry, host: str, port: int) -> Iterator[int]:
    """Answer `GET /metrics` meanwhile, and give the port.

    Raises:
        OSError: Nobody can listen there, or somebody does already.
    """
    server = _Server(registry, host, port)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """Takes a few clients at once."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._registry = registry
        self._places = threading.BoundedSemaphore(CLIENTS)
        self._working = threading.Lock()
        self._found, self._found_at = b"", 0.0
        super().__init__((host, port), _Handler)

    def metrics(self) -> bytes:
        """Return the metrics in Prometheus' text format, no older than a second."""
        with self._working:
            if time.monotonic() - self._found_at > FRESH or not self._found:
                self._found = generate_latest(self._registry)
                self._found_at = time.monotonic()
            return self._found

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Answer in a thread, if there is one left."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            # there was no thread to be had
            self._places.release()
            raise

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Answer; who takes too long is cut off, however many octets come meanwhile."""
        cut = threading.Timer(PATIENCE, self._cut, (request,))
        cut.daemon = True
        cut.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            cut.cancel()
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - as it is overridden
        """Note that somebody did not take the answer."""
        logger.debug("a client of the metrics did not take the answer")

    @staticmethod
    def _cut(request: socket.socket) -> None:
        try:
            request.shutdown(socket.SHUT_RDWR)
        except OSError:
            logger.debug("a client of the metrics has gone")


class _Handler(BaseHTTPRequestHandler):
    """One client, one question."""

    server: _Server
    server_version = "nos-mgmt"
    sys_version = ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        """Answer with the metrics."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            found = self.server.metrics()
        except Exception:
            logger.exception("the metrics could not be told")
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - likewise
        """Say nothing in the log: whoever asks does so every few seconds."""
