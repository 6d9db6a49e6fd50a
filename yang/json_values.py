"""Values in JSON: how RFC 7951 section 6 writes each type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from yang import types
from yang.errors import InvalidValue
from yang.json_document import Number
from yang.types import Type, UnionType
from yang.values import EMPTY, Empty, Identity, InstanceIdentifier, Value, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from yang.schema import SchemaNode

Decode: TypeAlias = "Callable[[Any, SchemaNode], Value]"

AS_STRINGS = frozenset({"int64", "uint64"})
NOT_OF_YANG = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search
STEP = re.compile(r"""("[^"]*"|'[^']*')|(/|\[\s*)(?:([\w.-]+):)?([A-Za-z_][\w.-]*)""")


def decoder(type_: Type) -> Decode:
    """Return the function that takes a JSON value and the leaf that has it, and returns the value of `type_`.

    It raises `InvalidValue`, without the leaf's name.
    """
    match type_:
        case types.IntegerType():
            return _decoder_of_text(type_) if type_.name in AS_STRINGS else _decoder_of_integers(type_)
        case types.BooleanType():
            return _boolean
        case types.EmptyType():
            return _empty
        case types.LeafrefType():
            return decoder(type_.target)
        case types.UnionType():
            return _decoder_of_union(type_)
        case types.InstanceIdentifierType():
            return lambda value, node: type_.parse(
                qualified(_text(value, type_)), lambda module: module if module in node.schema.modules else None
            )
    return _decoder_of_text(type_)


def encode(type_: Type, value: Value) -> Any:
    """Return what JSON has for `value`."""
    if value.__class__ is str or value.__class__ is bool:
        return value
    if value.__class__ is Identity:
        return str.__str__(value)
    if value.__class__ is int:
        if type_.__class__ is types.IntegerType:
            return str(value) if type_.name in AS_STRINGS else value
        return str(value) if _member(type_, value).name in AS_STRINGS else value
    if value is EMPTY or isinstance(value, Empty):
        return [None]
    if isinstance(value, InstanceIdentifier):
        return simplified(value)
    return str(value) if isinstance(value, str) else type_.text(value)


def _member(type_: Type, value: Value) -> Type:
    """Return the type that made `value`: the first one that would, in a union."""
    if isinstance(type_, types.LeafrefType):
        return _member(type_.target, value)
    if isinstance(type_, UnionType):
        for member in type_.leaves():
            plain = _member(member, value)
            try:
                if plain.parse(str(value)).__class__ is int:
                    return plain
            except InvalidValue:
                continue
    return type_


def kind_of(value: Any) -> str:
    """Return what JSON calls a value, with the value where that is short, for a message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number) or not isinstance(value, (str, dict, list)):
        return f"the number {value}" if len(str(value)) < 60 else "a number"
    if isinstance(value, str):
        return f"the string {shown(value)}"
    return "an object" if isinstance(value, dict) else "an array"


def _text(value: Any, type_: Type) -> str:
    if value.__class__ is not str:
        raise InvalidValue(f"{kind_of(value)} where a string belongs: {type_.name} is written in quotation marks")
    text: str = value
    return text


def _decoder_of_text(type_: Type) -> Decode:
    parse = type_.parse
    if not type_.is_prefixed:
        return lambda value, _: parse(value if value.__class__ is str else _text(value, type_))

    def decode(value: Any, node: SchemaNode) -> Value:
        # RFC 7951 section 6.8: an identity without a module's name is of the leaf's module
        return parse(_text(value, type_), lambda prefix: prefix or node.module.name)

    return decode


def _decoder_of_integers(type_: types.IntegerType) -> Decode:
    ranges, parse = type_.ranges, type_.parse

    def decode(value: Any, _: SchemaNode) -> Value:
        if value.__class__ is not int:
            number = value.integer() if isinstance(value, Number) else None
            if number is None:
                raise InvalidValue(
                    f"{kind_of(value)} is not an integer"
                    + (f": {type_.name} is written without quotation marks" if value.__class__ is str else "")
                )
            value = number
        for low, high in ranges:
            if low <= value <= high:
                return value  # type: ignore[no-any-return]  # it is an int
        return parse(str(value))

    return decode


def _boolean(value: Any, _: SchemaNode) -> Value:
    if value is True or value is False:
        return bool(value)
    hint = ": boolean is written without quotation marks" if value in ("true", "false") else ""
    raise InvalidValue(f"{kind_of(value)} is neither true nor false{hint}")


def _empty(value: Any, _: SchemaNode) -> Value:
    if value != [None]:
        raise InvalidValue(f"{kind_of(value)} where [null] belongs")
    return EMPTY


def _decoder_of_union(type_: UnionType) -> Decode:
    decoders = [decoder(member) for member in type_.members]

    def decode(value: Any, node: SchemaNode) -> Value:
        # RFC 7951 section 6.10: the first member that takes the value, its type in JSON considered
        for decode_member in decoders:
            try:
                return decode_member(value, node)
            except InvalidValue:
                continue
        raise InvalidValue(f"{kind_of(value)} is not {type_.allowed()}")

    return decode


def refuse_characters(text: str) -> None:
    """Raise `InvalidValue` if `text` has a character that YANG's strings have not (RFC 7950 section 9.4)."""
    found = NOT_OF_YANG(text)
    if found is not None:
        raise InvalidValue(f"{shown(text)} has the character U+{ord(found[0]):04X}, which no string may have")


def qualified(path: str) -> str:
    """Return an instance-identifier of RFC 7951 section 6.11 with a module's name on every name.

    Raises:
        InvalidValue: A module's name stands where the module does not change.
    """
    module = ""

    def full(match: re.Match[str]) -> str:
        nonlocal module
        if match[1]:
            return match[0]
        if match[3] and match[3] == module:
            raise InvalidValue(f"{match[3]}:{match[4]} is written {match[4]} in {shown(path)}")
        if match[2] == "/":
            module = match[3] or module
        return f"{match[2]}{match[3] or module}:{match[4]}"

    return STEP.sub(full, path)


def simplified(path: str) -> str:
    """Return an instance-identifier with a module's name only where the module changes (RFC 7951 section 6.11)."""
    module = ""

    def short(match: re.Match[str]) -> str:
        nonlocal module
        if match[1]:
            return match[0]
        name = match[4] if match[3] in (None, module) else f"{match[3]}:{match[4]}"
        if match[2] == "/":
            module = match[3] or module
        return f"{match[2]}{name}"

    return STEP.sub(short, path)
