"""The hardware driver API: what a switch chip's driver does. Shaped after SAI, since that is what the industry ships."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from backends.operation import BackendLost
from yang.errors import NosError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backends.hardware.objects import Object
    from backends.operation import Operation
    from backends.resource import Key


class Status(StrEnum):
    """What became of one operation; the errors are those that SAI tells apart."""

    OK = "OK"
    UNSUPPORTED = "UNSUPPORTED"
    """The chip has no such object, or not with this attribute."""
    NO_RESOURCES = "NO_RESOURCES"
    """A table is full."""
    IN_USE = "IN_USE"
    """Other objects refer to the one that is to go."""
    EXISTS = "EXISTS"
    """The object that is to come is there."""
    NOT_FOUND = "NOT_FOUND"
    """The object, or one that it refers to, is not there."""
    INVALID = "INVALID"
    """An attribute's value is outside what the chip takes."""
    LOST = "LOST"
    """The chip does not answer."""
    NOT_EXECUTED = "NOT_EXECUTED"
    """An operation before this one failed."""


class Answer(NamedTuple):
    """The status of one operation."""

    status: Status
    detail: str = ""
    """For people, with the value in question."""
    attribute: str = ""
    """The attribute that it is about, if it is about one."""


OK = Answer(Status.OK)


class DriverLost(NosError, BackendLost):
    """The driver cannot reach its chip: what state it is in is not known."""


class Capabilities(NamedTuple):
    """What a chip can do."""

    kinds: frozenset[str]
    """The kinds of objects that it has."""
    capacity: Mapping[str, int]
    """How many objects of each kind it holds."""
    next_hops: int
    """How many next hops one group may have."""


class Counters(NamedTuple):
    """What went through a port since the chip started."""

    in_octets: int = 0
    in_pkts: int = 0
    in_errors: int = 0
    in_discards: int = 0
    out_octets: int = 0
    out_pkts: int = 0
    out_errors: int = 0
    out_discards: int = 0


class PortStatus(NamedTuple):
    """What a port does, next to what it is told."""

    is_up: bool
    counters: Counters


class Driver(ABC):
    """Programs one switch chip. Every call may come from any thread."""

    tells_status: bool = False
    """Whether every change of a port's attributes and status, counters apart, is told to whoever follows."""

    @abstractmethod
    def capabilities(self) -> Capabilities:
        """Return what the chip can do."""

    @abstractmethod
    def availability(self) -> Mapping[str, int]:
        """Return how many more objects of each kind the chip can hold now."""

    @abstractmethod
    def bulk(self, operations: Sequence[Operation]) -> list[Answer]:
        """Create, set and remove objects in order, and return an answer for each; what follows an error is not executed.

        Raises:
            DriverLost: The chip does not answer; what was executed is not known.
        """

    @abstractmethod
    def get(self, keys: Collection[Key]) -> Mapping[Key, Object]:
        """Return the objects with `keys` as the chip has them; those that are not there are left out.

        Raises:
            DriverLost: The chip does not answer.
        """

    @abstractmethod
    def status(self, ports: Collection[str] | None) -> Mapping[str, PortStatus]:
        """Return the status of the ports of these names, or of all.

        Raises:
            DriverLost: The chip does not answer.
        """

    def objects(self) -> Iterable[Object] | None:
        """Return every object but the ports, or None if the chip cannot list them."""
        return None

    def keys(self) -> Collection[Key]:
        """Return the keys of every object but the ports, as far as the chip can list them."""
        return [found.key for found in self.objects() or ()]

    def watch(self, changed: Callable[[Collection[str]], None]) -> None:  # noqa: B027 - not every chip tells
        """Call `changed`, from whatever thread, with the names of ports that came or went."""

    def follow(self, changed: Callable[[Collection[str] | None], None]) -> None:  # noqa: B027 - not every chip tells
        """Call `changed`, from whatever thread, with the names of ports that came, went, were set, or went up or down.

        None stands for any ports. A driver that does this says so by `tells_status`.
        """

    def close(self) -> None:  # noqa: B027 - not every driver holds something
        """Let go of the chip, leaving it as it is."""
