"""Switch chips as a backend, through the hardware driver API."""

from collections.abc import Mapping
from typing import Any

from backends import plugins
from backends.hardware.backend import HardwareBackend
from backends.hardware.driver import Answer, Capabilities, Counters, Driver, DriverLost, PortStatus, Status

__all__ = [
    "Answer",
    "Capabilities",
    "Counters",
    "Driver",
    "DriverLost",
    "HardwareBackend",
    "PortStatus",
    "Status",
    "from_settings",
]


def from_settings(settings: Mapping[str, Any]) -> HardwareBackend:
    """Return the backend with the driver that the setting `driver` names, which gets the same settings."""
    return HardwareBackend(plugins.driver(settings.get("driver", "simulated"), settings))
