"""What the datastores' tests share."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from datastore import mender
from datastore.support import supported
from tests.backends.paper import PaperKernel
from tests.conftest import needs
from tests.databases import KINDS, made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.databases import Database
    from tests.datastore.rig import Rig
    from yang.schema import Schema

# how long an example takes says nothing here, and a namespace made for the test serves all examples
settings.register_profile("datastore", deadline=None)
settings.load_profile("datastore")


@pytest.fixture(scope="session")
def wide_schema(full_schema: Schema) -> Schema:
    """What a chip and a kernel with all features support."""
    return supported([HardwareBackend(SimulatedAsic(())), PaperKernel()], [], (), full_schema)


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Database]:
    """A function that returns another empty database each time, a file or a schema of a PostgreSQL."""
    return lambda: made(request, tmp_path_factory.mktemp("history"))


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
