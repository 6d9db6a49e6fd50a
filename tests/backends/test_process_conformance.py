"""The conformance kit on backends in processes of their own: the kernel's, the chip's, and the one of the documents."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from backends import Backend, Operation
from backends.process import ProcessBackend
from backends.testing import BackendConformance, Scenario
from tests.backends import hardware_scenarios, kernel_scenarios
from tests.backends.test_hardware_conformance import CONFIGURATION as CHIP_CONFIGURATION
from tests.backends.test_kernel_conformance import CONFIGURATION as KERNEL_CONFIGURATION
from tests.conftest import PORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCUMENT = Path(__file__).parents[2] / "docs" / "backends.md"
ENTRY_POINTS = """
[nos_mgmt.backends]
bare-chip = process_plugins:chip
files = process_plugins:files
"""
FACTORIES = """
from pathlib import Path

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic


def chip(settings):
    return HardwareBackend(SimulatedAsic(settings["ports"]))


def files(settings):
    return FilesBackend(Path(settings["folder"]))
"""
SYSTEM = "http://openconfig.net/yang/system"
SOURCE = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[0] + FACTORIES


def loaded() -> Any:
    """Return the plugins as a module: classes are sent by the names of their modules."""
    module = sys.modules["process_plugins"] = ModuleType("process_plugins")
    exec(compile(SOURCE, str(DOCUMENT), "exec"), module.__dict__)  # noqa: S102 - it is our own document
    return module


PLUGINS = loaded()


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with the backend of the documents, and with a chip that is as new in every process."""
    (tmp_path / "process_plugins.py").write_text(SOURCE)
    metadata = tmp_path / "process_plugins-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: process-plugins\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)


def closed_after(backend: Backend) -> Iterator[Backend]:
    yield backend
    backend.close()


def some(scenarios: Sequence[Scenario], *names: str) -> list[Scenario]:
    """Return a few: what they do to the system others have tried, and each has a process made for it."""
    return [scenario for scenario in scenarios if scenario.name in names]


class TestKernelInAProcess(BackendConformance):
    @pytest.fixture
    def backend(self, namespace: str) -> Iterator[Backend]:
        yield from closed_after(ProcessBackend("kernel", {"namespace": namespace}))

    def scenarios(self) -> Sequence[Scenario]:
        return some(kernel_scenarios.SCENARIOS, "IPv4 routes that change", "many")

    def refused(self) -> Sequence[Operation]:
        return kernel_scenarios.REFUSED[:2]

    def configurations(self) -> Sequence[str]:
        return [KERNEL_CONFIGURATION]


@pytest.mark.usefixtures("plugins")
class TestChipInAProcess(BackendConformance):
    @pytest.fixture
    def backend(self, plugins: None) -> Iterator[Backend]:  # noqa: ARG002 - it has to be there first
        yield from closed_after(ProcessBackend("bare-chip", {"ports": PORTS}))

    def scenarios(self) -> Sequence[Scenario]:
        return some(hardware_scenarios.SCENARIOS, "routes that change")

    def refused(self) -> Sequence[Operation]:
        return hardware_scenarios.REFUSED[:2]

    def configurations(self) -> Sequence[str]:
        return [CHIP_CONFIGURATION]


@pytest.mark.usefixtures("plugins")
class TestFilesInAProcess(BackendConformance):
    @pytest.fixture
    def backend(self, plugins: None, tmp_path: Path) -> Iterator[Backend]:  # noqa: ARG002 - likewise
        folder = tmp_path / "files"
        folder.mkdir()
        yield from closed_after(ProcessBackend("files", {"folder": str(folder)}))

    def scenarios(self) -> Sequence[Scenario]:
        old, new = (PLUGINS.TextFile("hostname", text) for text in ("edge1", "edge2"))
        steps = (Operation(None, old), Operation(old, new), Operation(None, PLUGINS.TextFile("motd", "welcome")))
        return [Scenario("names", steps)]

    def refused(self) -> Sequence[Operation]:
        return [Operation(PLUGINS.TextFile("not-there", "text"), None)]

    def configurations(self) -> Sequence[str]:
        leaves = "<hostname>edge1</hostname><motd-banner>welcome</motd-banner>"
        return [f'<system xmlns="{SYSTEM}"><config>{leaves}</config></system>']
