"""A NETCONF client that costs little, so that a process can have hundreds: octets over asyncssh."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import asyncssh

from tests.nos_mgmt.over_ssh import END, chunked, hello, rpc
from tests.openconfig import INTERFACES, interface, interfaces

if TYPE_CHECKING:
    from types import TracebackType

    from tests.conftest import Server

PATIENCE = 120.0
"""Seconds after which something hangs."""


class Client:
    """One session on a connection of its own, with chunked framing after the hellos."""

    def __init__(self, connection: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess[bytes]) -> None:
        """Speak through `process`."""
        self.connection = connection
        self._process = process
        self._sent = 0

    @classmethod
    async def connect(cls, server: Server, *capabilities: str, greets: bool = True) -> Self:
        """Open a session."""
        async with asyncio.timeout(PATIENCE):
            connection = await asyncssh.connect(
                "127.0.0.1",
                server.port,
                username="admin",
                client_keys=[str(server.key)],
                known_hosts=None,
                config=None,
                agent_path=None,
            )
            process = await connection.create_process(subsystem="netconf", encoding=None)
            self = cls(connection, process)
            if greets:
                await self.until(END)
                self.write(hello(*capabilities))
            return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.cut()

    def write(self, octets: bytes) -> None:
        """Send octets as they are."""
        self._process.stdin.write(octets)

    async def until(self, end: bytes) -> bytes:
        """Return what comes up to `end`, with it."""
        async with asyncio.timeout(PATIENCE):
            return await self._process.stdout.readuntil(end)

    def end_input(self) -> None:
        """Send nothing more."""
        self._process.stdin.write_eof()

    async def rest(self) -> bytes:
        """Return what comes until the server ends the session."""
        async with asyncio.timeout(PATIENCE):
            return await self._process.stdout.read()

    async def rpc(self, operation: str) -> bytes:
        """Return the reply to a request."""
        self._sent += 1
        self.write(chunked(rpc(operation, self._sent)))
        reply = await self.until(b"\n##\n")
        assert b'message-id="%d"' % self._sent in reply, reply
        return reply

    async def ok(self, operation: str) -> None:
        """Have a request succeed."""
        reply = await self.rpc(operation)
        assert b"<ok/>" in reply, reply

    async def close(self) -> None:
        """End the session in good order."""
        await self.ok("<close-session/>")
        async with asyncio.timeout(PATIENCE):
            await self._process.wait_closed()
        await self.cut()

    async def cut(self) -> None:
        """Be gone, from one octet to the next."""
        self.connection.abort()
        with suppress(asyncssh.Error, OSError):
            await self.connection.wait_closed()


class Usage(NamedTuple):
    """What a server's process has."""

    resident: float
    """MiB of memory."""
    descriptors: int
    threads: int


def usage(server: Server) -> Usage:
    """Return what a server's process has now."""
    process = Path(f"/proc/{server.process.pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return Usage(
        int(status["VmRSS"].split()[0]) / 1024, len(list((process / "fd").iterdir())), int(status["Threads"].split()[0])
    )


class Waits:
    """How long answers took."""

    def __init__(self) -> None:
        """Begin with none."""
        self.taken: list[float] = []

    async def of(self, client: Client, operation: str) -> bytes:
        """Return a reply, and note how long it took."""
        started = time.perf_counter()
        reply = await client.rpc(operation)
        self.taken.append(time.perf_counter() - started)
        return reply

    def __str__(self) -> str:
        if not self.taken:
            return "none"
        ordered = sorted(self.taken)
        shares = {"p50": 0.5, "p99": 0.99}
        shown = [f"{name} {ordered[int(len(ordered) * share)] * 1000:.1f} ms" for name, share in shares.items()]
        return f"{len(ordered)}, {', '.join(shown)}, longest {ordered[-1] * 1000:.0f} ms"


def description(name: str, text: str) -> str:
    """Return an edit-config of an interface's description."""
    config = interfaces(interface(name, description=text))
    return f"<edit-config><target><candidate/></target><config>{config}</config></edit-config>"


def small_get(name: str, source: str = "running") -> str:
    """Return a get-config of one interface."""
    wanted = f'<interfaces xmlns="{INTERFACES}"><interface><name>{name}</name></interface></interfaces>'
    return f"<get-config><source><{source}/></source><filter>{wanted}</filter></get-config>"
