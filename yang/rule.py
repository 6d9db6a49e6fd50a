"""One rule over several nodes: a when, a must, or that a reference leads somewhere (RFC 7950 sections 7.5.3, 7.21.5, 9.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from yang.errors import InvalidValue
from yang.identifiers import identified
from yang.lookup import lookup
from yang.references import References, merge
from yang.types import InstanceIdentifierType, LeafrefType, UnionType
from yang.values import InstanceIdentifier
from yang.xpath import evaluator
from yang.xpath_functions import Context, is_true, nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from yang.cursor import Cursor
    from yang.references import Reached
    from yang.schema import SchemaNode
    from yang.types import Type
    from yang.xpath_functions import Evaluator, Result


REFERRING = frozenset({"leafref", "instance-identifier", "union"})
"""The types that may refer to other nodes."""


class Rule:
    """One when, must or leafref of one schema node, its owner."""

    __slots__ = (
        "_evaluate",
        "_find",
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
        self._find: Callable[[Cursor], bool] | None = None

    @property
    def text(self) -> str:
        """The expression as the model writes it."""
        return self.owner.schema.expression(self.expression).text

    @property
    def tree(self) -> Any:
        """The expression's syntax tree; None if there is no single one."""
        return self.owner.schema.expression(self.expression).tree

    def references(self) -> References:
        """Return the schema nodes that the rule looks at."""
        context = self.owner.parent if self.on_parent and self.owner.parent is not None else self.owner
        return References(self.tree, context)

    def visited(self) -> tuple[Reached, bool]:
        """Return the schema nodes that the rule looks at, each with the highest node on the way, and whether there may be any."""
        references = self.references()
        return references.visited, references.is_anywhere

    def targets(self) -> Iterable[SchemaNode]:
        """Return the schema nodes that a leafref can refer to."""
        return self.references().targets

    def holds(self, instance: Cursor) -> bool:
        """Return whether one instance of the owner keeps the rule."""
        if self.kind != "leafref":
            return is_true(self.evaluate(instance))
        if self._find is None:
            self._find = lookup(self.owner, self.tree) or finds_nothing
        return self._find(instance) or has_value(nodes(self.evaluate(instance)), instance.value)

    def evaluate(self, instance: Cursor) -> Result:
        """Return the value of the expression for one instance of the owner."""
        if self._evaluate is None:
            self._evaluate = evaluator(self.owner.schema, self.tree)
        context = instance.parent if self.on_parent and instance.parent is not None else instance
        return self._evaluate(Context(context, context))


class ReferenceRule(Rule):
    """That a leaf which may be an instance-identifier, or whose union has references, takes its value from one member."""

    __slots__ = ("_looks", "members")

    def __init__(self, owner: SchemaNode, members: Sequence[Type]) -> None:
        """Judge instances of `owner`, whose type is one of `members`."""
        super().__init__("leafref", owner, -1)
        self.members = members
        self._looks: dict[int, tuple[Callable[[Cursor], bool], Evaluator]] = {}

    @property
    def tree(self) -> None:
        """There may be several."""
        return

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
                merge(found, visited_by(member.path, self.owner))
        return found, any(member.require_instance for member in instances)

    def targets(self) -> Iterable[SchemaNode]:
        """Return the schema nodes that the paths of the members lead to."""
        paths = [member.path for member in self.members if isinstance(member, LeafrefType)]
        trees = [self.owner.schema.expression(path).tree for path in paths]
        return [target for tree in trees for target in References(tree, self.owner).targets]

    def holds(self, instance: Cursor) -> bool:
        """Return whether a member takes the value, and what it refers to is there."""
        return any(self._takes(member, instance) for member in self.members)

    def _takes(self, member: Type, instance: Cursor) -> bool:
        value = instance.value
        if isinstance(member, LeafrefType) and member.require_instance:
            looks = self._looks.get(member.path)
            if looks is None:
                tree = self.owner.schema.expression(member.path).tree
                looks = lookup(self.owner, tree) or finds_nothing, evaluator(self.owner.schema, tree)
                self._looks[member.path] = looks
            find, evaluate = looks
            return find(instance) or has_value(nodes(evaluate(Context(instance, instance))), value)
        if isinstance(member, InstanceIdentifierType) and member.require_instance:
            return isinstance(value, InstanceIdentifier) and identified(instance.root(), value) is not None
        try:
            member.parse(instance.text())
        except InvalidValue:
            return False
        return True


def finds_nothing(_: Cursor) -> bool:
    """Return False: there is no shorter way to look."""
    return False


def has_value(targets: Sequence[Cursor], value: object) -> bool:
    """Return whether one of `targets` has `value`; True is 1 to Python, and another value of a union."""
    return any(target.value == value and target.value.__class__ is value.__class__ for target in targets)


def rules_of(node: SchemaNode) -> Iterator[Rule]:
    """Yield the rules of `node` itself."""
    for when in node.whens:
        yield Rule("when", node, when.expression, on_parent=when.on_parent)
    for must in node.musts:
        yield Rule("must", node, must.expression, message=must.message, app_tag=must.app_tag)
    if node.kind in ("leaf", "leaf-list") and node.type.name in REFERRING:
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
    return has_default(node)


def visited_by(expression: int, context: SchemaNode) -> Reached:
    """Return the schema nodes that the expression at an index looks at from `context`."""
    return References(context.schema.expression(expression).tree, context).visited


def has_default(node: SchemaNode) -> bool:
    """Return whether `node` is a leaf or leaf-list with a default."""
    return node.kind in ("leaf", "leaf-list") and node.default is not None
