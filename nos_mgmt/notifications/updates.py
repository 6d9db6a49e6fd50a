"""What a datastore subscription is told: the contents of a selection, and what has changed in it (RFC 8641 section 3.7)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast
from xml.sax.saxutils import escape, quoteattr

from yang.diff import Change, changes
from yang.filter import narrowed as bounded
from yang.filter import select
from yang.narrow import alone, has_conditions, narrowed, node_at
from yang.path import Path
from yang.resource_path import print_resource
from yang.tree import Entries, Node
from yang.xmlio import print_child, print_leaf
from yang.xpath_filter import XPathFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lxml.etree import _Element

    from yang.schema import SchemaNode
    from yang.tree import Child, Key

Wanted: TypeAlias = "Sequence[_Element] | XPathFilter | None"
"""What a subscription selects: by the elements of a subtree filter or by an expression; everything if that is None."""

PUSH = "urn:ietf:params:xml:ns:yang:ietf-yang-push"
PATCH = "urn:ietf:params:xml:ns:yang:ietf-yang-patch"


class Edit(NamedTuple):
    """One change of a node."""

    operation: str
    """One of the change types: create, delete, insert, move, replace."""
    path: Path
    value: str = ""
    """The node as it is now, as XML; empty for delete and move."""
    after: Path | None = None
    """The entry before this one, for insert and move; None if it is the first."""


def selected(tree: Node, wanted: Wanted, visible: Callable[[Node], Node]) -> Node:
    """Return what `wanted` selects of what is `visible` of a tree."""
    if isinstance(wanted, XPathFilter):
        bounds = wanted.bounds()
        # what cannot be selected need not be looked over
        return wanted.select(visible(tree if bounds is None else bounded(tree, bounds)), config_only=False)
    return visible(tree) if wanted is None else select(visible(tree), wanted)


def edits_between(before: Node, after: Node, wanted: Wanted, visible: Callable[[Node], Node]) -> list[Edit]:
    """Return what has changed in what `wanted` selects of what is `visible`.

    Its cost grows with the change; that of an XPath expression with what it looks at, if anything of that has changed.
    """
    if isinstance(wanted, XPathFilter):
        # it may look anywhere: what the trees share cannot be left out
        has_changed = _may_have_changed(before, after, wanted)
        old, new = (selected(tree, wanted, visible) for tree in (before, after)) if has_changed else (before, before)
        found = list(changes(old, new))
    else:
        part = partial(selected, wanted=wanted, visible=visible)
        old, new = map(part, narrowed(before, after, keep_siblings=has_conditions(wanted)))
        found = [
            change
            for one in changes(old, new)
            for change in _refined(one, before if one.before is None else after, part)
        ]
    edits = [edit for change in found for edit in _edits(change, new)]
    # what takes the place of something comes after that has gone: of two cases of a choice there is one at a time
    return sorted(edits, key=lambda edit: edit.operation != "delete")


def _may_have_changed(before: Node, after: Node, wanted: XPathFilter) -> bool:
    """Return whether anything that an expression looks at is not the same object in both."""
    bounds = wanted.bounds()
    tops = before.children.keys() | after.children.keys()
    if bounds is not None:
        tags = {element.tag for element in bounds}
        schemas = before.schema.children
        tops = {name for name in tops if schemas[name].tag in tags or schemas[name].name in tags}
    return any(before.children.get(name) is not after.children.get(name) for name in tops)


def _refined(change: Change, other: Node, selected: Callable[[Node], Node]) -> Iterator[Change]:
    """Yield what a change is a change of: less than a node, if the node is there on the other side as well.

    It is then missing there only because everything in it that has not changed was left out.
    """
    path, schema = change.path, change.path.schema
    child = change.after if change.before is None else change.before
    is_one_sided = change.before is None or change.after is None
    if not is_one_sided or not isinstance(child, Node) or node_at(other, path) is None:
        yield change
        return
    is_implied = schema.kind == "container" and not schema.presence
    if not is_implied and node_at(selected(alone(other, path)), path) is None:
        yield change
        return
    for name, below in child.children.items():
        inner = child.schema.children[name]
        if name in child.schema.keys:
            continue
        parts = (
            [(Path(path, inner, key), entry) for key, entry in below.items()]
            if isinstance(below, Entries)
            else [(Path(path, inner), below)]
        )
        for where, part in parts:
            turned = Change(where, None, part) if change.before is None else Change(where, part, None)
            yield from _refined(turned, other, selected)


def _edits(change: Change, new: Node) -> Iterator[Edit]:
    path, schema = change.path, change.path.schema
    if schema.kind == "leaf-list":
        yield from _leaf_list_edits(change)
    elif change.after is None:
        yield Edit("delete", path)
    elif schema.user_ordered and path.key is not None:
        before_it = _before(new, path)
        if change.before is None:
            yield Edit("insert", path, _value(schema, change.after), before_it)
        else:
            yield Edit("move", path, "", before_it)
    else:
        yield Edit("create" if change.before is None else "replace", path, _value(schema, change.after))


def _leaf_list_edits(change: Change) -> Iterator[Edit]:
    path, schema = change.path, change.path.schema
    old: Any = change.before or ()
    new: Any = change.after or ()
    for value in old:
        if value not in new:
            yield Edit("delete", Path(path.parent, schema, (value,)))
    kept = [value for value in old if value in new]
    has_moved = schema.user_ordered and kept != [value for value in new if value in kept]
    last: Path | None = None
    for value in new:
        here = Path(path.parent, schema, (value,))
        if value not in old:
            yield Edit("insert" if schema.user_ordered else "create", here, _value(schema, (value,)), last)
        elif has_moved:
            yield Edit("move", here, "", last)
        last = here


def _before(tree: Node, path: Path) -> Path | None:
    """Return the path of the entry that stands before another one in a user's list."""
    node: Any = tree
    for step in path.steps()[:-1]:
        node = node.children[step.schema.qname]
        if isinstance(node, Entries):
            node = node[cast("Key", step.key)]
    last: Key | None = None
    for key in node.children[path.schema.qname]:
        if key == path.key:
            break
        last = key
    return Path(path.parent, path.schema, last) if last is not None else None


def _value(schema: SchemaNode, child: Child) -> str:
    """Return one node as XML that stands for itself."""
    if schema.kind == "list" and isinstance(child, Node):
        child = Entries(schema, {child.key: child})
    if schema.kind == "leaf-list":
        text = print_leaf(schema, cast("tuple[Any, ...]", child)[0])
    else:
        text = print_child(schema.qname, child, cast("SchemaNode", schema.parent))
    return f"<{schema.name} xmlns={quoteattr(schema.module.namespace)}{text[len(schema.open_tag) :]}"


def change_update(number: int, patch: int, edits: Sequence[Edit], *, is_incomplete: bool = False) -> str:
    """Return the element `push-change-update` of the subscription `number`, its update number `patch`."""
    parts = []
    for index, edit in enumerate(edits, 1):
        parts.append(
            f"<edit><edit-id>edit{index}</edit-id><operation>{edit.operation}</operation>"
            f"<target>{escape(print_resource(edit.path))}</target>"
        )
        if edit.operation in ("insert", "move"):
            if edit.after is not None:
                parts.append(f"<point>{escape(print_resource(edit.after))}</point><where>after</where>")
            else:
                parts.append("<where>first</where>")
        if edit.value:
            parts.append(f"<value>{edit.value}</value>")
        parts.append("</edit>")
    incomplete = "<incomplete-update/>" if is_incomplete else ""
    return (
        f'<push-change-update xmlns="{PUSH}"><id>{number}</id><datastore-changes>'
        f"<yang-patch><patch-id>{patch}</patch-id>{''.join(parts)}</yang-patch>"
        f"</datastore-changes>{incomplete}</push-change-update>"
    )


def update(number: int, contents: str) -> str:
    """Return the element `push-update` of the subscription `number`, with `contents` as XML."""
    return f'<push-update xmlns="{PUSH}"><id>{number}</id><datastore-contents>{contents}</datastore-contents></push-update>'
