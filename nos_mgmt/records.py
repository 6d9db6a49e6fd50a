"""Tables of a settings file as frozen records, each value held to the type and the bounds of its field."""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from yang.errors import NosError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import Field
    from pathlib import Path

    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


class SettingsError(NosError):
    """Settings that cannot be used; the message names the setting, and the file if it is in one."""


class Bounds(NamedTuple):
    """What a field's value may be; `metadata` of a field has one under `bounds`."""

    least: float
    most: float


def bounded(least: float, most: float) -> Mapping[str, Any]:
    """Return the metadata of a number within bounds."""
    return {"bounds": Bounds(least, most)}


def one_of(*texts: str) -> Mapping[str, Any]:
    """Return the metadata of a string that is one of a few."""
    return {"one_of": texts}


def table_of(kind: type) -> Mapping[str, Any]:
    """Return the metadata of a table."""
    return {"table": kind}


def tables_of(kind: type) -> Mapping[str, Any]:
    """Return the metadata of a list of tables."""
    return {"tables": kind}


def record(kind: type[T], given: object, where: str, folder: Path) -> T:
    """Return a table of a file in `folder` as a record of a dataclass.

    Raises:
        SettingsError: It is no table, has something else in it, lacks something, or has a value that cannot be.
    """
    if not isinstance(given, dict):
        raise SettingsError(f"{where} is {given!r}, not a table")
    known: dict[str, Field[Any]] = {one.name: one for one in fields(kind)}
    for name in given:
        if name not in known:
            raise SettingsError(f"{where} has no setting {name}; there are {', '.join(known)}")
    for name, one in known.items():
        if name not in given and one.default is MISSING and one.default_factory is MISSING:
            raise SettingsError(f"{where} has no {name}")
    return kind(**{name: _value(known[name], value, f"{where}.{name}", folder) for name, value in given.items()})


def records(kind: type[T], given: object, where: str, folder: Path) -> tuple[T, ...]:
    """Return a list of tables as records.

    Raises:
        SettingsError: As `record`; the table is named by its number, the first being 1.
    """
    if not isinstance(given, list):
        raise SettingsError(f"{where} is {given!r}, not a list of tables")
    return tuple(record(kind, one, f"{where}[{number}]", folder) for number, one in enumerate(given, 1))


def refuse_twins(names: list[Any], where: str) -> None:
    """Raise `SettingsError` for a name that is there twice."""
    for number, name in enumerate(names):
        if name in names[:number]:
            raise SettingsError(f"{where}: {name!r} is there twice")


def _value(field: Field[Any], value: object, where: str, folder: Path) -> Any:
    if "table" in field.metadata:
        return record(field.metadata["table"], value, where, folder)
    if "tables" in field.metadata:
        return records(field.metadata["tables"], value, where, folder)
    typed = _typed(str(field.type), value, where, folder)
    if "one_of" in field.metadata and typed not in field.metadata["one_of"]:
        raise SettingsError(f"{where} is {value!r}, not one of {', '.join(field.metadata['one_of'])}")
    if "bounds" in field.metadata:
        least, most = field.metadata["bounds"]
        if not least <= typed <= most:
            raise SettingsError(f"{where} is {value}, outside {least}..{most}")
    return typed


def _typed(kind: str, value: object, where: str, folder: Path) -> Any:
    """Return a value as a field has it whose annotation says `kind`."""
    match kind.removesuffix(" | None"), value:
        case "str", str():
            return value
        case "Path", str():
            return folder / value
        case "int", int() if type(value) is int:
            return value
        case "float", int() | float() if type(value) is not bool:
            return float(value)
        case "datetime", datetime():
            if value.tzinfo is None:
                raise SettingsError(f"{where} is {value}, without an offset from UTC")
            return value
        case wanted, _:
            told = {
                "str": "a string",
                "Path": "a path",
                "int": "a whole number",
                "float": "a number",
                "datetime": "a date and time",
            }
            raise SettingsError(f"{where} is {value!r}, not {told[wanted]}")
