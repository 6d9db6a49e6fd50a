"""A NETCONF session through OpenSSH's client, octets by hand."""

from __future__ import annotations

import os
import select
import subprocess
import time
from typing import TYPE_CHECKING, Self

from tests.conftest import needs
from tests.nos_mgmt.over_ssh import END, PATIENCE, chunked, hello, rpc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from tests.conftest import Server

NO_QUESTIONS = (
    "-o",
    "BatchMode=yes",
    "-o",
    "GlobalKnownHostsFile=/dev/null",
    "-o",
    "LogLevel=ERROR",
    "-F",
    "/dev/null",
)


class OpenSsh:
    """A session that speaks base:1.1 after the hellos."""

    def __init__(self, command: Sequence[str]) -> None:
        """Run `command`, of ssh."""
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._received = b""
        self.server_hello = self.until(END)
        self.write(hello())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def write(self, octets: bytes) -> None:
        """Send octets."""
        assert self.process.stdin is not None
        self.process.stdin.write(octets)

    def until(self, end: bytes) -> bytes:
        """Return what comes up to `end`, without it."""
        while end not in self._received:
            piece = self._read()
            assert piece, self._received
            self._received += piece
        message, _, self._received = self._received.partition(end)
        return message

    def rpc(self, operation: str) -> str:
        """Return the reply to a request, with the headers of its chunks."""
        self.write(chunked(rpc(operation)))
        return self.until(b"\n##\n").decode()

    def edit(self, config: str) -> None:
        """Edit the candidate and commit."""
        target = "<target><candidate/></target>"
        assert "<ok/>" in self.rpc(f"<edit-config>{target}<config>{config}</config></edit-config>")
        assert "<ok/>" in self.rpc("<commit/>")

    def is_ended(self) -> bool:
        """Return whether the server ends the session."""
        return self._read() == b""

    def _read(self) -> bytes:
        assert self.process.stdout is not None
        deadline = time.monotonic() + PATIENCE
        ready, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
        assert ready, "nothing comes"
        return os.read(self.process.stdout.fileno(), 1 << 16)


def command(server: Server, known_hosts: Path | None = None) -> list[str]:
    """Return the command that connects to a server, of which the key is known or taken as it comes."""
    checking = ("no", "/dev/null") if known_hosts is None else ("yes", str(known_hosts))
    options = ["-o", f"StrictHostKeyChecking={checking[0]}", "-o", f"UserKnownHostsFile={checking[1]}"]
    address = ["-s", "-p", str(server.port), "-i", str(server.key), "admin@127.0.0.1", "netconf"]
    return [needs("ssh"), *NO_QUESTIONS, *options, *address]
