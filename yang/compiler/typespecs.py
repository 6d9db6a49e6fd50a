"""Types of a model: typedefs taken apart down to the built-in type with all its restrictions."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from elementpath.regex import RegexError, translate_pattern

from yang.compiler.expressions import place
from yang.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyang.statements import Statement

INTEGERS = {
    name: (-(1 << bits - 1), (1 << bits - 1) - 1) if name.startswith("i") else (0, (1 << bits) - 1)
    for bits in (8, 16, 32, 64)
    for name in (f"int{bits}", f"uint{bits}")
}
LONGEST = (1 << 64) - 1
NODE_PATH = ("ietf-netconf-acm", "node-instance-identifier")
"""A string to YANG, whose prefixes mean what the document says that they mean."""


class TypeSpec(NamedTuple):
    """A type as the tables have it, and the default that its typedefs give."""

    spec: tuple[Any, ...]
    default: Statement | None


def type_spec(
    statement: Statement, member: Callable[[Statement], int], leafref: Callable[[Statement], tuple[int, int]]
) -> TypeSpec:
    """Return what the type statement `statement` says.

    `member` interns the type of a union's member, `leafref` a path: it returns the indexes of expression and target type.

    Raises:
        ModelError: A restriction cannot be used; the message names file and line.
    """
    typedef = getattr(statement, "i_typedef", None)
    if typedef is None:
        return TypeSpec(_built_in(statement, member, leafref), None)
    if (typedef.i_module.arg, typedef.arg) == NODE_PATH:
        return TypeSpec(("node-instance-identifier",), None)
    base = type_spec(typedef.search_one("type"), member, leafref)
    return TypeSpec(_restricted(base.spec, statement), typedef.search_one("default") or base.default)


def _built_in(
    statement: Statement, member: Callable[[Statement], int], leafref: Callable[[Statement], tuple[int, int]]
) -> tuple[Any, ...]:
    name = statement.arg
    match name:
        case "decimal64":
            digits = int(statement.search_one("fraction-digits").arg)
            limit = Decimal(1 << 63).scaleb(-digits)
            bounds = (str(-limit), str(limit - Decimal(1).scaleb(-digits)))
            return _restricted(("decimal64", digits, (bounds,), ()), statement)
        case "string":
            return _restricted(("string", (), (), ()), statement)
        case "binary":
            return _restricted(("binary", (), ()), statement)
        case "boolean" | "empty":
            return (name,)
        case "enumeration":
            return (
                "enumeration",
                {enum.arg: enum.i_value for enum in statement.search("enum") if _is_there(enum)},
            )
        case "bits":
            return ("bits", {bit.arg: bit.i_position for bit in statement.search("bit") if _is_there(bit)})
        case "identityref":
            return ("identityref", tuple(identity_name(base.i_identity) for base in statement.search("base")))
        case "instance-identifier":
            return ("instance-identifier", _requires_instance(statement))
        case "leafref":
            return ("leafref", *leafref(statement.search_one("path")), _requires_instance(statement))
        case "union":
            return ("union", tuple(member(type_) for type_ in statement.search("type")))
    return _restricted(("integer", name, (INTEGERS[name],), ()), statement)


def _restricted(spec: tuple[Any, ...], statement: Statement) -> tuple[Any, ...]:
    """Return `spec` with the restrictions that `statement` adds."""
    range_, length = statement.search_one("range"), statement.search_one("length")
    match spec:
        case ("integer", name, ranges, _) if range_ is not None:
            return ("integer", name, _intervals(range_, ranges, int), _complaint(range_))
        case ("decimal64", digits, ranges, _) if range_ is not None:
            bounds = tuple((Decimal(low), Decimal(high)) for low, high in ranges)
            intervals = _intervals(range_, bounds, Decimal)
            written = tuple((str(low), str(high)) for low, high in intervals)
            return ("decimal64", digits, written, _complaint(range_))
        case ("string", lengths, patterns, complaint):
            if length is not None:
                lengths, complaint = _intervals(length, lengths or ((0, LONGEST),), int), _complaint(length)
            return ("string", lengths, patterns + tuple(map(_pattern, statement.search("pattern"))), complaint)
        case ("binary", lengths, _) if length is not None:
            return ("binary", _intervals(length, lengths or ((0, LONGEST),), int), _complaint(length))
        case ("enumeration", values) if statement.search("enum"):
            return (
                "enumeration",
                {enum.arg: values[enum.arg] for enum in statement.search("enum") if _is_there(enum)},
            )
        case ("bits", positions) if statement.search("bit"):
            return (
                "bits",
                {bit.arg: positions[bit.arg] for bit in statement.search("bit") if _is_there(bit)},
            )
        case ("instance-identifier", _) if statement.search("require-instance"):
            return ("instance-identifier", _requires_instance(statement))
        case ("leafref", path, target, _) if statement.search("require-instance"):
            return ("leafref", path, target, _requires_instance(statement))
    return spec


def _intervals(
    statement: Statement, base: tuple[tuple[Any, Any], ...], number: Callable[[str], Any]
) -> tuple[Any, ...]:
    """Return the intervals of a range or length statement within those of its base type."""
    bounds = {"min": base[0][0], "max": base[-1][1]}
    intervals = []
    for part in statement.arg.split("|"):
        low, _, high = (text.strip() for text in part.partition(".."))
        first = bounds[low] if low in bounds else number(low)
        intervals.append((first, first if not high else bounds[high] if high in bounds else number(high)))
    return tuple(intervals)


def _pattern(statement: Statement) -> tuple[Any, ...]:
    # OpenConfig's regexp-posix makes ^ and $ anchors in the patterns of the module that has it
    is_posix = statement.i_orig_module.search_one(("openconfig-extensions", "regexp-posix")) is not None
    try:
        regex = _translated(statement.arg, has_anchors=is_posix)
    except (RegexError, re.error) as error:
        raise ModelError(f"{place(statement)}: the pattern '{statement.arg}' cannot be used: {error}") from error
    is_inverted = statement.search_one("modifier", arg="invert-match") is not None
    return (statement.arg, regex, is_inverted, _complaint(statement))


def _complaint(restriction: Statement) -> tuple[str | None, str | None]:
    """Return what the model says when `restriction` does not hold: message and app-tag."""
    message, app_tag = restriction.search_one("error-message"), restriction.search_one("error-app-tag")
    return (message.arg if message is not None else None, app_tag.arg if app_tag is not None else None)


@cache
def _translated(pattern: str, *, has_anchors: bool) -> str:
    regex = translate_pattern(pattern, back_references=False, lazy_quantifiers=False, anchors=has_anchors)
    re.compile(regex)
    return regex


def identity_name(identity: Statement) -> str:
    """Return an identity's `module:name`."""
    return f"{identity.i_module.i_modulename}:{identity.arg}"


def _is_there(statement: Statement) -> bool:
    return not hasattr(statement, "i_not_implemented")


def _requires_instance(statement: Statement) -> bool:
    restriction = statement.search_one("require-instance")
    return restriction is None or restriction.arg == "true"
