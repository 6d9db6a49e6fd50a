"""Which commit changed a node last."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore.changed_by import changed_by
from datastore.history import Author, History
from tests.conftest import empty, module
from tests.yang.playground import blends, playground, schema_of, trees
from yang.diff import changes, difference
from yang.path import Path
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path as FilePath

    from yang.tree import Node

ME = Author("me")
SCHEMA = schema_of(
    module(
        """
        container c { leaf a { type int8; } leaf-list set { type int8; } container d { leaf b { type int8; } } }
        list port { key name; leaf name { type string; } leaf mtu { type uint16; } }
        list rule { key name; ordered-by user; leaf name { type string; } leaf action { type string; } }
        """
    )
)
PORT = "<port><name>p</name><mtu>{}</mtu></port>"
RULES = "<rule><name>a</name></rule><rule><name>b</name></rule>"


def read(content: str) -> Node:
    return read_data(parse_document(f'<data xmlns="urn:m">{content}</data>'.encode()), SCHEMA)


def committed(folder: FilePath, trees_: Sequence[Node]) -> History:
    """Return a history in which each tree is a commit's, from 1."""
    history = History(f"sqlite:///{folder / secrets.token_hex(4)}.sqlite", trees_[0].schema.schema)
    before = empty(trees_[0].schema.schema)
    for tree in trees_:
        history.seal(history.begin(ME, difference(before, tree)))
        before = tree
    return history


def at(*steps: str, key: str = "") -> Path:
    path: Path | None = None
    node = SCHEMA.root
    for step in steps:
        node = node.children[step]
        path = Path(path, node, (key,) if key and node.kind == "list" else None)
    assert path is not None
    return path


@pytest.mark.parametrize(
    ("commits", "path", "last"),
    [
        (["<c><a>1</a></c>", "<c><a>2</a></c>", "<c><a>2</a></c>" + RULES], at("m:c", "a"), 2),
        (["<c><a>1</a></c>", "<c><a>2</a></c>", "<c><a>2</a><set>1</set></c>"], at("m:c", "set"), 3),
        (["<c><d><b>1</b></d></c>", "<c><a>1</a></c>", "<c><a>2</a></c>"], at("m:c", "d", "b"), 2),
        ([PORT.format(1), PORT.format(2), "", RULES], at("m:port", "mtu", key="p"), 3),
        ([PORT.format(1), PORT.format(2), "", RULES], at("m:port", key="p"), 3),
        ([PORT.format(1), PORT.format(2), PORT.format(2).replace("p<", "q<")], at("m:port", "mtu", key="q"), 3),
        ([RULES, "<rule><name>b</name></rule><rule><name>a</name></rule>", ""], at("m:rule"), 3),
        ([RULES, "<rule><name>b</name></rule><rule><name>a</name></rule>", "<c><a>1</a></c>"], at("m:rule"), 3),
    ],
)
def test_the_last_commit_that_changed_a_node_or_what_is_around_it(
    tmp_path: FilePath, commits: list[str], path: Path, last: int
) -> None:
    history = committed(tmp_path, [read(content) for content in commits])
    assert {commit.id for commit in changed_by(history, [path], 1).values()} == {last}
    assert changed_by(history, [path], last + 1) == {}
    history.close()


def leaves(before: Node, after: Node) -> Iterator[Path]:
    """Yield the paths of what is no list entry and no container, where two trees are different."""
    for change in changes(before, after):
        if change.path.schema.kind in ("leaf", "leaf-list"):
            yield change.path


def concerns(before: Node, after: Node, path: Path) -> bool:
    """Return whether the difference is at `path`, or is that something around it came or went."""
    names = [str(step) for step in path.steps()]
    return any(
        str(change.path) in (names if change.before is None or change.after is None else names[-1:])
        for change in changes(before, after)
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_of_any_commits_it_is_the_last_one_whose_difference_has_the_leaf(
    tmp_path: FilePath, data: st.DataObject
) -> None:
    drawn = [data.draw(trees(playground()))]
    for _ in range(4):
        drawn.append(data.draw(blends(drawn[-1], data.draw(trees(playground())))))
    history = committed(tmp_path, drawn)
    steps = list(zip([empty(playground()), *drawn], drawn, strict=False))
    paths = {path for before, after in steps for path in leaves(before, after)}
    found = changed_by(history, paths, 1)
    for path in paths:
        numbers = [number for number, (before, after) in enumerate(steps, 1) if concerns(before, after, path)]
        assert found[path].id == numbers[-1]
    history.close()
