"""Configurations of any size: the data of the benchmark client that our peers were measured with."""

from __future__ import annotations

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


def description(number: int, text: str) -> str:
    """Return the edit of one interface's description."""
    name = f"Ethernet{number}"
    return (
        f'<interfaces xmlns="{INTERFACES}"><interface><name>{name}</name>'
        f"<config><name>{name}</name><description>{text}</description></config></interface></interfaces>"
    )
