"""The contract of a backend: what puts configuration into effect in one system."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key, Resource
    from backends.state import StateSource
    from backends.translator import AnyTranslator


class Backend(ABC):
    """One system: what of the configuration it puts into effect, how it is changed, and how it is read.

    Everything hard is done outside: planning, ordering, undoing, verifying, recovering. Only one thread at a time executes;
    another one may read meanwhile.
    """

    name: str
    translators: Sequence[AnyTranslator] = ()
    resources: Sequence[type[Resource]] = ()
    """The kinds of resources that `execute` and `read` take and give."""
    state: Sequence[StateSource] = ()

    can_reach: bool = False
    """Whether `reached` can tell of addresses."""

    @abstractmethod
    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        """Return what is really there of the resources with `keys`; those that are not there are left out.

        Raises:
            BackendLost: The system does not answer.
        """

    @abstractmethod
    def execute(self, operations: Sequence[Operation]) -> None:
        """Carry out `operations` in order.

        Raises:
            OperationFailed: Some were refused; the others may have been carried out or not.
            BackendLost: The system does not answer.
        """

    def owned(self) -> Iterable[Resource]:
        """Return what is there and carries this program's mark, so that leftovers are recognised."""
        return ()

    def strays(self, wanted: Collection[Key], keys: Collection[Key] | None = None) -> Iterable[Resource]:
        """Return what is there, though its key is not `wanted`, and deviates from the configuration by being there.

        That is what is owned, and what somebody has put on something that is configured as only configuration should. With
        `keys`, only those of the resources are looked for.

        Raises:
            BackendLost: The system does not answer.
        """
        return [found for found in self.owned() if found.key not in wanted and (keys is None or found.key in keys)]

    def check(self, operations: Sequence[Operation]) -> Mapping[int, str]:  # noqa: ARG002 - most cannot tell beforehand
        """Return why operations of a plan would be refused, by their index, as far as that can be told beforehand."""
        return {}

    def reached(self, addresses: Collection[str]) -> Collection[str]:  # noqa: ARG002 - most have nothing to ask with
        """Return which of `addresses` answer to the system now, within a second; asked only where `can_reach`.

        Raises:
            BackendLost: The system does not answer.
        """
        return ()

    def watch(self, changed: Callable[[Collection[Key]], None]) -> None:  # noqa: B027 - not every system tells
        """Call `changed`, from whatever thread, with the keys of fixed resources that came or went by themselves."""

    def follow(  # noqa: B027 - not every system tells
        self,
        touched: Callable[[Collection[Key] | None, Collection[Key]], None],
        concerns: Callable[[Key], bool],
    ) -> None:
        """Call `touched`, from whatever thread, with the keys of resources that may have been changed by somebody else.

        Its second argument are those of them that may have been away in between, though they are back: what depends on them
        may be lost. None for the first stands for anything, where it is not known what was changed. What the backend itself
        has changed can be left out. What is neither of concern, which `concerns` tells in no time for what is wanted, nor could
        be `extra`, must be.
        """

    def abandon(self) -> None:  # noqa: B027 - what runs in the server's own process cannot be ended
        """End the call that is under way and has not come back in time, if that can be done; from whatever thread."""

    def close(self) -> None:  # noqa: B027 - not every backend holds something
        """Let go of the system, leaving it as it is."""
