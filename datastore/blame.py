"""Blame: which commit set each leaf of a configuration."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy import select

from datastore.commits import COLUMNS, Commit, commit_of
from datastore.origins import AT_ONCE, PLACE, step
from datastore.tables import commits
from yang.path import Path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from yang.values import Value


class Origin(NamedTuple):
    """Who set one thing: a leaf, a value of a leaf-list, a container that says something by being there."""

    path: Path
    value: Any
    """None for a container, and for the place of an entry."""
    commit_id: int
    """0 if it is not known."""
    is_place: bool = False
    """Whether it is where a user has put an entry, after it had come."""


class Blame(NamedTuple):
    """Who set what, in the order of the configuration."""

    origins: list[Origin]
    commits: Mapping[int, Commit]
    """The commits that are still in the history, by their ids."""


def way_down(tree: Node) -> list[bytes]:
    """Return the steps that lead to everything in `tree`, which may be a part of a configuration."""
    steps: list[bytes] = []
    node = tree
    while len(children := [name for name in node.children if name not in node.schema.keys]) == 1:
        child: Any = node.children[children[0]]
        schema = node.schema.children[children[0]]
        if isinstance(child, Entries):
            keys = list(child)
            if len(keys) > 1:
                break
            steps.append(step(schema, keys[0]))
            node = child[keys[0]]
        elif isinstance(child, Node):
            steps.append(step(schema))
            node = child
        else:
            break
    return steps


def blamed(connection: Connection, tree: Node, rows: Mapping[bytes, int]) -> Blame:
    """Return who set what is in `tree`, given the rows of the origins on the way to it and in it."""
    walk = _Walk(rows)
    walk.below(tree, None, b"", 0)
    found = walk.found
    ids = sorted({origin.commit_id for origin in found})
    known: dict[int, Commit] = {}
    for start in range(0, len(ids), AT_ONCE):
        query = select(*COLUMNS).where(commits.c.id.in_(ids[start : start + AT_ONCE]))
        known.update({commit.id: commit for commit in map(commit_of, connection.execute(query))})
    return Blame(found, known)


class _Walk:
    """A walk through a configuration that takes down who set what."""

    def __init__(self, rows: Mapping[bytes, int]) -> None:
        self._rows = rows
        self._sorted = sorted(rows)
        self.found: list[Origin] = []

    def below(self, node: Node, path: Path | None, octets: bytes, commit_id: int) -> None:
        """Take down what is below `node`, at `octets`, which commit `commit_id` set as a whole."""
        rows = self._rows
        is_one = not self._is_above_a_row(octets)
        for name, child in node.children.items():
            schema = node.schema.children[name]
            if schema.kind == "list":
                self.entries(cast("Entries", child), path, octets, commit_id)
            elif schema.kind == "leaf-list":
                for value in cast("tuple[Value, ...]", child):
                    set_by = commit_id if is_one else rows.get(octets + step(schema, (value,)), commit_id)
                    self.found.append(Origin(Path(path, schema, (value,)), value, set_by))
            else:
                # where no row is below, no names are needed
                here = octets if is_one else octets + step(schema)
                set_by = commit_id if is_one else rows.get(here, commit_id)
                there = Path(path, schema)
                if not isinstance(child, Node):
                    self.found.append(Origin(there, child, set_by))
                    continue
                if schema.presence:
                    self.found.append(Origin(there, None, set_by))
                self.below(child, there, here, set_by)

    def entries(self, entries: Entries, path: Path | None, octets: bytes, commit_id: int) -> None:
        """Take down what is in a list."""
        is_one = not self._is_above_a_row(octets)
        for key, entry in entries.items():
            there = Path(path, entries.schema, key)
            if is_one:
                self.below(entry, there, octets, commit_id)
                continue
            here = octets + step(entries.schema, key)
            if (moved := self._rows.get(here + PLACE)) is not None:
                self.found.append(Origin(there, None, moved, is_place=True))
            self.below(entry, there, here, self._rows.get(here, commit_id))

    def _is_above_a_row(self, octets: bytes) -> bool:
        index = bisect_right(self._sorted, octets)
        return index < len(self._sorted) and self._sorted[index].startswith(octets)
