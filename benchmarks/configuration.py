"""Configurations of any size: the data of the benchmark client that our peers were measured with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

INTERFACES = "http://openconfig.net/yang/interfaces"
IP = "http://openconfig.net/yang/interfaces/ip"
IANA = "urn:ietf:params:xml:ns:yang:iana-if-type"
NETCONF = "urn:ietf:params:xml:ns:netconf:base:1.0"


def interface(number: int, generation: int) -> str:
    """Return one interface with type, mtu, description, enabled and one subinterface with one IPv4 address."""
    name = f"Ethernet{number}"
    # a /24 of its own for each of the first sixteen million
    ip = f"{1 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}.1"
    return (
        f"<interface><name>{name}</name><config><name>{name}</name><type>ianaift:ethernetCsmacd</type><mtu>9000</mtu>"
        f"<description>port {number} generation {generation}</description><enabled>true</enabled></config>"
        f"<subinterfaces><subinterface><index>0</index><config><index>0</index></config>"
        f'<ipv4 xmlns="{IP}"><addresses><address><ip>{ip}</ip><config><ip>{ip}</ip><prefix-length>24</prefix-length>'
        f"</config></address></addresses></ipv4></subinterface></subinterfaces></interface>"
    )


def interfaces(count: int, generation: int = 0, operation: str = "merge") -> str:
    """Return `count` interfaces."""
    inner = "".join(interface(number, generation) for number in range(1, count + 1))
    return (
        f'<interfaces xmlns="{INTERFACES}" xmlns:ianaift="{IANA}" xmlns:nc="{NETCONF}" nc:operation="{operation}">'
        f"{inner}</interfaces>"
    )


def routes(count: int) -> str:
    """Return `count` static routes, each through an interface of its own, from the first one on."""
    return _static_routes(
        _static(
            f"{101 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}.0/24",
            f"<interface-ref><config><interface>Ethernet{number}</interface></config></interface-ref>",
        )
        for number in range(1, count + 1)
    )


def routes_via(first: int, count: int) -> str:
    """Return `count` static routes through a neighbour of the first interface, from the route numbered `first` on."""
    return _static_routes(
        _static(f"{20 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}.0/24", "", "<next-hop>1.0.1.2</next-hop>")
        for number in range(first, first + count)
    )


def _static(prefix: str, reference: str, value: str = "") -> str:
    return (
        f"<static><prefix>{prefix}</prefix><config><prefix>{prefix}</prefix></config><next-hops><next-hop><index>0</index>"
        f"<config><index>0</index>{value}</config>{reference}</next-hop></next-hops></static>"
    )


def _static_routes(entries: Iterable[str]) -> str:
    static = 'xmlns:p="http://openconfig.net/yang/policy-types"'
    key = f"<identifier {static}>p:STATIC</identifier><name>static</name>"
    return (
        '<network-instances xmlns="http://openconfig.net/yang/network-instance"><network-instance><name>DEFAULT</name><config>'
        '<name>DEFAULT</name><type xmlns:t="http://openconfig.net/yang/network-instance-types">t:DEFAULT_INSTANCE</type>'
        f"</config><protocols><protocol>{key}<config>{key}</config><static-routes>{''.join(entries)}</static-routes>"
        "</protocol></protocols></network-instance></network-instances>"
    )


def removal(number: int) -> str:
    """Return the edit that takes one interface away."""
    return (
        f'<interfaces xmlns="{INTERFACES}" xmlns:nc="{NETCONF}"><interface nc:operation="delete"><name>Ethernet{number}</name>'
        "</interface></interfaces>"
    )


def description(number: int, text: str) -> str:
    """Return the edit of one interface's description."""
    name = f"Ethernet{number}"
    return (
        f'<interfaces xmlns="{INTERFACES}"><interface><name>{name}</name>'
        f"<config><name>{name}</name><description>{text}</description></config></interface></interfaces>"
    )
