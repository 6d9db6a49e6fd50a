"""What is tried with the kernel backend: operations in build-up order, on the ports that the tests' namespaces have."""

from __future__ import annotations

from backends import Operation
from backends.kernel.resources import Address, Hop, Link, Neighbor, Port, Route, VlanLink
from backends.testing import Scenario
from tests.backends.steps import changed, gone, made

MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
LONG_ALIAS = "ä" * 127 + "z"
"""255 octets, the most that there can be."""


def up(name: str, *, mtu: int = 1500) -> Operation:
    return Operation(Port(name), Port(name, enabled=True, mtu=mtu))


def route(prefix: str, *hops: str, metric: int | None = None) -> Route:
    """Return a route; a hop is `GATEWAY@LINK` or `@LINK`."""
    default = 1024 if ":" in prefix else 0
    pairs = sorted(Hop(*hop.split("@")) for hop in hops)
    return Route(prefix, default if metric is None else metric, tuple(pairs))


NETWORKS = [
    up("Ethernet1"),
    up("Ethernet2"),
    *made(
        Address("Ethernet1", "10.0.1.1", 24),
        Address("Ethernet2", "10.0.2.1", 24),
        Address("Ethernet1", "2001:db8:1::1", 64),
        Address("Ethernet2", "2001:db8:2::1", 64),
    ),
]
"""Two ports that are up, with a network of each family."""

SCENARIOS = [
    Scenario(
        "ports",
        [
            *changed(
                Port("Ethernet1"),
                Port("Ethernet1", enabled=True),
                Port("Ethernet1", enabled=True, mtu=9000),
                Port("Ethernet1", enabled=True, mtu=9000, alias="zum Kern · 1 → 2 🛰"),
                Port("Ethernet1", enabled=True, mtu=1280, alias=LONG_ALIAS),
                Port("Ethernet1", enabled=False, mtu=1280),
                Port("Ethernet1", enabled=False, mtu=68, alias=" with 'quotes', \"more\" and\nlines\t"),
            ),
            *changed(Port("Ethernet2"), Port("Ethernet2", enabled=True, mtu=65535, alias="all at once")),
        ],
    ),
    Scenario(
        "the kernel's loopback",
        changed(
            Port("lo", enabled=True, mtu=65536),
            Port("lo", enabled=True, mtu=16384, alias="inside"),
            Port("lo", enabled=False, mtu=16384, alias="inside"),
        ),
    ),
    Scenario(
        "loopback links",
        [
            *made(
                Link("Loopback0", "loopback", enabled=True, mtu=1500, alias="router id"),
                Link("Loopback1", "loopback", enabled=False, mtu=1400, alias=""),
                Address("Loopback0", "192.0.2.1", 32),
                Address("Loopback0", "2001:db8::1", 128),
            ),
            *changed(
                Link("Loopback1", "loopback", enabled=False, mtu=1400, alias=""),
                Link("Loopback1", "loopback", enabled=True, mtu=9000, alias="größer"),
                Link("Loopback1", "loopback", enabled=False, mtu=9000, alias="größer"),
            ),
            *gone(Link("Loopback1", "loopback", enabled=False, mtu=9000, alias="größer")),
        ],
    ),
    Scenario(
        "bridges",
        [
            *made(Link("br0", "bridge", enabled=True, mtu=1500, alias="")),
            *changed(
                Link("br0", "bridge", enabled=True, mtu=1500, alias=""),
                Link("br0", "bridge", enabled=True, mtu=4000, alias="für alle"),
            ),
            *made(Address("br0", "198.51.100.1", 25), Link("br1", "bridge", enabled=False, mtu=1500, alias="")),
        ],
    ),
    Scenario(
        "a link of another type",
        [
            *made(Link("x", "bridge", enabled=True, mtu=1500, alias="one")),
            *gone(Link("x", "bridge", enabled=True, mtu=1500, alias="one")),
            *made(Link("x", "loopback", enabled=False, mtu=1600, alias="two")),
        ],
    ),
    Scenario(
        "addresses",
        [
            up("Ethernet1"),
            *made(
                Address("Ethernet1", "10.0.0.1", 24),
                Address("Ethernet1", "10.0.0.2", 24),
                Address("Ethernet1", "10.0.0.3", 32),
                Address("Ethernet1", "10.0.0.4", 31),
                Address("Ethernet1", "10.1.0.1", 8),
                Address("Ethernet1", "2001:db8::1", 64),
                Address("Ethernet1", "2001:db8::2", 64),
                Address("Ethernet1", "2001:db8::3", 128),
                Address("Ethernet1", "fe80::1234", 64),
                # the kernel takes IPv4 addresses on a link that is down
                Address("Ethernet2", "10.0.0.1", 24),
            ),
            *gone(Address("Ethernet1", "10.0.0.1", 24), Address("Ethernet1", "2001:db8::1", 64)),
            *made(Address("Ethernet1", "10.0.0.1", 25)),
        ],
    ),
    Scenario(
        "neighbors",
        [
            *NETWORKS,
            *made(
                Neighbor("Ethernet1", "10.0.1.2", MAC),
                Neighbor("Ethernet1", "2001:db8:1::2", MAC),
                Neighbor("Ethernet2", "10.0.1.2", OTHER_MAC),
            ),
            *changed(Neighbor("Ethernet1", "10.0.1.2", MAC), Neighbor("Ethernet1", "10.0.1.2", OTHER_MAC)),
            *changed(Neighbor("Ethernet1", "2001:db8:1::2", MAC), Neighbor("Ethernet1", "2001:db8:1::2", OTHER_MAC)),
            *gone(Neighbor("Ethernet2", "10.0.1.2", OTHER_MAC)),
        ],
    ),
    Scenario(
        "IPv4 routes",
        [
            *NETWORKS,
            *made(
                route("192.0.2.0/24", "10.0.1.2@Ethernet1"),
                route("192.0.2.0/25", "@Ethernet1"),
                route("192.0.2.128/25"),
                route("0.0.0.0/0", "10.0.2.2@Ethernet2"),
                route("10.0.1.128/25", "10.0.2.2@Ethernet2"),
                route("198.51.100.0/24", "10.0.1.2@Ethernet1", "10.0.1.3@Ethernet1", "10.0.2.2@Ethernet2"),
                route("198.51.100.0/24", "10.0.2.3@Ethernet2", metric=10),
                route("198.51.100.0/24", metric=4294967295),
                route("203.0.113.7/32", "10.0.1.2@Ethernet1", metric=5),
            ),
        ],
    ),
    Scenario(
        "IPv4 routes that change",
        [
            *NETWORKS,
            *made(route("192.0.2.0/24", "10.0.1.2@Ethernet1")),
            *changed(
                route("192.0.2.0/24", "10.0.1.2@Ethernet1"),
                route("192.0.2.0/24", "10.0.2.2@Ethernet2"),
                route("192.0.2.0/24", "10.0.1.2@Ethernet1", "10.0.2.2@Ethernet2"),
                route("192.0.2.0/24", "10.0.1.2@Ethernet1", "@Ethernet2"),
                route("192.0.2.0/24", "@Ethernet1", "@Ethernet2"),
                route("192.0.2.0/24", "@Ethernet1"),
                route("192.0.2.0/24"),
                route("192.0.2.0/24", "10.0.1.2@Ethernet1", "10.0.1.3@Ethernet1"),
                route("192.0.2.0/24"),
                route("192.0.2.0/24", "10.0.1.2@Ethernet1"),
            ),
            *made(route("192.0.2.0/24", "@Ethernet1", metric=7), route("0.0.0.0/0", metric=9)),
            *changed(
                route("192.0.2.0/24", "@Ethernet1", metric=7),
                route("192.0.2.0/24", "10.0.2.2@Ethernet2", metric=7),
            ),
            *changed(route("0.0.0.0/0", metric=9), route("0.0.0.0/0", "10.0.2.2@Ethernet2", metric=9)),
            *gone(route("192.0.2.0/24", "10.0.1.2@Ethernet1")),
        ],
    ),
    Scenario(
        "IPv6 routes",
        [
            *NETWORKS,
            *made(
                route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1"),
                route("2001:db8:a:1::/64", "@Ethernet1"),
                route("2001:db8:b::/48"),
                route("::/0", "2001:db8:2::2@Ethernet2"),
                route("2001:db8:c::/48", "fe80::2@Ethernet1"),
                route("2001:db8:d::/48", "2001:db8:1::2@Ethernet1", "2001:db8:2::2@Ethernet2"),
                route("2001:db8:d::/48", "2001:db8:1::3@Ethernet1", metric=10),
                route("2001:db8:d::/48", metric=4294967295),
                route("2001:db8:e::1/128", "2001:db8:1::2@Ethernet1", metric=1),
            ),
        ],
    ),
    Scenario(
        "IPv6 routes that change",
        [
            *NETWORKS,
            *made(route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1")),
            *changed(
                route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1"),
                route("2001:db8:a::/48", "2001:db8:2::2@Ethernet2"),
                route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1", "2001:db8:2::2@Ethernet2"),
                route("2001:db8:a::/48", "2001:db8:1::3@Ethernet1", "2001:db8:1::4@Ethernet1"),
                route("2001:db8:a::/48", "@Ethernet1"),
                route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1", "2001:db8:2::2@Ethernet2"),
                route("2001:db8:a::/48"),
                route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1", "2001:db8:1::3@Ethernet1"),
                route("2001:db8:a::/48", "fe80::2@Ethernet2"),
                route("2001:db8:a::/48", "@Ethernet2"),
                route("2001:db8:a::/48"),
                route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1"),
            ),
            *made(route("2001:db8:a::/48", "@Ethernet1", metric=7), route("::/0", metric=9)),
            *changed(
                route("2001:db8:a::/48", "@Ethernet1", metric=7),
                route("2001:db8:a::/48", "2001:db8:2::2@Ethernet2", metric=7),
            ),
            *changed(route("::/0", metric=9), route("::/0", "2001:db8:2::2@Ethernet2", metric=9)),
            *gone(route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1")),
        ],
    ),
    Scenario(
        "many",
        [
            *NETWORKS,
            *made(*[Address("Ethernet1", f"10.9.{number}.1", 24) for number in range(34)]),
            *made(*[Neighbor("Ethernet1", f"10.0.1.{number}", MAC) for number in range(10, 44)]),
            *made(*[route(f"172.16.{number}.0/24", "10.0.1.2@Ethernet1") for number in range(34)]),
        ],
    ),
]

REFUSED = [
    Operation(None, Address("nowhere", "203.0.113.1", 24)),
    Operation(None, route("203.0.113.0/24", "172.31.0.1@lo")),
    Operation(None, Neighbor("nowhere", "203.0.113.1", MAC)),
    Operation(None, Link("lo", "bridge", enabled=True, mtu=1500, alias="")),
    Operation(Port("nowhere"), Port("nowhere", enabled=True)),
    *changed(Port("Ethernet8"), Port("Ethernet8", mtu=66000)),
    *gone(Address("Ethernet8", "203.0.113.1", 24), Link("nowhere", "bridge", enabled=True, mtu=1500, alias="")),
    *gone(route("203.0.113.0/24"), Neighbor("Ethernet8", "203.0.113.1", MAC)),
]

VLAN_SCENARIOS = [
    Scenario(
        "VLANs",
        [
            up("Ethernet1", mtu=9000),
            *made(
                VlanLink("Ethernet1.10", "Ethernet1", 10, enabled=True, alias="", mtu=9000),
                VlanLink("Ethernet1.20", "Ethernet1", 4094, enabled=False, alias="still öde", mtu=9000),
                Link("br0", "bridge", enabled=True, mtu=1500, alias=""),
                VlanLink("br0.1", "br0", 1, enabled=True, alias="", mtu=1500),
                Address("Ethernet1.10", "10.0.10.1", 24),
                Address("Ethernet1.10", "2001:db8:10::1", 64),
                Neighbor("Ethernet1.10", "10.0.10.2", MAC),
                route("192.0.2.0/24", "10.0.10.2@Ethernet1.10"),
                route("2001:db8:a::/48", "2001:db8:10::2@Ethernet1.10", "2001:db8:10::3@Ethernet1.10"),
            ),
            *changed(
                VlanLink("Ethernet1.20", "Ethernet1", 4094, enabled=False, alias="still öde", mtu=9000),
                VlanLink("Ethernet1.20", "Ethernet1", 4094, enabled=True, alias="awake", mtu=9000),
                VlanLink("Ethernet1.20", "Ethernet1", 4094, enabled=True, alias="", mtu=1400),
                VlanLink("Ethernet1.20", "Ethernet1", 4094, enabled=False, alias="", mtu=1400),
            ),
            *gone(VlanLink("Ethernet1.20", "Ethernet1", 4094, enabled=False, alias="", mtu=1400)),
        ],
    ),
    Scenario(
        "VLANs of a port that goes down and up",
        [
            up("Ethernet1"),
            *made(
                VlanLink("Ethernet1.10", "Ethernet1", 10, enabled=True, alias="", mtu=1500),
                VlanLink("Ethernet1.20", "Ethernet1", 20, enabled=False, alias="", mtu=1500),
                Address("Ethernet1.10", "10.0.10.1", 24),
            ),
            *changed(
                VlanLink("Ethernet1.10", "Ethernet1", 10, enabled=True, alias="", mtu=1500),
                VlanLink("Ethernet1.10", "Ethernet1", 10, enabled=False, alias="", mtu=1500),
            ),
            *changed(Port("Ethernet1", enabled=True), Port("Ethernet1"), Port("Ethernet1", enabled=True)),
        ],
    ),
]
