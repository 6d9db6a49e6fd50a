"""Lists and leaf-lists under edit: what is put into them, and where."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from yang.tree import Entries

if TYPE_CHECKING:
    from yang.schema import SchemaNode
    from yang.tree import Child, Key
    from yang.values import Value

Place: TypeAlias = tuple[str, "Key | None"]
"""Where an entry goes (RFC 7950 section 7.8.6): `first`, `last`, or `before` or `after` the one with a key."""


class ListEdit:
    """What one edit does to one list or leaf-list; an entry or a value under its key, which is None if it goes."""

    def __init__(self, schema: SchemaNode, old: Entries | tuple[Value, ...] | None) -> None:
        self.schema = schema
        self.entries = old if isinstance(old, Entries) else None
        self.values = dict.fromkeys(old) if isinstance(old, tuple) else {}
        self.old = old
        self.given: dict[Key, Any] = {}
        self.places: dict[Key, Place] = {}

    def put(self, key: Key, new: Any, place: Place | None) -> None:
        """Have `new` under `key`, moved to `place` if there is one."""
        self.given[key] = new
        if place is not None:
            self.places[key] = place

    def has(self, key: Key) -> bool:
        """Return whether `key` is there as far as the edit has gone."""
        if key in self.given:
            return self.given[key] is not None
        return key in self.entries if self.entries is not None else bool(key) and key[0] in self.values

    def result(self) -> Child | None:
        """Return the list or leaf-list as edited; the same object if nothing is different."""
        if self.schema.kind == "leaf-list":
            return self._values()
        old = self.entries if self.entries is not None else Entries(self.schema)
        changed = {key: entry for key, entry in self.given.items() if old.get(key) is not entry}
        entries = old.updated(changed) if changed else old
        if self.places:
            moved = self._placed(list(entries))
            if moved != list(entries):
                known = dict(entries.items())
                entries = Entries(self.schema, {key: known[key] for key in moved})
        return entries

    def _values(self) -> tuple[Value, ...]:
        kept = [value for value in self.values if self.given.get((value,), value) is not None]
        kept += [value for (value,), new in self.given.items() if new is not None and value not in self.values]
        if self.places:
            kept = [value for (value,) in self._placed([(value,) for value in kept])]
        elif not self.schema.user_ordered:
            kept.sort(key=self.schema.type.order)
        return cast("tuple[Value, ...]", self.old) if kept == list(self.values) and self.old else tuple(kept)

    def _placed(self, keys: list[Key]) -> list[Key]:
        """Return `keys` with those that have places moved there, one after the other."""
        # a ring of neighbours, closed by None: an edit may move every entry of a long list
        ring: list[Key | None] = [None, *keys, None]
        following = dict(pairwise(ring))
        preceding = {right: left for left, right in pairwise(ring)}
        for key, (place, anchor) in self.places.items():
            left, right = preceding[key], following[key]
            following[left], preceding[right] = right, left
            right = anchor if place in ("before", "last") else following[anchor]
            left = preceding[right]
            following[left] = preceding[right] = key
            following[key], preceding[key] = right, left
        moved: list[Key] = []
        key_or_end = following[None]
        while key_or_end is not None:
            moved.append(key_or_end)
            key_or_end = following[key_or_end]
        return moved
