"""What a Python object means as the value of a leaf: for drafts, which are written from Python rather than from XML or JSON."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import TYPE_CHECKING

from yang.errors import InvalidValue
from yang.path import Path
from yang.types import LeafrefType, UnionType

if TYPE_CHECKING:
    from yang.schema import SchemaNode
    from yang.values import Value


def typed(schema: SchemaNode, value: object, above: Path | None) -> Value:
    """Return the value of the leaf `schema` that the Python object `value` stands for.

    Raises:
        InvalidValue: It is not of the leaf's type; the message says what would be.
    """
    plain = schema.type
    while isinstance(plain, LeafrefType):
        plain = plain.target
    text = _lexical(value)
    if text is None:
        raise _refusal(schema, value, above)
    try:
        found = schema.type.parse(text)
    except InvalidValue as error:
        raise _refusal(schema, value, above, error.app_tag) from error
    # text is no number, even where it would be one in XML; in a union, only the text decides
    if isinstance(found, str) is not isinstance(value, str) and not isinstance(plain, UnionType):
        raise _refusal(schema, value, above)
    return found


def _lexical(value: object) -> str | None:
    """Return what stands for `value` in a document; None if nothing does."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case bytes():
            return base64.b64encode(value).decode()
    return None


def _refusal(schema: SchemaNode, value: object, above: Path | None, app_tag: str | None = None) -> InvalidValue:
    shown = repr(str(value) if isinstance(value, str) else value)
    return InvalidValue(f"{shown} is not {schema.type.allowed()}", Path(above, schema), app_tag=app_tag)
