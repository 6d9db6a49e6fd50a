"""What has to be unique is judged again where a change may break it, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import config, module
from tests.yang.playground import schema_of
from yang.cursor import Cursor
from yang.diff import changes
from yang.edit import edit_config
from yang.tree import Node
from yang.validate import validate, validate_whole

if TYPE_CHECKING:
    from yang.schema import Schema

BODY = """
    leaf mode { type int8; }
    container rows { list row { key k; unique "config/port config/speed";
      leaf k { type int8; }
      leaf note { type string; }
      container config { leaf port { type string; }
        leaf speed { when "/m:mode = 1"; type int8; default 3; } }
      list cell { key k; unique v; leaf k { type int8; } leaf v { type int8; } }
    } }
"""


@pytest.fixture(scope="module")
def schema() -> Schema:
    return schema_of(module(BODY))


def edited(tree: Node, content: str) -> Node:
    return edit_config(tree, config(content))


def row(k: int, *content: str) -> str:
    return f'<rows xmlns="urn:m"><row><k>{k}</k>{"".join(content)}</row></rows>'


def port(name: str) -> str:
    return f"<config><port>{name}</port></config>"


MODE = '<mode xmlns="urn:m">{}</mode>'


@pytest.fixture
def rows(schema: Schema) -> Node:
    """Two rows with one port, whose speeds are none."""
    tree = edited(Node(schema.root, {}), MODE.format(0))
    for number in (1, 2):
        tree = edited(tree, row(number, port("a"), "<note>x</note>"))
    assert validate_whole(tree) == []
    return tree


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (MODE.format(1), 1),
        (MODE.format(2), 0),
        (row(1, "<note>y</note>"), 0),
        (row(3, port("a")), 0),
        (row(3, "<cell><k>1</k><v>1</v></cell><cell><k>2</k><v>1</v></cell>"), 1),
    ],
)
def test_a_change_is_judged_as_the_whole_tree_is(rows: Node, content: str, count: int) -> None:
    after = edited(rows, content)
    errors = validate(rows, after)
    assert [error.app_tag for error in errors] == ["data-not-unique"] * count
    assert [str(error) for error in errors] == [str(error) for error in validate_whole(after)]


def test_with_the_mode_that_gives_speeds_a_second_port_of_one_name_is_refused(rows: Node) -> None:
    alone = edited(edited(rows, row(2, port("b"))), MODE.format(1))
    assert validate_whole(alone) == []
    assert [error.app_tag for error in validate(alone, edited(alone, row(2, port("a"))))] == ["data-not-unique"]
    assert [error.app_tag for error in validate(alone, edited(alone, row(3, port("a"))))] == ["data-not-unique"]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (row(1, "<note>y</note>"), []),
        (MODE.format(1), ["row"]),
        (row(2, port("b")), ["row"]),
        (row(3, port("b")), ["row"]),
        (row(1, "<cell><k>1</k><v>1</v></cell>"), ["cell"]),
        ('<rows xmlns="urn:m"><row nc:operation="delete"><k>2</k></row></rows>', []),
    ],
)
def test_only_lists_whose_unique_leaves_are_concerned_are_gone_through(
    rows: Node, content: str, names: list[str]
) -> None:
    after = edited(rows, content)
    root = Cursor(after.schema, after, None)
    rules = after.schema.schema.rules
    found = [list_.name for change in changes(rows, after) for _, list_ in rules.lists(change, root)]
    assert found == names


def test_a_reference_in_a_union_is_no_shortcut() -> None:
    body = """
        list e { key k; leaf k { type union { type leafref { path "../config/k"; } type int8 { range 5; } } }
          container config { leaf k { type int8; } } }
    """
    node = schema_of(module(body)).find("/m:e")
    assert node.schema.rules.sweep(node).equal == ()


def test_true_is_not_the_one_that_a_leafref_to_a_union_refers_to() -> None:
    body = """
        container e { leaf ref { type leafref { path "../config/value"; } }
          container config { leaf value { type union { type int8; type boolean; } } } }
    """
    tree = Node(schema_of(module(body)).root, {})
    content = '<e xmlns="urn:m"><ref>{}</ref><config><value>{}</value></config></e>'
    assert validate_whole(edited(tree, content.format("1", "1"))) == []
    assert [e.app_tag for e in validate_whole(edited(tree, content.format("true", "1")))] == ["instance-required"]
