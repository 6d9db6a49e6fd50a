"""A kernel of paper: what tests have that need a backend and no system, in whatever process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.backend import Backend
from backends.configuration import NetworkInstance, Protocol
from backends.kernel.interfaces import interface_translators
from backends.kernel.resources import Address, Link, Neighbor, Port, Route, VlanLink
from backends.kernel.routes import StaticRoute

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key, Resource


class PaperKernel(Backend):
    """What the kernel backend makes of a configuration, without a kernel: what it is told is just noted."""

    name = "kernel"
    resources = (Port, Link, VlanLink, Address, Neighbor, Route)

    def __init__(self, ports: Collection[str] = ()) -> None:
        self.translators = (
            *interface_translators(has_loopbacks=True, has_bridges=True, has_vlans=True),
            NetworkInstance(),
            Protocol(),
            StaticRoute(),
        )
        self.there: dict[Key, Resource] = {Port(name).key: Port(name) for name in ports}

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        return {key: self.there[key] for key in keys if key in self.there}

    def execute(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            if operation.after is None:
                del self.there[operation.key]
            else:
                self.there[operation.key] = operation.after
