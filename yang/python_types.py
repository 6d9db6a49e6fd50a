"""What Python's types are for YANG's: annotations for the bindings, and the enums that they name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from yang.errors import InvalidValue
from yang.naming import camel, snake
from yang.types import (
    BinaryType,
    BooleanType,
    DecimalType,
    EnumerationType,
    IdentityrefType,
    IntegerType,
    LeafrefType,
    Type,
    UnionType,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Annotation(NamedTuple):
    """The type of a leaf's values in Python."""

    python: str
    enum: str = ""
    """The reference of its enum, `module:Name`; of a union, those of all its enums, each after a `|`."""


class Own(NamedTuple):
    """What the enum of a leaf is called that no typedef gives a name."""

    module: str
    name: str
    note: str


@dataclass
class Enum:
    """An enumeration or the identities of a base."""

    name: str
    base: str
    note: str
    members: dict[str, str]


class PythonTypes:
    """The enums of all modules, and annotations with them."""

    def __init__(self) -> None:
        """Know of no enum."""
        self.enums: defaultdict[str, dict[str, Enum]] = defaultdict(dict)

    def annotation(self, type_: Type, typedefs: Sequence[str | None], own: Own) -> Annotation:
        """Return the annotation of values of `type_`; `typedefs` names its enumerations as `Source` does."""
        plain = target_of(type_)
        if isinstance(plain, UnionType):
            return self._union(plain, typedefs, own)
        if isinstance(plain, IdentityrefType):
            return self._identities(plain)
        if isinstance(plain, EnumerationType):
            return self._enumeration(plain, typedefs[0] if plain is type_ else "", own)
        return Annotation(plain_type(plain))

    def _union(self, union: UnionType, typedefs: Sequence[str | None], own: Own) -> Annotation:
        members = list(union.leaves())
        if len(typedefs) != len(members):
            typedefs = [None] * len(members)
        found = []
        for member, typedef in zip(members, typedefs, strict=True):
            plain = target_of(member)
            if isinstance(plain, IdentityrefType) and _is_told(members, plain.identities, IdentityrefType):
                found.append(self._identities(plain))
            elif (
                isinstance(plain, EnumerationType)
                and typedef is not None
                and _is_told(members, plain.values, EnumerationType)
            ):
                found.append(self._enumeration(plain, typedef, own))
            else:
                found.append(Annotation(plain_type(plain)))
        python = dict.fromkeys(part for each in found for part in each.python.split(" | "))
        enums = dict.fromkeys(f"|{each.enum}" for each in found if each.enum)
        return Annotation(" | ".join(python), "".join(enums))

    def _identities(self, type_: IdentityrefType) -> Annotation:
        module, _, name = type_.bases[0].partition(":")
        note = f"The identities derived from {type_.bases[0]}."
        return self._enum(Own(module, camel(name), note), "Identities", type_.identities)

    def _enumeration(self, type_: EnumerationType, typedef: str | None, own: Own) -> Annotation:
        if typedef:
            module, _, name = typedef.partition(":")
            own = Own(module, camel(name), f"The values of the type {name}.")
        return self._enum(own, "Enumeration", type_.values)

    def _enum(self, own: Own, base: str, names: Iterable[str]) -> Annotation:
        """Return the annotation with an enum, which is made if it is not there."""
        members = {name: name for name in names}
        known = self.enums[own.module]
        count = 1
        unique = own.name
        while unique in known and known[unique].members.keys() != members.keys():
            count += 1
            unique = f"{own.name}{count}"
        known.setdefault(unique, Enum(unique, base, own.note, members))
        return Annotation(f"{snake(own.module)}.{unique}", f"{snake(own.module)}:{unique}")


def target_of(type_: Type) -> Type:
    """Return the type that a leafref refers to in the end; any other type is its own."""
    while isinstance(type_, LeafrefType):
        type_ = type_.target
    return type_


def plain_type(type_: Type) -> str:
    """Return the Python type of values of `type_`, without enums."""
    match target_of(type_):
        case IntegerType():
            return "int"
        case BooleanType():
            return "bool"
        case DecimalType():
            return "Decimal"
        case BinaryType():
            return "bytes"
        case UnionType() as union:
            return " | ".join(
                dict.fromkeys(part for member in union.leaves() for part in plain_type(member).split(" | "))
            )
    return "str"


def _is_told(members: Sequence[Type], names: Iterable[str], kind: type[Type]) -> bool:
    """Return whether no member of another kind takes one of `names` first, so that a value tells that it is one of them."""
    return all(isinstance(_taking(members, name), kind) for name in names)


def _taking(members: Sequence[Type], text: str) -> Type | None:
    """Return the first of the members of a union that takes `text` (RFC 7950 section 9.12)."""
    for member in members:
        try:
            member.parse(text)
        except InvalidValue:
            continue
        return target_of(member)
    return None
