"""The rules of a schema over several nodes, and which of them a change can break: RFC 7950's when, must and leafref."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from yang.cursor import cursor_at, instances
from yang.references import References
from yang.types import LeafrefType, UnionType
from yang.xpath import evaluator
from yang.xpath_functions import Context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yang.cursor import Cursor
    from yang.diff import Change
    from yang.path import Path
    from yang.schema import Schema, SchemaNode
    from yang.xpath_functions import Evaluator, Result


class Rule:
    """One when, must or leafref of one schema node, its owner."""

    __slots__ = ("_evaluate", "app_tag", "expression", "kind", "message", "on_parent", "owner")

    def __init__(
        self,
        kind: Literal["when", "must", "leafref"],
        owner: SchemaNode,
        expression: int,
        *,
        on_parent: bool = False,
        message: str | None = None,
        app_tag: str | None = None,
    ) -> None:
        """Judge instances of `owner` by the expression at index `expression`."""
        self.kind = kind
        self.owner = owner
        self.expression = expression
        self.on_parent = on_parent
        self.message = message
        self.app_tag = app_tag
        self._evaluate: Evaluator | None = None

    @property
    def text(self) -> str:
        """The expression as the model writes it."""
        return self.owner.schema.expression(self.expression).text

    def references(self) -> References:
        """Return the schema nodes that the rule looks at."""
        context = self.owner.parent if self.on_parent and self.owner.parent is not None else self.owner
        return References(self.owner.schema.expression(self.expression).tree, context)

    def evaluate(self, instance: Cursor) -> Result:
        """Return the value of the expression for one instance of the owner."""
        if self._evaluate is None:
            self._evaluate = evaluator(self.owner.schema, self.owner.schema.expression(self.expression).tree)
        context = instance.parent if self.on_parent and instance.parent is not None else instance
        return self._evaluate(Context(context, context))


class Rules:
    """All rules of the configuration in a schema, by the nodes that own them and the nodes that they look at."""

    def __init__(self, schema: Schema) -> None:
        """Find the rules of `schema`."""
        self._owned: dict[SchemaNode, list[Rule]] = {}
        self._watching: dict[SchemaNode, list[Rule]] = {}
        self._owned_below: dict[SchemaNode, tuple[Rule, ...]] = {}
        self._watching_below: dict[SchemaNode, tuple[Rule, ...]] = {}
        for node in schema.root.descendants():
            if not node.config or node.kind in ("rpc", "notification"):
                continue
            for rule in _rules_of(node):
                self._owned.setdefault(node, []).append(rule)
                for visited in rule.references().visited:
                    self._watching.setdefault(visited, []).append(rule)

    def owned_by(self, node: SchemaNode) -> list[Rule]:
        """Return the rules of `node` itself."""
        return self._owned.get(node, [])

    def owned_below(self, node: SchemaNode) -> tuple[Rule, ...]:
        """Return the rules of `node` and of everything below it."""
        found = self._owned_below.get(node)
        if found is None:
            found = self._owned_below[node] = tuple(_at_or_below(node, self._owned))
        return found

    def watching_below(self, node: SchemaNode) -> tuple[Rule, ...]:
        """Return the rules that look at `node` or at something below it."""
        found = self._watching_below.get(node)
        if found is None:
            found = self._watching_below[node] = tuple(dict.fromkeys(_at_or_below(node, self._watching)))
        return found

    def concerned(self, change: Change, root: Cursor) -> Iterator[tuple[Rule, Cursor]]:
        """Yield the rules that `change` may break, each with the instances in the tree of `root` to judge by it."""
        schema = change.path.schema
        if change.after is not None:
            here = cursor_at(root, change.path)
            for rule in self.owned_below(schema) if here is not None else ():
                yield from ((rule, instance) for instance in instances(here, rule.owner))
        for rule in self.watching_below(schema):
            # that more is there never breaks a leafref
            if rule.kind == "leafref" and change.before is None:
                continue
            common = _common(change.path, rule.owner)
            start = root if common is None else cursor_at(root, common)
            if start is not None:
                yield from ((rule, instance) for instance in instances(start, rule.owner))


def _rules_of(node: SchemaNode) -> Iterator[Rule]:
    for when in node.whens:
        yield Rule("when", node, when.expression, on_parent=when.on_parent)
    for must in node.musts:
        yield Rule("must", node, must.expression, message=must.message, app_tag=must.app_tag)
    if node.kind in ("leaf", "leaf-list"):
        # a leafref among other members of a union only widens what is allowed
        members = list(node.type.leaves()) if isinstance(node.type, UnionType) else [node.type]
        for member in members if len(members) == 1 else ():
            if isinstance(member, LeafrefType) and member.require_instance:
                yield Rule("leafref", node, member.path)


def _at_or_below(node: SchemaNode, rules: dict[SchemaNode, list[Rule]]) -> Iterator[Rule]:
    yield from rules.get(node, ())
    if node.is_inner:
        for child in node.children.values():
            yield from _at_or_below(child, rules)


def _common(path: Path, owner: SchemaNode) -> Path | None:
    """Return the longest part of `path` that the way to `owner` shares."""
    ancestors = set()
    node: SchemaNode | None = owner
    while node is not None:
        ancestors.add(node)
        node = node.parent
    step: Path | None = path
    while step is not None and step.schema not in ancestors:
        step = step.parent
    return step
