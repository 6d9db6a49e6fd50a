"""The log of changes to dicts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datastore.undo import UndoLog

KEYS = st.integers(0, 4)


def test_what_was_set_or_removed_is_put_back() -> None:
    log, mapping = UndoLog(), {"a": 1, "b": 2}
    log.set(mapping, "a", 3)
    log.set(mapping, "c", 4)
    log.remove(mapping, "b")
    log.take_back()
    assert mapping == {"a": 1, "b": 2}


def test_what_is_kept_stays() -> None:
    log, mapping = UndoLog(), {"a": 1}
    log.set(mapping, "a", 2)
    log.keep()
    log.set(mapping, "a", 3)
    log.take_back()
    assert mapping == {"a": 2}


def test_removing_what_is_not_there_changes_nothing() -> None:
    log: UndoLog = UndoLog()
    mapping: dict[str, int] = {}
    log.remove(mapping, "a")
    log.take_back()
    assert mapping == {}


def test_whoever_watches_a_dict_is_told_of_every_item_that_is_put_back() -> None:
    log: UndoLog = UndoLog()
    watched, other = {"a": 1}, {"a": 1}
    told: list[tuple[str, bool]] = []
    log.on_restore(watched, lambda key: told.append((key, key in watched)))
    log.remove(watched, "a")
    log.set(watched, "b", 2)
    log.set(other, "c", 3)
    log.take_back()
    assert told == [("b", False), ("a", True)]


@given(st.dictionaries(KEYS, KEYS), st.lists(st.tuples(st.booleans(), KEYS, KEYS)))
def test_any_sequence_of_changes_can_be_taken_back(
    before: dict[int, int], changes: list[tuple[bool, int, int]]
) -> None:
    log, mapping = UndoLog(), dict(before)
    for is_set, key, value in changes:
        if is_set:
            log.set(mapping, key, value)
        else:
            log.remove(mapping, key)
    log.take_back()
    assert mapping == before
