"""JSON documents: parsed by the standard library, with limits, duplicate members told, and the lines things stand in."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from json.decoder import scanstring  # type: ignore[attr-defined]  # its stubs leave it out
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from yang.errors import RequestError
from yang.limits import LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

Pointer: TypeAlias = "Sequence[str | int]"
"""The member names and indexes that lead from the top of a document to a value."""

SPACE = re.compile(r"[ \t\n\r]*").match
SCALAR = re.compile(r"[^ \t\n\r,\]}]*").match
DIGITS = 4000  # Python makes no int of more than 4,300 digits
EXPONENT = 30  # no integer type of YANG has more digits


class MalformedJson(RequestError):
    """Bytes that are not a JSON document; the message has line and column."""

    tag = "malformed-message"
    type = "rpc"


class Members(dict[str, Any]):
    """An object that has members twice; `duplicates` names them."""

    duplicates: tuple[str, ...] = ()


class Number(str):
    """A number that is no plain integer, as it is written."""

    __slots__ = ()

    def integer(self) -> int | None:
        """Return the integer that an exponent writes, if it is one."""
        if "e" not in self.lower():
            return None
        number = Decimal(self)
        if number and not -EXPONENT < number.adjusted() < EXPONENT:
            return None
        return int(number) if number == number.to_integral_value() else None


@dataclass
class JsonDocument:
    """A document and the text that it was read from."""

    text: str
    value: Any
    limits: Limits = field(default=LIMITS)

    @cached_property
    def is_plain(self) -> bool:
        """Whether no string of it can hold a character that XML and YANG do not have."""
        return "\\" not in self.text and "\ufffe" not in self.text and "\uffff" not in self.text

    def line(self, pointer: Pointer) -> int:
        """Return the line of the value that `pointer` leads to, or of what stands around it if it is not there."""
        return bisect_right(self._breaks, self._start(pointer)) + 1

    def part(self, pointer: Pointer) -> str:
        """Return the text of the value that `pointer` leads to, as it was written."""
        start = self._start(pointer)
        return self.text[start : _place(self.text, start)[1]]

    def _start(self, pointer: Pointer) -> int:
        place = self._places
        for step in pointer:
            below = place[1]
            if not (
                step in below if isinstance(below, dict) else isinstance(below, list) and step in range(len(below))
            ):
                break
            place = below[step]
        return place[0]

    @cached_property
    def _breaks(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    @cached_property
    def _places(self) -> tuple[int, Any]:
        start = _next(self.text, 0)
        try:
            return _place(self.text, start)[0]
        except RecursionError:
            return start, None


def parse_json(content: bytes, limits: Limits = LIMITS) -> JsonDocument:
    """Return the document that `content` is.

    Raises:
        MalformedJson: It is not JSON in UTF-8 (RFC 8259).
        TooBig: It is beyond `limits`.
    """
    limits.check_size(len(content))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedJson(f"octet {error.start} is no UTF-8") from error
    try:
        try:
            return JsonDocument(text, DECODER.decode(text), limits)
        except json.JSONDecodeError:
            raise
        except ValueError:
            return JsonDocument(text, OF_LONG_NUMBERS.decode(text), limits)
    except json.JSONDecodeError as error:
        raise MalformedJson(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError:
        raise limits.too_deep() from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        members = Members(members)
        members.duplicates = tuple(name for name, count in counts.items() if count > 1)
    return members


def _no_number(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is no JSON")


def _long_integer(digits: str) -> int | Number:
    return int(digits) if len(digits) < DIGITS else Number(digits)


DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_float=Number, parse_constant=_no_number)
OF_LONG_NUMBERS = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=Number, parse_int=_long_integer, parse_constant=_no_number
)


def _place(text: str, start: int) -> tuple[tuple[int, Any], int]:
    """Return where the value at `start` and those in it stand, and where it ends; `text` is known to be JSON."""
    first = text[start]
    if first == '"':
        return (start, None), scanstring(text, start + 1)[1]
    if first not in "{[":
        return (start, None), SCALAR(text, start).end()  # type: ignore[union-attr]  # it matches everywhere
    is_object = first == "{"
    members: dict[str, Any] = {}
    items: list[Any] = []
    at = _next(text, start + 1)
    while text[at] not in "}]":
        name = ""
        if is_object:
            name, at = scanstring(text, at + 1)
            at = _next(text, _next(text, at) + 1)
        place, at = _place(text, at)
        if is_object:
            members[name] = place
        else:
            items.append(place)
        at = _next(text, at)
        if text[at] == ",":
            at = _next(text, at + 1)
    return (start, members if is_object else items), at + 1


def _next(text: str, at: int) -> int:
    return SPACE(text, at).end()  # type: ignore[union-attr]  # it matches everywhere
