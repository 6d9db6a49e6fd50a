"""Leaves that come with the attribute `default` of RFC 6243 section 6: what is not set, and is there by default."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, cast

from yang.errors import BadAttribute, InvalidValue, UnknownAttribute
from yang.values import shown
from yang.with_defaults import WITH_DEFAULTS
from yang.xmldata import Refused, bad, path_of, placed, read_value
from yang.xmlpath import XmlPath

if TYPE_CHECKING:
    from lxml import etree

    from yang.path import Path
    from yang.schema import SchemaNode

TAG = f"{{{WITH_DEFAULTS}}}default"
TAGGED = XmlPath(".//*[@wd:default]", {"wd": WITH_DEFAULTS})
TRUE, FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})
"""The lexical forms of xs:boolean."""


def is_tagged(element: etree._Element) -> bool:
    """Return whether an element says that its leaf is there by default."""
    return str(element.get(TAG, "")).strip() in TRUE


def refuse_other_than_default(element: etree._Element, schema: SchemaNode) -> None:
    """Raise `Refused` if `element` is tagged and has another value than its default, or has a tag that is no boolean."""
    tag = str(element.get(TAG)).strip()
    if tag not in TRUE | FALSE:
        info = (("bad-attribute", "default"), *bad(schema))
        raise Refused(element, BadAttribute(f"the attribute default is {tag!r}, neither true nor false", info=info))
    if tag in FALSE:
        return
    try:
        value = read_value(element, schema)
    except InvalidValue as error:
        raise Refused(element, error) from None
    default = schema.default
    if value != default and not (isinstance(default, tuple) and value in default):
        what = "has no default" if default is None else "has another default"
        message = f"{schema.name}: {shown(element.text or '')} is tagged as the default, and the leaf {what}"
        raise Refused(element, InvalidValue(message, info=bad(schema)))


def without_tagged(config: etree._Element, schema: SchemaNode) -> etree._Element:
    """Return `config`, a whole configuration, without the leaves that are tagged, since nobody has set them.

    Raises:
        RequestError: A leaf is tagged and has another value than its default, or what is tagged is no leaf.
    """
    if not TAGGED(config):
        return config
    bare = deepcopy(config)
    for element in cast("list[etree._Element]", TAGGED(bare)):  # noqa: SLF001 - lxml names it so
        path = path_of(element, bare, schema, None)
        if not _is_at(path, element):
            continue  # an unknown element, as is told when it is read, or what anydata holds
        leaf = cast("Path", path).schema
        try:
            _refuse_elsewhere(element, leaf)
            refuse_other_than_default(element, leaf)
        except Refused as refused:
            raise placed(refused, bare, schema) from None
        parent = element.getparent()
        if is_tagged(element) and parent is not None:
            parent.remove(element)
    return bare


def _is_at(path: Path | None, element: etree._Element) -> bool:
    return path is not None and path.schema.tag == element.tag


def _refuse_elsewhere(element: etree._Element, schema: SchemaNode) -> None:
    if schema.kind not in ("leaf", "leaf-list"):
        info = (("bad-attribute", "default"), *bad(schema))
        raise Refused(element, UnknownAttribute(f"the attribute default may not stand on {schema.name}", info=info))
