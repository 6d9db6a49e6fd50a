"""What the tests share that need a whole Linux network stack: VLANs and dummies, in the lab or where the kernel has them."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends.kernel import KernelBackend, namespaces
from backends.kernel.netlink import in_namespace
from tests.conftest import PORTS, make_device, needs
from tests.lab.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nos_mgmt.device import Device

HERE = Path(__file__).parent
NEEDED = frozenset({"bridge", "dummy", "vlan"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests, with one line for each file, if this kernel cannot make all kinds of links that we do."""
    here = [item for item in items if item.path.parent == HERE and "namespace" in getattr(item, "fixturenames", ())]
    reason = _what_is_missing() if here else ""
    if reason:
        for item in here:
            item.add_marker(pytest.mark.skip(reason=reason))


def _what_is_missing() -> str:
    name = f"nostest-{secrets.token_hex(3)}"
    try:
        namespaces.make(name, f"{name}-far", ())
    except PermissionError as error:
        return f"no network namespaces here: {error}"
    kernel = KernelBackend(name)
    missing = sorted(NEEDED - kernel.offered)
    kernel.close()
    namespaces.remove(name, f"{name}-far")
    return f"this kernel makes no links of kind {', '.join(missing)}; the lab's does" if missing else ""


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network namespace with eight ports, and `<name>-far` at their other ends; made by iproute2, ten times as fast."""
    name = f"nostest-{secrets.token_hex(3)}"
    far = f"{name}-far"
    cables = [f"link add {port} netns {name} type veth peer name {port} netns {far}" for port in PORTS]
    _batch(f"netns add {name}", f"netns add {far}", *cables)
    _batch("link set lo up", namespace=name)
    _batch(*[f"link set {port} up" for port in ("lo", *PORTS)], namespace=far)
    in_namespace(name, _route)
    yield name
    namespaces.remove(name, far)


def _route() -> None:
    for setting, value in namespaces.ROUTER.items():
        (namespaces.SYSCTL / setting).write_text(value, encoding="ascii")


def _batch(*lines: str, namespace: str | None = None) -> None:
    where = ("-n", namespace) if namespace else ()
    subprocess.run([needs("ip"), *where, "-batch", "-"], input="\n".join(lines), text=True, check=True)


@pytest.fixture
def device(tmp_path: Path, kernel: KernelBackend) -> Iterator[Device]:
    """A device with a kernel namespace and nothing else."""
    made = make_device(tmp_path, [kernel])
    yield made
    made.close()


@pytest.fixture
def network(device: Device, namespace: str) -> Iterator[Network]:
    """The device in its network: it is told what to be, and the far ends of its ports are at hand."""
    made = Network(device, namespace)
    yield made
    made.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran inside the guest."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            if name == "lab":
                terminalreporter.write_line(f"in the lab: {value}")
