"""What the kernel says of its links, for the state containers of openconfig-interfaces."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, ClassVar

from backends.configuration import INTERFACE
from backends.kernel.messages import LINK_TYPES, RUNNING, UP
from backends.state import StateSource
from yang.types import Identity, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from backends.kernel.messages import LinkState
    from yang.tree import Key

OPER_STATUS = ("UNKNOWN", "NOT_PRESENT", "DOWN", "LOWER_LAYER_DOWN", "TESTING", "DORMANT", "UP")
"""RFC 2863's states as linux/if.h numbers them."""

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


class InterfaceState(StateSource):
    """The state of interfaces."""

    path: ClassVar[str] = INTERFACE
    missing: ClassVar[Mapping[str, Value]] = {
        "state/admin-status": "DOWN",
        "state/oper-status": "NOT_PRESENT",
    }
    leaves: ClassVar[tuple[str, ...]] = (
        "state/name",
        "state/type",
        "state/ifindex",
        "state/mtu",
        "state/admin-status",
        "state/oper-status",
        "state/last-change",
        *(f"state/counters/{name}" for name in COUNTERS),
    )

    def __init__(self, links: Callable[[Collection[str] | None], Mapping[str, LinkState]]) -> None:
        """Ask `links` for the links with some names, or for all."""
        self._links = links
        self._seen: dict[str, tuple[str, int]] = {}

    def start(self, links: Iterable[LinkState]) -> None:
        """Take `links` for what there is now; their last change is the first that is noted."""
        for state in links:
            self.note(state, is_gone=False)

    def known(self) -> list[str]:
        """Return the names of the links that have been seen."""
        return list(self._seen)

    def note(self, state: LinkState, *, is_gone: bool) -> bool:
        """Note a link's state from a notification; return whether the link has come or gone."""
        old = self._seen.get(state.name)
        if is_gone:
            self._seen.pop(state.name, None)
            return old is not None
        status = oper_status(state)
        if old is None or old[0] != status:
            self._seen[state.name] = (status, time.time_ns())
        return old is None

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        """Return the state of interfaces."""
        names = None if keys is None else [str(key[0]) for key in keys]
        here = self._links(names)
        found: dict[Key, Mapping[str, Value]] = {
            (state.name,): self._leaves(state) for state in here.values() if state.kind != "vlan"
        }
        return found

    def _leaves(self, state: LinkState) -> dict[str, Value]:
        is_loopback = state.name == "lo" or LINK_TYPES.get(state.kind) == "loopback"
        type_ = "softwareLoopback" if is_loopback else "bridge" if state.kind == "bridge" else "ethernetCsmacd"
        leaves: dict[str, Value] = {
            "state/name": state.name,
            "state/type": Identity(f"iana-if-type:{type_}"),
            "state/ifindex": state.ifindex,
            "state/mtu": min(state.mtu, 65535),  # the leaf is a uint16, and lo has 65536
            "state/admin-status": "UP" if state.flags & UP else "DOWN",
            "state/oper-status": oper_status(state),
        }
        if state.name in self._seen:
            leaves["state/last-change"] = self._seen[state.name][1]
        if len(state.statistics) >= STATISTICS.size:
            numbers = STATISTICS.unpack_from(state.statistics)
            leaves.update({f"state/counters/{name}": numbers[index] for name, index in COUNTERS.items()})
        return leaves


def oper_status(state: LinkState) -> str:
    """Return OpenConfig's oper-status; a link without a carrier to tell of is up when it runs."""
    status = OPER_STATUS[state.oper_state] if state.oper_state < len(OPER_STATUS) else "UNKNOWN"
    if status == "UNKNOWN" and state.flags & UP:
        return "UP" if state.flags & RUNNING else "DOWN"
    return "DOWN" if status == "UNKNOWN" else status
