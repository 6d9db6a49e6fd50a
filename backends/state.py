"""State: what a system says of itself, as values for the leaves of OpenConfig's state containers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from yang.values import Value

ObjectKey: TypeAlias = tuple[Any, ...]
"""Which of a source's objects it is: the key of the list entry on the way to it; where there are several on the way, as for
a list inside another one, the tuple of their keys from the top down; where there is none, `()`."""


class StateSource(ABC):
    """Answers for the state of one kind of object: the entries of a list, or a container."""

    path: ClassVar[str]
    """The schema path of its objects."""
    leaves: ClassVar[tuple[str, ...]]
    """The leaves that it may give, by their paths below the object."""

    told: tuple[str, ...] = ()
    """Those of `leaves` of which every change is told to whoever follows; none for a source that has to be asked."""

    missing: ClassVar[Mapping[str, Value]] = {}
    """What is true of an object that is configured and that no source knows."""

    def missing_of(self, key: ObjectKey) -> Mapping[str, Value]:  # noqa: ARG002 - for most it is the same for all
        """Return what of `missing` is true of the object `key`."""
        return self.missing

    def follow(self, tell: Callable[[Collection[ObjectKey] | None], None]) -> None:  # noqa: B027 - not every system tells
        """Call `tell`, from whatever thread, with the keys of objects of which one of the `told` leaves may have changed.

        None stands for any objects, where it is not known which. Telling of what has not changed costs only that it is read
        again. What is read after `tell` was called has to have the change in it. `tell` does not wait for anything.
        """

    @abstractmethod
    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Value]]:
        """Return the leaves of the objects with `keys`, of all if that is None.

        In a list inside another one, keys may stop short: `(("Ethernet1",),)` stands for all entries below `Ethernet1`.
        What a leaf's value is now unknown for is left out.

        Raises:
            BackendLost: The system does not answer.
        """
