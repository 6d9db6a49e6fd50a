"""The objects that an edit changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.configuration import INTERFACE
from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from datastore.objects import Objects
from tests.datastore.configurations import tree_of
from tests.datastore.conftest import PaperKernel
from tests.openconfig import interface, interfaces, route, static_routes
from yang.tree import Node

if TYPE_CHECKING:
    from datastore.objects import ChangedObject
    from yang.schema import Schema

ONE = interface("Ethernet1", "10.0.0.1/24", "10.0.1.1/24")
TWO = interface("Ethernet2", "10.0.2.1/24")
ADDRESSES = "/subinterfaces/subinterface[index='0']/openconfig-if-ip:ipv4/addresses/address"


@pytest.fixture
def chip_objects(wide_schema: Schema) -> Objects:
    return Objects([HardwareBackend(SimulatedAsic(()))], wide_schema)


def told(changed: list[ChangedObject]) -> list[str]:
    """Return the paths of objects from the interface on, with + for new ones and - for those that are gone."""
    return [
        ("+" if change.before is None else "-" if change.after is None else "~")
        + str(change.source.path).removeprefix(INTERFACE)
        for change in changed
    ]


def test_equal_trees_have_no_changed_objects(chip_objects: Objects, wide_schema: Schema) -> None:
    tree = tree_of(wide_schema, interfaces(ONE))
    assert list(chip_objects.changed(tree, tree)) == []


def test_new_objects_come_with_those_inside_them(chip_objects: Objects, wide_schema: Schema) -> None:
    changed = list(chip_objects.changed(Node(wide_schema.root, {}), tree_of(wide_schema, interfaces(ONE))))
    assert told(changed) == [
        "+[name='Ethernet1']",
        "+[name='Ethernet1']/subinterfaces/subinterface[index='0']",
        f"+[name='Ethernet1']{ADDRESSES}[ip='10.0.0.1']",
        f"+[name='Ethernet1']{ADDRESSES}[ip='10.0.1.1']",
    ]
    assert all(change.before is None for change in changed)


def test_gone_objects_go_with_those_inside_them(chip_objects: Objects, wide_schema: Schema) -> None:
    changed = list(chip_objects.changed(tree_of(wide_schema, interfaces(ONE)), Node(wide_schema.root, {})))
    assert [line[0] for line in told(changed)] == ["-"] * 4


def test_only_the_changed_ones_and_those_around_them_are_seen(chip_objects: Objects, wide_schema: Schema) -> None:
    before = tree_of(wide_schema, interfaces(ONE, TWO))
    after = tree_of(wide_schema, interfaces(interface("Ethernet1", "10.0.0.1/24", "10.0.1.1/25"), TWO))
    # the second tree is read anew, so that nothing is the same object: an unchanged object may show up, unchanged
    changed = [change for change in chip_objects.changed(before, after) if change.before != change.after]
    assert told(changed) == [
        "~[name='Ethernet1']",
        "~[name='Ethernet1']/subinterfaces/subinterface[index='0']",
        f"~[name='Ethernet1']{ADDRESSES}[ip='10.0.1.1']",
    ]


def test_an_object_is_seen_once_for_each_translator(wide_schema: Schema) -> None:
    chip, kernel = HardwareBackend(SimulatedAsic(())), PaperKernel()
    tree = tree_of(wide_schema, interfaces(interface("Ethernet1")))
    changed = list(Objects([chip, kernel], wide_schema).changed(Node(wide_schema.root, {}), tree))
    assert [change.source.backend for change in changed] == [chip, kernel]
    assert len({str(change.source.path) for change in changed}) == 1


def test_the_path_has_the_keys_of_all_lists_on_the_way(chip_objects: Objects, wide_schema: Schema) -> None:
    tree = tree_of(wide_schema, static_routes(route("192.0.2.0/24", "DROP")))
    *_, last = chip_objects.changed(Node(wide_schema.root, {}), tree)
    assert last.source.path.keys() == (
        ("DEFAULT",),
        ("openconfig-policy-types:STATIC", "static"),
        ("192.0.2.0/24",),
    )


def test_what_the_schema_does_not_have_is_passed_over(full_schema: Schema) -> None:
    narrow = full_schema.supporting(["/openconfig-interfaces:interfaces/interface/config/*"])
    objects = Objects([HardwareBackend(SimulatedAsic(()))], narrow)
    changed = list(objects.changed(Node(narrow.root, {}), tree_of(narrow, interfaces(interface("Ethernet1")))))
    assert len(changed) == 1
