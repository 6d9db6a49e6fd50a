"""Leafrefs that refer to what is taken away: found by their values, in one walk over the places where they can stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from yang.cursor import Cursor, instances
from yang.references import is_within
from yang.sweep import cursor_of
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from yang.diff import Change
    from yang.rule import Rule
    from yang.schema import SchemaNode
    from yang.sweep import Trail

Places: TypeAlias = "dict[str, tuple[SchemaNode, Places, list[Rule]]]"
"""What to look at among the children of a node, by name: with what below it, and for which rules."""


class Referrers:
    """The leafrefs that can only be broken by what is taken away, of all that a change of one schema node may break."""

    def __init__(self, rules: Iterable[tuple[Rule, SchemaNode]], changed: SchemaNode) -> None:
        """Choose from `rules`, each with where it looks from, those that refer to leaves at or below `changed`."""
        self.targets: dict[SchemaNode, None] = {}
        self.rules: set[Rule] = set()
        self._places: Places = {}
        for rule, top in rules:
            if rule.kind == "leafref" and rule.only_shrinks and not rule.meets_defaults and top.kind == "root":
                targets = [target for target in rule.targets() if is_within(target, changed)]
                if targets:
                    self.targets.update(dict.fromkeys(targets))
                    self.rules.add(rule)
                    self._add(rule)

    def _add(self, rule: Rule) -> None:
        way = [rule.owner]
        while way[-1].parent is not None and way[-1].parent.parent is not None:
            way.append(way[-1].parent)
        places = self._places
        for node in reversed(way):
            _, below, rules = places.setdefault(node.qname, (node, {}, []))
            if node is rule.owner:
                rules.append(rule)
            places = below

    def concerned(self, change: Change, root: Cursor) -> Iterator[tuple[Rule, Cursor]]:
        """Yield the rules, each with an instance that refers to what `change` has taken away, or to its like elsewhere."""
        if not self.rules:
            return
        taken = Cursor(change.path.schema, change.before, None, change.path.key)
        values = {leaf.value for target in self.targets for leaf in instances(taken, target)}
        if values:
            yield from _referring(root.value, self._places, values, (None, root.schema, root.value, None), root)


def _referring(
    node: Node, places: Places, values: Collection[Any], trail: Trail, root: Cursor
) -> Iterator[tuple[Rule, Cursor]]:
    children = node.children
    names = children if len(children) < len(places) else places
    for name in names:
        if name not in places or name not in children:
            continue
        schema, below, rules = places[name]
        child: Any = children[name]
        if isinstance(child, Node):
            yield from _referring(child, below, values, (trail, schema, child, None), root)
        elif isinstance(child, Entries):
            for key, entry in child.items():
                yield from _referring(entry, below, values, (trail, schema, entry, key), root)
        elif schema.kind == "leaf-list":
            for value in child:
                if value in values:
                    yield from ((rule, cursor_of((trail, schema, value, (value,)), root)) for rule in rules)
        elif child in values:
            yield from ((rule, cursor_of((trail, schema, child, None), root)) for rule in rules)
