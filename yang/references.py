"""Which schema nodes an XPath expression looks at: what must be judged again when one of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from yang.errors import ModelError
from yang.types import IdentityrefType, InstanceIdentifierType, LeafrefType, Type, UnionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from yang.schema import SchemaNode


T = TypeVar("T")
Reached: TypeAlias = "dict[SchemaNode, SchemaNode]"
"""Schema nodes, each with the highest node on the way to it: what is at or below one instance of that looks at one another."""


class References:
    """The schema nodes that an expression visits, and the names in it that the schema does not have."""

    def __init__(self, tree: Any, context: SchemaNode) -> None:
        """Follow the syntax tree `tree` from `context`.

        Raises:
            ModelError: The expression has something that cannot be followed.
        """
        self.visited: Reached = {}
        self.unknown: list[str] = []
        self.is_anywhere = False
        """Whether the expression follows an instance-identifier, which may lead to any node."""
        self._current = context
        self.targets = self._follow(tree, {context: context})
        """The nodes that the expression's own value consists of, if it is a path."""

    def _follow(self, tree: Any, context: Reached) -> Reached:
        match tree:
            case ("literal", *_) | ("number", _):
                return {}
            case ("compare", _, a, b):
                for one, other in ((a, b), (b, a)):
                    targets = self._follow(one, context)
                    if other[0] == "literal" and other[2] is None and _is_identity(next(iter(targets), None)):
                        self.unknown.append(f"the identity {other[1]!r}")
                return {}
            case ("union", operands):
                reached: Reached = {}
                for operand in operands:
                    merge(reached, self._follow(operand, context))
                return reached
            case ("path", is_absolute, steps):
                roots = {root: root for root in map(_root, context)}
                return self._walk(roots if is_absolute else context, steps)
            case ("filter", expression, predicates, steps):
                start = self._follow(expression, context)
                for predicate in predicates:
                    self._follow(predicate, start)
                return self._walk(start, steps)
            case ("call", "current", _):
                return {self._current: self._current}
            case ("call", "deref", (argument,)):
                return self._dereferenced(self._follow(argument, context))
            case ("or" | "and" | "negate", *operands) | ("arithmetic", _, *operands) | ("call", _, (*operands,)):
                for operand in operands:
                    self._follow(operand, context)
                return {}
        raise ModelError(f"an XPath construct that is not supported: {tree!r}")

    def _walk(self, found: Reached, steps: Sequence[Any]) -> Reached:
        is_text = False
        for axis, (kind, module, name), predicates in steps:
            reached: Reached = {}
            for start, top in found.items():
                # siblings meet in their parent
                turn = start.parent if axis.endswith("-sibling") and start.parent is not None else start
                if axis in ("following", "preceding"):
                    turn = _root(start)
                along = _child(start, module, name) if axis == "child" and module and name else _along(axis, start)
                if start.kind in ("leaf", "leaf-list"):
                    # a leaf stands for its text too, whose parent is the leaf
                    is_into = kind in ("text", "node") and axis in ("child", "descendant")
                    is_out = is_text and axis in ("parent", "ancestor", "ancestor-or-self")
                    along = (start, *along) if is_into or is_out else along
                for node in along:
                    if kind == "node" or _is_named(node, module, name):
                        merge(reached, {node: higher(top, higher(turn, node))})
            if not reached and found and kind == "name":
                self.unknown.append(f"{module}:{name}")
            is_text = kind == "text" or (kind == "node" and axis not in ("parent", "ancestor"))
            found = reached
            if axis not in ("parent", "self", "ancestor", "ancestor-or-self"):
                merge(self.visited, reached)
            for predicate in predicates:
                self._follow(predicate, found)
        return found

    def _dereferenced(self, found: Reached) -> Reached:
        reached: Reached = {}
        for node, top in found.items():
            if node.kind not in ("leaf", "leaf-list"):
                continue
            members = node.type.leaves() if isinstance(node.type, UnionType) else (node.type,)
            self.is_anywhere |= any(isinstance(member, InstanceIdentifierType) for member in members)
            if isinstance(node.type, LeafrefType):
                below = References(node.schema.expression(node.type.path).tree, node)
                for seen, into in ((below.visited, self.visited), (below.targets, reached)):
                    merge(into, {other: higher(top, above) for other, above in seen.items()})
        return reached


def way_down(leaf: SchemaNode, tree: Any) -> list[SchemaNode]:
    """Return the nodes on the way that a path such as `../config/name` leads from the parent of `leaf` down to another leaf.

    They are containers and the leaf; of any other expression there are none.
    """
    match tree:
        case ("path", False, (("parent", _, ()), *steps)) if leaf.parent is not None:
            way: list[SchemaNode] = []
            node = leaf.parent
            for axis, (kind, module, name), predicates in steps:
                child = node.children.get(node.qname_of(module, str(name))) if node.is_inner else None
                if (axis, kind) != ("child", "name") or predicates or child is None:
                    return []
                way.append(child)
                node = child
            return way if [each.kind for each in way] == ["container"] * (len(way) - 1) + ["leaf"] else []
    return []


def merge(into: dict[T, SchemaNode], new: Mapping[T, SchemaNode]) -> None:
    """Add `new` to `into`; of two highest nodes the higher one stays."""
    for key, top in new.items():
        into[key] = higher(into[key], top) if key in into else top


def higher(a: SchemaNode, b: SchemaNode) -> SchemaNode:
    """Return the one of two nodes that is nearer to the root."""
    return a if a.depth <= b.depth else b


def is_within(node: SchemaNode | None, above: SchemaNode) -> bool:
    """Return whether a node is `above` or somewhere below it."""
    while node is not None and node is not above:
        node = node.parent
    return node is not None


def _is_identity(node: SchemaNode | None) -> bool:
    return node is not None and node.kind == "leaf" and isinstance(_plain(node.type), IdentityrefType)


def _plain(type_: Type) -> Type:
    return _plain(type_.target) if isinstance(type_, LeafrefType) else type_


def _root(node: SchemaNode) -> SchemaNode:
    while node.parent is not None:
        node = node.parent
    return node


def _is_named(node: SchemaNode, module: str | None, name: str | None) -> bool:
    if node.kind == "root":
        return False
    return (name is None or node.name == name) and (module is None or node.module.name == module)


def _child(node: SchemaNode, module: str, name: str) -> Iterable[SchemaNode]:
    if not node.is_inner:
        return ()
    # RFC 7950 section 6.4.1: an operation's parameters are its children, with no node of input or output between
    above = node.children.values() if node.kind in ("rpc", "action") else (node,)
    every = (one.children.get(one.qname_of(module, name)) for one in above)
    return tuple(found for found in every if found is not None)


def _along(axis: str, node: SchemaNode) -> Iterable[SchemaNode]:
    match axis:
        case "child":
            return node.children.values() if node.is_inner else ()
        case "self":
            return (node,)
        case "parent":
            above = node.parent
            if above is not None and above.kind in ("input", "output"):
                above = above.parent  # RFC 7950 section 6.4.1: no node of the accessible tree
            return () if above is None else (above,)
        case "descendant":
            return node.descendants() if node.is_inner else ()
        case "descendant-or-self":
            return (node, *node.descendants()) if node.is_inner else (node,)
        case "ancestor" | "ancestor-or-self":
            every = [node] if axis == "ancestor-or-self" else []
            while node.parent is not None:
                node = node.parent
                every.append(node)
            return every
        case "following-sibling" | "preceding-sibling":
            return () if node.parent is None else node.parent.children.values()
        case "following" | "preceding":
            return _root(node).descendants()
    return ()
