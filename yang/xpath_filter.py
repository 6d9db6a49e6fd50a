"""XPath filters: what a client wants to see of a tree, as an expression that selects nodes (RFC 6241 section 8.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from yang.cursor import Cursor, Filled, Text, cursor_at
from yang.errors import InvalidValue, ModelError
from yang.tree import Entries, Node, ordered
from yang.values import shown
from yang.with_defaults import filled, trimmed
from yang.xpath import evaluator, gives_nodes
from yang.xpath_functions import Context, nodes
from yang.xpath_text import read_xpath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from yang.path import Path
    from yang.schema import Schema, SchemaNode
    from yang.tree import Child, Key
    from yang.with_defaults import Mode
    from yang.xpath_functions import Evaluator

FORWARD = frozenset({"child", "self", "descendant", "descendant-or-self"})
"""The axes that lead to nothing but what is at or below the node that they start at."""


class XPathFilter:
    """An expression that selects nodes of trees of one schema."""

    def __init__(self, text: str, namespaces: Mapping[str | None, str], schema: Schema) -> None:
        """Select what the expression `text` does, whose prefixes stand for `namespaces`.

        Its context node is the root, as is what current() returns; there are XPath's functions and those of RFC 7950 section 10.

        Raises:
            InvalidValue: It is no XPath 1.0, uses a prefix, a function or a variable that there is not, or gives no node-set
                (RFC 6241 section 8.9.5.1).
        """
        self.text = text
        self._namespaces = {prefix: uri for prefix, uri in namespaces.items() if prefix}
        self._schema = schema
        self._tree = read_xpath(text, namespaces, schema)
        self._evaluate = self._built()

    def select(
        self, tree: Node, mode: Mode = "explicit", *, config_only: bool = True, full: Node | None = None
    ) -> Node:
        """Return what of `tree` it selects: the nodes with all that is below them, their ancestors, and the keys of those.

        It sees the defaults that are in use, whatever the `mode` (RFC 7950 section 6.4.1), and what it selects of them is
        there as far as `mode` reports it: put in with report-all and report-all-tagged. With `full`, which is `tree` with
        defaults, it sees those that are in it and no others.
        """
        root = Cursor(tree.schema, tree, None)
        kept = _Kept()
        is_full = mode in ("report-all", "report-all-tagged")
        for found in self._found(tree, full):
            node: Cursor | None = found
            if not is_full:
                node = found if full is None else cursor_at(root, found.path()) if found.parent is not None else root
                node = node if node is not None and _is_there(node) else None
            if node is not None and (node.schema.config or not config_only):
                kept.keep(node)
        if is_full and full is not None:
            return kept.built(Filled(full.schema, full, None), config_only=config_only, is_full=False)
        selected = kept.built(root, config_only=config_only, is_full=is_full)
        return trimmed(selected) if mode == "trim" else selected

    def paths(self, tree: Node, full: Node | None = None) -> list[Path]:
        """Return the paths of the nodes that it selects of `tree`; with `full`, which is `tree` with defaults, of that."""
        return [node.path() for node in self._found(tree, full)]

    def _found(self, tree: Node, full: Node | None) -> Iterator[Cursor]:
        root = Cursor(tree.schema, tree, None) if full is None else Filled(full.schema, full, None)
        for cursor in nodes(self._evaluate(Context(root, root))):
            # a text stands for its leaf
            yield cast("Cursor", cursor.parent) if isinstance(cursor, Text) else cursor

    def bounds(self) -> list[etree._Element] | None:
        """Return elements of a subtree filter that selects all that the expression looks at; None if that may be everything."""
        if not all(_is_forward(part) for part in _parts(self._tree)):
            return None
        found: list[etree._Element] = []
        for steps in _ways(self._tree):
            elements = self._bounds(steps)
            if elements is None:
                return None
            found += elements
        return found

    def _built(self) -> Evaluator:
        if not gives_nodes(self._tree):
            raise InvalidValue(f"{shown(self.text)} gives a value, and no nodes")
        try:
            return evaluator(self._schema, self._tree)
        except ModelError as error:
            raise InvalidValue(f"{shown(self.text)} cannot select anything: {error}") from error

    def _bounds(self, steps: Sequence[Any]) -> list[etree._Element] | None:
        """Return the filter element for what one path from the root looks at, none for nothing; None for everything."""
        elements: list[etree._Element] = []
        schema = self._schema.root
        for axis, (kind, module, name), predicates in steps:
            if (axis, kind, predicates) == ("self", "node", ()):
                continue
            if axis != "child" or kind != "name":
                break
            child = schema.children.get(schema.qname_of(module, str(name)))
            if child is None:
                return elements[:1]
            if elements:
                elements.append(etree.SubElement(elements[-1], child.tag))
            else:
                elements.append(etree.Element(child.tag, nsmap=self._namespaces))
            keys = _keys(child, predicates)
            for key, text in keys:
                etree.SubElement(elements[-1], child.children[key].tag).text = text
            schema = child
            if len(keys) < len(predicates) or not child.is_inner:
                break
        return elements[:1] or None


def select_xpath(tree: Node, text: str, namespaces: Mapping[str | None, str], mode: Mode = "explicit") -> Node:
    """Return what the expression `text` selects of `tree`, as `XPathFilter` does.

    Raises:
        InvalidValue: It is no XPath 1.0, or gives no nodes.
    """
    return XPathFilter(text, namespaces, tree.schema.schema).select(tree, mode)


class _Kept:
    """Which nodes of a tree are to stay: a node wholly, or what is below it."""

    __slots__ = ("below", "whole")

    def __init__(self) -> None:
        self.below: dict[str, dict[Key | None, tuple[Cursor, _Kept]]] = {}
        self.whole = False

    def keep(self, cursor: Cursor) -> None:
        """Have the node of `cursor` stay, with all that is below it."""
        way = [cursor, *cursor.ancestors()][:-1]
        kept = self
        for step in reversed(way):
            if kept.whole:
                return
            beside = kept.below.setdefault(step.schema.qname, {})
            kept = beside.setdefault(step.key, (step, _Kept()))[1]
        kept.whole = True
        kept.below.clear()

    def built(self, cursor: Cursor, *, config_only: bool, is_full: bool) -> Node:
        """Return the node of `cursor` with what is to stay."""
        node: Node = cursor.value
        if self.whole:
            return filled(cursor, config_only=config_only) if is_full else node
        children: dict[str, Child] = {key: node.children[key] for key in node.schema.keys if key in node.children}
        for name, beside in self.below.items():
            schema = node.schema.children[name]
            if not schema.is_inner:
                values = [step.value for step, _ in beside.values()]
                children[name] = tuple(values) if schema.kind == "leaf-list" else values[0]
                continue
            built = {
                key: inner.built(step, config_only=config_only, is_full=is_full)
                for key, (step, inner) in beside.items()
            }
            if schema.kind == "list":
                children[name] = Entries(schema, cast("dict[Key, Node]", built))
            elif built[None].children or schema.presence:
                children[name] = built[None]
        return Node(node.schema, ordered(node.schema, children))


def _is_there(cursor: Cursor) -> bool:
    """Return whether a node is really in its tree, and not only implied, as defaults are."""
    parent = cursor.parent
    return parent is None or cursor.schema.qname in parent.value.children


def _parts(tree: Any) -> Iterator[Any]:
    """Yield a syntax tree and all trees in it."""
    if isinstance(tree, tuple):
        yield tree
        for part in tree:
            yield from _parts(part)


def _is_forward(part: Any) -> bool:
    """Return whether a part of a syntax tree leads to nothing but what is below where it starts, or to what its paths say."""
    match part:
        case ("call", "deref", _):
            return False
        case (str(axis), (str(), _, _), tuple()):
            return axis in FORWARD or axis in ("or", "and")
    return True


def _ways(tree: Any, *, is_inside: bool = False) -> Iterator[Sequence[Any]]:
    """Yield the steps of every path that starts at the root; those that start in a predicate's node are not among them."""
    match tree:
        case ("path", is_absolute, steps):
            if is_absolute or not is_inside:
                yield steps
            yield from _inside(steps)
        case ("filter", expression, predicates, steps):
            if expression == ("call", "current", ()):
                yield steps
            else:
                yield from _ways(expression, is_inside=is_inside)
            for predicate in predicates:
                yield from _ways(predicate, is_inside=True)
            yield from _inside(steps)
        case ("union", operands):
            for operand in operands:
                yield from _ways(operand, is_inside=is_inside)
        case ("call", "current", ()):
            yield ()
        case ("call", _, arguments):
            for argument in arguments:
                yield from _ways(argument, is_inside=is_inside)
        case ("or" | "and", a, b) | ("compare" | "arithmetic", _, a, b):
            yield from _ways(a, is_inside=is_inside)
            yield from _ways(b, is_inside=is_inside)
        case ("negate", a):
            yield from _ways(a, is_inside=is_inside)


def _inside(steps: Iterable[Any]) -> Iterator[Sequence[Any]]:
    for _, _, predicates in steps:
        for predicate in predicates:
            yield from _ways(predicate, is_inside=True)


def _keys(schema: SchemaNode, predicates: Sequence[Any]) -> list[tuple[str, str]]:
    """Return the keys that the first predicates want of a list's entries, each with the text of its value."""
    found: list[tuple[str, str]] = []
    for predicate in predicates:
        match predicate:
            case ("compare", "=", ("path", False, (("child", ("name", module, name), ()),)), ("literal", text, _)) if (
                name in schema.keys and module == schema.module.name
            ):
                found.append((name, text))
            case _:
                break
    return found
