"""The conformance kit on the hardware backend: with a chip in memory, and with one in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.hardware import HardwareBackend
from backends.testing import BackendConformance, Scenario
from tests.backends.hardware_scenarios import REFUSED, SCENARIOS
from tests.openconfig import interface, interfaces, route, static_routes, subinterface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backends import Operation
    from backends.hardware.remote import RemoteDriver

CONFIGURATION = interfaces(
    interface("Ethernet1", "10.0.0.1/24", "2001:db8::1/64", mtu=9000, more=subinterface(10, "10.1.0.1/31", vlan=10)),
    interface("Ethernet2", enabled=False),
    interface("Loopback0", "192.0.2.1/32", type_="softwareLoopback"),
) + static_routes(
    route("192.0.2.0/24", "10.0.0.2", "10.0.0.3 metric 5", "@Ethernet1"),
    route("198.51.100.0/24", "DROP"),
    route("2001:db8:1::/48", "2001:db8::2"),
)


class TestSimulatedAsic(BackendConformance):
    @pytest.fixture
    def backend(self, hardware: HardwareBackend) -> HardwareBackend:
        return hardware

    def scenarios(self) -> Sequence[Scenario]:
        return SCENARIOS

    def refused(self) -> Sequence[Operation]:
        return REFUSED

    def configurations(self) -> Sequence[str]:
        return [CONFIGURATION]


class TestChipInAProcessOfItsOwn(TestSimulatedAsic):
    @pytest.fixture
    def backend(self, remote_chip: RemoteDriver) -> HardwareBackend:
        return HardwareBackend(remote_chip)
