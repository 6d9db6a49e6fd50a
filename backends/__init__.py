"""Putting configuration into effect: the contract of backends, the kernel, and the hardware driver API."""

from backends.backend import Backend
from backends.operation import BackendLost, Failure, Operation, OperationFailed
from backends.resource import Fact, Facts, Key, Prefix, Resource, Shared, Unmet
from backends.state import StateSource
from backends.translator import Claim, Translator, Untranslatable

__all__ = [
    "Backend",
    "BackendLost",
    "Claim",
    "Fact",
    "Facts",
    "Failure",
    "Key",
    "Operation",
    "OperationFailed",
    "Prefix",
    "Resource",
    "Shared",
    "StateSource",
    "Translator",
    "Unmet",
    "Untranslatable",
]
