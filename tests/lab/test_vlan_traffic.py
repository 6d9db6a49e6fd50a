"""Packets take the way that was configured: through VLANs, over next hops, or nowhere."""

from __future__ import annotations

import socket
import struct
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from backends.kernel.netlink import in_namespace
from tests.backends.linux import until
from tests.lab.network import port, vlan
from tests.openconfig import interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from tests.lab.network import Network

AUXDATA = struct.Struct("=IIIHHHH")
"""struct tpacket_auxdata."""
HOSTS = tuple(f"192.0.2.{number}" for number in range(1, 17))


@pytest.fixture
def network(network: Network) -> Network:
    """A network whose far end has the VLANs 10, 20 and 110 of the first port, with an address each."""
    for number in (10, 20):
        network.far_vlan("Ethernet1", number, f"10.0.{number}.2/24", f"2001:db8:{number}::2/64")
    network.far_vlan("Ethernet1", 110, "10.0.110.2/24")
    return network


def ipv6_is_ready(network: Network) -> bool:
    """Return whether no address is tentative any more, which it is for some seconds."""
    return not network.ip("-6 addr show tentative")


def test_neighbours_in_a_vlan_answer(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24", "2001:db8:10::1/64"))))
    until(lambda: network.answers("10.0.10.2"))
    assert network.answers("10.0.10.2", count=5) == 5
    until(lambda: ipv6_is_ready(network))
    assert network.answers("2001:db8:10::2", count=5) == 5


def test_the_index_is_not_the_vlan(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(20, "10.0.110.1/24", vlan_id=110))))
    until(lambda: network.answers("10.0.110.2"))


def test_one_vlan_does_not_hear_another(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(20, "10.0.10.1/24"), vlan(110, "10.0.110.1/24"))))
    until(lambda: network.answers("10.0.110.2"))
    assert network.answers("10.0.10.2", count=2) == 0
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"), vlan(110, "10.0.110.1/24"))))
    assert network.answers("10.0.10.2", count=2) == 2


def test_frames_have_the_tag_on_the_wire(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(20, "10.0.110.1/24", vlan_id=110))))
    assert tags_at_the_far_end(network, "10.0.110.2") == {110}


def tags_at_the_far_end(network: Network, address: str) -> set[int]:
    """Return the VLANs of the ARP packets that come to the far end of the first port when `address` is pinged."""
    # ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA: the kernel tells the tag beside the frame (packet(7))
    all_protocols, packet_level, auxdata = 3, 263, 8
    is_tagged, is_outgoing = 0x10, 4  # TP_STATUS_VLAN_VALID, PACKET_OUTGOING

    def listen() -> socket.socket:
        listening = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(all_protocols))
        listening.setsockopt(packet_level, auxdata, 1)
        listening.bind(("Ethernet1", all_protocols))
        listening.settimeout(5)
        return listening

    tags: set[int] = set()
    with closing(in_namespace(f"{network.namespace}-far", listen)) as listening:
        until(lambda: network.answers(address))
        while not tags:
            frame, ancillary, _, source = listening.recvmsg(2048, 256)
            if source[2] == is_outgoing or frame[12:14] != b"\x08\x06":
                continue
            for level, kind, data in ancillary:
                status, _, _, _, _, tag, _ = AUXDATA.unpack(data)
                tags.add(tag & 0xFFF if (level, kind) == (packet_level, auxdata) and status & is_tagged else 0)
    return tags


def test_a_static_route_leads_through_a_vlan_and_back(network: Network) -> None:
    network.far("addr add 192.0.2.1/32 dev lo")
    network.far("addr add 2001:db8:a::1/128 dev lo nodad")
    network.commit(
        interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24", "2001:db8:10::1/64")))
        + static_routes(route("192.0.2.0/24", "10.0.10.2"), route("2001:db8:a::/48", "2001:db8:10::2"))
    )
    until(lambda: network.answers("192.0.2.1"))
    until(lambda: ipv6_is_ready(network))
    assert network.answers("2001:db8:a::1", count=3) == 3


def test_the_device_routes_between_its_vlans(network: Network) -> None:
    # two hosts of the far side would answer themselves: one of them moves to a namespace behind another port
    network.far("link del Ethernet1.20")
    host = network.far_host("Ethernet2", 20, "10.0.20.2/24", gateway="10.0.20.1")
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24")), port("Ethernet2", vlan(20, "10.0.20.1/24"))))
    network.far("route add 10.0.20.0/24 via 10.0.10.1")
    until(lambda: network.answers("10.0.20.2", far=True))
    assert host.answers("10.0.10.2", count=3) == 3
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"))))
    assert network.answers("10.0.20.2", "-W", "0.3", far=True) == 0


def sent(network: Network, name: str) -> int:
    return int(network.operational("Ethernet1", int(name.rpartition(".")[2]))["counters"].children["out-pkts"])


def test_two_next_hops_share_the_traffic(network: Network) -> None:
    for host in HOSTS:
        network.far(f"addr add {host}/32 dev lo")
    vlans = interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"), vlan(20, "10.0.20.1/24")))
    network.commit(vlans + static_routes(route("192.0.2.0/24", "10.0.10.2", "10.0.20.2")))
    until(lambda: network.answers("10.0.10.2") and network.answers("10.0.20.2"))
    before = {name: sent(network, name) for name in ("Ethernet1.10", "Ethernet1.20")}
    assert [network.answers(host) for host in HOSTS] == [1] * len(HOSTS)
    grown = {name: sent(network, name) - count for name, count in before.items()}
    assert min(grown.values()) > 0
    assert sum(grown.values()) >= len(HOSTS)
    # with one of them all goes through the other
    network.commit(vlans + static_routes(route("192.0.2.0/24", "10.0.20.2")))
    idle = sent(network, "Ethernet1.10")
    assert [network.answers(host) for host in HOSTS] == [1] * len(HOSTS)
    assert sent(network, "Ethernet1.10") <= idle + 2  # whatever the kernel says to neighbours by itself


def test_a_route_survives_one_of_its_vlans(network: Network) -> None:
    network.far("addr add 192.0.2.1/32 dev lo")

    def with_first(*, enabled: bool) -> str:
        vlans = (vlan(10, "10.0.10.1/24", enabled=enabled), vlan(20, "10.0.20.1/24"))
        return interfaces(port("Ethernet1", *vlans)) + static_routes(route("192.0.2.0/24", "10.0.10.2", "10.0.20.2"))

    network.commit(with_first(enabled=True))
    until(lambda: network.answers("10.0.20.2"))
    for enabled in (False, True):
        network.commit(with_first(enabled=enabled))
        until(lambda: network.answers("192.0.2.1"))


def test_a_blackhole_drops_and_a_longer_prefix_does_not(network: Network) -> None:
    network.far("addr add 192.0.2.1/32 dev lo")
    network.far("addr add 192.0.2.200/32 dev lo")
    vlans = interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24")))
    network.commit(vlans + static_routes(route("192.0.2.0/24", "10.0.10.2")))
    until(lambda: network.answers("192.0.2.1") and network.answers("192.0.2.200"))
    network.commit(vlans + static_routes(route("192.0.2.0/24", "DROP"), route("192.0.2.128/25", "10.0.10.2")))
    assert network.answers("192.0.2.200") == 1
    with pytest.raises(AssertionError, match="Invalid argument"):  # what the kernel says to a sender of its own
        network.answers("192.0.2.1")
    network.roll_back(1)
    assert network.answers("192.0.2.1") == 1


def test_a_blackhole_drops_what_comes_from_others(network: Network) -> None:
    network.far("link del Ethernet1.20")
    host = network.far_host("Ethernet2", 20, "10.0.20.2/24", gateway="10.0.20.1")
    network.far("addr add 192.0.2.1/32 dev lo")
    network.far("route add 10.0.20.0/24 via 10.0.10.1")
    ports = interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24")), port("Ethernet2", vlan(20, "10.0.20.1/24")))
    network.commit(ports + static_routes(route("192.0.2.0/24", "10.0.10.2")))
    until(lambda: host.answers("192.0.2.1"))
    network.commit(ports + static_routes(route("192.0.2.0/24", "DROP")))
    assert host.answers("192.0.2.1", "-W", "0.3", count=3) == 0
    assert host.answers("10.0.10.2") == 1


def test_loopbacks_and_vlans_of_bridges_answer(network: Network) -> None:
    network.far("route add 192.0.2.1/32 via 10.0.10.1")
    network.far("route add 10.5.0.0/24 via 10.0.10.1")
    loopback = interface("Loopback0", "192.0.2.1/32", type_="softwareLoopback")
    bridge = interface("br0", type_="bridge", more=vlan(5, "10.5.0.1/24"))
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24")), loopback, bridge))
    until(lambda: network.answers("192.0.2.1", far=True))
    assert network.answers("10.5.0.1", far=True) == 1
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24")), bridge))
    assert network.answers("192.0.2.1", "-W", "0.3", far=True) == 0
