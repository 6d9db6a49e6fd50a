"""What generated bindings are made of: typed views over the nodes of a tree, which they neither copy nor change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from yang.tree import Entries, Node

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V", bound="View")
ViewT = TypeVar("ViewT", bound="View")


class Identities(StrEnum):
    """The identities derived from one base, each as `module:name`."""


class Enumeration(StrEnum):
    """The names of one enumeration."""


class View:
    """A container or list entry, as a Python object: leaves, containers and lists are attributes.

    What is not there reads as its default, as None, as an empty tuple or as a view of nothing.
    """

    __slots__ = ("_node",)

    def __init__(self, node: Node | None) -> None:
        """View `node`; None stands for a container that is not there."""
        self._node = node

    @property
    def exists(self) -> bool:
        """Whether the tree has this node."""
        return self._node is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and type(self) is type(other) and self._node == other._node

    __hash__ = None  # type: ignore[assignment]  # as for Node

    def __repr__(self) -> str:
        if self._node is None:
            return f"<{type(self).__qualname__}: not there>"
        leaves = (
            f"{name}={value!r}"
            for name, value in self._node.children.items()
            if self._node.schema.children[name].kind in ("leaf", "leaf-list")
        )
        return f"<{type(self).__qualname__} {self._node.schema.path()} {' '.join(leaves)}>"


def node_of(view: View) -> Node | None:
    """Return the node that `view` shows."""
    return view._node


@cache
def _named(reference: str) -> Any:
    """Return the class that `module:Qualified.Name` names in the bindings; modules are imported when they are needed."""
    module, _, qualified = reference.partition(":")
    found: Any = import_module(f"yang.bindings.{module}")
    for name in qualified.split("."):
        found = getattr(found, name)
    return found


class Leaf(Generic[T]):
    """A leaf without a default: its value, or None."""

    __slots__ = ("_enum", "_name")

    def __init__(self, name: str, enum: str = "") -> None:
        """Read the child `name`, as a member of the enum that `enum` refers to if there is one."""
        self._name = name
        self._enum = enum

    @overload
    def __get__(self, view: None, owner: type[View]) -> Leaf[T]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> T | None: ...

    def __get__(self, view: View | None, owner: type[View]) -> Leaf[T] | T | None:
        if view is None:
            return self
        node = view._node
        value = node.children.get(self._name) if node is not None else None
        return cast("T | None", _named(self._enum)(value) if self._enum and value is not None else value)


class LeafWithDefault(Generic[T]):
    """A leaf with a default: its value, or the default."""

    __slots__ = ("_default", "_enum", "_name")

    def __init__(self, name: str, default: Any, enum: str = "") -> None:
        """Read the child `name`, or else `default`."""
        self._name = name
        self._default = default
        self._enum = enum

    @overload
    def __get__(self, view: None, owner: type[View]) -> LeafWithDefault[T]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> T: ...

    def __get__(self, view: View | None, owner: type[View]) -> LeafWithDefault[T] | T:
        if view is None:
            return self
        node = view._node
        value = node.children.get(self._name, self._default) if node is not None else self._default
        return cast("T", _named(self._enum)(value) if self._enum else value)


class LeafList(Generic[T]):
    """A leaf-list: its values as a tuple."""

    __slots__ = ("_enum", "_name")

    def __init__(self, name: str, enum: str = "") -> None:
        """Read the child `name`."""
        self._name = name
        self._enum = enum

    @overload
    def __get__(self, view: None, owner: type[View]) -> LeafList[T]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> tuple[T, ...]: ...

    def __get__(self, view: View | None, owner: type[View]) -> LeafList[T] | tuple[T, ...]:
        if view is None:
            return self
        node = view._node
        values = node.children.get(self._name, ()) if node is not None else ()
        if self._enum:
            values = tuple(map(_named(self._enum), cast("tuple[Any, ...]", values)))
        return cast("tuple[T, ...]", values)


class Container(Generic[V]):
    """A container: a view of it, of nothing if it is not there."""

    __slots__ = ("_name", "_view")

    def __init__(self, name: str, view: str) -> None:
        """Show the child `name` through the class that `view` refers to."""
        self._name = name
        self._view = view

    @overload
    def __get__(self, view: None, owner: type[View]) -> Container[V]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> V: ...

    def __get__(self, view: View | None, owner: type[View]) -> Container[V] | V:
        if view is None:
            return self
        node = view._node
        return cast("V", _named(self._view)(node.children.get(self._name) if node is not None else None))


class ListOf(Generic[K, V]):
    """A list: a mapping from keys to views of its entries."""

    __slots__ = ("_name", "_view")

    def __init__(self, name: str, view: str) -> None:
        """Show the entries of the child `name` through the class that `view` refers to."""
        self._name = name
        self._view = view

    @overload
    def __get__(self, view: None, owner: type[View]) -> ListOf[K, V]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> ListView[K, V]: ...

    def __get__(self, view: View | None, owner: type[View]) -> ListOf[K, V] | ListView[K, V]:
        if view is None:
            return self
        node = view._node
        entries = node.children.get(self._name) if node is not None else None
        return ListView(cast("Entries | None", entries), _named(self._view))


class ListView(Mapping[K, V]):
    """The entries of a list by key: the key leaf's value, or a tuple of them where there are several."""

    __slots__ = ("_entries", "_view")

    def __init__(self, entries: Entries | None, view: type[V]) -> None:
        """Show `entries` through `view`."""
        self._entries = entries
        self._view = view

    def __getitem__(self, key: K) -> V:
        entry = (
            self._entries.get(key if isinstance(key, tuple) else (cast("Any", key),))
            if self._entries is not None
            else None
        )
        if entry is None:
            raise KeyError(key)
        return self._view(entry)

    def __iter__(self) -> Iterator[K]:
        for key in self._entries or ():
            yield cast("K", key[0] if len(key) == 1 else key)

    def __len__(self) -> int:
        return len(self._entries) if self._entries is not None else 0
