"""The four ways to report default values (RFC 6243 section 3), for trees that hold what was set and nothing else.

Such a tree is "explicit": what is not in it is default data, and that is what report-all-tagged tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from yang.cursor import Cursor
from yang.jsonio import member, members
from yang.tree import Entries, Node
from yang.xmldata import OPERATIONS
from yang.xmlio import print_child, print_children, print_leaf

if TYPE_CHECKING:
    from yang.schema import SchemaNode
    from yang.tree import Child
    from yang.values import Value

Mode: TypeAlias = Literal["report-all", "report-all-tagged", "trim", "explicit"]

MODES: tuple[Mode, ...] = get_args(Mode)
WITH_DEFAULTS = "urn:ietf:params:xml:ns:netconf:default:1.0"
ATTRIBUTE = f' xmlns:wd="{WITH_DEFAULTS}" wd:default="true"'
ANNOTATION = {"ietf-netconf-with-defaults:default": True}


def with_defaults(tree: Node, mode: Mode, *, config_only: bool = True, within: bool = False) -> Node:
    """Return `tree` with the default data that `mode` reports and without what it leaves out.

    report-all and report-all-tagged put in every default that is in use (RFC 7950 section 7.6.1), of state as well unless
    `config_only`, and of top-level nodes that the tree has not unless `within`; trim takes out every leaf that has its
    default, whoever set it.
    """
    if mode == "explicit":
        return tree
    if mode == "trim":
        return trimmed(tree)
    full = filled(Cursor(tree.schema, tree, None), config_only=config_only)
    if within:
        full = Node(tree.schema, {name: child for name, child in full.children.items() if name in tree.children})
    return full


def xml_in(tree: Node, mode: Mode, *, config_only: bool = True, within: bool = False) -> str:
    """Return the XML of everything below `tree` as `mode` reports it."""
    full = with_defaults(tree, mode, config_only=config_only, within=within)
    return print_tagged(tree, full) if mode == "report-all-tagged" else print_children(full)


def print_tagged(tree: Node, full: Node) -> str:
    """Return the XML of everything below `full`, with tags on the leaves that `tree` has not (RFC 6243 section 3.4)."""
    out: list[str] = []
    _print_tagged(tree, full, out)
    return "".join(out)


def members_in(tree: Node, mode: Mode, *, config_only: bool = True, within: bool = False) -> dict[str, Any]:
    """Return everything below `tree` as `mode` reports it, as `json.dumps` takes it; tags are those of RFC 8040 4.8.9."""
    full = with_defaults(tree, mode, config_only=config_only, within=within)
    return _tagged_members(tree, full) if mode == "report-all-tagged" else members(full)


def filled(cursor: Cursor, guide: Node | None = None, *, config_only: bool = True) -> Node:
    """Return the node of `cursor` with all the default data that is in use below it, of state as well unless `config_only`.

    What is there and not in `guide`, a part of that node, is left out.
    """
    return _Filling(config_only=config_only).filled(cursor, cursor.value if guide is None else guide)


def trimmed(node: Node) -> Node:
    """Return `node` without the leaves that have their default; keys stay (RFC 7950 section 7.8.2)."""
    children: dict[str, Child] = {}
    for name, child in node.children.items():
        schema = node.schema.children[name]
        if isinstance(child, Node):
            below = trimmed(child)
            if below.children or schema.presence:
                children[name] = below
        elif isinstance(child, Entries):
            children[name] = child.updated(
                {key: below for key, entry in child.items() if (below := trimmed(entry)) is not entry}
            )
        elif schema.kind not in ("leaf", "leaf-list") or name in node.schema.keys or not _is_default(schema, child):
            children[name] = child
    is_same = len(children) == len(node.children) and all(
        node.children[name] is child for name, child in children.items()
    )
    return node if is_same else Node(node.schema, children)


def _is_default(schema: SchemaNode, child: Child) -> bool:
    default = schema.default
    return default is not None and child == default and child.__class__ is default.__class__


class _Filling:
    def __init__(self, *, config_only: bool) -> None:
        self.config_only = config_only
        self.has_defaults: dict[SchemaNode, bool] = {}

    def filled(self, cursor: Cursor, guide: Node) -> Node:
        """Return the node of `cursor` with every default in it that is in use, without what it has and `guide` has not."""
        node: Node = cursor.value
        if not self.wants(cursor.schema):
            return guide
        children: dict[str, Any] = {}
        for name, schema in node.schema.children.items():
            here = node.children.get(name)
            if here is not None and name not in guide.children:
                continue
            child = self.child(cursor, schema, here, guide.children.get(name))
            if child is not None:
                children[name] = child
        return Node(node.schema, children)

    def child(self, cursor: Cursor, schema: SchemaNode, child: Any, guide: Any) -> Any:
        """Return what is reported of one child, or None if nothing is."""
        if child is None and (schema.kind in OPERATIONS or (self.config_only and not schema.config)):
            return None
        if schema.kind in ("leaf", "leaf-list"):
            return cursor.default(schema) if child is None else child
        if schema.kind == "container":
            if child is None and (schema.presence or not self.wants(schema) or not cursor.implies(schema)):
                return None
            here = child if child is not None else Node(schema, {})
            below = self.filled(Cursor(schema, here, cursor), guide if guide is not None else here)
            return below if below.children or schema.presence else None
        if schema.kind == "list" and child is not None and self.wants(schema):
            return Entries(
                schema,
                [(key, self.filled(Cursor(schema, child[key], cursor, key), entry)) for key, entry in guide.items()],
            )
        return guide

    def wants(self, schema: SchemaNode) -> bool:
        """Return whether something at or below `schema` may have a default that is reported."""
        found = self.has_defaults.get(schema)
        if found is None:
            found = schema.kind not in OPERATIONS and (schema.config or not self.config_only)
            if found and schema.is_inner:
                found = any(map(self.wants, schema.children.values()))
            elif found:
                found = schema.kind in ("leaf", "leaf-list") and schema.default is not None
            self.has_defaults[schema] = found
        return found


def _print_tagged(tree: Node | None, full: Node, out: list[str]) -> None:
    for name, child in full.children.items():
        schema = full.schema.children[name]
        old = tree.children.get(name) if tree is not None else None
        if isinstance(child, Node):
            inside: list[str] = []
            _print_tagged(cast("Node | None", old), child, inside)
            out += [schema.open_tag, ">", *inside, schema.close_tag]
        elif isinstance(child, Entries):
            for key, entry in child.items():
                out += [schema.open_tag, ">"]
                _print_tagged(cast("Entries", old).get(key), entry, out)
                out.append(schema.close_tag)
        elif old is None:
            values = child if isinstance(child, tuple) else (child,)
            for text in (print_leaf(schema, value) for value in values):
                out += [schema.open_tag, ATTRIBUTE, text[len(schema.open_tag) :]]
        else:
            out.append(print_child(name, child, full.schema))


def _tagged_members(tree: Node | None, full: Node) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, child in full.children.items():
        schema = full.schema.children[name]
        old = tree.children.get(name) if tree is not None else None
        if isinstance(child, Node):
            found[name] = _tagged_members(cast("Node | None", old), child)
        elif isinstance(child, Entries):
            found[name] = [_tagged_members(cast("Entries", old).get(key), entry) for key, entry in child.items()]
        else:
            found[name] = member(schema, child)
            if old is None:
                # RFC 7952 section 5.2.3: the values of a leaf-list have their annotations in an array
                tags = (
                    [ANNOTATION] * len(cast("tuple[Value, ...]", child)) if schema.kind == "leaf-list" else ANNOTATION
                )
                found["@" + name] = tags
    return found
