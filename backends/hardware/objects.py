"""The objects of a switch chip, named as SAI names them; they are the hardware backend's resources.

Objects refer to one another by key, which is made of stable names; a driver maps keys to what its chip numbers things by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from backends.resource import (
    INTERFACE,
    LINK,
    NEIGHBOR,
    NEXT_HOP,
    NEXT_HOP_GROUP,
    ROUTE,
    Fact,
    Facts,
    Key,
    Prefix,
    Resource,
    Unmet,
    named,
    network_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCOPE = "hardware"
DEFAULT_MTU = 1500


@dataclass(frozen=True, slots=True)
class Object(Resource):
    """Anything in a switch chip."""

    def references(self) -> Iterable[Key]:
        """Return the keys of the objects that this one refers to, which must be there as long as it is."""
        return ()


@dataclass(frozen=True, slots=True)
class Port(Object):
    """A front-panel port."""

    kind: ClassVar[str] = "hardware:port"
    rank: ClassVar[int] = LINK
    keys: ClassVar[tuple[str, ...]] = ("name",)
    is_fixed: ClassVar[bool] = True

    name: str
    admin_state: bool = False
    mtu: int = DEFAULT_MTU
    description: str = ""

    def released(self) -> Port:
        """Unconfigured, a port is administratively down."""
        return Port(self.name)


@dataclass(frozen=True, slots=True)
class RouterInterface(Object):
    """Where a port, a VLAN of a port or a loopback meets the routing table."""

    kind: ClassVar[str] = "hardware:router_interface"
    rank: ClassVar[int] = INTERFACE
    keys: ClassVar[tuple[str, ...]] = ("name",)
    create_only: ClassVar[frozenset[str]] = frozenset({"type", "port", "vlan_id"})

    name: str
    type: str
    """`port`, `sub_port` or `loopback`."""
    port: str = ""
    vlan_id: int = 0

    def references(self) -> Iterable[Key]:
        """It refers to its port."""
        return ((Port.kind, self.port),) if self.port else ()

    def resolved(self, facts: Facts) -> RouterInterface:
        """It needs its port."""
        for key in self.references():
            facts.require(key)
        return self


@dataclass(frozen=True, slots=True)
class Neighbor(Object):
    """A host on the network of a router interface, and its MAC address."""

    kind: ClassVar[str] = "hardware:neighbor"
    rank: ClassVar[int] = NEIGHBOR
    keys: ClassVar[tuple[str, ...]] = ("router_interface", "address")

    router_interface: str
    address: str
    mac_address: str

    def references(self) -> Iterable[Key]:
        """It refers to the router interface."""
        return ((RouterInterface.kind, self.router_interface),)

    def resolved(self, facts: Facts) -> Neighbor:
        """It needs the router interface."""
        for key in self.references():
            facts.require(key)
        return self


@dataclass(frozen=True, slots=True)
class NextHop(Object):
    """A gateway, reached through a router interface."""

    kind: ClassVar[str] = "hardware:next_hop"
    rank: ClassVar[int] = NEXT_HOP
    keys: ClassVar[tuple[str, ...]] = ("address", "via")
    create_only: ClassVar[frozenset[str]] = frozenset({"router_interface"})

    address: str
    via: str = ""
    """The router interface that the configuration names; if it names none, that whose network has the address."""
    router_interface: str = ""

    def references(self) -> Iterable[Key]:
        """It refers to the router interface."""
        return ((RouterInterface.kind, self.router_interface),)

    def resolved(self, facts: Facts) -> NextHop:
        """Find the router interface."""
        name = self.via or facts.reach(SCOPE, self.address)
        if name is None:
            raise Unmet(f"no way to {self.address}: no interface is in its network")
        facts.require((RouterInterface.kind, name))
        return replace(self, router_interface=name)


@dataclass(frozen=True, slots=True)
class NextHopGroup(Object):
    """Several next hops that share the traffic."""

    kind: ClassVar[str] = "hardware:next_hop_group"
    rank: ClassVar[int] = NEXT_HOP_GROUP
    keys: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    members: tuple[Key, ...]
    """The keys of next hops and router interfaces, sorted."""

    def references(self) -> Iterable[Key]:
        """It refers to its members."""
        return self.members

    def resolved(self, facts: Facts) -> NextHopGroup:
        """Take the members that are there."""
        members = tuple(key for key in self.members if facts.get(key) is not None)
        if not members:
            raise Unmet(f"none of the next hops {self.name} can be reached")
        return self if members == self.members else replace(self, members=members)


@dataclass(frozen=True, slots=True)
class Route(Object):
    """An entry of the routing table."""

    kind: ClassVar[str] = "hardware:route"
    rank: ClassVar[int] = ROUTE
    keys: ClassVar[tuple[str, ...]] = ("prefix",)

    prefix: str
    action: str
    """`forward` to the target, `drop`, or `trap` to the CPU."""
    target: Key = ()
    """The key of a router interface (a connected network), next hop or next-hop group; empty without one."""

    def references(self) -> Iterable[Key]:
        """It refers to its target."""
        return (self.target,) if self.target else ()

    def resolved(self, facts: Facts) -> Route:
        """It needs its target."""
        if self.target and facts.get(self.target) is None:
            raise Unmet(f"it waits for {named(self.target)}")
        return self

    def offers(self) -> Mapping[Fact, Any]:
        """A connected network's hosts are reachable through its router interface."""
        if self.target and self.target[0] == RouterInterface.kind:
            return {Prefix(SCOPE, *network_of(self.prefix)): self.target[1]}
        return {}


OBJECTS: tuple[type[Object], ...] = (Port, RouterInterface, Neighbor, NextHop, NextHopGroup, Route)
