"""Values: what a leaf has, as plain Python objects.

They are int, bool, Decimal, bytes or str; identities, instance-identifiers, bits and empty are kinds of str.
"""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from typing import Any, TypeAlias

Value: TypeAlias = "int | bool | Decimal | bytes | str"

DIGITS = re.compile(r"([0-9]{1,4000})").split  # Python makes no int of more than 4,300 digits


class Identity(str):
    """An identity as a value: `module:name`."""

    __slots__ = ()


class InstanceIdentifier(str):
    """A path to an instance as a value, in RFC 7951's form."""

    __slots__ = ()


class Bits(str):
    """A set of bits as a value: the names of those set, in the order of their positions, with single spaces."""

    __slots__ = ()


class Empty(str):
    """The one value of type empty."""

    __slots__ = ()


EMPTY = Empty()


def canonical(value: Value) -> str:
    """Return the canonical text of a value (RFC 7950 section 9.1), which its class decides; identities as `module:name`."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        # section 9.3.2: at least one digit on both sides of the point
        text = format(value, "f")
        return text if "." in text else text + ".0"
    return str(value)


def natural(text: str) -> tuple[list[Any], str]:
    """Return a sort key that puts Ethernet2 before Ethernet10."""
    parts: list[Any] = DIGITS(text)
    parts[1::2] = map(int, parts[1::2])
    return parts, text


def shown(text: str, limit: int = 60) -> str:
    """Return `text` quoted for a message, cut if it is long."""
    return repr(text if len(text) <= limit else text[:limit] + "…")


def listed(names: Any, limit: int = 12) -> str:
    """Return the first `limit` of `names` for a message."""
    every = list(names)
    return ", ".join(every[:limit]) + (f" … ({len(every)} in all)" if len(every) > limit else "")
