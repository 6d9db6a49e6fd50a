"""How much of a tree a subtree filter can select at most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import module
from tests.yang.playground import schema_of
from yang.filter import select
from yang.tree import Entries, Node
from yang.weight import is_little
from yang.xmldata import read_data
from yang.xmlio import parse_document

SCHEMA = schema_of(
    module(
        """
        container top { leaf-list number { type uint8; } leaf a { type string; }
          list item { key name; leaf name { type string; } leaf a { type string; }
            list inner { key n; leaf n { type uint8; } leaf b { type string; } } } }
        """
    )
)
INNER = "".join(f"<inner><n>{n}</n><b>x</b></inner>" for n in range(50))
ITEMS = "".join(f"<item><name>i{n}</name><a>x</a>{INNER if n == 1 else ''}</item>" for n in range(30))
NUMBERS = "".join(f"<number>{n}</number>" for n in range(40))


def parsed(content: str) -> list[object]:
    return list(parse_document(f'<data xmlns="urn:m">{content}</data>'.encode()))


TREE = read_data(parse_document(f'<data xmlns="urn:m"><top>{NUMBERS}<a>x</a>{ITEMS}</top></data>'.encode()), SCHEMA)


def count(child: object) -> int:
    """Return how many nodes there are at and below a child, an entry counting as one."""
    if isinstance(child, Node):
        return sum(map(count, child.children.values())) + 1
    if isinstance(child, Entries):
        return sum(count(entry) for _, entry in child.items())
    return len(child) if isinstance(child, tuple) else 1


@pytest.mark.parametrize(
    "filter_",
    [
        "<top><a/></top>",
        "<top><item><name>i3</name></item></top>",
        "<top><item><name>i1</name><inner><n>7</n></inner></item></top>",
        "<top><item><name>nowhere</name></item></top>",
        "<top><no-such/></top>",
        '<top><item><name>i3</name></item><item><name>i4</name><a/></item></top><other xmlns="urn:other"/>',
    ],
)
def test_what_names_its_entries_is_little(filter_: str) -> None:
    assert is_little(TREE, parsed(filter_), 20)


@pytest.mark.parametrize(
    "filter_",
    [
        "<top/>",
        "<top><number/></top>",
        "<top><item/></top>",
        "<top><number>1</number><a/></top>",
        "<top><item><name/></item></top>",
        "<top><item><a>x</a></item></top>",
        "<top><item><name>i1</name></item></top>",
        '<top xmlns=""/>',
        "".join(f"<top><item><name>i{n}</name></item></top>" for n in range(2, 12)),
    ],
)
def test_what_is_more_or_has_to_be_looked_for_is_not(filter_: str) -> None:
    assert not is_little(TREE, parsed(filter_), 20)


NAMES = st.sampled_from(["top", "item", "inner", "name", "a", "b", "n", "number"])
LEAVES = st.builds("<{0}>{1}</{0}>".format, NAMES, st.sampled_from(["", "x", "1", "i1", "i3"]))
FILTERS = st.recursive(
    LEAVES,
    lambda below: st.builds(
        lambda name, inner: f"<{name}>{''.join(inner)}</{name}>", NAMES, st.lists(below, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(FILTERS, min_size=1, max_size=3), st.integers(0, 200))
def test_no_filter_selects_more_than_it_is_said_to(filters: list[str], most: int) -> None:
    wanted = parsed(f"<top>{''.join(filters)}</top>")
    if is_little(TREE, wanted, most):
        assert count(select(TREE, wanted)) - 2 <= most  # the root and top, for which nothing is counted twice
