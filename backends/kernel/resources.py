"""What there is in a Linux kernel's network: ports, links, addresses, neighbours and routes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from backends.resource import (
    ADDRESS,
    LINK,
    NEIGHBOR,
    ROUTE,
    VLAN,
    Fact,
    Facts,
    Prefix,
    Resource,
    Shared,
    Unmet,
    network_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SCOPE = "kernel"
DEFAULT_MTU = 1500
LOOPBACK, LOOPBACK_MTU = "lo", 65536
LEAST_IPV6_MTU = 1280
"""Below it the kernel takes IPv6 off a link (RFC 8200 section 5)."""


def _link_offers(name: str, mtu: int, *, enabled: bool) -> dict[Fact, Any]:
    facts: dict[Fact, Any] = {("link", name): True, ("mtu", name): mtu}
    if enabled:
        facts["up", name] = True
        if mtu >= LEAST_IPV6_MTU:
            facts["ipv6", name] = True
    return facts


@dataclass(frozen=True, slots=True)
class Port(Resource):
    """A link that is not ours to make: an Ethernet device, or `lo`."""

    kind: ClassVar[str] = "kernel:port"
    rank: ClassVar[int] = LINK
    keys: ClassVar[tuple[str, ...]] = ("name",)
    is_fixed: ClassVar[bool] = True

    name: str
    enabled: bool = False
    mtu: int = DEFAULT_MTU
    alias: str = ""

    def offers(self) -> Mapping[Fact, Any]:
        """It can carry addresses; when it is enabled also traffic."""
        return _link_offers(self.name, self.mtu, enabled=self.enabled)

    def released(self) -> Port:
        """Unconfigured, a port is administratively down; the kernel's loopback is up, for every program counts on it."""
        return Port(self.name, enabled=True, mtu=LOOPBACK_MTU) if self.name == LOOPBACK else Port(self.name)


@dataclass(frozen=True, slots=True)
class Link(Resource):
    """A link that is made: a loopback interface or a bridge."""

    kind: ClassVar[str] = "kernel:link"
    rank: ClassVar[int] = LINK
    keys: ClassVar[tuple[str, ...]] = ("name",)
    create_only: ClassVar[frozenset[str]] = frozenset({"type"})

    name: str
    type: str
    """`loopback` or `bridge`."""
    enabled: bool
    mtu: int
    alias: str

    def offers(self) -> Mapping[Fact, Any]:
        """It can carry addresses; when it is enabled also traffic."""
        return _link_offers(self.name, self.mtu, enabled=self.enabled)


@dataclass(frozen=True, slots=True)
class VlanLink(Resource):
    """One VLAN of a link, as a link of its own."""

    kind: ClassVar[str] = "kernel:vlan"
    rank: ClassVar[int] = VLAN
    keys: ClassVar[tuple[str, ...]] = ("name",)
    create_only: ClassVar[frozenset[str]] = frozenset({"parent", "vlan_id"})

    name: str
    parent: str
    vlan_id: int
    enabled: bool
    alias: str
    mtu: int = DEFAULT_MTU

    def resolved(self, facts: Facts) -> VlanLink:
        """It needs its parent, has that one's MTU, and is up only while that one is."""
        facts.require(("link", self.parent))
        is_up = facts.get(("up", self.parent)) is not None
        return replace(self, mtu=facts.require(("mtu", self.parent)), enabled=self.enabled and is_up)

    def offers(self) -> Mapping[Fact, Any]:
        """It can carry addresses; when it is enabled also traffic. Of its parent's links it is the only one with its VLAN."""
        facts = _link_offers(self.name, self.mtu, enabled=self.enabled)
        facts["vlan", self.parent, self.vlan_id] = True
        return facts


@dataclass(frozen=True, slots=True)
class Address(Resource):
    """An IP address on a link."""

    kind: ClassVar[str] = "kernel:address"
    rank: ClassVar[int] = ADDRESS
    keys: ClassVar[tuple[str, ...]] = ("interface", "address")
    create_only: ClassVar[frozenset[str]] = frozenset({"prefix_length", "more"})

    interface: str
    address: str
    prefix_length: int
    more: tuple[int, ...] = ()
    """Further prefix lengths that the kernel has it with, as it may with IPv4; nobody wants that, but it has to be seen."""

    def resolved(self, facts: Facts) -> Address:
        """An IPv4 address needs the link; IPv6 ones go when it goes down, so that they need it up."""
        facts.require(("ipv6" if ":" in self.address else "link", self.interface))
        return self

    def attributes(self) -> dict[str, Any]:
        """Return the fields that are not keys, by name; further prefix lengths only if there are any."""
        return {name: value for name, value in Resource.attributes(self).items() if name != "more" or value}

    def offers(self) -> Mapping[Fact, Any]:
        """Its network is reachable through the link, which has IPv4 with its first IPv4 address."""
        network: dict[Fact, Any] = {Prefix(SCOPE, *network_of(f"{self.address}/{self.prefix_length}")): self.interface}
        return network if ":" in self.address else network | {Shared("ipv4", self.interface): True}


@dataclass(frozen=True, slots=True)
class Neighbor(Resource):
    """A neighbour's link-layer address, fixed."""

    kind: ClassVar[str] = "kernel:neighbor"
    rank: ClassVar[int] = NEIGHBOR
    keys: ClassVar[tuple[str, ...]] = ("interface", "address")

    interface: str
    address: str
    link_layer_address: str

    def resolved(self, facts: Facts) -> Neighbor:
        """The kernel forgets neighbours when a link goes down."""
        facts.require(("ipv6" if ":" in self.address else "up", self.interface))
        return self


class Hop(NamedTuple):
    """One next hop of a route: a gateway, a link, or both; empty is none.

    Take it apart by position: from another process it comes as a plain tuple.
    """

    gateway: str
    interface: str


@dataclass(frozen=True, slots=True)
class Route(Resource):
    """A route in the main table: to its next hops, or nowhere if it has none."""

    kind: ClassVar[str] = "kernel:route"
    rank: ClassVar[int] = ROUTE
    keys: ClassVar[tuple[str, ...]] = ("prefix", "metric")

    prefix: str
    metric: int
    next_hops: tuple[Hop, ...]
    """Sorted; none is a blackhole."""

    def resolved(self, facts: Facts) -> Route | None:
        """Take the next hops that can be reached, each with the link that leads to it.

        The kernel drops IPv4 routes along with the last IPv4 address of a link.
        """
        if not self.next_hops:
            return self
        usable = []
        for gateway, wanted in self.next_hops:
            interface = wanted or facts.reach(SCOPE, gateway)
            if interface is not None and self._is_usable(facts, interface):
                usable.append(Hop(gateway, interface))
        if not usable:
            hops = " or ".join(gateway or interface for gateway, interface in self.next_hops)
            version = "IPv6" if ":" in self.prefix else "IPv4"
            raise Unmet(f"no way to {hops}: no interface that is up and has {version} leads there")
        found = tuple(sorted(set(usable)))
        return self if found == self.next_hops else Route(self.prefix, self.metric, found)

    def _is_usable(self, facts: Facts, interface: str) -> bool:
        if ":" in self.prefix:
            return facts.get(("ipv6", interface)) is not None
        # both are asked, so that the route is looked at again whichever changes
        needs = [facts.get(("up", interface)), facts.get(Shared("ipv4", interface))]
        return None not in needs
