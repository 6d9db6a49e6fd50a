"""Locks on parts of running (RFC 5717): nodes that only the session which has locked them may change.

The nodes that are locked stand in a tree of their own, so that a commit is judged by walking what it changes and what is
locked side by side: neither the configuration nor the number of locks elsewhere matters.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, cast

from datastore.errors import InUse, LockDenied, ResourceDenied, UnknownLock
from yang.diff import changes, entry_changes, moved
from yang.path import Path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from datastore.commits import Author
    from yang.path import XPath
    from yang.schema import SchemaNode
    from yang.tree import Child, Key
    from yang.values import Value

MOST = 10_000
"""Nodes that may be locked at once, by all sessions together."""


class PartialLock(NamedTuple):
    """One lock, as it is now."""

    lock_id: int
    session_id: int
    time: float
    """When it was taken, in seconds since 1970, UTC."""
    select: tuple[XPath, ...]
    """The expressions that the session gave."""
    nodes: tuple[Path, ...]
    """What is locked of what they named: nodes that its session has deleted since are not."""


class _Lock:
    """A lock with the places of its nodes."""

    def __init__(self, lock_id: int, session_id: int, select: Sequence[XPath]) -> None:
        self.id = lock_id
        self.session_id = session_id
        self.time = time.time()
        self.select = tuple(select)
        self.scope: dict[Path, _Place] = {}


class _Place:
    """A node that is locked, or that leads to one."""

    __slots__ = ("below", "locks", "schema")

    def __init__(self, schema: SchemaNode) -> None:
        self.schema = schema
        self.locks: set[_Lock] = set()
        self.below: dict[str, dict[Key | None, _Place]] = {}

    def holders(self) -> Iterator[_Lock]:
        """Yield the locks on this node, and on all below it."""
        yield from self.locks
        for places in self.below.values():
            for place in places.values():
                yield from place.holders()


class _Touched(NamedTuple):
    """A locked node that is not the same before and after."""

    path: Path
    place: _Place
    is_there: bool


class PartialLocks:
    """The partial locks of all sessions. Any thread may ask."""

    def __init__(self) -> None:
        """Have none."""
        self._mutex = threading.Lock()
        self._locks: dict[int, _Lock] = {}
        self._last_id = 0
        self._top: _Place | None = None
        self._seen: Node | None = None
        self._are_aside = False

    def take(self, session_id: int, paths: Collection[Path], select: Sequence[XPath], running: Node) -> int:
        """Lock the nodes at `paths` of `running` for a session, which named them by `select`, and return the lock's number.

        Raises:
            LockDenied: Another session has locked one of them, or what is above or below it; nothing is locked then.
            ResourceDenied: There would be too many nodes.
        """
        with self._mutex:
            self._follow(running)
            for path in paths:
                self._refuse_lock(path, session_id)
            count = sum(len(lock.scope) for lock in self._locks.values())
            if count + len(paths) > MOST:
                raise ResourceDenied(f"{count} nodes are locked, and {len(paths)} more would be over {MOST}")
            self._last_id += 1
            lock = self._locks[self._last_id] = _Lock(self._last_id, session_id, select)
            for path in paths:
                place = lock.scope[path] = self._place(path)
                place.locks.add(lock)
            self._seen = running
            return lock.id

    def give_back(self, lock_id: int | None, session_id: int) -> None:
        """Unlock what a lock of the session covers; what other locks cover as well stays locked.

        Raises:
            UnknownLock: The session has no such lock.
        """
        with self._mutex:
            lock = self._locks.get(lock_id) if lock_id is not None else None
            if lock is None or lock.session_id != session_id:
                raise UnknownLock(f"lock-id: this session has no lock {lock_id}", info=(("bad-element", "lock-id"),))
            self._drop(lock)

    def give_all_back(self, session_id: int) -> None:
        """Unlock what a session has locked."""
        with self._mutex:
            for lock in [lock for lock in self._locks.values() if lock.session_id == session_id]:
                self._drop(lock)

    def refuse_global_lock(self) -> None:
        """Raise an error if any session, the one that asks among them, has a lock (RFC 5717 section 2.5).

        Raises:
            LockDenied: One has.
        """
        with self._mutex:
            lock = next(iter(self._locks.values()), None)
        if lock is not None:
            raise LockDenied(
                f"running is partly locked by session {lock.session_id}", info=(("session-id", str(lock.session_id)),)
            )

    def refuse_change(self, before: Node, after: Node, author: Author) -> None:
        """Raise an error if running, as it is `before`, may not become `after` by a commit of `author`.

        Raises:
            InUse: That would change a node that another session has locked, or something below one.
        """
        with self._mutex:
            if not self._locks:
                return
            self._follow(before)
            if self._top is None or self._are_aside:
                return
            # whoever has scheduled a commit may have gone long ago, and somebody else its number
            own = author.session_id if author.schedule_id is None else None
            for touched in _touched(self._top, before, after, None):
                for lock in touched.place.locks:
                    if lock.session_id != own:
                        raise InUse(
                            f"{touched.path.schema.name} is locked by session {lock.session_id}",
                            touched.path,
                            app_tag="locked",
                            info=(("session-id", str(lock.session_id)),),
                        )

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Have no change refused meanwhile: what a confirmed commit did, which no lock can be newer than, is taken back."""
        self._are_aside = True
        try:
            yield
        finally:
            self._are_aside = False

    def listed(self, running: Node) -> list[PartialLock]:
        """Return the locks, oldest first."""
        with self._mutex:
            self._follow(running)
            return [
                PartialLock(lock.id, lock.session_id, lock.time, lock.select, tuple(lock.scope))
                for lock in self._locks.values()
            ]

    def _follow(self, running: Node) -> None:
        """Take out of the locks what was deleted since somebody last looked; only its owner can have done that.

        Every commit looks before it changes anything, so that what is made anew is not locked.
        """
        if self._top is None or self._seen is None or self._seen is running:
            return
        gone = [one for one in _touched(self._top, self._seen, running, None) if not one.is_there]
        for path, place, _ in gone:
            for lock in list(place.locks):
                self._remove(lock, path)
        self._seen = running

    def _refuse_lock(self, path: Path, session_id: int) -> None:
        place = self._top
        for step in path.steps():
            place = place.below.get(step.schema.qname, {}).get(step.key) if place is not None else None
            if place is None:
                return
            self._refuse_holders(place.locks, path, session_id)
        if place is not None:
            self._refuse_holders(place.holders(), path, session_id)

    def _refuse_holders(self, locks: Iterator[_Lock] | set[_Lock], path: Path, session_id: int) -> None:
        for lock in locks:
            if lock.session_id != session_id:
                raise LockDenied(
                    f"{path} is locked by session {lock.session_id}, or partly so",
                    info=(("session-id", str(lock.session_id)),),
                )

    def _place(self, path: Path) -> _Place:
        steps = path.steps()
        place = self._top
        if place is None:
            place = self._top = _Place(steps[0].schema.schema.root)
        for step in steps:
            places = place.below.setdefault(step.schema.qname, {})
            if step.key not in places:
                places[step.key] = _Place(step.schema)
            place = places[step.key]
        return place

    def _drop(self, lock: _Lock) -> None:
        for path in list(lock.scope):
            self._remove(lock, path)
        del self._locks[lock.id]
        if not self._locks:
            self._top = self._seen = None

    def _remove(self, lock: _Lock, path: Path) -> None:
        """Take a node out of a lock, and places that lead to no locked node any more out of the tree."""
        lock.scope.pop(path).locks.discard(lock)
        place = self._top
        way = []
        for step in path.steps():
            if place is None:
                return
            way.append((place, step))
            place = place.below.get(step.schema.qname, {}).get(step.key)
        for above, step in reversed(way):
            places = above.below.get(step.schema.qname, {})
            found = places.get(step.key)
            if found is None or found.locks or found.below:
                return
            del places[step.key]
            if not places:
                del above.below[step.schema.qname]


def _touched(place: _Place, before: Node | None, after: Node | None, path: Path | None) -> Iterator[_Touched]:
    """Yield the locked nodes below `place` that are not the same in the two nodes there; None stands for no node."""
    if before is after:
        return
    for name, places in list(place.below.items()):
        old = before.children.get(name) if before is not None else None
        new = after.children.get(name) if after is not None else None
        if old is new and before is not None and after is not None:
            continue
        schema = next(iter(places.values())).schema
        if schema.kind == "list":
            yield from _touched_entries(schema, places, cast("Entries | None", old), cast("Entries | None", new), path)
            continue
        for key, below in list(places.items()):
            here = Path(path, schema, key)
            if schema.kind == "container":
                yield from _touched_container(below, old, new, here, is_gone=after is None)
            elif key is not None:
                was, is_now = _has(old, key[0]), _has(new, key[0])
                if was is not is_now:
                    yield _Touched(here, below, is_now)
            elif old != new or old.__class__ is not new.__class__:
                is_there = new is not None or (after is not None and schema.default is not None)
                yield _Touched(here, below, is_there)


def _has(values: Child | None, value: Value) -> bool:
    return any(
        one == value and one.__class__ is value.__class__ for one in cast("tuple[Value, ...] | None", values) or ()
    )


def _touched_entries(
    schema: SchemaNode,
    places: dict[Key | None, _Place],
    old: Entries | None,
    new: Entries | None,
    path: Path | None,
) -> Iterator[_Touched]:
    for key, before, after in entry_changes(old, new):
        place = places.get(key)
        if place is not None:
            yield from _touched_node(place, before, after, Path(path, schema, key))
    if schema.user_ordered and old is not None and new is not None:
        for key in moved(old, new):
            place = places.get(key)
            if place is not None and place.locks and key in old and old[key] == new[key]:
                yield _Touched(Path(path, schema, key), place, is_there=True)


def _touched_container(
    place: _Place, old: Child | None, new: Child | None, path: Path, *, is_gone: bool
) -> Iterator[_Touched]:
    before, after = cast("Node | None", old), cast("Node | None", new)
    if not place.schema.presence and not is_gone:
        # a container without presence is there with what it is in (RFC 7950 section 7.5.1)
        nothing = Node(place.schema, {})
        before, after = before or nothing, after or nothing
    yield from _touched_node(place, before, after, path)


def _touched_node(place: _Place, before: Node | None, after: Node | None, path: Path) -> Iterator[_Touched]:
    is_other = before is None or after is None or next(changes(before, after), None) is not None
    if place.locks and is_other:
        yield _Touched(path, place, after is not None)
    if is_other:
        yield from _touched(place, before, after, path)
