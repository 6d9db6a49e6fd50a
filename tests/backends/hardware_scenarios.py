"""What is tried with the hardware backend: operations in build-up order, on a chip with eight ports."""

from __future__ import annotations

from backends import Operation
from backends.hardware.objects import Neighbor, NextHop, NextHopGroup, Port, Route, RouterInterface
from backends.testing import Scenario
from tests.backends.steps import changed, gone, made

MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"


def port_interface(name: str) -> RouterInterface:
    return RouterInterface(name, "port", name)


def next_hop(address: str, interface: str, *, via: str = "") -> NextHop:
    return NextHop(address, via, interface)


def group(*hops: NextHop | RouterInterface, name: str = "group") -> NextHopGroup:
    return NextHopGroup(name, tuple(sorted(hop.key for hop in hops)))


ETHERNET1, ETHERNET2 = port_interface("Ethernet1"), port_interface("Ethernet2")
HOP1, HOP2 = next_hop("10.0.1.2", "Ethernet1"), next_hop("10.0.2.2", "Ethernet2")
INTERFACES = made(
    ETHERNET1,
    ETHERNET2,
    Route("10.0.1.0/24", "forward", ETHERNET1.key),
    Route("10.0.1.1/32", "trap"),
    Route("10.0.2.0/24", "forward", ETHERNET2.key),
    Route("10.0.2.1/32", "trap"),
)

SCENARIOS = [
    Scenario(
        "ports",
        [
            *changed(
                Port("Ethernet1"),
                Port("Ethernet1", admin_state=True),
                Port("Ethernet1", admin_state=True, mtu=9216, description="zum Kern · 🛰"),
                Port("Ethernet1", admin_state=False, mtu=68, description="zum Kern · 🛰"),
            ),
            *changed(Port("Ethernet8"), Port("Ethernet8", admin_state=True, mtu=1280, description="all at once")),
        ],
    ),
    Scenario(
        "router interfaces",
        [
            *made(
                ETHERNET1,
                RouterInterface("Ethernet1.10", "sub_port", "Ethernet1", 10),
                RouterInterface("Ethernet1.4094", "sub_port", "Ethernet1", 4094),
                RouterInterface("Loopback0", "loopback"),
            ),
            *gone(RouterInterface("Ethernet1.10", "sub_port", "Ethernet1", 10)),
            *made(RouterInterface("Ethernet1.10", "sub_port", "Ethernet1", 11)),
        ],
    ),
    Scenario(
        "neighbors",
        [
            *INTERFACES,
            *made(
                Neighbor("Ethernet1", "10.0.1.2", MAC),
                Neighbor("Ethernet2", "10.0.1.2", MAC),
                Neighbor("Ethernet1", "2001:db8::2", MAC),
            ),
            *changed(Neighbor("Ethernet1", "10.0.1.2", MAC), Neighbor("Ethernet1", "10.0.1.2", OTHER_MAC)),
            *gone(Neighbor("Ethernet2", "10.0.1.2", MAC)),
        ],
    ),
    Scenario(
        "next hops and groups",
        [
            *INTERFACES,
            *made(HOP1, HOP2, next_hop("10.0.1.3", "Ethernet1", via="Ethernet1"), group(HOP1, HOP2)),
            *changed(group(HOP1, HOP2), group(HOP1), group(HOP1, HOP2, ETHERNET1), group(HOP2)),
            *gone(HOP1),
        ],
    ),
    Scenario(
        "routes",
        [
            *INTERFACES,
            *made(HOP1, HOP2, group(HOP1, HOP2)),
            *made(
                Route("192.0.2.0/24", "forward", HOP1.key),
                Route("192.0.2.0/25", "drop"),
                Route("192.0.2.1/32", "trap"),
                Route("0.0.0.0/0", "forward", group(HOP1).key),
                Route("2001:db8::/32", "forward", ETHERNET2.key),
                Route("::/0", "drop"),
            ),
        ],
    ),
    Scenario(
        "routes that change",
        [
            *INTERFACES,
            *made(HOP1, HOP2, group(HOP1, HOP2), Route("192.0.2.0/24", "forward", HOP1.key)),
            *changed(
                Route("192.0.2.0/24", "forward", HOP1.key),
                Route("192.0.2.0/24", "forward", HOP2.key),
                Route("192.0.2.0/24", "forward", group(HOP1).key),
                Route("192.0.2.0/24", "drop"),
                Route("192.0.2.0/24", "trap"),
                Route("192.0.2.0/24", "forward", ETHERNET1.key),
            ),
            *gone(group(HOP1, HOP2), HOP1, HOP2),
        ],
    ),
]

REFUSED = [
    Operation(Port("Ethernet8"), Port("Ethernet8", mtu=9217)),
    Operation(Port("nowhere"), Port("nowhere", admin_state=True)),
    *made(
        RouterInterface("Ethernet9", "port", "Ethernet9"),
        RouterInterface("Ethernet7.4095", "sub_port", "Ethernet7", 4095),
        RouterInterface("Ethernet7", "tunnel", "Ethernet7"),
        Neighbor("nowhere", "10.0.0.1", MAC),
        next_hop("10.0.0.1", "nowhere"),
        group(next_hop("10.0.0.1", "nowhere"), name="of what is not there"),
        group(name="of nothing"),
        Route("203.0.113.0/24", "forward", next_hop("203.0.113.1", "nowhere").key),
        Route("203.0.113.0/24", "forward", Port("Ethernet1").key),
        Route("203.0.113.0/24", "forward"),
        Route("203.0.113.0/24", "drop", Port("Ethernet1").key),
    ),
    *gone(Route("203.0.113.0/24", "drop"), group(HOP1, name="not there")),
    *changed(Route("203.0.113.0/24", "drop"), Route("203.0.113.0/24", "trap")),
]
