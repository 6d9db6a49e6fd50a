"""What happens to links by itself: which ports come and go, and when a link last changed."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from backends.kernel import netlink as nl
from backends.kernel.listener import Listener
from backends.kernel.messages import link_class, oper_status, read_link
from backends.kernel.resources import Port

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from backends.kernel.messages import LinkState


class _Seen(NamedTuple):
    """What is known of a link."""

    name: str
    is_port: bool
    oper_status: str
    last_change: int


class LinkChanges:
    """The links that were seen, by number, and when they last changed."""

    def __init__(self) -> None:
        """Have seen none."""
        self._seen: dict[int, _Seen] = {}
        self._followers: tuple[Callable[[Collection[str] | None], None], ...] = ()

    def follow(self, tell: Callable[[Collection[str] | None], None]) -> None:
        """Call `tell` with the names of links that have changed in whatever way; None if those may be any."""
        self._followers = (*self._followers, tell)

    def tell(self, names: Collection[str] | None) -> None:
        """Tell those who follow."""
        for tell in self._followers:
            tell(names)

    def last_change(self, ifindex: int) -> int | None:
        """Return when the oper-status of a link last changed, in nanoseconds since 1970; None if it was never seen."""
        seen = self._seen.get(ifindex)
        return seen.last_change if seen is not None else None

    def name(self, ifindex: int) -> str | None:
        """Return the name under which a link was seen last; None if it never was."""
        seen = self._seen.get(ifindex)
        return seen.name if seen is not None else None

    def note(self, state: LinkState, *, is_gone: bool) -> set[str]:
        """Note what a notification says of a link, and return the names of the ports that came or went by that."""
        old, new = self._seen.pop(state.ifindex, None), None
        if not is_gone:
            status = oper_status(state)
            last_change = old.last_change if old is not None and old.oper_status == status else time.time_ns()
            new = self._seen[state.ifindex] = _Seen(state.name, link_class(state) is Port, status, last_change)
        if old is not None and new is not None and old.name == new.name:
            return set()
        # one that has got another name has gone under the old one
        return {seen.name for seen in (old, new) if seen is not None and seen.is_port}

    def note_all(self, links: Iterable[LinkState]) -> set[str]:
        """Note that there are `links` and no others, and return the names of all ports, those that have gone included."""
        names = self._ports()
        states = {state.ifindex: state for state in links}
        for ifindex in self._seen.keys() - states.keys():
            del self._seen[ifindex]
        for state in states.values():
            self.note(state, is_gone=False)
        return names | self._ports()

    def _ports(self) -> set[str]:
        return {seen.name for seen in self._seen.values() if seen.is_port}


class Monitor(Listener):
    """Follows the ports that come and go, and the changes of links."""

    def __init__(
        self,
        namespace: str | None,
        links: Callable[[], Mapping[str, LinkState]],
        changes: LinkChanges,
        changed: Callable[[Collection[str]], None],
    ) -> None:
        """Note in `changes` what happens to the links of `namespace`, and call `changed` with ports that come and go.

        `links` lists all links there are; that is asked for first, and again whenever notifications were lost.
        """
        super().__init__(namespace, nl.GROUP_LINK, "kernel monitor")
        self._links = links
        self._changes = changes
        self._changed = changed
        changes.note_all(links().values())
        self.start()

    def heard(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Note links, and tell of ports."""
        ports: set[str] = set()
        touched: set[str] = set()
        try:
            for kind, payload in messages:
                if payload[0] == nl.AF_UNSPEC:  # a bridge tells of its ports with messages of its own family
                    state = read_link(payload)
                    touched |= {state.name, self._changes.name(state.ifindex) or state.name}
                    ports |= self._changes.note(state, is_gone=kind == nl.DELLINK)
        finally:
            # those that came before some were lost are told of in any case
            if touched:
                self._changes.tell(touched)
        if ports:
            self._changed(ports)

    def lost(self) -> None:
        """Tell of all ports; if they cannot be listed, the next attempt has to tell."""
        with suppress(OSError):
            ports = self._changes.note_all(self._links().values())
            self._changes.tell(None)
            self._changed(ports)
