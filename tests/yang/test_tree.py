"""Immutable trees: what an edit changes, what it shares, and that entries behave as a dict in order."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.conftest import config, empty, module
from tests.yang.playground import schema_of
from yang.edit import edit_config
from yang.tree import CHUNK, Entries, Key, Node, is_empty, ordered
from yang.values import natural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yang.schema import Schema, SchemaNode

SCHEMA = schema_of(
    module(
        """
        list sorted { key name; leaf name { type string; } leaf value { type int32; } }
        list numbered { key "unit port"; leaf port { type uint16; } leaf unit { type uint8; } leaf value { type int32; } }
        list own { key name; ordered-by user; leaf name { type string; } leaf value { type int32; } }
        container outer { leaf a { type string; } leaf b { type string; } container inner { leaf c { type string; } } }
        container here { presence "it is there"; leaf a { type string; } }
        leaf-list values { type string; }
        """
    )
)
SORTED, NUMBERED, OWN = (SCHEMA.find(f"m:{name}") for name in ("sorted", "numbered", "own"))


def entry(schema: SchemaNode, key: Key, value: int = 0) -> Node:
    leaves = dict(zip(schema.keys, key, strict=True)) | {"value": value}
    return Node(schema, ordered(schema, leaves))


def entries(schema: SchemaNode, *keys: Any) -> Entries:
    tuples = [key if isinstance(key, tuple) else (key,) for key in keys]
    return Entries(schema, {key: entry(schema, key) for key in tuples})


def holds(found: Entries, expected: Mapping[Key, Node]) -> None:
    """Assert that `found` has what `expected` has, in its order, by every way to ask."""
    assert list(found.items()) == list(expected.items())
    assert list(found) == list(expected)
    assert all(a is b for a, b in zip(found.values(), expected.values(), strict=True))
    assert len(found) == len(expected)
    for key, node in expected.items():
        assert found.get(key) is node
        assert found[key] is node
        assert key in found
    assert all(chunk for chunk in found.chunks)
    assert all(len(chunk) <= 2 * CHUNK for chunk in found.chunks)


NAMES = st.one_of(
    st.integers(0, 1500).map(lambda number: f"Ethernet{number}"), st.text(alphabet="ab01.", min_size=1, max_size=4)
)


def in_natural_order(plain: Mapping[Key, Node]) -> dict[Key, Node]:
    return dict(sorted(plain.items(), key=lambda item: natural(str(item[0][0]))))


@given(st.lists(NAMES))
def test_entries_are_a_dict_in_natural_order(names: list[str]) -> None:
    plain = {(name,): entry(SORTED, (name,)) for name in names}
    holds(Entries(SORTED, plain), in_natural_order(plain))


@given(st.lists(NAMES), st.lists(NAMES), st.lists(NAMES))
def test_an_update_does_to_entries_what_it_does_to_a_dict(old: list[str], new: list[str], gone: list[str]) -> None:
    plain = {(name,): entry(SORTED, (name,)) for name in old}
    before = Entries(SORTED, plain)
    changes: dict[Key, Node | None] = {(name,): entry(SORTED, (name,), 1) for name in new}
    changes |= {(name,): None for name in gone}
    after = before.updated(changes)
    expected = {key: node for key, node in (plain | changes).items() if node is not None}
    holds(after, in_natural_order(expected))
    holds(before, in_natural_order(plain))


@given(st.lists(NAMES, unique=True), st.lists(NAMES, unique=True))
def test_an_update_of_a_users_list_puts_what_is_new_last(old: list[str], new: list[str]) -> None:
    plain = {(name,): entry(OWN, (name,)) for name in old}
    changes = {(name,): entry(OWN, (name,), 1) for name in new}
    holds(Entries(OWN, plain).updated(changes), plain | changes)


class LargeList(RuleBasedStateMachine):
    """A list of hundreds of entries and a dict, through the same bulk updates."""

    def __init__(self) -> None:
        super().__init__()
        self.plain: dict[Key, Node] = {}
        self.entries = Entries(NUMBERED)
        self.count = 0

    def update(self, changes: dict[Key, Node | None]) -> None:
        before = list(self.entries.items())
        after = self.entries.updated(changes)
        assert list(self.entries.items()) == before
        self.entries = after
        for key, node in changes.items():
            if node is None:
                self.plain.pop(key, None)
            else:
                self.plain[key] = node

    def fresh(self, key: Key) -> Node:
        self.count += 1
        return entry(NUMBERED, key, self.count)

    @initialize(size=st.sampled_from([0, 1, 2 * CHUNK, 2 * CHUNK + 1, 1300]))
    def start(self, size: int) -> None:
        keys = [(number % 3, number) for number in range(size)]
        self.plain = {key: entry(NUMBERED, key) for key in keys}
        self.entries = Entries(NUMBERED, self.plain)

    @rule(first=st.integers(0, 1500), count=st.integers(1, 700), step=st.integers(1, 4), unit=st.integers(0, 3))
    def put(self, first: int, count: int, step: int, unit: int) -> None:
        keys = [(unit, number) for number in range(first, first + count * step, step)]
        self.update({key: self.fresh(key) for key in keys})

    @rule(first=st.integers(0, 1500), count=st.integers(1, 700), step=st.integers(1, 4), unit=st.integers(0, 3))
    def take(self, first: int, count: int, step: int, unit: int) -> None:
        self.update({(unit, number): None for number in range(first, first + count * step, step)})

    @precondition(lambda self: self.plain)
    @rule(data=st.data())
    def change_one(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.plain, key=str)))
        self.update({key: self.fresh(key)})

    @precondition(lambda self: self.plain)
    @rule()
    def take_all(self) -> None:
        self.update(dict.fromkeys(self.plain))

    @invariant()
    def same(self) -> None:
        holds(self.entries, dict(sorted(self.plain.items())))
        assert self.entries == Entries(NUMBERED, self.plain)


TestLargeList = LargeList.TestCase
TestLargeList.settings = TestLargeList.settings.__class__(max_examples=25, stateful_step_count=12, deadline=None)


def test_keys_of_several_leaves_sort_by_the_first_one_first() -> None:
    found = entries(NUMBERED, (2, 1), (1, 10), (1, 9), (10, 0))
    assert list(found) == [(1, 9), (1, 10), (2, 1), (10, 0)]


def test_a_key_that_is_not_there_is_missed() -> None:
    for found in (entries(SORTED), entries(SORTED, "a"), entries(SORTED, *map(str, range(2000)))):
        assert found.get(("none",)) is None
        assert ("none",) not in found
        assert "none" not in found
        with pytest.raises(KeyError):
            found[("none",)]


def test_the_same_entries_are_equal_however_they_came_about() -> None:
    names = [str(number) for number in range(1000)]
    whole = entries(SORTED, *names)
    grown = entries(SORTED)
    for start in range(0, 1000, 10):
        grown = grown.updated({(name,): entry(SORTED, (name,)) for name in names[start : start + 10]})
    assert grown == whole
    assert [len(chunk) for chunk in grown.chunks] != [len(chunk) for chunk in whole.chunks]
    assert grown.updated({("7",): entry(SORTED, ("7",), 1)}) != whole
    assert grown.updated({("7",): None}) != whole
    assert whole != grown.updated({("7",): None})


def test_a_users_list_in_another_order_is_another_list() -> None:
    assert entries(OWN, "a", "b") != entries(OWN, "b", "a")
    assert entries(SORTED, "a", "b") == entries(SORTED, "b", "a")


@pytest.mark.parametrize("size", [3, 1000])
def test_an_entry_of_a_users_list_is_moved(size: int) -> None:
    names = [str(number) for number in range(size)]
    found = entries(OWN, *names)
    one = found[("1",)]
    assert list(found.moved(("1",), one, None, first=True)) == [("1",), ("0",), *((name,) for name in names[2:])]
    assert list(found.moved(("1",), one, None))[-1] == ("1",)
    assert list(found.moved(("1",), one, ("0",)))[:2] == [("1",), ("0",)]
    fresh = entry(OWN, ("new",))
    assert list(found.moved(("new",), fresh, ("1",)))[:3] == [("0",), ("new",), ("1",)]


def test_an_update_of_one_entry_shares_all_other_chunks() -> None:
    before = entries(SORTED, *map(str, range(5000)))
    after = before.updated({("2500",): entry(SORTED, ("2500",), 1)})
    shared = {id(chunk) for chunk in before.chunks} & {id(chunk) for chunk in after.chunks}
    assert len(before.chunks) > 10
    assert len(after.chunks) - len(shared) == 1


def test_entries_are_not_hashable() -> None:
    with pytest.raises(TypeError):
        hash(entries(SORTED))
    with pytest.raises(TypeError):
        hash(empty(SCHEMA))


# nodes


def test_a_node_is_replaced_in_without_touching_the_old_one() -> None:
    outer = SCHEMA.find("m:outer")
    before = Node(outer, {"b": "1"})
    after = before.replacing("a", "2")
    assert dict(before.children) == {"b": "1"}
    assert list(after.children.items()) == [("a", "2"), ("b", "1")]
    assert after.replacing("b", "3").children == {"a": "2", "b": "3"}
    assert after.without("a") == before
    assert before.without("c") == before
    assert after.get("a") == "2"
    assert before.get("a") is None


def test_nodes_are_equal_by_what_they_hold() -> None:
    outer, here = SCHEMA.find("m:outer"), SCHEMA.find("m:here")
    assert Node(outer, {"a": "1", "b": "2"}) == Node(outer, {"b": "2", "a": "1"})
    assert Node(outer, {"a": "1"}) != Node(outer, {"a": "2"})
    assert Node(outer, {"a": "1"}) != Node(here, {"a": "1"})
    assert Node(outer, {}) != "outer"


def test_an_entry_knows_its_key_in_the_order_of_the_key_statement() -> None:
    assert Node(NUMBERED, {"port": 7, "unit": 1}).key == (1, 7)


def test_only_what_says_nothing_is_empty() -> None:
    outer, here = SCHEMA.find("m:outer"), SCHEMA.find("m:here")
    assert is_empty(Node(outer, {}))
    assert is_empty(entries(SORTED))
    assert is_empty(())
    assert not is_empty(Node(here, {}))
    assert not is_empty(Node(outer, {"a": ""}))
    assert not is_empty(Node(SORTED, {"name": "a"}))
    assert not is_empty("")
    assert not is_empty(0)
    assert not is_empty(False)


@pytest.fixture
def large(compiled: Callable[..., Schema]) -> Node:
    """A tree with two containers, a list of 1,000 entries in one of them."""
    body = """
    container system { container clock { leaf zone { type string; } } container dns { leaf-list server { type string; } } }
    container ports { list port { key name; leaf name { type string; } container config { leaf mtu { type uint16; } } } }
    """
    schema = compiled(m=module(body))
    ports = "".join(f"<port><name>p{n}</name><config><mtu>{n}</mtu></config></port>" for n in range(1000))
    content = f"""
    <system xmlns="urn:m"><clock><zone>UTC</zone></clock><dns><server>1.1.1.1</server></dns></system>
    <ports xmlns="urn:m">{ports}</ports>
    """
    return edit_config(empty(schema), config(content))


def test_an_edit_shares_every_subtree_that_it_does_not_touch(large: Node) -> None:
    edit = '<ports xmlns="urn:m"><port><name>p500</name><config><mtu>9000</mtu></config></port></ports>'
    edited = edit_config(large, config(edit))
    old, new = large.get("m:ports").get("port"), edited.get("m:ports").get("port")
    assert edited.get("m:system") is large.get("m:system")
    for key, port in old.items():
        assert (new[key] is port) is (key != ("p500",))
    assert new[("p500",)].get("config").get("mtu") == 9000
    assert old[("p500",)].get("config").get("mtu") == 500


def test_an_edit_that_changes_nothing_returns_the_same_tree(large: Node) -> None:
    for edit in (
        "",
        '<ports xmlns="urn:m"><port><name>p500</name><config><mtu>500</mtu></config></port></ports>',
        '<ports xmlns="urn:m"><port nc:operation="remove"><name>none</name></port></ports>',
        '<ports xmlns="urn:m"><port><name>p1</name><config><mtu nc:operation="remove"/><mtu/></config></port></ports>'.replace(
            '<mtu nc:operation="remove"/><mtu/>', ""
        ),
        '<system xmlns="urn:m"><dns><server>1.1.1.1</server></dns></system>',
    ):
        assert edit_config(large, config(edit)) is large


def test_an_edit_leaves_the_old_tree_as_it_was(large: Node) -> None:
    before = copy.deepcopy({name: str(child) for name, child in large.children.items()})
    snapshot = list(large.get("m:ports").get("port").items())
    edit_config(
        large, config('<ports xmlns="urn:m" nc:operation="delete"/><system xmlns="urn:m" nc:operation="replace"/>')
    )
    assert {name: str(child) for name, child in large.children.items()} == before
    assert all(a[1] is b[1] for a, b in zip(large.get("m:ports").get("port").items(), snapshot, strict=True))
