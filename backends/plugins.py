"""Backends and drivers by name, through entry points: ours and anybody else's."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from yang.errors import NosError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends.backend import Backend
    from backends.hardware.driver import Driver

BACKENDS = "nos_mgmt.backends"
DRIVERS = "nos_mgmt.drivers"


class UnknownPlugin(NosError):
    """A name that no installed package offers."""


def backend(name: str, settings: Mapping[str, Any]) -> Backend:
    """Return the backend that the entry point `name` makes, given its settings.

    Raises:
        UnknownPlugin: No installed package has one of this name.
    """
    made: Backend = _load(BACKENDS, name)(settings)
    return made


def driver(name: str, settings: Mapping[str, Any]) -> Driver:
    """Return the hardware driver that the entry point `name` makes, given its settings.

    Raises:
        UnknownPlugin: No installed package has one of this name.
    """
    made: Driver = _load(DRIVERS, name)(settings)
    return made


def _load(group: str, name: str) -> Any:
    found = entry_points(group=group)
    if name not in found.names:
        known = ", ".join(sorted(found.names)) or "none"
        raise UnknownPlugin(f"there is no {group.rpartition('.')[2].removesuffix('s')} {name}; there are {known}")
    return found[name].load()
