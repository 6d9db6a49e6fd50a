"""The state of list entries inside other list entries: who is asked for what, and where it appears."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from backends.configuration import INTERFACE, SUBINTERFACE
from backends.state import ObjectKey, StateSource
from datastore.operational import Operational
from tests.conftest import config
from tests.openconfig import INTERFACES, interface, interfaces, subinterface
from yang.xmldata import read_data
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from yang.schema import Schema
    from yang.tree import Node
    from yang.values import Value


class Subinterfaces(StateSource):
    """Tells of the subinterfaces that it is given, and keeps what it was asked for."""

    path: ClassVar[str] = SUBINTERFACE
    leaves: ClassVar[tuple[str, ...]] = ("state/ifindex", "state/oper-status", "state/counters/in-pkts")
    missing: ClassVar[Mapping[str, Value]] = {"state/oper-status": "NOT_PRESENT"}

    def __init__(self, **ifindexes: int) -> None:
        self.known = {
            ((name,), (int(index),)): number
            for key, number in ifindexes.items()
            for name, _, index in (key.partition("_"),)
        }
        self.asked: list[Collection[ObjectKey] | None] = []

    def missing_of(self, key: ObjectKey) -> Mapping[str, Value]:
        return {} if key[1] == (0,) else self.missing

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Value]]:
        self.asked.append(keys)
        return {
            key: {"state/ifindex": number, "state/oper-status": "UP", "state/counters/in-pkts": 7}
            for key, number in self.known.items()
            if keys is None or key in keys or key[:1] in keys
        }


class InsideOneList(StateSource):
    """Tells of a container below a list's entry."""

    path: ClassVar[str] = f"{INTERFACE}/hold-time"
    leaves: ClassVar[tuple[str, ...]] = ("state/up",)

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Value]]:
        return {key: {"state/up": 5} for key in keys or [("Ethernet1",)]}


class Quiet(Subinterfaces):
    """Knows nothing, and has nothing to say of what is missing."""

    missing: ClassVar[Mapping[str, Value]] = {}


def tree(schema: Schema, *entries: str) -> Node:
    return read_data(config(interfaces(*entries)), schema)


def view(schema: Schema, source: StateSource, running: Node, wanted: str | None = None) -> str:
    elements = None if wanted is None else list(config(f'<interfaces xmlns="{INTERFACES}">{wanted}</interfaces>'))
    return print_children(Operational(schema, [source]).view(running, (), elements))


@pytest.fixture
def running(full_schema: Schema) -> Node:
    """Ethernet1 with the subinterfaces 0, 10 and 20, and Ethernet2 with 10."""
    return tree(
        full_schema,
        interface("Ethernet1", "10.0.0.1/24", more=subinterface(10, vlan=10) + subinterface(20, vlan=20)),
        interface("Ethernet2", more=subinterface(10, vlan=10)),
    )


def entry(text: str, name: str, index: int) -> str:
    """Return what the view has of one subinterface."""
    _, _, rest = text.partition(f"<interface><name>{name}</name>")
    _, _, rest = rest.partition("</interface>")[0].partition(f"<subinterface><index>{index}</index>")
    return rest.partition("</subinterface>")[0]


def test_state_appears_in_the_entry_that_it_is_of(full_schema: Schema, running: Node) -> None:
    text = view(full_schema, Subinterfaces(Ethernet1_20=5, Ethernet2_10=6), running)
    assert "<ifindex>5</ifindex>" in entry(text, "Ethernet1", 20)
    assert "<ifindex>6</ifindex>" in entry(text, "Ethernet2", 10)
    assert "<counters><in-pkts>7</in-pkts></counters>" in entry(text, "Ethernet2", 10)
    assert text.count("<ifindex>") == 2


def test_what_is_applied_stays_beside_what_is_told(full_schema: Schema, running: Node) -> None:
    text = view(full_schema, Subinterfaces(Ethernet1_10=5), running)
    assert "<index>10</index>" in entry(text, "Ethernet1", 10).partition("<state>")[2]
    assert "<vlan-id>10</vlan-id>" in entry(text, "Ethernet1", 10)


def test_state_of_what_is_not_configured_appears_too(full_schema: Schema, running: Node) -> None:
    text = view(full_schema, Subinterfaces(Ethernet1_30=5, Ethernet9_1=6), running)
    assert "<ifindex>5</ifindex>" in entry(text, "Ethernet1", 30)
    assert "<ifindex>6</ifindex>" in entry(text, "Ethernet9", 1)


def test_what_nobody_knows_is_missing_as_far_as_the_source_says(full_schema: Schema, running: Node) -> None:
    text = view(full_schema, Subinterfaces(Ethernet1_10=5), running)
    assert "UP" in entry(text, "Ethernet1", 10)
    assert "NOT_PRESENT" in entry(text, "Ethernet1", 20)
    assert "NOT_PRESENT" in entry(text, "Ethernet2", 10)
    assert "oper-status" not in entry(text, "Ethernet1", 0)


def test_a_source_that_says_nothing_changes_nothing(full_schema: Schema, running: Node) -> None:
    assert view(full_schema, Quiet(), running) == print_children(Operational(full_schema, []).view(running, (), None))


def test_without_a_filter_a_source_is_asked_for_all(full_schema: Schema, running: Node) -> None:
    source = Subinterfaces()
    view(full_schema, source, running)
    view(full_schema, source, running, "")
    view(full_schema, source, running, "<interface><subinterfaces/></interface>")
    assert source.asked == [None, None, None]


def test_a_filter_for_an_interface_asks_for_what_is_below_it(full_schema: Schema, running: Node) -> None:
    source = Subinterfaces(Ethernet1_10=5, Ethernet2_10=6)
    text = view(full_schema, source, running, "<interface><name>Ethernet2</name></interface>")
    assert source.asked == [{(("Ethernet2",),)}]
    assert "<ifindex>6</ifindex>" in entry(text, "Ethernet2", 10)
    assert "Ethernet1" not in text


def test_a_filter_for_one_subinterface_gives_just_that(full_schema: Schema, running: Node) -> None:
    source = Subinterfaces(Ethernet1_10=5, Ethernet1_20=6)
    one = "<subinterfaces><subinterface><index>20</index></subinterface></subinterfaces>"
    text = view(full_schema, source, running, f"<interface><name>Ethernet1</name>{one}</interface>")
    assert "<ifindex>6</ifindex>" in entry(text, "Ethernet1", 20)
    assert "<index>10</index>" not in text


def test_a_filter_for_something_else_asks_nobody(full_schema: Schema, running: Node) -> None:
    source = Subinterfaces()
    elements = list(config('<system xmlns="http://openconfig.net/yang/system"/>'))
    Operational(full_schema, [source]).view(running, (), elements)
    assert source.asked == []


def test_a_container_below_one_list_is_called_by_the_key_of_its_entry(full_schema: Schema, running: Node) -> None:
    text = view(full_schema, InsideOneList(), running, "<interface><name>Ethernet2</name></interface>")
    assert "<name>Ethernet2</name>" in text
    assert "<hold-time><state><up>5</up></state></hold-time>" in text
