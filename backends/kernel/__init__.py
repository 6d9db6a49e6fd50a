"""The Linux kernel as a backend."""

from collections.abc import Mapping
from typing import Any

from backends.kernel.backend import KernelBackend

__all__ = ["KernelBackend", "from_settings"]


def from_settings(settings: Mapping[str, Any]) -> KernelBackend:
    """Return the backend for the network namespace that the setting `namespace` names; without it, for the process's own."""
    return KernelBackend(settings.get("namespace") or None)
