"""Drafts: what a configuration is written in from Python, before it is a tree.

A draft is written through the views of the bindings, and checks each value against its type at once. What it was made from
stays as it was; what it did not touch is shared with the tree that it gives. A view of a draft stands for a place: what it
shows may come, go and come back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from yang.errors import BadElement, InvalidValue, UnknownElement
from yang.path import Path
from yang.references import way_down
from yang.tree import Entries, Node, is_empty, ordered
from yang.typed import typed
from yang.types import LeafrefType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yang.schema import Schema, SchemaNode
    from yang.tree import Child, Key

Inner: TypeAlias = "DraftNode | DraftEntries"


class DraftNode:
    """A container, a list entry or the top of a tree, as it is being written; `children` has the leaves, as in a `Node`."""

    __slots__ = ("_inner", "_parent", "children", "is_changed", "is_there", "key", "original", "schema")

    def __init__(
        self, schema: SchemaNode, original: Node | None, parent: DraftNode | DraftEntries | None, key: Key | None = None
    ) -> None:
        """Start from `original`, or from what is not there."""
        self.schema = schema
        self.key = key
        self.children: dict[str, Child] = dict(original.children) if original is not None else self._keys()
        self.is_there = original is not None
        """Whether it has been written, or was there before; a container without presence may still be empty."""
        self.original = original
        self._parent = parent
        self._inner: dict[str, Inner] = {}
        self.is_changed = False

    @property
    def exists(self) -> bool:
        """Whether the tree will have this node."""
        if not self.is_there or self._is_itself:
            return self.is_there
        return any(
            self._inner[name].exists if name in self._inner else True for name in self.children.keys() | self._inner
        )

    def path(self) -> Path | None:
        """Return where this is; None at the top."""
        if self._parent is None:
            return None
        above = self._parent if isinstance(self._parent, DraftNode) else self._parent.parent
        return Path(above.path(), self.schema, self.key)

    def open(self, name: str) -> Inner:
        """Return the draft of the container or list `name`.

        Raises:
            RequestError: The model has none here, or it is state.
        """
        found = self._inner.get(name)
        if found is None:
            schema, child = self._child(name), self.children.get(name)
            if schema.kind == "list":
                found = DraftEntries(schema, child if isinstance(child, Entries) else None, self)
            else:
                found = DraftNode(schema, child if isinstance(child, Node) else None, self)
            self._inner[name] = found
        return found

    def put(self, name: str, value: object) -> None:
        """Give the leaf `name` a value.

        Raises:
            RequestError: The value is not of the leaf's type, or there is no such leaf to be written.
        """
        schema = self._leaf(name)
        found = typed(schema, value, self.path())
        self.touch()
        self.settle(schema)
        self.children[name] = found

    def put_all(self, name: str, values: Iterable[object]) -> None:
        """Give the leaf-list `name` its values; none of them takes it away.

        Raises:
            RequestError: As for `put`; or a value is given twice.
        """
        schema = self._leaf(name)
        if isinstance(values, (str, bytes)):
            raise InvalidValue(f"{values!r} is one value, not several", Path(self.path(), schema))
        found = [typed(schema, value, self.path()) for value in values]
        known: set[tuple[type, object]] = set()
        for value in found:
            if (value.__class__, value) in known:
                raise InvalidValue(f"{value!r} is given twice", Path(self.path(), schema), app_tag="data-not-unique")
            known.add((value.__class__, value))
        if not found:
            self.remove(name)
            return
        self.touch()
        self.settle(schema)
        self.children[name] = tuple(found if schema.user_ordered else sorted(found, key=schema.type.order))

    def remove(self, name: str) -> None:
        """Take away the child `name`, if it is there.

        Raises:
            RequestError: It is a key, or the model has no such child.
        """
        self._child(name)
        self._refuse_key(name)
        self._drop(name)

    def create(self) -> None:
        """Make this node be there: a presence container or a list's entry.

        Raises:
            BadElement: It is a container without presence, which is there when something is in it.
        """
        if not self._is_itself:
            raise BadElement("is a container without presence: it is there when something is in it", self.path())
        self.touch()

    def clear(self) -> None:
        """Take this node away, with all below it."""
        for inner in self._inner.values():
            inner.clear()
        self.children = self._keys()
        self.original, self.is_there = None, False
        self.mark()

    def touch(self) -> None:
        """Note that something is written here: so what is above is there as well, and other cases are not."""
        if self.is_there and self.is_changed:
            return
        is_new, self.is_there = not self.is_there, True
        self.mark()
        if isinstance(self._parent, DraftNode):
            self._parent.touch()
            self._parent.settle(self.schema)
        elif self._parent is not None and self.key is not None:
            self._parent.touch(self.key)
            if is_new:
                self._name_itself()

    def mark(self) -> None:
        """Note that this differs from what it was made from."""
        if not self.is_changed:
            self.is_changed = True
            if self._parent is not None:
                self._parent.mark()

    def frozen(self) -> Node | None:
        """Return this as a node of a tree, or None if it is not there."""
        if not self.is_there:
            return None
        if not self.is_changed:
            return self.original
        children = dict(self.children)
        for name, inner in self._inner.items():
            child = inner.frozen()
            if child is None or is_empty(child):
                children.pop(name, None)
            else:
                children[name] = child
        return Node(self.schema, ordered(self.schema, children))

    @property
    def _is_itself(self) -> bool:
        """Whether this can be there with nothing in it."""
        return self.schema.kind != "container" or self.schema.presence

    def _keys(self) -> dict[str, Child]:
        return dict(zip(self.schema.keys, self.key or (), strict=True)) if self.key is not None else {}

    def _child(self, name: str) -> SchemaNode:
        schema = self.schema.children.get(name)
        if schema is None:
            raise UnknownElement(f"there is no {name} here", self.path())
        if not schema.config:
            raise BadElement(f"{name} is state, not configuration", self.path())
        return schema

    def _leaf(self, name: str) -> SchemaNode:
        schema = self._child(name)
        self._refuse_key(name)
        if schema.kind not in ("leaf", "leaf-list"):
            raise BadElement(f"{schema.kind} {name} cannot be written in a draft", self.path())
        return schema

    def _drop(self, name: str) -> None:
        inner = self._inner.get(name)
        if inner is not None:
            inner.clear()
        if self.children.pop(name, None) is not None:
            self.mark()

    def _refuse_key(self, name: str) -> None:
        if name in self.schema.keys:
            raise BadElement(f"{name} is a key: the mapping's key tells its value", self.path())

    def settle(self, schema: SchemaNode) -> None:
        """Take away what is of another case than `schema`, in any choice that it stands in."""
        chosen = dict(schema.cases)
        if chosen:
            for name in [*self.children, *self._inner]:
                if any(chosen.get(choice, case) != case for choice, case in self.schema.children[name].cases):
                    self._drop(name)

    def _name_itself(self) -> None:
        """Write the leaves in this entry that its keys refer to, as OpenConfig's `name` refers to `config/name`."""
        for name, value in zip(self.schema.keys, self.key or (), strict=True):
            node = self
            for child in _named_by(self.schema.children[name]):
                if child.kind == "leaf":
                    node.touch()
                    node.children[child.qname] = value
                else:
                    node = cast("DraftNode", node.open(child.qname))


class DraftEntries:
    """The entries of a list, as they are being written."""

    __slots__ = ("_open", "is_changed", "original", "parent", "schema")

    def __init__(self, schema: SchemaNode, original: Entries | None, parent: DraftNode) -> None:
        """Start from `original`."""
        self.schema = schema
        self.parent = parent
        self.original = original
        self._open: dict[Key, DraftNode] = {}
        self.is_changed = False

    @property
    def exists(self) -> bool:
        """Whether there is any entry."""
        return next(iter(self), None) is not None

    def __contains__(self, key: Key) -> bool:
        found = self._open.get(key)
        return found.is_there if found is not None else self.original is not None and key in self.original

    def __iter__(self) -> Iterator[Key]:
        """Yield the keys of the entries that are there: those that were before, then the new ones."""
        for key in self.original or ():
            if key in self:
                yield key
        for key, entry in self._open.items():
            if entry.is_there and (self.original is None or key not in self.original):
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def key(self, values: tuple[object, ...]) -> Key:
        """Return the key that `values` are.

        Raises:
            InvalidValue: They are too few, too many, or not of the types of the list's keys.
        """
        names, path = self.schema.keys, Path(self.parent.path(), self.schema)
        if len(values) != len(names):
            raise InvalidValue(f"{values!r} are not the keys {' '.join(names)}", path)
        return tuple(typed(self.schema.children[name], value, path) for name, value in zip(names, values, strict=True))

    def open(self, values: tuple[object, ...]) -> DraftNode:
        """Return the draft of an entry, which is there as soon as it is written."""
        key = self.key(values)
        found = self._open.get(key)
        if found is None:
            original = self.original.get(key) if self.original is not None else None
            found = self._open[key] = DraftNode(self.schema, original, self, key)
        return found

    def remove(self, values: tuple[object, ...]) -> None:
        """Take an entry away.

        Raises:
            KeyError: It is not there.
            InvalidValue: As for `key`.
        """
        if self.key(values) not in self:
            raise KeyError(values)
        self.open(values).clear()

    def clear(self) -> None:
        """Take all entries away."""
        for key in list(self):
            self.open(key).clear()

    def touch(self, key: Key) -> None:
        """Note that the entry `key` is written; a new one is the last so far."""
        if self.original is None or key not in self.original:
            self._open[key] = self._open.pop(key)
        self.mark()
        self.parent.touch()
        self.parent.settle(self.schema)

    def mark(self) -> None:
        """Note that an entry is not as it was."""
        if not self.is_changed:
            self.is_changed = True
            self.parent.mark()

    def frozen(self) -> Entries | None:
        """Return these as the entries of a tree, or None if there are none."""
        if not self.is_changed:
            return self.original
        found = self.original if self.original is not None else Entries(self.schema)
        # what has gone and come back stands last in a list ordered by the user
        found = found.updated(
            {key: None for key, entry in self._open.items() if entry.is_changed and not entry.original}
        )
        return found.updated({key: entry.frozen() for key, entry in self._open.items() if entry.is_changed})


class Draft(DraftNode):
    """A whole configuration that is being written: `Data(draft)` is the view to write it through."""

    __slots__ = ()

    def __init__(self, start: Schema | Node) -> None:
        """Start from the tree `start`, which stays as it is, or from nothing with that schema."""
        root = start if isinstance(start, Node) else None
        super().__init__(start.schema if isinstance(start, Node) else start.root, root, None)
        self.is_there = True

    def tree(self) -> Node:
        """Return what has been written so far, as a tree."""
        found = self.frozen()
        return found if found is not None else Node(self.schema, {})

    def edit(self) -> str:
        """Return a `<config>` for edit-config: what leads from the tree at the start to what is written now.

        Where the draft started from a tree, the edit creates what is new, and deletes what is gone, and so fails where
        somebody else has done so meanwhile; where it started from nothing, it merges.
        """
        from yang.diff import difference, in_config  # noqa: PLC0415 - printing is not needed for reading
        from yang.xmlio import print_children  # noqa: PLC0415 - likewise

        tree = self.tree()
        return in_config(print_children(tree) if self.original is None else difference(self.original, tree))


def _named_by(key: SchemaNode) -> list[SchemaNode]:
    """Return the schema nodes on the way to the leaf that `key` refers to, if that is further down in the same entry."""
    if not isinstance(key.type, LeafrefType):
        return []
    way = way_down(key, key.schema.expression(key.type.path).tree)
    return way if len(way) > 1 and all(node.config for node in way) else []
