"""What a secure transport of NETCONF does: let clients in that come to a socket, or that were called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket


class Transport(ABC):
    """Lets clients into a service. Everything is called on the event loop."""

    @abstractmethod
    async def listen(self, listening: socket.socket) -> None:
        """Take connections from a socket, until `close`; there may be several."""

    @abstractmethod
    async def serve(self, connection: socket.socket, idle_time: float | None = None) -> bool:
        """Serve the client at the other end of a TCP connection until it ends; return whether it had logged in.

        A session is ended once it is idle for `idle_time` seconds, if that is given. Who is the client and who the server is
        as it is with connections that were listened for (RFC 8071 section 2).
        """

    @abstractmethod
    async def close(self) -> None:
        """Stop listening, and close all connections; the sessions have been ended before."""
