"""From OpenConfig to the kernel's resources, by plain equality; and every leaf that cannot be translated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.configuration import IPV4, IPV6, NetworkInstance, Protocol
from backends.kernel.interfaces import interface_translators
from backends.kernel.resources import Address, Hop, Link, Neighbor, Port, Route, VlanLink
from backends.kernel.routes import StaticRoute
from tests.backends.translating import (
    address_xml,
    hop_xml,
    leaves_of,
    neighbor_xml,
    refused_leaf,
    route_xml,
    subinterface_xml,
    translated,
    vlan_xml,
)
from tests.openconfig import (
    INSTANCE,
    INSTANCE_TYPES,
    interface,
    interfaces,
    route,
    static_routes,
    subinterface,
)

if TYPE_CHECKING:
    from backends import Resource
    from yang.schema import Schema

ALL = (
    *interface_translators(has_loopbacks=True, has_bridges=True, has_vlans=True),
    NetworkInstance(),
    Protocol(),
    StaticRoute(),
)
POOR = interface_translators(has_loopbacks=False, has_bridges=False, has_vlans=False)
"""For a kernel that makes no links."""
ETHERNET1 = Port("Ethernet1", enabled=True)


def routes(schema: Schema, *entries: str) -> list[Resource]:
    return translated(ALL, static_routes(*entries), schema)


def test_an_ethernet_interface_is_a_port(full_schema: Schema) -> None:
    xml = interfaces(interface("Ethernet1", mtu=9000, description="zum Kern", enabled=False))
    assert translated(ALL, xml, full_schema) == [Port("Ethernet1", enabled=False, mtu=9000, alias="zum Kern")]


def test_what_is_not_said_has_its_default(full_schema: Schema) -> None:
    assert translated(ALL, interfaces(interface("Ethernet1")), full_schema) == [ETHERNET1]


def test_the_kernels_own_loopback_is_a_port_and_any_other_a_link(full_schema: Schema) -> None:
    xml = interfaces(
        interface("lo", type_="softwareLoopback"), interface("Loopback0", type_="softwareLoopback", mtu=1400)
    )
    assert translated(ALL, xml, full_schema) == [
        Link("Loopback0", "loopback", enabled=True, mtu=1400, alias=""),
        Port("lo", enabled=True, mtu=65536),
    ]


def test_a_bridge_is_a_link(full_schema: Schema) -> None:
    xml = interfaces(interface("br0", type_="bridge", description="LAN"))
    assert translated(ALL, xml, full_schema) == [Link("br0", "bridge", enabled=True, mtu=1500, alias="LAN")]


def test_an_interface_of_another_type_calls_for_nothing(full_schema: Schema) -> None:
    # its type is refused before: it is not among the values that the claim has
    assert translated(ALL, interfaces(interface("tun0", type_="tunnel")), full_schema) == []
    types = {type_.partition(":")[2] for type_ in ALL[0].claims[1].values or ()}
    assert types == {"ethernetCsmacd", "softwareLoopback", "bridge"}
    assert {type_.partition(":")[2] for type_ in POOR[0].claims[1].values or ()} == types - {"bridge"}


def test_without_loopback_links_there_is_still_lo(full_schema: Schema) -> None:
    xml = interfaces(interface("lo", type_="softwareLoopback"))
    assert translated(POOR, xml, full_schema) == [Port("lo", enabled=True, mtu=65536)]
    xml = interfaces(interface("Loopback0", type_="softwareLoopback"))
    assert refused_leaf(POOR, xml, full_schema, "no loopback links") == "config/name"


@pytest.mark.parametrize("name", ["Ethernet1", "a", "x" * 15, "ä" * 7, "eth0.5", "wlan-0_a"])
def test_a_name_that_the_kernel_takes(name: str, full_schema: Schema) -> None:
    assert translated(ALL, interfaces(interface(name)), full_schema) == [Port(name, enabled=True)]


@pytest.mark.parametrize("name", ["x" * 16, "ä" * 8, "a b", "a/b", "a:b", "a%b", ".", "..", "a\tb"])
def test_a_name_that_the_kernel_does_not_take(name: str, full_schema: Schema) -> None:
    assert refused_leaf(ALL, interfaces(interface(name)), full_schema, "is no link's name") == "config/name"


def test_a_description_may_have_255_octets(full_schema: Schema) -> None:
    fits, too_long = "ä" * 127 + "x", "ä" * 128
    xml = interfaces(interface("Ethernet1", description=fits))
    assert translated(ALL, xml, full_schema) == [Port("Ethernet1", enabled=True, alias=fits)]
    xml = interfaces(interface("Ethernet1", description=too_long))
    assert refused_leaf(ALL, xml, full_schema, "255 octets of description, not 256") == "config/description"


def test_subinterface_0_is_the_interface_itself(full_schema: Schema) -> None:
    assert translated(ALL, interfaces(interface("Ethernet1", more=subinterface(0))), full_schema) == [ETHERNET1]


@pytest.mark.parametrize("vlan", [vlan_xml(new=10), vlan_xml(old=10), vlan_xml(new=10, old=10)])
def test_any_other_subinterface_is_a_vlan(vlan: str, full_schema: Schema) -> None:
    leaves = "<config><index>5</index><enabled>false</enabled><description>guests</description></config>"
    assert translated(ALL, subinterface_xml(leaves + vlan, index=5), full_schema) == [
        ETHERNET1,
        VlanLink("Ethernet1.5", "Ethernet1", 10, enabled=False, alias="guests"),
    ]


@pytest.mark.parametrize(
    ("inner", "index", "leaf", "reason"),
    [
        ("", 5, "config/index", "needs the VLAN"),
        (vlan_xml(new=10), 0, "openconfig-vlan:vlan/match/single-tagged/config/vlan-id", "without a tag"),
        (vlan_xml(old=10), 0, "openconfig-vlan:vlan/config/vlan-id", "without a tag"),
        (vlan_xml(new=10, old=11), 5, "openconfig-vlan:vlan/match/single-tagged/config/vlan-id", "VLAN 10 in one"),
        ("<config><enabled>false</enabled></config>", 0, "config/enabled", "say it there"),
        ("<config><description>x</description></config>", 0, "config/description", "say it there"),
        (f"<config><description>{'x' * 256}</description></config>{vlan_xml(new=1)}", 5, "config/description", "256"),
        (vlan_xml(new=10), 4294967295, "config/index", "is no link's name"),
    ],
)
def test_a_subinterface_that_cannot_be(inner: str, index: int, leaf: str, reason: str, full_schema: Schema) -> None:
    assert refused_leaf(ALL, subinterface_xml(inner, index=index), full_schema, reason) == leaf


def test_without_vlan_links_there_is_only_subinterface_0(full_schema: Schema) -> None:
    assert translated(POOR, subinterface_xml(""), full_schema) == [ETHERNET1]
    leaf = refused_leaf(POOR, subinterface_xml(vlan_xml(new=10), index=5), full_schema, "no VLAN links")
    assert leaf == "config/index"
    assert "openconfig-vlan:vlan/match/single-tagged/config/vlan-id" in POOR[1].excludes


def test_addresses_are_in_their_canonical_form(full_schema: Schema) -> None:
    inner = address_xml("10.0.0.1", 24) + address_xml("2001:DB8:0:0::1", 64)
    assert translated(ALL, subinterface_xml(inner), full_schema) == [
        ETHERNET1,
        Address("Ethernet1", "10.0.0.1", 24),
        Address("Ethernet1", "2001:db8::1", 64),
    ]


def test_an_address_of_a_vlan_is_on_its_link(full_schema: Schema) -> None:
    inner = vlan_xml(new=7) + address_xml("10.0.0.1", 31)
    assert translated(ALL, subinterface_xml(inner, index=7), full_schema)[-1] == Address("Ethernet1.7", "10.0.0.1", 31)


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1"])
def test_an_address_needs_a_prefix_length(address: str, full_schema: Schema) -> None:
    xml = subinterface_xml(address_xml(address, None))
    assert refused_leaf(ALL, xml, full_schema, "needs a prefix length") == "config/prefix-length"


def test_neighbors_are_in_their_canonical_form(full_schema: Schema) -> None:
    inner = neighbor_xml("10.0.0.2", "02:00:00:00:00:AB") + neighbor_xml("2001:DB8::2", "02:00:00:00:00:ab")
    assert translated(ALL, subinterface_xml(inner), full_schema)[1:] == [
        Neighbor("Ethernet1", "10.0.0.2", "02:00:00:00:00:ab"),
        Neighbor("Ethernet1", "2001:db8::2", "02:00:00:00:00:ab"),
    ]


@pytest.mark.parametrize("address", ["10.0.0.2", "2001:db8::2"])
def test_a_neighbor_needs_an_ethernet_address(address: str, full_schema: Schema) -> None:
    none = subinterface_xml(neighbor_xml(address, None))
    assert refused_leaf(ALL, none, full_schema, "is not an Ethernet address") == "config/link-layer-address"
    other = subinterface_xml(neighbor_xml(address, "02:00:00:00:00:00:00:01"))
    assert refused_leaf(ALL, other, full_schema, "is not an Ethernet address") == "config/link-layer-address"


def test_routes_with_the_same_metric_are_one(full_schema: Schema) -> None:
    assert routes(full_schema, route("192.0.2.0/24", "10.0.0.3", "10.0.0.2", "@Ethernet1", "10.0.0.9 metric 5")) == [
        Route("192.0.2.0/24", 0, (Hop("", "Ethernet1"), Hop("10.0.0.2", ""), Hop("10.0.0.3", ""))),
        Route("192.0.2.0/24", 5, (Hop("10.0.0.9", ""),)),
    ]


def test_a_route_to_nowhere_has_no_next_hop(full_schema: Schema) -> None:
    assert routes(full_schema, route("192.0.2.0/24", "DROP", "10.0.0.2 metric 5")) == [
        Route("192.0.2.0/24", 0, ()),
        Route("192.0.2.0/24", 5, (Hop("10.0.0.2", ""),)),
    ]


def test_ipv6_routes_have_linux_metric_unless_they_say_otherwise(full_schema: Schema) -> None:
    assert routes(full_schema, route("2001:DB8:1::/48", "2001:DB8::2", "2001:db8::3 metric 1")) == [
        Route("2001:db8:1::/48", 1, (Hop("2001:db8::3", ""),)),
        Route("2001:db8:1::/48", 1024, (Hop("2001:db8::2", ""),)),
    ]


def test_a_next_hop_may_name_its_link(full_schema: Schema) -> None:
    hops = [
        hop_xml("10.0.0.2", "Ethernet1"),
        hop_xml("10.0.0.2", "Ethernet1", 0),
        hop_xml("10.1.0.2", "Ethernet1", 10),
        hop_xml("r:LOCAL_LINK", "Ethernet2"),
    ]
    assert translated(ALL, route_xml("0.0.0.0/0", *hops), full_schema) == [
        Route("0.0.0.0/0", 0, (Hop("", "Ethernet2"), Hop("10.0.0.2", "Ethernet1"), Hop("10.1.0.2", "Ethernet1.10")))
    ]


def test_a_route_without_next_hops_calls_for_nothing(full_schema: Schema) -> None:
    assert routes(full_schema, route("192.0.2.0/24")) == []


@pytest.mark.parametrize(
    ("xml", "leaf", "reason"),
    [
        (route_xml("192.0.2.1/24", hop_xml("10.0.0.2")), "config/prefix", "the network is 192.0.2.0/24"),
        (route_xml("2001:db8::1/64", hop_xml("2001:db8::2")), "config/prefix", "the network is 2001:db8::/64"),
        (
            route_xml("192.0.2.0/24", hop_xml("10.0.0.2"), hop_xml()),
            "next-hops/next-hop[index='1']/config/next-hop",
            "next hop 1 of 192.0.2.0/24 leads nowhere",
        ),
        (
            route_xml("192.0.2.0/24", hop_xml("r:LOCAL_LINK")),
            "next-hops/next-hop[index='0']/config/next-hop",
            "leads nowhere",
        ),
        (
            route_xml("192.0.2.0/24", hop_xml("2001:db8::2")),
            "next-hops/next-hop[index='0']/config/next-hop",
            "the address families differ",
        ),
        (
            route_xml("2001:db8::/64", hop_xml("10.0.0.2")),
            "next-hops/next-hop[index='0']/config/next-hop",
            "the address families differ",
        ),
        (
            route_xml("2001:db8::/64", hop_xml("2001:db8:1::2"), hop_xml("2001:db8:1::3", metric=0)),
            "next-hops/next-hop[index='1']/config/metric",
            "no metric 0 in IPv6",
        ),
        (
            route_xml("192.0.2.0/24", hop_xml("10.0.0.2", metric=7), hop_xml("r:DROP", metric=7)),
            "config/prefix",
            "dropped and forwarded with the same metric 7",
        ),
    ],
)
def test_a_route_that_cannot_be(xml: str, leaf: str, reason: str, full_schema: Schema) -> None:
    assert refused_leaf(ALL, xml, full_schema, reason) == leaf


def test_the_default_instance_has_one_name(full_schema: Schema) -> None:
    type_ = f'<type xmlns:t="{INSTANCE_TYPES}">t:DEFAULT_INSTANCE</type>'
    entry = f"<network-instance><name>red</name><config><name>red</name>{type_}</config></network-instance>"
    xml = f'<network-instances xmlns="{INSTANCE}">{entry}</network-instances>'
    assert refused_leaf(ALL, xml, full_schema, "is named DEFAULT, not red") == "config/name"


def test_a_complaint_finds_the_leaf_of_a_port(full_schema: Schema) -> None:
    xml = interfaces(interface("Ethernet1", mtu=9000))
    assert leaves_of(ALL, xml, full_schema, Port("Ethernet1", enabled=True, mtu=9000)) == {
        "": "config/name",
        "enabled": "config/enabled",
        "mtu": "config/mtu",
        "alias": "config/description",
    }


@pytest.mark.parametrize(
    ("vlan", "leaf"),
    [
        (vlan_xml(new=10), "openconfig-vlan:vlan/match/single-tagged/config/vlan-id"),
        (vlan_xml(old=10), "openconfig-vlan:vlan/config/vlan-id"),
    ],
)
def test_a_complaint_about_a_vlan_finds_where_it_stands(vlan: str, leaf: str, full_schema: Schema) -> None:
    link = VlanLink("Ethernet1.5", "Ethernet1", 10, enabled=True, alias="")
    leaves = leaves_of(ALL, subinterface_xml(vlan, index=5), full_schema, link)
    assert leaves["vlan_id"] == leaf
    assert leaves[""] == "config/index"
    assert leaves["parent"] == leaves["mtu"] == ""


@pytest.mark.parametrize(
    ("hops", "leaf"),
    [
        ([hop_xml("10.0.0.2")], "next-hops/next-hop[index='0']/config/next-hop"),
        ([hop_xml("", "Ethernet1")], "next-hops/next-hop[index='0']/interface-ref/config/interface"),
        ([hop_xml("10.0.0.2"), hop_xml("10.0.0.3")], "config/prefix"),
    ],
)
def test_a_complaint_about_next_hops_finds_the_only_one(hops: list[str], leaf: str, full_schema: Schema) -> None:
    xml = route_xml("192.0.2.0/24", *hops)
    (found,) = translated(ALL, xml, full_schema)
    assert leaves_of(ALL, xml, full_schema, found) == {"": "config/prefix", "next_hops": leaf}


def test_a_complaint_about_an_address_or_neighbor_finds_its_leaf(full_schema: Schema) -> None:
    xml = subinterface_xml(address_xml("10.0.0.1", 24) + neighbor_xml("2001:db8::2", "02:00:00:00:00:01"))
    address, neighbor = Address("Ethernet1", "10.0.0.1", 24), Neighbor("Ethernet1", "2001:db8::2", "02:00:00:00:00:01")
    assert leaves_of(ALL, xml, full_schema, address) == {"": "config/ip", "prefix_length": "config/prefix-length"}
    assert leaves_of(ALL, xml, full_schema, neighbor)["link_layer_address"] == "config/link-layer-address"


def test_addresses_of_both_families_are_translated_where_they_stand() -> None:
    paths = [translator.path for translator in ALL]
    assert f"{IPV4}/addresses/address" in paths
    assert f"{IPV6}/addresses/address" in paths
    assert len(set(paths)) == len(paths)
