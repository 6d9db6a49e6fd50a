"""From OpenConfig to the chip's objects, by plain equality; and every leaf that cannot be translated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.hardware.objects import Neighbor, NextHop, NextHopGroup, Port, Route, RouterInterface
from backends.hardware.translators import translators
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
from tests.openconfig import INSTANCE, INSTANCE_TYPES, interface, interfaces, route, static_routes, subinterface

if TYPE_CHECKING:
    from backends import Resource
    from yang.schema import Schema

ALL = translators()
INTERFACE = RouterInterface("Ethernet1", "port", "Ethernet1")
ETHERNET1: list[Resource] = [Port("Ethernet1", admin_state=True), INTERFACE]
HOP = "hardware:next_hop"


def routes(schema: Schema, *entries: str) -> list[Resource]:
    return translated(ALL, static_routes(*entries), schema)


def test_an_ethernet_interface_is_a_port_that_routes(full_schema: Schema) -> None:
    xml = interfaces(interface("Ethernet1", mtu=9000, description="zum Kern", enabled=False))
    assert translated(ALL, xml, full_schema) == [Port("Ethernet1", False, 9000, "zum Kern"), INTERFACE]


def test_what_is_not_said_has_its_default(full_schema: Schema) -> None:
    assert translated(ALL, interfaces(interface("Ethernet1")), full_schema) == ETHERNET1


def test_a_loopback_is_a_router_interface_without_a_port(full_schema: Schema) -> None:
    xml = interfaces(interface("Loopback0", type_="softwareLoopback", mtu=1400))
    assert translated(ALL, xml, full_schema) == [RouterInterface("Loopback0", "loopback")]


def test_an_interface_of_another_type_calls_for_nothing(full_schema: Schema) -> None:
    # a bridge may be the kernel's alone
    assert translated(ALL, interfaces(interface("br0", type_="bridge")), full_schema) == []
    types = {type_.partition(":")[2] for type_ in ALL[0].claims[1].values or ()}
    assert types == {"ethernetCsmacd", "softwareLoopback"}


def test_subinterface_0_is_the_interface_itself(full_schema: Schema) -> None:
    assert translated(ALL, interfaces(interface("Ethernet1", more=subinterface(0))), full_schema) == ETHERNET1


@pytest.mark.parametrize("vlan", [vlan_xml(new=10), vlan_xml(old=10), vlan_xml(new=10, old=10)])
def test_any_other_subinterface_is_a_vlan_of_the_port(vlan: str, full_schema: Schema) -> None:
    assert translated(ALL, subinterface_xml(vlan, index=5), full_schema) == [
        *ETHERNET1,
        RouterInterface("Ethernet1.5", "sub_port", "Ethernet1", 10),
    ]


@pytest.mark.parametrize(
    ("inner", "index", "leaf", "reason"),
    [
        ("", 5, "config/index", "needs the VLAN"),
        (vlan_xml(new=10), 0, "openconfig-vlan:vlan/match/single-tagged/config/vlan-id", "without a tag"),
        (vlan_xml(old=10), 0, "openconfig-vlan:vlan/config/vlan-id", "without a tag"),
        (vlan_xml(new=10, old=11), 5, "openconfig-vlan:vlan/match/single-tagged/config/vlan-id", "VLAN 10 in one"),
        (address_xml("10.0.0.1", None), 0, "config/prefix-length", "needs a prefix length"),
        (address_xml("2001:db8::1", None), 0, "config/prefix-length", "needs a prefix length"),
        (neighbor_xml("10.0.0.2", None), 0, "config/link-layer-address", "is not an Ethernet address"),
        (neighbor_xml("2001:db8::2", "02:00"), 0, "config/link-layer-address", "is not an Ethernet address"),
    ],
)
def test_a_subinterface_that_cannot_be(inner: str, index: int, leaf: str, reason: str, full_schema: Schema) -> None:
    assert refused_leaf(ALL, subinterface_xml(inner, index=index), full_schema, reason) == leaf


@pytest.mark.parametrize(
    ("address", "length", "network", "host"),
    [
        ("10.0.0.1", 24, "10.0.0.0/24", "10.0.0.1/32"),
        ("10.0.0.3", 31, "10.0.0.2/31", "10.0.0.3/32"),
        ("10.0.0.1", 0, "0.0.0.0/0", "10.0.0.1/32"),
        ("2001:DB8::1", 64, "2001:db8::/64", "2001:db8::1/128"),
    ],
)
def test_an_address_is_its_network_and_the_way_to_the_cpu(
    address: str, length: int, network: str, host: str, full_schema: Schema
) -> None:
    assert translated(ALL, subinterface_xml(address_xml(address, length)), full_schema)[2:] == [
        Route(network, "forward", INTERFACE.key),
        Route(host, "trap"),
    ]


@pytest.mark.parametrize(("address", "length"), [("192.0.2.1", 32), ("2001:db8::1", 128)])
def test_an_address_alone_is_only_the_way_to_the_cpu(address: str, length: int, full_schema: Schema) -> None:
    found = translated(ALL, subinterface_xml(address_xml(address, length)), full_schema)[2:]
    assert found == [Route(f"{address}/{length}", "trap")]


def test_neighbors_are_in_their_canonical_form(full_schema: Schema) -> None:
    inner = (
        vlan_xml(new=7) + neighbor_xml("10.0.0.2", "02:00:00:00:00:AB") + neighbor_xml("2001:DB8::2", "02:" * 5 + "ab")
    )
    assert translated(ALL, subinterface_xml(inner, index=7), full_schema)[-2:] == [
        Neighbor("Ethernet1.7", "10.0.0.2", "02:00:00:00:00:ab"),
        Neighbor("Ethernet1.7", "2001:db8::2", "02:02:02:02:02:ab"),
    ]


def test_a_route_goes_through_its_next_hop(full_schema: Schema) -> None:
    assert routes(full_schema, route("192.0.2.0/24", "10.0.0.2")) == [
        NextHop("10.0.0.2"),
        Route("192.0.2.0/24", "forward", (HOP, "10.0.0.2", "")),
    ]


def test_a_route_to_a_link_goes_to_its_router_interface(full_schema: Schema) -> None:
    assert routes(full_schema, route("192.0.2.0/24", "@Ethernet1")) == [Route("192.0.2.0/24", "forward", INTERFACE.key)]


def test_several_next_hops_are_a_group(full_schema: Schema) -> None:
    hops = [hop_xml("10.0.0.3"), hop_xml("10.0.0.2", "Ethernet1", 10), hop_xml("", "Ethernet2"), hop_xml("10.0.0.3")]
    members = (
        (HOP, "10.0.0.2", "Ethernet1.10"),
        (HOP, "10.0.0.3", ""),
        ("hardware:router_interface", "Ethernet2"),
    )
    group = NextHopGroup("10.0.0.2@Ethernet1.10 10.0.0.3 Ethernet2", members)
    assert translated(ALL, route_xml("192.0.2.0/24", *hops), full_schema) == [
        NextHop("10.0.0.3"),
        NextHop("10.0.0.2", "Ethernet1.10"),
        NextHop("10.0.0.3"),
        group,
        Route("192.0.2.0/24", "forward", group.key),
    ]


def test_routes_with_the_same_next_hops_share_a_group(full_schema: Schema) -> None:
    found = routes(
        full_schema, route("192.0.2.0/24", "10.0.0.2", "10.0.0.3"), route("198.51.100.0/24", "10.0.0.3", "10.0.0.2")
    )
    assert len({resource for resource in found if isinstance(resource, NextHopGroup)}) == 1


@pytest.mark.parametrize(
    ("prefix", "hops", "gateways"),
    [
        ("192.0.2.0/24", ["10.0.0.2 metric 5", "10.0.0.3 metric 4"], {"10.0.0.3"}),
        ("192.0.2.0/24", ["10.0.0.2 metric 5", "10.0.0.3"], {"10.0.0.3"}),
        ("192.0.2.0/24", ["10.0.0.2 metric 5", "10.0.0.3 metric 5"], {"10.0.0.2", "10.0.0.3"}),
        # as in Linux, where an IPv6 route without a metric has 1024
        ("2001:db8:1::/48", ["2001:db8::2 metric 5", "2001:db8::3"], {"2001:db8::2"}),
        ("2001:db8:1::/48", ["2001:db8::2 metric 1024", "2001:db8::3"], {"2001:db8::2", "2001:db8::3"}),
    ],
)
def test_the_next_hops_of_the_lowest_metric_are_taken(
    prefix: str, hops: list[str], gateways: set[str], full_schema: Schema
) -> None:
    found = routes(full_schema, route(prefix, *hops))
    assert {hop.address for hop in found if isinstance(hop, NextHop)} == gateways


def test_a_route_to_nowhere_drops(full_schema: Schema) -> None:
    assert routes(full_schema, route("192.0.2.0/24", "DROP")) == [Route("192.0.2.0/24", "drop")]
    assert routes(full_schema, route("::/0", "DROP", "2001:db8::2 metric 5000")) == [Route("::/0", "drop")]


def test_what_drops_beside_what_forwards_is_no_next_hop(full_schema: Schema) -> None:
    # the kernel refuses it, where there is one
    assert routes(full_schema, route("192.0.2.0/24", "DROP", "10.0.0.2"))[-1] == Route(
        "192.0.2.0/24", "forward", (HOP, "10.0.0.2", "")
    )


def test_a_route_without_next_hops_calls_for_nothing(full_schema: Schema) -> None:
    assert routes(full_schema, route("192.0.2.0/24")) == []


@pytest.mark.parametrize(
    ("xml", "leaf", "reason"),
    [
        (route_xml("192.0.2.1/24", hop_xml("10.0.0.2")), "config/prefix", "the network is 192.0.2.0/24"),
        (
            route_xml("192.0.2.0/24", hop_xml()),
            "next-hops/next-hop[index='0']/config/next-hop",
            "next hop 0 of 192.0.2.0/24 leads nowhere",
        ),
        (
            route_xml("192.0.2.0/24", hop_xml("2001:db8::2")),
            "next-hops/next-hop[index='0']/config/next-hop",
            "the address families differ",
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
    leaves = leaves_of(ALL, interfaces(interface("Ethernet1")), full_schema, ETHERNET1[0])
    assert leaves == {
        "": "config/name",
        "admin_state": "config/enabled",
        "mtu": "config/mtu",
        "description": "config/description",
    }


@pytest.mark.parametrize(
    ("vlan", "leaf"),
    [
        (vlan_xml(new=10), "openconfig-vlan:vlan/match/single-tagged/config/vlan-id"),
        (vlan_xml(old=10), "openconfig-vlan:vlan/config/vlan-id"),
    ],
)
def test_a_complaint_about_a_vlan_finds_where_it_stands(vlan: str, leaf: str, full_schema: Schema) -> None:
    sub_port = RouterInterface("Ethernet1.5", "sub_port", "Ethernet1", 10)
    leaves = leaves_of(ALL, subinterface_xml(vlan, index=5), full_schema, sub_port)
    assert leaves["vlan_id"] == leaf
    assert leaves[""] == "config/index"


def test_a_complaint_about_a_connected_network_is_about_its_address(full_schema: Schema) -> None:
    xml = subinterface_xml(address_xml("10.0.0.1", 24))
    leaves = leaves_of(ALL, xml, full_schema, Route("10.0.0.0/24", "forward", INTERFACE.key))
    assert leaves[""] == "config/ip"


@pytest.mark.parametrize(
    ("hops", "leaf"),
    [
        ([hop_xml("10.0.0.2")], "next-hops/next-hop[index='0']/config/next-hop"),
        ([hop_xml("", "Ethernet1")], "next-hops/next-hop[index='0']/interface-ref/config/interface"),
        ([hop_xml("10.0.0.2"), hop_xml("10.0.0.3")], "config/prefix"),
    ],
)
def test_a_complaint_about_a_route_finds_its_only_next_hop(hops: list[str], leaf: str, full_schema: Schema) -> None:
    xml = route_xml("192.0.2.0/24", *hops)
    assert set(leaves_of(ALL, xml, full_schema, translated(ALL, xml, full_schema)[-1]).values()) == {leaf}
