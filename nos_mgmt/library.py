"""What modules a server has, and how it has them: what YANG library tells (RFC 8525), and RFC 7895 before it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from yang import deviations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from yang.module import Module
    from yang.schema import Schema
    from yang.tables import ModuleRecord


class Named(NamedTuple):
    """A module or submodule."""

    name: str
    revision: str
    """Empty where it has none."""


class Described(NamedTuple):
    """A module, as the library describes it."""

    name: str
    revision: str
    namespace: str
    is_implemented: bool
    """False if it is only there for its types, groupings and the like."""
    submodules: tuple[Named, ...]
    features: tuple[str, ...]
    deviations: tuple[Named, ...]


class Library(NamedTuple):
    """All of them, by name."""

    modules: tuple[Described, ...]
    datastores: tuple[str, ...]
    """The identities of the datastores, as `module:name`."""
    content_id: str
    """Another one whenever anything in the library, or what the deviations say, is another."""


def library(
    schema: Schema,
    implemented: Iterable[Module],
    deviated: Collection[str],
    deviation_module: str,
    datastores: Iterable[str],
) -> Library:
    """Return the library of a server that implements some modules of `schema`, `deviated` ones as `deviation_module` has it."""
    names = {module.name for module in implemented}
    own = Named(deviations.NAME, deviations.REVISION)
    described = [
        _described(
            record,
            schema.modules,
            is_implemented=record.name in names,
            deviated=own if record.name in deviated else None,
        )
        for record in needed(schema, names)
        if record.belongs_to is None
    ]
    described.append(
        Described(*own, deviations.NAMESPACE, is_implemented=True, submodules=(), features=(), deviations=())
    )
    modules, listed = tuple(sorted(described)), tuple(datastores)
    content = repr((modules, listed, deviation_module))
    return Library(modules, listed, hashlib.sha256(content.encode()).hexdigest()[:16])


def needed(schema: Schema, names: Iterable[str]) -> list[ModuleRecord]:
    """Return the modules `names` with all modules and submodules that they import and include, and those in turn."""
    found: dict[str, ModuleRecord] = {}
    waiting = sorted(names, reverse=True)
    while waiting:
        record = schema.modules[waiting.pop()].record
        if record.name not in found:
            found[record.name] = record
            waiting.extend(name for name in record.imports if name in schema.modules)
            # a submodule's own imports lead to no other submodule than its module includes
            if record.belongs_to is not None:
                waiting.append(record.belongs_to)
    return list(found.values())


def _described(
    record: ModuleRecord, modules: Mapping[str, Module], *, is_implemented: bool, deviated: Named | None
) -> Described:
    submodules = sorted(
        Named(module.name, module.revision) for module in modules.values() if module.record.belongs_to == record.name
    )
    return Described(
        record.name,
        record.revision,
        record.namespace,
        is_implemented,
        tuple(submodules),
        record.features if is_implemented else (),
        (deviated,) if deviated is not None else (),
    )
