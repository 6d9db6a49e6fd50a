"""anydata and anyxml in JSON: their value is XML in a tree, whatever the document was (RFC 7951 sections 5.5 and 5.6).

XML is JSON as if it were modelled, where its namespaces are those of modules; what JSON alone has (numbers, arrays, names
without a module) is XML as the W3C writes it (XPath functions 3.1, json-to-xml); XML that has no such form is a string.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from yang.errors import BadElement, RequestError
from yang.json_document import Number
from yang.json_values import refuse_characters
from yang.limits import LIMITS
from yang.xmlio import MalformedXml, inner_xml, parse_document

if TYPE_CHECKING:
    from yang.limits import Limits
    from yang.schema import Schema

W3C = "http://www.w3.org/2005/xpath-functions"
NAME = re.compile(r"(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)").fullmatch


def to_xml(value: Any, schema: Schema, limits: Limits) -> str:
    """Return the XML, as a tree has it, of a JSON value that an anydata or anyxml holds.

    Raises:
        RequestError: It is nested too deeply, has a member twice, or a character that XML has not.
    """
    _check(value, limits)
    if isinstance(value, str) and not isinstance(value, Number):
        return str(value) if is_xml(value) else escape(value, {"\r": "&#13;"})
    try:
        if isinstance(value, dict) and _is_named(value, "", schema):
            text = "".join(_element(name, each, "", schema) for name, each in value.items())
        else:
            text = _w3c(value, None, f" xmlns={quoteattr(W3C)}")
    except RecursionError:
        raise limits.too_deep() from None
    return inner_xml(parse_any(text))


def from_xml(text: str, schema: Schema) -> Any:
    """Return the JSON value for what an anydata or anyxml holds in a tree."""
    element = parse_any(text)
    if not len(element):
        return element.text or ""
    if _is_deep(element):
        return text
    if len(element) == 1 and etree.QName(element[0]).namespace == W3C:
        return _from_w3c(element[0])
    if all(_is_plain(child, schema) for child in element):
        return _object(element, "", schema)
    return text


def _check(value: Any, limits: Limits) -> None:
    level = [value]
    depth = 0
    while level:
        depth += 1
        limits.check_levels(depth)
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                if twice := getattr(each, "duplicates", None):
                    raise BadElement(f"{twice[0]} is given twice")
                below.extend(each.values())
                below.extend(each)
            elif isinstance(each, list):
                below.extend(each)
            elif isinstance(each, str):
                refuse_characters(each)
        level = below


def _is_named(members: dict[str, Any], above: str, schema: Schema) -> bool:
    """Return whether every member has a name that is an element's, in a module that is known."""
    for name, value in members.items():
        match = NAME(name)
        module = match[1] or above if match else ""
        if module not in schema.modules or (match is not None and match[1] == above):
            return False
        if not all(_is_content(item, module, schema) for item in (value if isinstance(value, list) else [value])):
            return False
        if isinstance(value, list) and (not value or (len(value) == 1 and isinstance(value[0], str))):
            return False  # an empty array is no element, and one string alone comes back as no array
    return True


def _is_content(value: Any, module: str, schema: Schema) -> bool:
    if isinstance(value, dict):
        return _is_named(value, module, schema) and bool(value)
    return isinstance(value, str) and not isinstance(value, Number)


def _element(name: str, value: Any, above: str, schema: Schema) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item, above, schema) for item in value)
    prefix, _, local = name.rpartition(":")
    module = prefix or above
    declared = "" if module == above else f" xmlns={quoteattr(schema.modules[module].namespace)}"
    if isinstance(value, dict):
        inside = "".join(_element(each, content, module, schema) for each, content in value.items())
    else:
        inside = escape(value, {"\r": "&#13;"})
    return f"<{local}{declared}>{inside}</{local}>"


def _w3c(value: Any, key: str | None, attributes: str = "") -> str:
    if key is not None:
        attributes += f" key={quoteattr(key)}"
    match value:
        case None:
            return f"<null{attributes}/>"
        case bool():
            return f"<boolean{attributes}>{'true' if value else 'false'}</boolean>"
        case dict():
            return f"<map{attributes}>{''.join(_w3c(each, name) for name, each in value.items())}</map>"
        case list():
            return f"<array{attributes}>{''.join(_w3c(each, None) for each in value)}</array>"
        case str() if not isinstance(value, Number):
            return f"<string{attributes}>{escape(value, {chr(13): '&#13;'})}</string>"
    return f"<number{attributes}>{value}</number>"


def _from_w3c(element: etree._Element) -> Any:
    match etree.QName(element).localname:
        case "null":
            return None
        case "boolean":
            return element.text == "true"
        case "number":
            return _number(element.text or "0")
        case "array":
            return [_from_w3c(child) for child in element]
        case "map":
            return {child.get("key", ""): _from_w3c(child) for child in element}
    return element.text or ""


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _is_plain(element: etree._Element, schema: Schema) -> bool:
    """Return whether an element and those in it say nothing but names and text."""
    for each in element.iter():
        if each.attrib or etree.QName(each).namespace not in schema.by_namespace or (each.tail or "").strip():
            return False
        if len(each) and (each.text or "").strip():
            return False
    return True


def _object(element: etree._Element, above: str, schema: Schema) -> dict[str, Any]:
    gathered: dict[str, list[Any]] = {}
    for child in element:
        name = etree.QName(child)
        module = schema.by_namespace[name.namespace].name
        member = name.localname if module == above else f"{module}:{name.localname}"
        gathered.setdefault(member, []).append(_object(child, module, schema) if len(child) else child.text or "")
    return {name: values[0] if len(values) == 1 else values for name, values in gathered.items()}


def is_xml(text: Any) -> bool:
    """Return whether a string is what `from_xml` makes of XML that has no other form."""
    if not isinstance(text, str) or "<" not in text or ">" not in text:
        return False
    try:
        element = parse_any(text)
        return len(element) > 0 and inner_xml(element) == text
    except (MalformedXml, RequestError):
        return False


def _is_deep(element: etree._Element) -> bool:
    """Return whether elements stand in one another more deeply than a document in JSON would be read."""
    level, depth = [element], 0
    while level and depth <= LIMITS.levels:
        level, depth = [child for each in level for child in each], depth + 1
    return bool(level)


def parse_any(text: str) -> etree._Element:
    """Return an element that holds what an anydata or anyxml has in a tree."""
    return parse_document(f"<any>{text}</any>".encode())
