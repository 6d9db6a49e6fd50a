"""Ports that come and go by themselves are reported, and links' last changes kept."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from backends.kernel import KernelBackend
from backends.kernel.messages import LinkState
from backends.kernel.monitor import LinkChanges, Monitor
from backends.kernel.resources import Link, Port
from tests.backends.linux import ip, until
from tests.backends.steps import made
from tests.conftest import PORTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from backends import Key

UP = 0x1


class Reports:
    """What a backend has reported so far."""

    def __init__(self) -> None:
        self.keys: list[Key] = []

    def __call__(self, keys: Collection[Key]) -> None:
        self.keys += keys

    def names(self) -> list[str]:
        return [key[1] for key in self.keys]


@pytest.fixture
def reports(kernel: KernelBackend) -> Reports:
    """What the kernel backend reports from now on."""
    reported = Reports()
    kernel.watch(reported)
    return reported


def last_change(kernel: KernelBackend, name: str) -> int:
    value = kernel.state[0].read([(name,)])[name,]["state/last-change"]
    assert isinstance(value, int)
    return value


def oper_status(kernel: KernelBackend, name: str) -> object:
    return kernel.state[0].read([(name,)])[name,]["state/oper-status"]


def test_a_port_that_comes_and_one_that_goes_are_reported(
    namespace: str, kernel: KernelBackend, reports: Reports
) -> None:
    ip(namespace, "link del Ethernet3")
    until(lambda: ("kernel:port", "Ethernet3") in reports.keys)
    ip(namespace, f"link add Ethernet9 type veth peer name Ethernet9 netns {namespace}-far")
    until(lambda: ("kernel:port", "Ethernet9") in reports.keys)
    assert set(kernel.read([Port("Ethernet3").key, Port("Ethernet9").key])) == {Port("Ethernet9").key}
    assert set(reports.names()) == {"Ethernet3", "Ethernet9"}


def test_a_port_that_moves_to_another_namespace_has_gone(namespace: str, reports: Reports) -> None:
    ip(f"{namespace}-far", "link del Ethernet4")
    until(lambda: reports.names() == ["Ethernet4"])
    ip(namespace, f"link set Ethernet5 netns {namespace}-far name moved")
    until(lambda: reports.names() == ["Ethernet4", "Ethernet5"])


def test_a_port_that_gets_another_name_has_gone_under_the_old_one(namespace: str, reports: Reports) -> None:
    ip(namespace, "link set Ethernet2 name uplink")
    until(lambda: set(reports.names()) == {"Ethernet2", "uplink"})
    ip(namespace, "link set uplink name Ethernet2")
    until(lambda: sorted(reports.names()) == ["Ethernet2", "Ethernet2", "uplink", "uplink"])


def test_what_only_changes_is_not_reported(namespace: str, kernel: KernelBackend, reports: Reports) -> None:
    ip(namespace, "link set Ethernet1 up mtu 9000 alias x")
    kernel.execute(made(Link("br0", "bridge", enabled=True, mtu=1500, alias="")))
    ip(namespace, "link set Ethernet6 master br0")
    ip(namespace, "link set Ethernet6 nomaster")  # a bridge says then that a port of its own has gone
    ip(namespace, "link del br0")
    ip(namespace, "link del Ethernet7")
    until(lambda: "Ethernet7" in reports.names())
    assert reports.names() == ["Ethernet7"]


def test_links_that_we_make_are_not_reported(kernel: KernelBackend, namespace: str, reports: Reports) -> None:
    kernel.execute(
        made(*[Link(f"l{n}", kind, enabled=True, mtu=1500, alias="") for n, kind in enumerate(["bridge", "loopback"])])
    )
    ip(namespace, "link add vx0 type vxlan id 5 dstport 4789 local 10.0.0.1")
    ip(namespace, "link del Ethernet7")
    until(lambda: "Ethernet7" in reports.names())
    assert reports.names() == ["Ethernet7"]


def test_a_change_of_the_status_is_a_last_change(namespace: str, kernel: KernelBackend, reports: Reports) -> None:
    del reports
    ip(namespace, "link set Ethernet1 up")
    until(lambda: oper_status(kernel, "Ethernet1") == "UP" and last_change(kernel, "Ethernet1"))
    before = time.time_ns()
    ip(f"{namespace}-far", "link set Ethernet1 down")
    until(lambda: last_change(kernel, "Ethernet1") >= before)
    assert oper_status(kernel, "Ethernet1") in ("DOWN", "LOWER_LAYER_DOWN")
    down, other = last_change(kernel, "Ethernet1"), last_change(kernel, "Ethernet2")
    ip(f"{namespace}-far", "link set Ethernet1 up")
    until(lambda: last_change(kernel, "Ethernet1") > down)
    assert oper_status(kernel, "Ethernet1") == "UP"
    assert last_change(kernel, "Ethernet2") == other < before


def test_what_does_not_change_the_status_is_none(namespace: str, kernel: KernelBackend, reports: Reports) -> None:
    before = last_change(kernel, "Ethernet1")
    ip(namespace, "link set Ethernet1 mtu 4000 alias x")
    ip(namespace, "link del Ethernet8")
    until(reports.names)
    assert last_change(kernel, "Ethernet1") == before


def test_without_watching_there_is_no_last_change(kernel: KernelBackend) -> None:
    assert "state/last-change" not in kernel.state[0].read([("Ethernet1",)])["Ethernet1",]


def test_nothing_is_reported_after_the_end(namespace: str) -> None:
    kernel, reports = KernelBackend(namespace), Reports()
    kernel.watch(reports)
    kernel.close()
    ip(namespace, "link del Ethernet1")
    assert reports.keys == []
    assert not [thread for thread in threading.enumerate() if thread.name == "kernel monitor"]


@pytest.fixture
def deaf(namespace: str, kernel: KernelBackend) -> Iterator[tuple[Monitor, list[str]]]:
    """A monitor whose next notifications are lost, and what it tells."""
    names: list[str] = []
    monitor = Monitor(namespace, kernel.links, LinkChanges(), lambda found: names.extend(sorted(found)))
    yield monitor, names
    monitor.close()


def test_after_lost_notifications_all_ports_are_looked_at(
    namespace: str, deaf: tuple[Monitor, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor, names = deaf
    losses = iter([OSError(105, "no buffer space available")])
    real = monitor._netlink.notifications

    def notifications(besides: int) -> Iterator[tuple[int, bytes]]:
        for loss in losses:
            list(real(besides))
            raise loss
        return real(besides)

    ip(namespace, "link del Ethernet1")
    until(lambda: names == ["Ethernet1"])
    monkeypatch.setattr(monitor._netlink, "notifications", notifications)
    ip(namespace, "link del Ethernet2")
    until(lambda: "Ethernet8" in names)
    assert names == ["Ethernet1", *PORTS[1:], "lo"]
    # and the monitor knows what there is now, so that it tells when something comes back
    names.clear()
    ip(namespace, f"link add Ethernet2 type veth peer name Ethernet2 netns {namespace}-far")
    until(lambda: names == ["Ethernet2"])


def state(ifindex: int, name: str, kind: str = "veth", oper: int = 6) -> LinkState:
    return LinkState(ifindex, name, kind, UP, 1500, "", 0, 0, oper, b"")


def test_only_ports_come_and_go() -> None:
    changes = LinkChanges()
    assert changes.note(state(1, "a"), is_gone=False) == {"a"}
    assert changes.note(state(1, "a"), is_gone=False) == set()
    assert changes.note(state(2, "b", "bridge"), is_gone=False) == set()
    assert changes.note(state(2, "b", "bridge"), is_gone=True) == set()
    assert changes.note(state(1, "a"), is_gone=True) == {"a"}
    assert changes.note(state(1, "a"), is_gone=True) == set()


def test_a_number_that_is_used_again_is_another_link() -> None:
    changes = LinkChanges()
    changes.note(state(1, "a"), is_gone=False)
    assert changes.note(state(1, "b"), is_gone=False) == {"a", "b"}


def test_after_a_list_nothing_else_is_there() -> None:
    changes = LinkChanges()
    assert changes.note_all([state(1, "a"), state(2, "b"), state(3, "br0", "bridge")]) == {"a", "b"}
    seen = changes.last_change(2)
    assert changes.note_all([state(2, "b"), state(4, "c")]) == {"a", "b", "c"}
    assert changes.last_change(2) == seen
    assert changes.last_change(1) is None
    assert changes.note(state(5, "a"), is_gone=False) == {"a"}


def test_the_last_change_is_that_of_the_status() -> None:
    changes = LinkChanges()
    changes.note(state(1, "a", oper=2), is_gone=False)
    down = changes.last_change(1)
    changes.note(state(1, "renamed", oper=2), is_gone=False)
    assert changes.last_change(1) == down
    changes.note(state(1, "renamed", oper=6), is_gone=False)
    assert (changes.last_change(1) or 0) > (down or 0)
