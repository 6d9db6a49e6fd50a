"""The history: commits as rows, what they changed, and whole configurations now and then."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore import database as history_database
from datastore import history as history_module
from datastore.database import HistoryFailed
from datastore.errors import UnknownCommit
from datastore.history import Author, Commit, History
from tests.databases import KINDS, made
from tests.datastore.configurations import configurations, tree_of
from tests.openconfig import interface, interfaces
from yang.diff import difference
from yang.errors import RequestError
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.databases import Database
    from yang.schema import Schema

ME = Author("me", 7, "test")
SHORT = 0.1
"""Seconds to wait for a database."""


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return made(request, tmp_path)


@pytest.fixture
def history(database: Database, schema: Schema) -> Iterator[History]:
    opened = History(database.url, schema)
    yield opened
    opened.close()


def port(schema: Schema, description: str) -> Node:
    return tree_of(schema, interfaces(interface("Ethernet1", description=description)))


def sealed(history: History, before: Node, after: Node) -> int:
    commit_id = history.begin(ME, difference(before, after))
    history.seal(commit_id)
    history.keep_short(commit_id, after)
    return commit_id


def test_a_new_history_is_empty(history: History, schema: Schema) -> None:
    assert history.last() is None
    assert list(history.commits()) == []
    assert history.pending() == []
    assert history.configuration() == Node(schema.root, {})


def test_a_commit_is_a_row(history: History, schema: Schema) -> None:
    started = time.time()
    commit_id = history.begin(ME, difference(Node(schema.root, {}), port(schema, "one")), "why", "v1")
    (commit,) = history.commits()
    assert commit == Commit(commit_id, commit.time, ME, "why", "v1", "pending", "")
    assert started <= commit.time <= time.time()
    history.seal(commit_id)
    (commit,) = history.commits()
    assert commit.state == "sealed"


def test_a_commit_takes_effect_when_it_is_sealed(history: History, schema: Schema) -> None:
    commit_id = history.begin(ME, difference(Node(schema.root, {}), port(schema, "one")))
    assert history.last() is None
    assert history.configuration() == Node(schema.root, {})
    history.seal(commit_id)
    assert history.last() == commit_id
    assert history.configuration() == port(schema, "one")


def test_an_aborted_commit_says_why_and_has_no_configuration(history: History, schema: Schema) -> None:
    commit_id = history.begin(ME, difference(Node(schema.root, {}), port(schema, "one")))
    history.abort(commit_id, "refused")
    (commit,) = history.commits()
    assert (commit.state, commit.reason) == ("aborted", "refused")
    with pytest.raises(UnknownCommit, match="commit 1 is aborted: it has no configuration"):
        history.configuration(commit_id)
    assert history.configuration() == Node(schema.root, {})


def test_a_pending_commit_has_no_configuration(history: History) -> None:
    commit_id = history.begin(ME, "")
    with pytest.raises(UnknownCommit, match="commit 1 is pending"):
        history.configuration(commit_id)


def test_an_unknown_commit_is_named(history: History) -> None:
    with pytest.raises(UnknownCommit, match="there is no commit 42"):
        history.configuration(42)


def test_ids_are_never_given_twice(history: History, database: Database) -> None:
    first = history.begin(ME, "")
    database.sql("DELETE FROM commits")
    assert history.begin(ME, "") > first


def test_commits_are_listed_in_order_and_in_part(history: History) -> None:
    for _ in range(5):
        history.seal(history.begin(ME, ""))
    assert [commit.id for commit in history.commits()] == [1, 2, 3, 4, 5]
    assert [commit.id for commit in history.commits(2, 4)] == [2, 3, 4]
    assert [commit.id for commit in history.commits(4)] == [4, 5]
    assert list(history.commits(9)) == []


def test_what_was_begun_is_pending_after_reopening(history: History, database: Database, schema: Schema) -> None:
    delta = difference(Node(schema.root, {}), port(schema, "one"))
    history.seal(history.begin(ME, ""))
    commit_id = history.begin(ME, delta)
    history.close()
    with closing(History(database.url, schema)) as reopened:
        assert reopened.pending() == [(commit_id, delta)]
        assert reopened.last() == 1


def test_a_snapshot_is_due_after_so_many_commits(
    history: History, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "MOST_DELTAS", 3)
    tree = Node(schema.root, {})
    for number in range(3):
        assert not history.is_snapshot_due
        after = port(schema, str(number))
        history.seal(history.begin(ME, difference(tree, after)))
        tree = after
    assert history.is_snapshot_due
    history.snapshot(3, tree)
    assert not history.is_snapshot_due


def test_a_snapshot_is_due_when_deltas_are_larger_than_the_last_one(
    history: History, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "LEAST_SNAPSHOT", 100)
    history.seal(history.begin(ME, difference(Node(schema.root, {}), port(schema, "one"))))
    assert history.is_snapshot_due
    history.snapshot(1, port(schema, "one"))
    history.seal(history.begin(ME, difference(port(schema, "one"), port(schema, "two"))))
    assert not history.is_snapshot_due


def test_what_is_due_is_known_after_reopening(
    history: History, database: Database, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "MOST_DELTAS", 2)
    history.seal(history.begin(ME, ""))
    history.close()
    with closing(History(database.url, schema)) as reopened:
        assert not reopened.is_snapshot_due
        reopened.seal(reopened.begin(ME, ""))
        assert reopened.is_snapshot_due


def test_one_snapshot_is_taken_at_a_time(
    history: History, schema: Schema, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setattr(history_module, "MOST_DELTAS", 1)
    history.seal(history.begin(ME, ""))
    with database.locked():
        history.keep_short(1, Node(schema.root, {}))
        first = history._snapshots
        history.keep_short(1, Node(schema.root, {}))
        assert history._snapshots is first
    history.close()
    assert database.sql("SELECT count(*) FROM snapshots") == [(1,)]


def test_a_snapshot_that_cannot_be_written_loses_nothing(
    history: History,
    schema: Schema,
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(history_module, "MOST_DELTAS", 1)
    database.refuse("INSERT ON snapshots")
    sealed(history, Node(schema.root, {}), port(schema, "one"))
    history.close()
    assert "no snapshot of commit 1" in caplog.text
    assert history.configuration(1) == port(schema, "one")


@pytest.mark.parametrize("kind", KINDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(st.lists(st.tuples(configurations(), st.booleans()), max_size=8), st.integers(1, 4))
def test_every_configuration_can_be_had_again_across_snapshots(
    schema: Schema,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    kind: str,
    contents: list[tuple[str, bool]],
    every: int,
) -> None:
    url = made(request, tmp_path_factory.mktemp("history"), kind).url
    was: dict[int, Node] = {}
    tree = Node(schema.root, {})
    with pytest.MonkeyPatch.context() as patch, closing(History(url, schema)) as history:
        patch.setattr(history_module, "MOST_DELTAS", every)
        for content, is_sealed in contents:
            after = tree_of(schema, content)
            commit_id = history.begin(ME, difference(tree, after))
            if not is_sealed:
                history.abort(commit_id, "refused")
                continue
            history.seal(commit_id)
            if history.is_snapshot_due:
                history.snapshot(commit_id, after)
            tree = was[commit_id] = after
        history.close()
        with closing(History(url, schema)) as reopened:
            assert {commit_id: reopened.configuration(commit_id) for commit_id in was} == was
            assert reopened.configuration() == tree
            assert reopened.last() == max(was, default=None)


def test_a_database_that_is_locked_fails_the_writing_and_not_the_reading(
    history: History, schema: Schema, database: Database
) -> None:
    history.close()
    with closing(History(history_database.Database(database.url, SHORT), schema)) as impatient:
        commit_id = impatient.begin(ME, "")
        with database.locked():
            for write in (
                lambda: impatient.begin(ME, ""),
                lambda: impatient.seal(commit_id),
                lambda: impatient.abort(commit_id, ""),
            ):
                with pytest.raises(HistoryFailed, match=r"database is locked|due to lock timeout"):
                    write()
            assert impatient.last() is None
        assert [commit.state for commit in impatient.commits()] == ["pending"]


def test_a_refused_seal_counts_nothing(history: History, database: Database) -> None:
    database.refuse("UPDATE ON commits")
    commit_id = history.begin(ME, "")
    with pytest.raises(HistoryFailed, match="disk full"):
        history.seal(commit_id)
    assert history._deltas_since_snapshot == 0
    assert history.last() is None


def test_a_damaged_row_is_named(history: History, schema: Schema, database: Database) -> None:
    sealed(history, Node(schema.root, {}), port(schema, "one"))
    sealed(history, port(schema, "one"), port(schema, "two"))
    database.sql("UPDATE commits SET delta = :octets WHERE id = 2", octets=b"\0")
    with pytest.raises(HistoryFailed, match="commit 2 in the history is damaged"):
        history.configuration()
    assert history.configuration(1) == port(schema, "one")


def test_a_row_that_is_no_xml_is_damaged_too(history: History, schema: Schema) -> None:
    history.seal(history.begin(ME, difference(Node(schema.root, {}), port(schema, "one")).replace("</interfaces>", "")))
    with pytest.raises(HistoryFailed, match="damaged: Opening and ending tag mismatch"):
        history.configuration()


def test_a_commit_that_does_not_fit_the_models_is_named(
    history: History, schema: Schema, full_schema: Schema, database: Database
) -> None:
    sealed(history, Node(schema.root, {}), port(schema, "one"))
    sealed(history, port(schema, "one"), tree_of(schema, interfaces(interface("Ethernet1", mtu=9000))))
    history.close()
    # another server, whose backends have no mtu
    narrow = full_schema.supporting(
        [f"/openconfig-interfaces:interfaces/interface/config/{leaf}" for leaf in ("name", "type", "description")]
    )
    with closing(History(database.url, narrow)) as other:
        assert other.configuration(1) == port(narrow, "one")
        with pytest.raises(RequestError, match=r"commit 2 does not fit the models that are served: .*mtu"):
            other.configuration()
