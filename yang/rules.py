"""Which rules of a schema a change can break: RFC 7950's when, must, leafref, unique, and what has to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from yang.collector import no_collections
from yang.cursor import cursor_at, implied_instances, instances
from yang.diff import UNKNOWN
from yang.references import higher, is_within, merge
from yang.referrers import Referrers
from yang.rule import Rule, has_default, is_implied, rules_of, visited_by
from yang.sweep import Sweep
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yang.cursor import Cursor
    from yang.diff import Change
    from yang.path import Path
    from yang.references import Reached
    from yang.schema import Choice, Schema, SchemaNode

T = TypeVar("T")


class Watchers(Generic[T]):
    """Who is concerned by changes of which nodes, each with the highest node on the way between the two."""

    def __init__(self) -> None:
        """Know of none."""
        self._watching: dict[SchemaNode, dict[T, SchemaNode]] = {}
        self._below: dict[SchemaNode, dict[T, SchemaNode]] = {}

    def add(self, watcher: T, watched: Reached) -> None:
        """Note that changes of the nodes `watched` concern `watcher`."""
        for node, top in watched.items():
            merge(self._watching.setdefault(node, {}), {watcher: top})

    def of(self, node: SchemaNode) -> Mapping[T, SchemaNode]:
        """Return whom a change of `node`, with all that is below it, concerns."""
        found = self._below.get(node)
        if found is None:
            found = self._below[node] = {}
            for watching in _at_or_below(node, self._watching):
                merge(found, watching)
        return found


class Rules:
    """All rules of the configuration in a schema, by the nodes that own them and the nodes that they look at."""

    def __init__(self, schema: Schema) -> None:
        """Find the rules of `schema`."""
        self._owned: dict[SchemaNode, list[Rule]] = {}
        self._owned_below: dict[SchemaNode, tuple[Rule, ...]] = {}
        self._watching: Watchers[Rule] = Watchers()
        self._requiring: Watchers[SchemaNode] = Watchers()
        self._comparing: Watchers[SchemaNode] = Watchers()
        self._conditions: dict[SchemaNode, tuple[Rule, ...]] = {}
        self._conditions_of: dict[tuple[SchemaNode, str], tuple[Rule, ...]] = {}
        self._at_top: list[Rule] = []
        self._anywhere: list[Rule] = []
        self._sweeps: dict[SchemaNode, Sweep] = {}
        self._referrers: dict[SchemaNode, Referrers] = {}
        with no_collections():
            self._find(schema)

    def _find(self, schema: Schema) -> None:
        nodes = [schema.root]
        _add_configuration(schema.root, nodes)
        for node in nodes:
            if rules := list(rules_of(node)):
                self._owned[node] = rules
        for rules in self._owned.values():
            for rule in rules:
                self._index(rule)
        for node in nodes:
            if node.is_inner and (found := _conditions_of_presence(node)):
                anchor = anchor_of(node)
                watched = self._with_influences(found)
                self._requiring.add(anchor, {each: higher(anchor, top) for each, top in watched.items()})
            if node.unique:
                self._comparing.add(node, self._compared(node))

    def _index(self, rule: Rule) -> None:
        """Note which nodes a change of which may break `rule`, each with the highest node on the way to it."""
        visited, is_anywhere = rule.visited()
        if is_anywhere:
            self._anywhere.append(rule)
        watched = self._with_influences(visited)
        rule.only_shrinks = watched.keys() == visited.keys() and not any(map(has_default, visited))
        if rule.meets_defaults:
            node: SchemaNode | None = rule.owner
            while node is not None and is_implied(node):
                merge(watched, self._influences(node))
                node = node.parent
            if anchor_of(rule.owner).kind == "root":
                self._at_top.append(rule)
        self._watching.add(rule, watched)

    def _compared(self, list_: SchemaNode) -> Reached:
        """Return the nodes that decide what has to be unique in the entries of a list, all of whose entries are compared."""
        found: Reached = {}
        for names in (names for unique in list_.unique for names in unique):
            node: SchemaNode | None = list_
            for name in names:
                node = node.children.get(name) if node is not None else None
                if node is not None:
                    merge(found, self._influences(node) | ({} if node.is_inner else {node: list_}))
        above = list_.parent or list_
        return {node: higher(above, top) for node, top in found.items()}

    def _with_influences(self, visited: Reached) -> Reached:
        found = dict(visited)
        for node, top in visited.items():
            merge(found, {other: higher(top, above) for other, above in self._influences(node).items()})
        return found

    def _influences(self, node: SchemaNode) -> Reached:
        """Return the nodes that decide whether what `node` implies is in use: of its choices, and of its when."""
        found: Reached = {}
        todo = {node: node}
        while todo:
            each, top = todo.popitem()
            if not is_implied(each):
                continue
            near = {other: other.parent or other for other in _alternatives(each)}
            for rule in self.owned_by(each):
                if rule.kind == "when":
                    merge(near, rule.references().visited)
            near = {other: higher(top, above) for other, above in near.items()}
            todo |= {other: above for other, above in near.items() if other not in found}
            merge(found, near)
        return found

    def conditions(self, node: SchemaNode) -> tuple[Rule, ...]:
        """Return the when rules that decide whether what `node` implies is in use; none if they look at `node` itself."""
        found = self._conditions.get(node)
        if found is None:
            whens = tuple(rule for rule in self.owned_by(node) if rule.kind == "when")
            found = self._conditions[node] = () if whens and node in self._looked_at(node) else whens
        return found

    def conditions_of(self, parent: SchemaNode, choice: Choice) -> tuple[Rule, ...]:
        """Return the when rules of a choice below `parent`, whose instances judge them."""
        found = self._conditions_of.get((parent, choice.id))
        if found is None:
            found = tuple(Rule("when", parent, expression) for expression, _ in choice.whens)
            self._conditions_of[parent, choice.id] = found
        return found

    def _looked_at(self, node: SchemaNode) -> set[SchemaNode]:
        found: set[SchemaNode] = set()
        todo = [node]
        while todo:
            for rule in self.owned_by(todo.pop()):
                if rule.kind == "when":
                    new = rule.references().visited.keys() - found
                    found |= new
                    todo += filter(is_implied, new)
        return found

    def at_top(self, root: Cursor) -> Iterator[tuple[Rule, Cursor]]:
        """Yield the rules that defaults and containers without presence may break in an empty tree, with their instances."""
        for rule in self._at_top:
            yield from ((rule, instance) for instance in implied_instances(root, rule.owner))

    def anchors(self, change: Change, root: Cursor) -> Iterator[Cursor]:
        """Yield the nodes whose requirements hang on a when that `change` may have made true."""
        for anchor, top in self._requiring.of(change.path.schema).items():
            yield from instances(_near(change.path, top, root), anchor)

    def lists(self, change: Change, root: Cursor) -> Iterator[tuple[Cursor, SchemaNode]]:
        """Yield the lists in which `change` may have made two entries agree that should not, each after its parent.

        Those inside a new node are in its `sweep`.
        """
        for list_, top in self._comparing.of(change.path.schema).items():
            is_removed = change.after is None and change.path.schema is list_
            is_swept = isinstance(change.after, Node) and is_within(list_.parent, change.path.schema)
            if list_.parent is not None and not is_removed and not is_swept:
                for parent in instances(_near(change.path, top, root), list_.parent):
                    yield parent, list_

    def sweep(self, node: SchemaNode) -> Sweep:
        """Return what to look for at new instances of `node` and below them."""
        found = self._sweeps.get(node)
        if found is None:
            found = self._sweeps[node] = Sweep(node, self.owned_by)
        return found

    def owned_by(self, node: SchemaNode) -> list[Rule]:
        """Return the rules of `node` itself."""
        return self._owned.get(node, [])

    def owned_below(self, node: SchemaNode) -> tuple[Rule, ...]:
        """Return the rules of `node` and of everything below it."""
        found = self._owned_below.get(node)
        if found is None:
            found = self._owned_below[node] = tuple(rule for rules in _at_or_below(node, self._owned) for rule in rules)
        return found

    def concerned(self, change: Change, root: Cursor, *, is_swept: bool = False) -> Iterator[tuple[Rule, Cursor]]:
        """Yield the rules that `change` may break, each with the instances in the tree of `root` to judge by it.

        If the node that is new `is_swept`, what `sweep` finds of it is not among them.
        """
        schema = change.path.schema
        owned = self.owned_below(schema)
        is_swept = is_swept and isinstance(change.after, Node)
        start = _near(change.path, schema if schema.kind == "list" else schema.parent, root) if owned else None
        for rule in owned:
            if rule.meets_defaults:
                yield from ((rule, instance) for instance in implied_instances(start, rule.owner))
            elif change.after is not None and not is_swept:
                yield from ((rule, instance) for instance in instances(start, rule.owner))
        is_taken = change.after is None and change.before is not UNKNOWN
        referrers = self._referrers_to(schema) if is_taken else None
        if referrers is not None:
            yield from referrers.concerned(change, root)
        for rule, top in self._watching.of(schema).items():
            if referrers is not None and rule in referrers.rules:
                continue
            # that more is there never breaks a leafref, if it takes no default away
            if rule.kind == "leafref" and change.before is None and rule.only_shrinks:
                continue
            if is_swept and is_within(top, schema):
                continue  # all of its instances are in the new node
            find = implied_instances if rule.meets_defaults else instances
            yield from ((rule, instance) for instance in find(_near(change.path, top, root), rule.owner))
        for rule in self._anywhere:
            if rule.kind != "leafref" or self._takes_away(change):
                find = implied_instances if rule.meets_defaults else instances
                yield from ((rule, instance) for instance in find(root, rule.owner))

    def _referrers_to(self, schema: SchemaNode) -> Referrers:
        found = self._referrers.get(schema)
        if found is None:
            found = self._referrers[schema] = Referrers(self._watching.of(schema).items(), schema)
        return found

    def _takes_away(self, change: Change) -> bool:
        """Return whether `change` may take away something that XPath sees, a default of another case included."""
        if change.after is None or change.path.schema.kind == "leaf-list":
            return change.before is not None
        step: Path | None = change.path
        while step is not None:
            if step.schema.cases:
                return True
            step = step.parent
        return any(rule.kind == "when" for rule in self._watching.of(change.path.schema))


def anchor_of(node: SchemaNode) -> SchemaNode:
    """Return the nearest node at or above `node` that is there only if a tree has it, or the root."""
    while node.parent is not None and node.kind != "list" and not node.presence:
        node = node.parent
    return node


def _add_configuration(node: SchemaNode, found: list[SchemaNode]) -> None:
    """Add the configuration below `node` to `found`, parents first."""
    for child in node.children.values():
        if child.config and child.kind not in ("rpc", "notification"):
            found.append(child)
            if child.is_inner:
                _add_configuration(child, found)


def _conditions_of_presence(node: SchemaNode) -> Reached:
    """Return what is looked at by the whens of what `node` requires to be there."""
    found: Reached = {}
    for name, child in node.children.items():
        # what is required is looked for only where something hangs on it
        for when in child.whens if child.whens and name in node.requirements else ():
            merge(found, visited_by(when.expression, node if when.on_parent else child))
    for choice in node.choices:
        for expression, _ in choice.whens if choice.mandatory else ():
            merge(found, visited_by(expression, node))
    return found


def _alternatives(node: SchemaNode) -> list[SchemaNode]:
    """Return the nodes in the choices that `node` stands in."""
    if not node.cases or node.parent is None:
        return []
    choices = {choice for choice, _ in node.cases}
    beside = node.parent.children.values()
    return [other for other in beside if not choices.isdisjoint(choice for choice, _ in other.cases)]


def _at_or_below(node: SchemaNode, found: dict[SchemaNode, T]) -> Iterator[T]:
    if node in found:
        yield found[node]
    if node.is_inner:
        for child in node.children.values():
            yield from _at_or_below(child, found)


def _near(path: Path, top: SchemaNode | None, root: Cursor) -> Cursor | None:
    """Return the instance of `top` that `path` leads through, or what is at `path` if that is above."""
    common = _common(path, top)
    return root if common is None else cursor_at(root, common)


def _common(path: Path, owner: SchemaNode | None) -> Path | None:
    """Return the longest part of `path` that the way to `owner` shares."""
    ancestors = set()
    node = owner
    while node is not None:
        ancestors.add(node)
        node = node.parent
    step: Path | None = path
    while step is not None and step.schema not in ancestors:
        step = step.parent
    return step
