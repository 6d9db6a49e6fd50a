"""XPath 1.0 over data trees: the expressions of when, must and leafref, as RFC 7950 sections 6.4 and 10 have them.

The compiler leaves syntax trees in the tables: nested tuples whose names are resolved to modules,

    ("path", is_absolute, steps) · ("filter", expression, predicates, steps) · ("union", operands) · ("or" | "and", a, b)
    ("compare", operator, a, b) · ("arithmetic", operator, a, b) · ("negate", a) · ("call", name, arguments)
    ("literal", text, identity or None) · ("number", value)        a step: (axis, (kind, module, name), predicates)

`evaluator` turns one into a function; `yang.references` says which schema nodes one looks at.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from yang.cursor import Cursor, Text
from yang.errors import InvalidValue, ModelError
from yang.identifiers import identified
from yang.tree import Entries, Node
from yang.types import LeafrefType
from yang.values import Identity, InstanceIdentifier
from yang.xpath_functions import FUNCTIONS, OF_NODES, Context, Evaluator, Literal, is_true, nodes, to_number, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yang.schema import Schema, SchemaNode
    from yang.xpath_functions import Result


def evaluator(schema: Schema, tree: Any) -> Evaluator:
    """Return the function that evaluates the syntax tree `tree`.

    Raises:
        ModelError: The expression uses something that XPath or YANG does not have.
    """
    return _Builder(schema).build(tree)


class _Builder:
    """Turns syntax trees into closures."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def build(self, tree: Any) -> Evaluator:
        match tree:
            case ("literal", text, identity):
                literal = Literal(text, identity)
                return lambda _: literal
            case ("number", value):
                return lambda _: value
            case ("or", a, b):
                first, second = self.build(a), self.build(b)
                return lambda context: is_true(first(context)) or is_true(second(context))
            case ("and", a, b):
                first, second = self.build(a), self.build(b)
                return lambda context: is_true(first(context)) and is_true(second(context))
            case ("compare", operator, a, b):
                first, second, compare = self.build(a), self.build(b), COMPARISONS[operator]
                return lambda context: compared(compare, operator, first(context), second(context))
            case ("arithmetic", operator, a, b):
                first, second, compute = self.build(a), self.build(b), ARITHMETIC[operator]
                return lambda context: compute(to_number(first(context)), to_number(second(context)))
            case ("negate", a):
                operand = self.build(a)
                return lambda context: -to_number(operand(context))
            case ("union", operands):
                parts = [self.build_nodes(operand) for operand in operands]
                return lambda context: in_document_order([node for part in parts for node in nodes(part(context))])
            case ("path", is_absolute, steps):
                walk = self.walk(steps)
                if is_absolute:
                    return lambda context: walk([context.node.root()], context.current)
                return lambda context: walk([context.node], context.current)
            case ("filter", expression, predicates, steps):
                if not predicates and not steps:
                    return self.build(expression)
                start, walk = self.build_nodes(expression), self.walk(steps)
                tests = [self.build(predicate) for predicate in predicates]
                return lambda context: walk(filtered(nodes(start(context)), tests, context.current), context.current)
            case ("call", name, arguments):
                return self.call(name, arguments)
        raise ModelError(f"an XPath construct that is not supported: {tree!r}")

    def build_nodes(self, tree: Any) -> Evaluator:
        """Return the function of an expression that has to give nodes."""
        if not gives_nodes(tree):
            raise ModelError("a value stands where nodes are needed")
        return self.build(tree)

    def walk(self, steps: Sequence[Any]) -> Callable[[list[Cursor], Cursor], list[Cursor]]:
        pairs = zip(steps, [*steps[1:], None], strict=False)
        built = [
            (self.step(axis, test, predicates, following), axis in ("child", "self"))
            for (axis, test, predicates), following in pairs
        ]
        is_in_order = all(axis in ("child", "self", "parent") for axis, *_ in steps)

        def walk(found: list[Cursor], current: Cursor) -> list[Cursor]:
            for step, is_apart in built:
                if len(found) == 1:
                    found = step(found[0], current)
                    continue
                found = [node for start in found for node in step(start, current)]
                if not is_apart:
                    # several may have led to one
                    found = list(dict.fromkeys(found))
            return found if is_in_order else in_document_order(found)

        return walk

    def step(
        self, axis: str, test: tuple[str, str | None, str | None], predicates: Sequence[Any], following: Any = None
    ) -> Callable[[Cursor, Cursor], list[Cursor]]:
        if axis not in AXES:
            raise ModelError(f"the XPath axis {axis} is not supported")
        kind, module, name = test
        # in //a, nothing is below a text
        is_only_passed = following is not None and following[0] in ("child", "descendant") and not predicates
        has_texts = kind == "text" or (kind == "node" and not is_only_passed)
        expand = _with_texts(axis) if has_texts else AXES[axis]
        if kind not in ("name", "any", "node", "text"):
            raise ModelError(f"the XPath node test {axis}::{kind}() is not supported")
        tests = [self.build(predicate) for predicate in predicates]
        keyed = self.keyed(predicates)

        def step(start: Cursor, current: Cursor) -> list[Cursor]:
            if kind == "name" and axis == "child":
                qname = start.schema.qname_of(module, str(name))
                entries = start.value.children.get(qname) if keyed and isinstance(start.value, Node) else None
                if keyed and isinstance(entries, Entries):
                    found = _entry(entries, keyed, start, current)
                    if found is not None:
                        return found
                return filtered(list(start.child(qname)), tests, current)
            every = [node for node in expand(start) if _passes(node, kind, module, name)]
            return filtered(every, tests, current)

        return step

    def keyed(self, predicates: Sequence[Any]) -> dict[tuple[str, str], Evaluator]:
        """Return the values that predicates want of a list's keys, where they are all of the form `[key = value]`."""
        wanted: dict[tuple[str, str], Evaluator] = {}
        for predicate in predicates:
            match predicate:
                case ("compare", "=", ("path", False, (("child", ("name", module, name), ()),)), value) if (
                    _is_fixed(value) and (module, name) not in wanted
                ):
                    wanted[module, name] = self.build(value)
                case _:
                    return {}
        return wanted

    def call(self, name: str, arguments: Sequence[Any]) -> Evaluator:
        if name in OF_NODES and arguments:
            self.build_nodes(arguments[0])
        built = [self.build(argument) for argument in arguments]
        function = FUNCTIONS.get(name) if name != "deref" else (1, 1, _deref)
        if function is None:
            raise ModelError(f"the XPath function {name}() is not known")
        fewest, most, apply = function
        if not fewest <= len(built) <= (most if most is not None else len(built)):
            raise ModelError(f"the XPath function {name}() does not take {len(built)} arguments")
        return lambda context: apply(context, *[argument(context) for argument in built])


def filtered(found: list[Cursor], tests: Sequence[Evaluator], current: Cursor) -> list[Cursor]:
    """Return the nodes of `found` that pass every predicate of `tests`."""
    for test in tests:
        size = len(found)
        kept = []
        for position, node in enumerate(found, 1):
            result = test(Context(node, current, position, size))
            if result == position if isinstance(result, float) else is_true(result):
                kept.append(node)
        found = kept
    return found


def compared(compare: Callable[[Any, Any], bool], operator: str, a: Result, b: Result) -> bool:
    """Return whether `a` compares with `b`, over node-sets as XPath 1.0 section 3.4 says."""
    if isinstance(a, list) and isinstance(b, list):
        return any(_compare(compare, operator, x.text(), y.text()) for x in a for y in b)
    if isinstance(a, list):
        if isinstance(b, bool):
            return compare(is_true(a), b)
        return any(_compare(compare, operator, *_with_identity(node, b)) for node in a)
    if isinstance(b, list):
        if isinstance(a, bool):
            return compare(a, is_true(b))
        return any(_compare(compare, operator, *_with_identity(node, a)[::-1]) for node in b)
    return _compare(compare, operator, a, b)


def _compare(compare: Callable[[Any, Any], bool], operator: str, a: Result, b: Result) -> bool:
    if operator in ("=", "!="):
        if isinstance(a, bool) or isinstance(b, bool):
            return compare(is_true(a), is_true(b))
        if isinstance(a, str) and isinstance(b, str):
            return compare(str(a), str(b))
    return compare(to_number(a), to_number(b))


def _with_identity(node: Cursor, other: Result) -> tuple[Result, Result]:
    """Return both sides of a comparison; an identity is compared by its name in the literal's scope (section 9.10.3)."""
    if isinstance(node.value, Identity) and isinstance(other, Literal) and other.identity is not None:
        return str(node.value), other.identity
    return node.text(), other


def _passes(node: Cursor, kind: str, module: str | None, name: str | None) -> bool:
    if kind == "node":
        return True
    if kind == "text":
        return isinstance(node, Text)
    if node.schema.kind == "root" or isinstance(node, Text):
        return False
    return (name is None or node.schema.name == name) and (module is None or node.schema.module.name == module)


def _is_fixed(tree: Any) -> bool:
    """Return whether an expression's value does not depend on the node that a predicate tests."""
    match tree:
        case ("literal", *_):
            return True
        case ("path", is_absolute, _):
            return bool(is_absolute)
        case ("filter", expression, (), _):
            return bool(expression == ("call", "current", ()) or _is_fixed(expression))
    return False


def gives_nodes(tree: Any) -> bool:
    """Return whether an expression gives nodes."""
    match tree:
        case ("path", *_) | ("union", _) | ("call", "current" | "deref" | "id", _):
            return True
        case ("filter", expression, _, _):
            return gives_nodes(expression)
    return False


def in_document_order(found: list[Cursor]) -> list[Cursor]:
    """Return the nodes of `found`, each once, in the order in which a document has them."""
    ranks: dict[tuple[Cursor, SchemaNode], dict[Any, int]] = {}

    def place(node: Cursor) -> list[tuple[int, int]]:
        way: list[tuple[int, int]] = []
        while node.parent is not None:
            rank = 0
            if node.key is not None:
                beside = ranks.get((node.parent, node.schema))
                if beside is None:
                    every = node.parent.child(node.schema.qname)
                    beside = ranks[node.parent, node.schema] = {other.key: index for index, other in enumerate(every)}
                rank = beside[node.key]
            way.append((node.schema.position, rank))
            node = node.parent
        return way[::-1]

    return sorted(dict.fromkeys(found), key=place) if len(found) > 1 else found


def _entry(
    entries: Entries, keyed: dict[tuple[str, str], Evaluator], parent: Cursor, current: Cursor
) -> list[Cursor] | None:
    """Return the entry that has the wanted keys, found by look-up; None where only a search will tell."""
    schema = entries.schema
    if {(schema.module.name, name) for name in schema.keys} != keyed.keys():
        return None
    key = []
    for name in schema.keys:
        wanted = keyed[schema.module.name, name](Context(parent, current))
        if isinstance(wanted, list):
            if len(wanted) > 1:
                return None
            if not wanted:
                return []
        text = wanted.identity or wanted if isinstance(wanted, Literal) else to_text(wanted)
        leaf_type = schema.children[name].type
        try:
            value = leaf_type.parse(text)
        except InvalidValue:
            return [] if not isinstance(wanted, Literal) else None
        if leaf_type.text(value) != text:
            return None  # texts are compared, not values
        key.append(value)
    entry = entries.get(tuple(key))
    return [] if entry is None else [parent.__class__(schema, entry, parent, tuple(key))]


def _text(node: Cursor) -> list[Cursor]:
    """Return the text below a leaf; there is none in an empty one."""
    is_leaf = node.schema.kind in ("leaf", "leaf-list") and not isinstance(node, Text)
    return [Text(node)] if is_leaf and node.text() else []


def _with_texts(axis: str) -> Callable[[Cursor], list[Cursor]]:
    """Return what finds the nodes along an axis, texts among them."""
    if axis == "child":
        return lambda node: [*node.children(), *_text(node)]
    if axis in ("descendant", "descendant-or-self", "following", "preceding"):
        along = AXES[axis]
        is_back = axis == "preceding"

        def expand(node: Cursor) -> list[Cursor]:
            found = _text(node) if axis == "descendant" else []
            for each in along(node):
                found += [*_text(each), each] if is_back else [each, *_text(each)]
            return found

        return expand
    return AXES[axis]


def _siblings(node: Cursor, *, after: bool) -> list[Cursor]:
    if node.parent is None or isinstance(node, Text):
        return []
    every = list(node.parent.children())
    index = every.index(node)
    return every[index + 1 :] if after else every[:index][::-1]


def _beyond(node: Cursor, *, after: bool) -> list[Cursor]:
    """Return what comes after a node, what is below it left out, or before it, what is above it left out; nearest first."""
    found = []
    step: Cursor | None = node
    while step is not None:
        for sibling in _siblings(step, after=after):
            tree = [sibling, *sibling.descendants()]
            found += tree if after else tree[::-1]
        step = step.parent
    return found


AXES: dict[str, Callable[[Cursor], list[Cursor]]] = {
    "child": lambda node: list(node.children()),
    "self": lambda node: [node],
    "parent": lambda node: [] if node.parent is None else [node.parent],
    "descendant": lambda node: list(node.descendants()),
    "descendant-or-self": lambda node: [node, *node.descendants()],
    "ancestor": lambda node: list(node.ancestors()),
    "ancestor-or-self": lambda node: [node, *node.ancestors()],
    "following-sibling": lambda node: _siblings(node, after=True),
    "preceding-sibling": lambda node: _siblings(node, after=False),
    "following": lambda node: _beyond(node, after=True),
    "preceding": lambda node: _beyond(node, after=False),
}

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def _divide(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": _divide,
    "mod": lambda a, b: math.fmod(a, b) if b != 0 and math.isfinite(a) else math.nan,
}


def dereferenced(node: Cursor) -> list[Cursor]:
    """Return the leaves that a leafref points to, or the node of an instance-identifier (RFC 7950 section 10.3.1)."""
    reference = node.schema.type if node.schema.kind in ("leaf", "leaf-list") else None
    if isinstance(node.value, InstanceIdentifier):
        target = identified(node.root(), node.value)
        return [] if target is None else [target]
    if not isinstance(reference, LeafrefType):
        return []
    walk = evaluator(node.schema.schema, node.schema.schema.expression(reference.path).tree)
    return [target for target in nodes(walk(Context(node, node))) if target.value == node.value]


def _deref(_: Context, found: Result) -> Result:
    return [target for node in nodes(found)[:1] for target in dereferenced(node)]
