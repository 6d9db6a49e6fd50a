"""What the configuration calls for, and which of it can take effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from datastore.errors import NotTranslatable
from datastore.objects import Objects as RealObjects
from datastore.wanted import Change, Wanted
from tests.datastore.configurations import configurations, tree_of
from tests.datastore.conftest import PaperKernel
from tests.datastore.verbatim import Label, Net, Objects, Port, Way, indexes, kept, tried, without_history
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Collection

    from yang.schema import Schema

P1, P2 = Port("p1", speed=10), Port("p2", speed=10)


@pytest.fixture
def objects(schema: Schema) -> Objects:
    return Objects(schema)


@pytest.fixture
def wanted() -> Wanted:
    return Wanted()


def test_what_is_called_for_takes_effect(wanted: Wanted, objects: Objects) -> None:
    net = Net("10.0.0.0/24", "p1")
    changes = tried(wanted, objects.change(a=(P1, net)))
    assert changes == {P1.key: Change(None, P1), net.key: Change(None, net)}
    assert wanted.active == {P1.key: P1, net.key: net}


def test_a_resource_waits_for_what_it_needs_and_comes_with_it(wanted: Wanted, objects: Objects) -> None:
    net = Net("10.0.0.0/24", "p1")
    assert tried(wanted, objects.change(net=(net,))) == {}
    wanted.keep()
    assert wanted.waiting == {net.key: "it waits for test:port p1"}
    assert tried(wanted, objects.change(port=(P1,)))[net.key] == Change(None, net)
    assert wanted.waiting == {}


def test_a_resource_goes_with_what_it_needs_and_waits_again(wanted: Wanted, objects: Objects) -> None:
    net = Net("10.0.0.0/24", "p1")
    kept(wanted, objects.change(port=(P1,), net=(net,)))
    assert tried(wanted, objects.change(port=None)) == {P1.key: Change(P1, None), net.key: Change(net, None)}
    assert wanted.waiting == {net.key: "it waits for test:port p1"}


def test_a_resource_that_cannot_be_there_without_a_reason_waits_too(wanted: Wanted, objects: Objects) -> None:
    way = Way("w", "10.0.0.9")
    assert tried(wanted, objects.change(w=(way,))) == {}
    assert way.key in wanted.waiting


def test_an_address_is_reached_through_the_longest_network(wanted: Wanted, objects: Objects) -> None:
    wide, narrow, way = Net("10.0.0.0/8", "p1"), Net("10.0.0.0/24", "p1"), Way("w", "10.0.0.9")
    kept(wanted, objects.change(port=(P1,), wide=(wide,), way=(way,)))
    assert wanted.active[way.key] == Way("w", "10.0.0.9", through="10.0.0.0/8")
    changes = tried(wanted, objects.change(narrow=(narrow,)))
    assert changes[way.key].after == Way("w", "10.0.0.9", through="10.0.0.0/24")
    wanted.keep()
    assert tried(wanted, objects.change(narrow=None))[way.key].after == Way("w", "10.0.0.9", through="10.0.0.0/8")


def test_a_network_that_does_not_have_the_address_concerns_nobody(wanted: Wanted, objects: Objects) -> None:
    way = Way("w", "10.0.0.9")
    kept(wanted, objects.change(port=(P1,), net=(Net("10.0.0.0/24", "p1"),), way=(way,)))
    tried(wanted, objects.change(other=(Net("10.0.1.0/24", "p1"),)))
    assert way.key not in wanted.concerned


def test_a_change_looks_at_those_only_that_it_concerns(wanted: Wanted, objects: Objects) -> None:
    many = {f"net{number}": (Net(f"10.0.{number}.0/24", "p1"), Way(f"w{number}", f"10.0.{number}.9"))
            for number in range(200)}  # fmt: skip
    kept(wanted, objects.change(port=(P1,), **many))
    tried(wanted, objects.change(net7=(Net("10.0.7.0/24", "p1", note="new"), Way("w7", "10.0.7.9"))))
    # the network, and whoever asked for it: a note offers nothing
    assert list(wanted.concerned) == [("test:net", "10.0.7.0/24")]


def test_a_shared_resource_stays_until_the_last_owner_gives_it_up(wanted: Wanted, objects: Objects) -> None:
    net = Net("10.0.0.0/24", "p1")
    kept(wanted, objects.change(a=(P1, net), b=(net,), c=(net,)))
    for name in ("a", "c"):
        kept(wanted, objects.change(**{name: (P1,) if name == "a" else None}))
        assert wanted.active[net.key] == net
    assert wanted.source_of(net.key) == objects.source("b")
    assert tried(wanted, objects.change(b=None)) == {net.key: Change(net, None)}


def test_a_shared_resource_may_change_if_all_its_owners_change_it(wanted: Wanted, objects: Objects) -> None:
    old, new = Net("10.0.0.0/24", "p1"), Net("10.0.0.0/24", "p1", note="new")
    kept(wanted, objects.change(port=(P1,), a=(old,), b=(old,)))
    assert tried(wanted, objects.change(a=(new,), b=(new,))) == {old.key: Change(old, new)}


def test_a_shared_resource_that_owners_want_differently_is_refused(wanted: Wanted, objects: Objects) -> None:
    old, new = Net("10.0.0.0/24", "p1"), Net("10.0.0.0/24", "p1", note="new")
    kept(wanted, objects.change(port=(P1,), a=(old,), b=(old,)))
    before = indexes(wanted)
    with pytest.raises(NotTranslatable, match=r"called for differently by .*'b'") as refused:
        tried(wanted, objects.change(a=(new,)))
    assert refused.value.path == objects.source("a").path
    wanted.take_back()
    assert indexes(wanted) == before


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_a_resource_moves_from_one_object_to_another_whichever_comes_first(
    wanted: Wanted, objects: Objects, names: str
) -> None:
    old, new = Net("10.0.0.0/24", "p1"), Net("10.0.0.0/24", "p2")
    kept(wanted, objects.change(ports=(P1, P2), **{names[0]: (old,)}))
    changed = {change.source.path.key: change for change in objects.change(**{names[0]: None, names[1]: (new,)})}
    ordered = [changed["a",], changed["b",]]
    assert tried(wanted, ordered) == {old.key: Change(old, new)}


def test_two_translators_of_one_object_are_two_owners(wanted: Wanted, objects: Objects) -> None:
    net = Net("10.0.0.0/24", "p1")
    (one,) = objects.change(a=(P1, net))
    other = one._replace(source=one.source._replace(translator=type(one.source.translator)()), after=(net,))
    kept(wanted, [one, other])
    assert tried(wanted, [other._replace(before=(net,), after=None)]) == {}
    assert wanted.active[net.key] == net


def test_an_absent_port_is_accepted_and_waited_for(wanted: Wanted, objects: Objects) -> None:
    net = Net("10.0.0.0/24", "p1")
    wanted.demand(objects.change(a=(P1, net)))
    assert wanted.unknown() == {P1.key}
    wanted.observe({P1.key}, ())
    assert wanted.resolve() == {}
    assert wanted.waiting == {P1.key: "test:port p1 is not there", net.key: "it waits for test:port p1"}
    wanted.keep()
    wanted.observe({P1.key}, {P1.key})
    assert wanted.resolve() == {P1.key: Change(None, P1), net.key: Change(None, net)}


def test_a_port_that_goes_takes_along_what_is_on_it(wanted: Wanted, objects: Objects) -> None:
    net = Net("10.0.0.0/24", "p1")
    kept(wanted, objects.change(a=(P1, net)))
    wanted.observe({P1.key}, ())
    assert wanted.resolve() == {P1.key: Change(P1, None), net.key: Change(net, None)}


def test_a_port_that_nobody_configures_may_come_and_go(wanted: Wanted) -> None:
    wanted.observe({P1.key}, {P1.key})
    assert wanted.resolve() == {}
    wanted.observe({P1.key}, ())
    assert wanted.resolve() == {}


def test_it_is_asked_once_whether_a_port_is_there(wanted: Wanted, objects: Objects) -> None:
    kept(wanted, objects.change(a=(P1,)))
    wanted.demand(objects.change(a=(Port("p1", speed=20),)))
    assert wanted.unknown() == set()


def test_what_a_gone_resource_came_from_is_known_until_the_change_is_kept(wanted: Wanted, objects: Objects) -> None:
    kept(wanted, objects.change(a=(P1,)))
    tried(wanted, objects.change(a=None))
    assert wanted.source_of(P1.key) == objects.source("a")
    wanted.keep()
    assert wanted.source_of(P1.key) is None


def test_needs_are_those_of_before_and_of_now(wanted: Wanted, objects: Objects) -> None:
    one, two = Label("one", "p1", 1), Label("two", "p1", 2)
    kept(wanted, objects.change(port=(P1,), one=(one,), two=(two,), way=(Way("w", number=1),)))
    tried(wanted, objects.change(way=(Way("w", number=2),)))
    assert set(wanted.needed(("test:way", "w"))) == {("number", 1), ("number", 2)}
    assert list(wanted.dependents(one.key, one)) == [("test:way", "w")]
    wanted.keep()
    assert set(wanted.needed(("test:way", "w"))) == {("number", 2)}
    assert list(wanted.dependents(one.key, one)) == []


def test_what_it_costs_to_share_does_not_grow_with_the_owners(wanted: Wanted, objects: Objects) -> None:
    net = Net("10.0.0.0/24", "p1")
    owners: dict[str, Any] = {f"owner{number}": (net,) for number in range(20_000)}
    # seconds if each owner were compared with all others
    kept(wanted, objects.change(port=(P1,), **owners))
    kept(wanted, objects.change(**dict.fromkeys(owners)))
    assert net.key not in wanted.active
    assert wanted._sharers == {}


STEPS = st.lists(
    st.tuples(configurations(vlans=True), st.booleans(), st.sets(st.sampled_from(["Ethernet2", "Ethernet9"]))),
    min_size=1,
    max_size=6,
)


@given(STEPS)
def test_take_back_restores_everything_and_keep_gives_the_same_as_from_scratch(
    wide_schema: Schema, steps: list[tuple[str, bool, set[str]]]
) -> None:
    backends = [HardwareBackend(SimulatedAsic(())), PaperKernel()]
    objects, wanted, running = RealObjects(backends, wide_schema), Wanted(), Node(wide_schema.root, {})
    absent: set[str] = set()
    for content, is_kept, now_absent in steps:
        before = indexes(wanted)
        after = tree_of(wide_schema, content)
        try:
            toggled = {(kind, name) for name in now_absent ^ absent for kind in ("kernel:port", "hardware:port")}
            wanted.observe(toggled, _there(toggled, now_absent))
            wanted.demand(objects.changed(running, after))
            _resolve(wanted, now_absent)
        except NotTranslatable:
            wanted.take_back()
            assert indexes(wanted) == before
            continue
        if is_kept:
            wanted.keep()
            running, absent = after, now_absent
        else:
            wanted.take_back()
            assert indexes(wanted) == before
    fresh = Wanted()
    fresh.demand(objects.changed(Node(wide_schema.root, {}), running))
    _resolve(fresh, absent)
    fresh.keep()
    assert without_history(indexes(wanted)) == without_history(indexes(fresh))


def _there(keys: Collection[tuple[str, ...]], absent: set[str]) -> set[tuple[str, ...]]:
    return {key for key in keys if key[1] not in absent}


def _resolve(wanted: Wanted, absent: set[str]) -> None:
    while unknown := wanted.unknown():
        wanted.observe(unknown, _there(unknown, absent))
        wanted.resolve()
    wanted.resolve()
