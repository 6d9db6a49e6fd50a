"""The built-in types of RFC 7950 section 9: text to value, value to canonical text, order.

Text in XML names identities by prefix; `resolve` turns that prefix (or None) into a module's name. The
canonical text that `Type.text` returns names them by module, as RFC 7951 does.
"""

from __future__ import annotations

import base64
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from yang.errors import InvalidValue
from yang.restrictions import Complaint, Interval, Pattern, within, written
from yang.values import EMPTY, Bits, Empty, Identity, InstanceIdentifier, Value, canonical, listed, natural, shown

Resolve: TypeAlias = Callable[[str | None], str | None]

INTEGER = re.compile(r"[+-]?[0-9]{1,25}").fullmatch
DECIMAL = re.compile(r"[+-]?[0-9]{1,25}(\.[0-9]{1,25})?").fullmatch
# RFC 4648 section 3.3: characters outside the alphabet are refused, line feeds among them
BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?").fullmatch


def by_module_name(prefix: str | None) -> str | None:
    """Resolve the prefixes of canonical text, which are the modules' names."""
    return prefix


class Type(ABC):
    """What values a leaf may have, and how they are written."""

    name: str
    is_prefixed: bool = False
    """Whether the text may hold a namespace prefix."""

    @abstractmethod
    def parse(self, text: str, resolve: Resolve = by_module_name) -> Value:
        """Return the value that `text` stands for.

        Raises:
            InvalidValue: `text` is not in the lexical or value space; the message has it, but not the leaf's name.
        """

    def text(self, value: Value) -> str:
        """Return the canonical text of `value` (RFC 7950 section 9.1), identities as `module:name`."""
        return canonical(value)

    def order(self, value: Value) -> Any:
        """Return what values of this type sort by: numbers by size, text with the numbers in it by size."""
        return natural(str(value))

    def allowed(self) -> str:
        """Return what values are allowed, for a message."""
        return self.name


class IntegerType(Type):
    """int8 to uint64, with ranges."""

    def __init__(self, name: str, ranges: Sequence[Interval], complaint: Sequence[str | None] = ()) -> None:
        """Take integers within `ranges`."""
        self.name = name
        self.ranges = ranges
        self.complaint = Complaint(*complaint)

    def parse(self, text: str, resolve: Resolve = by_module_name) -> int:  # noqa: ARG002
        """Return the integer."""
        if INTEGER(text) is None:
            raise InvalidValue(f"{shown(text)} is not an integer")
        value = int(text)
        for low, high in self.ranges:
            if low <= value <= high:
                return value
        raise self.complaint.about(f"{value} is outside {written(self.ranges)}")

    def order(self, value: Value) -> Value:
        """Sort by size."""
        return value

    def allowed(self) -> str:
        """Return the ranges."""
        return f"an integer in {written(self.ranges)}"


class DecimalType(Type):
    """decimal64, with fraction-digits and ranges."""

    name = "decimal64"

    def __init__(self, digits: int, ranges: Sequence[tuple[str, str]], complaint: Sequence[str | None] = ()) -> None:
        """Take decimals of at most `digits` fraction digits within `ranges`, whose bounds are text."""
        self.digits = digits
        self.complaint = Complaint(*complaint)
        self.ranges = [(Decimal(low), Decimal(high)) for low, high in ranges]

    def parse(self, text: str, resolve: Resolve = by_module_name) -> Decimal:  # noqa: ARG002
        """Return the decimal."""
        if DECIMAL(text) is None:
            raise InvalidValue(f"{shown(text)} is not a decimal number")
        if len(text.partition(".")[2].rstrip("0")) > self.digits:
            raise InvalidValue(f"{text} has more than {self.digits} fraction digits")
        value = Decimal(text).normalize()
        if not within(self.ranges, value):
            raise self.complaint.about(f"{text} is outside {written(self.ranges)}")
        return value or Decimal(0)  # there is no -0

    def order(self, value: Value) -> Value:
        """Sort by size."""
        return value

    def allowed(self) -> str:
        """Return the ranges."""
        return f"a decimal number in {written(self.ranges)}"


class StringType(Type):
    """string, with lengths and patterns."""

    name = "string"

    def __init__(
        self,
        lengths: Sequence[Interval] = (),
        patterns: Sequence[Pattern] = (),
        complaint: Sequence[str | None] = (),
    ) -> None:
        """Take text of one of `lengths` (all, if empty) that every one of `patterns` allows."""
        self.lengths = lengths
        self.patterns = patterns
        self.complaint = Complaint(*complaint)
        self._tests: list[tuple[Pattern, Callable[[str], Any]]] | None = None

    def parse(self, text: str, resolve: Resolve = by_module_name) -> str:  # noqa: ARG002
        """Return the text."""
        if self.lengths and not within(self.lengths, len(text)):
            raise self.complaint.about(
                f"{shown(text)} has {len(text)} characters, which is outside {written(self.lengths)}"
            )
        if self.patterns:
            if self._tests is None:
                # compiled on first use: the set has hundreds of patterns, a server needs a dozen
                # even with regexp-posix: in OpenConfig's modules that have it, not every pattern has anchors
                self._tests = [(pattern, re.compile(pattern.regex).fullmatch) for pattern in self.patterns]
            for pattern, matches in self._tests:
                if (matches(text) is None) is not pattern.invert:
                    raise Complaint(*pattern.complaint).about(
                        f"{shown(text)} does {'' if pattern.invert else 'not '}match the pattern {pattern.source}"
                    )
        return text

    def allowed(self) -> str:
        """Return the lengths and patterns."""
        rules = [f"matching {pattern.source}" for pattern in self.patterns]
        if self.lengths:
            rules.append(f"of {written(self.lengths)} characters")
        return " ".join(["text", *rules])


class BooleanType(Type):
    """boolean."""

    name = "boolean"

    def parse(self, text: str, resolve: Resolve = by_module_name) -> bool:  # noqa: ARG002
        """Return True or False."""
        if text == "true":
            return True
        if text == "false":
            return False
        raise InvalidValue(f"{shown(text)} is neither true nor false")

    def order(self, value: Value) -> Value:
        """Sort false before true."""
        return value

    def allowed(self) -> str:
        """Return both."""
        return "true or false"


class EnumerationType(Type):
    """enumeration."""

    name = "enumeration"

    def __init__(self, values: dict[str, int]) -> None:
        """Take the names of `values`, each with its number."""
        self.values = values

    def parse(self, text: str, resolve: Resolve = by_module_name) -> str:  # noqa: ARG002
        """Return the name."""
        if text in self.values:
            return text
        raise InvalidValue(f"{shown(text)} is not one of {listed(self.values)}")

    def order(self, value: Value) -> Any:
        """Sort by number."""
        return self.values[str(value)]

    def allowed(self) -> str:
        """Return the names."""
        return f"one of {listed(self.values)}"


class BitsType(Type):
    """bits."""

    name = "bits"

    def __init__(self, positions: dict[str, int]) -> None:
        """Take names of `positions`."""
        self.positions = positions

    def parse(self, text: str, resolve: Resolve = by_module_name) -> Bits:  # noqa: ARG002
        """Return the names in the order of their positions."""
        names = text.split()
        if text and not names:
            # RFC 7950 section 9.7.2: no bits are a zero-length string
            raise InvalidValue(f"{shown(text)} names no bit")
        for name in names:
            if name not in self.positions:
                raise InvalidValue(f"{shown(name)} is not one of the bits {listed(self.positions)}")
        if len(set(names)) < len(names):
            raise InvalidValue(f"{shown(text)} names a bit twice")
        return Bits(" ".join(sorted(names, key=self.positions.__getitem__)))

    def allowed(self) -> str:
        """Return the names."""
        return f"any of the bits {listed(self.positions)}"


class BinaryType(Type):
    """binary, with lengths in octets."""

    name = "binary"

    def __init__(self, lengths: Sequence[Interval] = (), complaint: Sequence[str | None] = ()) -> None:
        """Take octets of one of `lengths`."""
        self.lengths = lengths
        self.complaint = Complaint(*complaint)

    def parse(self, text: str, resolve: Resolve = by_module_name) -> bytes:  # noqa: ARG002
        """Return the octets that the base64 `text` stands for."""
        if BASE64(text) is None:
            raise InvalidValue(f"{shown(text)} is not base64")
        value = base64.b64decode(text)
        if self.lengths and not within(self.lengths, len(value)):
            raise self.complaint.about(f"{len(value)} octets are outside {written(self.lengths)}")
        return value


class EmptyType(Type):
    """empty."""

    name = "empty"

    def parse(self, text: str, resolve: Resolve = by_module_name) -> Empty:  # noqa: ARG002
        """Return the one value."""
        if text:
            raise InvalidValue(f"{shown(text)} where nothing may stand")
        return EMPTY

    def allowed(self) -> str:
        """Return nothing."""
        return "nothing"


class IdentityrefType(Type):
    """identityref: an identity derived from all of its bases."""

    name = "identityref"
    is_prefixed = True

    def __init__(self, bases: Sequence[str], identities: dict[str, Identity]) -> None:
        """Take `identities`, by their `module:name`, which derive from `bases`."""
        self.bases = bases
        self.identities = identities

    def parse(self, text: str, resolve: Resolve = by_module_name) -> Identity:
        """Return the identity."""
        prefix, colon, name = text.rpartition(":")
        module = resolve(prefix if colon else None)
        identity = self.identities.get(f"{module}:{name}")
        if identity is None:
            raise InvalidValue(
                f"{shown(text)} is not an identity derived from {' and '.join(self.bases)}"
                + ("" if module else f"; the prefix {prefix!r} is not declared" if colon else "")
            )
        return identity

    def allowed(self) -> str:
        """Return the identities."""
        return f"one of {listed(self.identities)}"


class InstanceIdentifierType(Type):
    """instance-identifier, kept as canonical text (RFC 7951 section 6.11)."""

    name = "instance-identifier"
    is_prefixed = True
    NAME: ClassVar[re.Pattern[str]] = re.compile(r"""([\w.-]+):(?=[\w.-])|("[^"]*"|'[^']*')|\s+""")
    SHAPE: ClassVar[re.Pattern[str]] = re.compile(
        r"""(/[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*(\[\s*(\.|[\w.-]+:[\w.-]+)\s*=\s*("[^"]*"|'[^']*')\s*\]|\[\s*[0-9]+\s*\])*)+"""
    )

    def __init__(self, *, require_instance: bool = True) -> None:
        """Take paths to instances, which must exist if `require_instance`."""
        self.require_instance = require_instance

    def parse(self, text: str, resolve: Resolve = by_module_name) -> InstanceIdentifier:
        """Return the path with modules' names for prefixes, single quotes where they can be, and no spaces."""
        if self.SHAPE.fullmatch(text) is None:
            raise InvalidValue(f"{shown(text)} is not an instance-identifier")

        def canonical(match: re.Match[str]) -> str:
            if match[2]:
                return match[2] if "'" in match[2] else f"'{match[2][1:-1]}'"
            if not match[1]:
                return ""
            name = resolve(match[1])
            if name is None:
                raise InvalidValue(f"the prefix {match[1]!r} in {shown(text)} is not declared")
            return f"{name}:"

        return InstanceIdentifier(self.NAME.sub(canonical, text))

    @classmethod
    def modules(cls, value: InstanceIdentifier) -> set[str]:
        """Return the names of the modules that `value` speaks of."""
        return {match[1] for match in cls.NAME.finditer(value) if match[1]}


class LeafrefType(Type):
    """leafref: the values of the type of the leaf that it points to."""

    name = "leafref"

    def __init__(self, target: Type, path: int, *, require_instance: bool = True) -> None:
        """Take the values of `target`; that the leaf at `path`, an expression's index, exists is for validation."""
        self.target = target
        self.path = path
        self.require_instance = require_instance
        self.is_prefixed = target.is_prefixed

    def parse(self, text: str, resolve: Resolve = by_module_name) -> Value:
        """Return the target's value."""
        return self.target.parse(text, resolve)

    def order(self, value: Value) -> Any:
        """Sort as the target does."""
        return self.target.order(value)

    def allowed(self) -> str:
        """Return what the target allows."""
        return self.target.allowed()


class UnionType(Type):
    """union: the first member that takes the text (RFC 7950 section 9.12)."""

    name = "union"

    def __init__(self, members: Sequence[Type]) -> None:
        """Try `members` in order."""
        self.members = members
        self.is_prefixed = any(member.is_prefixed for member in members)

    def parse(self, text: str, resolve: Resolve = by_module_name) -> Value:
        """Return the first member's value."""
        for member in self.members:
            try:
                return member.parse(text, resolve)
            except InvalidValue:
                continue
        raise InvalidValue(f"{shown(text)} is not {self.allowed()}")

    def order(self, value: Value) -> Any:
        """Sort numbers first, by size, then octets, then text."""
        if isinstance(value, str):
            return (2, natural(value))
        return (1, value) if isinstance(value, bytes) else (0, value)

    def allowed(self) -> str:
        """Return what the members allow."""
        return " or ".join(dict.fromkeys(member.allowed() for member in self.members))

    def leaves(self) -> Iterator[Type]:
        """Return the members, unions among them taken apart."""
        for member in self.members:
            if isinstance(member, UnionType):
                yield from member.leaves()
            else:
                yield member
