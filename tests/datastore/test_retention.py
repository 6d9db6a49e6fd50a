"""Retention: what is dropped, what never is, and that what stays can be had as before."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore import history as history_module
from datastore import retention as retention_module
from datastore.changed import changed
from datastore.confirmation import Confirmation
from datastore.database import HistoryFailed
from datastore.errors import UnknownCommit
from datastore.history import History
from datastore.retention import DAY, Limits, Retention
from tests.datastore.replays import ME, Step, histories, who_set_what, write
from tests.datastore.rig import eventually
from tests.datastore.test_blame import everything, told
from tests.yang.playground import playground
from yang.diff import difference
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.databases import Database


@pytest.fixture
def database(fresh: Callable[[], Database]) -> Database:
    return fresh()


@pytest.fixture
def history(database: Database) -> Iterator[History]:
    opened = History(database.url, playground())
    yield opened
    opened.close()


def tops(*texts: str, label: str = "") -> list[Step]:
    """Return commits that set one leaf."""
    return [Step(Node(playground().root, {"m:top": text}), True, True, label) for text in texts]


def ids(history: History) -> list[int]:
    return [commit.id for commit in history.commits()]


class Killed(Exception):
    """The server is killed here."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(histories(most=12), st.integers(1, 5), st.integers(1, 4), st.sets(st.integers(1, 12)), st.data())
def test_what_stays_is_as_before_even_if_the_server_is_killed_meanwhile(
    fresh: Callable[[], Database],
    steps: list[Step],
    keep: int,
    every: int,
    protected: set[int],
    data: st.DataObject,
) -> None:
    url = fresh().url
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "MOST_DELTAS", every)
        patch.setattr(retention_module, "AT_ONCE", data.draw(st.integers(1, 3)))
        with closing(History(url, playground())) as history:
            left = write(history, steps)
            labelled = {commit.id for commit in history.commits() if commit.label and commit.state == "sealed"}
            was = ids(history)
            origins = told(history.blame(everything))
            calls = data.draw(st.integers(0, 6))
            for name in ("drop", "snapshot"):
                patch.setattr(history, name, failing_after(getattr(history, name), calls))
            with suppress(Killed):
                Retention(history, Limits(keep), lambda: protected).drop()
        with closing(History(url, playground())) as reopened:
            there = set(ids(reopened))
            assert set(was[-keep:]) | labelled | (protected & set(was)) | set(was[-1:]) <= there
            assert {number: reopened.configuration(number) for number in left if number in there} == {
                number: tree for number, tree in left.items() if number in there
            }
            Retention(reopened, Limits(keep), lambda: protected).drop()
            there = set(ids(reopened))
            sealed = {max(left)} if left else set()
            assert there == set(was[-keep:]) | labelled | (protected & set(was)) | sealed
            assert {number: reopened.configuration(number) for number in left if number in there} == {
                number: tree for number, tree in left.items() if number in there
            }
            assert told(reopened.blame(everything)) == origins == who_set_what(left)
            # and it goes on as if nothing had been
            more = write(reopened, tops("x", "y"))
            assert {number: reopened.configuration(number) for number in more} == more


def failing_after(real: object, calls: int) -> object:
    left = [calls]

    def call(*arguments: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return real(*arguments)  # type: ignore[operator]  # a method

    return call


def test_by_default_everything_is_kept(history: History) -> None:
    write(history, tops("a", "b", "c"))
    assert Retention(history, Limits()).drop() == 0
    assert ids(history) == [1, 2, 3]


def test_commits_beyond_the_count_or_the_age_are_dropped(history: History, database: Database) -> None:
    write(history, tops("a", "b", "c", "d", "e"))
    database.sql("UPDATE commits SET time = :time WHERE id < 3", time=time.time() - 3 * DAY)
    Retention(history, Limits(days=4)).drop()
    assert ids(history) == [1, 2, 3, 4, 5]
    Retention(history, Limits(commits=4, days=4)).drop()
    assert ids(history) == [2, 3, 4, 5]
    Retention(history, Limits(commits=4, days=2)).drop()
    assert ids(history) == [3, 4, 5]
    assert [history.configuration(number).get("m:top") for number in (3, 4, 5)] == ["c", "d", "e"]


def test_what_is_no_longer_there_is_said_to_be_so(history: History) -> None:
    write(history, tops("a", "b", "c"))
    Retention(history, Limits(2)).drop()
    for ask in (
        history.configuration,
        lambda number: history.compare(number, 3),
        lambda number: history.compare(3, number),
    ):
        with pytest.raises(UnknownCommit, match="commit 1 is no longer in the history"):
            ask(1)
    with pytest.raises(UnknownCommit, match="there is no commit 9"):
        history.configuration(9)
    assert history.compare(2, 3).lines == ["~ /m:top b -> c"]


def test_what_a_confirmed_commit_goes_back_to_stays(history: History) -> None:
    write(history, tops("a", "b"))
    after = Node(playground().root, {"m:top": "c"})
    commit_id = history.begin(ME, difference(history.configuration(), after))
    history.seal(commit_id, Confirmation(2, time.time() + 600, 7, "me", None, "boot"))
    write(history, [])
    for number in range(5):
        history.abort(history.begin(ME, f"<top xmlns='urn:m'>{number}</top>"), "refused")
    Retention(history, Limits(1)).drop()
    assert ids(history) == [2, 3, 8]
    assert history.configuration(2).get("m:top") == "b"


def test_the_last_commit_stays_behind_any_number_of_aborted_ones(history: History) -> None:
    write(history, tops("a"))
    for _ in range(5):
        history.abort(history.begin(ME, ""), "refused")
    Retention(history, Limits(2)).drop()
    assert ids(history) == [1, 5, 6]
    assert history.begin(ME, "") == 7


def test_what_is_under_way_stays(history: History) -> None:
    write(history, tops("a"))
    pending = history.begin(ME, "")
    write(history, tops("b", "c", "d"))
    Retention(history, Limits(1)).drop()
    assert ids(history) == [pending, 5]


def test_the_difference_across_a_gap_is_that_of_the_configurations(history: History) -> None:
    write(history, [*tops("a", label="good"), *tops("b", "c", "d")])
    Retention(history, Limits(2)).drop()
    assert ids(history) == [1, 3, 4]
    assert history.compare(1, 3).lines == ["~ /m:top a -> c"]
    assert history.compare(4, 1).lines == ["~ /m:top d -> a"]
    assert history.changes([3]) == {3: ["~ /m:top b -> c"]}


def test_it_happens_by_itself_many_at_once_and_at_the_start_all(
    history: History, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "SLACK", 3)
    retention = Retention(history, Limits(2))
    retention.start()
    assert eventually(lambda: retention._least == 3)
    write(history, tops("a", "b", "c", "d"))
    assert ids(history) == [1, 2, 3, 4]
    write(history, tops("e"))
    assert eventually(lambda: ids(history) == [4, 5])
    write(history, tops("f"))
    retention.close()
    history.close()
    with closing(History(database.url, playground())) as reopened:
        again = Retention(reopened, Limits(2))
        again.start()
        assert eventually(lambda: ids(reopened) == [5, 6])
        again.close()
        assert reopened.configuration(5).get("m:top") == "e"


def test_a_drop_that_fails_drops_nothing_and_is_tried_again(
    history: History, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    write(history, tops("a", "b", "c"))
    database.refuse("DELETE ON commits")
    retention = Retention(history, Limits(1))
    with pytest.raises(HistoryFailed, match="disk full"):
        retention.drop()
    retention._look()
    assert "old commits stay in the history for now" in caplog.text
    assert ids(history) == [1, 2, 3]
    assert history.configuration(1).get("m:top") == "a"


def test_the_file_does_not_grow_for_ever(history: History, database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("how PostgreSQL keeps its files is its own business")
    retention = Retention(history, Limits(20))
    sizes = []
    for turn in range(4):
        tree = history.configuration()
        for number in range(60):
            after = Node(playground().root, {"m:top": f"{turn}-{number}" * 50})
            delta = difference(tree, after)
            history.seal(history.begin(ME, delta, changed=changed(tree, after, delta)))
            tree = after
        retention.drop()
        sizes.append(database.sql("PRAGMA page_count")[0][0])
    assert sizes[-1] <= sizes[1]
