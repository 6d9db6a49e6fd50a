"""Random configurations for property tests: small, and full of things that depend on one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.conftest import config
from tests.openconfig import interface, interfaces, route, static_routes, subinterface
from yang.edit import edit_config
from yang.tree import Node

if TYPE_CHECKING:
    from yang.schema import Schema

NETWORKS = {"10.0.0.1": (24, 25), "10.0.1.1": (24, 30), "10.0.2.1": (32, 24), "2001:db8::1": (64, 120)}
"""Addresses, each with the prefix lengths that it may have."""
INSTEAD = {"10.0.0.1": "10.0.0.9"}
"""An address that may stand in the place of another one of the same network."""
PREFIXES = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/25")
HOPS = ("10.0.0.2", "10.0.0.3", "10.0.1.2", "10.0.2.2", "10.0.1.2 metric 5", "@Ethernet1", "@Ethernet2")
PREFIXES6 = ("2001:db8:1::/48", "2001:db8:2::/48")
HOPS6 = ("2001:db8::2", "2001:db8::3", "@Ethernet2")
PORTS = ("Ethernet1", "Ethernet2", "Ethernet3", "Ethernet9")
"""The last one is not there."""


@st.composite
def configurations(draw: st.DrawFn, *, vlans: bool = False) -> str:
    """Draw the content of a `<config>`."""
    places: dict[str, list[str]] = {}
    names = [*PORTS, "lo7", *(("Ethernet1.10", "Ethernet1.20") if vlans else ())]
    for address, lengths in NETWORKS.items():
        place = draw(st.sampled_from([None, *names]))
        if place is not None:
            taken = draw(st.sampled_from([address, INSTEAD.get(address, address)]))
            places.setdefault(place, []).append(f"{taken}/{draw(st.sampled_from(lengths))}")
    entries = [_port(draw, name, places, vlans=vlans) for name in PORTS]
    if "lo7" in places:
        entries.append(interface("lo7", *places["lo7"], type_="softwareLoopback"))
    # a next hop refers to an interface that is configured
    there = {name for name, entry in zip(PORTS, entries, strict=False) if entry}
    routes = [route(prefix, *hops) for prefix in PREFIXES if (hops := _hops(draw, HOPS, there))]
    routes += [route(prefix, *hops) for prefix in PREFIXES6 if (hops := _hops(draw, HOPS6, there))]
    content = interfaces(*filter(None, entries)) if any(entries) else ""
    return content + (static_routes(*routes) if routes else "")


def tree_of(schema: Schema, content: str) -> Node:
    """Return a configuration as a tree."""
    return edit_config(Node(schema.root, {}), config(content))


def _port(draw: st.DrawFn, name: str, places: dict[str, list[str]], *, vlans: bool) -> str:
    tags = [tag for tag in (10, 20) if f"{name}.{tag}" in places] if vlans else []
    addresses = places.get(name, [])
    if not addresses and not tags and draw(st.booleans()):
        return ""
    return interface(
        name,
        *addresses,
        # the kernel takes IPv6 off a link with the smallest one
        mtu=draw(st.sampled_from([None, 1400, 1200])),
        enabled=draw(st.sampled_from([None, None, False])),
        description=draw(st.sampled_from([None, "one", "two"])),
        # the tag is not the index, so that VLANs can change places
        more="".join(subinterface(tag, *places[f"{name}.{tag}"], vlan=draw(_vlan(tag, tags))) for tag in tags),
    )


def _vlan(tag: int, tags: list[int]) -> st.SearchStrategy[int]:
    return st.just(tag + 100) if len(tags) > 1 else st.sampled_from([110, 120])


def _hops(draw: st.DrawFn, hops: tuple[str, ...], there: set[str]) -> list[str]:
    kind = draw(st.sampled_from(["none", "drop", "some", "some"]))
    if kind == "some":
        known = [hop for hop in hops if not hop.startswith("@") or hop[1:] in there]
        found = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
        # the kernel shares no IPv6 traffic between a link itself and gateways
        return found[:1] if hops is HOPS6 and "@Ethernet2" in found else found
    return ["DROP"] if kind == "drop" else []
