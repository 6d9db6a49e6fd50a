"""Which addresses answer: ICMP echo requests from a network namespace (RFC 792, RFC 4443 section 4)."""

from __future__ import annotations

import secrets
import selectors
import socket
import struct
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, NamedTuple

from backends.kernel.messages import family
from backends.kernel.netlink import in_namespace

if TYPE_CHECKING:
    from collections.abc import Collection

PATIENCE = 0.5
"""Seconds to wait for answers."""
HEADER = struct.Struct("!BBHHH")
"""Type, code, checksum, identifier, sequence number."""
MARK = 16
"""Octets after the header, which tell our answers from those to others who ask at the same time."""


class _Family(NamedTuple):
    """How one address family asks and answers."""

    protocol: int
    request: int
    reply: int


FAMILIES: dict[int, _Family] = {
    socket.AF_INET: _Family(socket.IPPROTO_ICMP, 8, 0),
    socket.AF_INET6: _Family(socket.IPPROTO_ICMPV6, 128, 129),
}


def is_permitted(namespace: str | None) -> bool:
    """Return whether this process may ask, which takes the right to open raw sockets."""
    try:
        in_namespace(namespace, lambda: _opened(socket.AF_INET).close())
    except OSError:
        return False
    return True


def answering(namespace: str | None, addresses: Collection[str], patience: float = PATIENCE) -> set[str]:
    """Return which of `addresses` answer within `patience` seconds to a request from `namespace`, or from the process's own.

    An IPv6 address may have a link's name for its zone.

    Raises:
        OSError: There is no such namespace, or no right to ask.
    """
    if not addresses:
        return set()
    found: set[str] = in_namespace(namespace, lambda: _answering(list(addresses), patience))
    return found


def _answering(addresses: list[str], patience: float) -> set[str]:
    mark = secrets.token_bytes(MARK)
    deadline = time.monotonic() + patience
    found: set[str] = set()
    with ExitStack() as stack:
        sockets = {af: stack.enter_context(_opened(af)) for af in {family(address) for address in addresses}}
        waiting = set()
        for number, address in enumerate(addresses):
            af = family(address)
            # no route, no link of that name, the link is down: nobody answers
            with suppress(OSError):
                sockets[af].sendto(_request(FAMILIES[af].request, number, mark), _destination(address))
                waiting.add(address)
        selector = stack.enter_context(selectors.DefaultSelector())
        for opened in sockets.values():
            selector.register(opened, selectors.EVENT_READ, opened)
        while waiting and (left := deadline - time.monotonic()) > 0:
            for ready, _ in selector.select(left):
                answered = _answered(ready.data, mark)
                # an answer counts for whoever was asked: it may come from another address of that system
                if answered is not None and answered < len(addresses):
                    waiting.discard(addresses[answered])
                    found.add(addresses[answered])
    return found


def _opened(af: int) -> socket.socket:
    opened = socket.socket(af, socket.SOCK_RAW | socket.SOCK_CLOEXEC, FAMILIES[af].protocol)
    opened.setblocking(False)
    return opened


def _destination(address: str) -> tuple[str, int] | tuple[str, int, int, int]:
    plain, _, zone = address.partition("%")
    if ":" not in plain:
        return plain, 0
    return plain, 0, 0, socket.if_nametoindex(zone) if zone else 0


def _request(kind: int, number: int, mark: bytes) -> bytes:
    # the kernel works out the checksum of ICMPv6 itself, over an address that only it knows
    packet = HEADER.pack(kind, 0, 0, 0, number) + mark
    return HEADER.pack(kind, 0, _checksum(packet), 0, number) + mark


def _checksum(packet: bytes) -> int:
    """Return the Internet checksum of an even number of octets (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _answered(ready: socket.socket, mark: bytes) -> int | None:
    """Return the number of the request that a packet answers; None if it answers none of ours."""
    try:
        packet = ready.recv(1 << 16)
    except OSError:
        return None
    if ready.family == socket.AF_INET:
        # a raw IPv4 socket gives the IP header as well
        packet = packet[(packet[0] & 0xF) * 4 :] if packet else b""
    if len(packet) < HEADER.size + MARK or packet[HEADER.size : HEADER.size + MARK] != mark:
        return None
    kind, _, _, _, number = HEADER.unpack_from(packet)
    return int(number) if kind == FAMILIES[ready.family].reply else None
