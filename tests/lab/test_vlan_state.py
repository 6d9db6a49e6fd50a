"""What the kernel says of VLANs, in the state of subinterfaces."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.backends.linux import until
from tests.lab.network import port, vlan
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from tests.lab.network import Network


def statuses(network: Network, index: int, name: str = "Ethernet1") -> tuple[str, str]:
    state = network.operational(name, index)
    return state["admin-status"], state["oper-status"]


def counter(network: Network, name: str) -> int:
    return int(network.operational("Ethernet1", 10)["counters"].children[name])


def test_a_vlan_is_up_as_far_as_its_port_and_itself_are(network: Network) -> None:
    vlans = (vlan(10), vlan(20, enabled=False))
    network.commit(interfaces(port("Ethernet1", *vlans)))
    until(lambda: statuses(network, 10) == ("UP", "UP"))
    assert statuses(network, 20) == ("DOWN", "DOWN")
    # the cable
    network.far("link set Ethernet1 down")
    until(lambda: statuses(network, 10) == ("UP", "LOWER_LAYER_DOWN"))
    network.far("link set Ethernet1 up")
    until(lambda: statuses(network, 10) == ("UP", "UP"))
    network.commit(interfaces(port("Ethernet1", *vlans, enabled=False)))
    assert statuses(network, 10)[0] == "DOWN"
    assert statuses(network, 10)[1] in ("DOWN", "LOWER_LAYER_DOWN")


def test_a_vlan_tells_its_name_and_number(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(10, vlan_id=99))))
    state = network.operational("Ethernet1", 10)
    assert state["name"] == "Ethernet1.10"
    assert state["ifindex"] == network.link("Ethernet1.10")["ifindex"]


def test_a_change_of_its_status_is_dated(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(10))))
    until(lambda: statuses(network, 10) == ("UP", "UP"))
    before = time.time_ns()
    network.far("link set Ethernet1 down")
    until(lambda: network.operational("Ethernet1", 10).get("last-change", 0) >= before)


def test_counters_count_the_packets_of_the_vlan(network: Network) -> None:
    network.far_vlan("Ethernet1", 10, "10.0.10.2/24")
    network.far_vlan("Ethernet1", 20, "10.0.20.2/24")
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"), vlan(20, "10.0.20.1/24"))))
    until(lambda: network.answers("10.0.10.2") and network.answers("10.0.20.2"))
    names = ("in-pkts", "out-pkts", "in-octets", "out-octets")
    before = {name: counter(network, name) for name in names}
    assert network.answers("10.0.10.2", "-s", "972", count=20) == 20
    grown = {name: counter(network, name) - before[name] for name in names}
    # 20 packets of 1,000 octets with their IP headers; the Ethernet header is counted on the way out
    assert 20 <= grown["in-pkts"] < 30
    assert 20 <= grown["out-pkts"] < 30
    assert 20_000 <= grown["in-octets"] < 22_000
    assert 20_000 <= grown["out-octets"] < 22_000
    before = {name: counter(network, name) for name in names}
    assert network.answers("10.0.20.2", count=20) == 20
    assert counter(network, "in-pkts") - before["in-pkts"] < 10


@pytest.mark.parametrize("gone", ["Ethernet1.10", "Ethernet1"])
def test_a_vlan_without_a_link_is_not_present(network: Network, gone: str) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"))))
    network.ip("link del", gone)
    until(lambda: statuses(network, 10) == ("DOWN", "NOT_PRESENT"))
    assert "ifindex" not in network.operational("Ethernet1", 10)


def test_vlans_of_bridges_and_loopbacks_have_a_state(network: Network) -> None:
    bridge = interface("br0", type_="bridge", more=vlan(5))
    loopback = interface("Loopback0", type_="softwareLoopback", more=vlan(6))
    network.commit(interfaces(bridge, loopback))
    assert statuses(network, 5, "br0") == ("UP", "UP")
    assert statuses(network, 6, "Loopback0") == ("UP", "UP")


def test_somebody_elses_vlan_is_no_subinterface_of_ours(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(10))))
    network.ip("link add link Ethernet1 name guests type vlan id 30")
    (source,) = (one for one in network.device.backends[0].state if one.path.endswith("subinterface"))
    assert set(source.read(None)) == {(("Ethernet1",), (10,))}
