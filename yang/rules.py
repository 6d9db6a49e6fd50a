"""The rules of a schema over several nodes, and which of them a change can break: RFC 7950's when, must and leafref."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from yang.cursor import cursor_at, implied_instances, instances
from yang.errors import InvalidValue
from yang.identifiers import identified
from yang.references import References, higher, merge
from yang.sweep import Sweep
from yang.tree import Node
from yang.types import InstanceIdentifier, InstanceIdentifierType, LeafrefType, UnionType
from yang.xpath import evaluator
from yang.xpath_functions import Context, is_true, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yang.cursor import Cursor
    from yang.diff import Change
    from yang.path import Path
    from yang.references import Reached
    from yang.schema import Choice, Schema, SchemaNode
    from yang.types import Type
    from yang.xpath_functions import Evaluator, Result

T = TypeVar("T")


class Rule:
    """One when, must or leafref of one schema node, its owner."""

    __slots__ = (
        "_evaluate",
        "app_tag",
        "expression",
        "kind",
        "meets_defaults",
        "message",
        "on_parent",
        "only_shrinks",
        "owner",
    )

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
        self.only_shrinks = False
        """Whether a leafref can only be broken by what is taken away."""
        # a when says nothing of what is not there
        self.meets_defaults = kind != "when" and is_implied(owner)
        self._evaluate: Evaluator | None = None

    @property
    def text(self) -> str:
        """The expression as the model writes it."""
        return self.owner.schema.expression(self.expression).text

    def references(self) -> References:
        """Return the schema nodes that the rule looks at."""
        context = self.owner.parent if self.on_parent and self.owner.parent is not None else self.owner
        return References(self.owner.schema.expression(self.expression).tree, context)

    def visited(self) -> tuple[Reached, bool]:
        """Return the schema nodes that the rule looks at, each with the highest node on the way, and whether there may be any."""
        references = self.references()
        return references.visited, references.is_anywhere

    def holds(self, instance: Cursor) -> bool:
        """Return whether one instance of the owner keeps the rule."""
        result = self.evaluate(instance)
        if self.kind == "leafref":
            return any(target.value == instance.value for target in nodes(result))
        return is_true(result)

    def evaluate(self, instance: Cursor) -> Result:
        """Return the value of the expression for one instance of the owner."""
        if self._evaluate is None:
            self._evaluate = evaluator(self.owner.schema, self.owner.schema.expression(self.expression).tree)
        context = instance.parent if self.on_parent and instance.parent is not None else instance
        return self._evaluate(Context(context, context))


class ReferenceRule(Rule):
    """That a leaf which may be an instance-identifier, or whose union has references, takes its value from one member."""

    __slots__ = ("_evaluators", "members")

    def __init__(self, owner: SchemaNode, members: Sequence[Type]) -> None:
        """Judge instances of `owner`, whose type is one of `members`."""
        super().__init__("leafref", owner, -1)
        self.members = members
        self._evaluators: dict[int, Evaluator] = {}

    @property
    def text(self) -> str:
        """What an instance may refer to."""
        paths = [self.owner.schema.expression(m.path).text for m in self.members if isinstance(m, LeafrefType)]
        return " or ".join(paths) or "node"

    def visited(self) -> tuple[Reached, bool]:
        """Return the schema nodes that the paths of the members look at, and whether an instance may name any node."""
        found: Reached = {}
        instances = [member for member in self.members if isinstance(member, InstanceIdentifierType)]
        for member in self.members:
            if isinstance(member, LeafrefType):
                merge(found, _visited(member.path, self.owner))
        return found, any(member.require_instance for member in instances)

    def holds(self, instance: Cursor) -> bool:
        """Return whether a member takes the value, and what it refers to is there."""
        return any(self._takes(member, instance) for member in self.members)

    def _takes(self, member: Type, instance: Cursor) -> bool:
        value = instance.value
        if isinstance(member, LeafrefType) and member.require_instance:
            evaluate = self._evaluators.get(member.path)
            if evaluate is None:
                tree = self.owner.schema.expression(member.path).tree
                evaluate = self._evaluators[member.path] = evaluator(self.owner.schema, tree)
            targets = nodes(evaluate(Context(instance, instance)))
            # True is 1 to Python
            return any(target.value == value and target.value.__class__ is value.__class__ for target in targets)
        if isinstance(member, InstanceIdentifierType) and member.require_instance:
            return isinstance(value, InstanceIdentifier) and identified(instance.root(), value) is not None
        try:
            member.parse(instance.text())
        except InvalidValue:
            return False
        return True


class Rules:
    """All rules of the configuration in a schema, by the nodes that own them and the nodes that they look at."""

    def __init__(self, schema: Schema) -> None:
        """Find the rules of `schema`."""
        self._owned: dict[SchemaNode, list[Rule]] = {}
        self._watching: dict[SchemaNode, dict[Rule, SchemaNode]] = {}
        self._owned_below: dict[SchemaNode, tuple[Rule, ...]] = {}
        self._watching_below: dict[SchemaNode, dict[Rule, SchemaNode]] = {}
        self._waiting: dict[SchemaNode, dict[SchemaNode, SchemaNode]] = {}
        self._conditions: dict[SchemaNode, tuple[Rule, ...]] = {}
        self._at_top: list[Rule] = []
        self._anywhere: list[Rule] = []
        self._sweeps: dict[SchemaNode, Sweep] = {}
        nodes = [schema.root, *_configuration(schema.root)]
        for node in nodes:
            if rules := list(_rules_of(node)):
                self._owned[node] = rules
        for node in nodes:
            for rule in self.owned_by(node):
                self._index(rule)
            anchor = anchor_of(node)
            for watched, top in self._with_influences(_conditions_of_presence(node)).items():
                merge(self._waiting.setdefault(watched, {}), {anchor: higher(anchor, top)})

    def _index(self, rule: Rule) -> None:
        """Note which nodes a change of which may break `rule`, each with the highest node on the way to it."""
        visited, is_anywhere = rule.visited()
        if is_anywhere:
            self._anywhere.append(rule)
        watched = self._with_influences(visited)
        rule.only_shrinks = watched.keys() == visited.keys() and not any(map(_has_default, visited))
        if rule.meets_defaults:
            node: SchemaNode | None = rule.owner
            while node is not None and is_implied(node):
                merge(watched, self._influences(node))
                node = node.parent
            if anchor_of(rule.owner).kind == "root":
                self._at_top.append(rule)
        for each, top in watched.items():
            merge(self._watching.setdefault(each, {}), {rule: top})

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
        return tuple(Rule("when", parent, expression) for expression, _ in choice.whens)

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
        for waiting in _at_or_below(change.path.schema, self._waiting) if self._waiting else ():
            for anchor, top in waiting.items():
                yield from instances(_near(change.path, top, root), anchor)

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

    def watching_below(self, node: SchemaNode) -> dict[Rule, SchemaNode]:
        """Return the rules that look at `node` or at something below it, with the highest node on their way there."""
        found = self._watching_below.get(node)
        if found is None:
            found = self._watching_below[node] = {}
            for watching in _at_or_below(node, self._watching):
                merge(found, watching)
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
        for rule, top in self.watching_below(schema).items():
            # that more is there never breaks a leafref, if it takes no default away
            if rule.kind == "leafref" and change.before is None and rule.only_shrinks:
                continue
            if is_swept and _is_within(top, schema):
                continue  # all of its instances are in the new node
            find = implied_instances if rule.meets_defaults else instances
            yield from ((rule, instance) for instance in find(_near(change.path, top, root), rule.owner))
        for rule in self._anywhere:
            if rule.kind != "leafref" or self._takes_away(change):
                find = implied_instances if rule.meets_defaults else instances
                yield from ((rule, instance) for instance in find(root, rule.owner))

    def _takes_away(self, change: Change) -> bool:
        """Return whether `change` may take away something that XPath sees, a default of another case included."""
        if change.after is None or change.path.schema.kind == "leaf-list":
            return change.before is not None
        step: Path | None = change.path
        while step is not None:
            if step.schema.cases:
                return True
            step = step.parent
        return any(rule.kind == "when" for rule in self.watching_below(change.path.schema))


def _rules_of(node: SchemaNode) -> Iterator[Rule]:
    for when in node.whens:
        yield Rule("when", node, when.expression, on_parent=when.on_parent)
    for must in node.musts:
        yield Rule("must", node, must.expression, message=must.message, app_tag=must.app_tag)
    if node.kind in ("leaf", "leaf-list"):
        members = list(node.type.leaves()) if isinstance(node.type, UnionType) else [node.type]
        references = [member for member in members if isinstance(member, LeafrefType | InstanceIdentifierType)]
        if len(members) == 1 and isinstance(members[0], LeafrefType):
            if members[0].require_instance:
                yield Rule("leafref", node, members[0].path)
        elif any(member.require_instance for member in references):
            yield ReferenceRule(node, members)


def is_implied(node: SchemaNode) -> bool:
    """Return whether `node` is there for XPath where a tree does not have it: a default, a container without presence."""
    if node.kind == "container":
        return not node.presence
    return _has_default(node)


def anchor_of(node: SchemaNode) -> SchemaNode:
    """Return the nearest node at or above `node` that is there only if a tree has it, or the root."""
    while node.parent is not None and node.kind != "list" and not node.presence:
        node = node.parent
    return node


def _configuration(node: SchemaNode) -> Iterator[SchemaNode]:
    for child in node.children.values():
        if child.config and child.kind not in ("rpc", "notification"):
            yield child
            yield from _configuration(child)


def _conditions_of_presence(node: SchemaNode) -> Reached:
    """Return what is looked at by the whens of what `node` requires to be there."""
    found: Reached = {}
    for child in map(node.children.__getitem__, node.requirements):
        for when in child.whens:
            merge(found, _visited(when.expression, node if when.on_parent else child))
    for choice in node.choices:
        for expression, _ in choice.whens if choice.mandatory else ():
            merge(found, _visited(expression, node))
    return found


def _visited(expression: int, context: SchemaNode) -> Reached:
    return References(context.schema.expression(expression).tree, context).visited


def _has_default(node: SchemaNode) -> bool:
    return node.kind in ("leaf", "leaf-list") and node.default is not None


def _alternatives(node: SchemaNode) -> list[SchemaNode]:
    """Return the nodes in the choices that `node` stands in."""
    if not node.cases or node.parent is None:
        return []
    choices = {choice for choice, _ in node.cases}
    beside = node.parent.children.values()
    return [other for other in beside if not choices.isdisjoint(choice for choice, _ in other.cases)]


def _is_within(node: SchemaNode | None, above: SchemaNode) -> bool:
    while node is not None and node is not above:
        node = node.parent
    return node is not None


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
