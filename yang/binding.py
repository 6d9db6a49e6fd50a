"""What generated bindings are made of: typed views over the nodes of a tree, which they neither copy nor change."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from yang.draft import DraftEntries, DraftNode
from yang.path import Path
from yang.values import Identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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

    What is not there reads as its default, as None, as an empty tuple or as a view of nothing. A view of a draft can be
    written as well: by assignment, with `del`, and through the keys of lists.
    """

    __slots__ = ("_above", "_name", "_node")

    def __init__(self, node: Node | DraftNode | None, above: View | None = None, name: str = "") -> None:
        """View `node`, which is the child `name` of what `above` shows; None stands for a container that is not there."""
        self._node = node
        self._above = above
        self._name = name

    @property
    def exists(self) -> bool:
        """Whether the tree has this node; in a draft, True creates a presence container or an entry, False deletes."""
        return self._node.exists if isinstance(self._node, DraftNode) else self._node is not None

    @exists.setter
    def exists(self, wanted: bool) -> None:
        draft = _draft(self, "exists")
        if wanted:
            draft.create()
        else:
            draft.clear()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and type(self) is type(other) and node_of(self) == node_of(other)

    __hash__ = None  # type: ignore[assignment]  # as for Node

    def __repr__(self) -> str:
        node, facts = node_of(self), ["not there"]
        if node is not None:
            leaves = (name for name in node.children if node.schema.children[name].kind in ("leaf", "leaf-list"))
            facts = [f"{name}={_shown(node.children[name])}" for name in leaves]
        return f"<{type(self).__qualname__} {' '.join([*filter(None, [_path(self)]), *facts])}>"


def node_of(view: View) -> Node | None:
    """Return the node that `view` shows; of a draft, as it is now."""
    return view._node.frozen() if isinstance(view._node, DraftNode) else view._node


def _draft(view: View, name: str) -> DraftNode:
    """Return the draft that `view` shows and `name` is to be written in."""
    if not isinstance(view._node, DraftNode):
        raise TypeError(f"{name} of {view!r} is read-only: it is not a view of a draft")
    return view._node


def _child(view: View, name: str) -> Any:
    """Return the container or list `name` of `view`, or None."""
    node = view._node
    if isinstance(node, DraftNode):
        return node.open(name)
    return node.children.get(name) if node is not None else None


def _path(view: View) -> str:
    """Return where `view` is, as far as that is known: a view of a bare node does not know the keys above it."""
    node = view._node
    if isinstance(node, DraftNode):
        return str(node.path() or "")
    key = "".join(Path(None, node.schema, node.key).predicates()) if node is not None and node.schema.keys else ""
    if view._above is not None:
        return f"{_path(view._above)}/{view._name}{key}"
    return f"{node.schema.path()}{key}" if node is not None else ""


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    return repr(str(value) if isinstance(value, str) else value)


@cache
def _named(reference: str) -> Any:
    """Return the class that `module:Qualified.Name` names in the bindings; modules are imported when they are needed."""
    module, _, qualified = reference.partition(":")
    found: Any = import_module(f"yang.bindings.{module}")
    for name in qualified.split("."):
        found = getattr(found, name)
    return found


@cache
def _members(reference: str) -> dict[type, dict[str, StrEnum]]:
    """Return the members of the enums `|module:Name|…` of a union, by the class of the values that stand for them."""
    found: dict[type, dict[str, StrEnum]] = {Identity: {}, str: {}}
    for each in reference.split("|")[1:]:
        enum = _named(each)
        names = found[Identity if issubclass(enum, Identities) else str]
        for member in enum:
            names.setdefault(member.value, member)
    return found


def _member(reference: str, value: Any) -> Any:
    """Return the member of an enum that `value` stands for; of a union, `value` itself if it is of another type."""
    if not reference.startswith("|"):
        return _named(reference)(value)
    names = _members(reference).get(value.__class__)
    return names.get(value, value) if names else value


def _default(reference: str, value: Any) -> Any:
    """Return the member of an enum that a default stands for, which the bindings have as plain text."""
    if reference.startswith("|"):
        for names in _members(reference).values():
            if value in names:
                return names[value]
    return _member(reference, value)


class Child:
    """What an attribute of a view stands for: a child of its node."""

    __slots__ = ("_name", "_others")

    def __init__(self, name: str) -> None:
        """Read the child `name`.

        A grouping's child is named otherwise where the grouping is used in the child's own module: `m:name|name`.
        """
        self._name, *others = name.split("|")
        self._others = tuple(others)

    def __delete__(self, view: View) -> None:
        draft = _draft(view, self._name)
        draft.remove(self.name_in(draft))

    def name_in(self, node: Node | DraftNode | None) -> str:
        """Return the child's name in `node`."""
        if self._others and node is not None and self._name not in node.schema.children:
            return next((name for name in self._others if name in node.schema.children), self._name)
        return self._name


class Leaf(Child, Generic[T]):
    """A leaf without a default: its value, or None."""

    __slots__ = ("_enum",)

    def __init__(self, name: str, enum: str = "") -> None:
        """Read the child `name`, as a member of the enum that `enum` refers to if there is one; in a union, of one of several."""
        super().__init__(name)
        self._enum = enum

    @overload
    def __get__(self, view: None, owner: type[View]) -> Leaf[T]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> T | None: ...

    def __get__(self, view: View | None, owner: type[View]) -> Leaf[T] | T | None:
        if view is None:
            return self
        node = view._node
        value = node.children.get(self.name_in(node)) if node is not None else None
        return cast("T | None", _member(self._enum, value) if self._enum and value is not None else value)

    def __set__(self, view: View, value: T | None) -> None:
        draft = _draft(view, self._name)
        if value is None:
            draft.remove(self.name_in(draft))
        else:
            draft.put(self.name_in(draft), value)


class LeafWithDefault(Child, Generic[T]):
    """A leaf with a default: its value, or the default."""

    __slots__ = ("_default", "_enum")

    def __init__(self, name: str, default: Any, enum: str = "") -> None:
        """Read the child `name`, or else `default`."""
        super().__init__(name)
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
        value = node.children.get(self.name_in(node)) if node is not None else None
        if value is None:
            return cast("T", _default(self._enum, self._default) if self._enum else self._default)
        return cast("T", _member(self._enum, value) if self._enum else value)

    def __set__(self, view: View, value: T) -> None:
        draft = _draft(view, self._name)
        draft.put(self.name_in(draft), value)


class LeafList(Child, Generic[T]):
    """A leaf-list: its values as a tuple."""

    __slots__ = ("_enum",)

    def __init__(self, name: str, enum: str = "") -> None:
        """Read the child `name`."""
        super().__init__(name)
        self._enum = enum

    @overload
    def __get__(self, view: None, owner: type[View]) -> LeafList[T]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> tuple[T, ...]: ...

    def __get__(self, view: View | None, owner: type[View]) -> LeafList[T] | tuple[T, ...]:
        if view is None:
            return self
        node = view._node
        values = node.children.get(self.name_in(node), ()) if node is not None else ()
        if self._enum:
            values = tuple(_member(self._enum, value) for value in cast("tuple[Any, ...]", values))
        return cast("tuple[T, ...]", values)

    def __set__(self, view: View, values: Iterable[T]) -> None:
        draft = _draft(view, self._name)
        draft.put_all(self.name_in(draft), values)


class Container(Child, Generic[V]):
    """A container: a view of it, of nothing if it is not there."""

    __slots__ = ("_view",)

    def __init__(self, name: str, view: str) -> None:
        """Show the child `name` through the class that `view` refers to."""
        super().__init__(name)
        self._view = view

    @overload
    def __get__(self, view: None, owner: type[View]) -> Container[V]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> V: ...

    def __get__(self, view: View | None, owner: type[View]) -> Container[V] | V:
        if view is None:
            return self
        name = self.name_in(view._node)
        return cast("V", _named(self._view)(_child(view, name), view, name))


class ListOf(Child, Generic[K, V]):
    """A list: a mapping from keys to views of its entries."""

    __slots__ = ("_view",)

    def __init__(self, name: str, view: str) -> None:
        """Show the entries of the child `name` through the class that `view` refers to."""
        super().__init__(name)
        self._view = view

    @overload
    def __get__(self, view: None, owner: type[View]) -> ListOf[K, V]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> ListView[K, V]: ...

    def __get__(self, view: View | None, owner: type[View]) -> ListOf[K, V] | ListView[K, V]:
        if view is None:
            return self
        name = self.name_in(view._node)
        return ListView(_child(view, name), _named(self._view), view, name)


class ListView(Mapping[K, V]):
    """The entries of a list by key: the key leaf's value, or a tuple of them where there are several.

    In a draft, any key leads to an entry, which is there once something in it is written.
    """

    __slots__ = ("_above", "_entries", "_name", "_view")

    def __init__(self, entries: Entries | DraftEntries | None, view: type[V], above: View, name: str) -> None:
        """Show `entries`, the child `name` of what `above` shows, through `view`."""
        self._entries = entries
        self._view = view
        self._above = above
        self._name = name

    def __getitem__(self, key: K) -> V:
        entries, values = self._entries, _values(key)
        entry: Node | DraftNode | None = None
        if isinstance(entries, DraftEntries):
            entry = entries.open(values)
        elif entries is not None:
            entry = entries.get(values)
        if entry is None:
            raise KeyError(key)
        return self._view(entry, self._above, self._name)

    def __delitem__(self, key: K) -> None:
        if not isinstance(self._entries, DraftEntries):
            raise TypeError(f"{self._name} of {self._above!r} is read-only: it is not a view of a draft")
        self._entries.remove(_values(key))

    def __contains__(self, key: object) -> bool:
        return self._entries is not None and _values(key) in self._entries

    @overload
    def get(self, key: K, /) -> V | None: ...

    @overload
    def get(self, key: K, /, default: V | T) -> V | T: ...

    def get(self, key: K, /, default: T | None = None) -> V | T | None:
        """Return the view of the entry of `key` if it is there, otherwise `default`."""
        return self[key] if key in self else default  # noqa: SIM401 - this is get

    def __iter__(self) -> Iterator[K]:
        for key in self._entries or ():
            yield cast("K", key[0] if len(key) == 1 else key)

    def __len__(self) -> int:
        return len(self._entries) if self._entries is not None else 0

    def __repr__(self) -> str:
        return f"<{self._view.__qualname__} by key: {', '.join(map(_shown, self)) or 'none'}>"


def _values(key: object) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)
