"""YANG Patch (RFC 8072): an ordered list of edits of a tree, all of which are done or none."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from yang.diff import NETCONF
from yang.edit import carry_out
from yang.errors import BadAttribute, BadElement, DataMissing, InvalidValue, RequestError
from yang.json_document import JsonDocument
from yang.jsondata import read_children
from yang.patch_status import PatchStatus
from yang.resource_path import parse_resource
from yang.tree import Entries, Node
from yang.validate import validate
from yang.when import settle
from yang.xmldata import read_children as read_elements
from yang.xmlio import parse_document, print_child, print_leaf

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from yang.path import Path
    from yang.schema import SchemaNode
    from yang.tree import Child, Key
    from yang.values import Value

Given: TypeAlias = "etree._Element | JsonDocument"  # noqa: SLF001 - lxml names it so

OPERATIONS = ("create", "delete", "insert", "merge", "move", "replace", "remove")
PLACES = ("before", "after", "first", "last")
WITH_VALUE = frozenset({"create", "merge", "replace", "insert"})
WITH_PLACE = frozenset({"insert", "move"})


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of a patch."""

    edit_id: str
    operation: str
    target: str
    where: str = "last"
    point: str | None = None
    value: Given | None = None
    """What holds the target node: an element with one element in it, or a document whose object has one member."""


@dataclass(frozen=True, slots=True)
class YangPatch:
    """A patch."""

    patch_id: str
    edits: tuple[Edit, ...] = ()
    comment: str | None = None


def apply_patch(tree: Node, patch: YangPatch, base: str = "", *, validates: bool = True) -> tuple[Node, PatchStatus]:
    """Return `tree` as the edits of `patch` leave it, one after the other, and what came of each.

    Targets are relative to the resource `base`. If anything is wrong the tree that is returned is `tree` itself: an edit
    that cannot be done ends the patch; what the result breaks of the models' rules are errors of the whole patch, unless
    it is not to be validated.
    """
    edited = tree
    done: list[str] = []
    for edit in patch.edits:
        try:
            edited = _apply(edited, edit, base.rstrip("/"))
        except RequestError as error:
            return tree, PatchStatus(patch.patch_id, tuple(done), {edit.edit_id: [error]})
        done.append(edit.edit_id)
    errors: list[RequestError] = []
    try:
        edited = settle(tree, edited)
        errors = validate(tree, edited) if validates else []
    except RequestError as error:
        errors = [error]
    return tree if errors else edited, PatchStatus(patch.patch_id, tuple(done), errors=errors)


def _apply(tree: Node, edit: Edit, base: str) -> Node:
    target = parse_resource(base + edit.target, tree.schema.schema)
    if target is None:
        raise InvalidValue("target: / is the datastore, where a data resource is to be named")
    schema = target.schema
    if schema.kind in ("list", "leaf-list") and target.key is None:
        raise InvalidValue(f"target: {schema.name} is named without the keys of one entry", target)
    if edit.operation in WITH_PLACE and not schema.user_ordered:
        raise BadElement(
            f"{schema.name} is not ordered by the user: nothing in it can be put anywhere",
            target,
            info=(("bad-element", "where"),),
        )
    if edit.operation == "move":
        return _within(tree, target, lambda parent: _moved(parent, target, edit, base))
    edited = carry_out(tree, _config(edit, target), "none")
    if edit.operation == "insert":
        return _within(edited, target, lambda parent: _moved(parent, target, edit, base))
    return edited


def _config(edit: Edit, target: Path) -> etree._Element:
    """Return the edit-config document that does an edit, but for the place of what it inserts."""
    # as text: an element that lxml moves loses declarations of prefixes that only values have
    schema = target.schema
    operation = "create" if edit.operation == "insert" else edit.operation
    text = _named(target) if edit.value is None else _value(edit.value, target)
    text = f'{schema.open_tag} nc:operation="{operation}"{text[len(schema.open_tag) :]}'
    for step in reversed(target.steps()[:-1]):
        text = f"{step.schema.open_tag}>{_keys(step)}{text}{step.schema.close_tag}"
    return parse_document(f'<config xmlns:nc="{NETCONF}">{text}</config>'.encode())


def _named(target: Path) -> str:
    """Return the XML that names a node, and nothing in it."""
    schema = target.schema
    if schema.kind == "leaf-list":
        return print_leaf(schema, cast("Key", target.key)[0])
    return f"{schema.open_tag}>{_keys(target)}{schema.close_tag}"


def _keys(path: Path) -> str:
    children, values = path.schema.children, path.key or ()
    return "".join(print_leaf(children[name], value) for name, value in zip(path.schema.keys, values, strict=True))


def _value(given: Given, target: Path) -> str:
    """Return the XML of the target that a value holds."""
    schema, parent = target.schema, cast("SchemaNode", target.schema.parent)
    read = _read_json(given, target) if isinstance(given, JsonDocument) else _read_xml(given, target)
    child = read.get(schema.qname)
    if child is None and schema.kind == "container":
        child = Node(schema, {})  # without presence, and empty
    keys = (
        list(child) if isinstance(child, Entries) else [(value,) for value in child] if isinstance(child, tuple) else []
    )
    if child is None or (target.key is not None and len(keys) != 1):
        raise _not_the_target(target)
    if target.key is not None and keys != [target.key]:
        raise InvalidValue(f"value: it is another {schema.name} than the target names", target)
    return print_child(schema.qname, child, parent)


def _read_xml(given: etree._Element, target: Path) -> dict[str, Child]:
    if len(given) != 1 or given[0].tag != target.schema.tag:
        raise _not_the_target(target)
    return read_elements(given, cast("SchemaNode", target.schema.parent), target.parent, config_only=True)


def _read_json(document: JsonDocument, target: Path) -> dict[str, Child]:
    schema, value = target.schema, document.value
    full = f"{schema.module.name}:{schema.name}"
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in (full, schema.qname):
        raise _not_the_target(target)
    # the value stands at the top there, and so has the module's name
    renamed = JsonDocument(document.text, {schema.qname: next(iter(value.values()))}, document.limits)
    try:
        return read_children(renamed, (), cast("SchemaNode", schema.parent), target.parent)
    except RequestError as error:
        error.line = None
        raise


def _not_the_target(target: Path) -> BadElement:
    return BadElement(f"value: it does not hold one {target.schema.name}", target, info=(("bad-element", "value"),))


def _within(tree: Node, target: Path, change: Callable[[Node], Node]) -> Node:
    """Return `tree` with the node that `target` stands in changed."""

    def changed(node: Node, steps: list[Path]) -> Node:
        if len(steps) == 1:
            return change(node)
        schema, key = steps[0].schema, steps[0].key
        child = node.children.get(schema.qname)
        if isinstance(child, Entries):
            child = child.get(cast("Key", key))
        if not isinstance(child, Node):
            raise DataMissing(f"{schema.name} is not there", steps[0])
        below = changed(child, steps[1:])
        if schema.kind != "list":
            return node.replacing(schema.qname, below)
        return node.replacing(schema.qname, node.get(schema.qname).updated({key: below}))

    return changed(tree, target.steps())


def _moved(parent: Node, target: Path, edit: Edit, base: str) -> Node:
    """Return `parent` with the entry or value `target` in it where the edit wants it."""
    schema, key = target.schema, cast("Key", target.key)
    child: Entries | tuple[Value, ...] = parent.children.get(schema.qname, ())  # type: ignore[assignment]  # it is a list
    keys: list[Key] = list(child) if isinstance(child, Entries) else [(value,) for value in child]
    if key not in keys:
        raise DataMissing(f"{schema.name} is to be moved and is not there", target)
    before: Key | None = None
    if edit.where in ("before", "after"):
        before = _point(edit, target, base)
        if before not in keys or before == key:
            info = (("bad-attribute", "point"),)
            message = f"point: {edit.point} names no entry to stand {edit.where}"
            raise BadAttribute(message, target, app_tag="missing-instance", info=info)
        if edit.where == "after":
            rest = [other for other in keys if other != key]
            before = dict(pairwise(rest)).get(before)
    moved: Child
    if isinstance(child, Entries):
        moved = child.moved(key, child[key], before, first=edit.where == "first")
    else:
        rest = [other for other in keys if other != key]
        rest.insert(0 if edit.where == "first" else len(rest) if before is None else rest.index(before), key)
        moved = tuple(value for (value,) in rest)
    return parent.replacing(schema.qname, moved)


def _point(edit: Edit, target: Path, base: str) -> Key | None:
    point = parse_resource(base + cast("str", edit.point), target.schema.schema)
    if point is None or point.schema is not target.schema or point.parent != target.parent:
        info = (("bad-attribute", "point"),)
        raise BadAttribute(f"point: {edit.point} is not in the list of the target", target, info=info)
    return point.key


def make_edit(said: dict[str, Any]) -> Edit:
    """Return the edit that the leaves of `said`, by their names, describe.

    Raises:
        RequestError: One is missing, or stands where it may not.
    """
    operation = said["operation"]
    if operation not in OPERATIONS:
        raise InvalidValue(f"operation: {operation!r} is not one of {', '.join(OPERATIONS)}")
    where = said.get("where", "last")
    if where not in PLACES:
        raise InvalidValue(f"where: {where!r} is not one of {', '.join(PLACES)}")
    wanted = {
        "value": operation in WITH_VALUE,
        "point": operation in WITH_PLACE and where in ("before", "after"),
    }
    for name, is_wanted in wanted.items():
        if is_wanted is not (name in said):
            has = "needs a" if is_wanted else "has no"
            raise BadElement(f"{operation} {has} {name}", info=(("bad-element", name),))
    if "where" in said and operation not in WITH_PLACE:
        raise BadElement(f"{operation} has no where", info=(("bad-element", "where"),))
    return Edit(said["edit-id"], operation, said["target"], where, said.get("point"), said.get("value"))
