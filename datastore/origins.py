"""Origins: which commit set each part of the configuration that is there now.

There is a row for each operation of a difference and not for each leaf: a created list entry is one row whatever is in
it, a changed leaf is one row, and what goes takes the rows at and below it along. So the commit that set a leaf is the
newest one among the rows of the leaf and of what it is in.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple, cast

from sqlalchemy import bindparam, delete, insert, or_, select

from datastore.tables import origins
from yang.diff import out_of_place
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from yang.diff import Change
    from yang.path import Path
    from yang.schema import SchemaNode
    from yang.tree import Key
    from yang.values import Value

END, KEY, ESCAPE, PLACE = b"\0", b"\1", b"\2", b"\3"
"""A path is a step after another, each its name, `KEY` and text for each key, and `END`; so nothing begins with the path of
what it is not in. `PLACE` behind an entry stands for where a user has put it."""
RESERVED = re.compile(rb"[\0-\3]")
LONGEST = 64
"""Octets of a key beyond which its hash stands for it: PostgreSQL has indexes for 2,700 octets."""
AT_ONCE = 400
"""Rows that one statement names."""


class Operations(NamedTuple):
    """What a commit does to the origins."""

    gone: tuple[bytes, ...]
    """What is no longer there, with everything below."""
    fresh: tuple[bytes, ...]
    """What it created or changed."""


def step(schema: SchemaNode, key: Key | None = None) -> bytes:
    """Return what stands for one step of a path."""
    name = schema.qname.encode()
    if key is None:
        return name + END
    leaves = [schema] if schema.kind == "leaf-list" else [schema.children[name] for name in schema.keys]
    return name + b"".join([KEY + _text(leaf, value) for leaf, value in zip(leaves, key, strict=True)]) + END


def _text(leaf: SchemaNode, value: Value) -> bytes:
    text = leaf.type.text(value).encode()
    if len(text) > LONGEST:
        return ESCAPE + hashlib.sha256(text).hexdigest().encode()
    return RESERVED.sub(lambda match: ESCAPE + bytes([match[0][0] + 4]), text)


def operations(changes: Iterable[Change]) -> Operations:
    """Return what a commit with these changes does to the origins."""
    gone: list[bytes] = []
    fresh: list[bytes] = []
    above = _Above()
    for path, before, after in changes:
        start = above.of(path.parent)
        if path.schema.kind == "leaf-list":
            for value, is_there in _values(path.schema, before, after):
                (fresh if is_there else gone).append(start + step(path.schema, (value,)))
            continue
        here = start + step(path.schema, path.key)
        if after is None:
            gone.append(here)
        elif isinstance(before, Node) and isinstance(after, Node):
            fresh.append(here + PLACE)
        else:
            fresh.append(here)
    return Operations(tuple(gone), tuple(fresh))


class _Above:
    """The octets of the paths that changes are below, most of which have them in common."""

    def __init__(self) -> None:
        self._last: Path | None = None
        self._octets = b""

    def of(self, path: Path | None) -> bytes:
        if path is None:
            return b""
        if path is not self._last:
            self._octets = b"".join([step(each.schema, each.key) for each in path.steps()])
            self._last = path
        return self._octets


def _values(schema: SchemaNode, before: object, after: object) -> Iterator[tuple[Value, bool]]:
    """Yield the values of a leaf-list that came, moved or went, and whether they are there."""
    old, new = (cast("Sequence[Value]", values) if isinstance(values, tuple) else () for values in (before, after))
    kept = set(new)
    yield from ((value, False) for value in old if value not in kept)
    if schema.user_ordered:
        moved = out_of_place([(value,) for value in old], [(value,) for value in new])
        yield from ((key[0], True) for key in moved)
    else:
        known = set(old)
        yield from ((value, True) for value in new if value not in known)


def write(connection: Connection, commit_id: int, made: Operations) -> None:
    """Write down what a commit did."""
    if made.gone:
        connection.execute(
            delete(origins).where(origins.c.path >= bindparam("start"), origins.c.path < bindparam("end")),
            [{"start": path, "end": _behind(path)} for path in made.gone],
        )
    # not every database has one statement for "insert or update"
    for start in range(0, len(made.fresh), AT_ONCE):
        connection.execute(delete(origins).where(origins.c.path.in_(made.fresh[start : start + AT_ONCE])))
    if made.fresh:
        connection.execute(insert(origins), [{"path": path, "commit_id": commit_id} for path in made.fresh])


def read(connection: Connection, path: Sequence[bytes]) -> dict[bytes, int]:
    """Return the rows of what the steps of `path` lead through, and of everything at and below its end."""
    query = select(origins.c.path, origins.c.commit_id)
    if path:
        whole = b"".join(path)
        through = [b"".join(path[:length]) for length in range(1, len(path))]
        below = (origins.c.path >= whole) & (origins.c.path < _behind(whole))
        query = query.where(or_(below, origins.c.path.in_(through)) if through else below)
    return {bytes(row[0]): row[1] for row in connection.execute(query)}


def _behind(path: bytes) -> bytes:
    """Return what comes after everything that begins with `path`, which ends in `END` or `PLACE`."""
    return path[:-1] + bytes([path[-1] + 1])
