"""What `ip` changes behind our back in a kernel is found, named, and handled as the policy says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datastore import drift
from tests.conftest import config
from tests.datastore.watched import Watched
from tests.openconfig import interface, interfaces, route, static_routes
from yang.edit import edit_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nos_mgmt.device import Device

MAC, OTHER = "02:00:00:00:00:09", "02:00:00:00:00:aa"
NEIGHBORS = "".join(
    f"<neighbor><ip>10.0.0.{n}</ip><config><ip>10.0.0.{n}</ip><link-layer-address>{MAC}</link-layer-address></config>"
    "</neighbor>"
    for n in (9, 10)
)
CONFIGURED = (
    interfaces(
        interface("Ethernet1", "10.0.0.1/24", "2001:db8::1/64", mtu=9000, description="mine").replace(
            "</ipv4>", f"<neighbors>{NEIGHBORS}</neighbors></ipv4>"
        ),
        interface("Ethernet2", "10.2.0.1/24"),
    ),
    static_routes(*[route(f"192.0.{n}.0/24", "10.0.0.2") for n in (2, 3, 4)]),
)
PORT = "/openconfig-interfaces:interfaces/interface[name='Ethernet1']"
IPV4 = f"{PORT}/subinterfaces/subinterface[index='0']/openconfig-if-ip:ipv4"
ROUTES = (
    "/openconfig-network-instance:network-instances/network-instance[name='DEFAULT']/protocols/"
    "protocol[identifier='openconfig-policy-types:STATIC'][name='static']/static-routes"
)
ROUTE, WAY, OTHER_WAY = f"{ROUTES}/static[prefix='192.0.2.0/24']", "10.0.0.2 Ethernet1", "10.0.0.3 Ethernet1"
DELETED = (f"next_hops {WAY}", None)

KINDS: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("link set Ethernet1 mtu 1400", f"{PORT}/config/mtu", "9000", "1400"),
    ("link set Ethernet1 alias theirs", f"{PORT}/config/description", "mine", "theirs"),
    (
        "addr del 2001:db8::1/64 dev Ethernet1",
        f"{IPV4.replace('ipv4', 'ipv6')}/addresses/address[ip='2001:db8::1']",
        "prefix_length 64",
        None,
    ),
    ("addr add 10.7.7.7/24 dev Ethernet1", f"{IPV4}/addresses/address[ip='10.7.7.7']", None, "prefix_length 24"),
    (
        "addr del 10.2.0.1/24 dev Ethernet2; addr add 10.2.0.1/25 dev Ethernet2",
        f"{IPV4.replace('Ethernet1', 'Ethernet2')}/addresses/address[ip='10.2.0.1']/config/prefix-length",
        "24",
        "25",
    ),
    ("route del 192.0.2.0/24", ROUTE, *DELETED),
    (
        "route replace 192.0.3.0/24 via 10.0.0.3 proto 201",
        f"{ROUTES}/static[prefix='192.0.3.0/24']/next-hops/next-hop[index='0']/config/next-hop",
        WAY,
        OTHER_WAY,
    ),
    ("route replace 192.0.4.0/24 via 10.0.0.3", f"{ROUTES}/static[prefix='192.0.4.0/24']", *DELETED),
    (
        f"neigh replace 10.0.0.9 lladdr {OTHER} dev Ethernet1 nud permanent",
        f"{IPV4}/neighbors/neighbor[ip='10.0.0.9']/config/link-layer-address",
        MAC,
        OTHER,
    ),
    (
        "neigh del 10.0.0.10 dev Ethernet1",
        f"{IPV4}/neighbors/neighbor[ip='10.0.0.10']",
        f"link_layer_address {MAC}",
        None,
    ),
    (
        f"neigh add 10.0.0.8 lladdr {OTHER} dev Ethernet1 nud permanent",
        f"{IPV4}/neighbors/neighbor[ip='10.0.0.8']",
        None,
        f"link_layer_address {OTHER}",
    ),
)
"""One change of each kind, the path that it is to be found under, and what was wanted and is found there."""
MARKED = (
    "route add 198.51.100.0/24 via 10.0.0.3 proto 201",
    f"{ROUTES}/static[prefix='198.51.100.0/24']",
    None,
    f"next_hops {OTHER_WAY}",
)


@pytest.fixture
def watched(both: Device) -> Iterator[Watched]:
    """The device, with a watch that compares everything only when it is told to."""
    both.drift.close()
    made = Watched(both.committer, both.datastores)
    made.commit(*CONFIGURED)
    made.drift.start()
    yield made
    made.drift.close()


def done(ip: Callable[..., str], commands: str) -> None:
    for command in commands.split(";"):
        ip(*command.split())


def found(watched: Watched) -> list[tuple[str, str | None, str | None]]:
    return [(str(one.path), one.wanted_text(), one.found_text()) for one in watched.drift.deviations()]


def test_each_kind_of_change_is_found_by_its_path_and_reverted(watched: Watched, ip: Callable[..., str]) -> None:
    changes = (*KINDS, MARKED)
    for commands, *_ in changes:
        done(ip, commands)
    expected = {change[1:] for change in changes}
    watched.when(lambda: set(found(watched)) == expected)
    ones = watched.drift.deviations()
    assert len(ones) == len(expected)
    assert {(one.action, one.seen_by, one.backend, one.outcome) for one in ones} == {("alarm", "event", "kernel", "")}
    watched.policy("revert")
    watched.wait_for()
    assert {event.kind for event in watched.events} == {"found", "reverted"}
    watched.compare()
    watched.wait_for()


def test_each_kind_of_change_can_be_adopted(watched: Watched, ip: Callable[..., str]) -> None:
    watched.policy("adopt")
    for commands, *_ in KINDS:
        done(ip, commands)
    expected = {path for _, path, _, _ in KINDS}
    watched.when(lambda: {str(event.deviation.path) for event in watched.events if event.kind == "adopted"} == expected)
    watched.wait_for()
    event = next(event for event in watched.events if event.kind == "adopted")
    assert event.commit_id is not None
    commit = next(iter(watched.committer._history.commits(event.commit_id, event.commit_id)))
    assert commit.author[:3] == ("system", None, "drift")
    assert "found changed: kernel:" in commit.comment
    watched.compare()
    watched.wait_for()
    entry = watched.committer.running.get("openconfig-interfaces:interfaces").get("interface").get(("Ethernet1",))
    assert (entry.get("config").get("mtu"), entry.get("config").get("description")) == (1400, "theirs")


def test_a_route_of_our_mark_is_not_adopted_and_says_why(watched: Watched, ip: Callable[..., str]) -> None:
    watched.policy("adopt")
    before = watched.committer.running
    done(ip, MARKED[0])
    watched.wait_for_outcome("it could not be adopted")
    assert watched.committer.running is before


def test_what_goes_with_a_port_that_is_set_down_is_found_and_comes_back_with_it(
    watched: Watched, ip: Callable[..., str]
) -> None:
    done(ip, "link set Ethernet1 down")
    watched.wait_for(
        "kernel:port Ethernet1 enabled is 'false' instead of 'true'",
        "kernel:address Ethernet1 2001:db8::1 is not there",
        *[f"kernel:neighbor Ethernet1 10.0.0.{n} is not there" for n in (9, 10)],
        *[f"kernel:route 192.0.{n}.0/24 0 is not there" for n in (2, 3, 4)],
    )
    watched.policy("revert", f"{PORT}/config/enabled")
    watched.wait_for()
    assert "192.0.2.0/24 via 10.0.0.2" in ip("route")


def test_a_port_that_was_down_for_a_moment_has_lost_its_routes(watched: Watched, ip: Callable[..., str]) -> None:
    done(ip, "link set Ethernet1 down; link set Ethernet1 up")
    watched.wait_for_event("found", "kernel:route 192.0.2.0/24 0 is not there")


def test_a_loopback_that_is_removed_is_adopted_with_all_that_is_on_it(watched: Watched, ip: Callable[..., str]) -> None:
    watched.commit(interfaces(interface("lo9", "10.9.9.9/32", type_="softwareLoopback")))
    watched.policy("adopt")
    done(ip, "link del lo9")
    watched.wait_for_event("adopted", "kernel:link lo9 is not there")
    watched.wait_for()
    assert ("lo9",) not in watched.committer.running.get("openconfig-interfaces:interfaces").get("interface")


def test_what_is_none_of_our_business_is_not_found(watched: Watched, ip: Callable[..., str]) -> None:
    done(ip, "link set Ethernet5 up mtu 1400; addr add 10.5.0.1/24 dev Ethernet5")
    done(ip, "route add 203.0.113.0/24 via 10.0.0.3 proto static")
    done(ip, f"neigh add 10.0.0.7 lladdr {MAC} dev Ethernet1 nud stale")
    done(ip, "addr add fe80::77/64 dev Ethernet1; addr add 10.0.0.60/24 dev Ethernet1 valid_lft 60 preferred_lft 60")
    done(ip, "route add 203.0.113.0/25 via 10.0.0.3 proto 201 table 7; link set Ethernet1 mtu 1400")
    watched.wait_for("kernel:port Ethernet1 mtu is '1400' instead of '9000'")
    watched.compare()
    assert [event.kind for event in watched.events] == ["found"]


def test_what_somebody_heals_is_gone(watched: Watched, ip: Callable[..., str]) -> None:
    done(ip, "link set Ethernet1 mtu 1400")
    watched.wait_for("kernel:port Ethernet1 mtu is '1400' instead of '9000'")
    done(ip, "link set Ethernet1 mtu 1500")
    watched.wait_for("kernel:port Ethernet1 mtu is '1500' instead of '9000'")
    done(ip, "link set Ethernet1 mtu 9000")
    watched.wait_for()
    assert [event.kind for event in watched.events] == ["found", "found", "healed"]
    assert watched.drift.counts[:4] == (2, 1, 0, 0)


def test_a_commit_heals_what_it_touches(watched: Watched, ip: Callable[..., str]) -> None:
    done(ip, "link set Ethernet1 mtu 1400")
    watched.wait_for("kernel:port Ethernet1 mtu is '1400' instead of '9000'")
    watched.commit(interfaces(interface("Ethernet1", mtu=8000)))
    watched.wait_for()


def test_without_events_the_comparison_finds_it(both: Device, ip: Callable[..., str]) -> None:
    both.drift.close()
    watched = Watched(both.committer, both.datastores, interval=0.3)
    watched.commit(*CONFIGURED)
    follower = both.backends[0]._follower  # type: ignore[attr-defined]
    follower.close()
    watched.drift._thread.start()
    for commands, *_ in KINDS:
        done(ip, commands)
    watched.when(lambda: set(found(watched)) == {change[1:] for change in KINDS})
    assert {one.seen_by for one in watched.drift.deviations()} == {"comparison"}
    watched.drift.close()


def test_lost_notifications_lead_to_a_comparison_of_everything(watched: Watched, both: Device) -> None:
    before = watched.drift.counts.comparisons
    both.backends[0]._follower.lost()  # type: ignore[attr-defined]
    watched.when(lambda: watched.drift.counts.comparisons > before)


def test_what_comes_back_again_and_again_is_reverted_less_and_less_often(
    watched: Watched, ip: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datastore.remedies.PATIENCE", (0.0, 0.0, 60.0))
    watched.policy("revert")
    for _ in range(2):
        done(ip, "link set Ethernet1 mtu 1400")
        watched.when(lambda: "mtu 9000" in ip("link", "show", "Ethernet1"))
        watched.wait_for()
    done(ip, "link set Ethernet1 mtu 1400")
    watched.wait_for_outcome("it came back 2 times in a row; the next attempt is in")
    assert "mtu 1400" in ip("link", "show", "Ethernet1")


def test_what_is_adopted_waits_while_others_have_running(watched: Watched, ip: Callable[..., str]) -> None:
    watched.policy("adopt")
    watched.stores.lock("running", 7)
    done(ip, "link set Ethernet1 mtu 1400")
    watched.wait_for_outcome("running is locked by session 7")
    watched.stores.unlock("running", 7)
    watched.wait_for_event("adopted", "mtu")


def test_what_somebody_has_edited_in_the_candidate_stays_on_top(watched: Watched, ip: Callable[..., str]) -> None:
    watched.policy("adopt")
    edit = config(interfaces(interface("Ethernet2", mtu=1400)))
    watched.stores.edit(7, lambda tree: edit_config(tree, edit))
    done(ip, "link set Ethernet1 mtu 1400")
    watched.wait_for_event("adopted", "mtu")
    running = watched.stores.running
    assert watched.stores.candidate == edit_config(running, edit)
    assert watched.stores.candidate != running


def test_what_is_in_the_middle_of_a_change_is_no_deviation(
    watched: Watched, ip: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "SETTLING", 1.0)
    done(ip, "link set Ethernet1 mtu 1400; link set Ethernet1 mtu 9000; link set Ethernet5 alias x")
    watched.compare()
    assert watched.events == []
