"""Resources: single things in a system, as plain values that can be compared, printed, journalled and sent elsewhere."""

from __future__ import annotations

import ipaddress
from abc import abstractmethod
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Key: TypeAlias = tuple[Any, ...]
"""What a resource is called: its kind and the values of its key fields."""

Fact: TypeAlias = tuple[Any, ...]
"""Something that resources offer and need: the key of a resource (it is there), or a name such as `("up", "Ethernet1")`."""

LINK, VLAN, INTERFACE, ADDRESS, NEIGHBOR, NEXT_HOP, NEXT_HOP_GROUP, ROUTE = 20, 30, 35, 40, 50, 55, 60, 70
"""Ranks: a resource is made after those of lower rank, and taken away before them."""


class Prefix(NamedTuple):
    """The fact that the addresses of one network are directly reachable; its value says how."""

    scope: str
    version: int
    network: int
    length: int

    def __str__(self) -> str:
        return str(ipaddress.ip_network((self.network, self.length)))


class Shared(NamedTuple):
    """A fact about one thing that holds while any of several resources offers it, such as that a link has IPv4."""

    name: str
    of: str


class Unmet(Exception):
    """A fact that a resource needs and that nothing offers: the resource waits for it."""

    def __init__(self, reason: str) -> None:
        """Say what is waited for, for people."""
        super().__init__(reason)
        self.reason = reason


class Facts(Protocol):
    """What the resources that take effect offer. Whoever asks is asked again when the answer changes."""

    @abstractmethod
    def get(self, fact: Fact) -> Any | None:
        """Return the value of `fact`, for a resource's key the resource; None if nothing offers it."""

    @abstractmethod
    def require(self, fact: Fact) -> Any:
        """Return the value of `fact`.

        Raises:
            Unmet: Nothing offers it.
        """

    @abstractmethod
    def reach(self, scope: str, address: str) -> Any | None:
        """Return the value of the longest `Prefix` of `scope` that `address` is in, or None."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing in a system: a link, an address, a route.

    Subclasses are frozen, slotted dataclasses whose fields hold text, numbers, booleans and tuples of these.
    """

    kind: ClassVar[str]
    """What it is; no two kinds of a server have one name, so it begins with the backend's."""
    rank: ClassVar[int]
    keys: ClassVar[tuple[str, ...]]
    """The names of the fields that tell it from others of its kind."""
    create_only: ClassVar[frozenset[str]] = frozenset()
    """Fields that cannot be changed in place: it is replaced instead, and what depends on it with it."""
    is_fixed: ClassVar[bool] = False
    """Whether it is there or not and no operation changes that, like a port; it may appear later."""

    @property
    def key(self) -> Key:
        """The kind and the values of the key fields."""
        return (self.kind, *[getattr(self, name) for name in self.keys])

    def resolved(self, facts: Facts) -> Resource | None:  # noqa: ARG002 - most resources need nothing
        """Return this resource as it is to be given what is there now, or None if it cannot be there yet.

        Raises:
            Unmet: Likewise, with the reason.
        """
        return self

    def offers(self) -> Mapping[Fact, Any]:
        """Return the facts that hold once this resource is there, besides its own key."""
        return {}

    def released(self) -> Resource:
        """Return what a fixed resource is like when nobody configures it."""
        return self

    def attributes(self) -> dict[str, Any]:
        """Return the fields that are not keys, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in self.keys}

    def __str__(self) -> str:
        return named(self.key)


def named(key: Key) -> str:
    """Return a key for people: `kernel:address Ethernet1 10.0.0.1`."""
    return " ".join(map(str, key))


@lru_cache(maxsize=65536)
def network_of(text: str) -> tuple[int, int, int]:
    """Return version, network address and length of a prefix, with or without host bits: `10.0.0.1/24`."""
    network = ipaddress.ip_interface(text).network
    return network.version, int(network.network_address), network.prefixlen


@lru_cache(maxsize=65536)
def address_of(text: str) -> tuple[int, int]:
    """Return version and number of an address."""
    address = ipaddress.ip_address(text)
    return address.version, int(address)
