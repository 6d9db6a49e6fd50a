"""The operational view: configuration, what is applied of it, and what systems say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from backends.configuration import INTERFACE
from backends.state import StateSource
from datastore.operational import Operational
from tests.conftest import config
from tests.datastore.configurations import tree_of
from tests.openconfig import INTERFACES, interface, interfaces, route, static_routes
from yang.path import Path
from yang.tree import Node
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from yang.schema import Schema
    from yang.tree import Key
    from yang.values import Value

TWO = interfaces(interface("Ethernet1", description="one", mtu=9000), interface("Ethernet2", description="two"))


class Ports(StateSource):
    """What a system says of its ports."""

    path: ClassVar[str] = INTERFACE
    leaves: ClassVar[tuple[str, ...]] = ("state/admin-status", "state/oper-status", "state/counters/in-pkts")

    def __init__(self, **ports: str) -> None:
        self.ports = ports
        self.asked: list[Collection[Key] | None] = []

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        self.asked.append(keys)
        return {
            (name,): {"state/oper-status": status, "state/counters/in-pkts": 7}
            for name, status in self.ports.items()
            if keys is None or (name,) in keys
        }


class Careful(Ports):
    """One that knows what to say of ports that are not there."""

    missing: ClassVar[Mapping[str, Value]] = {"state/oper-status": "NOT_PRESENT"}


def wanted(filter_: str) -> list[object]:
    """Return the filter elements of a subtree filter."""
    return list(config(filter_))


def view(
    schema: Schema,
    content: str,
    *sources: StateSource,
    deferred: Collection[Path] = (),
    filter_: str | None = None,
) -> Node:
    elements = wanted(filter_) if filter_ is not None else None
    return Operational(schema, sources).view(tree_of(schema, content), deferred, elements)


def leaves(tree: Node, name: str, container: str = "state") -> dict[str, object]:
    """Return the leaves of a container of an interface."""
    top = tree.get("openconfig-interfaces:interfaces")
    entry = top.get("interface").get((name,)) if top is not None else None
    found = entry.get(container) if entry is not None else None
    children = found.children if found is not None else {}
    return {leaf: value for leaf, value in children.items() if not isinstance(value, Node)}


def names(tree: Node) -> set[str]:
    top = tree.get("openconfig-interfaces:interfaces")
    return {key[0] for key in top.get("interface")} if top is not None else set()


def test_what_is_configured_is_mirrored_as_applied(schema: Schema) -> None:
    tree = view(schema, TWO)
    assert leaves(tree, "Ethernet1") == leaves(tree, "Ethernet1", "config")
    assert leaves(tree, "Ethernet1")["mtu"] == 9000
    assert "mtu" not in leaves(tree, "Ethernet2")


def test_running_itself_is_not_touched(schema: Schema) -> None:
    running = tree_of(schema, TWO)
    before = print_children(running)
    Operational(schema, [Ports(Ethernet1="UP")]).view(running, (), None)
    assert print_children(running) == before


def test_mirrors_are_made_everywhere(schema: Schema) -> None:
    text = print_children(view(schema, interfaces(interface("Ethernet1", "10.0.0.1/24")) +
                               static_routes(route("192.0.2.0/24", "10.0.0.2"))))  # fmt: skip
    assert text.count("<prefix>192.0.2.0/24</prefix>") == 3  # key, config, state
    assert text.count("<prefix-length>24</prefix-length>") == 2


def test_what_is_deferred_is_not_mirrored(schema: Schema) -> None:
    running = tree_of(schema, interfaces(interface("Ethernet1", "10.0.0.1/24"), interface("Ethernet9")))
    path = _path(schema, "Ethernet9")
    tree = Operational(schema, []).view(running, {path}, None)
    assert leaves(tree, "Ethernet9") == {}
    assert leaves(tree, "Ethernet9", "config")["name"] == "Ethernet9"
    assert leaves(tree, "Ethernet1")["name"] == "Ethernet1"


def test_what_a_system_says_stands_beside_the_mirrors(schema: Schema) -> None:
    tree = view(schema, TWO, Ports(Ethernet1="UP"))
    assert leaves(tree, "Ethernet1")["oper-status"] == "UP"
    assert leaves(tree, "Ethernet1")["description"] == "one"
    assert "oper-status" not in leaves(tree, "Ethernet2")


def test_what_is_not_configured_is_shown_with_its_state(schema: Schema) -> None:
    tree = view(schema, TWO, Ports(Ethernet5="DOWN"))
    assert leaves(tree, "Ethernet5") == {"oper-status": "DOWN"}
    assert leaves(tree, "Ethernet5", "config") == {}
    assert leaves(view(schema, "", Ports(Ethernet5="DOWN")), "Ethernet5") == {"oper-status": "DOWN"}


def test_state_is_in_the_order_of_the_models(schema: Schema) -> None:
    text = print_children(view(schema, TWO, Ports(Ethernet1="UP")))
    state = text.partition("<state>")[2].partition("</state>")[0]
    names = ["name", "mtu", "description", "oper-status", "counters"]
    by_model = sorted(names, key=lambda name: schema.find(f"{INTERFACE}/state/{name}").position)
    assert sorted(names, key=lambda name: state.index(f"<{name}>")) == by_model


def test_what_the_schema_does_not_have_is_left_out(schema: Schema) -> None:
    # the chip counts nothing that the deviations left
    narrow = schema.supporting([f"{INTERFACE}/config/name", f"{INTERFACE}/state/oper-status"])
    content = (
        f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet1</name><config><name>Ethernet1</name></config>'
    )
    tree = view(narrow, f"{content}</interface></interfaces>", Ports(Ethernet1="UP"))
    assert leaves(tree, "Ethernet1") == {"oper-status": "UP"}
    nowhere = Ports(Ethernet1="UP")
    view(schema.supporting(["/openconfig-network-instance:network-instances/network-instance/name"]), "", nowhere)
    assert nowhere.asked == []


def test_of_several_sources_the_first_is_believed(schema: Schema) -> None:
    tree = view(schema, TWO, Ports(Ethernet1="UP"), Ports(Ethernet1="DOWN", Ethernet2="DOWN"))
    assert leaves(tree, "Ethernet1")["oper-status"] == "UP"
    assert leaves(tree, "Ethernet2")["oper-status"] == "DOWN"


@pytest.mark.parametrize("is_first", [True, False])
def test_what_no_source_knows_is_not_present(schema: Schema, is_first: bool) -> None:
    sources = [Careful(Ethernet1="UP"), Ports(Ethernet2="UP")]
    content = interfaces(*(interface(f"Ethernet{number}") for number in (1, 2, 3)))
    tree = view(schema, content, *(sources if is_first else sources[::-1]))
    found = {name: leaves(tree, name)["oper-status"] for name in names(tree)}
    assert found["Ethernet1"] == "UP"
    assert found["Ethernet3"] == "NOT_PRESENT"
    if not is_first:
        assert found["Ethernet2"] == "UP"


def test_a_filter_selects_of_configuration_and_state(schema: Schema) -> None:
    filter_ = (
        f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet1</name><state><oper-status/></state></interface>'
        "</interfaces>"
    )
    tree = view(schema, TWO, Ports(Ethernet1="UP", Ethernet2="UP"), filter_=filter_)
    assert names(tree) == {"Ethernet1"}
    assert leaves(tree, "Ethernet1") == {"oper-status": "UP"}
    assert leaves(tree, "Ethernet1", "config") == {}


def test_a_filter_narrows_what_systems_are_asked_for(schema: Schema) -> None:
    ports = Ports(Ethernet1="UP")
    filter_ = f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet1</name></interface></interfaces>'
    view(schema, TWO, ports, filter_=filter_)
    assert ports.asked == [{("Ethernet1",)}]


def test_a_filter_for_all_entries_asks_for_all(schema: Schema) -> None:
    ports = Ports(Ethernet1="UP")
    filter_ = f'<interfaces xmlns="{INTERFACES}"><interface><state/></interface></interfaces>'
    tree = view(schema, TWO, ports, filter_=filter_)
    assert ports.asked == [None]
    assert names(tree) == {"Ethernet1", "Ethernet2"}


def test_a_filter_for_something_else_asks_nobody(schema: Schema) -> None:
    ports = Ports(Ethernet1="UP")
    filter_ = '<network-instances xmlns="http://openconfig.net/yang/network-instance"/>'
    tree = view(schema, TWO, ports, filter_=filter_)
    assert ports.asked == []
    assert tree.children == {}


def test_an_empty_filter_selects_nothing(schema: Schema) -> None:
    ports = Ports(Ethernet1="UP")
    assert view(schema, TWO, ports, filter_="").children == {}
    assert ports.asked == []


def test_an_entry_that_is_not_there_is_not_made_up(schema: Schema) -> None:
    filter_ = f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet7</name></interface></interfaces>'
    assert view(schema, TWO, Careful(), filter_=filter_).children == {}


def test_a_view_costs_what_the_filter_selects(schema: Schema) -> None:
    content = interfaces(*(interface(f"Ethernet{number}", mtu=9000) for number in range(1, 201)))
    running = tree_of(schema, content)
    filter_ = f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet7</name></interface></interfaces>'
    tree = Operational(schema, []).view(running, (), wanted(filter_))
    assert names(tree) == {"Ethernet7"}
    assert leaves(tree, "Ethernet7")["mtu"] == 9000


def _path(schema: Schema, name: str) -> Path:
    node = schema.find(INTERFACE)
    assert node.parent is not None
    return Path(Path(None, node.parent), node, (name,))
