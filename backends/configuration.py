"""What OpenConfig's interfaces and static routes say, in the terms that every backend has: names, addresses, next hops."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from backends.translator import Claim, Translator, Untranslatable
from yang.bindings import openconfig_if_ip as ip
from yang.bindings import openconfig_interfaces as interfaces
from yang.bindings import openconfig_local_routing as local_routing
from yang.bindings import openconfig_network_instance as network_instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.resource import Resource
    from yang.tree import Key

InterfaceView: TypeAlias = interfaces.Interfaces.Interface
SubinterfaceView: TypeAlias = interfaces.Subinterfaces.Subinterface
Ipv4AddressView: TypeAlias = ip.Ipv4.Addresses.Address
Ipv6AddressView: TypeAlias = ip.Ipv6.Addresses.Address
Ipv4NeighborView: TypeAlias = ip.Ipv4.Neighbors.Neighbor
Ipv6NeighborView: TypeAlias = ip.Ipv6.Neighbors.Neighbor
StaticView: TypeAlias = local_routing.StaticRoutes.Static
InstanceView: TypeAlias = network_instance.NetworkInstances.NetworkInstance
ProtocolView: TypeAlias = network_instance.NetworkInstances.NetworkInstance.Protocols.Protocol

INTERFACE = "/openconfig-interfaces:interfaces/interface"
SUBINTERFACE = f"{INTERFACE}/subinterfaces/subinterface"
IPV4, IPV6 = f"{SUBINTERFACE}/openconfig-if-ip:ipv4", f"{SUBINTERFACE}/openconfig-if-ip:ipv6"
INSTANCE = "/openconfig-network-instance:network-instances/network-instance"
PROTOCOL = f"{INSTANCE}/protocols/protocol"
STATIC_ROUTE = f"{PROTOCOL}/static-routes/static"

VLAN = "openconfig-vlan:vlan/match/single-tagged/config/vlan-id"
OLD_VLAN = "openconfig-vlan:vlan/config/vlan-id"
"""Where OpenConfig had the VLAN of a subinterface before it had matches; both are understood."""

ADDRESS_CLAIMS = (Claim("config/ip", "address"), Claim("config/prefix-length", "prefix_length"))
NEIGHBOR_CLAIMS = (Claim("config/ip", "address"), Claim("config/link-layer-address", "link_layer_address"))

IPV6_METRIC = 1024
"""What Linux takes for an IPv6 route's metric if none is given; all backends do, so that they prefer the same next hops."""

DEFAULT_NAME = "DEFAULT"
DEFAULT_INSTANCE = "openconfig-network-instance-types:DEFAULT_INSTANCE"
STATIC = "openconfig-policy-types:STATIC"


def subinterface_name(keys: tuple[Key, ...]) -> str:
    """Return the name of a subinterface's device: that of the interface for index 0, otherwise `Ethernet1.10`."""
    name, index = str(keys[0][0]), keys[1][0]
    return name if index == 0 else f"{name}.{index!s}"


def subinterface_places(device: str) -> Iterator[tuple[Key, ...]]:
    """Yield the keys of the interface and the subinterface that a device's name can be of."""
    yield (device,), (0,)
    name, _, index = device.rpartition(".")
    if name and index.isdecimal():
        yield (name,), (int(index),)


def static_places(prefix: str) -> Iterator[tuple[Key | None, ...]]:
    """Yield the keys of the static route for a prefix; its protocol may have any name."""
    yield (DEFAULT_NAME,), None, (prefix,)


def vlan_leaf(view: SubinterfaceView) -> str:
    """Return the leaf that gives a subinterface its VLAN."""
    return OLD_VLAN if view.vlan.match.single_tagged.config.vlan_id is None else VLAN


def vlan_of(view: SubinterfaceView, index: object) -> int | None:
    """Return the VLAN that a subinterface takes; None for subinterface 0, which is the interface itself.

    Raises:
        Untranslatable: It has none and is not 0, or is 0 and has one, or has two, or is 0 and says something of itself.
    """
    single, old = view.vlan.match.single_tagged.config.vlan_id, view.vlan.config.vlan_id
    if index == 0:
        if single is not None or old is not None:
            raise Untranslatable("subinterface 0 is the interface itself, without a tag", vlan_leaf(view))
        if not view.config.enabled or view.config.description:
            leaf = "config/enabled" if not view.config.enabled else "config/description"
            raise Untranslatable("subinterface 0 is the interface itself: say it there", leaf)
        return None
    vlan_id = single if single is not None else old
    if not isinstance(vlan_id, int):
        raise Untranslatable(f"subinterface {index} needs the VLAN that it takes", "config/index")
    if single is not None and old is not None and single != old:
        raise Untranslatable(f"VLAN {single} in one place and {old} in the other", VLAN)
    return vlan_id


def canonical_address(address: str) -> str:
    """Return an address in the form of RFC 5952.

    Raises:
        Untranslatable: It has a zone.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, address))
    except OSError as error:
        raise Untranslatable(f"{address} has a zone, which the interface tells already", "config/ip") from error


def canonical_mac(address: str | None) -> str:
    """Return an Ethernet address in small letters.

    Raises:
        Untranslatable: It is another kind of address.
    """
    if address is None or len(address) != 17:
        raise Untranslatable(f"{address} is not an Ethernet address", "config/link-layer-address")
    return address.lower()


def length_of(prefix_length: int | None, address: str) -> int:
    """Return a prefix length.

    Raises:
        Untranslatable: There is none.
    """
    if prefix_length is None:
        raise Untranslatable(f"the address {address} needs a prefix length", "config/prefix-length")
    return prefix_length


def canonical_prefix(prefix: str) -> str:
    """Return a network in the form of RFC 5952.

    Raises:
        Untranslatable: It has host bits, and so might mean another network.
    """
    text, _, length = prefix.partition("/")
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    octets = socket.inet_pton(family, text)
    if int.from_bytes(octets, "big") & ((1 << (len(octets) * 8 - int(length))) - 1):
        network = ipaddress.ip_network(prefix, strict=False)
        raise Untranslatable(f"{prefix} has host bits set; the network is {network}", "config/prefix")
    return f"{socket.inet_ntop(family, octets)}/{int(length)}"


class NextHop(NamedTuple):
    """One next hop of a static route."""

    entry: str
    gateway: str
    """Empty if the network is on the link itself."""
    interface: str
    """Empty if the configuration leaves it open."""
    metric: int
    """The lower, the better; without one in the configuration, `IPV6_METRIC` in IPv6 and 0 in IPv4, as Linux has it."""
    drops: bool

    def leaf(self, name: str) -> str:
        """Return the path of a leaf of its config, below the route."""
        return f"next-hops/next-hop[index='{self.entry}']/config/{name}"


def next_hops(view: StaticView, prefix: str) -> Iterator[NextHop]:
    """Yield the next hops of a static route.

    Raises:
        Untranslatable: One leads nowhere, or to the other address family.
    """
    for index, entry in view.next_hops.next_hop.items():
        value, reference = entry.config.next_hop, entry.interface_ref.config
        leaf = f"next-hops/next-hop[index='{index}']/config/next-hop"
        interface = reference.interface or ""
        if interface and reference.subinterface:
            interface = f"{interface}.{reference.subinterface}"
        gateway = ""
        is_drop = value is local_routing.LocalDefinedNextHop.DROP
        if value is not None and not isinstance(value, local_routing.LocalDefinedNextHop):
            gateway = canonical_address(value.partition("%")[0])
            if (":" in gateway) != (":" in prefix):
                raise Untranslatable(f"{gateway} is no next hop for {prefix}: the address families differ", leaf)
        elif not interface and not is_drop:
            raise Untranslatable(
                f"next hop {index} of {prefix} leads nowhere: {value or 'no address'} and no interface", leaf
            )
        metric = entry.config.metric
        if metric is None:
            metric = IPV6_METRIC if ":" in prefix else 0
        yield NextHop(index, gateway, interface, metric, is_drop)


def next_hop_leaf(view: StaticView, attribute_leaf: str) -> str:
    """Return the leaf of a static route's next hop, if it has but one; otherwise that of its prefix."""
    entries = list(view.next_hops.next_hop.values()) if view.exists else []
    if not attribute_leaf.startswith("next-hops/") or len(entries) != 1:
        return "config/prefix"
    if attribute_leaf.endswith("config/next-hop") and entries[0].config.next_hop is None:
        attribute_leaf = "next-hops/next-hop/interface-ref/config/interface"
    return attribute_leaf.replace("next-hop/", f"next-hop[index='{entries[0].index}']/", 1)


class NetworkInstance(Translator[InstanceView]):
    """The default network instance, which every backend has without being told."""

    path: ClassVar[str] = INSTANCE
    claims = (
        Claim("config/name"),
        Claim("config/type", values=frozenset({DEFAULT_INSTANCE})),
    )
    view = InstanceView

    def resources(self, view: InstanceView, keys: tuple[Key, ...]) -> Iterator[Resource]:  # noqa: ARG002 - its name tells all
        """Yield nothing."""
        if keys[0][0] != DEFAULT_NAME:
            raise Untranslatable(
                f"the instance of type DEFAULT_INSTANCE is named {DEFAULT_NAME}, not {keys[0][0]!s}",
                "config/name",
            )
        yield from ()


class Protocol(Translator[ProtocolView]):
    """The protocol that static routes stand under."""

    path: ClassVar[str] = PROTOCOL
    claims = (
        Claim("config/identifier", values=frozenset({STATIC})),
        Claim("config/name"),
    )
    view = ProtocolView

    def resources(self, view: ProtocolView, keys: tuple[Key, ...]) -> Iterator[Resource]:  # noqa: ARG002 - nothing to see
        """Yield nothing."""
        yield from ()


STATIC_CLAIMS = (
    Claim("config/prefix", "prefix"),
    Claim("next-hops/next-hop/config/index"),
    Claim("next-hops/next-hop/config/next-hop", "next_hops"),
    Claim("next-hops/next-hop/config/metric", "metric"),
    Claim("next-hops/next-hop/interface-ref/config/interface"),
    Claim("next-hops/next-hop/interface-ref/config/subinterface"),
)
