"""What the kernel's resources need and offer."""

from __future__ import annotations

import pytest

from backends import Prefix, Resource, Shared, Unmet
from backends.kernel.resources import Address, Hop, Link, Neighbor, Port, Route, VlanLink
from tests.backends.facts import Known

UP, DOWN = Port("Ethernet1", enabled=True), Port("Ethernet1")
BRIDGE = Link("br0", "bridge", enabled=True, mtu=1500, alias="")
NETWORK = Address("Ethernet1", "10.0.0.1", 24)
MAC = "02:00:00:00:00:01"


def waits(resource: Resource, *there: Resource) -> str:
    """Return what a resource waits for when just `there` is there."""
    with pytest.raises(Unmet) as unmet:
        resource.resolved(Known(*there))
    return unmet.value.reason


@pytest.mark.parametrize(
    "link",
    [
        UP,
        BRIDGE,
        VlanLink("Ethernet1.5", "Ethernet1", 5, enabled=True, alias=""),
    ],
)
def test_a_link_that_is_up_offers_to_carry_traffic(link: Resource) -> None:
    name = link.key[1]
    own = {("vlan", "Ethernet1", 5): True} if isinstance(link, VlanLink) else {}
    facts = {("link", name): True, ("mtu", name): 1500, ("up", name): True, ("ipv6", name): True}
    assert link.offers() == facts | own


def test_a_link_that_is_down_offers_only_to_be_there() -> None:
    assert DOWN.offers() == {("link", "Ethernet1"): True, ("mtu", "Ethernet1"): 1500}


@pytest.mark.parametrize(("mtu", "has_ipv6"), [(1279, False), (1280, True)])
def test_ipv6_takes_an_mtu_of_1280(mtu: int, has_ipv6: bool) -> None:
    assert (("ipv6", "Ethernet1") in Port("Ethernet1", enabled=True, mtu=mtu).offers()) is has_ipv6


def test_a_port_that_nobody_configures_is_down() -> None:
    assert Port("Ethernet1", enabled=True, mtu=9000, alias="x").released() == Port("Ethernet1")


def test_the_kernels_loopback_is_up_though_nobody_configures_it() -> None:
    assert Port("lo", enabled=False, mtu=1400, alias="x").released() == Port("lo", enabled=True, mtu=65536)


def test_a_port_and_a_link_that_is_made_need_nothing() -> None:
    assert UP.resolved(Known()) is UP
    assert BRIDGE.resolved(Known()) is BRIDGE


def test_a_vlan_needs_its_parent_and_has_its_mtu() -> None:
    vlan = VlanLink("Ethernet1.5", "Ethernet1", 5, enabled=True, alias="x")
    assert waits(vlan) == "it waits for link Ethernet1"
    wide = Port("Ethernet1", enabled=True, mtu=9000)
    assert vlan.resolved(Known(wide)) == VlanLink("Ethernet1.5", "Ethernet1", 5, enabled=True, alias="x", mtu=9000)


@pytest.mark.parametrize(
    ("parent", "enabled", "is_up"), [(UP, True, True), (UP, False, False), (DOWN, True, False), (DOWN, False, False)]
)
def test_a_vlan_is_up_while_it_and_its_parent_are(parent: Port, enabled: bool, is_up: bool) -> None:
    vlan = VlanLink("Ethernet1.5", "Ethernet1", 5, enabled=enabled, alias="").resolved(Known(parent))
    assert vlan.enabled is is_up
    assert (("up", "Ethernet1.5") in vlan.offers()) is is_up


def test_an_ipv4_address_needs_its_link_up_or_down() -> None:
    assert waits(NETWORK) == "it waits for link Ethernet1"
    assert NETWORK.resolved(Known(DOWN)) == NETWORK


def test_an_ipv6_address_needs_its_link_up_and_wide_enough() -> None:
    address = Address("Ethernet1", "2001:db8::1", 64)
    assert (
        waits(address, DOWN)
        == waits(address, Port("Ethernet1", enabled=True, mtu=1000))
        == "it waits for ipv6 Ethernet1"
    )
    assert address.resolved(Known(UP)) == address


def test_an_address_makes_its_network_reachable() -> None:
    assert NETWORK.offers() == {Prefix("kernel", 4, 0x0A000000, 24): "Ethernet1", Shared("ipv4", "Ethernet1"): True}
    assert Address("Ethernet1", "2001:db8::1", 64).offers() == {Prefix("kernel", 6, 0x20010DB8 << 96, 64): "Ethernet1"}
    assert Known(NETWORK).reach("kernel", "10.0.0.77") == "Ethernet1"
    assert Known(NETWORK).reach("kernel", "10.0.1.77") is None


@pytest.mark.parametrize("address", ["10.0.0.2", "2001:db8::2"])
def test_a_neighbor_needs_its_link_up(address: str) -> None:
    neighbor = Neighbor("Ethernet1", address, MAC)
    assert waits(neighbor, DOWN).endswith(" Ethernet1")
    assert neighbor.resolved(Known(UP)) == neighbor


def test_a_blackhole_needs_nothing() -> None:
    route = Route("192.0.2.0/24", 0, ())
    assert route.resolved(Known()) is route


def test_a_next_hop_without_a_link_gets_the_one_that_leads_to_it() -> None:
    route = Route("192.0.2.0/24", 0, (Hop("10.0.0.2", ""),))
    assert route.resolved(Known(UP, NETWORK)) == Route("192.0.2.0/24", 0, (Hop("10.0.0.2", "Ethernet1"),))


def test_the_longest_network_leads_to_a_next_hop() -> None:
    other = Port("Ethernet2", enabled=True)
    longer = Address("Ethernet2", "10.0.0.129", 25)
    route = Route("192.0.2.0/24", 0, (Hop("10.0.0.2", ""), Hop("10.0.0.130", "")))
    resolved = route.resolved(Known(UP, NETWORK, other, longer))
    assert resolved == Route("192.0.2.0/24", 0, (Hop("10.0.0.130", "Ethernet2"), Hop("10.0.0.2", "Ethernet1")))


def test_next_hops_that_cannot_be_reached_are_left_out() -> None:
    hops = (Hop("", "Ethernet9"), Hop("10.0.0.2", ""), Hop("172.16.0.1", ""))
    resolved = Route("192.0.2.0/24", 0, hops).resolved(Known(UP, NETWORK))
    assert resolved == Route("192.0.2.0/24", 0, (Hop("10.0.0.2", "Ethernet1"),))


def test_a_route_whose_next_hops_cannot_be_reached_waits() -> None:
    route = Route("192.0.2.0/24", 0, (Hop("", "Ethernet9"), Hop("10.0.0.2", "")))
    reason = "no way to Ethernet9 or 10.0.0.2: no interface that is up and has IPv4 leads there"
    assert waits(route) == waits(route, DOWN, NETWORK) == reason


def test_a_route_to_a_link_itself_waits_for_an_address_there() -> None:
    route = Route("192.0.2.0/24", 0, (Hop("", "Ethernet1"),))
    assert waits(route, UP) == "no way to Ethernet1: no interface that is up and has IPv4 leads there"
    assert route.resolved(Known(UP, NETWORK)) is route


def test_an_ipv6_route_waits_for_a_link_whose_mtu_ipv6_can_use() -> None:
    route = Route("2001:db8:1::/48", 1024, (Hop("", "Ethernet1"),))
    assert "IPv6" in waits(route, Port("Ethernet1", enabled=True, mtu=1279))
    assert route.resolved(Known(Port("Ethernet1", enabled=True, mtu=1280))) is route


def test_two_ways_to_say_one_next_hop_are_one() -> None:
    route = Route("192.0.2.0/24", 0, (Hop("10.0.0.2", ""), Hop("10.0.0.2", "Ethernet1")))
    assert route.resolved(Known(UP, NETWORK)) == Route("192.0.2.0/24", 0, (Hop("10.0.0.2", "Ethernet1"),))


def test_a_route_that_is_complete_stays_the_same_object() -> None:
    route = Route("192.0.2.0/24", 0, (Hop("10.0.0.2", "Ethernet1"),))
    assert route.resolved(Known(UP, NETWORK)) is route


def test_a_route_from_another_process_is_resolved_like_any_other() -> None:
    route = Route("192.0.2.0/24", 0, (("10.0.0.2", ""), ("", "Ethernet9")))  # type: ignore[arg-type]  # as it arrives
    assert route.resolved(Known(UP, NETWORK)) == Route("192.0.2.0/24", 0, (Hop("10.0.0.2", "Ethernet1"),))
    assert waits(route) == "no way to 10.0.0.2 or Ethernet9: no interface that is up and has IPv4 leads there"
