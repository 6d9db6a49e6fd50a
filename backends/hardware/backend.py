"""The hardware backend: interfaces and static routes in a switch chip, through a driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.backend import Backend
from backends.hardware.driver import Status
from backends.hardware.objects import OBJECTS, Port
from backends.hardware.state import PortState
from backends.hardware.translators import translators
from backends.operation import Failure, OperationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backends.hardware.driver import Driver
    from backends.operation import Operation
    from backends.resource import Key, Resource

BULK = 1000
"""Operations in one call of the driver."""


class HardwareBackend(Backend):
    """Puts interfaces, addresses and static routes into effect in a switch chip."""

    name = "hardware"
    resources = OBJECTS

    def __init__(self, driver: Driver) -> None:
        """Use `driver`."""
        self.driver = driver
        self.translators = translators()
        self.state = (PortState(driver),)

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        """Return what the chip has of `keys`."""
        return self.driver.get(keys)

    def execute(self, operations: Sequence[Operation]) -> None:
        """Have the driver carry out `operations`; the first that fails ends it."""
        for start in range(0, len(operations), BULK):
            answers = self.driver.bulk(operations[start : start + BULK])
            failures = {
                start + index: Failure(answer.detail or str(answer.status), str(answer.status), answer.attribute)
                for index, answer in enumerate(answers)
                if answer.status not in (Status.OK, Status.NOT_EXECUTED)
            }
            if failures:
                raise OperationFailed(failures)

    def check(self, operations: Sequence[Operation]) -> Mapping[int, str]:
        """Return the operations that the chip's tables have no room for when it is their turn."""
        free = dict(self.driver.availability())
        refused: dict[int, str] = {}
        for index, operation in enumerate(operations):
            kind = operation.resource.kind
            if kind not in free or operation.action == "update":
                continue
            if operation.after is None:
                free[kind] += 1
            elif free[kind] > 0:
                free[kind] -= 1
            else:
                refused[index] = f"the chip's table of {kind} is full"
        return refused

    def owned(self) -> Iterable[Resource]:
        """Return every object in the chip, which is ours alone."""
        return self.driver.objects() or ()

    def strays(self, wanted: Collection[Key], keys: Collection[Key] | None = None) -> Iterable[Resource]:
        """Return the objects that nothing calls for: all in the chip are ours."""
        asked = self.driver.keys() if keys is None else keys
        strays = [key for key in asked if key not in wanted]
        return [found for found in self.driver.get(strays).values() if not found.is_fixed] if strays else ()

    def watch(self, changed: Callable[[Collection[Key]], None]) -> None:
        """Report ports that come and go."""
        self.driver.watch(lambda names: changed([(Port.kind, name) for name in names]))

    def close(self) -> None:
        """Let go of the driver."""
        self.driver.close()
