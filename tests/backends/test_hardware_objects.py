"""What the objects of a chip need, refer to and offer."""

from __future__ import annotations

import pytest

from backends import Prefix, Resource, Unmet
from backends.hardware.objects import Neighbor, NextHop, NextHopGroup, Port, Route, RouterInterface
from tests.backends.facts import Known

PORT = Port("Ethernet1", admin_state=True)
INTERFACE = RouterInterface("Ethernet1", "port", "Ethernet1")
CONNECTED = Route("10.0.0.0/24", "forward", INTERFACE.key)
HOP = NextHop("10.0.0.2")
FOUND = NextHop("10.0.0.2", router_interface="Ethernet1")


def waits(resource: Resource, *there: Resource) -> str:
    """Return what a resource waits for when just `there` is there."""
    with pytest.raises(Unmet) as unmet:
        resource.resolved(Known(*there))
    return unmet.value.reason


def test_a_port_needs_nothing_and_is_down_when_nobody_configures_it() -> None:
    assert PORT.resolved(Known()) is PORT
    assert Port("Ethernet1", admin_state=True, mtu=9000, description="x").released() == Port("Ethernet1")


@pytest.mark.parametrize("interface", [INTERFACE, RouterInterface("Ethernet1.5", "sub_port", "Ethernet1", 5)])
def test_a_router_interface_needs_its_port(interface: RouterInterface) -> None:
    assert waits(interface) == "it waits for hardware:port Ethernet1"
    assert interface.resolved(Known(PORT)) is interface
    assert list(interface.references()) == [PORT.key]


def test_a_loopback_needs_nothing() -> None:
    loopback = RouterInterface("Loopback0", "loopback")
    assert loopback.resolved(Known()) is loopback
    assert list(loopback.references()) == []


def test_a_neighbor_needs_its_router_interface() -> None:
    neighbor = Neighbor("Ethernet1", "10.0.0.2", "02:00:00:00:00:01")
    assert waits(neighbor, PORT) == "it waits for hardware:router_interface Ethernet1"
    assert neighbor.resolved(Known(INTERFACE)) is neighbor


def test_a_next_hop_finds_the_interface_whose_network_it_is_in() -> None:
    assert waits(HOP, INTERFACE) == "no way to 10.0.0.2: no interface is in its network"
    assert waits(HOP, CONNECTED) == "it waits for hardware:router_interface Ethernet1"
    assert HOP.resolved(Known(INTERFACE, CONNECTED)) == FOUND


def test_a_next_hop_that_names_its_interface_needs_no_network() -> None:
    hop = NextHop("172.16.0.1", "Ethernet1")
    assert waits(hop, CONNECTED) == "it waits for hardware:router_interface Ethernet1"
    assert hop.resolved(Known(INTERFACE)) == NextHop("172.16.0.1", "Ethernet1", "Ethernet1")


def test_a_group_has_the_members_that_are_there() -> None:
    group = NextHopGroup("g", ((*HOP.key[:2], "x"), HOP.key, INTERFACE.key))
    assert waits(group) == "none of the next hops g can be reached"
    assert group.resolved(Known(FOUND)) == NextHopGroup("g", (HOP.key,))
    whole = NextHopGroup("g", (HOP.key, INTERFACE.key))
    assert whole.resolved(Known(FOUND, INTERFACE)) is whole


@pytest.mark.parametrize("target", [FOUND, INTERFACE, NextHopGroup("g", (HOP.key,))])
def test_a_route_needs_its_target(target: Resource) -> None:
    route = Route("192.0.2.0/24", "forward", target.key)
    assert waits(route).startswith(f"it waits for {target.kind}")
    assert route.resolved(Known(target)) is route
    assert list(route.references()) == [target.key]


@pytest.mark.parametrize("action", ["drop", "trap"])
def test_a_route_without_a_target_needs_nothing(action: str) -> None:
    route = Route("192.0.2.0/24", action)
    assert route.resolved(Known()) is route
    assert list(route.references()) == []
    assert route.offers() == {}


def test_a_connected_network_is_reachable_through_its_interface() -> None:
    assert CONNECTED.offers() == {Prefix("hardware", 4, 0x0A000000, 24): "Ethernet1"}
    assert Route("192.0.2.0/24", "forward", HOP.key).offers() == {}
