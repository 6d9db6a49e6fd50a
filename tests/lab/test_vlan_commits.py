"""VLANs through commits: made, changed, moved, removed and rolled back, and refused without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.kernel import KernelBackend
from datastore.errors import CommitFailed, NotTranslatable
from tests.conftest import make_device
from tests.lab.network import ME, port, vlan
from tests.openconfig import interface, interfaces, route, static_routes, subinterface

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.network import Network

BEFORE = interfaces(
    port("Ethernet1", vlan(10, "10.0.10.1/24", "2001:db8:10::1/64"), vlan(20, "10.0.20.1/24"), mtu=9000),
    interface("Ethernet2", "10.0.2.1/24"),
    interface("Loopback0", "192.0.2.1/32", "2001:db8::1/128", type_="softwareLoopback"),
    interface("br0", "10.0.3.1/24", type_="bridge", more=vlan(5, "10.5.0.1/24")),
) + static_routes(
    route("198.51.100.0/24", "10.0.10.2", "10.0.20.2"),
    route("203.0.113.0/24", "10.0.20.2"),
    route("2001:db8:a::/48", "2001:db8:10::2"),
)
AFTER = interfaces(
    port("Ethernet1", vlan(10, "10.0.10.1/25", vlan_id=11, description="guests"), mtu=1400),
    port("Ethernet2", vlan(20, "10.0.20.1/24"), vlan(30, "2001:db8:10::1/64")),
    interface("Loopback1", "192.0.2.1/32", type_="softwareLoopback"),
) + static_routes(
    route("198.51.100.0/24", "10.0.10.2"),
    route("203.0.113.0/24", "10.0.20.2"),
    route("2001:db8:a::/48", "2001:db8:10::2"),
)


def test_a_vlan_is_a_link_that_says_what_was_configured(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(10, vlan_id=4094, description="Gäste"), mtu=9000)))
    found = network.link("Ethernet1.10")
    assert (found["link"], found["mtu"], found["ifalias"]) == ("Ethernet1", 9000, "Gäste")
    assert found["linkinfo"]["info_kind"] == "vlan"
    assert (found["linkinfo"]["info_data"]["protocol"], found["linkinfo"]["info_data"]["id"]) == ("802.1Q", 4094)
    assert "UP" in found["flags"]


def test_all_of_it_comes_changes_and_goes(network: Network) -> None:
    empty = network.state()
    network.commit(BEFORE)
    assert network.names() == {"Ethernet1.10", "Ethernet1.20", "Loopback0", "br0", "br0.5"}
    assert "nexthop via 10.0.20.2 dev Ethernet1.20" in network.ip("route show 198.51.100.0/24")
    before = network.state()
    network.commit(AFTER)
    assert network.names() == {"Ethernet1.10", "Ethernet2.20", "Ethernet2.30", "Loopback1"}
    assert "via 10.0.20.2 dev Ethernet2.20" in network.ip("route show 203.0.113.0/24")
    assert "via 2001:db8:10::2 dev Ethernet2.30" in network.ip("-6 route show 2001:db8:a::/48")
    after = network.state()
    network.roll_back(1)
    assert network.settled(before) == []
    network.roll_back(2)
    assert network.settled(after) == []
    network.commit("")
    assert network.settled(empty) == []


def test_what_is_running_needs_no_operation_even_after_a_restart(network: Network, tmp_path: Path) -> None:
    network.commit(BEFORE)
    assert network.plan(BEFORE) == []
    state, numbers = network.state(), {name: network.link(name)["ifindex"] for name in network.names()}
    network.device.close()
    device = make_device(tmp_path, [KernelBackend(network.namespace)])
    assert network.settled(state) == []
    assert {name: network.link(name)["ifindex"] for name in network.names()} == numbers
    device.close()


def test_a_start_makes_what_has_gone_meanwhile(network: Network, tmp_path: Path) -> None:
    network.commit(BEFORE)
    state = network.state()
    network.device.close()
    network.ip("link del Ethernet1.10")
    network.ip("link set Ethernet1.20 down alias other")
    network.ip("link del br0")
    device = make_device(tmp_path, [KernelBackend(network.namespace)])
    assert network.settled(state) == []
    device.close()


def test_the_vlan_of_a_subinterface_changes_by_making_it_anew(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"))))
    there = interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24", vlan_id=11)))
    assert network.plan(there) == [
        "delete Ethernet1.10 10.0.10.1",
        "delete Ethernet1.10",
        "create Ethernet1.10",
        "create Ethernet1.10 10.0.10.1",
    ]
    network.commit(there)
    assert network.link("Ethernet1.10")["linkinfo"]["info_data"]["id"] == 11


def test_two_subinterfaces_change_vlans(network: Network) -> None:
    def with_vlans(one: int, other: int) -> str:
        return interfaces(
            port("Ethernet1", vlan(1, "10.0.1.1/24", vlan_id=one), vlan(2, "10.0.2.1/24", vlan_id=other))
        ) + static_routes(route("192.0.2.0/24", "10.0.1.2"))

    network.commit(with_vlans(10, 20))
    before = network.state()
    network.commit(with_vlans(20, 10))
    ids = {name: network.link(name)["linkinfo"]["info_data"]["id"] for name in ("Ethernet1.1", "Ethernet1.2")}
    assert ids == {"Ethernet1.1": 20, "Ethernet1.2": 10}
    network.roll_back(1)
    assert network.settled(before) == []


def test_a_vlan_moves_to_another_subinterface(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(1, "10.0.1.1/24", vlan_id=10))))
    network.commit(interfaces(port("Ethernet1", vlan(2, "10.0.1.1/24", vlan_id=10))))
    assert network.names() == {"Ethernet1.2"}


@pytest.mark.parametrize(
    "takes_over",
    [
        "a new one",
        "one that is there",
    ],
)
def test_a_vlan_moves_with_the_route_through_it(network: Network, takes_over: str) -> None:
    routes = static_routes(route("192.0.2.0/24", "10.0.1.2"), route("198.51.100.0/24", "10.0.1.2", "10.0.2.2"))
    there = vlan(2, vlan_id=20) if takes_over == "one that is there" else ""
    ports = (port("Ethernet1", vlan(1, "10.0.1.1/24", vlan_id=10), there), interface("Ethernet2", "10.0.2.1/24"))
    network.commit(interfaces(*ports) + routes)
    before = network.state()
    network.commit(interfaces(port("Ethernet1", vlan(2, "10.0.1.1/24", vlan_id=10)), ports[1]) + routes)
    assert network.link("Ethernet1.2")["linkinfo"]["info_data"]["id"] == 10
    assert "192.0.2.0/24 via 10.0.1.2 dev Ethernet1.2" in network.ip("route")
    network.roll_back(1)
    assert network.settled(before) == []


def test_vlans_follow_the_mtu_of_their_port(network: Network) -> None:
    def with_mtu(mtu: int) -> str:
        return interfaces(
            port("Ethernet1", vlan(10, "10.0.10.1/24", "2001:db8:10::1/64"), mtu=mtu)
        ) + static_routes(route("2001:db8:a::/48", "2001:db8:10::2"))  # fmt: skip

    states = {}
    for number, mtu in enumerate((9000, 1400, 9000, 1200, 1500, 65535)):
        network.commit(with_mtu(mtu))
        assert network.link("Ethernet1.10")["mtu"] == mtu
        # below 1280 there is no IPv6
        assert ("2001:db8:10::1" in network.ip("-6 addr show dev Ethernet1.10")) == (mtu >= 1280)
        assert bool(network.ip("-6 route show 2001:db8:a::/48")) == (mtu >= 1280)
        states[number + 1] = network.state()
    for number in (4, 1, 2):
        network.roll_back(number)
        assert network.settled(states[number]) == []


def test_a_port_is_disabled_and_its_mtu_grows_at_once(network: Network) -> None:
    routes = static_routes(route("192.0.2.0/24", "10.0.10.2", "10.0.2.2"))
    other = interface("Ethernet2", "10.0.2.1/24")
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"), mtu=1300), other) + routes)
    before = network.state()
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"), mtu=1400, enabled=False), other) + routes)
    assert network.link("Ethernet1.10")["mtu"] == 1400
    network.roll_back(1)
    assert network.settled(before) == []


def test_a_port_that_is_disabled_takes_its_vlans_down_and_up(network: Network) -> None:
    def with_port(*, enabled: bool) -> str:
        vlans = (vlan(10, "10.0.10.1/24", "2001:db8:10::1/64"), vlan(20, "10.0.20.1/24", enabled=False))
        return interfaces(port("Ethernet1", *vlans, enabled=enabled)) + static_routes(
            route("192.0.2.0/24", "10.0.10.2"), route("198.51.100.0/24", "10.0.20.2")
        )

    network.commit(with_port(enabled=True))
    up = network.state()
    assert "192.0.2.0/24" in network.ip("route")
    assert list(network.deferred()) == ["198.51.100.0/24 0"]
    network.commit(with_port(enabled=False))
    assert not {"UP"} & {*network.link("Ethernet1.10")["flags"], *network.link("Ethernet1.20")["flags"]}
    assert network.ip("route") == ""
    assert set(network.deferred()) == {"192.0.2.0/24 0", "198.51.100.0/24 0", "Ethernet1.10 2001:db8:10::1"}
    network.commit(with_port(enabled=True))
    assert network.settled(up) == []


def test_a_vlan_is_disabled_by_itself(network: Network) -> None:
    def with_vlan(*, enabled: bool) -> str:
        vlans = (vlan(10, "10.0.10.1/24", "2001:db8:10::1/64", enabled=enabled), vlan(20, "10.0.20.1/24"))
        return interfaces(port("Ethernet1", *vlans)) + static_routes(
            route("192.0.2.0/24", "10.0.10.2", "10.0.20.2"), route("2001:db8:a::/48", "2001:db8:10::2")
        )

    network.commit(with_vlan(enabled=True))
    up = network.state()
    network.commit(with_vlan(enabled=False))
    assert "UP" not in network.link("Ethernet1.10")["flags"]
    assert network.ip("route show 192.0.2.0/24").split()[:5] == [
        "192.0.2.0/24",
        "via",
        "10.0.20.2",
        "dev",
        "Ethernet1.20",
    ]
    network.roll_back(1)
    assert network.settled(up) == []


def test_a_name_becomes_a_link_of_another_kind(network: Network) -> None:
    as_vlan = interfaces(port("Ethernet1"), interface("x", type_="bridge", more=vlan(1, "10.0.1.1/24")))
    as_bridge = interfaces(interface("x.1", "10.0.1.1/24", type_="bridge"))
    as_loopback = interfaces(interface("x.1", "10.0.1.1/24", type_="softwareLoopback"))
    network.commit(as_vlan)
    state = network.state()
    for content, kind in ((as_bridge, "bridge"), (as_loopback, "dummy"), (as_vlan, "vlan"), (as_loopback, "dummy")):
        network.commit(content)
        assert network.link("x.1")["linkinfo"]["info_kind"] == kind
    network.roll_back(1)
    assert network.settled(state) == []


def test_a_route_goes_out_of_a_subinterface(network: Network) -> None:
    through = route("192.0.2.0/24", "@Ethernet1").replace(
        "<interface>Ethernet1</interface>", "<interface>Ethernet1</interface><subinterface>10</subinterface>"
    )
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"))) + static_routes(through))
    assert "192.0.2.0/24 dev Ethernet1.10" in network.ip("route")


@pytest.mark.parametrize(
    ("content", "leaf"),
    [
        # the same VLAN twice
        (interfaces(port("Ethernet1", vlan(1, vlan_id=10), vlan(2, vlan_id=10))), "vlan-id"),
        # the kernel has no VLANs on its loopback
        (interfaces(interface("lo", type_="softwareLoopback", more=vlan(10))), "vlan-id"),
    ],
)
def test_what_the_kernel_refuses_is_told_and_changes_nothing(network: Network, content: str, leaf: str) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(30, "10.0.30.1/24"))))
    state, running = network.state(), network.device.datastores.running
    network.plan(content)
    with pytest.raises(CommitFailed) as failed:
        network.device.datastores.commit(1, ME)
    assert leaf in str(failed.value)
    assert network.device.datastores.running is running
    assert network.settled(state) == []
    assert network.device.committer.out_of_step == ()


@pytest.mark.parametrize(
    "content",
    [
        interfaces(port("Ethernet1", vlan(10).replace("<vlan-id>10</vlan-id>", ""))),
        interfaces(port("Ethernet1", vlan(4294967295, vlan_id=10))),
        interfaces(port("Ethernet1", vlan(0, vlan_id=10))),
        interfaces(port("Ethernet1", vlan(10, description="ü" * 128))),
    ],
)
def test_what_cannot_be_a_vlan_is_refused_before_anything_is_touched(network: Network, content: str) -> None:
    state = network.state()
    with pytest.raises(NotTranslatable, match="subinterface"):
        network.plan(content)
    assert network.settled(state) == []


def test_the_greatest_index_is_a_subinterface_like_others(network: Network) -> None:
    content = interfaces(interface("br0", type_="bridge", more=vlan(4294967295, "10.0.0.1/24", vlan_id=7)))
    network.commit(content)
    assert network.names() == {"br0", "br0.4294967295"}
    assert network.operational("br0", 4294967295)["ifindex"] == network.link("br0.4294967295")["ifindex"]


def test_two_hundred_vlans_come_and_go(network: Network) -> None:
    ports = [
        port(f"Ethernet{number}", *[vlan(tag, f"10.{number}.{tag}.1/24") for tag in range(2, 52)])
        for number in range(1, 5)
    ]
    empty = network.state()
    network.commit(interfaces(*ports))
    assert len(network.names()) == 200
    network.commit(interfaces(*ports[:1]))
    assert len(network.names()) == 50
    network.roll_back(1)
    assert len(network.names()) == 200
    network.commit("")
    assert network.settled(empty) == []


@pytest.mark.parametrize("enabled", [None, False])
def test_a_port_that_must_change_before_its_vlans_takes_no_route_by_surprise(
    network: Network, enabled: bool | None
) -> None:
    hops = ["2001:db8::2", "2001:db8::3"]
    second = interface("Ethernet2")
    network.commit(
        interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"), subinterface(0, "2001:db8::1/64")), second)
        + static_routes(route("2001:db8:1::/48", *hops))
    )
    before = network.state()
    # a VLAN's MTU follows the port's, and so the port changes first, but then it loses IPv6
    network.commit(
        interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"), mtu=1200, enabled=enabled), second)
        + static_routes(route("2001:db8:1::/48", "@Ethernet2"))
    )
    assert "dev Ethernet2" in network.ip("-6 route show 2001:db8:1::/48")
    network.roll_back(1)
    assert network.settled(before) == []
