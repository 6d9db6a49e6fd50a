"""The conformance kit on the kernel backend, in a real network namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.testing import BackendConformance, Scenario
from tests.backends.kernel_scenarios import REFUSED, SCENARIOS
from tests.openconfig import interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backends import Operation
    from backends.kernel import KernelBackend

CONFIGURATION = interfaces(
    interface("Ethernet1", "10.0.0.1/24", "2001:db8::1/64", mtu=9000, description="zum Kern", enabled=True),
    interface("Ethernet2", enabled=False),
    interface("lo", "192.0.2.1/32", type_="softwareLoopback"),
    interface("br0", type_="bridge", mtu=4000),
) + static_routes(
    route("192.0.2.0/24", "10.0.0.2", "10.0.0.3 metric 5", "@Ethernet1"),
    route("198.51.100.0/24", "DROP"),
    route("2001:db8:1::/48", "2001:db8::2"),
)


class TestKernel(BackendConformance):
    @pytest.fixture
    def backend(self, kernel: KernelBackend) -> KernelBackend:
        return kernel

    def scenarios(self) -> Sequence[Scenario]:
        return SCENARIOS

    def refused(self) -> Sequence[Operation]:
        return REFUSED

    def configurations(self) -> Sequence[str]:
        return [CONFIGURATION]
