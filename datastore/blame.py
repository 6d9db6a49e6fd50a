"""Blame: which commit set each leaf of a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy import select

from datastore.commits import COLUMNS, Commit, commit_of
from datastore.origins import AT_ONCE, PLACE, step
from datastore.tables import commits
from yang.path import Path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    found = list(_below(tree, None, b"", 0, rows))
    ids = sorted({origin.commit_id for origin in found})
    known: dict[int, Commit] = {}
    for start in range(0, len(ids), AT_ONCE):
        query = select(*COLUMNS).where(commits.c.id.in_(ids[start : start + AT_ONCE]))
        known.update({row.id: commit_of(row) for row in connection.execute(query)})
    return Blame(found, known)


def _below(node: Node, path: Path | None, octets: bytes, commit_id: int, rows: Mapping[bytes, int]) -> Iterator[Origin]:
    """Yield who set what is below `node`, which commit `commit_id` set as a whole."""
    for name, child in node.children.items():
        schema = node.schema.children[name]
        if schema.kind == "list":
            for key, entry in cast("Entries", child).items():
                here = octets + step(schema, key)
                there = Path(path, schema, key)
                if (moved := rows.get(here + PLACE)) is not None:
                    yield Origin(there, None, moved, is_place=True)
                yield from _below(entry, there, here, rows.get(here, commit_id), rows)
        elif schema.kind == "leaf-list":
            for value in cast("tuple[Value, ...]", child):
                set_by = rows.get(octets + step(schema, (value,)), commit_id)
                yield Origin(Path(path, schema, (value,)), value, set_by)
        elif isinstance(child, Node):
            here, there = octets + step(schema), Path(path, schema)
            set_by = rows.get(here, commit_id)
            if schema.presence:
                yield Origin(there, None, set_by)
            yield from _below(child, there, here, set_by, rows)
        else:
            yield Origin(Path(path, schema), child, rows.get(octets + step(schema), commit_id))
