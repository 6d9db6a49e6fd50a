"""A server and clients over real SSH, on a loop of their own, for tests that are written one step after the other."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import asyncssh

from nos_mgmt.netconf.messages import BASE_1_0, BASE_1_1
from nos_mgmt.netconf.ssh import Limits, Listener
from nos_mgmt.sessions import Sessions
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from nos_mgmt.device import Device

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds after which a test says that something hangs."""
END = b"]]>]]>"


def hello(*capabilities: str) -> bytes:
    """Return a client's hello."""
    listed = "".join(f"<capability>{capability}</capability>" for capability in capabilities or (BASE_1_0, BASE_1_1))
    return f'<hello xmlns="{NETCONF}"><capabilities>{listed}</capabilities></hello>'.encode() + END


def rpc(operation: str, message_id: object = 1) -> bytes:
    """Return a request."""
    return f'<rpc xmlns="{NETCONF}" xmlns:nc="{NETCONF}" message-id="{message_id}">{operation}</rpc>'.encode()


def chunked(message: bytes) -> bytes:
    """Return a message in one chunk."""
    return b"\n#%d\n%b\n##\n" % (len(message), message)


class SshServer:
    """A listener with a user `admin`."""

    def __init__(self, device: Device, **limits: Any) -> None:
        """Serve `device` on a free port."""
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ssh")
        self._thread.start()
        self._executor = ThreadPoolExecutor(16, "request")
        self.sessions = Sessions()
        keys = {"admin": frozenset({self.user_key.public_data})}
        self.listener = Listener(device, self.sessions, keys, self._executor, Limits(**limits))
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self.run(self.listener.start(listening, [self.host_key]))
        self._connections: list[asyncssh.SSHClientConnection] = []

    def run(self, coroutine: Coroutine[Any, Any, T], patience: float = PATIENCE) -> T:
        """Return what a coroutine on the loop returns."""

        async def limited() -> T:
            async with asyncio.timeout(patience):
                return await coroutine

        return asyncio.run_coroutine_threadsafe(limited(), self._loop).result()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function on the loop, to which connections belong."""

        async def called() -> None:
            function(*arguments)

        self.run(called())

    def connect(self, username: str = "admin", **options: Any) -> asyncssh.SSHClientConnection:
        """Return an SSH connection."""
        known = asyncssh.import_known_hosts(f"[127.0.0.1]:{self.port} {self.host_key.export_public_key().decode()}")
        given = {"client_keys": [self.user_key], "known_hosts": known, "config": None, "agent_path": None} | options
        connection = self.run(asyncssh.connect("127.0.0.1", self.port, username=username, **given))
        self._connections.append(connection)
        return connection

    def client(self, *capabilities: str, greets: bool = True) -> SshClient:
        """Return a client with a connection of its own."""
        return SshClient(self, self.connect(), *capabilities, greets=greets)

    def close(self) -> None:
        """End everything, as the server does."""

        async def end() -> None:
            await self.listener.close()
            for connection in self._connections:
                connection.abort()
                await connection.wait_closed()

        self.run(end())
        self._executor.shutdown()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class SshClient:
    """One NETCONF session from the client's end, in octets and messages."""

    def __init__(
        self,
        server: SshServer,
        connection: asyncssh.SSHClientConnection,
        *capabilities: str,
        greets: bool = True,
    ) -> None:
        """Open the subsystem on `connection`; exchange hellos if it `greets`."""
        self._server = server
        self.connection = connection
        self._process = server.run(connection.create_process(subsystem="netconf", encoding=None))
        self.chunked = False
        if greets:
            self.server_hello = self.receive()
            self.write(hello(*capabilities))
            self.chunked = not capabilities or BASE_1_1 in capabilities

    def write(self, octets: bytes) -> None:
        """Send octets as they are; those that the server does not take yet are kept."""
        self._server.call(self._process.stdin.write, octets)

    def write_eof(self) -> None:
        """Send nothing more."""
        self._server.call(self._process.stdin.write_eof)

    def send(self, operation: str, message_id: object = 1) -> None:
        """Send a request."""
        message = rpc(operation, message_id)
        self.write(chunked(message) if self.chunked else message + END)

    def receive(self) -> bytes:
        """Return the next message."""
        return self._server.run(self._receive())

    def rpc(self, operation: str) -> str:
        """Return the reply to a request."""
        self.send(operation)
        return self.receive().decode()

    def rest(self) -> bytes:
        """Return what comes until the server closes the session."""
        return self._server.run(self._process.stdout.read())

    def is_ended(self) -> bool:
        """Return whether the server closes the session, and says nothing more before."""
        return self.rest() == b""

    def vanish(self) -> None:
        """Be gone, from one octet to the next."""
        self._server.call(self.connection.abort)

    def close_channel(self) -> None:
        """Close the session's channel and keep the connection."""
        self._server.call(self._process.channel.abort)

    async def _receive(self) -> bytes:
        stdout = self._process.stdout
        if not self.chunked:
            return (await stdout.readuntil(END))[: -len(END)]
        message = b""
        while True:
            assert await stdout.readexactly(2) == b"\n#"
            size = (await stdout.readuntil(b"\n"))[:-1]
            if size == b"#":
                return message
            message += await stdout.readexactly(int(size))
