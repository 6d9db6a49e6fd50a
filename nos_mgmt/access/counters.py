"""How often access was denied, as state (RFC 8341 section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from backends.state import StateSource

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nos_mgmt.device import Device
    from yang.tree import Key
    from yang.values import Value


class DenialCounters(StateSource):
    """The counters of denied operations, writes and notifications."""

    path: ClassVar[str] = "/ietf-netconf-acm:nacm"
    leaves: ClassVar[tuple[str, ...]] = ("denied-operations", "denied-data-writes", "denied-notifications")

    def __init__(self, device: Device) -> None:
        """Tell of what was denied in `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:  # noqa: ARG002 - a container
        """Return the counters."""
        denials = self._device.access_control.denials
        return {
            (): {
                "denied-operations": denials.operations,
                "denied-data-writes": denials.data_writes,
                "denied-notifications": denials.notifications,
            }
        }
