"""A server process that is told nonsense over SSH, and what has to be true of it afterwards."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from nos_mgmt.netconf.messages import HISTORY
from tests.conftest import Server, servers
from tests.nos_mgmt.openssh import OpenSsh, command
from tests.nos_mgmt.over_ssh import END, PATIENCE, hello
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MESSAGE_SIZE = 16 << 20
HELLO_TIME = 2.0
CONFIG = interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=2000))
RUNNING = "<get-config><source><running/></source></get-config>"
CANDIDATE = RUNNING.replace("running", "candidate")
COMMITS = f'<get><filter><history xmlns="{HISTORY}"/></filter></get>'


class Raw(OpenSsh):
    """A session that says what it is given, and nothing else."""

    def __init__(self, server: Server, greeting: bytes = b"") -> None:
        """Wait for the server's hello, and say `greeting`."""
        self.process = subprocess.Popen(command(server), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._received = b""
        self.server_hello = self.until(END)
        self.write(greeting)

    def say(self, octets: bytes) -> None:
        """Send octets, all of them, of which the server need not take any."""
        with suppress(BrokenPipeError):
            for start in range(0, len(octets), 1 << 16):
                piece = octets[start : start + (1 << 16)]
                while piece:
                    assert self.process.stdin is not None
                    piece = piece[self.process.stdin.write(piece) :]

    def end_input(self) -> None:
        """Send nothing more."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def rest(self) -> bytes:
        """Return what the server says until it ends the session."""
        found = self._received
        while piece := self._read():
            found += piece
        self._received = b""
        self.process.wait(PATIENCE)
        return found

    @classmethod
    def locking(cls, server: Server) -> Self:
        """Return a session that has said hello and has both locks, which it is to lose."""
        session = cls(server, hello())
        for name in ("candidate", "running"):
            assert "<ok/>" in session.rpc(f"<lock><target><{name}/></target></lock>")
        return session


class Victim:
    """A server with one commit."""

    def __init__(self, start: Callable[..., Server], folder: Path) -> None:
        """Start it."""
        settings = folder / "settings.toml"
        settings.write_text(f"message_size = {MESSAGE_SIZE}\nhello_time = {HELLO_TIME}\n")
        self._start = start
        self._options = ("--backends", "hardware", "--config", str(settings))
        self.server = start(*self._options)
        with OpenSsh(command(self.server)) as session:
            session.edit(CONFIG)
            self.running, self.commits = session.rpc(RUNNING), session.rpc(COMMITS)

    def is_well(self) -> None:
        """Assert that somebody else is served, finds everything as it was, and can have both locks."""
        assert "Traceback" not in self.server.log.read_text()
        with OpenSsh(command(self.server)) as session:
            for name in ("running", "candidate"):
                self._lock(session, name)
            assert session.rpc(RUNNING) == self.running
            assert session.rpc(CANDIDATE) == self.running
            assert session.rpc(COMMITS) == self.commits

    def restart(self) -> None:
        """Stop it, in good order, and start it again."""
        assert self.server.stop() == 0
        assert "Traceback" not in self.server.log.read_text()
        self.server = self._start(*self._options, state=self.server.state)

    def _lock(self, session: OpenSsh, name: str) -> None:
        deadline = time.monotonic() + PATIENCE
        # whoever was cut off has perhaps just now gone
        while "<ok/>" not in (answer := session.rpc(f"<lock><target><{name}/></target></lock>")):
            assert time.monotonic() < deadline, answer
            time.sleep(0.05)


@contextmanager
def victim(folder: Path) -> Iterator[Victim]:
    """Give a server with one commit, which is to be well in the end and after another start."""
    with servers(folder) as start:
        made = Victim(start, folder)
        yield made
        made.restart()
        made.is_well()


class Neighbour(threading.Thread):
    """Somebody else who reads all the time."""

    def __init__(self, server: Server) -> None:
        """Begin."""
        super().__init__(name="neighbour")
        self.waits: list[float] = []
        self.is_over = False
        self._session = OpenSsh(command(server))
        self.start()

    def run(self) -> None:
        """Ask, and note how long each answer takes."""
        while not self.is_over:
            started = time.monotonic()
            assert "Ethernet1" in self._session.rpc(RUNNING)
            self.waits.append(time.monotonic() - started)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        self.join(PATIENCE)
        self._session.__exit__(None, None, None)
        assert not self.is_alive()


def dechunked(octets: bytes) -> bytes:
    """Return the message in chunks of which the end has been taken off."""
    message = b""
    while octets:
        header, _, octets = octets[2:].partition(b"\n")
        message, octets = message + octets[: int(header)], octets[int(header) :]
    return message
