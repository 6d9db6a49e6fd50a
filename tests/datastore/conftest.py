"""What the datastores' tests share."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import settings

from backends.backend import Backend
from backends.configuration import NetworkInstance, Protocol
from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from backends.kernel.interfaces import interface_translators
from backends.kernel.resources import Address, Link, Neighbor, Port, Route, VlanLink
from backends.kernel.routes import StaticRoute
from datastore import mender
from datastore.support import supported
from tests.conftest import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key, Resource
    from tests.databases import Database
    from tests.datastore.rig import Rig
    from yang.schema import Schema

# how long an example takes says nothing here, and a namespace made for the test serves all examples
settings.register_profile("datastore", deadline=None)
settings.load_profile("datastore")


class PaperKernel(Backend):
    """What the kernel backend makes of a configuration, without a kernel: what it is told is just noted."""

    name: ClassVar[str] = "kernel"
    resources = (Port, Link, VlanLink, Address, Neighbor, Route)

    def __init__(self, ports: Collection[str] = ()) -> None:
        self.translators = (
            *interface_translators(has_loopbacks=True, has_bridges=True, has_vlans=True),
            NetworkInstance(),
            Protocol(),
            StaticRoute(),
        )
        self.there: dict[Key, Resource] = {Port(name).key: Port(name) for name in ports}

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        return {key: self.there[key] for key in keys if key in self.there}

    def execute(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            if operation.after is None:
                del self.there[operation.key]
            else:
                self.there[operation.key] = operation.after


@pytest.fixture(scope="session")
def wide_schema(full_schema: Schema) -> Schema:
    """What a chip and a kernel with all features support."""
    return supported([HardwareBackend(SimulatedAsic(())), PaperKernel()], [], (), full_schema)


@pytest.fixture
def rig(database: Database, full_schema: Schema) -> Iterator[Rig]:
    """A started device on a paper kernel and a simulated chip."""
    from tests.datastore.rig import Rig  # noqa: PLC0415 - it imports this module

    made = Rig(database, full_schema)
    made.start()
    yield made
    made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the mender try again at once."""
    monkeypatch.setattr(mender, "PATIENCE", (0.01, 0.02))


@pytest.fixture
def ip(namespace: str) -> Callable[..., str]:
    """iproute2's `ip` in the namespace, or at the far ends; its output is returned."""
    command = needs("ip")

    def run(*arguments: str, far: bool = False) -> str:
        where = f"{namespace}-far" if far else namespace
        return subprocess.run([command, "-n", where, *arguments], check=True, capture_output=True, text=True).stdout

    return run
