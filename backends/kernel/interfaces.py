"""From OpenConfig interfaces to links, addresses and neighbours of the kernel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from backends.configuration import (
    ADDRESS_CLAIMS,
    INTERFACE,
    IPV4,
    IPV6,
    NEIGHBOR_CLAIMS,
    OLD_VLAN,
    SUBINTERFACE,
    VLAN,
    InterfaceView,
    Ipv4AddressView,
    Ipv4NeighborView,
    Ipv6AddressView,
    Ipv6NeighborView,
    SubinterfaceView,
    canonical_address,
    canonical_mac,
    length_of,
    subinterface_name,
    subinterface_places,
    vlan_leaf,
    vlan_of,
)
from backends.kernel.resources import (
    DEFAULT_MTU,
    LOOPBACK,
    LOOPBACK_MTU,
    Address,
    Link,
    Neighbor,
    Port,
    VlanLink,
)
from backends.translator import AnyTranslator, Claim, Translator, Untranslatable
from yang.bindings.ietf_interfaces import InterfaceType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.resource import Resource
    from yang.tree import Key

LONGEST_ALIAS = 255
LONGEST_NAME = 15
NAME = re.compile(r"[^\s/:%]+").fullmatch


def interface_translators(*, has_loopbacks: bool, has_bridges: bool, has_vlans: bool) -> tuple[AnyTranslator, ...]:
    """Return the translators of interfaces and what is in them, for a kernel that can make what is said."""
    return (
        Interface(has_loopbacks=has_loopbacks, has_bridges=has_bridges),
        Subinterface(has_vlans=has_vlans),
        Ipv4Address(),
        Ipv6Address(),
        Ipv4Neighbor(),
        Ipv6Neighbor(),
    )


class Interface(Translator[InterfaceView]):
    """An interface is a port that is there, or a link that is made."""

    path: ClassVar[str] = INTERFACE
    view = InterfaceView

    def __init__(self, *, has_loopbacks: bool, has_bridges: bool) -> None:
        """Translate into what this kernel can make; `lo` it has in any case."""
        types = {InterfaceType.ETHERNET_CSMACD, InterfaceType.SOFTWARE_LOOPBACK}
        if has_bridges:
            types.add(InterfaceType.BRIDGE)
        self._has_loopbacks = has_loopbacks
        self.claims = (
            Claim("config/name", "name"),
            Claim("config/type", "type", frozenset(types)),
            Claim("config/mtu", "mtu"),
            Claim("config/description", "alias"),
            Claim("config/enabled", "enabled"),
        )

    def resources(self, view: InterfaceView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the port or link."""
        name, config = _link_name(str(keys[0][0]), "config/name"), view.config
        alias = _alias(config.description)
        if config.type == InterfaceType.ETHERNET_CSMACD:
            yield Port(name, config.enabled, config.mtu or DEFAULT_MTU, alias)
        elif config.type == InterfaceType.SOFTWARE_LOOPBACK and name == LOOPBACK:
            yield Port(name, config.enabled, config.mtu or LOOPBACK_MTU, alias)
        elif config.type == InterfaceType.SOFTWARE_LOOPBACK:
            if not self._has_loopbacks:
                raise Untranslatable("this kernel makes no loopback links; lo is there", "config/name")
            yield Link(name, "loopback", config.enabled, config.mtu or DEFAULT_MTU, alias)
        elif config.type == InterfaceType.BRIDGE:
            yield Link(name, "bridge", config.enabled, config.mtu or DEFAULT_MTU, alias)


class Subinterface(Translator[SubinterfaceView]):
    """Subinterface 0 is the interface itself; any other one is a VLAN of it."""

    path: ClassVar[str] = SUBINTERFACE
    view = SubinterfaceView

    def __init__(self, *, has_vlans: bool) -> None:
        """Translate into what this kernel can make."""
        vlans = (
            Claim("config/description", "alias"),
            Claim("config/enabled", "enabled"),
            Claim(VLAN, "vlan_id"),
            Claim(OLD_VLAN, "vlan_id"),
        )
        self._has_vlans = has_vlans
        self.claims = (Claim("config/index", "name"), *(vlans if has_vlans else ()))
        self.excludes = () if has_vlans else tuple(claim.leaf for claim in vlans)

    def resources(self, view: SubinterfaceView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the VLAN link, if it is one."""
        if not self._has_vlans and keys[1][0] != 0:
            raise Untranslatable("this kernel makes no VLAN links, so that only subinterface 0 can be", "config/index")
        vlan_id = vlan_of(view, keys[1][0])
        if vlan_id is not None:
            name = _link_name(subinterface_name(keys), "config/index")
            yield VlanLink(name, str(keys[0][0]), vlan_id, view.config.enabled, _alias(view.config.description))

    def leaf_of(self, resource: Resource, attribute: str, view: SubinterfaceView) -> str:
        """Return the leaf that gave an attribute; the VLAN may stand in two places."""
        return vlan_leaf(view) if attribute == "vlan_id" else super().leaf_of(resource, attribute, view)


class Ipv4Address(Translator[Ipv4AddressView]):
    """An IPv4 address of a subinterface."""

    path: ClassVar[str] = f"{IPV4}/addresses/address"
    claims = ADDRESS_CLAIMS
    view = Ipv4AddressView

    def resources(self, view: Ipv4AddressView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the address."""
        yield _address(keys, view.config.prefix_length)

    def places(self, resource: Resource) -> Iterator[tuple[Key, ...]]:
        """Yield the places of an IPv4 address."""
        yield from _places(resource, Address, 4)


class Ipv6Address(Translator[Ipv6AddressView]):
    """An IPv6 address of a subinterface."""

    path: ClassVar[str] = f"{IPV6}/addresses/address"
    claims = ADDRESS_CLAIMS
    view = Ipv6AddressView

    def resources(self, view: Ipv6AddressView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the address."""
        yield _address(keys, view.config.prefix_length)

    def places(self, resource: Resource) -> Iterator[tuple[Key, ...]]:
        """Yield the places of an IPv6 address."""
        yield from _places(resource, Address, 6)


class Ipv4Neighbor(Translator[Ipv4NeighborView]):
    """A fixed entry of the ARP table."""

    path: ClassVar[str] = f"{IPV4}/neighbors/neighbor"
    claims = NEIGHBOR_CLAIMS
    view = Ipv4NeighborView

    def resources(self, view: Ipv4NeighborView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the neighbour."""
        yield _neighbor(keys, view.config.link_layer_address)

    def places(self, resource: Resource) -> Iterator[tuple[Key, ...]]:
        """Yield the places of an IPv4 neighbour."""
        yield from _places(resource, Neighbor, 4)


class Ipv6Neighbor(Translator[Ipv6NeighborView]):
    """A fixed entry of the neighbour cache."""

    path: ClassVar[str] = f"{IPV6}/neighbors/neighbor"
    claims = NEIGHBOR_CLAIMS
    view = Ipv6NeighborView

    def resources(self, view: Ipv6NeighborView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the neighbour."""
        yield _neighbor(keys, view.config.link_layer_address)

    def places(self, resource: Resource) -> Iterator[tuple[Key, ...]]:
        """Yield the places of an IPv6 neighbour."""
        yield from _places(resource, Neighbor, 6)


def _address(keys: tuple[Key, ...], prefix_length: int | None) -> Address:
    address = canonical_address(str(keys[2][0]))
    return Address(subinterface_name(keys), address, length_of(prefix_length, address))


def _neighbor(keys: tuple[Key, ...], link_layer_address: str | None) -> Neighbor:
    address = canonical_address(str(keys[2][0]))
    return Neighbor(subinterface_name(keys), address, canonical_mac(link_layer_address))


def _places(resource: Resource, kind: type[Address | Neighbor], version: int) -> Iterator[tuple[Key, ...]]:
    if isinstance(resource, kind) and (":" in resource.address) == (version == 6):
        yield from ((*keys, (resource.address,)) for keys in subinterface_places(resource.interface))


def _link_name(name: str, leaf: str) -> str:
    if NAME(name) is None or name in (".", "..") or len(name.encode()) > LONGEST_NAME:
        raise Untranslatable(
            f"{name!r} is no link's name: 1 to {LONGEST_NAME} octets without blank, slash, colon, percent", leaf
        )
    return name


def _alias(description: str | None) -> str:
    octets = len((description or "").encode())
    if octets > LONGEST_ALIAS:
        raise Untranslatable(
            f"the kernel takes {LONGEST_ALIAS} octets of description, not {octets}", "config/description"
        )
    return description or ""
