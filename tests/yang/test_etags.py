"""Etags of trees: equal for equal content, whatever way it came about, and worked out again only where something changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import module
from tests.yang.playground import blends, pairs, playground, schema_of, trees
from yang import etags
from yang.etags import digest, etag
from yang.tree import Entries, Node
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = playground()
PORTS = schema_of(
    module(
        """list port { key name; leaf name { type string; } container config { leaf mtu { type uint16; } } }
        list rule { key name; ordered-by user; leaf name { type string; } } container other { leaf a { type string; } }
        leaf u { type union { type uint8; type string; } }"""
    )
)
PORT, RULE = PORTS.root.children["m:port"], PORTS.root.children["m:rule"]


def copied(tree: Node) -> Node:
    """Return a tree with the same content that shares nothing with it."""
    return read_data(parse_document(f"<data>{print_children(tree)}</data>".encode()), tree.schema.schema)


def port(number: int, mtu: int = 1500) -> tuple[tuple[str], Node]:
    name = f"p{number:05}"
    config = Node(PORT.children["config"], {"mtu": mtu})
    return (name,), Node(PORT, {"name": name, "config": config})


def with_ports(entries: Entries) -> Node:
    return Node(PORTS.root, {"m:port": entries})


@settings(max_examples=150, deadline=None)
@given(pairs(SCHEMA))
def test_etags_are_equal_where_trees_are(pair: tuple[Node, Node]) -> None:
    before, after = pair
    assert (print_children(before) == print_children(after)) == (etag(before) == etag(after))


@settings(max_examples=50, deadline=None)
@given(trees(SCHEMA))
def test_an_etag_depends_on_nothing_but_content(tree: Node) -> None:
    assert etag(copied(tree)) == etag(tree)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_every_change_below_a_node_changes_its_etag_and_no_other_does(data: st.DataObject) -> None:
    before = data.draw(trees(SCHEMA))
    etag(before)
    after = data.draw(blends(before, data.draw(trees(SCHEMA))))
    for old, new in _in_both(before, after):
        assert (print_children(old) == print_children(new)) == (etag(old) == etag(new))


def _in_both(before: Node, after: Node) -> Iterable[tuple[Node, Node]]:
    yield before, after
    for name, child in before.children.items():
        other = after.children.get(name)
        if isinstance(child, Node) and isinstance(other, Node):
            yield from _in_both(child, other)
        elif isinstance(child, Entries) and isinstance(other, Entries):
            for key, entry in child.items():
                if key in other:
                    yield from _in_both(entry, other[key])


def test_how_a_long_list_is_cut_up_does_not_matter() -> None:
    whole = Entries(PORT, [port(number) for number in range(2000)])
    grown = Entries(PORT)
    for start in range(0, 2000, 7):
        grown = grown.updated(dict(port(number) for number in range(start, min(start + 7, 2000))))
        etag(with_ports(grown))
    assert [len(chunk) for chunk in grown.chunks] != [len(chunk) for chunk in whole.chunks]
    assert etag(with_ports(grown)) == etag(with_ports(whole))


def test_the_order_of_a_user_s_list_counts() -> None:
    entries = [((name,), Node(RULE, {"name": name})) for name in "abc"]
    found = {etag(Node(PORTS.root, {"m:rule": Entries(RULE, order)})) for order in (entries, entries[::-1])}
    assert len(found) == 2


def test_an_etag_goes_on_one_line_of_xml() -> None:
    assert re.fullmatch(r"[\w-]{22}", etag(with_ports(Entries(PORT, [port(1)]))))


def test_values_of_two_types_differ_though_their_texts_do_not() -> None:
    assert etag(Node(PORTS.root, {"m:u": 7})) != etag(Node(PORTS.root, {"m:u": "7"}))


def test_after_one_leaf_changed_only_the_way_to_it_is_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out = 0

    def counting(**options: Any) -> Any:
        nonlocal worked_out
        worked_out += 1
        return original(**options)

    original = etags.blake2b
    monkeypatch.setattr(etags, "blake2b", counting)
    for size in (1000, 4000):
        entries = Entries(PORT, [port(number) for number in range(size)])
        etag(with_ports(entries))
        worked_out = 0
        etag(with_ports(entries.updated(dict([port(size // 2, 9000)]))))
        # the top, the port, its config
        assert worked_out == 3


def test_nothing_is_worked_out_that_nobody_asks_for() -> None:
    tree = with_ports(Entries(PORT, [port(1)]))
    changed = with_ports(tree.get("m:port").updated(dict([port(2)])))
    for node in (tree, changed):
        with pytest.raises(AttributeError):
            _ = node.digest
    assert digest(tree) == tree.digest
