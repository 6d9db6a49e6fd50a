"""XML documents: parsed safely, and data trees printed (RFC 7950 sections 7 and 9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from yang.errors import BadElement
from yang.types import InstanceIdentifierType
from yang.values import Identity, InstanceIdentifier
from yang.xmlpath import XmlPath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yang.schema import SchemaNode
    from yang.tree import Child, Entries, Node
    from yang.values import Value

TAG = re.compile(r"(<[^\s/>]+)(.*)", re.DOTALL).match
SPECIAL = re.compile(r"[&<>\r]").search
PREFIXES = re.compile(r"([^\W\d][\w.-]*):").findall
DESCENTS = [XmlPath("/".join("*" * steps)) for steps in range(1, 11)]
"""The elements so many levels further down."""
HAS_DOCTYPE = re.compile(rb"(?s)(?:\xef\xbb\xbf)?(?>\s+|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE").match
"""A document type stands before the first element; further on the same characters are text."""


class MalformedXml(Exception):
    """Bytes that are not an XML document that this server reads."""


def parse_document(content: bytes) -> etree._Element:
    """Return the root element of an XML document, without comments and processing instructions.

    Nothing is fetched and nothing expanded: a document type declaration is refused, as RFC 6241 section 3 wants.

    Raises:
        MalformedXml: It is not well-formed or has a document type; the message has line and column.
    """
    if b"<!DOCTYPE" in content and HAS_DOCTYPE(content):
        raise MalformedXml("a document type declaration, which NETCONF does not allow")
    parser = etree.XMLParser(
        # whatever the document says of itself: RFC 6241 section 3 wants UTF-8, and the check above reads nothing else
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise MalformedXml(str(error)) from error


def inner_xml(element: etree._Element) -> str:
    """Return what stands inside `element`, canonical and self-contained, as the value of anydata or anyxml.

    Raises:
        BadElement: A namespace there has a relative URI, which has no canonical form.
    """
    parts = [_escaped(element.text or "")]
    for child in element:
        parts += [_canonical(child), _escaped(child.tail or "")]
    return "".join(parts)


def _canonical(element: etree._Element) -> str:
    # values may have prefixes too: identities, paths
    values = " ".join(part for each in element.iter() for part in (each.text or "", *map(str, each.attrib.values())))
    try:
        text = etree.tostring(
            element, method="c14n", exclusive=True, inclusive_ns_prefixes=sorted(set(PREFIXES(values)))
        ).decode()
    except etree.C14NError as error:
        raise BadElement("a namespace that is no absolute URI") from error
    name, rest = TAG(text).groups()  # type: ignore[union-attr]  # it is an element
    if " xmlns=" not in rest.partition(">")[0] and any("{" not in each.tag for each in element.iter()):
        # what is in no namespace must not come into that of the leaf when it is printed there
        return f'{name} xmlns=""{rest}'
    return text


def is_deeper(root: etree._Element, levels: int) -> bool:
    """Return whether elements are nested in more levels than some, `root` being the first."""
    found = [root]
    while found and levels:
        steps = min(levels, len(DESCENTS))
        found = [element for above in found for element in DESCENTS[steps - 1](above)]
        levels -= steps
    return bool(found)


def print_children(node: Node) -> str:
    """Return the XML of everything below `node`, without white space between elements."""
    out: list[str] = []
    _print_node(node, out)
    return "".join(out)


def print_child(name: str, child: Child, parent: SchemaNode) -> str:
    """Return the XML of one child, for a list that of all entries."""
    out: list[str] = []
    _print_child(parent.children[name], child, out)
    return "".join(out)


def _print_node(node: Node, out: list[str]) -> None:
    schemas = node.schema.children
    children: Mapping[str, Any] = node.children
    for name, child in children.items():
        schema = schemas[name]
        # most of what there is are leaves
        if schema.kind == "leaf":
            out.append(print_leaf(schema, child))
        else:
            _print_child(schema, child, out)


def _print_child(schema: SchemaNode, child: Child, out: list[str]) -> None:
    kind = schema.kind
    if kind == "leaf":
        out.append(print_leaf(schema, cast("Value", child)))
    elif kind == "container":
        node = cast("Node", child)
        if node.children:
            out.append(schema.open_tag + ">")
            _print_node(node, out)
            out.append(schema.close_tag)
        else:
            out.append(schema.open_tag + "/>")
    elif kind == "list":
        opened, closed = schema.open_tag + ">", schema.close_tag
        for entry in cast("Entries", child).values():
            out.append(opened)
            _print_node(entry, out)
            out.append(closed)
    elif kind == "leaf-list":
        out.extend(print_leaf(schema, value) for value in cast("tuple[Value, ...]", child))
    else:
        out.append(f"{schema.open_tag}>{child}{schema.close_tag}")


def print_leaf(schema: SchemaNode, value: Value) -> str:
    """Return the element of a leaf, or of one value of a leaf-list."""
    if value.__class__ is str:
        return f"{schema.open_tag}>{_escaped(value)}{schema.close_tag}"
    if value.__class__ is Identity:
        module_name, _, name = str(value).partition(":")
        module = schema.schema.modules[module_name]
        return f"{schema.open_tag}{module.declaration}>{module.prefix}:{name}{schema.close_tag}"
    if value.__class__ is int:
        return f"{schema.open_tag}>{value}{schema.close_tag}"
    declared = _declared(schema, value) if isinstance(value, InstanceIdentifier) else ""
    return f"{schema.open_tag}{declared}>{_escaped(schema.type.text(value))}{schema.close_tag}"


def _declared(schema: SchemaNode, value: InstanceIdentifier) -> str:
    """Return the declarations of the namespaces in an instance-identifier, whose prefixes are the modules' names."""
    modules = (schema.schema.modules[name] for name in sorted(InstanceIdentifierType.modules(value)))
    return "".join(f" xmlns:{module.name}={quoteattr(module.namespace)}" for module in modules)


def _escaped(text: str) -> str:
    # a parser takes a carriage return that is not a character reference for a line feed
    return text if SPECIAL(text) is None else escape(text, {"\r": "&#13;"})
