"""What a commit writes: little, however much is configured."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from benchmarks.configuration import description, interfaces
from datastore.changed import changed
from datastore.history import Author, History
from tests.conftest import config
from yang.diff import difference, in_config
from yang.edit import edit_config
from yang.tree import Node
from yang.xmlread import read_document

if TYPE_CHECKING:
    from pathlib import Path

    from yang.schema import Schema

ME = Author("me", 7, "test")
MOST = 16 << 10
COMMITS = 25


def commit(history: History, before: Node, after: Node) -> None:
    delta = difference(before, after)
    history.seal(history.begin(ME, delta, "a comment of usual length", "", changed(before, after, delta)))


def test_a_commit_of_one_leaf_among_ten_thousand_interfaces_writes_less_than_16_kib(
    tmp_path: Path, schema: Schema
) -> None:
    file = tmp_path / "history.sqlite"
    content = in_config(interfaces(10_000).replace(' nc:operation="merge"', "")).encode()
    tree = read_document(content, schema)
    grown = []
    with closing(History(f"sqlite:///{file}", schema)) as history:
        # one container is one operation, and 10,000 interfaces that follow it are as many
        few = edit_config(Node(schema.root, {}), config(interfaces(1)))
        commit(history, Node(schema.root, {}), few)
        commit(history, few, tree)
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT count(*) FROM origins").fetchone()[0] >= 9_999
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        log = file.with_name(f"{file.name}-wal")
        for number in range(COMMITS):
            after = edit_config(tree, config(description(1 + number * 397, f"edit {number}")))
            size = log.stat().st_size
            commit(history, tree, after)
            grown.append(log.stat().st_size - size)
            tree = after
    assert 0 < min(grown) <= max(grown) < MOST
