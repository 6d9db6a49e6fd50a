"""The operational view: running, what is applied of it, and what the systems say of themselves (RFC 6241 section 7.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from yang.filter import keys_wanted, may_select, select
from yang.path import Path
from yang.tree import Entries, Node, ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from lxml.etree import _Element

    from backends.state import ObjectKey, StateSource
    from yang.schema import Schema, SchemaNode
    from yang.tree import Child, Key
    from yang.values import Value

    State: TypeAlias = Mapping[ObjectKey, Mapping[str, Value]]
    Reading: TypeAlias = Callable[[StateSource, Collection[ObjectKey] | None], State]


def _read(source: StateSource, keys: Collection[ObjectKey] | None) -> State:
    return source.read(keys)


class Operational:
    """Brings configuration and state together for reading."""

    def __init__(self, schema: Schema, sources: Sequence[StateSource], read: Reading = _read) -> None:
        """Take state from `sources` by `read`; where several give a leaf, the first one is believed."""
        self._schema = schema
        self._read = read
        self._sources = [(source, way) for source in sources if (way := _way(schema, source.path))]

    def view(self, running: Node, deferred: Collection[Path], wanted: Sequence[_Element] | None) -> Node:
        """Return configuration and state as far as the filter elements `wanted` select them, all if that is None.

        Only what the filter can select is asked for. Of objects at `deferred`, which are not applied, no state mirrors
        the configuration.
        """
        tree = self.gathered(running, deferred, wanted)
        return tree if wanted is None else select(tree, wanted)

    def gathered(self, running: Node, deferred: Collection[Path], wanted: Sequence[_Element] | None) -> Node:
        """Return what `view` does before anything is selected of it: all that the filter can select, and perhaps more."""
        root = self._schema.root
        children: dict[str, Any] = {}
        for name, child in running.children.items():
            schema = root.children[name]
            if wanted is None or any(element.tag in (schema.tag, schema.name) for element in wanted):
                narrow = _narrowed(cast("Node", child), wanted, schema)
                children[name] = _mirrored(narrow, Path(None, schema), deferred)
        tree = Node(root, children)
        for source, way in reversed(self._sources):
            tree = self._with_state(tree, source, way, wanted)
        return tree

    def _with_state(
        self, tree: Node, source: StateSource, way: list[SchemaNode], wanted: Sequence[_Element] | None
    ) -> Node:
        if wanted is not None and not may_select(wanted, way):
            return tree
        lists = [number for number, schema in enumerate(way, 1) if schema.kind == "list"]
        is_nested = len(lists) > 1
        keys: Collection[ObjectKey] | None = None
        if wanted is not None and lists:
            keys = keys_wanted(wanted, way[: lists[0]])
            if is_nested and keys is not None:
                keys = {(key,) for key in keys}
        read = self._read(source, keys)
        found: Mapping[ObjectKey, Mapping[str, Value]] = read
        if len(lists) == 1:
            found = {(key,): leaves for key, leaves in read.items()}
        if source.missing and lists:
            missing = {
                keys: source.missing_of(keys if is_nested else keys[0])
                for keys, node in _configured(tree, way)
                if keys not in found and _has_no_state(node, source)
            }
            found = {**found, **{keys: leaves for keys, leaves in missing.items() if leaves}}
        return _put(tree, way, found) if found else tree


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


def _narrowed(node: Node, wanted: Sequence[_Element] | None, schema: SchemaNode) -> Node:
    """Return a top-level container with only those entries of its lists that a filter can select."""
    if wanted is None:
        return node
    children: dict[str, Any] = {}
    for name, child in node.children.items():
        keys = keys_wanted(wanted, [schema, node.schema.children[name]]) if isinstance(child, Entries) else None
        if keys is not None:
            entries = cast("Entries", child)
            found = {key: entry for key in keys if (entry := entries.get(key)) is not None}
            children[name] = Entries(entries.schema, found)
        else:
            children[name] = child
    return Node(node.schema, children)


def _mirrored(node: Node, path: Path | None, deferred: Collection[Path]) -> Node:
    """Return `node` with a `state` beside each `config`, of the leaves that both have."""
    schemas = node.schema.children
    children: dict[str, Any] = dict(node.children)
    is_inner = False
    for name, child in node.children.items():
        if isinstance(child, Node):
            is_inner = True
            children[name] = _mirrored(child, Path(path, schemas[name]) if deferred else None, deferred)
        elif isinstance(child, Entries):
            is_inner = True
            schema = schemas[name]
            children[name] = Entries(
                child.schema,
                {
                    key: _mirrored(entry, Path(path, schema, key) if deferred else None, deferred)
                    for key, entry in child.items()
                },
            )
    if not is_inner:
        return node
    for name, child in node.children.items():
        schema = schemas[name]
        state = schemas.get(name.replace("config", "state")) if schema.name == "config" else None
        if state is None or not isinstance(child, Node) or (deferred and path in deferred):
            continue
        known = state.children
        applied: dict[str, Child] = {
            leaf: value
            for leaf, value in child.children.items()
            if leaf in known and not isinstance(value, (Node, Entries))
        }
        if applied:
            children[state.qname] = Node(state, ordered(state, applied))
    return Node(node.schema, ordered(node.schema, children))


def _configured(
    node: Node, way: list[SchemaNode], keys: tuple[Key, ...] = ()
) -> Iterator[tuple[tuple[Key, ...], Node]]:
    """Yield the objects at the end of `way` that are there, each with the keys of the list entries on the way to it."""
    if not way:
        yield keys, node
        return
    child: Any = node.children.get(way[0].qname)
    if isinstance(child, Entries):
        for key, entry in child.items():
            yield from _configured(entry, way[1:], (*keys, key))
    elif child is not None:
        yield from _configured(child, way[1:], keys)


def _has_no_state(node: Any, source: StateSource) -> bool:
    """Return whether no other source has told of an object."""
    leaf = next(iter(source.missing))
    for name in leaf.split("/"):
        node = node.children.get(name) if isinstance(node, Node) else None
    return node is None


def _put(node: Node, way: list[SchemaNode], found: Mapping[ObjectKey, Mapping[str, Value]]) -> Node:
    """Return `node` with the leaves `found` of the objects at the end of `way`, by the keys of the entries on the way."""
    if not way:
        return _with_leaves(node, found.get((), {}))
    schema, rest = way[0], way[1:]
    child: Any = node.children.get(schema.qname)
    if schema.kind == "list":
        entries: Entries = child if child is not None else Entries(schema)
        below: dict[Key, dict[ObjectKey, Mapping[str, Value]]] = {}
        for keys, leaves in found.items():
            below.setdefault(keys[0], {})[keys[1:]] = leaves
        changed = {}
        for key, inner in below.items():
            entry = entries.get(key) or Node(schema, dict(zip(schema.keys, key, strict=True)))
            changed[key] = _put(entry, rest, inner)
        child = entries.updated(changed)
    else:
        child = _put(child if child is not None else Node(schema, {}), rest, found)
    return node.replacing(schema.qname, child)


def _with_leaves(node: Node, leaves: Mapping[str, Value]) -> Node:
    """Return `node` with `leaves`, given by their paths below it, as far as the schema has them."""
    children: dict[str, Any] = dict(node.children)
    nested: dict[str, dict[str, Value]] = {}
    for path, value in leaves.items():
        name, _, rest = path.partition("/")
        if name not in node.schema.children:
            continue
        if rest:
            nested.setdefault(name, {})[rest] = value
        else:
            children[name] = value
    for name, inner in nested.items():
        child = children.get(name) or Node(node.schema.children[name], {})
        child = _with_leaves(child, inner)
        if child.children:
            children[name] = child
    return Node(node.schema, ordered(node.schema, children))
