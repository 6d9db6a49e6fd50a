"""What two trees do not share: changes one by one, the edit that leads from one to the other, a line for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import empty, module
from tests.yang.playground import pairs, playground, schema_of, trees
from yang.diff import Change, changes, difference, entry_changes, in_config, summary
from yang.edit import edit_config
from yang.errors import DataExists, DataMissing
from yang.tree import Entries, Node, ordered
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yang.path import Path

SCHEMA = schema_of(
    module(
        """
        container c { leaf a { type int8; } leaf b { type string; } leaf-list set { type int8; }
          container here { presence "here"; leaf f { type string; } } }
        list port { key name; leaf name { type string; } leaf mtu { type uint16; }
          list unit { key index; leaf index { type uint8; } leaf address { type string; } } }
        list rule { key name; ordered-by user; leaf name { type string; } leaf action { type string; } }
        leaf-list order { type string; ordered-by user; }
        """
    )
)
OLD = """
    <c><a>1</a><set>1</set><here><f>x</f></here></c>
    <port><name>p1</name><mtu>1</mtu><unit><index>0</index></unit></port><port><name>p2</name></port>
    <rule><name>r1</name></rule><rule><name>r2</name></rule><rule><name>r3</name></rule>
    <order>x</order><order>y</order>
"""


def read(content: str) -> Node:
    return read_data(parse_document(f'<data xmlns="urn:m">{content}</data>'.encode()), SCHEMA)


def after_edit(before: Node, after: Node) -> Node:
    """Return `before` as the difference to `after` edits it, however it is told."""
    apart = edit_config(before, parse_document(in_config(difference(before, after, is_apart=True)).encode()))
    assert apart == after
    return edit_config(before, parse_document(in_config(difference(before, after)).encode()))


def applied(tree: Node, found: Iterable[Change]) -> Node:
    """Return `tree` with `found` carried out on it, one after the other; where entries stand is left to chance."""
    for change in found:
        tree = _applied(tree, change.path.steps(), change)
    return tree


def _applied(node: Node, steps: list[Path], change: Change) -> Node:
    step, rest = steps[0], steps[1:]
    name, schema = step.schema.qname, step.schema
    children = dict(node.children)
    old = children.pop(name, None)
    if schema.kind == "list" and step.key is not None:
        entries = old if isinstance(old, Entries) else Entries(schema)
        entry = entries.get(step.key)
        new = change.after if not rest else _applied(entry or Node(schema, {}), rest, change)
        entries = entries.updated({step.key: new})
        if len(entries):
            children[name] = entries
    else:
        new = change.after if not rest else _applied(old or Node(schema, {}), rest, change)
        if new is not None:
            children[name] = new
    return Node(node.schema, ordered(node.schema, children))


def sorted_lists(node: Node) -> object:
    """Return `node` as plain data that does not tell in which order a user has entries and values."""
    return {
        name: sorted_lists(child)
        if isinstance(child, Node)
        else {key: sorted_lists(entry) for key, entry in child.items()}
        if isinstance(child, Entries)
        else (child.__class__, child)
        for name, child in node.children.items()
    }


@given(pairs(playground()))
def test_the_difference_edits_one_tree_into_the_other(both: tuple[Node, Node]) -> None:
    a, b = both
    assert after_edit(a, b) == b
    assert after_edit(b, a) == a


@given(trees(playground()), trees(playground()))
def test_the_difference_of_strangers_edits_one_into_the_other(a: Node, b: Node) -> None:
    assert after_edit(a, b) == b


@given(pairs(playground()))
def test_the_changes_carried_out_lead_from_one_tree_to_the_other(both: tuple[Node, Node]) -> None:
    a, b = both
    assert sorted_lists(applied(a, changes(a, b))) == sorted_lists(b)


@given(pairs(playground()))
def test_there_are_changes_if_and_only_if_there_is_a_difference(both: tuple[Node, Node]) -> None:
    a, b = both
    found = list(changes(a, b))
    assert (not found) is (a == b)
    assert (not found) is (difference(a, b) == "")
    assert all(change.before is not None or change.after is not None for change in found)


@given(pairs(playground()))
def test_the_changes_back_are_the_changes_turned_around(both: tuple[Node, Node]) -> None:
    a, b = both
    forth = sorted(str(change.path) for change in changes(a, b))
    back = sorted(str(change.path) for change in changes(b, a))
    if a.get("m:rule") == b.get("m:rule"):
        assert [path for path in forth if "ranked" not in path] == [path for path in back if "ranked" not in path]


@given(trees(playground()))
def test_a_tree_has_no_changes_to_itself_however_it_was_read(tree: Node) -> None:
    again = read_data(parse_document(f"<data>{print_children(tree)}</data>".encode()), playground())
    assert list(changes(tree, tree)) == []
    assert list(changes(tree, again)) == []
    assert difference(tree, again) == ""


@given(pairs(playground()))
def test_every_change_has_a_line_for_people(both: tuple[Node, Node]) -> None:
    for change in changes(*both):
        line = summary(change)
        assert line[:2] in ("+ ", "- ", "~ ")
        assert str(change.path) in line
        assert "\n" not in line.replace(str(change.path), "")


def told(a: Node, b: Node) -> Iterator[str]:
    return (summary(change) for change in changes(a, b))


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("<a>1</a>", "<a>2</a>", ["~ /m:c/a 1 -> 2"]),
        ("<here>", "<b>new</b><here>", ["+ /m:c/b new"]),
        ("<a>1</a>", "", ["- /m:c/a"]),
        ("<set>1</set>", "<set>1</set><set>2</set>", ["~ /m:c/set 1 -> 1, 2"]),
        ("<set>1</set>", "", ["- /m:c/set"]),
        ("<here><f>x</f></here>", "<here/>", ["- /m:c/here/f"]),
        ("<here><f>x</f></here>", "", ["- /m:c/here"]),
        ("<mtu>1</mtu>", "<mtu>2</mtu>", ["~ /m:port[name='p1']/mtu 1 -> 2"]),
        ("<unit><index>0</index></unit>", "", ["- /m:port[name='p1']/unit[index='0']"]),
        ("<port><name>p2</name></port>", "", ["- /m:port[name='p2']"]),
        ("<rule><name>r1", "<port><name>p3</name></port><rule><name>r1", ["+ /m:port[name='p3']"]),
        ("<order>x</order>", "", ["~ /m:order x, y -> y"]),
        ("<order>x</order><order>y</order>", "<order>y</order><order>x</order>", ["~ /m:order x, y -> y, x"]),
        (
            "<rule><name>r1</name></rule><rule><name>r2</name></rule>",
            "<rule><name>r2</name></rule><rule><name>r1</name></rule>",
            ["~ /m:rule[name='r1'] moved"],
        ),
        (
            "<rule><name>r1</name></rule>",
            "<rule><name>new</name></rule><rule><name>r1</name></rule>",
            ["+ /m:rule[name='new']"],
        ),
    ],
)
def test_a_change_is_told_at_its_own_node(old: str, new: str, lines: list[str]) -> None:
    assert old in OLD
    assert list(told(read(OLD), read(OLD.replace(old, new, 1)))) == lines


def test_a_long_value_is_cut_in_the_line_for_people() -> None:
    a, b = read("<c><b>short</b></c>"), read(f"<c><b>{'x' * 500}</b></c>")
    assert len(next(told(a, b))) < 120


def test_a_line_for_people_is_plain_text_on_one_line() -> None:
    a, b = read("<c><b>a &amp; b</b></c>"), read("<c><b>&lt;one&gt;\n&#13;two</b></c>")
    assert list(told(a, b)) == [r"~ /m:c/b a & b -> <one>\n\rtwo"]


def test_an_entry_that_is_changed_and_moved_is_told_by_what_changed_and_that_it_moved() -> None:
    a = read("<rule><name>r1</name><action>a</action></rule><rule><name>r2</name></rule>")
    b = read("<rule><name>r2</name></rule><rule><name>r1</name><action>b</action></rule>")
    assert sorted(told(a, b)) == ["~ /m:rule[name='r1'] moved", "~ /m:rule[name='r1']/action a -> b"]


def test_entries_that_follow_one_that_goes_have_not_moved() -> None:
    a = read("".join(f"<rule><name>{name}</name></rule>" for name in "abcdef"))
    b = read("".join(f"<rule><name>{name}</name></rule>" for name in "bcdef"))
    assert list(told(a, b)) == ["- /m:rule[name='a']"]


def test_only_chunks_that_are_not_shared_are_looked_at() -> None:
    before = read("".join(f"<port><name>{number}</name></port>" for number in range(3000)))
    after = edit_config(
        before,
        parse_document(in_config('<port xmlns="urn:m"><name>7</name><mtu>1</mtu></port>').encode()),
    )
    old, new = before.get("m:port"), after.get("m:port")
    assert [key for key, _, _ in entry_changes(old, new)] == [("7",)]
    assert [(key, entry) for key, entry, other in entry_changes(old, None) if other is None] == list(old.items())
    assert [(key, entry) for key, other, entry in entry_changes(None, new) if other is None] == list(new.items())


def test_the_same_values_in_new_objects_are_no_changes() -> None:
    assert list(changes(read(OLD), read(OLD))) == []


# the difference as an edit


def test_nothing_to_do_is_an_empty_edit() -> None:
    assert difference(read(OLD), read(OLD)) == ""


def test_a_difference_touches_only_what_is_different() -> None:
    xml = difference(read(OLD), read(OLD.replace("<mtu>1", "<mtu>2")))
    assert xml == '<port xmlns="urn:m"><name>p1</name><mtu nc:operation="replace">2</mtu></port>'


def test_a_difference_does_not_apply_to_another_tree() -> None:
    a, b = read(OLD), read(OLD.replace("<port><name>p2</name></port>", ""))
    document = parse_document(in_config(difference(a, b)).encode())
    with pytest.raises(DataMissing):
        edit_config(b, document)
    document = parse_document(in_config(difference(b, a)).encode())
    with pytest.raises(DataExists):
        edit_config(a, document)


@given(st.permutations(range(700)), st.integers(0, 699), st.integers(0, 699))
@settings(max_examples=10)
def test_places_in_a_long_list_of_a_user_are_found(numbers: list[int], first: int, second: int) -> None:
    a = read("".join(f"<rule><name>{number}</name></rule>" for number in numbers))
    entries = a.get("m:rule")
    key, other = (str(numbers[first]),), (str(numbers[second]),)
    entry = Node(entries.schema, {"name": key[0], "action": "new"})
    b = a.replacing("m:rule", entries.updated({key: entry}))
    assert list(told(a, b)) == [f"+ /m:rule[name='{key[0]}']/action new"]
    assert after_edit(a, b) == b
    if key != other:
        b = a.replacing("m:rule", entries.moved(key, entry, other))
        assert after_edit(a, b) == b
        assert after_edit(b, a) == a


@pytest.mark.parametrize("names", ["abc", "acb", "bac", "bca", "cab", "cba", "xabc", "axbc", "abcx", "cxa", "xyz", ""])
def test_any_order_of_a_users_list_is_reached(names: str) -> None:
    a = read("".join(f"<rule><name>{name}</name></rule><order>{name}</order>" for name in "abc"))
    b = read("".join(f"<rule><name>{name}</name></rule><order>{name}</order>" for name in names))
    assert after_edit(a, b) == b
    assert after_edit(b, a) == a


def test_entries_whose_keys_have_both_quotes_find_their_places() -> None:
    keys = ["a", "'\"", "b'", 'c"']
    a = read("".join(f"<rule><name>{key}</name></rule>" for key in keys))
    b = read("".join(f"<rule><name>{key}</name></rule>" for key in reversed(keys)))
    assert after_edit(a, b) == b


@given(trees(playground()))
@example(empty(playground()))
def test_everything_is_reached_from_nothing_and_left_again(tree: Node) -> None:
    nothing = empty(playground())
    assert after_edit(nothing, tree) == tree
    assert after_edit(tree, nothing) == nothing
