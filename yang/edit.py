"""edit-config on trees: merge, replace, create, delete and remove (RFC 6241 section 7.2, RFC 7950 sections 7 and 8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from lxml import etree

from yang.diff import NETCONF, YANG
from yang.errors import (
    BadAttribute,
    DataExists,
    DataMissing,
    InvalidValue,
    MissingAttribute,
    RequestError,
    UnknownAttribute,
    UnknownElement,
)
from yang.filter import ETAG
from yang.list_edit import ListEdit
from yang.tagged import TAG, is_tagged, refuse_other_than_default
from yang.tree import Node, is_empty, ordered
from yang.values import shown
from yang.when import settle
from yang.xmldata import (
    Reader,
    Refused,
    bad,
    placed,
    read_key,
    read_value,
    refuse_mixed_content,
    refuse_text,
    refuse_two_cases,
    resolver,
    twice,
    unknown,
)
from yang.xmlpath import XmlPath

if TYPE_CHECKING:
    from yang.list_edit import Place
    from yang.schema import SchemaNode
    from yang.tree import Child, Key
    from yang.values import Value

DefaultOperation = Literal["merge", "replace", "none"]

OPERATIONS = frozenset({"merge", "replace", "create", "delete", "remove"})
OPERATION = f"{{{NETCONF}}}operation"
INSERT, ANCHOR_KEY, ANCHOR_VALUE = (f"{{{YANG}}}{name}" for name in ("insert", "key", "value"))
SETTING = frozenset({"merge", "replace", "create"})
PLACES = frozenset({"first", "last", "before", "after"})
HAS_ATTRIBUTES_BELOW = XmlPath("boolean(.//*/@*)")
PREDICATE = re.compile(r"""\[\s*(?:([\w.-]+):)?([\w.-]+)\s*=\s*("[^"]*"|'[^']*')\s*\]""")


def edit_config(
    tree: Node,
    config: etree._Element,
    default_operation: DefaultOperation = "merge",
    errors: list[RequestError] | None = None,
) -> Node:
    """Return `tree` as the elements below `config` edit it; unchanged parts are the same objects.

    If a list for `errors` is given, what is wrong is put there and left out of the edit (continue-on-error).

    Nodes of a choice's other cases go when a case comes in, and so do nodes whose `when` has become false (RFC 7950
    section 8.3.2).

    Raises:
        RequestError: As RFC 6241 section 7.2 and RFC 7950 section 8.3 say, with the path of the node; `tree` is as it was.
    """
    return settle(tree, carry_out(tree, config, default_operation, errors), errors)


def carry_out(
    tree: Node, config: etree._Element, default_operation: DefaultOperation, errors: list[RequestError] | None = None
) -> Node:
    """Return `tree` as `edit_config` has it before nodes go whose `when` has become false: one edit of several."""
    schema = tree.schema
    refuse_mixed_content(config, schema)
    base = Node(schema, {}) if default_operation == "replace" else tree
    try:
        if not len(config):
            refuse_text(config)
        return _Editor(schema, config, errors).children(base, config, default_operation)
    except Refused as refused:
        raise placed(refused, config, schema) from None


class _Editor:
    """Carries out one edit."""

    def __init__(self, root: SchemaNode, config: etree._Element, errors: list[RequestError] | None) -> None:
        self.root = root
        self.config = config
        self.errors = errors
        self.reader = Reader(root.schema, config_only=True)

    def children(self, node: Node, parent: etree._Element, inherited: str) -> Node:
        """Return `node` with the edits of the elements below `parent`."""
        schema = node.schema
        children: dict[str, Any] = dict(node.children)
        given: set[str] = set()
        lists: dict[str, ListEdit] = {}
        for element in parent:
            try:
                self.child(schema, element, inherited, children, given, lists)
            except Refused as refused:
                self.note(refused)
        for name, edit in lists.items():
            new = edit.result()
            if new is None or is_empty(new):
                children.pop(name, None)
            else:
                children[name] = new
        if schema.choices:
            try:
                self.settle_cases(schema, children, given | lists.keys(), parent)
            except Refused as refused:
                self.note(refused)
                for name in [name for name in given | lists.keys() if schema.children[name].cases]:
                    children.pop(name, None)
                    children.update({name: node.children[name]} if name in node.children else {})
        if len(children) == len(node.children) and all(
            node.children.get(name) is child for name, child in children.items()
        ):
            return node
        return Node(schema, ordered(schema, children))

    def note(self, refused: Refused) -> None:
        """Keep the error of `refused` if the edit is to go on, and raise it otherwise."""
        if self.errors is None:
            raise refused
        self.errors.append(placed(refused, self.config, self.root))

    def child(
        self,
        parent: SchemaNode,
        element: etree._Element,
        inherited: str,
        children: dict[str, Any],
        given: set[str],
        lists: dict[str, ListEdit],
    ) -> None:
        """Carry out the edit of one element on `children`; what it does to a list is gathered in `lists`."""
        schema = parent.tags.get(element.tag)
        if schema is None or schema.kind in ("rpc", "notification"):
            above = element.getparent()
            raise Refused(element if above is None else above, unknown(element, parent))
        if not schema.config:
            raise Refused(element, UnknownElement(f"{schema.name} is state, not configuration", info=bad(schema)))
        operation = self.operation(element, schema, inherited)
        name = schema.qname
        if schema.kind in ("list", "leaf-list"):
            edit = lists.get(name)
            if edit is None:
                edit = lists[name] = ListEdit(schema, children.get(name))
            if schema.kind == "list":
                self.entry(edit, element, operation)
            else:
                self.value(edit, element, operation)
            return
        if name in given:
            raise Refused(element, twice(schema, schema.name))
        given.add(name)
        if name in parent.keys:
            if operation in ("delete", "remove") and operation != inherited:
                info = (("bad-attribute", "operation"), *bad(schema))
                raise Refused(element, BadAttribute(f"the key {name} goes only with its entry", info=info))
            return
        old = children.get(name)
        if schema.kind == "container":
            new: Any = self.inner(schema, element, old, operation)
        else:
            new = self.leaf(schema, element, old, operation)
        if new is None or is_empty(new):
            children.pop(name, None)
        elif new is not old:
            children[name] = new

    def operation(self, element: etree._Element, schema: SchemaNode, inherited: str) -> str:
        """Return the operation on `element`: its own, or that of the nearest element around it."""
        operation = inherited
        for name, value in element.attrib.items():
            if name == OPERATION:
                if value not in OPERATIONS:
                    info = (("bad-attribute", "operation"), *bad(schema))
                    raise Refused(
                        element,
                        BadAttribute(f"{value!r} is not an operation: {', '.join(sorted(OPERATIONS))}", info=info),
                    )
                operation = str(value)
            elif name == TAG and schema.kind in ("leaf", "leaf-list"):
                refuse_other_than_default(element, schema)
            elif name == ETAG:
                continue
            elif name not in (INSERT, ANCHOR_KEY, ANCHOR_VALUE) or not schema.user_ordered:
                info = (("bad-attribute", etree.QName(name).localname), *bad(schema))
                hint = "; the operation attribute belongs to the namespace " + NETCONF if name == "operation" else ""
                raise Refused(
                    element,
                    UnknownAttribute(f"the attribute {name!s} may not stand on {schema.name}{hint}", info=info),
                )
        return operation

    def inner(
        self, schema: SchemaNode, element: etree._Element, old: Node | None, operation: str, key: Key = ()
    ) -> Node | None:
        """Return what becomes of a container or list entry."""
        if not len(element):
            refuse_text(element)
        if operation in ("delete", "remove"):
            if old is None and operation == "delete":
                raise Refused(
                    element,
                    DataMissing(f"{_named(schema, key)} is to be deleted and is not there", info=bad(schema)),
                )
            return None
        if operation == "create" and old is not None:
            raise Refused(
                element,
                DataExists(f"{_named(schema, key)} is to be created and is there already", info=bad(schema)),
            )
        if operation == "none" and old is None and (schema.kind == "list" or schema.presence):
            raise Refused(element, DataMissing(f"{_named(schema, key)} is not there", info=bad(schema)))
        if old is None or operation == "replace":
            if operation != "none" and self.errors is None and not HAS_ATTRIBUTES_BELOW(element):
                return Node(schema, self.reader.children(element, schema))
            old = Node(schema, dict(zip(schema.keys, key, strict=True)))
        return self.children(old, element, operation)

    def leaf(self, schema: SchemaNode, element: etree._Element, old: Child | None, operation: str) -> Child | None:
        """Return what becomes of a leaf, anydata or anyxml."""
        if operation in SETTING and is_tagged(element):
            operation = "remove" if operation != "create" or old is None else operation
        if operation in ("delete", "remove"):
            if old is None and operation == "delete":
                raise Refused(
                    element, DataMissing(f"{schema.name} is to be deleted and is not there", info=bad(schema))
                )
            return None
        if operation == "create" and old is not None:
            raise Refused(element, DataExists(f"{schema.name} is to be created and is there already", info=bad(schema)))
        if operation == "none":
            if old is None:
                raise Refused(element, DataMissing(f"{schema.name} is not there", info=bad(schema)))
            return old
        value = self._value(element, schema) if schema.kind == "leaf" else self.reader.inner_xml(element)
        return old if value == old and value.__class__ is old.__class__ else value

    def entry(self, edit: ListEdit, element: etree._Element, operation: str) -> None:
        """Put the edit of one list entry into `edit`."""
        schema = edit.schema
        key = read_key(element, schema)
        if key in edit.given:
            raise Refused(element, twice(schema, _named(schema, key)))
        old = edit.entries.get(key) if edit.entries is not None else None
        new = self.inner(schema, element, old, operation, key)
        edit.put(key, new, self.place(edit, key, element, is_kept=new is not None and operation != "none"))

    def value(self, edit: ListEdit, element: etree._Element, operation: str) -> None:
        """Put the edit of one value of a leaf-list into `edit`."""
        schema = edit.schema
        value = self._value(element, schema)
        key = (value,)
        is_there = value in edit.values
        if operation in SETTING and is_tagged(element):
            operation = "remove" if operation != "create" or not is_there else operation
        if key in edit.given:
            raise Refused(element, twice(schema, _named(schema, key)))
        if operation in ("delete", "remove"):
            if not is_there and operation == "delete":
                raise Refused(
                    element,
                    DataMissing(f"{_named(schema, key)} is to be deleted and is not there", info=bad(schema)),
                )
            edit.put(key, None, None)
            return
        if operation == "create" and is_there:
            raise Refused(
                element,
                DataExists(f"{_named(schema, key)} is to be created and is there already", info=bad(schema)),
            )
        if operation == "none":
            if not is_there:
                raise Refused(element, DataMissing(f"{_named(schema, key)} is not there", info=bad(schema)))
            return
        edit.put(key, value, self.place(edit, key, element, is_kept=True))

    def place(self, edit: ListEdit, own: Key, element: etree._Element, *, is_kept: bool) -> Place | None:
        """Return where `element` wants to stand in a user's order (RFC 7950 sections 7.7.9 and 7.8.6), if it says."""
        place = element.get(INSERT)
        if place is None or not is_kept:
            return None
        schema = edit.schema
        if place not in PLACES:
            raise Refused(
                element,
                BadAttribute(
                    f"{place!r} is not one of first, last, before, after",
                    info=(("bad-attribute", "insert"), *bad(schema)),
                ),
            )
        if place in ("first", "last"):
            return (str(place), None)
        name = ANCHOR_VALUE if schema.kind == "leaf-list" else ANCHOR_KEY
        anchor = element.get(name)
        if anchor is None:
            attribute = etree.QName(name).localname
            raise Refused(
                element,
                MissingAttribute(
                    f"insert {place} needs the attribute {attribute}",
                    info=(("bad-attribute", attribute), *bad(schema)),
                ),
            )
        info = (("bad-attribute", etree.QName(name).localname), *bad(schema))
        try:
            key = self.anchor(schema, element, str(anchor))
        except InvalidValue as error:
            raise Refused(element, BadAttribute(f"{schema.name}: {error.message}", info=info)) from None
        if not edit.has(key) or key == own:
            message = f"{anchor} names no entry to stand {place}"
            raise Refused(element, BadAttribute(message, app_tag="missing-instance", info=info))
        return (str(place), key)

    def anchor(self, schema: SchemaNode, element: etree._Element, text: str) -> Key:
        """Return the key that an insert attribute names."""
        resolve = resolver(element, schema.schema)
        if schema.kind == "leaf-list":
            return (schema.type.parse(text, resolve),)
        found = PREDICATE.findall(text)
        named = {name: value[1:-1] for _, name, value in found}
        if named.keys() != set(schema.keys) or len(found) > len(named) or PREDICATE.sub("", text).strip():
            raise InvalidValue(f"{shown(text)} does not name the keys {' '.join(schema.keys)}")
        for prefix, name, _ in found:
            if prefix and resolve(prefix) != schema.children[name].module.name:
                raise InvalidValue(f"{prefix}:{name} is no key of {schema.name}")
        return tuple(schema.children[name].type.parse(named[name], resolve) for name in schema.keys)

    def settle_cases(
        self, schema: SchemaNode, children: dict[str, Any], given: set[str], parent: etree._Element
    ) -> None:
        """Drop the nodes of cases that the edit did not touch where it gives another case of their choice."""
        names = sorted(given & children.keys(), key=lambda name: schema.children[name].position)
        refuse_two_cases(schema, names, parent)
        chosen = dict(case for name in names for case in schema.children[name].cases)
        for name in children.keys() - given:
            if any(chosen.get(choice, case) != case for choice, case in schema.children[name].cases):
                del children[name]

    def _value(self, element: etree._Element, schema: SchemaNode) -> Value:
        try:
            return read_value(element, schema)
        except RequestError as error:
            raise Refused(element, error) from None


def _named(schema: SchemaNode, key: Key) -> str:
    types = [schema.type] if schema.kind == "leaf-list" else [schema.children[name].type for name in schema.keys]
    return " ".join([schema.name, *(type_.text(value) for type_, value in zip(types, key, strict=False))])
