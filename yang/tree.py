"""Immutable data trees: an edit returns a new tree that shares every untouched subtree with the old one.

So a datastore is a reference, a copy costs nothing, and two trees that come from one another are compared by what they
do not share. Nothing here is ever changed in place; defaults are not stored.

A node's children stand in a dict by their RFC 7951 names, in the order of the schema: a leaf as its value, a leaf-list as
a tuple of values, a container as a `Node`, a list as `Entries`, anydata and anyxml as text.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, TypeAlias

from yang.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from yang.schema import SchemaNode

Key: TypeAlias = tuple[Value, ...]
Child: TypeAlias = "Value | tuple[Value, ...] | Node | Entries"

CHUNK = 256
"""Entries of a list are held in chunks of half to twice this size, so that one edit copies one chunk."""


class Node:
    """A container, a list entry, or the top of a tree."""

    __slots__ = ("children", "digest", "schema")

    digest: bytes
    """What stands for its content, once somebody has asked for it (`yang.etags`)."""

    def __init__(self, schema: SchemaNode, children: Mapping[str, Child]) -> None:
        """Make a node of `children`, which must stand in the order of the schema; `ordered` puts them so."""
        self.schema = schema
        self.children = children

    def get(self, name: str) -> Any:
        """Return the child `name`, or None."""
        return self.children.get(name)

    @property
    def key(self) -> Key:
        """The values of a list entry's keys, in the order of the key statement."""
        children = self.children
        return tuple([children[name] for name in self.schema.keys])  # type: ignore[misc]  # keys are leaves

    def replacing(self, name: str, child: Child) -> Node:
        """Return this node with `child` for what stood at `name`, if anything did."""
        children = dict(self.children)
        is_new = name not in children
        children[name] = child
        return Node(self.schema, ordered(self.schema, children) if is_new else children)

    def without(self, name: str) -> Node:
        """Return this node without the child `name`."""
        children = dict(self.children)
        children.pop(name, None)
        return Node(self.schema, children)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Node):
            return NotImplemented
        return self.schema.tag == other.schema.tag and self.children == other.children

    __hash__ = None  # type: ignore[assignment]  # equality is deep; a hash would walk the tree

    def __repr__(self) -> str:
        return f"Node({self.schema.path() or '/'}: {', '.join(self.children)})"


def ordered(schema: SchemaNode, children: Mapping[str, Child]) -> dict[str, Child]:
    """Return `children` in the order of `schema`."""
    nodes = schema.children
    return dict(sorted(children.items(), key=lambda item: nodes[item[0]].position))


def is_empty(child: Child) -> bool:
    """Return whether `child` says nothing: a container without presence and without children, or a list without entries."""
    if isinstance(child, Node):
        return not child.children and child.schema.kind == "container" and not child.schema.presence
    if isinstance(child, (Entries, tuple)):
        return not child
    return False


class Entries:
    """The entries of one list, by key: sorted if the list is ordered by system, otherwise as the user has them.

    RFC 7950 section 7.7.7 wants the same order for the same data however it came about; sorting gives it.
    """

    __slots__ = ("_bounds", "_chunks", "schema", "sums")

    def __init__(self, schema: SchemaNode, entries: Mapping[Key, Node] | Iterable[tuple[Key, Node]] = ()) -> None:
        """Hold `entries`, in any order if the list is ordered by system; a later one replaces one of the same key."""
        self.schema = schema
        self.sums: tuple[tuple[int, int] | None, ...] | None = None
        """What stands for the content of each chunk, as far as somebody has asked for it (`yang.etags`)."""
        chunk = dict(entries)
        if len(chunk) > 1 and self._is_sorted:
            chunk = dict(sorted(chunk.items(), key=lambda item: self._order(item[0])))
        self._chunks = _split(chunk)
        self._bounds: tuple[Any, ...] = ()
        if len(self._chunks) > 1 and self._is_sorted:
            self._bounds = tuple(map(self._first, self._chunks))

    def get(self, key: Key) -> Node | None:
        """Return the entry of `key`, or None."""
        chunks = self._chunks
        if len(chunks) > 1:
            return chunks[self._chunk_of(key)].get(key)
        return chunks[0].get(key) if chunks else None

    def __getitem__(self, key: Key) -> Node:
        entry = self.get(key)
        if entry is None:
            raise KeyError(key)
        return entry

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and self.get(key) is not None

    def __len__(self) -> int:
        return sum(map(len, self._chunks))

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk

    def values(self) -> Iterator[Node]:
        """Yield the entries in order."""
        for chunk in self._chunks:
            yield from chunk.values()

    def items(self) -> Iterator[tuple[Key, Node]]:
        """Yield keys and entries in order."""
        for chunk in self._chunks:
            yield from chunk.items()

    @property
    def chunks(self) -> tuple[dict[Key, Node], ...]:
        """The entries in order, in pieces; trees that come from one another share most of them."""
        return self._chunks

    def updated(self, changes: Mapping[Key, Node | None]) -> Entries:
        """Return these entries with those of `changes` put in, or taken out where None; new ones of a user's list go last."""
        chunks = self._chunks or ({},)
        touched: dict[int, dict[Key, Node]] = {}
        fresh: dict[int, dict[Key, Node]] = {}
        for key, node in changes.items():
            index = self._chunk_of(key)
            if key in chunks[index]:
                chunk = touched.get(index)
                if chunk is None:
                    chunk = touched[index] = dict(chunks[index])
                if node is None:
                    del chunk[key]
                else:
                    chunk[key] = node
            elif node is not None:
                fresh.setdefault(index, {})[key] = node
        for index, new in fresh.items():
            touched[index] = self._merged(touched.get(index, chunks[index]), new)
        pieces: list[dict[Key, Node]] = []
        bounds: list[Any] = []
        sums: list[tuple[int, int] | None] = []
        for index, chunk in enumerate(chunks):
            if index in touched:
                split = _split(touched[index])
                pieces.extend(split)
                bounds.extend(map(self._first, split))
                sums.extend([None] * len(split))
            elif chunk:
                pieces.append(chunk)
                bounds.append(self._bounds[index] if self._bounds else None)
                sums.append(self.sums[index] if self.sums is not None else None)
        result = self._of(tuple(pieces), tuple(bounds))
        if self.sums is not None:
            result.sums = tuple(sums)
        return result

    def rebuilt(self, change: Callable[[dict[Key, Node]], dict[Key, Node]]) -> Entries:
        """Return these entries with each of `chunks` made what `change` makes of it, which may leave out and replace entries."""
        changed = tuple(map(change, self._chunks))
        if all(new is old for new, old in zip(changed, self._chunks, strict=True)):
            return self
        kept = tuple(chunk for chunk in changed if chunk)
        return self._of(kept, tuple(map(self._first, kept)))

    def moved(self, key: Key, node: Node, before: Key | None, *, first: bool = False) -> Entries:
        """Return a user's list with `node` put before the entry `before`, at the front if `first`, otherwise last."""
        rest = [(other, entry) for other, entry in self.items() if other != key]
        index = len(rest)
        if first:
            index = 0
        elif before is not None:
            index = next(index for index, (other, _) in enumerate(rest) if other == before)
        rest.insert(index, (key, node))
        return Entries(self.schema, rest)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Entries):
            return NotImplemented
        if self.schema.user_ordered:
            return list(self.items()) == list(other.items())
        shared = {id(chunk) for chunk in self.chunks} & {id(chunk) for chunk in other.chunks}
        mine, its = (
            {key: entry for chunk in entries.chunks if id(chunk) not in shared for key, entry in chunk.items()}
            for entries in (self, other)
        )
        return mine == its

    __hash__ = None  # type: ignore[assignment]  # as for Node

    def __repr__(self) -> str:
        return f"Entries({self.schema.path()}: {len(self)})"

    @property
    def _is_sorted(self) -> bool:
        return bool(self.schema.keys) and not self.schema.user_ordered

    def _order(self, key: Key) -> Any:
        children = self.schema.children
        if len(key) == 1:
            return children[self.schema.keys[0]].type.order(key[0])
        return tuple([children[name].type.order(value) for name, value in zip(self.schema.keys, key, strict=True)])

    def _first(self, chunk: dict[Key, Node]) -> Any:
        return self._order(next(iter(chunk))) if self._is_sorted else None

    def _of(self, chunks: tuple[dict[Key, Node], ...], bounds: tuple[Any, ...]) -> Entries:
        new = Entries(self.schema)
        new._chunks = chunks
        new._bounds = bounds if len(chunks) > 1 and self._is_sorted else ()
        return new

    def _chunk_of(self, key: Key) -> int:
        """Return the index of the chunk that has `key`, or that it belongs in."""
        if self._bounds:
            return max(bisect_right(self._bounds, self._order(key)) - 1, 0)
        last = len(self._chunks) - 1
        return next((index for index, chunk in enumerate(self._chunks) if key in chunk), max(last, 0))

    def _merged(self, chunk: dict[Key, Node], new: dict[Key, Node]) -> dict[Key, Node]:
        items = [*chunk.items(), *new.items()]
        if not self._is_sorted:
            return dict(items)
        if len(new) > len(chunk) // 16:
            items.sort(key=lambda item: self._order(item[0]))
            return dict(items)
        items = list(chunk.items())
        for item in new.items():
            place = bisect_left(items, self._order(item[0]), key=lambda other: self._order(other[0]))
            items.insert(place, item)
        return dict(items)


def _split(chunk: dict[Key, Node]) -> tuple[dict[Key, Node], ...]:
    if len(chunk) <= 2 * CHUNK:
        return (chunk,) if chunk else ()
    items = list(chunk.items())
    return tuple(dict(items[start : start + CHUNK]) for start in range(0, len(items), CHUNK))
