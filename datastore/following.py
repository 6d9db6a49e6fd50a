"""The operational datastore as far as its changes are told by what they happen to, kept up to date while somebody follows.

Configuration is told of by commits, and by what takes effect later or no longer; state by sources that say which of their
leaves they tell of (`StateSource.told`). Nothing is polled: of what is told of, the objects concerned are read again.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from backends.operation import BackendLost
from datastore.errors import StateUnknown
from datastore.events import DeferralChanged, Sealed, StateChanged
from datastore.operational import Operational
from datastore.origin import in_use, without_guesses
from yang.diff import changes
from yang.path import Path
from yang.tree import Entries, Node
from yang.with_defaults import with_defaults
from yang.xmlio import parse_document, print_leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from lxml.etree import _Element

    from backends.state import ObjectKey, StateSource
    from datastore.operational import Reading
    from yang.schema import Schema, SchemaNode
    from yang.tree import Key

logger = logging.getLogger(__name__)

AGAIN = 1.0
"""Seconds after which what could not be read is read again."""
MANY = 1000
"""Objects of one list that are read one by one; of more, the whole list is read."""


class FollowedState:
    """A tree of the operational datastore without what nobody tells of, and its changes as events."""

    def __init__(
        self,
        schema: Schema,
        sources: Sequence[StateSource],
        read: Reading,
        configured: Callable[[], tuple[Node, Collection[Path]]],
        publish: Callable[[StateChanged], None],
        work: Callable[[Callable[[], None]], None],
        is_wanted: Callable[[], bool],
    ) -> None:
        """Follow those of `sources` that tell, and read them by `read`.

        `configured` gives what is running and the objects of it that are deferred. `publish` is called with each change, by
        what `work` has done in another thread, until what `is_wanted` says is that nobody follows any more.
        """
        self._sources = {source: way for source in sources if source.told and (way := _way(schema, source.path))}
        self.untold = untold(schema, sources)
        """The leaves whose changes nobody tells of."""
        self._operational = Operational(schema, list(self._sources), read)
        self._configured = configured
        self._publish = publish
        self._work = work
        self._is_wanted = is_wanted
        self._followed: set[StateSource] = set()
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._tree: Node | None = None
        self._waiting: list[Callable[[], Iterable[Path | None]]] | None = None
        self._timer: threading.Timer | None = None
        self._is_due = False
        self._is_closed = False

    @property
    def latest(self) -> Node | None:
        """The newest tree, without waiting for anything; None while nobody follows."""
        return self._tree

    def tree(self) -> Node:
        """Return what there is, and publish from now on what becomes of it; that is a `StateChanged` with this tree first.

        Raises:
            StateUnknown: A backend does not answer.
        """
        with self._turn:
            tree = self._tree
            if tree is None:
                with self._lock:
                    self._waiting = []
                try:
                    self._follow()
                    tree = self._tree = self._read(None)
                except BaseException:
                    self._forget()
                    raise
        self._have_read()
        return tree

    def listen(self, event: object) -> None:
        """Take note of what becomes of the configuration; it is only put down."""
        if isinstance(event, Sealed):
            self._touch(lambda: (found.path for found in changes(event.before, event.after)))
        elif isinstance(event, DeferralChanged):
            self._touch(lambda: event.paths)

    def close(self) -> None:
        """Read nothing any more."""
        self._is_closed = True
        with self._turn:
            self._forget()

    def _follow(self) -> None:
        for source in self._sources.keys() - self._followed:
            try:
                source.follow(partial(self._told, source))
            except BackendLost as error:
                raise StateUnknown(f"the state below {source.path} is not known: {error}") from error
            self._followed.add(source)

    def _told(self, source: StateSource, keys: Collection[ObjectKey] | None) -> None:
        way = self._sources[source]
        self._touch(lambda: _objects_of(way, keys))

    def _touch(self, objects: Callable[[], Iterable[Path | None]]) -> None:
        """Have objects read again soon."""
        with self._lock:
            if self._waiting is None:
                return
            self._waiting.append(objects)
        self._have_read()

    def _have_read(self) -> None:
        """Have what waits read, unless that is under way: what comes meanwhile is read after it."""
        with self._lock:
            if not self._waiting or self._tree is None or self._is_due:
                return
            self._is_due = True
        self._work(self._update)

    def _update(self) -> None:
        """Read again what was told of since the last time; later if that cannot be done now."""
        is_done = True
        try:
            is_done = self._has_updated()
        finally:
            if is_done:
                with self._lock:
                    self._is_due = False
                self._have_read()

    def _has_updated(self) -> bool:
        with self._turn:
            before = self._tree
            if before is None or self._is_closed or not self._is_wanted():
                self._forget()
                return True
            with self._lock:
                waiting, self._waiting = self._waiting or [], []
            try:
                objects = {_object(path) for found in waiting for path in found() if path is not None}
                after = _grafted(before, self._read(objects), _by_top(objects))
            except (BackendLost, StateUnknown) as error:
                logger.warning("what was told of cannot be read: %s; it is tried again in %g s", error, AGAIN)
                with self._lock:
                    self._waiting = [*waiting, *(self._waiting or [])]
                self._timer = threading.Timer(AGAIN, lambda: self._work(self._update))
                self._timer.daemon = True
                self._timer.start()
                return False
            if after is not before:
                self._tree = after
                self._publish(StateChanged(time.time(), before, after))
            return True

    def _forget(self) -> None:
        with self._lock:
            self._tree = self._waiting = None
            self._is_due = False
        if self._timer is not None:
            self._timer.cancel()

    def _read(self, objects: Collection[Path] | None) -> Node:
        """Return what is told of some objects, all if that is None, and perhaps of more."""
        running, deferred = self._configured()
        bounds = None if objects is None else _bounds(_by_top(objects))
        found = in_use(self._operational.gathered(running, deferred, bounds), deferred)
        full = without_guesses(with_defaults(found, "report-all", config_only=False), found, running)
        return without(full, self.untold)


def untold(schema: Schema, sources: Iterable[StateSource]) -> frozenset[SchemaNode]:
    """Return the leaves that a source has and does not tell of, and the lists of state of which nothing is told."""
    found: set[SchemaNode] = set()
    for source in sources:
        way = _way(schema, source.path)
        if not way:
            continue
        if not source.told and way[-1].kind == "list" and not way[-1].config:
            found.add(way[-1])
        for leaf in source.leaves:
            if leaf not in source.told and (node := _below(way[-1], leaf)) is not None:
                found.add(node)
    return frozenset(found)


def without(node: Node, dropped: Collection[SchemaNode]) -> Node:
    """Return a node without what is `dropped`, and without containers that have nothing else in them."""
    children: dict[str, Any] = {}
    is_same = True
    for name, child in node.children.items():
        schema = node.schema.children[name]
        if schema in dropped:
            is_same = False
            continue
        kept: Any = child
        if isinstance(child, Node):
            kept = without(child, dropped)
            if not kept.children and child.children and not schema.presence:
                is_same = False
                continue
        elif isinstance(child, Entries):
            kept = child.rebuilt(lambda chunk: _chunk_without(chunk, dropped))
        is_same = is_same and kept is child
        children[name] = kept
    return node if is_same else Node(node.schema, children)


def _chunk_without(chunk: dict[Key, Node], dropped: Collection[SchemaNode]) -> dict[Key, Node]:
    kept = {key: without(entry, dropped) for key, entry in chunk.items()}
    return chunk if all(kept[key] is entry for key, entry in chunk.items()) else kept


def selects_told(wanted: Sequence[_Element] | None, node: SchemaNode, dropped: Collection[SchemaNode]) -> bool:
    """Return whether filter elements can select a leaf below a node that is not `dropped`."""
    if wanted is None:
        return any(_has_told(child, dropped) for child in node.children.values())
    for element in wanted:
        for child in node.children.values():
            if element.tag not in (child.tag, child.name) or child in dropped:
                continue
            # elements with text say which nodes are meant, and select nothing but the keys (RFC 6241 section 6.2.5)
            below = [inner for inner in element if len(inner) or not (inner.text or "").strip()]
            if selects_told(below or None, child, dropped) if child.is_inner else _has_told(child, dropped):
                return True
    return False


def _has_told(node: SchemaNode, dropped: Collection[SchemaNode]) -> bool:
    if node in dropped:
        return False
    return not node.is_inner or any(_has_told(child, dropped) for child in node.children.values())


def _way(schema: Schema, path: str) -> list[SchemaNode]:
    """Return the nodes on the way to a path, or nothing if the schema does not have it."""
    way: list[SchemaNode] = []
    node = schema.root
    for name in path.strip("/").split("/"):
        if name not in node.children:
            return []
        node = node.children[name]
        way.append(node)
    return way


def _below(node: SchemaNode, path: str) -> SchemaNode | None:
    for name in path.split("/"):
        if name not in node.children:
            return None
        node = node.children[name]
    return node


def _objects_of(way: Sequence[SchemaNode], keys: Collection[ObjectKey] | None) -> Iterable[Path]:
    """Yield the paths of what a source tells of, as far as objects are told apart here."""
    top = Path(None, way[0])
    if keys is None or len(way) == 1 or way[1].kind != "list":
        yield top
        return
    is_nested = sum(schema.kind == "list" for schema in way) > 1
    for key in keys:
        yield Path(top, way[1], key[0] if is_nested else key)


def _object(path: Path) -> Path:
    """Return what is read again for a change at a path: the entry of a list in a top-level container, or the top-level node."""
    steps = path.steps()
    is_entry = len(steps) > 1 and steps[1].schema.kind == "list" and not steps[1].schema.user_ordered
    return steps[1] if is_entry else Path(None, steps[0].schema)


def _by_top(objects: Iterable[Path]) -> Mapping[SchemaNode, Mapping[SchemaNode, set[Key]] | None]:
    """Return the keys of objects by their lists by the nodes on top; None for all that is below such a node."""
    found: dict[SchemaNode, dict[SchemaNode, set[Key]] | None] = {}
    for path in objects:
        if path.parent is None:
            found[path.schema] = None
            continue
        lists = found.setdefault(path.parent.schema, {})
        if lists is not None and path.key is not None:
            keys = lists.setdefault(path.schema, set())
            keys.add(path.key)
            if len(keys) > MANY:
                found[path.parent.schema] = None
    return found


def _bounds(objects: Mapping[SchemaNode, Mapping[SchemaNode, set[Key]] | None]) -> list[_Element]:
    """Return elements of a subtree filter that select objects (RFC 6241 section 6)."""
    texts = []
    for top, lists in objects.items():
        entries = "".join(
            f"{schema.open_tag}>{''.join(_key_leaves(schema, key))}{schema.close_tag}"
            for schema, keys in (lists or {}).items()
            for key in keys
        )
        texts.append(f"{top.open_tag}>{entries}{top.close_tag}")
    return list(parse_document(f"<filter>{''.join(texts)}</filter>".encode()))


def _key_leaves(schema: SchemaNode, key: Key) -> Iterable[str]:
    return (print_leaf(schema.children[name], value) for name, value in zip(schema.keys, key, strict=True))


def _grafted(tree: Node, found: Node, objects: Mapping[SchemaNode, Mapping[SchemaNode, set[Key]] | None]) -> Node:
    """Return `tree` with objects as they are in `found`, where they are different; `tree` itself if none is."""
    for top, lists in objects.items():
        new: Any = found.children.get(top.qname)
        old: Any = tree.children.get(top.qname)
        if lists is not None:
            new = _with_entries(old if old is not None else Node(top, {}), new, lists)
        if new is old or (new is not None and old is not None and new == old):
            continue
        is_empty = new is None or (isinstance(new, Node) and not new.children and not top.presence)
        if not is_empty:
            tree = tree.replacing(top.qname, new)
        elif old is not None:
            tree = tree.without(top.qname)
    return tree


def _with_entries(node: Node, found: Node | None, lists: Mapping[SchemaNode, set[Key]]) -> Node:
    for schema, keys in lists.items():
        old = node.children.get(schema.qname)
        entries = old if isinstance(old, Entries) else Entries(schema)
        there = found.children.get(schema.qname) if found is not None else None
        fresh = {key: there.get(key) if isinstance(there, Entries) else None for key in keys}
        changed = {key: entry for key, entry in fresh.items() if entry != entries.get(key)}
        if changed:
            entries = entries.updated(changed)
            node = node.replacing(schema.qname, entries) if len(entries) else node.without(schema.qname)
    return node
