"""Switch chips as a backend, through the hardware driver API."""

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
]
