"""The YANG library as state (RFC 8525), in RFC 7895's form as well, for clients that know no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from backends.state import StateSource
from yang.values import Identity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from backends.state import ObjectKey
    from nos_mgmt.device import Device
    from nos_mgmt.library import Described, Library

LIBRARY = "/ietf-yang-library:yang-library"
STATE = "/ietf-yang-library:modules-state"
SET = ("complete",)
"""The key of the one module set, and of the one schema, which all datastores have."""


class _Part(StateSource):
    """A part of the library."""

    def __init__(self, device: Device) -> None:
        """Tell of the library of `device`."""
        self._device = device

    @property
    def _library(self) -> Library:
        return self._device.library

    @property
    def _implemented(self) -> list[Described]:
        return [module for module in self._library.modules if module.is_implemented]

    @property
    def _imported(self) -> list[Described]:
        return [module for module in self._library.modules if not module.is_implemented]


class Content(_Part):
    """Which library it is."""

    path: ClassVar[str] = LIBRARY
    leaves: ClassVar[tuple[str, ...]] = ("content-id",)

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:  # noqa: ARG002 - a container
        """Return the id."""
        return {(): {"content-id": self._library.content_id}}


class Modules(_Part):
    """The modules that are implemented."""

    path: ClassVar[str] = f"{LIBRARY}/module-set/module"
    leaves: ClassVar[tuple[str, ...]] = ("name", "revision", "namespace", "feature", "deviation")

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return modules."""
        found = {
            (SET, (module.name,)): {
                **_revision(module.revision),
                "namespace": module.namespace,
                **({"feature": module.features} if module.features else {}),
                **({"deviation": tuple(other.name for other in module.deviations)} if module.deviations else {}),
            }
            for module in self._implemented
        }
        return _beginning(found, keys)


class Submodules(_Part):
    """Their submodules."""

    path: ClassVar[str] = f"{LIBRARY}/module-set/module/submodule"
    leaves: ClassVar[tuple[str, ...]] = ("name", "revision")

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return submodules."""
        found = {
            (SET, (module.name,), (submodule.name,)): _revision(submodule.revision)
            for module in self._implemented
            for submodule in module.submodules
        }
        return _beginning(found, keys)


class ImportOnlyModules(_Part):
    """The modules that others import."""

    path: ClassVar[str] = f"{LIBRARY}/module-set/import-only-module"
    leaves: ClassVar[tuple[str, ...]] = ("name", "revision", "namespace")

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return modules."""
        found = {(SET, module[:2]): {"namespace": module.namespace} for module in self._imported}
        return _beginning(found, keys)


class ImportOnlySubmodules(_Part):
    """Their submodules."""

    path: ClassVar[str] = f"{LIBRARY}/module-set/import-only-module/submodule"
    leaves: ClassVar[tuple[str, ...]] = ("name", "revision")

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return submodules."""
        found = {
            (SET, module[:2], (submodule.name,)): _revision(submodule.revision)
            for module in self._imported
            for submodule in module.submodules
        }
        return _beginning(found, keys)


class Schemas(_Part):
    """The one schema, of the one module set."""

    path: ClassVar[str] = f"{LIBRARY}/schema"
    leaves: ClassVar[tuple[str, ...]] = ("name", "module-set")

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return the schema."""
        return {SET: {"module-set": SET}} if keys is None or SET in keys else {}


class Datastores(_Part):
    """The datastores, and that they have this schema."""

    path: ClassVar[str] = f"{LIBRARY}/datastore"
    leaves: ClassVar[tuple[str, ...]] = ("name", "schema")

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return the datastores."""
        found = {(Identity(name),): {"schema": SET[0]} for name in self._library.datastores}
        return found if keys is None else {key: found[key] for key in keys if key in found}


class ModuleSetId(_Part):
    """Which library it is, for old clients (RFC 7895 section 2.2)."""

    path: ClassVar[str] = STATE
    leaves: ClassVar[tuple[str, ...]] = ("module-set-id",)

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:  # noqa: ARG002 - likewise
        """Return the id."""
        return {(): {"module-set-id": self._library.content_id}}


class OldModules(_Part):
    """All modules, for old clients."""

    path: ClassVar[str] = f"{STATE}/module"
    leaves: ClassVar[tuple[str, ...]] = ("name", "revision", "namespace", "feature", "conformance-type")

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return modules."""
        found = {
            module[:2]: {
                "namespace": module.namespace,
                **({"feature": module.features} if module.features else {}),
                "conformance-type": "implement" if module.is_implemented else "import",
            }
            for module in self._library.modules
        }
        return found if keys is None else {key: found[key] for key in keys if key in found}


class OldDeviations(_Part):
    """What deviates from them, for old clients."""

    path: ClassVar[str] = f"{STATE}/module/deviation"
    leaves: ClassVar[tuple[str, ...]] = ("name", "revision")

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return deviation modules."""
        return _beginning({key: {} for key in self._pairs()}, keys)

    def _pairs(self) -> Iterator[ObjectKey]:
        for module in self._library.modules:
            yield from ((module[:2], tuple(other)) for other in module.deviations)


class OldSubmodules(_Part):
    """Their submodules, for old clients."""

    path: ClassVar[str] = f"{STATE}/module/submodule"
    leaves: ClassVar[tuple[str, ...]] = ("name", "revision")

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return submodules."""
        return _beginning({key: {} for key in self._pairs()}, keys)

    def _pairs(self) -> Iterator[ObjectKey]:
        for module in self._library.modules:
            yield from ((module[:2], tuple(other)) for other in module.submodules)


SOURCES = (
    Content,
    Modules,
    Submodules,
    ImportOnlyModules,
    ImportOnlySubmodules,
    Schemas,
    Datastores,
    ModuleSetId,
    OldModules,
    OldDeviations,
    OldSubmodules,
)


def _revision(revision: str) -> dict[str, Any]:
    return {"revision": revision} if revision else {}


def _beginning(
    found: Mapping[ObjectKey, Mapping[str, Any]], keys: Iterable[ObjectKey] | None
) -> Mapping[ObjectKey, Mapping[str, Any]]:
    """Return those of `found` whose key begins as one of `keys`; all if that is None."""
    if keys is None:
        return found
    wanted = list(keys)
    return {key: leaves for key, leaves in found.items() if any(key[: len(start)] == start for start in wanted)}
