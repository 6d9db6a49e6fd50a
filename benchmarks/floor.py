"""A server that does nothing but answer, over the same asyncssh: what no server on it can be faster than.

python -m benchmarks.floor STATE PORT
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import asyncssh

from nos_mgmt import keys
from nos_mgmt.netconf.messages import BASE_1_0, BASE_1_1, hello
from nos_mgmt.netconf.ssh import CIPHERS, KEX, MACS
from yang.diff import NETCONF

LEAF = '<interface xmlns="http://openconfig.net/yang/interfaces"><name>Ethernet1</name></interface>'
ANSWER = f'<rpc-reply xmlns="{NETCONF}" message-id="%s"><data>{LEAF * 8}</data></rpc-reply>'
"""About as long as the answer to a small get."""


class _Server(asyncssh.SSHServer):
    """Lets one user in."""

    def __init__(self, allowed: frozenset[bytes]) -> None:
        self._allowed = allowed

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - everybody has to
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - there is one
        return key.public_data in self._allowed

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return _Session()


class _Session(asyncssh.SSHServerSession[bytes]):
    """Answers whatever comes."""

    def __init__(self) -> None:
        self._octets = b""
        self._end = b"]]>]]>"

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "netconf"

    def session_started(self) -> None:
        self._channel.write(hello([BASE_1_0, BASE_1_1], 1) + self._end)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:  # noqa: ARG002 - clients have no stderr
        self._octets += data
        while self._end in self._octets:
            message, _, self._octets = self._octets.partition(self._end)
            if self._end == b"\n##\n":
                found = re.search(rb'message-id="(\w+)"', message)
                answer = (ANSWER % (found[1].decode() if found else "")).encode()
                self._channel.write(b"\n#%d\n%b\n##\n" % (len(answer), answer))
            self._end = b"\n##\n"

    def eof_received(self) -> bool:
        self._channel.exit(0)
        return True


async def serve(state: Path, port: int) -> None:
    """Answer at a port of loopback, until this process ends."""
    allowed = keys.client_keys(state, "admin")
    server = await asyncssh.create_server(
        lambda: _Server(allowed),
        "127.0.0.1",
        port,
        server_host_keys=keys.host_keys(state),
        kex_algs=KEX,
        encryption_algs=CIPHERS,
        mac_algs=MACS,
        encoding=None,
        gss_host=None,
        line_editor=False,
    )
    print("connect with:", flush=True)
    await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
