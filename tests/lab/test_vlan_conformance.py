"""The conformance kit on the kernel backend, with VLANs and with dummies as loopbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends import Operation
from backends.kernel.resources import Address, Link, Neighbor, Port, VlanLink
from backends.testing import BackendConformance, Scenario
from tests.backends.kernel_scenarios import MAC, REFUSED, SCENARIOS, VLAN_SCENARIOS, route, up
from tests.backends.steps import changed, gone, made
from tests.lab.network import port, vlan
from tests.openconfig import interface, interfaces, static_routes
from tests.openconfig import route as configured_route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backends.kernel import KernelBackend

LOOPBACKS = [scenario for scenario in SCENARIOS if scenario.name in ("loopback links", "a link of another type")]


def tagged(vlan_id: int, *, index: int | None = None, parent: str = "Ethernet1", enabled: bool = True) -> VlanLink:
    return VlanLink(f"{parent}.{index or vlan_id}", parent, vlan_id, enabled=enabled, alias="", mtu=1500)


MORE = [
    Scenario(
        "VLANs that change places",
        [
            up("Ethernet1"),
            *made(tagged(10), tagged(20)),
            *gone(tagged(20), tagged(10)),
            *made(tagged(20, index=10), tagged(10, index=20)),
            *gone(tagged(20, index=10)),
            *made(tagged(4094, index=10), tagged(20, index=30), tagged(20, parent="Ethernet2", enabled=False)),
        ],
    ),
    Scenario(
        "a VLAN among links of other kinds",
        [
            up("Ethernet1"),
            *made(Link("x.1", "bridge", enabled=True, mtu=1500, alias="")),
            *gone(Link("x.1", "bridge", enabled=True, mtu=1500, alias="")),
            *made(
                Link("x", "loopback", enabled=True, mtu=1500, alias=""),
                tagged(1, parent="x"),
                Address("x.1", "192.0.2.1", 32),
                Address("x.1", "2001:db8::1", 128),
            ),
            *gone(Address("x.1", "2001:db8::1", 128), Address("x.1", "192.0.2.1", 32), tagged(1, parent="x")),
        ],
    ),
    Scenario(
        "what hangs on a VLAN that is down and up",
        [
            up("Ethernet1"),
            *made(tagged(10), Address("Ethernet1.10", "10.0.10.1", 24), Address("Ethernet1.10", "10.0.10.9", 24)),
            *made(Neighbor("Ethernet1.10", "10.0.10.2", MAC), route("192.0.2.0/24", "10.0.10.2@Ethernet1.10")),
            *gone(route("192.0.2.0/24", "10.0.10.2@Ethernet1.10"), Neighbor("Ethernet1.10", "10.0.10.2", MAC)),
            *changed(tagged(10), tagged(10, enabled=False), tagged(10)),
            *made(route("192.0.2.0/24", "@Ethernet1.10"), Neighbor("Ethernet1.10", "10.0.10.3", MAC)),
        ],
    ),
    Scenario(
        "many VLANs",
        [
            up("Ethernet1"),
            *made(*[tagged(number) for number in range(2, 36)], Address("Ethernet1.35", "10.9.0.1", 24)),
            *gone(*[tagged(number) for number in range(2, 35)]),
        ],
    ),
]

REFUSED_HERE = [
    *REFUSED,
    *made(tagged(10, parent="nowhere"), tagged(10, parent="lo")),
    *gone(tagged(99, parent="Ethernet7")),
    Operation(tagged(98, parent="Ethernet7"), tagged(98, parent="Ethernet7", enabled=False)),
    Operation(Port("Ethernet7.97"), Port("Ethernet7.97", enabled=True)),
]

CONFIGURATION = interfaces(
    port(
        "Ethernet1",
        vlan(10, "10.0.10.1/24", "2001:db8:10::1/64", description="guests", enabled=True),
        vlan(20, vlan_id=4094, enabled=False),
        mtu=9000,
    ),
    interface("Loopback0", "192.0.2.1/32", type_="softwareLoopback"),
) + static_routes(configured_route("192.0.2.0/24", "10.0.10.2"), configured_route("198.51.100.0/24", "@Ethernet1"))


class TestKernelWithVlans(BackendConformance):
    @pytest.fixture
    def backend(self, kernel: KernelBackend) -> KernelBackend:
        return kernel

    def scenarios(self) -> Sequence[Scenario]:
        return [*VLAN_SCENARIOS, *MORE, *LOOPBACKS]

    def refused(self) -> Sequence[Operation]:
        return REFUSED_HERE

    def configurations(self) -> Sequence[str]:
        return [CONFIGURATION]


def test_loopbacks_are_dummies(kernel: KernelBackend) -> None:
    kernel.execute(made(Link("Loopback0", "loopback", enabled=True, mtu=1500, alias="")))
    assert kernel.links(["Loopback0"])["Loopback0"].kind == "dummy"
