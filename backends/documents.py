"""JSON documents over a socket, one a line: how the server speaks with processes of its own."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Documents:
    """One end of a connection; each end may be used by one thread at a time."""

    def __init__(self, stream: socket.socket) -> None:
        """Speak through `stream`, within whatever timeout it has."""
        self._socket = stream
        self._reader = stream.makefile("rb")

    def set_timeout(self, seconds: float | None) -> None:
        """Wait that long for the other end, None being for ever."""
        self._socket.settimeout(seconds)

    def say(self, document: Any) -> None:
        """Send a document; an OSError means that it may not have arrived."""
        self._socket.sendall(json.dumps(document).encode() + b"\n")

    def ask(self, document: Any) -> Any:
        """Return the answer to a document; an OSError or ValueError means that there is none."""
        self.say(document)
        line = self._reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError("it has gone")
        return json.loads(line)

    def __iter__(self) -> Iterator[Any]:
        """Yield what comes, however long that takes, until the end."""
        with suppress(OSError, ValueError):
            self.set_timeout(None)
            for line in self._reader:
                yield json.loads(line)

    def wait_for_end(self) -> None:
        """Wait until the other end has closed."""
        with suppress(OSError):
            self._reader.read()

    def end(self) -> None:
        """Have whoever reads at either end find the end, from whatever thread."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it, which also ends whoever reads from it."""
        self.end()
        self._reader.close()
        self._socket.close()
