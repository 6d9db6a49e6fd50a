"""What others change in a kernel is told at once, as far as it concerns anybody, and what we change is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.kernel.resources import Address, Hop, Neighbor, Port, Route
from backends.operation import Operation
from tests.backends.linux import ip, until
from tests.backends.steps import made

if TYPE_CHECKING:
    from collections.abc import Collection

    from backends import Key
    from backends.kernel import KernelBackend

MAC = "02:00:00:00:00:09"
PORT = Port("Ethernet1", enabled=True, mtu=1500, alias="")
ADDRESS = Address("Ethernet1", "10.0.0.1", 24)
NEIGHBOR = Neighbor("Ethernet1", "10.0.0.9", MAC)
ROUTE = Route("192.0.2.0/24", 0, (Hop("10.0.0.2", "Ethernet1"),))


class Told:
    """What was told so far, of a device with a few things on `Ethernet1`."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()
        self.shaken: set[Key] = set()
        self.is_all = False

    def __call__(self, keys: Collection[Key] | None, shaken: Collection[Key]) -> None:
        self.is_all = self.is_all or keys is None
        self.keys.update(keys or ())
        self.shaken.update(shaken)

    @staticmethod
    def concerns(key: Key) -> bool:
        return key in {PORT.key, ADDRESS.key, NEIGHBOR.key, ROUTE.key}


@pytest.fixture
def told(kernel: KernelBackend) -> Told:
    """What is told from now on, when those things are there."""
    kernel.execute([Operation(Port("Ethernet1"), PORT), *made(ADDRESS, NEIGHBOR, ROUTE)])
    heard = Told()
    kernel.follow(heard, heard.concerns)
    return heard


def test_each_thing_that_is_changed_is_told(namespace: str, told: Told) -> None:
    for command, key in (
        ("link set Ethernet1 mtu 1400", PORT.key),
        (f"neigh replace 10.0.0.9 lladdr {MAC[:-1]}a dev Ethernet1 nud permanent", NEIGHBOR.key),
        ("route replace 192.0.2.0/24 via 10.0.0.3", ROUTE.key),
        ("route add 203.0.113.0/24 via 10.0.0.3 proto 201", ("kernel:route", "203.0.113.0/24", 0)),
        ("addr add 10.0.0.7/24 dev Ethernet1", ("kernel:address", "Ethernet1", "10.0.0.7")),
        (f"neigh add 10.0.0.8 lladdr {MAC} dev Ethernet1 nud permanent", ("kernel:neighbor", "Ethernet1", "10.0.0.8")),
        ("addr del 10.0.0.1/24 dev Ethernet1", ADDRESS.key),
    ):
        told.keys.clear()
        ip(namespace, command)
        until(lambda key=key: key in told.keys)  # type: ignore[misc]
    assert told.shaken == {ADDRESS.key}


def test_what_was_down_for_a_moment_may_have_lost_what_is_on_it(namespace: str, told: Told) -> None:
    ip(namespace, "link set Ethernet1 down")
    ip(namespace, "link set Ethernet1 up")
    until(lambda: PORT.key in told.shaken)


def test_a_port_that_gets_another_name_is_told_by_its_own(namespace: str, told: Told) -> None:
    ip(namespace, "link set Ethernet1 name other")
    until(lambda: PORT.key in told.shaken)


def test_what_concerns_nobody_is_not_told(namespace: str, told: Told) -> None:
    ip(namespace, "link set Ethernet2 up mtu 1400")
    ip(namespace, "addr add 10.2.0.1/24 dev Ethernet2")
    ip(namespace, "route add 203.0.113.0/24 via 10.0.0.3 proto static")
    ip(namespace, f"neigh add 10.0.0.8 lladdr {MAC} dev Ethernet1 nud stale")
    ip(namespace, "addr add 10.0.0.60/24 dev Ethernet1 valid_lft 60 preferred_lft 60")
    ip(namespace, "addr add fe80::9/64 dev Ethernet1")
    ip(namespace, "route del 192.0.2.0/24")
    until(lambda: told.keys)
    assert told.keys == {ROUTE.key}


def test_routes_that_we_change_are_not_told(namespace: str, kernel: KernelBackend, told: Told) -> None:
    kernel.execute([Operation(ROUTE, None), *made(Route("203.0.113.0/24", 0, ROUTE.next_hops))])
    ip(namespace, "neigh del 10.0.0.9 dev Ethernet1")
    until(lambda: NEIGHBOR.key in told.keys)
    assert told.keys == {NEIGHBOR.key}


def test_after_lost_notifications_anything_may_have_changed(
    namespace: str, kernel: KernelBackend, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = kernel._follower
    assert follower is not None

    def lose(besides: int) -> None:
        follower._netlink._socket.recv(1 << 18)
        raise OSError(105, f"no buffer space available, {besides}")

    monkeypatch.setattr(follower._netlink, "notifications", lose)
    ip(namespace, "link set Ethernet1 alias x")
    until(lambda: told.is_all)
