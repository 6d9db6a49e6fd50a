"""Kernel resources as netlink messages, and back."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

from backends.kernel import netlink as nl
from backends.kernel.netlink import (
    ATTRIBUTE,
    IFINFO,
    Message,
    attribute,
    attributes,
    link_payload,
    new_link_payload,
    text,
)
from backends.kernel.resources import Address, Hop, Link, Neighbor, Port, Route, VlanLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from backends.operation import Operation
    from backends.resource import Resource

PROTOCOL = 201
"""The route protocol number that marks routes as ours; nobody else has it in iproute2's rt_protos."""

UP = 0x1
RUNNING = 0x40
MAIN_TABLE = 254
UNIVERSE, LINK_SCOPE, NOWHERE = 0, 253, 255
UNICAST, BLACKHOLE = 1, 6
PERMANENT = 0x80
LOOSE_BINDING = 0x4
MADE_BY_KERNEL = (1, 2, 3)
"""IFA_PROTO of addresses that the kernel gives a loopback, has from a router, or makes for a link, where it tells."""

OPER_STATUS = ("UNKNOWN", "NOT_PRESENT", "DOWN", "LOWER_LAYER_DOWN", "TESTING", "DORMANT", "UP")
"""RFC 2863's states as linux/if.h numbers them, and OpenConfig names them."""

LINK_TYPES = {"dummy": "loopback", "ifb": "loopback", "bridge": "bridge"}
"""The kernel's kinds of links that we make, and what we call them."""
MADE = LINK_TYPES.keys() | {"vlan", "bond", "vrf", "vxlan"}
"""The kinds of links that are no ports."""

ADDRESS = struct.Struct("=BBBBI")
ROUTE = struct.Struct("=BBBBBBBBI")
NEIGHBOR = struct.Struct("=BxxxiHBB")
NEXT_HOP = struct.Struct("=HBBI")
METRIC = struct.Struct("=HHI")


class LinkState(NamedTuple):
    """A link as the kernel tells of it."""

    ifindex: int
    name: str
    kind: str
    flags: int
    mtu: int
    alias: str
    parent: int
    vlan_id: int
    oper_state: int
    statistics: bytes


def family(address: str) -> int:
    """Return the address family of an address or prefix."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def packed(address: str) -> bytes:
    """Return the octets of an address."""
    return socket.inet_pton(family(address), address)


def unpacked(octets: bytes) -> str:
    """Return the text of an address."""
    return socket.inet_ntop(socket.AF_INET if len(octets) == 4 else socket.AF_INET6, octets)


def read_link(payload: bytes) -> LinkState:
    """Return the link that a NEWLINK or DELLINK tells of."""
    _, _, index, flags, _ = IFINFO.unpack_from(payload)
    found = attributes(payload, IFINFO.size)
    info = attributes(found.get(18, b""))
    kind = text(info.get(1, b""))
    vlan = attributes(info.get(2, b"")) if kind == "vlan" else {}
    return LinkState(
        ifindex=index,
        name=text(found.get(nl.IFLA_IFNAME, b"")),
        kind=kind,
        flags=flags,
        mtu=_number(found.get(4)),
        alias=text(found.get(20, b"")),
        parent=_number(found.get(5)),
        vlan_id=_number(vlan.get(1), "=H"),
        oper_state=_number(found.get(16), "=B"),
        statistics=found.get(23, b""),
    )


def oper_status(state: LinkState) -> str:
    """Return OpenConfig's oper-status; a link without a carrier to tell of is up when it runs."""
    status = OPER_STATUS[state.oper_state] if state.oper_state < len(OPER_STATUS) else "UNKNOWN"
    if status == "UNKNOWN" and state.flags & UP:
        return "UP" if state.flags & RUNNING else "DOWN"
    return "DOWN" if status == "UNKNOWN" else status


def link_class(state: LinkState) -> type[Resource] | None:
    """Return what kind of resource a link is, or None if it is of a kind that we neither make nor configure."""
    if state.kind == "vlan":
        return VlanLink
    if state.kind in LINK_TYPES:
        return Link
    return None if state.kind in MADE else Port


def link_resource(state: LinkState, name_of: Callable[[int], str]) -> Resource | None:
    """Return the resource that a link is, or None if it is of a kind that we neither make nor configure."""
    enabled = bool(state.flags & UP)
    class_ = link_class(state)
    if class_ is VlanLink:
        parent = name_of(state.parent)
        return VlanLink(state.name, parent, state.vlan_id, enabled, state.alias, state.mtu)
    if class_ is Link:
        return Link(state.name, LINK_TYPES[state.kind], enabled, state.mtu, state.alias)
    return Port(state.name, enabled, state.mtu, state.alias) if class_ is Port else None


def link_creation(link: Resource, parent: int, loopback: str) -> Message:
    """Return the request that makes a link; `loopback` is the kernel's kind of loopback links."""
    if isinstance(link, VlanLink):
        # a VLAN is up or down as its own configuration says: by default all of a port's VLANs come up with it
        flags = {"flags": LOOSE_BINDING, "mask": LOOSE_BINDING}
        data = {"attrs": [("IFLA_VLAN_ID", link.vlan_id), ("IFLA_VLAN_FLAGS", flags)]}
        info = {"attrs": [("IFLA_INFO_KIND", "vlan"), ("IFLA_INFO_DATA", data)]}
        attrs: list[tuple[str, object]] = [("IFLA_LINK", parent)]
    else:
        is_bridge = isinstance(link, Link) and link.type == "bridge"
        info = {"attrs": [("IFLA_INFO_KIND", "bridge" if is_bridge else loopback)]}
        attrs = []
    attrs += [("IFLA_IFNAME", link.key[1]), ("IFLA_LINKINFO", info)]
    return Message(nl.NEWLINK, nl.CREATE | nl.EXCL, new_link_payload(attrs))


def link_removals(names: Sequence[str]) -> Iterator[Message]:
    """Yield the requests that remove links, one for each and one more, which does it; just one for a single link.

    To remove a group of links takes the kernel as long as to remove one of them, which is some ten milliseconds.
    """
    if len(names) == 1:
        yield Message(nl.DELLINK, 0, link_payload(names[0]))
        return
    # a number that nobody else has; 0 would be all links that are in no group
    group = attribute(nl.IFLA_GROUP, struct.pack("=I", secrets.randbits(30) | 1 << 30))
    for name in names:
        yield Message(nl.NEWLINK, 0, link_payload(name, group))
    yield Message(nl.DELLINK, 0, IFINFO.pack(0, 0, 0, 0, 0) + group)


def link_changes(operation: Operation) -> Iterator[tuple[str, Message]]:
    """Yield the requests that give a link, which is there, the attributes that an operation wants, each with its name.

    They call it by name, for one that has just been made has a number that only the kernel knows.
    """
    name = operation.key[1]
    new = operation.resource.attributes()
    old = operation.before.attributes() if operation.before is not None else {"enabled": False, "alias": ""}
    if new["mtu"] != old.get("mtu"):
        mtu = attribute(nl.IFLA_MTU, struct.pack("=I", new["mtu"]))
        yield "mtu", Message(nl.NEWLINK, 0, link_payload(name, mtu))
    if new["alias"] != old["alias"]:
        # without a final NUL, which the kernel would count
        alias = attribute(nl.IFLA_IFALIAS, new["alias"].encode())
        yield "alias", Message(nl.NEWLINK, 0, link_payload(name, alias))
    if new["enabled"] != old["enabled"]:
        flags = UP if new["enabled"] else 0
        yield "enabled", Message(nl.NEWLINK, 0, link_payload(name, flags=flags, change=UP))


def address_messages(address: Address, index: int, *, is_gone: bool) -> Iterator[Message]:
    """Yield the request that adds an address, or those that remove it."""
    octets = packed(address.address)
    for length in (address.prefix_length, *address.more):
        payload = ADDRESS.pack(family(address.address), length, 0, UNIVERSE, index)
        payload += attribute(2, octets) + attribute(1, octets)
        yield Message(nl.DELADDR, 0, payload) if is_gone else Message(nl.NEWADDR, nl.CREATE | nl.EXCL, payload)


def read_address(payload: bytes, name_of: Callable[[int], str]) -> Address:
    """Return the address that a NEWADDR tells of."""
    _, length, _, _, index = ADDRESS.unpack_from(payload)
    found = attributes(payload, ADDRESS.size)
    return Address(name_of(index), unpacked(found.get(2) or found[1]), length)


def standing_address(payload: bytes, name_of: Callable[[int], str]) -> Address | None:
    """Return the address that a NEWADDR tells of if somebody has set it for good: none that the kernel made or learned."""
    _, _, flags, _, _ = ADDRESS.unpack_from(payload)
    found = attributes(payload, ADDRESS.size)
    if not (_number(found.get(8)) | flags) & PERMANENT or _number(found.get(11), "=B") in MADE_BY_KERNEL:
        return None
    address = read_address(payload, name_of)
    number = ipaddress.ip_address(address.address)
    return None if number.is_loopback or (number.version == 6 and number.is_link_local) else address


def neighbor_message(before: Neighbor | None, after: Neighbor | None, index: int) -> Message:
    """Return the request that adds, replaces or removes a neighbour; one that was learned is replaced in any case."""
    neighbor = after or before
    assert neighbor is not None  # noqa: S101 - an operation has one or the other
    payload = NEIGHBOR.pack(family(neighbor.address), index, PERMANENT, 0, 0) + attribute(1, packed(neighbor.address))
    if after is None:
        return Message(nl.DELNEIGH, 0, payload)
    octets = bytes.fromhex(neighbor.link_layer_address.replace(":", ""))
    return Message(nl.NEWNEIGH, nl.REPLACE | (nl.CREATE if before is None else 0), payload + attribute(2, octets))


def read_neighbor(payload: bytes, name_of: Callable[[int], str]) -> Neighbor | None:
    """Return the fixed neighbour that a NEWNEIGH tells of, or None if it was learned."""
    _, index, state, _, _ = NEIGHBOR.unpack_from(payload)
    found = attributes(payload, NEIGHBOR.size)
    if not state & PERMANENT or 1 not in found or 2 not in found:
        return None
    return Neighbor(name_of(index), unpacked(found[1]), found[2].hex(":"))


def touched_neighbor(payload: bytes, name_of: Callable[[int], str]) -> tuple[str, str] | None:
    """Return the link and the address of the neighbour that a notification tells of, fixed or not."""
    index = NEIGHBOR.unpack_from(payload)[1]
    octets = attributes(payload, NEIGHBOR.size).get(1)
    return (name_of(index), unpacked(octets)) if octets is not None and len(octets) in (4, 16) else None


def route_of(payload: bytes) -> tuple[str, int, int] | None:
    """Return prefix, metric and protocol of a route of anybody's in the main table; None if it is in another one."""
    af, length, _, _, table, protocol, _, _, _ = ROUTE.unpack_from(payload)
    if table != MAIN_TABLE or af not in (socket.AF_INET, socket.AF_INET6):
        return None
    found = attributes(payload, ROUTE.size)
    destination = found.get(1) or bytes(4 if af == socket.AF_INET else 16)
    return f"{unpacked(destination)}/{length}", _number(found.get(6)), protocol


class RouteMessages:
    """Makes the requests for routes, keeping what many of them share: their next hops."""

    def __init__(self, index_of: Callable[[str], int]) -> None:
        """Number links by `index_of`."""
        self._index_of = index_of
        self._hops: dict[tuple[Hop, ...], tuple[int, bytes]] = {}

    def message(self, before: Route | None, after: Route | None) -> Message:
        """Return the request that adds, replaces or removes a route."""
        route = after or before
        assert route is not None  # noqa: S101 - an operation has one or the other
        address, _, length = route.prefix.partition("/")
        af = family(address)
        octets = socket.inet_pton(af, address)
        kind = UNICAST if route.next_hops else BLACKHOLE
        # for removal, scope NOWHERE stands for any, and links may have gone
        scope, hops = self._next_hops(route.next_hops) if after is not None else (NOWHERE, b"")
        payload = (
            ROUTE.pack(af, int(length), 0, 0, MAIN_TABLE, PROTOCOL, scope, kind, 0)
            + ATTRIBUTE.pack(4 + len(octets), 1)
            + octets
        )
        if route.metric:
            payload += METRIC.pack(8, 6, route.metric)
        if after is None:
            return Message(nl.DELROUTE, 0, payload)
        flags = nl.CREATE | nl.EXCL if before is None else nl.REPLACE
        return Message(nl.NEWROUTE, flags, payload + hops)

    def _next_hops(self, hops: tuple[Hop, ...]) -> tuple[int, bytes]:
        """Return the scope and the attributes that next hops give a route."""
        found = self._hops.get(hops)
        if found is None:
            encoded = [
                (attribute(5, packed(gateway)) if gateway else b"", self._index_of(link)) for gateway, link in hops
            ]
            if len(encoded) == 1:
                ((gateway, index),) = encoded
                octets = gateway + attribute(4, struct.pack("=I", index))
            else:
                parts = [
                    NEXT_HOP.pack(NEXT_HOP.size + len(gateway), 0, 0, index) + gateway for gateway, index in encoded
                ]
                octets = attribute(9, b"".join(parts)) if parts else b""
            # an IPv4 route without a gateway has the scope of its link, which IPv6 does not look at
            scope = LINK_SCOPE if hops and not any(gateway for gateway, _ in hops) else UNIVERSE
            found = self._hops[hops] = scope, octets
        return found


class RouteReader:
    """Reads routes, keeping what many of them share: their next hops."""

    def __init__(self, name_of: Callable[[int], str]) -> None:
        """Name links by `name_of`."""
        self._name_of = name_of
        self._hops: dict[tuple[bytes | None, ...], tuple[Hop, ...]] = {}

    def route(self, payload: bytes) -> Route | None:
        """Return the route that a NEWROUTE tells of, or None if it is not one of ours."""
        af, length, _, _, table, protocol, _, kind, _ = ROUTE.unpack_from(payload)
        if protocol != PROTOCOL or table != MAIN_TABLE or kind not in (UNICAST, BLACKHOLE):
            return None
        found = attributes(payload, ROUTE.size)
        destination = found.get(1) or bytes(4 if af == socket.AF_INET else 16)
        hops: tuple[Hop, ...] = ()
        if kind == UNICAST:
            shared = found.get(9), found.get(5), found.get(4)
            hops = self._hops.get(shared) or self._hops.setdefault(shared, self._next_hops(*shared))
        return Route(f"{unpacked(destination)}/{length}", _number(found.get(6)), hops)

    def _next_hops(self, several: bytes | None, gateway: bytes | None, link: bytes | None) -> tuple[Hop, ...]:
        if several is not None:
            return tuple(sorted(_hops(several, self._name_of)))
        return (Hop(unpacked(gateway) if gateway else "", self._name_of(_number(link))),) if link else ()


def _hops(octets: bytes, name_of: Callable[[int], str]) -> Iterator[Hop]:
    offset = 0
    while offset + NEXT_HOP.size <= len(octets):
        length, _, _, index = NEXT_HOP.unpack_from(octets, offset)
        found = attributes(octets[offset + NEXT_HOP.size : offset + length])
        yield Hop(unpacked(found[5]) if 5 in found else "", name_of(index))
        offset += (length + 3) & ~3


def _number(octets: bytes | None, form: str = "=I") -> int:
    return int(struct.unpack_from(form, octets)[0]) if octets else 0
