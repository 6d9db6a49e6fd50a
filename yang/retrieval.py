"""What is left of selected data when only configuration, only state or only some levels are wanted (RFC 8526 section 3.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from yang.filter import keys_wanted
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lxml import etree

    from yang.path import Path
    from yang.schema import SchemaNode
    from yang.tree import Child, Key

Way: TypeAlias = tuple[tuple[str, "Key | None"], ...]
"""The names and keys that lead to a node."""


def of_kind(node: Node, *, config: bool) -> Node:
    """Return only the configuration in `node`, or only the state, with what that is in and the keys of entries."""

    def kept(schema: SchemaNode, child: Any) -> Child | None:
        if not schema.config:
            state: Child = child
            return state if not config else None
        if isinstance(child, Node):
            below = of_kind(child, config=config)
            return below if below.children or (config and schema.presence) else None
        if isinstance(child, Entries):
            found = {key: of_kind(entry, config=config) for key, entry in child.items()}
            entries = {key: entry for key, entry in found.items() if config or len(entry.children) > len(schema.keys)}
            return Entries(schema, entries) if entries else None
        value: Child = child
        return value if config else None

    return _of(node, kept)


def of_depth(node: Node, points: Points, depth: int) -> Node:
    """Return `node` with `depth` levels of what `points` says is selected, and with all that is around it."""
    return _limited(node, points, (), depth)


class Points:
    """Which nodes a filter selects, with all that is below them; not those that are only on the way to them."""

    def __init__(self, is_selected: Callable[[Way], bool]) -> None:
        """Have those selected for which `is_selected` is true, asked from the top down."""
        self.is_selected = is_selected


def points_of_all() -> Points:
    """Return what is selected without a filter: every top-level node."""
    return Points(lambda way: len(way) == 1)


def points_of_paths(paths: Iterable[Path]) -> Points:
    """Return what is selected as the nodes at `paths`."""
    ways = {tuple((step.schema.qname, step.key) for step in path.steps()) for path in paths}
    return Points(lambda way: way in ways)


def points_of_elements(root: SchemaNode, elements: Sequence[etree._Element]) -> Points:
    """Return what a subtree filter selects: what stands there without children, or with content matches alone."""

    def is_selected(way: Way) -> bool:
        schema, found = root, list(elements)
        for name, key in way:
            schema = schema.children[name]
            found = [element for element in found if element.tag in (schema.tag, schema.name)]
            if schema.kind == "list":
                found = [
                    element for element in found if (keys := keys_wanted([element], [schema])) is None or key in keys
                ]
            if any(all(_is_match(inner) for inner in element) for element in found):
                return True
            found = [inner for element in found for inner in element]
        return False

    return Points(is_selected)


def _is_match(element: etree._Element) -> bool:
    return not len(element) and bool((element.text or "").strip())


def _limited(node: Node, points: Points, way: Way, depth: int) -> Node:
    def kept(schema: SchemaNode, child: Any) -> Child | None:
        if isinstance(child, Node):
            return below(child, (*way, (schema.qname, None)))
        if isinstance(child, Entries):
            return Entries(schema, {key: below(entry, (*way, (schema.qname, key))) for key, entry in child.items()})
        value: Child = child
        return value

    def below(child: Node, here: Way) -> Node:
        return _shallow(child, depth - 1) if points.is_selected(here) else _limited(child, points, here, depth)

    return _of(node, kept)


def _shallow(node: Node, levels: int) -> Node:
    """Return `node` with so many levels below it, and with the keys of entries in any case."""
    if not levels:
        return Node(node.schema, {name: node.children[name] for name in node.schema.keys if name in node.children})

    def kept(schema: SchemaNode, child: Any) -> Child | None:
        if isinstance(child, Node):
            return _shallow(child, levels - 1)
        if isinstance(child, Entries):
            return Entries(schema, {key: _shallow(entry, levels - 1) for key, entry in child.items()})
        value: Child = child
        return value

    return _of(node, kept)


def _of(node: Node, kept: Callable[[SchemaNode, Any], Child | None]) -> Node:
    """Return `node` with what `kept` returns of its children; keys stay."""
    children: dict[str, Child] = {}
    for name, child in node.children.items():
        found = child if name in node.schema.keys else kept(node.schema.children[name], child)
        if found is not None:
            children[name] = found
    return Node(node.schema, children)
