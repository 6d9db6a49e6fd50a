"""Ports with VLANs that are not there, that come, and that go."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest

from backends.kernel import KernelBackend
from tests.backends.linux import until
from tests.lab.network import port, vlan
from tests.openconfig import interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from backends.resource import Key
    from tests.lab.network import Network

VLANS = (
    vlan(10, "10.0.10.1/24", "2001:db8:10::1/64", description="guests"),
    vlan(20, "10.0.20.1/24", enabled=False),
    vlan(30, "10.0.30.1/24", vlan_id=31),
)
ROUTES = static_routes(
    route("192.0.2.0/24", "10.0.10.2", "10.0.30.2"),
    route("198.51.100.0/24", "10.0.30.2", "10.0.4.2"),
    route("2001:db8:a::/48", "2001:db8:10::2"),
)
PLANNED = interfaces(port("Ethernet1", *VLANS, mtu=4000), interface("Ethernet4", "10.0.4.1/24")) + ROUTES


class Discreet(KernelBackend):
    """A kernel that can keep to itself for a while what happens in it."""

    def __init__(self, namespace: str) -> None:
        super().__init__(namespace)
        self._may_tell = threading.Event()
        self._may_tell.set()

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Tell of nothing before the end."""
        self._may_tell.clear()
        try:
            yield
        finally:
            self._may_tell.set()

    def watch(self, changed: Callable[[Collection[Key]], None]) -> None:
        def tell(keys: Collection[Key]) -> None:
            self._may_tell.wait()
            changed(keys)

        super().watch(tell)

    def follow(
        self,
        touched: Callable[[Collection[Key] | None, Collection[Key]], None],
        concerns: Callable[[Key], bool],
    ) -> None:
        def tell(keys: Collection[Key] | None, shaken: Collection[Key]) -> None:
            self._may_tell.wait()
            touched(keys, shaken)

        super().follow(tell, concerns)


@pytest.fixture
def kernel(namespace: str) -> Iterator[Discreet]:
    backend = Discreet(namespace)
    yield backend
    backend.close()


def in_step(network: Network) -> bool:
    """Return whether nothing waits but what always does: there is no IPv4 through a VLAN that is disabled."""
    return not network.deferred() and network.device.committer.out_of_step == ()


def test_all_of_it_waits_for_the_port_and_says_so(network: Network) -> None:
    network.commit(PLANNED.replace("Ethernet1", "Ethernet9"))
    waiting = network.deferred()
    assert waiting["Ethernet9"] == "kernel:port Ethernet9 is not there"
    assert waiting["Ethernet9.10"] == "it waits for link Ethernet9"
    assert waiting["Ethernet9.10 10.0.10.1"] == "it waits for link Ethernet9.10"
    assert network.operational("Ethernet9", 10)["oper-status"] == "NOT_PRESENT"
    assert "198.51.100.0/24 via 10.0.4.2 dev Ethernet4" in network.ip("route")
    network.replace_far("Ethernet9")
    until(lambda: in_step(network))
    network.far_vlan("Ethernet9", 10, "10.0.10.2/24")
    until(lambda: network.answers("10.0.10.2"))
    until(lambda: network.operational("Ethernet9", 10)["oper-status"] == "UP")
    assert network.ip("route show 198.51.100.0/24").count("nexthop") == 2


def test_a_port_that_comes_back_has_its_vlans_again(network: Network) -> None:
    network.commit(PLANNED)
    state = without_far_numbers(network.state())
    for _ in range(2):
        network.ip("link del Ethernet1")
        until(lambda: "Ethernet1" in network.deferred())
        assert network.names() == set()
        until(lambda: network.ip("route show 192.0.2.0/24") == "")
        assert "198.51.100.0/24 via 10.0.4.2 dev Ethernet4" in network.ip("route")
        network.replace_far("Ethernet1")
        until(lambda: in_step(network))
        assert without_far_numbers(network.state()) == state


def without_far_numbers(state: dict[str, list[dict[str, object]]]) -> list[object]:
    """Return a state without what the kernel draws anew for a port: its Ethernet address, and what is made of it."""
    links = [{name: value for name, value in link.items() if name != "address"} for link in state["links"]]
    addresses = [one for one in state["addresses"] if one["scope"] != "link"]
    routes = [one for one in state["routes"] if not str(one["dst"]).startswith("fe80:")]
    return [sorted(map(str, things)) for things in (links, addresses, routes, state["neighbors"])]


def test_a_port_that_goes_and_comes_before_anybody_looks_is_filled_again(network: Network) -> None:
    network.commit(PLANNED)
    state = without_far_numbers(network.state())
    with network.device.committer.turn:
        network.ip("link del Ethernet1")
        network.replace_far("Ethernet1")
    until(lambda: network.names() == {"Ethernet1.10", "Ethernet1.20", "Ethernet1.30"})
    until(lambda: in_step(network))
    assert without_far_numbers(network.state()) == state


def test_a_port_that_is_renamed_gives_its_vlans_back(network: Network) -> None:
    network.commit(interfaces(port("Ethernet1", vlan(10, "10.0.10.1/24"))))
    network.ip("link set Ethernet1 down")
    network.ip("link set Ethernet1 name uplink")
    until(lambda: "Ethernet1" in network.deferred())
    assert network.device.committer.out_of_step == ()
    network.ip("link set uplink name Ethernet1")
    until(lambda: in_step(network))
    network.far_vlan("Ethernet1", 10, "10.0.10.2/24")
    until(lambda: network.answers("10.0.10.2"))


@pytest.mark.parametrize("seen", ["before", "at any time", "after"])
@pytest.mark.parametrize(
    "content",
    [
        "",
        interfaces(port("Ethernet1", vlan(10, "10.0.10.1/25", vlan_id=12)), interface("Ethernet4", "10.0.4.1/24"))
        + ROUTES,
    ],
)
def test_what_has_gone_can_be_configured_further(network: Network, kernel: Discreet, content: str, seen: str) -> None:
    network.commit(PLANNED)
    with kernel.silence() if seen == "after" else nullcontext():
        network.ip("link del Ethernet1")
        if seen == "before":
            until(lambda: "Ethernet1" in network.deferred())
        network.commit(content)
        assert network.names() == set()
        assert network.device.committer.out_of_step == ()
    assert ("Ethernet1" in network.deferred()) == bool(content)
    network.replace_far("Ethernet1")
    until(lambda: network.names() == ({"Ethernet1.10"} if content else set()))
    if content:
        until(lambda: "10.0.10.1/25" in network.ip("addr show dev Ethernet1.10"))
        assert network.link("Ethernet1.10")["linkinfo"]["info_data"]["id"] == 12


def test_a_rollback_waits_for_the_port_as_well(network: Network) -> None:
    network.commit(PLANNED)
    network.commit("")
    network.ip("link del Ethernet1")
    network.roll_back(1)
    assert "Ethernet1.10" in network.deferred()
    network.replace_far("Ethernet1")
    until(lambda: in_step(network))
    assert network.names() == {"Ethernet1.10", "Ethernet1.20", "Ethernet1.30"}
