"""What may be seen of a tree (RFC 8341 section 3.2.4), against the letter of section 3.4.5, and that nothing else is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from datastore.comparison import compared
from datastore.operational import Operational
from nos_mgmt.access import Access
from nos_mgmt.access.reading import report_to
from nos_mgmt.access.rules import Defaults, Rule, Rules
from nos_mgmt.netconf.messages import rpc_error
from tests.conftest import module
from tests.nos_mgmt.access import letter
from tests.yang.playground import playground, schema_of, trees
from yang.edit import edit_config
from yang.errors import RequestError
from yang.filter import select
from yang.reporting import SubtreeFilter
from yang.tree import Entries, Node
from yang.xmlio import print_children

if TYPE_CHECKING:
    from yang.with_defaults import Mode

SCHEMA = playground()
MODES: tuple[Mode, ...] = ("explicit", "trim", "report-all", "report-all-tagged")


def access(rules: list[Rule], defaults: Defaults = Defaults()) -> Access:  # noqa: B008 - it cannot change
    return Access(letter.USER, Rules(SCHEMA, rules, defaults, letter.USER))


def only(tree: Node, names: list[str]) -> Node:
    return Node(tree.schema, {name: child for name, child in tree.children.items() if name in names})


def filters(draw: st.DrawFn, tree: Node) -> list[etree._Element]:
    """Return the elements of a subtree filter: parts of a tree, with and without values."""
    xml = etree.fromstring(f"<filter>{print_children(tree)}</filter>".encode())
    for element in list(xml.iter()):
        if element is xml or element.getparent() is None:
            continue
        match draw(st.integers(0, 4)):
            case 0:
                element.getparent().remove(element)  # type: ignore[union-attr]  # it has one
            case 1:
                element.text = None
                for child in list(element):
                    element.remove(child)
            case _:
                pass
    return list(xml)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_seen_is_what_the_letter_of_the_rfc_leaves(data: st.DataObject) -> None:
    rules, defaults = data.draw(letter.rules(SCHEMA)), data.draw(letter.some_defaults)
    tree = data.draw(trees(SCHEMA))
    assert print_children(access(rules, defaults).visible(tree)) == print_children(letter.seen(rules, defaults, tree))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_to_filter_a_part_is_to_filter_the_whole(data: st.DataObject) -> None:
    rules, defaults = data.draw(letter.rules(SCHEMA)), data.draw(letter.some_defaults)
    tree = data.draw(trees(SCHEMA))
    wanted = data.draw(st.composite(filters)(data.draw(st.one_of(st.just(tree), trees(SCHEMA)))))
    who = access(rules, defaults)
    assert report_to(who, tree, SubtreeFilter(wanted)) == print_children(select(who.visible(tree), wanted))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_two_trees_of_which_the_same_is_seen_give_the_same_answers_to_the_octet(data: st.DataObject) -> None:
    rules, defaults = data.draw(letter.rules(SCHEMA)), data.draw(letter.some_defaults)
    tree = data.draw(trees(SCHEMA))
    other = data.draw(letter.alike(rules, defaults, tree))
    wanted = data.draw(st.one_of(st.none(), st.composite(filters)(tree), st.composite(filters)(other)))
    base = data.draw(trees(SCHEMA))
    operational = Operational(SCHEMA, [])
    containers = [name for name, child in SCHEMA.root.children.items() if child.kind == "container"]

    filter_ = SubtreeFilter(wanted) if wanted is not None else None

    def answers(of: Node) -> list[Any]:
        who = access(rules, defaults)
        return [
            [report_to(who, of, filter_, mode) for mode in MODES],
            report_to(who, operational.gathered(only(of, containers), set(), wanted), filter_, config_only=False),
            compared(who.visible(base), who.visible(of)),
            compared(who.visible(of), who.visible(base)),
        ]

    assert answers(tree) == answers(other)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_contents_of_what_may_not_be_seen_are_in_no_error(data: st.DataObject) -> None:
    rules, defaults = data.draw(letter.rules(SCHEMA)), data.draw(letter.some_defaults)
    who = access(rules, defaults)
    before, after = data.draw(trees(SCHEMA)), data.draw(trees(SCHEMA))
    config = etree.fromstring(f"<config>{print_children(after)}</config>".encode())
    for element in config.iter():
        element.set(
            "{urn:ietf:params:xml:ns:netconf:base:1.0}operation", data.draw(st.sampled_from(["create", "delete"]))
        )
        break
    error = first_error(who, before, after, config)
    if error is None or error.path is None:
        return
    told = who.told(error)
    assert told.path is None or all(who.may_read(step) for step in told.path.steps() if step.key is not None)
    if not who.may_read(error.path) and error.tag != "access-denied":
        assert error.message not in rpc_error(told)


def first_error(who: Access, before: Node, after: Node, config: etree._Element) -> RequestError | None:
    try:
        edit_config(before, config, "none")
        who.refuse_change(before, after)
    except RequestError as error:
        return error
    return None


ENTRY = "leaf name { type int32; } leaf open { type string; } leaf shut { type string; }"
LONG = schema_of(module(f"container top {{ list entry {{ key name; {ENTRY} }} }}"))


def long_list(length: int) -> Node:
    top = LONG.root.children["m:top"]
    entry = top.children["entry"]
    entries = {(n,): Node(entry, {"name": n, "open": "o", "shut": "s"}) for n in range(length)}
    return Node(LONG.root, {"m:top": Node(top, {"entry": Entries(entry, entries)})})


def who_sees(*rules: Rule) -> Access:
    return Access("ann", Rules(LONG, rules, Defaults(), "ann"))


def test_who_may_see_everything_sees_the_tree_itself() -> None:
    tree = long_list(10)
    assert Access().visible(tree) is tree
    assert who_sees().visible(tree) is tree
    assert who_sees(Rule(False, frozenset({"create"}))).visible(tree) is tree


def test_what_is_left_out_of_a_long_list_is_worked_out_once() -> None:
    """A commit that changes one entry has one part of the list looked over again, and all others shared."""
    who = who_sees(Rule(False, None, None, "path", "/m:top/m:entry/m:shut"))
    tree = long_list(5000)
    first = who.visible(tree)
    top: Node = tree.get("m:top")
    entry = top.get("entry")[(7,)]
    after = tree.replacing(
        "m:top", top.replacing("entry", top.get("entry").updated({(7,): entry.replacing("open", "x")}))
    )
    second = who.visible(after)
    assert second.get("m:top").get("entry")[(7,)].children == {"name": 7, "open": "x"}
    old, new = (each.get("m:top").get("entry").chunks for each in (first, second))
    assert len(old) > 10
    assert sum(one is not other for one, other in zip(old, new, strict=True)) == 1


def test_a_rule_for_one_entry_leaves_the_parts_without_it_alone() -> None:
    who = who_sees(Rule(False, None, None, "path", "/m:top/m:entry[m:name='7']"))
    tree = long_list(5000)
    before, after = tree.get("m:top").get("entry"), who.visible(tree).get("m:top").get("entry")
    assert (7,) not in after
    assert len(after) == len(before) - 1
    assert sum(one is not other for one, other in zip(before.chunks, after.chunks, strict=True)) == 1
