"""What a commit changed, and the ways to a configuration: by snapshot, forth and back."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore import changed as changed_module
from datastore import history as history_module
from datastore.chain import Known
from datastore.comparison import compared
from datastore.errors import UnknownCommit
from datastore.history import History
from tests.datastore.replays import Step, histories, write
from tests.yang.playground import playground
from yang.diff import in_config
from yang.edit import edit_config
from yang.tree import Node
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.databases import Database

OFTEN = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)


def edited(tree: Node, edit: str) -> Node:
    return edit_config(tree, parse_document(in_config(edit).encode()))


@OFTEN
@given(histories())
def test_the_difference_of_any_two_commits_is_that_of_their_configurations(
    fresh: Callable[[], Database], steps: list[Step]
) -> None:
    with closing(History(fresh().url, playground())) as history:
        left = write(history, steps)
        for first, before in left.items():
            for second, after in left.items():
                found = history.compare(first, second)
                assert sorted(found.lines) == sorted(compared(before, after).lines)
                assert edited(before, found.edit) == after


@OFTEN
@given(histories(silent=False))
def test_what_is_written_of_a_commit_is_what_it_changed(fresh: Callable[[], Database], steps: list[Step]) -> None:
    with closing(History(fresh().url, playground())) as history:
        left = write(history, steps)
        before = Node(playground().root, {})
        lines = history.changes(list(left))
        for commit_id, after in left.items():
            assert lines[commit_id] == compared(before, after).lines
            before = after


@OFTEN
@given(histories(), st.integers(1, 4), st.data())
def test_every_way_leads_to_the_same_configuration(
    fresh: Callable[[], Database], steps: list[Step], every: int, data: st.DataObject
) -> None:
    url = fresh().url
    with pytest.MonkeyPatch.context() as patch, closing(History(url, playground())) as history:
        patch.setattr(history_module, "MOST_DELTAS", every)
        left = write(history, steps)
        for commit_id, tree in left.items():
            other = data.draw(st.sampled_from(list(left)))
            assert history.configuration(commit_id) == tree
            assert history.configuration(commit_id, Known(other, left[other])) == tree


def test_the_one_before_the_last_is_had_without_reading_a_whole_configuration(
    fresh: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = playground()
    trees = [Node(schema.root, {"m:top": str(number)}) for number in range(4)]
    with closing(History(fresh().url, schema)) as history:
        write(history, [Step(tree, True, True, "") for tree in trees])
        history.snapshot(2, trees[1])
        monkeypatch.setattr("datastore.chain.snapshot_of", lambda *_: pytest.fail("a snapshot was read"))
        assert history.configuration(3) == trees[2]
        assert history.configuration(1) == trees[0]


def test_a_large_commit_has_no_way_back_and_is_reached_all_the_same(
    fresh: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changed_module, "LARGE", 60)
    schema = playground()
    trees = [Node(schema.root, {"m:top": text}) for text in ("a", "b" * 100, "c")]
    with closing(History(fresh().url, schema)) as history:
        write(history, [Step(tree, True, True, "") for tree in trees])
        assert [history.configuration(number) for number in (1, 2, 3)] == trees


def test_both_sides_of_a_comparison_have_to_be_there(fresh: Callable[[], Database]) -> None:
    schema = playground()
    with closing(History(fresh().url, schema)) as history:
        write(history, [Step(Node(schema.root, {"m:top": "a"}), True, True, "")])
        for first, second in ((1, 9), (9, 1)):
            with pytest.raises(UnknownCommit, match="there is no commit 9"):
                history.compare(first, second)
