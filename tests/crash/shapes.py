"""Commits of different shapes: from one configuration to another, in kernel and chip."""

from __future__ import annotations

from tests.datastore.rig import AFTER, BEFORE
from tests.openconfig import interface, interfaces, route, static_routes

ONE = interface("Ethernet1", "10.0.0.1/24", "2001:db8::1/64")
TWO = interface("Ethernet2", "10.0.1.1/24")
BOTH = interfaces(ONE, TWO)
WAYS = static_routes(route("192.0.2.0/24", "10.0.0.2", "10.0.1.2"), route("198.51.100.0/24", "10.0.0.2"))
MANY = 1000


def many(hop: str) -> str:
    """Return as many routes as a bulk has, through one next hop."""
    return static_routes(*[route(f"20.{number >> 8}.{number & 255}.0/24", hop) for number in range(MANY)])


SHAPES = {
    "create a port's addresses": ("", interfaces(ONE)),
    "delete them": (interfaces(ONE), ""),
    "change in place": (BOTH, interfaces(interface("Ethernet1", "10.0.0.1/24", "2001:db8::1/64", mtu=9000), TWO)),
    "replace an address": (BOTH, interfaces(interface("Ethernet1", "10.0.0.1/25", "2001:db8::1/64"), TWO)),
    "move addresses": (BOTH, interfaces(interface("Ethernet1", "10.0.1.1/24"), interface("Ethernet2", "10.0.0.1/24"))),
    "disable a port": (BOTH + WAYS, interfaces(interface("Ethernet1", "10.0.0.1/24", enabled=False), TWO) + WAYS),
    "create routes": (BOTH, BOTH + WAYS),
    "change next hops": (
        BOTH + WAYS,
        BOTH + static_routes(route("192.0.2.0/24", "10.0.1.2"), route("198.51.100.0/24", "DROP")),
    ),
    "delete routes": (BOTH + WAYS, BOTH),
    "make a loopback": (BOTH, interfaces(ONE, TWO, interface("lo7", "192.0.2.7/32", type_="softwareLoopback"))),
    "everything at once": (BEFORE, AFTER),
    "and back": (AFTER, BEFORE),
    "a bulk of routes": (BOTH, BOTH + many("10.0.0.2")),
    "a bulk of changes": (BOTH + many("10.0.0.2"), BOTH + many("10.0.1.2")),
}
