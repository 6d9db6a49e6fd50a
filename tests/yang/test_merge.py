"""Three-way merges: what two have changed since they were one, brought together, and what is in conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import module
from tests.yang.playground import blends, playground, schema_of, trees
from tests.yang.test_diff import sorted_lists
from yang.merge import Conflict, merge
from yang.sequence import woven
from yang.tree import Entries, Node
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from yang.merge import Side
    from yang.schema import SchemaNode

SCHEMA = schema_of(
    module(
        """
        container c { leaf a { type int8; } leaf b { type string; } leaf-list set { type int8; }
          container here { presence "here"; leaf f { type string; } leaf g { type string; } } }
        list port { key name; leaf name { type string; } leaf mtu { type uint16; } leaf text { type string; }
          list unit { key index; leaf index { type uint8; } leaf address { type string; } } }
        list rule { key name; ordered-by user; leaf name { type string; } leaf action { type string; } }
        choice way { leaf up { type int8; } leaf down { type int8; } container side { leaf left { type int8; } } }
        """
    )
)


def read(content: str) -> Node:
    return read_data(parse_document(f'<data xmlns="urn:m">{content}</data>'.encode()), SCHEMA)


def merged(base: str, mine: str, theirs: str, prefer: Side = "mine") -> tuple[str, list[str]]:
    """Return the XML of a merge, and the paths in conflict, each with what the other side changed if that is another."""
    found = merge(read(base), read(mine), read(theirs), prefer)
    return print_children(found.tree).replace(' xmlns="urn:m"', ""), [said(conflict) for conflict in found.conflicts]


def said(conflict: Conflict) -> str:
    changed = "" if conflict.changed == conflict.path else f" of {conflict.changed}"
    return f"{conflict.path}{changed}"


def port(name: str, content: str = "") -> str:
    return f"<port><name>{name}</name>{content}</port>"


def rules(*names: str) -> str:
    return "".join(f"<rule><name>{name}</name></rule>" for name in names)


MTU = port("p", "<mtu>1</mtu>")
HERE = "<c><here><f>x</f></here></c>"

CONFLICTS: dict[str, tuple[str, str, str, str, str, list[str]]] = {
    "a value": ("<c><a>1</a></c>", "<c><a>2</a></c>", "<c><a>3</a></c>", "<c><a>2</a></c>", "<c><a>3</a></c>", ["/m:c/a"]),
    "a leaf that one has deleted": ("<c><a>1</a></c>", "", "<c><a>3</a></c>", "", "<c><a>3</a></c>", ["/m:c/a"]),
    "a leaf that both have made": ("", "<c><a>2</a></c>", "<c><a>3</a></c>", "<c><a>2</a></c>", "<c><a>3</a></c>", ["/m:c/a"]),
    "a member of a leaf-list": (
        "<c><set>1</set></c>",
        "<c><set>1</set><set>2</set></c>",
        "<c><set>1</set><set>3</set></c>",
        "<c><set>1</set><set>2</set></c>",
        "<c><set>1</set><set>3</set></c>",
        ["/m:c/set"],
    ),
    "an edit in an entry that the other has deleted": (
        MTU, port("p", "<mtu>2</mtu>"), "", port("p", "<mtu>2</mtu>"), "", ["/m:port[name='p']/mtu of /m:port[name='p']"],
    ),
    "a deletion of an entry that the other has edited": (
        MTU, "", port("p", "<mtu>2</mtu>"), "", port("p", "<mtu>2</mtu>"), ["/m:port[name='p']/mtu"],
    ),
    "an entry that both have made": (
        "",
        port("p", "<mtu>1</mtu><text>t</text>"),
        port("p", "<mtu>2</mtu><text>t</text>"),
        port("p", "<mtu>1</mtu><text>t</text>"),
        port("p", "<mtu>2</mtu><text>t</text>"),
        ["/m:port[name='p']/mtu"],
    ),
    "a container with presence": (
        HERE, "", "<c><here><f>y</f></here></c>", "", "<c><here><f>y</f></here></c>", ["/m:c/here/f"],
    ),
    "the order of a user's list": (
        rules("a", "b", "c"), rules("b", "a", "c"), rules("a", "c", "b"), rules("b", "a", "c"), rules("a", "c", "b"), ["/m:rule"],
    ),
    "two entries for one place": (
        rules("a"), rules("a", "b"), rules("a", "c"), rules("a", "b", "c"), rules("a", "c", "b"), ["/m:rule"],
    ),
    "two cases of a choice": ("", "<up>1</up>", "<down>1</down>", "<up>1</up>", "<down>1</down>", ["/m:up of /m:down"]),
    "a case that one leaves and the other adds to": (
        "<up>1</up>", "<down>1</down>", "<side><left>1</left></side>", "<down>1</down>", "<side><left>1</left></side>",
        ["/m:down of /m:side"],
    ),
}  # fmt: skip

AGREED: dict[str, tuple[str, str, str, str]] = {
    "the same value": ("<c><a>1</a></c>", "<c><a>2</a></c>", "<c><a>2</a></c>", "<c><a>2</a></c>"),
    "leaves beside one another": ("<c><a>1</a></c>", "<c><a>2</a></c>", "<c><a>1</a><b>x</b></c>", "<c><a>2</a><b>x</b></c>"),
    "the same new entry": ("", MTU, MTU, MTU),
    "different new entries": ("", port("p"), port("q"), port("p") + port("q")),
    "an entry that both have deleted": (MTU, "", "", ""),
    "both leaves of a container": ("<c><a>1</a><b>x</b></c>", "<c><a>1</a></c>", "<c><b>x</b></c>", ""),
    "a presence container's leaves": (HERE, "<c><here/></c>", "<c><here><f>x</f><g>y</g></here></c>",
        "<c><here><g>y</g></here></c>"),
    "an edit of an entry that the other moves": (
        rules("a", "b"),
        rules("a") + "<rule><name>b</name><action>x</action></rule>",
        rules("b", "a"),
        "<rule><name>b</name><action>x</action></rule>" + rules("a"),
    ),
    "entries for two places": (rules("a", "b"), rules("x", "a", "b"), rules("a", "y", "b"), rules("x", "a", "y", "b")),
    "an entry behind one that moves": (rules("a", "b"), rules("b", "a"), rules("a", "y", "b"), rules("b", "a", "y")),
    "a case that one leaves": ("<up>1</up>", "<down>1</down>", "<up>1</up><c><a>1</a></c>", "<c><a>1</a></c><down>1</down>"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONFLICTS)
def test_in_conflict_the_preferred_side_is_kept_and_the_leaf_is_named(name: str) -> None:
    base, mine, theirs, if_mine, if_theirs, paths = CONFLICTS[name]
    assert merged(base, mine, theirs, "mine") == (if_mine, paths)
    assert merged(base, mine, theirs, "theirs") == (if_theirs, paths)


@pytest.mark.parametrize("name", AGREED)
def test_what_is_not_in_conflict_is_brought_together(name: str) -> None:
    base, mine, theirs, both = AGREED[name]
    for prefer in ("mine", "theirs"):
        assert merged(base, mine, theirs, prefer) == (both, [])


def test_what_is_not_in_conflict_is_merged_beside_what_is() -> None:
    base = "<c><a>1</a></c>" + MTU
    mine = "<c><a>2</a></c>" + MTU + port("q")
    theirs = "<c><a>3</a></c>" + port("p", "<mtu>7</mtu>")
    assert merged(base, mine, theirs, "theirs")[0] == "<c><a>3</a></c>" + port("p", "<mtu>7</mtu>") + port("q")


def test_what_nobody_has_changed_is_shared() -> None:
    base = read("<c><a>1</a></c>" + MTU)
    ports = base.children["m:port"]
    mine = base.replacing("m:c", read("<c><a>2</a></c>").children["m:c"])
    theirs = base.replacing("m:rule", read(rules("a")).children["m:rule"])
    assert merge(base, mine, theirs).tree.children["m:port"] is ports
    assert merge(base, base, theirs).tree is theirs
    assert merge(base, mine, base).tree is mine


# a merge that goes through everything, as a reference: trees become flat, and every name is looked at on its own

Flat = dict[tuple[Any, ...], Any]
HERE_IT_IS = "here"


def flat(node: Node, at: tuple[Any, ...] = ()) -> Flat:
    """Return every leaf, leaf-list, entry and container with presence by its path."""
    found: Flat = {}
    for name, child in node.children.items():
        schema = node.schema.children[name]
        if isinstance(child, Entries):
            for key, entry in child.items():
                found[(*at, name, key)] = HERE_IT_IS
                found |= flat(entry, (*at, name, key))
        elif isinstance(child, Node):
            if schema.presence:
                found[(*at, name)] = HERE_IT_IS
            found |= flat(child, (*at, name))
        else:
            found[(*at, name)] = (child.__class__, child)
    return found


def below(found: Flat, at: tuple[Any, ...]) -> Flat:
    return {path: value for path, value in found.items() if path[: len(at)] == at}


def reference(schema: SchemaNode, base: Flat, mine: Flat, theirs: Flat, prefer: Side) -> tuple[Flat, bool]:
    """Return the merge of flat trees, and whether anything is in conflict, leaving the order of users' lists aside."""
    preferred = mine if prefer == "mine" else theirs
    found: Flat = {}
    is_conflict = False
    # from the top down: what is settled as a whole settles what is below it
    settled: set[tuple[Any, ...]] = set()
    for path in sorted(base.keys() | mine.keys() | theirs.keys(), key=len):
        if any(path[:length] in settled for length in range(len(path))):
            continue
        old, my, their = (side.get(path) for side in (base, mine, theirs))
        if HERE_IT_IS in (old, my, their) and not old == my == their:
            parts = [below(side, path) for side in (base, mine, theirs)]
            settled.add(path)
            if parts[1] == parts[0]:
                found |= parts[2]
            elif parts[2] in (parts[0], parts[1]):
                found |= parts[1]
            else:
                is_conflict = True
                found |= below(preferred, path)
            continue
        if my == old:
            new = their
        elif their in (old, my):
            new = my
        else:
            is_conflict = True
            new = preferred.get(path)
        if new is not None:
            found[path] = new
    return settle_cases(schema, found, mine, theirs, preferred, is_conflict=is_conflict)


def cases_on(schema: SchemaNode, path: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], str, str]]:
    """Return the choices on the way to a node: where they are, which they are, and the case."""
    found = []
    node = schema
    for index, step in enumerate(path):
        if isinstance(step, str):
            node = node.children[step]
            found += [(path[:index], choice, case) for choice, case in node.cases]
    return found


def settle_cases(
    schema: SchemaNode, found: Flat, mine: Flat, theirs: Flat, preferred: Flat, *, is_conflict: bool
) -> tuple[Flat, bool]:
    del mine, theirs
    while True:
        chosen: dict[tuple[Any, ...], str] = {}
        clash = None
        for path in found:
            for where, choice, case in cases_on(schema, path):
                if chosen.setdefault((where, choice), case) != case:
                    clash = min(clash or (where, choice), (where, choice), key=lambda one: (len(one[0]), len(one[1])))
        if clash is None:
            return found, is_conflict
        is_conflict = True

        def within(path: tuple[Any, ...], clash: tuple[tuple[Any, ...], str] = clash) -> bool:
            return any((where, choice) == clash for where, choice, _ in cases_on(schema, path))

        found = {path: value for path, value in found.items() if not within(path)}
        found |= {path: value for path, value in preferred.items() if within(path)}


@st.composite
def branches(draw: st.DrawFn) -> tuple[Node, Node, Node]:
    """Return a tree, and two that have become of it, which share much with it."""
    base, one, other = (draw(trees(playground())) for _ in range(3))
    return base, draw(blends(base, one)), draw(blends(base, other))


def is_ordered(conflict: Conflict) -> bool:
    return conflict.is_of_order


@settings(max_examples=40, deadline=None)
@given(branches())
def test_a_merge_is_what_the_reference_says(drawn: tuple[Node, Node, Node]) -> None:
    base, mine, theirs = drawn
    sides: tuple[Side, Side] = ("mine", "theirs")
    for prefer in sides:
        found = merge(base, mine, theirs, prefer)
        wanted, is_conflict = reference(base.schema, flat(base), flat(mine), flat(theirs), prefer)
        assert flat(found.tree) == wanted
        # what the order of a user's list is in conflict over, the reference does not see
        assert any(not is_ordered(conflict) for conflict in found.conflicts) is is_conflict


@settings(max_examples=40, deadline=None)
@given(branches())
def test_without_conflict_it_does_not_matter_who_merges_with_whom(drawn: tuple[Node, Node, Node]) -> None:
    base, mine, theirs = drawn
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert bool(one.conflicts) is bool(other.conflicts)
    if not one.conflicts:
        assert one.tree == other.tree == merge(base, mine, theirs, "theirs").tree


@settings(max_examples=40, deadline=None)
@given(branches())
def test_to_prefer_mine_is_to_prefer_theirs_from_the_other_side(drawn: tuple[Node, Node, Node]) -> None:
    base, mine, theirs = drawn
    assert merge(base, mine, theirs, "mine").tree == merge(base, theirs, mine, "theirs").tree


@settings(max_examples=40, deadline=None)
@given(branches())
def test_a_merge_with_what_nobody_has_changed_is_the_other_side(drawn: tuple[Node, Node, Node]) -> None:
    base, mine, _ = drawn
    assert merge(base, mine, base).tree == merge(base, base, mine).tree == merge(base, mine, mine).tree == mine
    assert sorted_lists(merge(base, mine, base).tree) == sorted_lists(mine)


ITEMS = st.lists(st.sampled_from("abcdef"), unique=True)


@given(ITEMS, ITEMS, ITEMS)
def test_woven_sequences_have_every_item_once_and_keep_the_order_of_either_side(
    base: list[str], mine: list[str], theirs: list[str]
) -> None:
    found, is_clear = woven(base, mine, theirs, "mine")
    assert sorted(found) == sorted(set(mine) | set(theirs))
    assert [item for item in found if item in mine] == mine or is_clear
    back, is_clear_back = woven(base, theirs, mine, "mine")
    assert is_clear is is_clear_back
    if is_clear:
        assert found == back
