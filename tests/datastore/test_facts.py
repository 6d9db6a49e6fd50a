"""Who offers facts and who asks for them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.resource import Prefix, Unmet, network_of
from datastore.facts import Asking, FactIndex, Reach
from datastore.undo import UndoLog
from tests.datastore.verbatim import SCOPE, Label, Net, Port

if TYPE_CHECKING:
    from backends.resource import Key, Resource

ADDRESSES = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.ip_address(number)))
NETWORKS = st.builds(
    lambda address, length: str(ipaddress.ip_network(f"{address}/{length}", strict=False)),
    ADDRESSES,
    st.integers(0, 32),
)


class Facts:
    """An index with what is active."""

    def __init__(self) -> None:
        self.active: dict[Key, Resource] = {}
        self.log = UndoLog()
        self.index = FactIndex(self.active, self.log)

    def add(self, *resources: Resource) -> None:
        for resource in resources:
            old = self.active.get(resource.key)
            self.active[resource.key] = resource
            self.index.offer(resource.key, old, resource)

    def remove(self, resource: Resource) -> None:
        del self.active[resource.key]
        self.index.offer(resource.key, resource, None)

    def ask(self, key: Key, address: str) -> object:
        asking = Asking(self.index)
        answer = asking.reach(SCOPE, address)
        self.index.ask(key, asking.questions)
        return answer


def prefix(network: str) -> Prefix:
    return Prefix(SCOPE, *network_of(network))


def test_a_resource_is_the_fact_that_it_is_there() -> None:
    facts, port = Facts(), Port("p1")
    assert facts.index.value(port.key) is None
    facts.add(port)
    assert facts.index.value(port.key) is port


def test_what_a_resource_offers_holds_as_long_as_it_is_there() -> None:
    facts, port = Facts(), Port("p1", speed=10)
    facts.add(port)
    assert facts.index.value(("up", "p1")) is True
    facts.add(Port("p1"))
    assert facts.index.value(("up", "p1")) is None


def test_of_several_that_offer_a_fact_the_one_with_the_least_key_is_believed() -> None:
    facts, first, second = Facts(), Label("a", "p1", 7), Label("b", "p1", 7)
    facts.add(second, first)
    assert facts.index.value(("number", 7)) == "a"
    facts.remove(first)
    assert facts.index.value(("number", 7)) == "b"


def test_the_changed_facts_are_told() -> None:
    facts, old, new = Facts(), Label("a", "p1", 7), Label("a", "p1", 8)
    assert facts.index.offer(old.key, None, old) == [("number", 7)]
    assert facts.index.offer(old.key, old, old) == []
    assert facts.index.offer(old.key, old, new) == [("number", 7), ("number", 8)]


def test_an_address_is_reached_through_the_longest_network_that_it_is_in() -> None:
    facts = Facts()
    facts.add(Net("10.0.0.0/8", "p1"), Net("10.1.0.0/16", "p2"), Net("2001:db8::/32", "p3"))
    assert facts.ask(("x",), "10.1.2.3") == "10.1.0.0/16"
    assert facts.ask(("x",), "10.2.2.3") == "10.0.0.0/8"
    assert facts.ask(("x",), "11.0.0.1") is None
    assert facts.ask(("x",), "2001:db8:1::1") == "2001:db8::/32"
    facts.remove(Net("10.1.0.0/16", "p2"))
    assert facts.ask(("x",), "10.1.2.3") == "10.0.0.0/8"


def test_whoever_asked_for_an_address_is_found_from_a_network() -> None:
    facts = Facts()
    for name, address in (("a", "10.0.0.1"), ("b", "10.0.0.255"), ("c", "10.0.1.0"), ("d", "9.255.255.255")):
        facts.ask((name,), address)
    assert list(facts.index.askers(prefix("10.0.0.0/24"))) == [("a",), ("b",)]
    assert list(facts.index.askers(prefix("0.0.0.0/0"))) == [("d",), ("a",), ("b",), ("c",)]
    assert list(facts.index.askers(prefix("10.0.0.255/32"))) == [("b",)]


def test_one_fact_may_have_several_askers_and_one_asker_several_facts() -> None:
    facts = Facts()
    facts.index.ask(("a",), (("up", "p1"), ("up", "p2")))
    facts.index.ask(("b",), (("up", "p1"),))
    assert list(facts.index.askers(("up", "p1"))) == [("a",), ("b",)]
    assert list(facts.index.askers(("up", "p2"))) == [("a",)]


def test_what_is_asked_no_more_is_forgotten_when_the_change_is_kept() -> None:
    facts = Facts()
    facts.ask(("a",), "10.0.0.1")
    facts.index.keep()
    facts.index.ask(("a",), ())
    assert list(facts.index.askers(prefix("10.0.0.0/24"))) == [("a",)]
    facts.index.keep()
    assert list(facts.index.askers(prefix("10.0.0.0/24"))) == []
    assert facts.index._askers == {}
    assert facts.index._addresses == {}


def test_what_is_asked_again_is_not_forgotten() -> None:
    facts = Facts()
    facts.index.ask(("a",), (("up", "p1"),))
    facts.index.keep()
    facts.index.ask(("a",), ())
    facts.index.ask(("a",), (("up", "p1"),))
    facts.index.keep()
    assert list(facts.index.askers(("up", "p1"))) == [("a",)]


def test_a_question_that_is_taken_back_was_never_asked() -> None:
    facts = Facts()
    facts.ask(("a",), "10.0.0.1")
    facts.log.keep()
    facts.index.keep()
    facts.ask(("a",), "10.0.0.2")
    facts.ask(("b",), "10.0.0.3")
    facts.log.take_back()
    facts.index.take_back()
    assert list(facts.index.askers(prefix("10.0.0.0/24"))) == [("a",)]
    assert facts.index.asked(("a",)) == (Reach(SCOPE, 4, int(ipaddress.ip_address("10.0.0.1"))),)


def test_asking_keeps_the_questions_in_order_and_once() -> None:
    facts = Facts()
    facts.add(Port("p1", speed=10))
    asking = Asking(facts.index)
    assert asking.require(("up", "p1")) is True
    assert asking.get(("up", "p2")) is None
    assert asking.get(("up", "p1")) is True
    assert asking.questions == (("up", "p1"), ("up", "p2"))


def test_what_is_required_and_not_there_is_named() -> None:
    with pytest.raises(Unmet, match="it waits for up p1"):
        Asking(Facts().index).require(("up", "p1"))


@given(st.lists(NETWORKS, max_size=6, unique=True), st.lists(ADDRESSES, max_size=6))
def test_reach_and_askers_agree_with_counting(networks: list[str], addresses: list[str]) -> None:
    facts = Facts()
    for network in networks:
        facts.add(Net(network, "p1"))
    known = [ipaddress.ip_network(network) for network in networks]
    for number, address in enumerate(addresses):
        containing = [network for network in known if ipaddress.ip_address(address) in network]
        longest = max(containing, key=lambda network: network.prefixlen, default=None)
        assert facts.ask((number,), address) == (str(longest) if longest is not None else None)
    for network in known:
        inside = {(number,) for number, address in enumerate(addresses) if ipaddress.ip_address(address) in network}
        assert set(facts.index.askers(prefix(str(network)))) == inside
