"""The values of XPath 1.0 and its function library, with YANG's functions (RFC 7950 section 10)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

from yang.errors import ModelError
from yang.types import BitsType, EnumerationType
from yang.values import Identity

if TYPE_CHECKING:
    from yang.cursor import Cursor
    from yang.schema import SchemaNode

Result: TypeAlias = "list[Cursor] | str | float | bool"


class Context(NamedTuple):
    """What an expression is evaluated in."""

    node: Cursor
    current: Cursor
    position: int = 1
    size: int = 1


Evaluator: TypeAlias = Callable[[Context], Result]


class Literal(str):
    """A string literal that may also name an identity in its module's scope."""

    __slots__ = ("identity",)

    identity: str | None

    def __new__(cls, text: str, identity: str | None) -> Self:
        """Remember `identity`, `module:name`, along with `text`."""
        new = super().__new__(cls, text)
        new.identity = identity
        return new


def is_true(result: Result) -> bool:
    """Return `result` as XPath's boolean() does."""
    if isinstance(result, float):
        return result != 0 and not math.isnan(result)
    return bool(result)


def to_text(result: Result) -> str:
    """Return `result` as XPath's string() does."""
    if isinstance(result, list):
        return result[0].text() if result else ""
    if isinstance(result, bool):
        return "true" if result else "false"
    if isinstance(result, float):
        if math.isnan(result):
            return "NaN"
        if math.isinf(result):
            return "Infinity" if result > 0 else "-Infinity"
        # XPath has no exponents, and no negative zero
        return format(Decimal(repr(result)), "f").removesuffix(".0") if result else "0"
    return str(result)


SPACE = " \t\r\n"
NUMBER = re.compile(rf"[{SPACE}]*-?([0-9]+(\.[0-9]*)?|\.[0-9]+)[{SPACE}]*").fullmatch


def to_number(result: Result) -> float:
    """Return `result` as XPath's number() does."""
    if isinstance(result, (bool, float)):
        return float(result)
    text = to_text(result)
    return float(text) if NUMBER(text) else math.nan


def nodes(result: Result) -> list[Cursor]:
    """Return `result` if it is a node-set.

    Raises:
        ModelError: It is not.
    """
    if not isinstance(result, list):
        raise ModelError("an XPath expression uses a value where it needs nodes")
    return result


def _first(context: Context, found: Result | None) -> SchemaNode | None:
    some = [context.node] if found is None else nodes(found)
    if not some or some[0].schema.kind == "root" or (some[0].parent and some[0].parent.schema is some[0].schema):
        return None  # neither the root nor a text has a name
    return some[0].schema


def _local_name(context: Context, found: Result | None = None) -> str:
    schema = _first(context, found)
    return "" if schema is None else schema.name


def _namespace(context: Context, found: Result | None = None) -> str:
    schema = _first(context, found)
    return "" if schema is None else schema.module.namespace


def _substring(_: Context, text: Result, start: Result, length: Result | None = None) -> str:
    first = _rounded(to_number(start))
    last = math.inf if length is None else first + _rounded(to_number(length))
    return "".join(char for index, char in enumerate(to_text(text), 1) if first <= index < last)


def _split(text: Result, part: Result) -> tuple[str, str]:
    """Return what stands before and after the first `part` in `text`; nothing if it is not there."""
    whole, sought = to_text(text), to_text(part)
    start = whole.find(sought)
    return ("", "") if start < 0 else (whole[:start], whole[start + len(sought) :])


def _rounded(number: float) -> float:
    return math.floor(number + 0.5) if math.isfinite(number) else number


def _translated(_: Context, text: Result, old: Result, new: Result) -> str:
    to = to_text(new)
    table: dict[int, str | None] = {}
    for index, char in enumerate(to_text(old)):
        table.setdefault(ord(char), to[index] if index < len(to) else None)
    return to_text(text).translate(table)


def _is_derived(found: Result, identity: Result, *, or_self: bool) -> bool:
    wanted = (identity.identity if isinstance(identity, Literal) else None) or to_text(identity)
    return any(
        (or_self and node.value == wanted) or node.schema.schema.identities.is_derived(node.value, wanted)
        for node in nodes(found)
        if isinstance(node.value, Identity)
    )


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> Callable[[str], Any]:
    from elementpath.regex import translate_pattern  # noqa: PLC0415 - slow to import, and hardly any model needs it

    return re.compile(translate_pattern(pattern, back_references=False, lazy_quantifiers=False, anchors=False)).search


def _enum_value(found: Result) -> float:
    for node in nodes(found)[:1]:
        if isinstance(node.schema.type, EnumerationType):
            return float(node.schema.type.values[str(node.value)])
    return math.nan


def _is_bit_set(found: Result, bit: Result) -> bool:
    return any(
        isinstance(node.schema.type, BitsType) and to_text(bit) in str(node.value).split() for node in nodes(found)[:1]
    )


FUNCTIONS: dict[str, tuple[int, int | None, Callable[..., Result]]] = {
    "last": (0, 0, lambda context: float(context.size)),
    "position": (0, 0, lambda context: float(context.position)),
    "count": (1, 1, lambda _, found: float(len(nodes(found)))),
    "id": (1, 1, lambda _, __: []),
    "local-name": (0, 1, _local_name),
    "name": (0, 1, _local_name),
    "namespace-uri": (0, 1, _namespace),
    "string": (0, 1, lambda context, value=None: context.node.text() if value is None else to_text(value)),
    "concat": (2, None, lambda _, *parts: "".join(map(to_text, parts))),
    "starts-with": (2, 2, lambda _, text, start: to_text(text).startswith(to_text(start))),
    "contains": (2, 2, lambda _, text, part: to_text(part) in to_text(text)),
    "substring-before": (2, 2, lambda _, text, part: _split(text, part)[0]),
    "substring-after": (2, 2, lambda _, text, part: _split(text, part)[1]),
    "substring": (2, 3, _substring),
    "string-length": (
        0,
        1,
        lambda context, text=None: float(len(context.node.text() if text is None else to_text(text))),
    ),
    "normalize-space": (
        0,
        1,
        lambda context, text=None: re.sub(
            f"[{SPACE}]+", " ", context.node.text() if text is None else to_text(text)
        ).strip(" "),
    ),
    "translate": (3, 3, _translated),
    "boolean": (1, 1, lambda _, value: is_true(value)),
    "not": (1, 1, lambda _, value: not is_true(value)),
    "true": (0, 0, lambda _: True),
    "false": (0, 0, lambda _: False),
    "lang": (1, 1, lambda _, __: False),
    "number": (0, 1, lambda context, value=None: to_number(context.node.text() if value is None else value)),
    "sum": (1, 1, lambda _, found: math.fsum(to_number(node.text()) for node in nodes(found))),
    "floor": (1, 1, lambda _, value: _whole(math.floor, to_number(value))),
    "ceiling": (1, 1, lambda _, value: _whole(math.ceil, to_number(value))),
    "round": (1, 1, lambda _, value: float(_rounded(to_number(value)))),
    "current": (0, 0, lambda context: [context.current]),
    "re-match": (2, 2, lambda _, text, pattern: _matcher(to_text(pattern))(to_text(text)) is not None),
    "derived-from": (2, 2, lambda _, found, name: _is_derived(found, name, or_self=False)),
    "derived-from-or-self": (2, 2, lambda _, found, name: _is_derived(found, name, or_self=True)),
    "enum-value": (1, 1, lambda _, found: _enum_value(found)),
    "bit-is-set": (2, 2, lambda _, found, bit: _is_bit_set(found, bit)),
}


OF_NODES = {"count", "sum", "local-name", "name", "namespace-uri", "deref"}
OF_NODES |= {"derived-from", "derived-from-or-self", "enum-value", "bit-is-set"}
"""The functions whose first argument has to be nodes."""


def _whole(function: Callable[[float], int], number: float) -> float:
    return float(function(number)) if math.isfinite(number) else number
