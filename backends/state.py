"""State: what a system says of itself, as values for the leaves of OpenConfig's state containers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from yang.tree import Key
    from yang.types import Value


class StateSource(ABC):
    """Answers for the state of one kind of object: the entries of a top-level list, or a container."""

    path: ClassVar[str]
    """The schema path of its objects."""
    leaves: ClassVar[tuple[str, ...]]
    """The leaves that it may give, by their paths below the object."""

    missing: ClassVar[Mapping[str, Value]] = {}
    """What is true of an object that is configured and that no source knows."""

    @abstractmethod
    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        """Return the leaves of the objects with `keys`, of all if that is None; a container's key is `()`.

        What a leaf's value is now unknown for is left out.

        Raises:
            BackendLost: The system does not answer.
        """
