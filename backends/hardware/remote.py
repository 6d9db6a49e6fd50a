"""A driver whose chip is simulated in a process of its own, so that the chip's tables outlive the server, as a real chip's do.

One JSON document per line over a Unix socket: a request is `[method, argument]`, its answer `[true, result]` or
`[false, message]`. After the answer to `watch`, the connection carries the names of ports that came or went, a list a line;
after that to `follow`, those of ports of which anything but a counter has changed.
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
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from backends.codec import kinds_of, plain, plain_operation, restored, restored_operation, tupled
from backends.documents import Documents
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
AT_ONCE = 250
"""Objects that are read with one request."""
PATIENCE = 0.5
"""Seconds between attempts to find the chip that comes after one that has gone."""


class RemoteDriver(Driver):
    """Drives the simulated chip behind a Unix socket; when the chip's process has ended, each call looks for a new one."""

    tells_status = True

    def __init__(self, path: Path) -> None:
        """Connect to the chip's process at `path`.

        Raises:
            DriverLost: Nobody answers there.
        """
        self._path = path
        self._closing = threading.Event()
        self._line = _Line(path, self._closing)
        # what takes long to read does not keep commits waiting
        self._reading = _Line(path, self._closing)
        self._line.connect()
        self._tellings: list[_Telling] = []

    def capabilities(self) -> Capabilities:
        """Return what the chip can do."""
        kinds, capacity, next_hops = self._line.ask("capabilities")
        return Capabilities(frozenset(kinds), capacity, next_hops)

    def availability(self) -> Mapping[str, int]:
        """Return the free entries of each table."""
        return cast("dict[str, int]", self._line.ask("availability"))

    def bulk(self, operations: Sequence[Operation]) -> list[Answer]:
        """Execute up to the first error."""
        answers = self._line.ask("bulk", [plain_operation(operation) for operation in operations])
        return [Answer(Status(status), detail, attribute) for status, detail, attribute in answers]

    def get(self, keys: Collection[Key]) -> Mapping[Key, Object]:
        """Return the objects with `keys`."""
        wanted = list(keys)
        line = self._line if len(wanted) <= AT_ONCE else self._reading
        found: dict[Key, Object] = {}
        for start in range(0, max(len(wanted), 1), AT_ONCE):
            for values in line.ask("get", wanted[start : start + AT_ONCE]):
                there = restored(values, KINDS)
                if isinstance(there, Object):
                    found[there.key] = there
        return found

    def status(self, ports: Collection[str] | None) -> Mapping[str, PortStatus]:
        """Return the status of ports."""
        found = self._line.ask("status", list(ports) if ports is not None else None)
        return {name: PortStatus(is_up, Counters(*counters)) for name, (is_up, counters) in found.items()}

    def objects(self) -> Iterable[Object]:
        """Return every object but the ports."""
        return [cast("Object", restored(values, KINDS)) for values in self._reading.ask("objects")]

    def keys(self) -> Collection[Key]:
        """Return the key of every object but the ports."""
        return [tupled(key) for key in self._reading.ask("keys")]

    def watch(self, changed: Callable[[Collection[str]], None]) -> None:
        """Report ports that come and go, and all of them when the chip's process has been replaced."""
        self._tell("watch", changed, lambda: changed(list(self.status(None))))

    def follow(self, changed: Callable[[Collection[str] | None], None]) -> None:
        """Report ports that change, and that any may have when the chip's process has been replaced."""
        self._tell("follow", changed, lambda: changed(None))

    def inject(self, fault: Fault | None) -> None:
        """Order a failure; None takes all orders back."""
        self._line.ask("inject", list(fault) if fault is not None else None)

    def plug(self, name: str) -> None:
        """Put a port in."""
        self._line.ask("plug", name)

    def pull(self, name: str) -> None:
        """Take a port out."""
        self._line.ask("pull", name)

    def stop(self) -> None:
        """Switch the chip off and wait until its process has ended; its tables are gone."""
        self._line.ask("stop")
        self._line.wait_for_end()
        self._reading.close()

    def close(self) -> None:
        """Close the connections; the chip goes on."""
        self._closing.set()
        for telling in self._tellings:
            telling.close()
        self._line.close()
        self._reading.close()

    def _tell(self, method: str, changed: Callable[[Collection[str]], None], replaced: Callable[[], None]) -> None:
        self._tellings.append(_Telling(self._path, self._closing, method, changed, replaced))


def from_settings(settings: Mapping[str, Any]) -> RemoteDriver:
    """Return the driver of the chip behind the setting `socket`."""
    return RemoteDriver(Path(settings["socket"]))


class _Telling:
    """What the chip tells by itself, over a connection that is made anew when it was lost."""

    def __init__(
        self,
        path: Path,
        closing: threading.Event,
        method: str,
        changed: Callable[[Collection[str]], None],
        replaced: Callable[[], None],
    ) -> None:
        """Call `changed` with the names that come after `method`, and `replaced` when another chip has taken over."""
        self._path = path
        self._closing = closing
        self._method = method
        self._connection: Documents | None = self._subscribed()
        self._thread = threading.Thread(target=self._listen, args=(changed, replaced), name="asic events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more; `closing` is set."""
        connection = self._connection
        if connection is not None:
            connection.close()
        self._thread.join()

    def _subscribed(self) -> Documents:
        """Return a connection that carries events from now on."""
        connection = _connected(self._path)
        try:
            connection.ask([self._method, None])
        except (OSError, ValueError) as error:
            connection.close()
            raise DriverLost(f"the chip behind {self._path} does not answer: {error}") from error
        return connection

    def _listen(self, changed: Callable[[Collection[str]], None], replaced: Callable[[], None]) -> None:
        while self._connection is not None and not self._closing.is_set():
            for names in self._connection:
                changed(names)
            self._connection.close()
            self._connection = None
            while self._connection is None and not self._closing.wait(PATIENCE):
                with suppress(DriverLost):
                    self._connection = self._subscribed()
                    replaced()
        if self._connection is not None:
            self._connection.close()


class _Line:
    """One request after the other, over a connection that is made anew when it was lost."""

    def __init__(self, path: Path, closing: threading.Event) -> None:
        self._path = path
        self._closing = closing
        self._lock = threading.Lock()
        self._connection: Documents | None = None

    def connect(self) -> None:
        with self._lock:
            self._connection = _connected(self._path)

    def ask(self, method: str, argument: Any = None) -> Any:
        with self._lock:
            if self._closing.is_set():
                raise DriverLost(f"the connection to the chip behind {self._path} is closed")
            if self._connection is None:
                self._connection = _connected(self._path)
            try:
                is_ok, result = self._connection.ask([method, argument])
            except (OSError, ValueError) as error:
                # what is answered too late must not be taken for the answer to the next request
                self._drop()
                raise DriverLost(f"the chip behind {self._path} does not answer: {error}") from error
        if not is_ok:
            raise DriverLost(f"the chip behind {self._path} cannot do {method}: {result}")
        return result

    def wait_for_end(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.wait_for_end()
                self._drop()

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connected(path: Path) -> Documents:
    """Return a connection to the chip's process.

    Raises:
        DriverLost: Nobody answers there.
    """
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(ANSWER_TIME)
    try:
        stream.connect(str(path))
    except OSError as error:
        stream.close()
        raise DriverLost(f"no chip behind {path}: {error}") from error
    return Documents(stream)


class _Handler(socketserver.StreamRequestHandler):
    """Serves one connection."""

    server: _Server

    def handle(self) -> None:
        # a client that is killed in the middle is none of the chip's business
        with suppress(ConnectionError):
            for line in self.rfile:
                try:
                    method, argument = json.loads(line)
                    if method in ("watch", "follow"):
                        self.watch(method)
                        continue
                    answer = [True, None if method == "stop" else _carried_out(self.server.chip, method, argument)]
                except (KeyError, TypeError, ValueError) as error:
                    answer = [False, f"{type(error).__name__}: {error}"]
                self.say(answer)
                if answer[0] and method == "stop":
                    threading.Thread(target=self.server.shutdown).start()

    def watch(self, method: str) -> None:
        # no event comes before the answer, and none is lost after it
        with self.server.telling:
            self.say([True, None])
            self.server.told[method].add(self)

    def say(self, document: Any) -> None:
        self.wfile.write(json.dumps(document).encode() + b"\n")

    def finish(self) -> None:
        with self.server.telling:
            for told in self.server.told.values():
                told.discard(self)
        super().finish()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path, chip: SimulatedAsic) -> None:
        self.chip = chip
        self.telling = threading.Lock()
        self.told: dict[str, set[_Handler]] = {"watch": set(), "follow": set()}
        chip.watch(partial(self.tell, "watch"))
        chip.follow(partial(self.tell, "follow"))
        super().__init__(str(path), _Handler)

    def tell(self, method: str, names: Collection[str] | None) -> None:
        with self.telling:
            for handler in self.told[method]:
                with suppress(OSError, ValueError):
                    handler.say(list(names or ()))


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
        case "keys":
            return list(chip.keys())
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
    """Start a chip's process with `ports` Ethernet ports behind `path`; when this returns, it answers.

    It is a daemon, and goes on when its parent ends.

    Raises:
        DriverLost: It does not start.
    """
    command = [
        sys.executable,
        "-m",
        "backends.hardware.remote",
        "--socket",
        str(path),
        "--ports",
        str(ports),
        "--daemon",
    ]
    try:
        subprocess.run(command, check=True, timeout=START_TIME, start_new_session=True, stdin=subprocess.DEVNULL)
    except subprocess.SubprocessError as error:
        raise DriverLost(f"the chip's process behind {path} did not start: {error}") from error


def main() -> None:
    """Be a simulated chip until SIGTERM."""
    parser = argparse.ArgumentParser(description="Simulate a switch chip behind a Unix socket.")
    parser.add_argument("--socket", type=Path, required=True, help="where to listen")
    parser.add_argument("--ports", type=int, default=8, help="how many Ethernet ports the chip has")
    parser.add_argument("--daemon", action="store_true", help="end when somebody listens, and leave a process behind")
    arguments = parser.parse_args()
    arguments.socket.unlink(missing_ok=True)
    os.umask(0o077)
    chip = SimulatedAsic(f"Ethernet{number}" for number in range(1, arguments.ports + 1))
    with _Server(arguments.socket, chip) as server:
        if arguments.daemon:
            if os.fork():
                os._exit(0)
            _leave_terminal()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever(poll_interval=0.05)
    arguments.socket.unlink(missing_ok=True)


def _leave_terminal() -> None:
    """Hold on to nothing that whoever started this process waits for, such as the end of a pipe."""
    with Path(os.devnull).open("r+b") as null:
        for descriptor in (0, 1, 2):
            os.dup2(null.fileno(), descriptor)


if __name__ == "__main__":
    main()
