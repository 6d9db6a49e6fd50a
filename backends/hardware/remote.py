"""A driver whose chip is simulated in a process of its own, so that the chip's tables outlive the server, as a real chip's do.

One JSON document per line over a Unix socket: a request is `[method, argument]`, its answer `[true, result]` or
`[false, message]`. After `watch`, the connection carries the names of ports that came or went, a list a line.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from backends.codec import kinds_of, plain, plain_operation, restored, restored_operation, tupled
from backends.hardware.driver import Answer, Capabilities, Counters, Driver, DriverLost, PortStatus, Status
from backends.hardware.objects import OBJECTS, Object
from backends.hardware.simulated import Fault, SimulatedAsic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key

KINDS = kinds_of(OBJECTS)
ANSWER_TIME = 30.0
START_TIME = 10.0


class RemoteDriver(Driver):
    """Drives the simulated chip behind a Unix socket."""

    def __init__(self, path: Path) -> None:
        """Connect to the chip's process at `path`.

        Raises:
            DriverLost: Nobody answers there.
        """
        self._path = path
        self._lock = threading.Lock()
        self._connection = _connect(path)
        self._reader = self._connection.makefile("rb")
        self._watching: socket.socket | None = None

    def capabilities(self) -> Capabilities:
        """Return what the chip can do."""
        kinds, capacity, next_hops = self._call("capabilities")
        return Capabilities(frozenset(kinds), capacity, next_hops)

    def availability(self) -> Mapping[str, int]:
        """Return the free entries of each table."""
        return cast("dict[str, int]", self._call("availability"))

    def bulk(self, operations: Sequence[Operation]) -> list[Answer]:
        """Execute up to the first error."""
        answers = self._call("bulk", [plain_operation(operation) for operation in operations])
        return [Answer(Status(status), detail, attribute) for status, detail, attribute in answers]

    def get(self, keys: Collection[Key]) -> Mapping[Key, Object]:
        """Return the objects with `keys`."""
        found = [restored(values, KINDS) for values in self._call("get", list(keys))]
        return {wanted.key: wanted for wanted in found if isinstance(wanted, Object)}

    def status(self, ports: Collection[str] | None) -> Mapping[str, PortStatus]:
        """Return the status of ports."""
        found = self._call("status", list(ports) if ports is not None else None)
        return {name: PortStatus(is_up, Counters(*counters)) for name, (is_up, counters) in found.items()}

    def objects(self) -> Iterable[Object]:
        """Return every object but the ports."""
        return [cast("Object", restored(values, KINDS)) for values in self._call("objects")]

    def watch(self, changed: Callable[[Collection[str]], None]) -> None:
        """Report ports that come and go."""
        self._watching = _connect(self._path)
        self._watching.settimeout(None)
        _send(self._watching, ["watch", None])
        reader = self._watching.makefile("rb")

        def follow() -> None:
            with suppress(OSError, ValueError):
                for line in reader:
                    changed(json.loads(line))

        threading.Thread(target=follow, name="asic events", daemon=True).start()

    def inject(self, fault: Fault | None) -> None:
        """Order a failure; None takes all orders back."""
        self._call("inject", list(fault) if fault is not None else None)

    def plug(self, name: str) -> None:
        """Put a port in."""
        self._call("plug", name)

    def pull(self, name: str) -> None:
        """Take a port out."""
        self._call("pull", name)

    def stop(self) -> None:
        """Switch the chip off: its process ends, and its tables are gone."""
        self._call("stop")

    def close(self) -> None:
        """Close the connections; the chip goes on."""
        for connection in (self._connection, self._watching):
            if connection is not None:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    def _call(self, method: str, argument: Any = None) -> Any:
        with self._lock:
            try:
                _send(self._connection, [method, argument])
                line = self._reader.readline()
            except OSError as error:
                raise DriverLost(f"the chip behind {self._path} does not answer: {error}") from error
        if not line.endswith(b"\n"):
            raise DriverLost(f"the chip behind {self._path} has gone")
        is_ok, result = json.loads(line)
        if not is_ok:
            raise DriverLost(f"the chip behind {self._path} cannot do {method}: {result}")
        return result


def from_settings(settings: Mapping[str, Any]) -> RemoteDriver:
    """Return the driver of the chip behind the setting `socket`."""
    return RemoteDriver(Path(settings["socket"]))


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_TIME)
    try:
        connection.connect(str(path))
    except OSError as error:
        connection.close()
        raise DriverLost(f"no chip behind {path}: {error}") from error
    return connection


def _send(connection: socket.socket, document: Any) -> None:
    connection.sendall(json.dumps(document).encode() + b"\n")


class _Handler(socketserver.StreamRequestHandler):
    """Serves one connection."""

    server: _Server

    def handle(self) -> None:
        chip = self.server.chip
        for line in self.rfile:
            method, argument = json.loads(line)
            if method == "watch":
                chip.watch(self.report)
                continue
            if method == "stop":
                threading.Thread(target=self.server.shutdown).start()
                self.wfile.write(b"[true, null]\n")
                continue
            try:
                answer = [True, _carried_out(chip, method, argument)]
            except (KeyError, TypeError, ValueError) as error:
                answer = [False, f"{type(error).__name__}: {error}"]
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    def report(self, names: Collection[str]) -> None:
        with suppress(OSError, ValueError):
            self.wfile.write(json.dumps(list(names)).encode() + b"\n")


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path, chip: SimulatedAsic) -> None:
        self.chip = chip
        super().__init__(str(path), _Handler)


def _carried_out(chip: SimulatedAsic, method: str, argument: Any) -> Any:
    """Return the plain result of one request."""
    match method:
        case "capabilities":
            kinds, capacity, next_hops = chip.capabilities()
            return [sorted(kinds), capacity, next_hops]
        case "availability":
            return chip.availability()
        case "bulk":
            return chip.bulk([restored_operation(values, KINDS) for values in argument])
        case "get":
            return [plain(found) for found in chip.get([tupled(key) for key in argument]).values()]
        case "status":
            return chip.status(argument)
        case "objects":
            return [plain(found) for found in chip.objects()]
        case "inject" if argument is None:
            return chip.inject(None)
        case "inject":
            status, after, key, detail = argument
            return chip.inject(Fault(Status(status), after, tupled(key), detail))
        case "plug":
            return chip.plug(argument)
        case "pull":
            return chip.pull(argument)
    raise ValueError(f"no method {method}")


def start(path: Path, ports: int) -> None:
    """Start a chip's process with `ports` Ethernet ports behind `path`, and wait until it answers.

    It is in a session of its own, and goes on when its parent ends.

    Raises:
        DriverLost: It does not answer in time.
    """
    command = [sys.executable, "-m", "backends.hardware.remote", "--socket", str(path), "--ports", str(ports)]
    process = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + START_TIME
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(DriverLost):
            _connect(path).close()
            return
        time.sleep(0.01)
    raise DriverLost(f"the chip's process behind {path} did not start")


def main() -> None:
    """Be a simulated chip until SIGTERM."""
    parser = argparse.ArgumentParser(description="Simulate a switch chip behind a Unix socket.")
    parser.add_argument("--socket", type=Path, required=True, help="where to listen")
    parser.add_argument("--ports", type=int, default=8, help="how many Ethernet ports the chip has")
    arguments = parser.parse_args()
    arguments.socket.unlink(missing_ok=True)
    os.umask(0o077)
    chip = SimulatedAsic(f"Ethernet{number}" for number in range(1, arguments.ports + 1))
    with _Server(arguments.socket, chip) as server:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever(poll_interval=0.2)
    arguments.socket.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
