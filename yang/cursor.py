"""Nodes of a tree with the way to them: nodes themselves know no parents, since trees share them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yang.defaults import case_in_use
from yang.path import Path
from yang.tree import Entries, Key, Node
from yang.xpath_functions import is_true

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yang.schema import Choice, SchemaNode


class Cursor:
    """A node of a data tree together with the way to it."""

    __slots__ = ("key", "parent", "schema", "value")

    def __init__(self, schema: SchemaNode, value: Any, parent: Cursor | None, key: Key | None = None) -> None:
        """Point at `value`, a `Node` or a leaf's value, below `parent`."""
        self.schema = schema
        self.value = value
        self.parent = parent
        self.key = key

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cursor):
            return NotImplemented
        return self.schema is other.schema and self.key == other.key and self.parent == other.parent

    def __hash__(self) -> int:
        return hash((self.schema.qname, self.key, self.parent))

    def path(self) -> Path:
        """Return where the node is."""
        above = None if self.parent is None or self.parent.parent is None else self.parent.path()
        return Path(above, self.schema, self.key)

    def root(self) -> Cursor:
        """Return the cursor at the top of the tree."""
        cursor = self
        while cursor.parent is not None:
            cursor = cursor.parent
        return cursor

    def child(self, name: str) -> Iterator[Cursor]:
        """Yield the children `name`, leaves' defaults and containers without presence included (section 6.4.1)."""
        schema = self.schema.children.get(name)
        if schema is None or not isinstance(self.value, Node):
            return
        child: Any = self.value.children.get(name)
        made = self.__class__
        match schema.kind:
            case "container":
                if child is not None:
                    yield made(schema, child, self)
                elif not schema.presence and self.implies(schema):
                    yield made(schema, Node(schema, {}), self)
            case "list":
                if child is not None:
                    for key, entry in child.items():
                        yield made(schema, entry, self, key)
            case "leaf-list":
                for value in child if child is not None else self.default(schema) or ():
                    yield made(schema, value, self, (value,))
            case "leaf":
                value = child if child is not None else self.default(schema)
                if value is not None:
                    yield made(schema, value, self)
            case _:
                if child is not None:
                    yield made(schema, child, self)

    def default(self, schema: SchemaNode) -> Any:
        """Return the default of the child `schema`, which is not there, if it is in use; None otherwise."""
        default = schema.default
        return default if default is not None and self.implies(schema) else None

    def implies(self, schema: SchemaNode) -> bool:
        """Return whether the default of the child `schema`, or it as a container without presence, is in use.

        It is unless another case is chosen or its when is false (RFC 7950 sections 7.5.1 and 7.6.1).
        """
        if schema.cases and not all(case_in_use(self.value, *case) for case in schema.cases):
            return False
        if not schema.whens:
            return True
        dummy = Cursor(schema, "", self)
        return all(is_true(rule.evaluate(dummy)) for rule in schema.schema.rules.conditions(schema))

    def offers(self, choice: Choice) -> bool:
        """Return whether `choice` is to be made here: the case around it is chosen, and its when is true."""
        return all(case_in_use(self.value, *case) for case in choice.cases) and all(
            is_true(condition.evaluate(self))
            for condition in self.schema.schema.rules.conditions_of(self.schema, choice)
        )

    def children(self) -> Iterator[Cursor]:
        """Yield all children."""
        if isinstance(self.value, Node):
            for name in self.schema.children:
                yield from self.child(name)

    def descendants(self) -> Iterator[Cursor]:
        """Yield everything below, parents first."""
        for child in self.children():
            yield child
            yield from child.descendants()

    def ancestors(self) -> Iterator[Cursor]:
        """Yield the parent, its parent, and so on up to the root."""
        cursor = self.parent
        while cursor is not None:
            yield cursor
            cursor = cursor.parent

    def text(self) -> str:
        """Return the string-value."""
        if isinstance(self.value, Node):
            return "".join(child.text() for child in self.descendants() if not isinstance(child.value, Node))
        if self.schema.kind in ("leaf", "leaf-list"):
            return self.schema.type.text(self.value)
        return str(self.value)


class Filled(Cursor):
    """A node of a tree that has all defaults in it that are to be seen: where one is missing, there is nothing to be seen."""

    __slots__ = ()

    def default(self, schema: SchemaNode) -> Any:  # noqa: ARG002 - whatever it is
        """Return None: what is not there has no default."""
        return None


class Text(Cursor):
    """The text of a leaf, which is a node below it for XPath's `text()` and `node()`."""

    __slots__ = ()

    def __init__(self, leaf: Cursor) -> None:
        """Point at the text of `leaf`."""
        super().__init__(leaf.schema, leaf.value, leaf)


def cursor_at(root: Cursor, path: Path) -> Cursor | None:
    """Return the cursor at `path` in the tree of `root`, or None if nothing is there, as where an entry has no key."""
    cursor = root
    for step in path.steps():
        value = cursor.value.children.get(step.schema.qname)
        if step.schema.kind == "list" and value is not None:
            value = value.get(step.key) if step.key is not None else None
        elif step.schema.kind == "leaf-list" and step.key is not None:
            value = step.key[0]
        elif step.schema.kind == "container" and value is None and not step.schema.presence:
            value = Node(step.schema, {})
        if value is None:
            return None
        cursor = Cursor(step.schema, value, cursor, step.key)
    return cursor


def instances(start: Cursor | None, wanted: SchemaNode) -> Iterator[Cursor]:
    """Yield the instances of the schema node `wanted` that are at or below `start` and are really there."""
    way = _way(start, wanted)
    if start is not None and way is not None:
        yield from _along(start, way)


def implied_instances(start: Cursor | None, wanted: SchemaNode) -> Iterator[Cursor]:
    """Yield the instances of `wanted` at or below `start` as XPath sees them, with defaults and containers without presence."""
    way = _way(start, wanted)
    if start is None or way is None:
        return
    found = [start]
    for schema in way:
        found = [child for cursor in found for child in cursor.child(schema.qname)]
    yield from found


def _way(start: Cursor | None, wanted: SchemaNode) -> list[SchemaNode] | None:
    """Return the schema nodes from below `start` to `wanted`, or None if that is not below it."""
    way: list[SchemaNode] = []
    node: SchemaNode | None = wanted
    while start is not None and node is not None and node is not start.schema:
        way.append(node)
        node = node.parent
    return way[::-1] if node is not None else None


def _along(start: Cursor, way: list[SchemaNode]) -> list[Cursor]:
    found = [start]
    for schema in way:
        below: list[Cursor] = []
        for cursor in found:
            child = cursor.value.children.get(schema.qname)
            if child is None:
                continue
            if isinstance(child, Entries):
                below += [Cursor(schema, entry, cursor, key) for key, entry in child.items()]
            elif isinstance(child, tuple) and schema.kind == "leaf-list":
                below += [Cursor(schema, value, cursor, (value,)) for value in child]
            else:
                below.append(Cursor(schema, child, cursor))
        found = below
    return found
