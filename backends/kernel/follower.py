"""What somebody else may have changed, from the kernel's notifications: links, addresses, neighbours and routes."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from backends.kernel import netlink as nl
from backends.kernel.listener import Listener
from backends.kernel.messages import (
    PROTOCOL,
    UP,
    read_address,
    read_link,
    read_neighbor,
    route_of,
    standing_address,
    touched_neighbor,
)
from backends.kernel.resources import Address, Link, Neighbor, Port, Route, VlanLink

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from backends.kernel.messages import LinkState
    from backends.resource import Key

LINK_KINDS = (Port.kind, Link.kind, VlanLink.kind)
GROUPS = (
    nl.GROUP_LINK
    | nl.GROUP_NEIGH
    | nl.GROUP_IPV4_IFADDR
    | nl.GROUP_IPV4_ROUTE
    | nl.GROUP_IPV6_IFADDR
    | nl.GROUP_IPV6_ROUTE
)
IP = (socket.AF_INET, socket.AF_INET6)


class Follower(Listener):
    """Follows changes, and names the resources that they may be of."""

    def __init__(
        self,
        namespace: str | None,
        links: Callable[[], Mapping[str, LinkState]],
        own_port: int,
        touched: Callable[[Collection[Key] | None, Collection[Key]], None],
        concerns: Callable[[Key], bool],
    ) -> None:
        """Call `touched` as `Backend.follow` says, but not for what came through the socket with the port `own_port`.

        `links` lists all links there are.
        """
        super().__init__(namespace, GROUPS, "kernel follower", besides=own_port)
        self._links = links
        self._touched = touched
        self._concerns = concerns
        self._names: dict[int, str] = {}
        self._list()
        self.start()

    def heard(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Tell of what concerns somebody."""
        keys: set[Key] = set()
        shaken: set[Key] = set()
        for kind, payload in messages:
            if kind in (nl.NEWROUTE, nl.DELROUTE):
                self._route(payload, keys)
            elif kind in (nl.NEWADDR, nl.DELADDR):
                self._address(kind, payload, keys, shaken)
            elif kind in (nl.NEWNEIGH, nl.DELNEIGH) and payload[0] in IP:
                self._neighbor(kind, payload, keys)
            elif kind in (nl.NEWLINK, nl.DELLINK) and payload[0] == nl.AF_UNSPEC:
                self._link(kind, payload, keys, shaken)
        if keys:
            self._touched(keys, shaken)

    def lost(self) -> None:
        """Tell that anything may have changed."""
        with suppress(OSError):
            self._list()
        self._touched(None, ())

    def _list(self) -> None:
        self._names = {state.ifindex: state.name for state in self._links().values()}

    def _name_of(self, index: int) -> str:
        return self._names.get(index, f"#{index}")

    def _is_configured(self, name: str) -> bool:
        return any(self._concerns((kind, name)) for kind in LINK_KINDS)

    def _route(self, payload: bytes, keys: set[Key]) -> None:
        found = route_of(payload)
        if found is not None:
            prefix, metric, protocol = found
            key = (Route.kind, prefix, metric)
            if protocol == PROTOCOL or self._concerns(key):
                keys.add(key)

    def _address(self, kind: int, payload: bytes, keys: set[Key], shaken: set[Key]) -> None:
        address = read_address(payload, self._name_of)
        key = (Address.kind, address.interface, address.address)
        if self._concerns(key):
            keys.add(key)
            if kind == nl.DELADDR:
                shaken.add(key)
        elif standing_address(payload, self._name_of) is not None and self._is_configured(address.interface):
            keys.add(key)

    def _neighbor(self, kind: int, payload: bytes, keys: set[Key]) -> None:
        found = touched_neighbor(payload, self._name_of)
        if found is not None:
            interface, address = found
            key = (Neighbor.kind, interface, address)
            is_extra = kind == nl.NEWNEIGH and read_neighbor(payload, self._name_of) is not None
            if self._concerns(key) or (is_extra and self._is_configured(interface)):
                keys.add(key)

    def _link(self, kind: int, payload: bytes, keys: set[Key], shaken: set[Key]) -> None:
        state = read_link(payload)
        names = {state.name, self._names.get(state.ifindex, state.name)}
        if kind == nl.DELLINK:
            self._names.pop(state.ifindex, None)
        else:
            self._names[state.ifindex] = state.name
        mine = {(link, name) for name in names for link in LINK_KINDS if self._concerns((link, name))}
        keys |= mine
        # IPv4 routes go with a link that is set down, and nobody tells of them
        if kind == nl.DELLINK or len(names) > 1 or not state.flags & UP:
            shaken |= mine
