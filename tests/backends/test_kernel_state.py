"""What the kernel says of its links, as OpenConfig has it."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

import pytest

from backends.kernel.messages import LinkState, oper_status
from backends.kernel.monitor import LinkChanges
from backends.kernel.netlink import in_namespace
from backends.kernel.resources import Address, Link, Port
from backends.kernel.state import InterfaceState, SubinterfaceState
from tests.backends.kernel_scenarios import up
from tests.backends.linux import ip, until
from tests.backends.steps import made
from tests.conftest import PORTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from backends.kernel import KernelBackend
    from yang.values import Value

UP, RUNNING = 0x1, 0x40


def of(kernel: KernelBackend, name: str) -> Mapping[str, Value]:
    return kernel.state[0].read([(name,)])[name,]


@pytest.mark.parametrize(
    ("oper_state", "flags", "status"),
    [
        (6, UP | RUNNING, "UP"),
        (2, UP, "DOWN"),
        (3, UP, "LOWER_LAYER_DOWN"),
        (5, UP, "DORMANT"),
        (4, UP, "TESTING"),
        (1, 0, "NOT_PRESENT"),
        # a link without a carrier, such as a loopback, has no state of its own
        (0, UP | RUNNING, "UP"),
        (0, UP, "DOWN"),
        (0, 0, "DOWN"),
        (99, UP | RUNNING, "UP"),
    ],
)
def test_the_oper_status_is_that_of_rfc_2863(oper_state: int, flags: int, status: str) -> None:
    assert oper_status(LinkState(1, "a", "veth", flags, 1500, "", 0, 0, oper_state, b"")) == status


def test_all_links_are_told_unless_some_are_asked_for(kernel: KernelBackend) -> None:
    (source,) = kernel.state[:1]
    assert set(source.read(None)) == {(name,) for name in ("lo", *PORTS)}
    assert set(source.read([("Ethernet1",), ("nowhere",)])) == {("Ethernet1",)}
    assert source.read([]) == {}


def test_every_leaf_that_is_told_is_among_those_that_may_be(kernel: KernelBackend) -> None:
    kernel.watch(lambda _: None)
    for source in kernel.state:
        told = {leaf for leaves in source.read(None).values() for leaf in leaves}
        assert told <= set(source.leaves)
    assert {leaf for leaves in kernel.state[0].read(None).values() for leaf in leaves} == set(InterfaceState.leaves)


def test_what_is_not_there_is_told_by_what_is_missing(kernel: KernelBackend) -> None:
    assert kernel.state[0].missing == {"state/admin-status": "DOWN", "state/oper-status": "NOT_PRESENT"}
    assert kernel.state[0].missing_of(("Ethernet9",)) == kernel.state[0].missing


def test_the_state_follows_the_link(namespace: str, kernel: KernelBackend) -> None:
    down = of(kernel, "Ethernet1")
    assert (down["state/admin-status"], down["state/oper-status"], down["state/mtu"]) == ("DOWN", "DOWN", 1500)
    kernel.execute([up("Ethernet1", mtu=9000)])
    until(lambda: of(kernel, "Ethernet1")["state/oper-status"] == "UP")
    assert of(kernel, "Ethernet1")["state/admin-status"] == "UP"
    assert of(kernel, "Ethernet1")["state/mtu"] == 9000
    ip(f"{namespace}-far", "link set Ethernet1 down")
    until(lambda: of(kernel, "Ethernet1")["state/oper-status"] in ("DOWN", "LOWER_LAYER_DOWN"))
    assert of(kernel, "Ethernet1")["state/admin-status"] == "UP"


def test_a_link_is_told_with_its_type_and_number(kernel: KernelBackend, namespace: str) -> None:
    links = [
        Link("br0", "bridge", enabled=True, mtu=1500, alias=""),
        Link("l0", "loopback", enabled=True, mtu=1500, alias=""),
    ]
    kernel.execute(made(*links))
    types = {name: str(of(kernel, name)["state/type"]) for name in ("Ethernet1", "br0", "l0", "lo")}
    assert types == {
        "Ethernet1": "iana-if-type:ethernetCsmacd",
        "br0": "iana-if-type:bridge",
        "l0": "iana-if-type:softwareLoopback",
        "lo": "iana-if-type:softwareLoopback",
    }
    assert of(kernel, "lo")["state/ifindex"] == 1
    assert ip(namespace, "link show br0").startswith(f"{of(kernel, 'br0')['state/ifindex']}: br0")


def test_the_mtu_of_lo_is_as_much_as_the_leaf_takes(kernel: KernelBackend) -> None:
    assert of(kernel, "lo")["state/mtu"] == 65535


def test_packets_are_counted_in_their_directions(namespace: str, kernel: KernelBackend) -> None:
    kernel.execute([up("Ethernet1"), *made(Address("Ethernet1", "10.0.0.1", 24))])
    ip(f"{namespace}-far", "addr add 10.0.0.2/24 dev Ethernet1")
    ip(namespace, "neighbor add 10.0.0.2 dev Ethernet1 lladdr 02:00:00:00:00:02")
    ip(f"{namespace}-far", "link set Ethernet1 address 02:00:00:00:00:02")
    before = of(kernel, "Ethernet1")

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(10):
                sender.sendto(bytes(1000), ("10.0.0.2", 9))

    in_namespace(namespace, send)
    counted = of(kernel, "Ethernet1")

    def grown(name: str) -> int:
        return int(str(counted[f"state/counters/{name}"])) - int(str(before[f"state/counters/{name}"]))

    assert grown("out-pkts") >= 10
    assert grown("out-octets") >= 10 * 1042
    assert grown("in-octets") < 10 * 1042


def statistics(*numbers: int) -> bytes:
    return struct.pack("=13Q", *numbers)


def test_each_counter_is_the_kernels(kernel: KernelBackend) -> None:
    del kernel
    numbers = tuple(range(100, 113))
    states = {"a": LinkState(7, "a", "veth", UP, 1500, "", 0, 0, 6, statistics(*numbers) + bytes(80))}
    leaves = InterfaceState(lambda _: states, LinkChanges()).read(None)["a",]
    assert {name.rpartition("/")[2]: value for name, value in leaves.items() if "counters" in name} == {
        "in-pkts": 100,
        "out-pkts": 101,
        "in-octets": 102,
        "out-octets": 103,
        "in-errors": 104,
        "out-errors": 105,
        "in-discards": 106,
        "out-discards": 107,
        "in-multicast-pkts": 108,
        "in-fcs-errors": 112,
    }


VLANS = {
    name: LinkState(number, name, kind, UP, 1500, "", 1, 10, 6, b"")
    for number, (name, kind) in enumerate(
        {
            "Ethernet1": "veth",
            "Ethernet1.10": "vlan",
            "Ethernet1.20": "vlan",
            "br0.7.5": "vlan",
            "Ethernet2.010": "vlan",
            "guests": "vlan",
            "Ethernet3.5": "veth",
        }.items(),
        start=1,
    )
}


def subinterfaces(names: Collection[str] | None) -> Mapping[str, LinkState]:
    assert names is None
    return VLANS


def test_a_vlan_is_the_subinterface_that_its_name_says() -> None:
    changes = LinkChanges()
    changes.note(VLANS["Ethernet1.10"], is_gone=False)
    found = SubinterfaceState(subinterfaces, changes).read(None)
    assert set(found) == {(("Ethernet1",), (10,)), (("Ethernet1",), (20,)), (("br0.7",), (5,))}
    assert found[("Ethernet1",), (10,)] == {
        "state/name": "Ethernet1.10",
        "state/ifindex": 2,
        "state/admin-status": "UP",
        "state/oper-status": "UP",
        "state/last-change": changes.last_change(2),
    }


def test_subinterfaces_are_asked_for_by_interface_or_one_by_one() -> None:
    source = SubinterfaceState(subinterfaces, LinkChanges())
    assert set(source.read([(("Ethernet1",),)])) == {(("Ethernet1",), (10,)), (("Ethernet1",), (20,))}
    assert set(source.read([(("Ethernet1",), (20,)), (("Ethernet9",), (1,))])) == {(("Ethernet1",), (20,))}
    assert source.read([]) == {}


def test_a_vlan_may_be_missing_and_subinterface_0_may_not() -> None:
    source = SubinterfaceState(subinterfaces, LinkChanges())
    assert source.missing_of((("Ethernet1",), (30,))) == source.missing
    assert source.missing_of((("Ethernet1",), (0,))) == {}


def test_there_are_subinterfaces_where_the_kernel_has_vlans(kernel: KernelBackend) -> None:
    kinds = {type(source) for source in kernel.state}
    assert kinds == {InterfaceState, *([SubinterfaceState] if "vlan" in kernel.offered else [])}


def test_the_port_that_the_state_tells_of_is_the_one_that_is_read(kernel: KernelBackend) -> None:
    (port,) = kernel.read([Port("Ethernet1").key]).values()
    assert isinstance(port, Port)
    assert of(kernel, "Ethernet1")["state/mtu"] == port.mtu
