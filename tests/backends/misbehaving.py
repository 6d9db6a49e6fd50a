"""A backend that a test tells when to hang, to die or to talk nonsense, wherever it runs; its system is a file."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backends.kernel.resources import Port
from backends.operation import BackendLost, Failure, OperationFailed
from backends.state import StateSource
from tests.backends.paper import PaperKernel
from yang.values import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key, Resource

ENTRY_POINTS = """
[nos_mgmt.backends]
misbehaving = tests.backends.misbehaving:from_settings
unsendable = tests.backends.misbehaving:unsendable
"""
PORTS = ("Ethernet1", "Ethernet2", "Ethernet3")
LONGEST = 60.0
"""Seconds that something hangs if the test never lets it go."""

NONSENSE = {
    "nonsense": (0, b"nonsense\n"),
    "a surprise": (0, b'["surprise", 1]\n'),
    "nonsense as an event": (3, b"nonsense\n"),
    "a surprise as an event": (3, b"[5]\n"),
}
"""What a process may say that nobody understands, and on which line."""


class Unsendable(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def install(folder: Path) -> None:
    """Make the backend a plugin of whoever has `folder` in its path."""
    metadata = folder / "misbehaving-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: misbehaving\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)


def from_settings(settings: Mapping[str, Any]) -> Misbehaving:
    if "refused" in settings:
        raise OSError(errno.EPERM, settings["refused"], "a file")
    return Misbehaving(Path(settings["folder"]))


def unsendable(settings: Mapping[str, Any]) -> Misbehaving:  # noqa: ARG001 - as a plugin is called
    raise Unsendable(1, 2)


def order(folder: Path, call: str, what: str) -> None:
    """Have the next `call` of the backend `hang` until `let_go`, `die`, `exit`, talk `nonsense`, or be a `mistake`."""
    (folder / f"new-{call}").write_text(what)
    (folder / f"new-{call}").rename(folder / call)


def let_go(folder: Path) -> None:
    (folder / "go").touch()


class Misbehaving(PaperKernel):
    """A kernel of paper, which is kept in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.obey("make")
        super().__init__(PORTS)
        if not self.file.exists():
            self.save()
        self.followers: list[Callable[[Collection[Any] | None], None]] = []
        self.state = (Ports(self), Clock())

    @property
    def file(self) -> Path:
        return self.folder / "system"

    def save(self) -> None:
        new = self.file.with_suffix(".new")
        new.write_bytes(pickle.dumps(self.there))
        new.rename(self.file)

    def load(self) -> None:
        self.there = pickle.loads(self.file.read_bytes())  # noqa: S301 - our own

    def obey(self, call: str) -> None:
        order = self.folder / call
        if not order.exists():
            return
        what = order.read_text()
        order.unlink()
        (self.folder / "obeyed").write_text(f"{call} {what}")
        if what in NONSENSE:
            os.write(int(sys.argv[-4 + NONSENSE[what][0]]), NONSENSE[what][1])
        if what == "hang" or what in NONSENSE:
            deadline = time.monotonic() + LONGEST
            while not (self.folder / "go").exists() and time.monotonic() < deadline:
                time.sleep(0.005)
        elif what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == "exit":
            os._exit(3)
        elif what == "mistake":
            raise KeyError("a mistake")
        elif what == "lost":
            raise BackendLost("nobody there")
        elif what == "print":
            print("not for the protocol")  # noqa: T201 - a plugin may

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        self.obey("read")
        self.load()
        return super().read(keys)

    def execute(self, operations: Sequence[Operation]) -> None:
        self.load()
        half = len(operations) // 2
        super().execute(operations[:half])
        self.save()
        self.obey("execute")
        for index, operation in enumerate(operations):
            if operation.key[1] == "refused":
                raise OperationFailed({index: Failure("that one is refused", "ENO", "mtu")})
        super().execute(operations[half:])
        self.save()

    def owned(self) -> Iterable[Resource]:
        self.obey("owned")
        self.load()
        return (resource for resource in self.there.values() if not resource.is_fixed)

    def check(self, operations: Sequence[Operation]) -> Mapping[int, str]:
        self.obey("check")
        return {index: "no such luck" for index, operation in enumerate(operations) if operation.key[1] == "unlucky"}

    def watch(self, changed: Callable[[Collection[Key]], None]) -> None:
        self.obey("watch")

        def follow() -> None:
            while True:
                time.sleep(0.005)
                pulled = self.folder / "pull"
                # it may be there before what is written into it
                if pulled.exists() and (name := pulled.read_text()):
                    for tell in self.followers:
                        tell([(name,)])
                    changed([Port(name).key])
                    pulled.unlink()

        threading.Thread(target=follow, daemon=True).start()

    def close(self) -> None:
        self.obey("close")
        (self.folder / "closed").touch()


class Ports(StateSource):
    """The state of its ports."""

    path = "/openconfig-interfaces:interfaces/interface"
    leaves = ("state/oper-status", "state/type")
    told = ("state/oper-status",)
    missing = {"state/oper-status": "NOT_PRESENT"}  # noqa: RUF012 - nobody changes it

    def __init__(self, backend: Misbehaving) -> None:
        self.backend = backend

    def follow(self, tell: Callable[[Collection[Any] | None], None]) -> None:
        self.backend.followers.append(tell)

    def missing_of(self, key: Any) -> Mapping[str, Any]:
        return {} if key == ("none",) else self.missing

    def read(self, keys: Collection[Any] | None) -> Mapping[Any, Mapping[str, Any]]:
        self.backend.obey("state")
        found = {
            (name,): {"state/oper-status": "UP", "state/type": Identity("iana-if-type:ethernetCsmacd")}
            for name in PORTS
        }
        return {key: leaves for key, leaves in found.items() if keys is None or key in keys}


class Clock(StateSource):
    """State of all kinds of values, of a list inside another one."""

    path = "/openconfig-system:system/clock"
    leaves = ()

    def read(self, keys: Collection[Any] | None) -> Mapping[Any, Mapping[str, Any]]:
        return {
            ((Identity("a:b"),), (7, True)): {"a": b"\0\xff", "b": Decimal("1.50"), "c": "", "d": 2**63, "e": False},
            ((repr(keys),),): {},
        }
