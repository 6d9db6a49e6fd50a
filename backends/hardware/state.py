"""What the chip says of its ports, for the state containers of openconfig-interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from backends.configuration import INTERFACE
from backends.hardware.driver import Counters, Driver
from backends.hardware.objects import Port
from backends.state import StateSource
from yang.values import Identity, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from yang.tree import Key


class PortState(StateSource):
    """The state of ports."""

    path: ClassVar[str] = INTERFACE
    missing: ClassVar[Mapping[str, Value]] = {
        "state/admin-status": "DOWN",
        "state/oper-status": "NOT_PRESENT",
    }
    leaves: ClassVar[tuple[str, ...]] = (
        "state/name",
        "state/type",
        "state/mtu",
        "state/admin-status",
        "state/oper-status",
        *(f"state/counters/{name.replace('_', '-')}" for name in Counters._fields),
    )

    def __init__(self, driver: Driver) -> None:
        """Ask `driver`."""
        self._driver = driver
        counted = tuple(name for name in self.leaves if name.startswith("state/counters/"))
        self.told = tuple(name for name in self.leaves if name not in counted) if driver.tells_status else ()

    def follow(self, tell: Callable[[Collection[Key] | None], None]) -> None:
        """Tell of ports that the driver tells of."""
        self._driver.follow(lambda names: tell(None if names is None else [(name,) for name in names]))

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        """Return the state of ports."""
        status = self._driver.status(None if keys is None else [str(key[0]) for key in keys])
        ports = self._driver.get([(Port.kind, name) for name in status])
        found: dict[Key, Mapping[str, Value]] = {}
        for name, (is_up, counters) in status.items():
            port = ports.get((Port.kind, name))
            leaves: dict[str, Value] = {
                "state/name": name,
                "state/type": Identity("iana-if-type:ethernetCsmacd"),
                "state/oper-status": "UP" if is_up else "DOWN",
            }
            if isinstance(port, Port):
                leaves["state/mtu"] = port.mtu
                leaves["state/admin-status"] = "UP" if port.admin_state else "DOWN"
            for field, value in zip(Counters._fields, counters, strict=True):
                leaves[f"state/counters/{field.replace('_', '-')}"] = value
            found[(name,)] = leaves
        return found
