"""Every way into a server: the addresses that it listens at, and the clients that it calls."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from nos_mgmt.netconf.call_home import call
from yang.errors import NosError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nos_mgmt.endpoints import CallHome, Listen
    from nos_mgmt.netconf.service import Service
    from nos_mgmt.netconf.transport import Transport


class CannotListen(NosError):
    """An address at which nobody can listen, or somebody does already."""


@contextmanager
def bound(listeners: Sequence[Listen]) -> Iterator[list[socket.socket]]:
    """Have sockets that listen at these addresses, in their order.

    Raises:
        CannotListen: A port is taken, or there is no such address.
    """
    with ExitStack() as stack:
        yield [stack.enter_context(_bound(listener)) for listener in listeners]


def _bound(listener: Listen) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in listener.address else socket.AF_INET
        listening = socket.create_server((listener.address, listener.port), family=family, backlog=socket.SOMAXCONN)
    except OSError as error:
        raise not_listening(listener.address, listener.port, error) from error
    listener.keepalives.set_on(listening)
    return listening


def not_listening(host: str, port: int, error: OSError) -> CannotListen:
    """Return the error that says why nobody can listen at an address."""
    # the text of socket repeats the address
    why = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror
    return CannotListen(f"cannot listen at {host} port {port}: {why}")


class Ways:
    """The listeners and calls of a service, from their start to their end."""

    def __init__(self, service: Service, transports: Mapping[str, Transport]) -> None:
        """Use `transports`, by their names."""
        self._service = service
        self._transports = transports
        self._calls: list[asyncio.Task[None]] = []

    async def open(
        self, listeners: Sequence[Listen], sockets: Sequence[socket.socket], clients: Sequence[CallHome]
    ) -> None:
        """Let clients in at `sockets`, which are those of `listeners`, and call others."""
        for listener, listening in zip(listeners, sockets, strict=True):
            await self._transports[listener.transport].listen(listening)
        loop = asyncio.get_running_loop()
        self._calls += [loop.create_task(call(client, self._transports)) for client in clients]

    async def close(self) -> None:
        """Let nobody in any more, and end all sessions."""
        for task in self._calls:
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        self._service.close()
        for transport in self._transports.values():
            await transport.close()
