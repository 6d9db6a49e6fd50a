"""From OpenConfig interfaces and static routes to the objects of a switch chip."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from backends.configuration import (
    ADDRESS_CLAIMS,
    INTERFACE,
    IPV4,
    IPV6,
    NEIGHBOR_CLAIMS,
    OLD_VLAN,
    STATIC_CLAIMS,
    STATIC_ROUTE,
    SUBINTERFACE,
    VLAN,
    InterfaceView,
    Ipv4AddressView,
    Ipv4NeighborView,
    Ipv6AddressView,
    Ipv6NeighborView,
    NetworkInstance,
    Protocol,
    StaticView,
    SubinterfaceView,
    canonical_address,
    canonical_mac,
    canonical_prefix,
    length_of,
    next_hop_leaf,
    next_hops,
    static_places,
    subinterface_name,
    subinterface_places,
    vlan_leaf,
    vlan_of,
)
from backends.hardware.objects import (
    DEFAULT_MTU,
    SCOPE,
    Neighbor,
    NextHop,
    NextHopGroup,
    Port,
    Route,
    RouterInterface,
)
from backends.resource import Key as ResourceKey
from backends.resource import Prefix, network_of
from backends.translator import AnyTranslator, Claim, Translator
from yang.bindings.ietf_interfaces import InterfaceType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.resource import Resource
    from yang.tree import Key


def translators() -> tuple[AnyTranslator, ...]:
    """Return all translators."""
    return (
        Interface(),
        Subinterface(),
        Ipv4Address(),
        Ipv6Address(),
        Ipv4Neighbor(),
        Ipv6Neighbor(),
        NetworkInstance(),
        Protocol(),
        StaticRoute(),
    )


class Interface(Translator[InterfaceView]):
    """An Ethernet interface is a routed port; a loopback is a router interface without a port."""

    path: ClassVar[str] = INTERFACE
    claims = (
        Claim("config/name", "name"),
        Claim("config/type", "type", frozenset({InterfaceType.ETHERNET_CSMACD, InterfaceType.SOFTWARE_LOOPBACK})),
        Claim("config/mtu", "mtu"),
        Claim("config/description", "description"),
        Claim("config/enabled", "admin_state"),
    )
    view = InterfaceView

    def resources(self, view: InterfaceView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the port, and where it meets the routing table."""
        name, config = str(keys[0][0]), view.config
        if config.type == InterfaceType.ETHERNET_CSMACD:
            yield Port(name, config.enabled, config.mtu or DEFAULT_MTU, config.description or "")
            yield RouterInterface(name, "port", name)
        elif config.type == InterfaceType.SOFTWARE_LOOPBACK:
            yield RouterInterface(name, "loopback")

    def places(self, resource: Resource) -> Iterator[tuple[Key, ...]]:
        """Yield the interface of a router interface that is no VLAN."""
        if isinstance(resource, RouterInterface) and resource.type != "sub_port":
            yield ((resource.name,),)


class Subinterface(Translator[SubinterfaceView]):
    """Subinterface 0 is the interface itself; any other one is a VLAN of it."""

    path: ClassVar[str] = SUBINTERFACE
    claims = (
        Claim("config/index", "name"),
        Claim(VLAN, "vlan_id"),
        Claim(OLD_VLAN, "vlan_id"),
    )
    view = SubinterfaceView

    def resources(self, view: SubinterfaceView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield where the VLAN meets the routing table."""
        vlan_id = vlan_of(view, keys[1][0])
        if vlan_id is not None:
            yield RouterInterface(subinterface_name(keys), "sub_port", str(keys[0][0]), vlan_id)

    def places(self, resource: Resource) -> Iterator[tuple[Key, ...]]:
        """Yield the subinterface of a VLAN's router interface."""
        if isinstance(resource, RouterInterface) and resource.type == "sub_port":
            yield from (keys for keys in subinterface_places(resource.name) if keys[1] != (0,))

    def leaf_of(self, resource: Resource, attribute: str, view: SubinterfaceView) -> str:
        """Return the leaf that gave an attribute; the VLAN may stand in two places."""
        return vlan_leaf(view) if attribute == "vlan_id" else super().leaf_of(resource, attribute, view)


class Ipv4Address(Translator[Ipv4AddressView]):
    """An IPv4 address of a subinterface: the network that it connects, and the way to the CPU."""

    path: ClassVar[str] = f"{IPV4}/addresses/address"
    claims = ADDRESS_CLAIMS
    view = Ipv4AddressView

    def resources(self, view: Ipv4AddressView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the routes."""
        yield from _connected(keys, view.config.prefix_length)


class Ipv6Address(Translator[Ipv6AddressView]):
    """An IPv6 address of a subinterface: likewise."""

    path: ClassVar[str] = f"{IPV6}/addresses/address"
    claims = ADDRESS_CLAIMS
    view = Ipv6AddressView

    def resources(self, view: Ipv6AddressView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the routes."""
        yield from _connected(keys, view.config.prefix_length)


class Ipv4Neighbor(Translator[Ipv4NeighborView]):
    """A fixed neighbour."""

    path: ClassVar[str] = f"{IPV4}/neighbors/neighbor"
    claims = NEIGHBOR_CLAIMS
    view = Ipv4NeighborView

    def resources(self, view: Ipv4NeighborView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the neighbour."""
        yield _neighbor(keys, view.config.link_layer_address)

    def places(self, resource: Resource) -> Iterator[tuple[Key, ...]]:
        """Yield the places of an IPv4 neighbour."""
        if isinstance(resource, Neighbor) and ":" not in resource.address:
            yield from ((*keys, (resource.address,)) for keys in subinterface_places(resource.router_interface))


class Ipv6Neighbor(Translator[Ipv6NeighborView]):
    """A fixed neighbour."""

    path: ClassVar[str] = f"{IPV6}/neighbors/neighbor"
    claims = NEIGHBOR_CLAIMS
    view = Ipv6NeighborView

    def resources(self, view: Ipv6NeighborView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the neighbour."""
        yield _neighbor(keys, view.config.link_layer_address)

    def places(self, resource: Resource) -> Iterator[tuple[Key, ...]]:
        """Yield the places of an IPv6 neighbour."""
        if isinstance(resource, Neighbor) and ":" in resource.address:
            yield from ((*keys, (resource.address,)) for keys in subinterface_places(resource.router_interface))


class StaticRoute(Translator[StaticView]):
    """A static route: its next hops of the lowest metric, a group of them where there are several."""

    path: ClassVar[str] = STATIC_ROUTE
    claims = STATIC_CLAIMS
    view = StaticView

    def resources(self, view: StaticView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the route and what it goes through."""
        prefix = canonical_prefix(str(keys[2][0]))
        hops = list(next_hops(view, prefix))
        if not hops:
            return
        best = min(hop.metric for hop in hops)
        hops = [hop for hop in hops if hop.metric == best]
        if all(hop.drops for hop in hops):
            yield Route(prefix, "drop")
            return
        targets: set[ResourceKey] = set()
        for hop in hops:
            if hop.gateway:
                next_hop = NextHop(hop.gateway, hop.interface)
                targets.add(next_hop.key)
                yield next_hop
            elif not hop.drops:
                targets.add((RouterInterface.kind, hop.interface))
        members = tuple(sorted(targets))
        if len(members) == 1:
            yield Route(prefix, "forward", members[0])
        else:
            group = NextHopGroup(" ".join("@".join(filter(None, key[1:])) for key in members), members)
            yield group
            yield Route(prefix, "forward", group.key)

    def leaf_of(self, resource: Resource, attribute: str, view: StaticView) -> str:  # noqa: ARG002 - all go one way
        """Return the leaf that gave an attribute: that of the next hop, if the route has but one."""
        leaf = "config/prefix" if attribute == "prefix" else "next-hops/next-hop/config/next-hop"
        return next_hop_leaf(view, leaf)

    def places(self, resource: Resource) -> Iterator[tuple[Key | None, ...]]:
        """Yield the place of a route."""
        if isinstance(resource, Route):
            yield from static_places(resource.prefix)


def _connected(keys: tuple[Key, ...], prefix_length: int | None) -> Iterator[Resource]:
    address = canonical_address(str(keys[2][0]))
    length = length_of(prefix_length, address)
    full = 128 if ":" in address else 32
    if length < full:
        network = str(Prefix(SCOPE, *network_of(f"{address}/{length}")))
        yield Route(network, "forward", (RouterInterface.kind, subinterface_name(keys)))
    yield Route(f"{address}/{full}", "trap")


def _neighbor(keys: tuple[Key, ...], link_layer_address: str | None) -> Neighbor:
    address = canonical_address(str(keys[2][0]))
    return Neighbor(subinterface_name(keys), address, canonical_mac(link_layer_address))
