"""A server and clients over real SSH, on a loop of their own, for tests that are written one step after the other."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import asyncssh

from nos_mgmt.netconf.messages import BASE_1_0, BASE_1_1
from nos_mgmt.netconf.ssh import SshTransport
from nos_mgmt.users import Users
from tests.nos_mgmt.on_loop import PATIENCE, OnLoop
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Callable

    from nos_mgmt.device import Device
    from nos_mgmt.throttle import Throttle

__all__ = ["END", "PATIENCE", "SshClient", "SshServer", "chunked", "hello", "rpc"]

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


class SshServer(OnLoop):
    """A listener with a user `admin`."""

    def __init__(
        self,
        device: Device,
        *,
        pam: Callable[[str, str], bool] | None = None,
        throttle: Throttle | None = None,
        **limits: Any,
    ) -> None:
        """Serve `device` on a free port."""
        super().__init__(device, **limits)
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        users = Users(
            lambda: device.datastores.running,
            "admin",
            frozenset({self.user_key.public_data}),
            pam,
            device.access_control.report_groups,
            throttle,
            device.events.publish,
        )
        self.transport = SshTransport(self.service, users, [self.host_key])
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self.run(self.transport.listen(listening))
        self._connections: list[asyncssh.SSHClientConnection] = []

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
        self.end(self.transport)
        for connection in self._connections:
            self.call(connection.abort)
            self.run(connection.wait_closed())
        self.stop()


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
