"""Blame: which commit set each leaf, compared with what replaying the whole history says."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from datastore import past as past_module
from datastore.changed import changed
from datastore.history import History
from datastore.origins import LONGEST, step
from tests.conftest import module
from tests.datastore.replays import ME, Step, histories, who_set_what, write
from tests.yang.playground import playground, schema_of
from yang.diff import difference
from yang.tree import Node
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from datastore.blame import Blame
    from tests.databases import Database

SCHEMA = schema_of(
    module(
        """
        container a { leaf b { type string; } leaf bc { type string; } container here { presence "here"; } }
        list ab { key name; leaf name { type string; } leaf a { type string; } }
        list rule { key name; ordered-by user; leaf name { type string; } leaf action { type string; } }
        leaf-list order { type string; ordered-by user; }
        """
    )
)


@pytest.fixture
def database(fresh: Callable[[], Database]) -> Database:
    return fresh()


@pytest.fixture
def history(database: Database) -> Iterator[History]:
    opened = History(database.url, SCHEMA)
    yield opened
    opened.close()


def tree(content: str) -> Node:
    return read_data(parse_document(f'<data xmlns="urn:m">{content}</data>'.encode()), SCHEMA)


def commits(history: History, *contents: str) -> None:
    write(history, [Step(tree(content), True, True, "") for content in contents])


def told(blame: Blame) -> tuple[dict[str, int], dict[str, int]]:
    """Return who set what, and who moved what, by paths."""
    set_by = {str(origin.path): origin.commit_id for origin in blame.origins if not origin.is_place}
    moved_by = {str(origin.path): origin.commit_id for origin in blame.origins if origin.is_place}
    return set_by, moved_by


def everything(whole: Node) -> Node:
    return whole


def blame(history: History) -> dict[str, int]:
    return told(history.blame(everything))[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(histories(), histories(most=3))
def test_blame_says_what_replaying_the_history_says(
    fresh: Callable[[], Database], steps: list[Step], more: list[Step]
) -> None:
    url = fresh().url
    with closing(History(url, playground())) as history:
        left = write(history, steps)
        assert told(history.blame(everything)) == who_set_what(left)
        left |= write(history, more)
        assert told(history.blame(everything)) == who_set_what(left)
    with closing(History(url, playground())) as reopened:
        assert told(reopened.blame(everything)) == who_set_what(left)
        for name in left[max(left)].children if left else ():
            # a part is looked up by itself
            part = told(reopened.blame(lambda whole, name=name: Node(whole.schema, {name: whole.children[name]})))
            assert part == tuple(
                {path: by for path, by in found.items() if path.startswith(f"/{name}")} for found in who_set_what(left)
            )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(histories(silent=False))
def test_who_set_what_can_be_found_out_from_the_deltas_alone(fresh: Callable[[], Database], steps: list[Step]) -> None:
    database = fresh()
    sealed, all_origins = (
        "SELECT id FROM commits WHERE state = 'sealed' ORDER BY id",
        "SELECT * FROM origins ORDER BY path",
    )
    with closing(History(database.url, playground())) as history:
        left = write(history, steps)
        was, rows = database.sql(sealed), database.sql(all_origins)
        database.sql("UPDATE commits SET lines = NULL, inverse = NULL")
        database.sql("DELETE FROM origins")
    with closing(History(database.url, playground())) as reopened:
        reopened.complete()
        assert told(reopened.blame(everything)) == who_set_what(left)
    assert database.sql(all_origins) == rows
    assert database.sql(sealed) == was


def test_a_leaf_is_set_by_the_commit_that_changed_it_last(history: History) -> None:
    commits(history, "<a><b>1</b><bc>1</bc></a>", "<a><b>2</b><bc>1</bc></a>")
    assert blame(history) == {"/m:a/b": 2, "/m:a/bc": 1}


def test_a_leaf_that_went_and_came_again_is_set_by_whoever_brought_it_back(history: History) -> None:
    commits(history, "<a><b>1</b><bc>1</bc></a>", "<a><bc>1</bc></a>", "<a><b>1</b><bc>1</bc></a>")
    assert blame(history) == {"/m:a/b": 3, "/m:a/bc": 1}


def test_a_name_that_begins_with_another_is_not_below_it(history: History) -> None:
    commits(history, "<a><b>1</b></a><ab><name>b</name></ab>", "<ab><name>b</name></ab>", "<a><b>1</b></a>")
    assert blame(history) == {"/m:a/b": 3}
    commits(history, "<a><b>1</b><bc>1</bc></a>", "<a><bc>1</bc></a>")
    assert blame(history) == {"/m:a/bc": 4}


def test_keys_that_look_like_paths_are_no_paths(history: History) -> None:
    entries = [f"<ab><name>{key}</name><a>x</a></ab>" for key in ("a", "a/b", "a']", "ab", "&#9;a")]
    for number in range(1, len(entries) + 1):
        commits(history, "".join(entries[:number]))
    assert sorted(blame(history).values()) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    commits(history, "".join(entries[1:]))
    assert sorted(blame(history).values()) == [2, 2, 3, 3, 4, 4, 5, 5]


def test_octets_that_separate_steps_are_escaped() -> None:
    schema = SCHEMA.root.children["m:ab"]
    keys = ["\0", "\1", "\2", "\2\4", "\0\1", "\2\6", ""]
    steps = [step(schema, (key,)) for key in keys]
    assert len(set(steps)) == len(keys)
    assert not any(a != b and a.startswith(b) for a in steps for b in steps)


def test_a_long_key_has_a_short_row(history: History) -> None:
    long = "x" * 5000
    commits(
        history, f"<ab><name>{long}</name></ab>", f"<ab><name>{long}</name><a>1</a></ab><ab><name>{long}y</name></ab>"
    )
    assert blame(history) == {
        f"/m:ab[name='{long}']/name": 1,
        f"/m:ab[name='{long}']/a": 2,
        f"/m:ab[name='{long}y']/name": 2,
    }
    assert len(step(SCHEMA.root.children["m:ab"], (long,))) < LONGEST + 20


def test_what_a_user_moved_is_told_apart_from_what_is_in_it(history: History) -> None:
    rules = [f"<rule><name>{name}</name><action>x</action></rule>" for name in "ab"]
    commits(history, "".join(rules), "".join(reversed(rules)))
    set_by, moved_by = told(history.blame(everything))
    assert set(set_by.values()) == {1}
    assert moved_by == {"/m:rule[name='a']": 2}
    commits(history, rules[1], "".join(reversed(rules)))
    assert told(history.blame(everything))[1] == {}


def test_a_value_that_a_user_moved_is_set_by_the_move(history: History) -> None:
    commits(history, "<order>x</order><order>y</order>", "<order>y</order><order>x</order>")
    assert blame(history) == {"/m:order[.='x']": 2, "/m:order[.='y']": 1}


def test_a_container_with_presence_is_something_that_is_set(history: History) -> None:
    commits(history, "<a><b>1</b></a>", "<a><b>1</b><here/></a>")
    assert blame(history) == {"/m:a/b": 1, "/m:a/here": 2}


def test_an_aborted_commit_sets_nothing(history: History) -> None:
    commits(history, "<a><b>1</b></a>")
    before, after = tree("<a><b>1</b></a>"), tree("<a><b>2</b></a>")
    delta = difference(before, after)
    commit_id = history.begin(ME, delta, changed=changed(before, after, delta))
    history.abort(commit_id, "refused")
    assert blame(history) == {"/m:a/b": 1}
    assert history._begun == {}


def test_a_commit_that_was_sealed_without_our_knowing_it_sets_nothing_once_it_is_aborted(
    history: History, database: Database
) -> None:
    commits(history, "<a><b>1</b><bc>1</bc></a>", "<a><b>2</b></a>")
    history.abort(2, "the seal was not known to be written")
    assert blame(history) == {"/m:a/b": 1, "/m:a/bc": 1}
    history.abort(1, "likewise")
    assert blame(history) == {}
    history.close()
    with closing(History(database.url, SCHEMA)) as reopened:
        assert blame(reopened) == {}


def test_what_does_not_fit_the_models_any_more_counts_as_set_by_what_follows(
    history: History, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = tree("<a><b>1</b></a>"), tree("<a><b>1</b><bc>2</bc></a>")
    history.seal(history.begin(ME, difference(tree(""), first).replace("<b>", "<old>").replace("</b>", "</old>")))
    history.snapshot(1, first)
    history.seal(history.begin(ME, "<a xmlns='urn:m'><nothing/></a>"))
    history.seal(history.begin(ME, difference(first, second)))
    history.snapshot(3, second)
    assert blame(history) == {"/m:a/b": 3, "/m:a/bc": 3}
    assert "what commit 1 changed cannot be told" in caplog.text


def test_the_commits_that_are_named_are_given(history: History) -> None:
    commits(history, "<a><b>1</b></a>", "<a><b>1</b><bc>2</bc></a>")
    found = history.blame(everything)
    assert {commit_id: commit.author for commit_id, commit in found.commits.items()} == {1: ME, 2: ME}


def test_nothing_is_set_by_nobody(history: History) -> None:
    assert history.blame(everything).origins == []
    commits(history, "<a><b>1</b></a>", "")
    assert history.blame(everything).origins == []


def test_blame_tells_of_one_configuration_while_commits_come(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    commits(history, "<a><b>1</b></a>")
    real = past_module.read

    def interrupted(*arguments: object) -> object:
        monkeypatch.setattr(past_module, "read", real)
        commits(history, "<a><b>2</b></a>")
        return real(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(past_module, "read", interrupted)
    (origin,) = history.blame(everything).origins
    assert (origin.value, origin.commit_id) == ("2", 2)
