"""A first look over a part of a tree that is new: what needs no judgement is seen at once, and the rest is named.

Nearly all rules of OpenConfig say that a list's key is the leaf `../config/KEY`, and nearly all nodes keep them. To see
that takes two look-ups; to evaluate the expression takes fifty times as long. What is seen here to be right is right;
whatever is not is left to `yang.validate`, which knows all rules to the letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from yang.cursor import Cursor
from yang.references import way_down
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from yang.rule import Rule
    from yang.schema import SchemaNode

Trail = tuple[Any, "SchemaNode", Any, Any]
"""The way to a node: that to its parent (None at the start), its schema, the node or value, and its key."""


class Doubt(NamedTuple):
    """A node that has to be looked at more closely."""

    trail: Trail
    rule: Rule | None
    """The rule to judge it by; None for what it requires, and for what is unique in its lists."""


class Sweep:
    """What to look for at the instances of one schema node, and below them where anything is to be looked for."""

    __slots__ = ("below", "demands", "equal", "judged", "leaves", "lists", "schema")

    def __init__(self, schema: SchemaNode, owned: Callable[[SchemaNode], Iterable[Rule]]) -> None:
        """Prepare for instances of `schema`, given the rules that each node owns."""
        self.schema = schema
        self.judged = tuple(rule for rule in owned(schema) if not rule.meets_defaults)
        self.demands = (schema.kind == "list" or schema.presence) and bool(schema.requirements or schema.choices)
        equal, leaves, below, lists = [], [], [], []
        for name, child in schema.children.items():
            if not child.config or child.kind in ("rpc", "notification"):
                continue
            if child.is_inner:
                inner = Sweep(child, owned)
                if inner.is_needed:
                    below.append((name, inner))
                if child.unique:
                    lists.append(name)
                continue
            for rule in owned(child):
                target = _sibling(rule)
                if target is not None:
                    equal.append((name, target, rule))
                elif not rule.meets_defaults:
                    leaves.append((name, rule))
        self.equal = tuple(equal)
        """A leaf, the names on the way from its parent to another one, and the rule that both have the same value."""
        self.leaves = tuple(leaves)
        self.below = tuple(below)
        self.lists = tuple(lists)
        """Lists with something unique."""

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.judged or self.demands or self.equal or self.leaves or self.below or self.lists)

    def look(self, node: Node, trail: Trail, doubts: list[Doubt]) -> None:
        """Add to `doubts` what is to be judged at and below `node`, which is at the end of `trail`."""
        children = node.children
        for name, (first, second), rule in self.equal:
            value = children.get(name)
            if value is not None:
                container: Any = children.get(first)
                other = container.children.get(second) if container is not None else None
                if other != value or other.__class__ is not value.__class__:
                    doubts.append(Doubt(trail, rule))
        doubts += [Doubt(trail, rule) for rule in self.judged]
        for name, rule in self.leaves:
            if name in children:
                doubts.append(Doubt(trail, rule))
        if (self.demands and not _is_complete(self.schema, children)) or any(name in children for name in self.lists):
            doubts.append(Doubt(trail, None))
        for name, below in self.below:
            child = children.get(name)
            if child is None:
                continue
            schema, look = below.schema, below.look
            if isinstance(child, Entries):
                for chunk in child.chunks:
                    for key, entry in chunk.items():
                        look(entry, (trail, schema, entry, key), doubts)
            elif isinstance(child, Node):
                look(child, (trail, schema, child, None), doubts)


def cursor_of(trail: Trail, start: Cursor) -> Cursor:
    """Return the cursor at the end of a trail that begins at `start`."""
    above, schema, node, key = trail
    return start if above is None else Cursor(schema, node, cursor_of(above, start), key)


def _sibling(rule: Rule) -> tuple[str, str] | None:
    """Return the way from the owner's parent to the one leaf that a leafref like `../config/name` points to."""
    if rule.kind != "leafref" or rule.owner.kind != "leaf" or rule.meets_defaults:
        return None
    match way_down(rule.owner, rule.tree):
        case [container, leaf]:
            return container.qname, leaf.qname
    return None


def _is_complete(schema: SchemaNode, children: Mapping[str, Any]) -> bool:
    """Return whether what a node requires is there at first sight."""
    if any(choice.mandatory for choice in schema.choices):
        return False
    for name in schema.requirements:
        required, found = schema.children[name], children.get(name)
        if found is None or required.min_elements or required.max_elements is not None:
            return False
        if required.kind == "container" and not _is_complete(required, found.children):
            return False
    return True
