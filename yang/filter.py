"""Subtree filters: what a client wants to see of a tree (RFC 6241 section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from yang.errors import RequestError
from yang.tree import Entries, Node, ordered
from yang.xmldata import read_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from yang.schema import SchemaNode
    from yang.tree import Child, Key


TXID = "urn:ietf:params:xml:ns:netconf:txid:1.0"
ETAG = f"{{{TXID}}}etag"
"""An attribute that says what the client knows of what it asks for, and not what it asks for."""


def select(tree: Node, wanted: Sequence[etree._Element]) -> Node:
    """Return what of `tree` the filter elements `wanted` select; several that select one node add up.

    Elements for nodes that do not exist select nothing, as do those in namespaces that are not served.
    """
    return _selected_children(tree, wanted) or Node(tree.schema, {})


def may_select(wanted: Sequence[etree._Element], way: Sequence[SchemaNode]) -> bool:
    """Return whether a filter can select anything at or below the end of `way`, which leads there from a top-level node."""
    for element in wanted:
        if _matches(element, way[0]):
            below = [child for child in element if not is_match(child)]
            if not below or len(way) == 1 or may_select(below, way[1:]):
                return True
    return False


def narrowed(tree: Node, wanted: Sequence[etree._Element]) -> Node:
    """Return `tree` without inner nodes that `wanted` cannot select anything of; `select` gives the same of both."""
    children: dict[str, Any] = {}
    for name, child in tree.children.items():
        if not isinstance(child, (Node, Entries)):
            children[name] = child
            continue
        schema = tree.schema.children[name]
        elements = [element for element in wanted if _matches(element, schema)]
        if not elements:
            continue
        below: list[etree._Element] | None = []
        for element in elements:
            others = [inner for inner in element if not is_match(inner)]
            below = below + others if below is not None and others else None
        if isinstance(child, Node):
            children[name] = child if below is None else narrowed(child, below)
            continue
        keys = [key_of(schema, element) for element in elements]
        found = child.items()
        if None not in keys:
            found = iter([(key, child[key]) for key in dict.fromkeys(cast("list[Key]", keys)) if key in child])
        elif below is None:
            children[name] = child
            continue
        children[name] = Entries(
            schema, {key: entry if below is None else narrowed(entry, below) for key, entry in found}
        )
    return Node(tree.schema, children)


def keys_wanted(wanted: Sequence[etree._Element], way: Sequence[SchemaNode]) -> set[Key] | None:
    """Return the keys of the entries that a filter can select in the list at the end of `way`; None if that may be all.

    `way` leads from a top-level node down to the list.
    """
    schema, rest = way[0], way[1:]
    keys: set[Key] = set()
    for element in wanted:
        if not _matches(element, schema):
            continue
        below = list(element)
        if rest:
            inner = keys_wanted(below, rest) if below else None
            if inner is None:
                return None
            keys |= inner
        else:
            key = key_of(schema, element)
            if key is None:
                return None
            keys.add(key)
    return keys


def _selected_children(node: Node, wanted: Sequence[etree._Element]) -> Node | None:
    """Return `node` with the children that `wanted` selects, or None if there are none."""
    children: dict[str, Any] = {}
    for element in wanted:
        for name, schema in _named(element, node.schema):
            child = node.children.get(name)
            if child is None:
                continue
            found = _selected(schema, child, element)
            if found is not None:
                children[name] = found if name not in children else _union(children[name], found)
    return Node(node.schema, ordered(node.schema, children)) if children else None


def _named(element: etree._Element, schema: SchemaNode) -> Iterator[tuple[str, SchemaNode]]:
    tag = element.tag
    if any(name != ETAG for name in element.attrib):
        return  # section 6.2.2: the data has no attributes, so no attribute match expression is true
    if tag.startswith("{"):
        child = schema.tags.get(tag)
        if child is not None:
            yield child.qname, child
    else:
        # section 6.2.1: an element in no namespace stands for that name in any
        yield from ((name, child) for name, child in schema.children.items() if child.name == tag)


def _matches(element: etree._Element, schema: SchemaNode) -> bool:
    return element.tag in (schema.tag, schema.name)


def _selected(schema: SchemaNode, child: Child, element: etree._Element) -> Child | None:
    """Return what `element` selects of `child`."""
    if schema.kind == "list":
        return _selected_entries(schema, cast("Entries", child), element)
    if isinstance(child, Node):
        return _selected_node(child, element)
    if is_match(element):
        return child if _has_value(schema, child, element) else None
    return child if not len(element) else None


def _selected_entries(schema: SchemaNode, entries: Entries, element: etree._Element) -> Child | None:
    if not len(element):
        return entries
    key = key_of(schema, element)
    if key is not None:
        entry = entries.get(key)
        items: Iterator[tuple[Key, Node]] = iter(() if entry is None else ((key, entry),))
    else:
        items = entries.items()
    found = {key: node for key, entry in items if (node := _selected_node(entry, element)) is not None}
    return Entries(schema, found) if found else None


def _selected_node(node: Node, element: etree._Element) -> Node | None:
    """Return what the filter below `element` selects of a container or list entry (sections 6.2.3 to 6.2.5)."""
    matches = [child for child in element if is_match(child)]
    for match in matches:
        found = [
            schema
            for name, schema in _named(match, node.schema)
            if name in node.children and _has_value(schema, node.children[name], match)
        ]
        if not found:
            return None
    others = [child for child in element if not is_match(child)]
    if not others:
        return node
    selected = _selected_children(node, others)
    if selected is None and not matches:
        return None
    kept = {name for match in matches for name, _ in _named(match, node.schema)} | set(node.schema.keys)
    children = dict(selected.children) if selected is not None else {}
    children.update({name: node.children[name] for name in kept if name in node.children})
    return Node(node.schema, ordered(node.schema, children))


def is_match(element: etree._Element) -> bool:
    """Return whether `element` is a content match node: one with text."""
    return not len(element) and bool((element.text or "").strip())


def _has_value(schema: SchemaNode, child: Child, element: etree._Element) -> bool:
    if schema.kind not in ("leaf", "leaf-list"):
        return False
    values = child if isinstance(child, tuple) else (child,)
    try:
        if read_value(element, schema) in values:
            return True
    except RequestError:
        pass
    # section 6.2.5 trims white space around the text
    text = (element.text or "").strip()
    return any(schema.type.text(cast("Any", value)) == text for value in values)


def key_of(schema: SchemaNode, element: etree._Element) -> Key | None:
    """Return the key of the one entry that a filter element can select, or None if it does not give every key."""
    key = []
    for name in schema.keys:
        leaf = schema.children[name]
        match = next((child for child in element if _matches(child, leaf) and is_match(child)), None)
        if match is None or match.text != (match.text or "").strip():
            return None
        try:
            key.append(read_value(match, leaf))
        except RequestError:
            return None
    return tuple(key) if key else None


def _union(a: Child, b: Child) -> Child:
    if a is b or not isinstance(a, (Node, Entries)):
        return a
    if isinstance(a, Node) and isinstance(b, Node):
        children: dict[str, Any] = dict(a.children)
        for name, child in b.children.items():
            children[name] = _union(children[name], child) if name in children else child
        return Node(a.schema, ordered(a.schema, children))
    entries = dict(cast("Entries", a).items())
    for key, entry in cast("Entries", b).items():
        entries[key] = cast("Node", _union(entries[key], entry)) if key in entries else entry
    return Entries(cast("Entries", a).schema, entries)
