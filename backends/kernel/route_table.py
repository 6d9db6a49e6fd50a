"""Our routes in the kernel's main table: looked up one by one, or listed."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Literal

from backends.kernel import netlink as nl
from backends.kernel.messages import BLACKHOLE, MAIN_TABLE, PROTOCOL, ROUTE, RouteReader, family, packed
from backends.kernel.netlink import Message, Netlink, NetlinkError, attribute
from backends.kernel.resources import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from backends.resource import Key

FEW = 32
"""Up to so many routes are looked up; for more, everything is listed."""
FIB_MATCH = 0x2000


class RouteTable:
    """The routes that carry our protocol number."""

    def __init__(self, lookups: Netlink, lists: Netlink) -> None:
        """Ask for single ones through `lookups`, and for all through `lists`, so that one does not wait for the other."""
        self._netlink = lookups
        self._lists = lists

    def read(self, keys: Collection[Key], name_of: Callable[[int], str]) -> list[Route | None]:
        """Return the routes with `keys`: looked up one by one if they are few, otherwise all that are ours."""
        if len(keys) > FEW:
            return list(self.listed(name_of))
        found: list[Route | None] = []
        drops: list[Route | None] | None = None
        for key in keys:
            match self._looked_up(key, name_of):
                case Route() as route if route.key == key:
                    found.append(route)
                case None:
                    pass
                case "drops":
                    if drops is None:
                        drops = list(self.listed(name_of, BLACKHOLE))
                    found += [route for route in drops if route is not None and route.key == key]
                case _:
                    # another route answers for the address that was asked about: only the list tells
                    return list(self.listed(name_of))
        return found

    def _looked_up(self, key: Key, name_of: Callable[[int], str]) -> Route | Literal["drops", "unknown"] | None:
        """Return the route that the kernel takes for the first address of a prefix, where that tells of the route `key`.

        None stands for there being no such route: the kernel takes the longest prefix, and that of `key` would be longer.
        """
        address, _, length = key[1].partition("/")
        octets = packed(address)
        payload = ROUTE.pack(family(address), len(octets) * 8, 0, 0, 0, 0, 0, 0, FIB_MATCH)
        try:
            answers = self._netlink.ask(Message(nl.GETROUTE, 0, payload + attribute(1, octets)))
        except NetlinkError as error:
            # what the kernel says of addresses that nothing leads to, and of those that are dropped
            return {"ENETUNREACH": None, "EINVAL": "drops"}.get(error.code, "unknown")
        taken = next((payload for kind, payload in answers if kind == nl.NEWROUTE), None)
        if taken is None:
            return "unknown"
        _, taken_length, _, _, table, *_ = ROUTE.unpack_from(taken)
        if table == MAIN_TABLE and taken_length < int(length):
            return None
        return RouteReader(name_of).route(taken) or "unknown"

    def listed(self, name_of: Callable[[int], str], type_: int = 0) -> Iterator[Route | None]:
        """Yield our routes, or those of one type."""
        read = RouteReader(name_of).route
        for af in (socket.AF_INET, socket.AF_INET6):
            payload = ROUTE.pack(af, 0, 0, 0, MAIN_TABLE, PROTOCOL, 0, type_, 0)
            for kind, answer in self._lists.ask(Message(nl.GETROUTE, nl.DUMP, payload)):
                if kind == nl.NEWROUTE:
                    yield read(answer)
