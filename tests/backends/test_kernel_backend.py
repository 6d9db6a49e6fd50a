"""The kernel backend beyond what every backend has to do: its refusals, its limits, other people's things."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends import BackendLost, Operation, OperationFailed, Resource
from backends.kernel import KernelBackend, from_settings, namespaces
from backends.kernel.netlink import DUMP, Message, Netlink, in_namespace
from backends.kernel.resources import Address, Hop, Link, Neighbor, Port, Route, VlanLink
from tests.backends.kernel_scenarios import MAC, NETWORKS, route, up
from tests.backends.linux import ip
from tests.backends.steps import changed, gone, made
from tests.conftest import PORTS

if TYPE_CHECKING:
    from collections.abc import Sequence


def refusals(kernel: KernelBackend, operations: Sequence[Operation]) -> dict[int, tuple[str, str]]:
    """Return the codes and attributes of what is refused."""
    with pytest.raises(OperationFailed) as refused:
        kernel.execute(operations)
    return {index: (failure.code, failure.attribute) for index, failure in refused.value.failures.items()}


def there(kernel: KernelBackend, *resources: Resource) -> bool:
    return all(kernel.read([resource.key]) == {resource.key: resource} for resource in resources)


def test_it_knows_what_the_kernel_can_make_and_makes_nothing_to_find_out(kernel: KernelBackend) -> None:
    assert kernel.offered <= {"dummy", "ifb", "bridge", "vlan"}
    assert kernel.offered & {"dummy", "ifb"}
    assert set(kernel.links()) == {"lo", *PORTS}


def test_settings_name_the_namespace(namespace: str) -> None:
    backend = from_settings({"namespace": namespace})
    assert set(backend.links()) == {"lo", *PORTS}
    backend.close()


def test_a_namespace_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        KernelBackend("nostest-nowhere")


def test_nothing_to_do_is_done(kernel: KernelBackend) -> None:
    kernel.execute([])


def test_a_refusal_names_the_attribute_that_it_is_about(kernel: KernelBackend) -> None:
    too_wide = Port("Ethernet1", enabled=True, mtu=66000, alias="x")
    assert refusals(kernel, changed(Port("Ethernet1"), too_wide)) == {0: ("EINVAL", "mtu")}
    bridge = Link("br0", "bridge", enabled=True, mtu=20, alias="")
    assert refusals(kernel, made(bridge)) == {0: ("EINVAL", "mtu")}


def test_what_is_made_has_to_be_new(kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    bridge = Link("br0", "bridge", enabled=True, mtu=1500, alias="")
    blackhole = route("192.0.2.0/24")
    kernel.execute(made(bridge, blackhole))
    twice = made(bridge, Address("Ethernet1", "10.0.1.1", 24), blackhole, route("192.0.2.0/24", "@Ethernet1"))
    assert refusals(kernel, twice) == dict.fromkeys(range(4), ("EEXIST", ""))
    assert there(kernel, bridge, blackhole)


def test_what_is_changed_or_removed_has_to_be_there(kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    bridge, wide = (Link("br0", "bridge", enabled=True, mtu=mtu, alias="") for mtu in (1500, 4000))
    absent = [
        *changed(bridge, wide),
        *gone(bridge),
        *changed(route("192.0.2.0/24"), route("192.0.2.0/24", "@Ethernet1")),
        *changed(route("2001:db8:a::/48", "@Ethernet1"), route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1")),
        *changed(
            route("2001:db8:a::/48", "@Ethernet1"),
            route("2001:db8:a::/48", "2001:db8:1::2@Ethernet1", "2001:db8:2::2@Ethernet2"),
        ),
        *changed(Neighbor("Ethernet1", "10.0.1.2", MAC), Neighbor("Ethernet1", "10.0.1.2", MAC[:-1] + "9")),
        *gone(
            route("192.0.2.0/24"),
            route("2001:db8:a::/48", "@Ethernet1"),
            Neighbor("Ethernet1", "10.0.1.2", MAC),
            Address("Ethernet1", "10.9.9.9", 24),
            Address("Ethernet1", "2001:db8:9::9", 64),
        ),
    ]
    before = ip_state(kernel, absent)
    assert sorted(refusals(kernel, absent)) == list(range(len(absent)))
    assert ip_state(kernel, absent) == before == {}


def ip_state(kernel: KernelBackend, operations: Sequence[Operation]) -> dict[object, Resource]:
    return dict(kernel.read([operation.key for operation in operations]))


def test_a_link_of_another_kind_is_left_alone(kernel: KernelBackend) -> None:
    before = kernel.links()
    not_a_port = Link("Ethernet1", "bridge", enabled=False, mtu=1500, alias="")
    assert refusals(kernel, gone(not_a_port)) == {0: ("ENODEV", "")}
    assert refusals(kernel, changed(not_a_port, Link("Ethernet1", "bridge", enabled=True, mtu=9000, alias=""))) == {
        0: ("ENODEV", "")
    }
    assert refusals(kernel, made(not_a_port)) == {0: ("EEXIST", "")}
    kernel.execute(made(Link("br0", "bridge", enabled=False, mtu=1500, alias="")))
    assert refusals(kernel, changed(Port("br0"), Port("br0", enabled=True))) == {0: ("ENODEV", "")}
    assert {name: kernel.links()[name].mtu for name in before} == {name: state.mtu for name, state in before.items()}
    assert not kernel.read([Port("br0").key, not_a_port.key])


def test_ports_are_neither_made_nor_removed(kernel: KernelBackend) -> None:
    assert refusals(kernel, [*gone(Port("Ethernet1")), *made(Port("Ethernet99"))]) == {
        0: ("EOPNOTSUPP", ""),
        1: ("EOPNOTSUPP", ""),
    }
    assert set(kernel.links()) == {"lo", *PORTS}


def test_a_link_is_not_found_under_its_other_names(namespace: str, kernel: KernelBackend) -> None:
    ip(namespace, "link property add dev Ethernet1 altname another-name")
    assert kernel.read([Port("another-name").key]) == {}
    assert refusals(kernel, changed(Port("another-name"), Port("another-name", enabled=True))) == {0: ("ENODEV", "")}


@pytest.mark.parametrize("name", ["x" * 16, "", "a/b", "ä" * 8, "no\nsuch"])
def test_a_name_that_no_link_can_have_is_not_there(kernel: KernelBackend, name: str) -> None:
    assert kernel.read([Port(name).key, Address(name, "10.0.0.1", 24).key]) == {}
    assert 0 in refusals(kernel, made(Link(name, "bridge", enabled=True, mtu=1500, alias="")))


def test_what_hangs_on_a_link_that_is_not_there_is_refused_by_name(kernel: KernelBackend) -> None:
    operations = [
        *made(Address("nowhere", "10.0.0.1", 24), Neighbor("nowhere", "10.0.0.2", MAC)),
        *made(route("192.0.2.0/24", "@nowhere"), Route("198.51.100.0/24", 0, (Hop("10.0.0.2", ""),))),
        *gone(Address("nowhere", "10.0.0.1", 24)),
    ]
    assert refusals(kernel, operations) == dict.fromkeys(range(5), ("ENODEV", ""))


def test_a_vlan_on_what_is_not_there_names_its_parent(kernel: KernelBackend) -> None:
    vlan = VlanLink("nowhere.5", "nowhere", 5, enabled=True, alias="")
    assert refusals(kernel, made(vlan)) == {0: ("ENODEV", "parent")}


def test_more_next_hops_than_a_message_holds_are_refused(kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    hops = tuple(Hop(f"10.0.1.{2 + number % 250}", "Ethernet1") for number in range(6000))
    operations = made(route("198.51.100.0/24"), Route("192.0.2.0/24", 0, hops), route("203.0.113.0/24"))
    assert refusals(kernel, operations) == {1: ("EMSGSIZE", "next_hops")}
    assert there(kernel, route("198.51.100.0/24"), route("203.0.113.0/24"))


def test_ipv6_next_hops_without_gateways_are_refused_and_nothing_is_left(kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    for hops in (["@Ethernet1", "@Ethernet2"], ["2001:db8:1::2@Ethernet1", "@Ethernet2"]):
        assert refusals(kernel, made(route("2001:db8:a::/48", *hops))) == {0: ("EINVAL", "")}
    assert list(kernel.owned()) == []


def test_links_work_in_the_order_of_the_batch(kernel: KernelBackend) -> None:
    one, other = (Link("x", kind, enabled=True, mtu=1500, alias=kind) for kind in ("bridge", "loopback"))
    wide = Link("x", "loopback", enabled=True, mtu=4000, alias="")
    kernel.execute([*made(one), *gone(one), *made(other), *changed(other, wide), *gone(wide), *made(one)])
    assert there(kernel, one)
    kernel.execute([*gone(one), *made(other), *changed(other, wide)])
    assert there(kernel, wide)


def test_what_follows_a_link_that_could_not_be_made_is_refused_too(kernel: KernelBackend) -> None:
    bad = Link("bad", "bridge", enabled=True, mtu=66000, alias="x")
    assert list(refusals(kernel, [*made(bad), *made(Address("worse", "10.0.0.1", 24))])) == [0, 1]


def test_an_address_goes_alone_also_where_others_of_its_network_came_later(namespace: str) -> None:
    in_namespace(namespace, lambda: Path("/proc/sys/net/ipv4/conf/all/promote_secondaries").write_text("0"))
    kernel = KernelBackend(namespace)
    first, second = Address("Ethernet1", "10.0.0.1", 24), Address("Ethernet1", "10.0.0.2", 24)
    kernel.execute([up("Ethernet1"), *made(first, second), *gone(first)])
    assert there(kernel, second)
    kernel.close()


def test_only_our_routes_are_read_and_owned(namespace: str, kernel: KernelBackend) -> None:
    kernel.execute([*NETWORKS, *made(route("192.0.2.0/24", "10.0.1.2@Ethernet1"), route("2001:db8:a::/48"))])
    ip(namespace, "route add 198.51.100.0/24 via 10.0.1.2 proto static")
    ip(namespace, "route add 203.0.113.0/24 via 10.0.1.2 proto 201 table 100")
    ip(namespace, "route add unreachable 203.0.113.0/25 proto 201")
    assert set(kernel.owned()) == {route("192.0.2.0/24", "10.0.1.2@Ethernet1"), route("2001:db8:a::/48")}
    others = ["198.51.100.0/24", "203.0.113.0/24", "203.0.113.0/25", "10.0.1.0/24"]
    assert kernel.read([route(prefix).key for prefix in others]) == {}
    assert kernel.read([route(prefix).key for prefix in (*others, *[f"10.77.{n}.0/24" for n in range(40)])]) == {}


def test_a_route_of_somebody_else_is_not_overwritten(namespace: str, kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    ip(namespace, "route add 198.51.100.0/24 via 10.0.1.2 proto static")
    assert refusals(kernel, made(route("198.51.100.0/24", "@Ethernet1"))) == {0: ("EEXIST", "")}
    assert refusals(kernel, gone(route("198.51.100.0/24"))) == {0: ("ESRCH", "")}
    assert "proto static" in ip(namespace, "route show 198.51.100.0/24")


def test_a_route_is_told_from_those_that_answer_for_its_first_address(kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    nested = [route(f"10.128.0.0/{length}", "10.0.1.2@Ethernet1") for length in (9, 16, 24, 32)]
    kernel.execute(made(*nested))
    for one in nested:
        assert there(kernel, one)
    assert kernel.read([route("10.128.0.0/25").key, route("10.128.0.0/24", metric=1).key]) == {}


def test_a_learned_neighbor_is_none_of_ours_and_gives_way(namespace: str, kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    ip(namespace, "neighbor add 10.0.1.2 dev Ethernet1 lladdr 02:00:00:00:00:77 nud reachable")
    neighbor = Neighbor("Ethernet1", "10.0.1.2", MAC)
    assert kernel.read([neighbor.key]) == {}
    kernel.execute(made(neighbor))
    assert there(kernel, neighbor)


def test_a_link_of_a_kind_that_is_not_ours_is_no_resource(namespace: str, kernel: KernelBackend) -> None:
    ip(namespace, "link add vx0 type vxlan id 5 dstport 4789 local 10.0.0.1")
    assert kernel.read([Port("vx0").key, Link("vx0", "bridge", enabled=False, mtu=1500, alias="").key]) == {}


def test_many_are_read_as_few_are(kernel: KernelBackend) -> None:
    kernel.execute([*NETWORKS, *made(Neighbor("Ethernet1", "10.0.1.2", MAC), route("0.0.0.0/0", "@Ethernet2"))])
    mine = [
        Port("Ethernet1", enabled=True),
        Address("Ethernet2", "2001:db8:2::1", 64),
        Neighbor("Ethernet1", "10.0.1.2", MAC),
        route("0.0.0.0/0", "@Ethernet2"),
    ]
    absent: list[Resource] = [Port(f"absent{number}") for number in range(40)]
    absent += [Address(f"absent{number}", "10.0.0.1", 24) for number in range(40)]
    absent += [Neighbor(f"absent{number}", "10.0.0.1", MAC) for number in range(40)]
    absent += [route(f"172.16.{number}.0/24") for number in range(40)]
    few = kernel.read([resource.key for resource in mine])
    assert few == {resource.key: resource for resource in mine}
    assert kernel.read([resource.key for resource in [*mine, *absent]]) == few


def test_a_kernel_that_does_not_answer_is_lost(kernel: KernelBackend) -> None:
    kernel._netlink.close()
    kernel._lists.close()
    for action in (
        lambda: kernel.read([Port("Ethernet1").key]),
        lambda: kernel.execute([up("Ethernet1")]),
        lambda: list(kernel.owned()),
        lambda: kernel.state[0].read(None),
    ):
        with pytest.raises(BackendLost, match="the kernel does not answer"):
            action()


def test_closing_twice_is_closing(namespace: str) -> None:
    kernel = KernelBackend(namespace)
    kernel.watch(lambda _: None)
    kernel.close()
    kernel.close()


def test_namespaces_are_made_once_and_taken_as_they_are(namespace: str) -> None:
    first = Netlink(namespace)
    kernel = KernelBackend(namespace)
    kernel.execute([up("Ethernet1"), *made(Address("Ethernet1", "10.0.0.1", 24))])
    namespaces.make(namespace, f"{namespace}-far", [*PORTS, "Ethernet9"])
    assert there(kernel, Port("Ethernet1", enabled=True), Address("Ethernet1", "10.0.0.1", 24))
    assert set(kernel.links()) == {"lo", *PORTS, "Ethernet9"}
    assert "state UP" in ip(f"{namespace}-far", "link show Ethernet1")
    first.close()
    kernel.close()


def test_a_namespace_that_is_made_routes(namespace: str) -> None:
    for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        path = Path("/proc/sys/net") / name
        assert in_namespace(namespace, path.read_text).strip() == "1"


def test_namespaces_are_removed_with_all_that_is_in_them(namespace: str) -> None:
    assert namespaces.exists(namespace)
    namespaces.remove(namespace, f"{namespace}-far", "nostest-nowhere")
    assert not namespaces.exists(namespace)
    with pytest.raises(FileNotFoundError):
        in_namespace(namespace, lambda: socket.socket().close())


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        ("192.0.2.0/24 via 10.0.1.2", "192.0.2.0/24"),
        ("192.0.2.0/24 via 10.0.1.2", "192.0.2.0/25"),
        ("192.0.2.0/24 via 10.0.1.2", "192.0.0.0/16"),
        ("192.0.2.0/24 via 10.0.1.2", "198.51.100.0/24"),
        ("2001:db8:9::/48 via 2001:db8:1::2", "2001:db8:9::/64"),
        ("2001:db8:9::/48 via 2001:db8:1::2", "2001:db8:a::/48"),
    ],
)
def test_a_few_routes_are_looked_up_without_listing_all(kernel: KernelBackend, there: str, asked: str) -> None:
    kernel.execute(NETWORKS)
    prefix, _, gateway = there.split()
    route = Route(prefix, 1024 if ":" in prefix else 0, (Hop(gateway, "Ethernet1"),))
    kernel.execute(made(route))
    dumps: list[int] = []
    ask = kernel._netlink.ask

    def watched(message: Message) -> list[tuple[int, bytes]]:
        dumps.extend([message.type] if message.flags & DUMP else [])
        return ask(message)

    kernel._netlink.ask = watched  # type: ignore[method-assign]
    key = (Route.kind, asked, route.metric)
    assert kernel.read([key]) == ({key: route} if asked == prefix else {})
    assert dumps == []


@pytest.mark.parametrize(
    "asked", ["192.0.2.0/24", "192.0.2.0/25", "192.0.0.0/16", "2001:db8:9::/48", "2001:db8:9::/64"]
)
def test_routes_that_drop_are_told_from_what_they_cover(kernel: KernelBackend, asked: str) -> None:
    there = [Route("192.0.2.0/24", 0, ()), Route("2001:db8:9::/48", 1024, ())]
    kernel.execute(made(*there))
    key = (Route.kind, asked, 1024 if ":" in asked else 0)
    assert kernel.read([key]) == {route.key: route for route in there if route.key == key}


def test_an_address_that_is_there_with_two_prefix_lengths_is_seen_and_removed(
    namespace: str, kernel: KernelBackend
) -> None:
    kernel.execute(NETWORKS)
    ip(namespace, "address", "add", "10.0.1.1/25", "dev", "Ethernet1")
    wanted = Address("Ethernet1", "10.0.1.1", 24)
    found = kernel.read([wanted.key])[wanted.key]
    assert found == Address("Ethernet1", "10.0.1.1", 24, (25,))
    kernel.execute([*gone(found), *made(wanted)])
    assert kernel.read([wanted.key]) == {wanted.key: wanted}
    kernel.execute(gone(wanted))
    assert kernel.read([wanted.key]) == {}
