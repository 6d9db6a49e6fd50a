"""What tests share: schemas, a chip, namespaces, a device, a server. Real parts, each made for one test."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from backends.kernel import KernelBackend, namespaces
from datastore.history import Author
from datastore.support import supported
from nos_mgmt.device import Device
from nos_mgmt.embedded import Embedded
from nos_mgmt.netconf.messages import BASE_1_1
from nos_mgmt.netconf.session import Session
from nos_mgmt.netconf.state import OWN_DEFAULTS, OWN_PATHS, own_state
from nos_mgmt.sessions import Sessions
from nos_mgmt.settings import Settings
from tests import databases
from yang import bindings
from yang.compiler import compile_modules
from yang.diff import NETCONF, YANG
from yang.schema import Schema
from yang.tables import load
from yang.tree import Node
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from backends.backend import Backend

PORTS = tuple(f"Ethernet{number}" for number in range(1, 9))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[databases.Postgres]:
    """A PostgreSQL server of this process's own."""
    with databases.postgres() as server:
        yield server


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> databases.Database:
    """An empty database for a history: a file, or what the parameter says."""
    return databases.made(request, tmp_path)


@pytest.fixture(scope="session")
def full_schema() -> Schema:
    """The whole default model set."""
    return Schema(load(bindings.DEFAULT / "schema.tables"))


@pytest.fixture
def chip() -> SimulatedAsic:
    """A simulated switch chip with eight ports."""
    return SimulatedAsic(PORTS)


@pytest.fixture
def hardware(chip: SimulatedAsic) -> HardwareBackend:
    """The hardware backend on that chip."""
    return HardwareBackend(chip)


@pytest.fixture
def schema(hardware: HardwareBackend, full_schema: Schema) -> Schema:
    """What the hardware backend supports of the default set."""
    return supported([hardware], [], OWN_PATHS, full_schema)


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network namespace with eight ports, and `<name>-far` at their other ends."""
    name = f"nostest-{secrets.token_hex(3)}"
    try:
        namespaces.make(name, f"{name}-far", PORTS)
    except PermissionError as error:
        pytest.skip(f"no network namespaces here: {error}")
    yield name
    namespaces.remove(name, f"{name}-far")


@pytest.fixture
def kernel(namespace: str) -> Iterator[KernelBackend]:
    """The kernel backend in that namespace."""
    backend = KernelBackend(namespace)
    yield backend
    backend.close()


def make_device(folder: Path, backends: list[Backend], **options: Any) -> Device:
    """Return a device with its history in `folder`, started; the users of most tests may do everything in it."""
    options.setdefault("administrators", ("admin", "ann", "bob", "sam", "me", "crash"))
    history = f"sqlite:///{folder / 'history.sqlite'}"
    device = Device(bindings.DEFAULT, history, backends, OWN_PATHS, own_state, OWN_DEFAULTS, **options)
    device.start()
    return device


@pytest.fixture
def device(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Device]:
    """A device with a chip and nothing else."""
    made = make_device(tmp_path, [hardware])
    yield made
    made.close()


@pytest.fixture
def both(tmp_path: Path, kernel: KernelBackend, hardware: HardwareBackend) -> Iterator[Device]:
    """A device with a kernel namespace and a chip."""
    made = make_device(tmp_path, [kernel, hardware])
    yield made
    made.close()


class Client:
    """A NETCONF client that speaks to a session object: bytes in, bytes out, no SSH."""

    def __init__(
        self, device: Device, registry: Sessions | None = None, user: str = "admin", *, capabilities: Sequence[str] = ()
    ) -> None:
        self.was_killed = False
        self.pushed: list[bytes] = []
        self.session = Session(
            device,
            registry or Sessions(),
            lambda number: Author(user, number, "netconf"),
            self._killed,
            self._pushed,
        )
        offered = "".join(f"<capability>{capability}</capability>" for capability in (BASE_1_1, *capabilities))
        hello = f'<hello xmlns="{NETCONF}"><capabilities>{offered}</capabilities></hello>'
        assert self.session.handle(hello.encode()) is None

    def _pushed(self, message: bytes) -> None:
        self.pushed.append(message)
        self.session.pushed(len(message))

    def _killed(self) -> None:
        self.was_killed = True
        self.session.close()

    def send(self, operation: str) -> str:
        """Return the reply to an operation, as text."""
        message = f'<rpc xmlns="{NETCONF}" xmlns:nc="{NETCONF}" message-id="1">{operation}</rpc>'
        answer = self.session.handle(message.encode())
        assert answer is not None
        self.session.replied()
        return answer.decode()

    def ok(self, operation: str) -> str:
        """Return the reply to an operation that has to succeed."""
        answer = self.send(operation)
        assert "<rpc-error>" not in answer, answer
        return answer

    def edit(self, config: str, options: str = "") -> str:
        """Edit the candidate."""
        return self.ok(f"<edit-config><target><candidate/></target>{options}<config>{config}</config></edit-config>")

    def running(self) -> str:
        """Return the running configuration."""
        answer = self.ok("<get-config><source><running/></source></get-config>")
        return answer.partition("<data>")[2].partition("</data>")[0]


@pytest.fixture
def client(device: Device) -> Client:
    """A client of the device with a chip."""
    return Client(device)


@dataclass
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int
    state: Path
    log: Path

    @property
    def key(self) -> Path:
        """The key of its user."""
        return self.state / "admin_ed25519"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal, and return its status."""
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def servers(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Give a function that starts a server with options, perhaps under another command, and waits until it greets."""
    started: list[Server] = []

    def start(*options: str, state: Path | None = None, port: int = 0, under: Sequence[str] = ()) -> Server:
        folder = state or tmp_path / "state"
        log = tmp_path / f"server-{len(started)}.log"
        command = [sys.executable, "-m", "nos_mgmt", "serve", "--state", str(folder), "--port", str(port), *options]
        with log.open("wb") as opened:
            process = subprocess.Popen(
                [*under, *command], stdout=opened, stderr=subprocess.STDOUT, start_new_session=True
            )
        server = Server(process, 0, folder, log)
        started.append(server)
        deadline = time.monotonic() + 30
        while "connect with:" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        server.port = int(log.read_text().partition(" port ")[2].split(",")[0])
        return server

    try:
        yield start
    finally:
        for server in started:
            if server.process.poll() is None:
                server.stop()
            # what it was told to keep, or was killed before it could remove
            Embedded(Settings(state=server.state)).remove()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """What `servers` gives, for one test."""
    with servers(tmp_path) as start:
        yield start


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[..., Schema]:
    """A function that compiles modules, given as texts by name, and returns their schema."""

    def compile_(**modules: str) -> Schema:
        folder = tmp_path / f"modules-{secrets.token_hex(3)}"
        folder.mkdir()
        for name, text in modules.items():
            (folder / f"{name.replace('_', '-')}.yang").write_text(text)
        return Schema(compile_modules(folder, features={}).tables)

    return compile_


def module(body: str, name: str = "m", prefix: str = "m", version: str = "1.1") -> str:
    """Return a module with `body`; its namespace is `urn:` and its name."""
    return f'module {name} {{ yang-version {version}; namespace "urn:{name}"; prefix {prefix}; {body} }}'


def config(content: str) -> object:
    """Return a config element with `content`, with the prefixes nc and yang declared."""
    return parse_document(f'<config xmlns:nc="{NETCONF}" xmlns:yang="{YANG}">{content}</config>'.encode())


def empty(schema: Schema) -> Node:
    """Return a tree of `schema` without anything."""
    return Node(schema.root, {})


def needs(command: str) -> str:
    """Return the path of a command, or skip the test."""
    found = shutil.which(command)
    if found is None:
        pytest.skip(f"there is no {command}")
    return found


def in_lab() -> bool:
    """Return whether this is the guest with all kernel features."""
    return os.environ.get("NETLAB_GUEST") == "1"
