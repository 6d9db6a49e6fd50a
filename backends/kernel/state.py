"""What the kernel says of its links, for the state containers of openconfig-interfaces."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from backends.configuration import INTERFACE, SUBINTERFACE
from backends.kernel.messages import LINK_TYPES, UP, oper_status
from backends.kernel.resources import LOOPBACK
from backends.state import StateSource
from yang.values import Identity, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from backends.kernel.messages import LinkState
    from backends.kernel.monitor import LinkChanges
    from backends.state import ObjectKey

    Links: TypeAlias = Callable[[Collection[str] | None], Mapping[str, LinkState]]

INDEX = re.compile(r"[1-9][0-9]{0,9}").fullmatch
GREATEST_INDEX = 2**32 - 1
STATISTICS = struct.Struct("=13Q")
COUNTERS = {
    "in-pkts": 0,
    "out-pkts": 1,
    "in-octets": 2,
    "out-octets": 3,
    "in-errors": 4,
    "out-errors": 5,
    "in-discards": 6,
    "out-discards": 7,
    "in-multicast-pkts": 8,
    "in-fcs-errors": 12,
}
"""OpenConfig's counters and where rtnl_link_stats64 has them."""


COMMON_TOLD = (
    "state/ifindex",
    "state/admin-status",
    "state/oper-status",
    "state/last-change",
)
COMMON_LEAVES = (
    *COMMON_TOLD,
    *(f"state/counters/{name}" for name in COUNTERS),
)
MISSING: dict[str, Value] = {"state/admin-status": "DOWN", "state/oper-status": "NOT_PRESENT"}


class InterfaceState(StateSource):
    """The state of interfaces."""

    path: ClassVar[str] = INTERFACE
    missing: ClassVar[Mapping[str, Value]] = MISSING
    leaves: ClassVar[tuple[str, ...]] = (
        "state/name",
        "state/type",
        "state/mtu",
        *COMMON_LEAVES,
    )
    told = ("state/name", "state/type", "state/mtu", *COMMON_TOLD)

    def __init__(self, links: Links, changes: LinkChanges) -> None:
        """Ask `links` for the links with some names, or for all, and `changes` for when one of a number changed."""
        self._links = links
        self._changes = changes

    def follow(self, tell: Callable[[Collection[ObjectKey] | None], None]) -> None:
        """Tell of the links that the kernel tells of."""
        self._changes.follow(lambda names: tell(None if names is None else [(name,) for name in names]))

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Value]]:
        """Return the state of interfaces."""
        here = self._links(None if keys is None else [str(key[0]) for key in keys])
        return {(state.name,): self._leaves(state) for state in here.values() if state.kind != "vlan"}

    def _leaves(self, state: LinkState) -> dict[str, Value]:
        is_loopback = state.name == LOOPBACK or LINK_TYPES.get(state.kind) == "loopback"
        type_ = "softwareLoopback" if is_loopback else "bridge" if state.kind == "bridge" else "ethernetCsmacd"
        return {
            "state/name": state.name,
            "state/type": Identity(f"iana-if-type:{type_}"),
            "state/mtu": min(state.mtu, 65535),  # the leaf is a uint16, and lo has 65536
            **link_leaves(state, self._changes.last_change(state.ifindex)),
        }


class SubinterfaceState(StateSource):
    """The state of VLAN links; subinterface 0 is the interface itself, whose state tells of it."""

    path: ClassVar[str] = SUBINTERFACE
    missing: ClassVar[Mapping[str, Value]] = MISSING
    leaves: ClassVar[tuple[str, ...]] = ("state/name", *COMMON_LEAVES)
    told = ("state/name", *COMMON_TOLD)

    def __init__(self, links: Links, changes: LinkChanges) -> None:
        """Ask `links` for the links with some names, or for all, and `changes` for when one of a number changed."""
        self._links = links
        self._changes = changes

    def missing_of(self, key: ObjectKey) -> Mapping[str, Value]:
        """Return what is true of a VLAN without a link."""
        return {} if key[1] == (0,) else self.missing

    def follow(self, tell: Callable[[Collection[ObjectKey] | None], None]) -> None:
        """Tell of the links that the kernel tells of and that are named as VLANs are."""

        def told(names: Collection[str] | None) -> None:
            keys = None if names is None else [key for name in names if (key := _vlan(name)) is not None]
            if keys is None or keys:
                tell(keys)

        self._changes.follow(told)

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Value]]:
        """Return the state of subinterfaces."""
        found: dict[ObjectKey, Mapping[str, Value]] = {}
        # which VLANs an interface has is only known from the list of all links
        for state in self._links(None).values():
            key = _vlan(state.name) if state.kind == "vlan" else None
            if key is None:
                continue
            if keys is None or key in keys or key[:1] in keys:
                found[key] = {"state/name": state.name, **link_leaves(state, self._changes.last_change(state.ifindex))}
        return found


def _vlan(name: str) -> ObjectKey | None:
    """Return which subinterface of which interface a link of this name is, if it is a VLAN."""
    parent, _, index = name.rpartition(".")
    if INDEX(index) is None or int(index) > GREATEST_INDEX:
        return None
    return (parent,), (int(index),)


def link_leaves(state: LinkState, last_change: int | None) -> dict[str, Value]:
    """Return what interfaces and subinterfaces have in common."""
    leaves: dict[str, Value] = {
        "state/ifindex": state.ifindex,
        "state/admin-status": "UP" if state.flags & UP else "DOWN",
        "state/oper-status": oper_status(state),
    }
    if last_change is not None:
        leaves["state/last-change"] = last_change
    if len(state.statistics) >= STATISTICS.size:
        numbers = STATISTICS.unpack_from(state.statistics)
        leaves.update({f"state/counters/{name}": numbers[index] for name, index in COUNTERS.items()})
    return leaves
