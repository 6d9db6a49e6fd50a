"""What a user may see of a data tree (RFC 8341 section 3.2.4): shared with it wherever nothing is left out.

A tree is walked only where the rules tell its parts apart. What was left out of a part of a long list is remembered, so that
after a commit only the parts that it changed are walked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from yang.tree import Entries, Node, is_empty

if TYPE_CHECKING:
    from nos_mgmt.access.rules import Rules, State, Step
    from yang.schema import SchemaNode
    from yang.tree import Child, Key
    from yang.values import Value

    Chunk: TypeAlias = dict[Key, Node]

REMEMBERED = 2048
"""Parts of lists, of which twice as many are remembered at most."""


class Visible:
    """What one user may see of any tree."""

    def __init__(self, rules: Rules) -> None:
        """Judge by `rules`."""
        self._rules = rules
        # a part that is not asked for among so many others is forgotten
        self._young: dict[tuple[int, State], tuple[Chunk, Chunk]] = {}
        self._old: dict[tuple[int, State], tuple[Chunk, Chunk]] = {}

    def of(self, tree: Node) -> Node:
        """Return what may be seen of a whole tree; itself where that is all."""
        if self._rules.whole(tree.schema, self._rules.top, "read"):
            return tree
        return self._node(tree, self._rules.top)

    def _node(self, node: Node, state: State) -> Node:
        found: dict[str, Child] | None = None
        schemas = node.schema.children
        for name, child in node.children.items():
            seen = self._child(schemas[name], child, state)
            if seen is child:
                continue
            if found is None:
                found = dict(node.children)
            if seen is None:
                del found[name]
            else:
                found[name] = seen
        return node if found is None else Node(node.schema, found)

    def _child(self, schema: SchemaNode, child: Child, state: State) -> Child | None:
        if isinstance(child, Entries):
            return self._entries(child, state)
        if schema.kind == "leaf-list" and self._rules.keyed(state, schema):
            return self._values(schema, cast("tuple[Value, ...]", child), state)
        inner = self._rules.below(state, schema)
        verdict = self._rules.whole(schema, inner, "read")
        if verdict is not None:
            return child if verdict else None
        seen = self._node(cast("Node", child), inner)
        return None if is_empty(seen) and not is_empty(child) else seen

    def _values(self, schema: SchemaNode, values: tuple[Value, ...], state: State) -> tuple[Value, ...] | None:
        rules = self._rules
        seen = tuple([v for v in values if rules.permits(schema, rules.below(state, schema, (v,)), "read")])
        return values if len(seen) == len(values) else seen or None

    def _entries(self, entries: Entries, state: State) -> Entries | None:
        schema = entries.schema
        keyed = self._rules.keyed(state, schema)
        other = self._rules.below(state, schema)
        verdict = self._rules.whole(schema, other, "read")
        if not keyed and verdict is not None:
            return entries if verdict else None
        named = _named(schema, keyed) if verdict is not None and not schema.user_ordered else None
        if named is not None:
            # the rules name some entries, and all others are alike
            those = {key: entry for key in named if (entry := entries.get(key)) is not None}
            seen = {key: self._entry(entry, self._rules.below(state, schema, key)) for key, entry in those.items()}
            if verdict:
                changed = {key: entry for key, entry in seen.items() if entry is not those[key]}
                found = entries.updated(changed) if changed else entries
            else:
                found = Entries(schema, {key: entry for key, entry in seen.items() if entry is not None})
        else:
            found = entries.rebuilt(lambda chunk: self._chunk(chunk, schema, state))
        return found if len(found.chunks) else None

    def _chunk(self, chunk: Chunk, schema: SchemaNode, state: State) -> Chunk:
        place = (id(chunk), state)
        known = self._young.get(place) or self._old.get(place)
        if known is None:
            found = {
                key: seen
                for key, entry in chunk.items()
                if (seen := self._entry(entry, self._rules.below(state, schema, key))) is not None
            }
            is_same = len(found) == len(chunk) and all(found[key] is entry for key, entry in chunk.items())
            # the part itself is kept too, so that no other one gets its id
            known = (chunk, chunk if is_same else found)
        if place not in self._young:
            if len(self._young) >= REMEMBERED:
                self._old, self._young = self._young, {}
            self._young[place] = known
        return known[1]

    def _entry(self, entry: Node, state: State) -> Node | None:
        verdict = self._rules.whole(entry.schema, state, "read")
        if verdict is not None:
            return entry if verdict else None
        return self._node(entry, state)


def _named(schema: SchemaNode, keyed: list[Step]) -> set[Key] | None:
    """Return the keys that steps name; None if one of them leaves out a part of the key."""
    if any(len(step.keys) < len(schema.keys) for step in keyed):
        return None
    return {tuple(value for _, value in step.keys) for step in keyed}
