"""Trees replaced by what is for the most part the same: what is equal is the same object afterwards."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from tests.conftest import module
from tests.yang.playground import pairs, playground, schema_of, trees
from yang.diff import changes
from yang.sharing import sharing
from yang.tree import Entries, Node
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

SCHEMA = schema_of(
    module(
        """
        container c { leaf a { type union { type int8; type boolean; } } leaf b { type string; } }
        list port { key name; leaf name { type string; } leaf mtu { type uint16; } }
        list rule { key name; ordered-by user; leaf name { type string; } leaf action { type string; } }
        """
    )
)
PORTS = "".join(f"<port><name>p{number}</name><mtu>{number}</mtu></port>" for number in range(2000))


def read(content: str) -> Node:
    return read_data(parse_document(f'<data xmlns="urn:m">{content}</data>'.encode()), SCHEMA)


def remade(child: Any) -> Any:
    """Return what is equal to `child` and shares nothing with it."""
    if isinstance(child, Node):
        return Node(child.schema, {name: remade(below) for name, below in child.children.items()})
    if isinstance(child, Entries):
        return Entries(child.schema, {key: remade(entry) for key, entry in child.items()})
    return child


@given(pairs(playground()))
def test_it_is_what_it_was_given(pair: tuple[Node, Node]) -> None:
    before, after = pair
    found = sharing(before, after)
    assert not list(changes(after, found))
    assert print_children(found) == print_children(after)


@given(trees(playground()))
def test_what_is_equal_is_the_same_object(tree: Node) -> None:
    assert sharing(tree, remade(tree)) is tree


@given(pairs(playground()))
def test_whatever_is_another_object_is_different(pair: tuple[Node, Node]) -> None:
    before, after = pair
    found = sharing(before, after)
    different = {change.path.steps()[0].schema.qname for change in changes(before, after)}
    assert different == {
        name
        for name in before.children.keys() | found.children
        if before.children.get(name) is not found.children.get(name)
    }


def test_of_a_long_list_only_the_piece_is_new_in_which_an_entry_has_changed() -> None:
    before, after = read(PORTS), read(PORTS.replace("<mtu>1000</mtu>", "<mtu>9</mtu>"))
    old, new = before.children["m:port"], sharing(before, after).children["m:port"]
    assert isinstance(old, Entries)
    assert isinstance(new, Entries)
    assert sum(one is not other for one, other in zip(old.chunks, new.chunks, strict=True)) == 1
    assert sum(old[key] is not new[key] for key in old) == 1


def test_one_and_true_are_not_equal() -> None:
    before, after = read("<c><a>1</a><b>x</b></c>"), read("<c><a>true</a><b>x</b></c>")
    assert "<a>true</a>" in print_children(sharing(before, after))


def test_entries_that_the_user_has_moved_are_the_same_objects_elsewhere() -> None:
    one, two = "<rule><name>a</name></rule>", "<rule><name>b</name><action>x</action></rule>"
    before, after = read(one + two), read(two + one)
    old, new = before.children["m:rule"], sharing(before, after).children["m:rule"]
    assert isinstance(old, Entries)
    assert isinstance(new, Entries)
    assert list(new) == [("b",), ("a",)]
    assert all(old[key] is new[key] for key in old)
