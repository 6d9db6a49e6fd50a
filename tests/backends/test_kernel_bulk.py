"""The kernel backend with a great deal to do at once: what is right, not how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends import Operation, OperationFailed, Resource
from backends.kernel.resources import Address, Hop, Link, Neighbor, Route
from tests.backends.kernel_scenarios import NETWORKS, up
from tests.backends.steps import changed, gone, made

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backends.kernel import KernelBackend

ROUTES, ADDRESSES, LINKS = 20_000, 1_000, 300


def read_back(kernel: KernelBackend, resources: Iterable[Resource]) -> dict[object, Resource]:
    return dict(kernel.read([resource.key for resource in resources]))


def by_key(resources: Iterable[Resource]) -> dict[object, Resource]:
    return {resource.key: resource for resource in resources}


def routes(*hops: Hop) -> list[Route]:
    return [Route(f"172.{16 + (n >> 16)}.{n >> 8 & 255}.{n & 255}/32", 0, tuple(sorted(hops))) for n in range(ROUTES)]


def refused(kernel: KernelBackend, operations: Sequence[Operation]) -> list[int]:
    with pytest.raises(OperationFailed) as failed:
        kernel.execute(operations)
    return sorted(failed.value.failures)


def test_twenty_thousand_routes_are_made_changed_and_removed(kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    one, two = routes(Hop("10.0.1.2", "Ethernet1")), routes(Hop("10.0.1.2", "Ethernet1"), Hop("10.0.2.2", "Ethernet2"))
    kernel.execute(made(*one))
    assert read_back(kernel, one) == by_key(one)
    assert {route.key for route in kernel.owned()} == {route.key for route in one}
    kernel.execute([operation for pair in zip(one, two, strict=True) for operation in changed(*pair)])
    assert read_back(kernel, two) == by_key(two)
    kernel.execute(gone(*two))
    assert list(kernel.owned()) == []


def test_a_few_refusals_among_twenty_thousand_routes_are_named(kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    batch = routes(Hop("10.0.1.2", "Ethernet1"))
    there = [0, 7, 999, 1000, 1001, 12_345, ROUTES - 1]
    kernel.execute(made(*[batch[index] for index in there]))
    assert refused(kernel, made(*batch)) == there
    assert read_back(kernel, batch) == by_key(batch)


def test_twenty_thousand_refusals_are_named(kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    batch = routes(Hop("172.31.255.1", "Ethernet1"))
    assert refused(kernel, made(*batch)) == list(range(ROUTES))
    assert list(kernel.owned()) == []


def test_ipv6_routes_in_bulk(kernel: KernelBackend) -> None:
    kernel.execute(NETWORKS)
    hops = (Hop("2001:db8:1::2", "Ethernet1"), Hop("2001:db8:2::2", "Ethernet2"))
    batch = [
        Route(f"2001:db8:a:{number:x}::/64" if number else "2001:db8:a::/64", 1024, hops) for number in range(5000)
    ]
    kernel.execute(made(*batch))
    assert read_back(kernel, batch) == by_key(batch)
    kernel.execute(gone(*batch))
    assert list(kernel.owned()) == []


def test_a_thousand_addresses_and_neighbors(kernel: KernelBackend) -> None:
    kernel.execute([up("Ethernet1"), up("Ethernet2")])
    addresses: list[Resource] = [Address("Ethernet1", f"10.{n >> 8}.{n & 255}.1", 24) for n in range(ADDRESSES)]
    addresses += [Address("Ethernet2", f"2001:db8:{n:x}::1", 64) for n in range(1, ADDRESSES // 4)]
    addresses += [Neighbor("Ethernet1", f"10.0.{n >> 7}.{2 + n % 128}", "02:00:00:00:00:01") for n in range(ADDRESSES)]
    kernel.execute(made(*addresses))
    assert read_back(kernel, addresses) == by_key(addresses)
    assert refused(kernel, made(*addresses[:ADDRESSES])) == list(range(ADDRESSES))
    kernel.execute(gone(*reversed(addresses)))
    assert read_back(kernel, addresses) == {}


def test_three_hundred_links_with_addresses(kernel: KernelBackend) -> None:
    links = [Link(f"br{n}", "bridge", enabled=bool(n % 2), mtu=1500 + n, alias=f"link {n}") for n in range(LINKS)]
    addresses = [Address(link.name, f"10.{n >> 8}.{n & 255}.1", 24) for n, link in enumerate(links)]
    kernel.execute(made(*links, *addresses))
    assert read_back(kernel, [*links, *addresses]) == by_key([*links, *addresses])
    wider = [Link(link.name, "bridge", enabled=not link.enabled, mtu=4000, alias="") for link in links]
    kernel.execute([operation for pair in zip(links, wider, strict=True) for operation in changed(*pair)])
    assert read_back(kernel, wider) == by_key(wider)
    kernel.execute([*gone(*addresses), *gone(*wider)])
    assert read_back(kernel, [*links, *addresses]) == {}
