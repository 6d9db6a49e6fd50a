"""Which schema nodes an XPath expression looks at: what must be judged again when one of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yang.errors import ModelError
from yang.types import IdentityrefType, LeafrefType, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from yang.schema import SchemaNode


class References:
    """The schema nodes that an expression visits, and the names in it that the schema does not have."""

    def __init__(self, tree: Any, context: SchemaNode) -> None:
        """Follow the syntax tree `tree` from `context`.

        Raises:
            ModelError: The expression has something that cannot be followed.
        """
        self.visited: dict[SchemaNode, None] = {}
        self.unknown: list[str] = []
        self._current = context
        self.targets = self._follow(tree, [context])
        """The nodes that the expression's own value consists of, if it is a path."""

    def _follow(self, tree: Any, context: Sequence[SchemaNode]) -> list[SchemaNode]:
        match tree:
            case ("literal", *_) | ("number", _):
                return []
            case ("or" | "and", a, b) | ("arithmetic", _, a, b):
                self._follow(a, context)
                self._follow(b, context)
                return []
            case ("compare", _, a, b):
                for one, other in ((a, b), (b, a)):
                    targets = self._follow(one, context)
                    if other[0] == "literal" and other[2] is None:
                        self.unknown += [f"the identity {other[1]!r}" for node in targets[:1] if _is_identity(node)]
                return []
            case ("negate", a):
                self._follow(a, context)
                return []
            case ("union", operands):
                return [node for operand in operands for node in self._follow(operand, context)]
            case ("path", is_absolute, steps):
                return self._walk([_root(node) for node in context] if is_absolute else context, steps)
            case ("filter", expression, predicates, steps):
                start = self._follow(expression, context)
                for predicate in predicates:
                    self._follow(predicate, start)
                return self._walk(start, steps)
            case ("call", "current", _):
                return [self._current]
            case ("call", "deref", (argument,)):
                return [target for node in self._follow(argument, context) for target in self._dereferenced(node)]
            case ("call", _, arguments):
                for argument in arguments:
                    self._follow(argument, context)
                return []
        raise ModelError(f"an XPath construct that is not supported: {tree!r}")

    def _walk(self, start: Sequence[SchemaNode], steps: Sequence[Any]) -> list[SchemaNode]:
        found = list(start)
        for axis, (kind, module, name), predicates in steps:
            reached: dict[SchemaNode, None] = {}
            for node in found:
                reached.update(dict.fromkeys(_along(axis, node)))
            if kind != "node":
                reached = {node: None for node in reached if _is_named(node, module, name)}
            if not reached and found and kind == "name":
                self.unknown.append(f"{module}:{name}")
            found = list(reached)
            if axis not in ("parent", "self", "ancestor", "ancestor-or-self"):
                self.visited.update(reached)
            for predicate in predicates:
                self._follow(predicate, found)
        return found

    def _dereferenced(self, node: SchemaNode) -> list[SchemaNode]:
        if node.kind not in ("leaf", "leaf-list") or not isinstance(node.type, LeafrefType):
            return []
        below = References(node.schema.expression(node.type.path).tree, node)
        self.visited.update(below.visited)
        return below.targets


def _is_identity(node: SchemaNode) -> bool:
    return node.kind == "leaf" and isinstance(_plain(node.type), IdentityrefType)


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


def _along(axis: str, node: SchemaNode) -> Iterable[SchemaNode]:
    match axis:
        case "child":
            return node.children.values() if node.is_inner else ()
        case "self":
            return (node,)
        case "parent":
            return () if node.parent is None else (node.parent,)
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
    return ()
