"""Netlink: many requests in one batch with an answer for each, and dumps; our own socket, pyroute2's encoding of links.

Why an own socket: pyroute2's batches hang above some thousand requests and report only the first error, and it takes 30
times as long over a route (docs/adr/0007-netlink.md has the figures). Formats are those of linux/netlink.h, rtnetlink(7)
and if_link.h; numbers in network order where the kernel has them so, otherwise in the machine's.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from pyroute2 import netns
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NLMSG_ERROR, NLMSG_DONE = 2, 3
REQUEST, MULTI, ACK, ECHO = 0x1, 0x2, 0x4, 0x8
DUMP = 0x300
DUMP_INTERRUPTED = 0x10
REPLACE, EXCL, CREATE = 0x100, 0x200, 0x400

AF_UNSPEC = 0
NEWLINK, DELLINK, GETLINK = 16, 17, 18
NEWADDR, DELADDR, GETADDR = 20, 21, 22
NEWROUTE, DELROUTE, GETROUTE = 24, 25, 26
NEWNEIGH, DELNEIGH, GETNEIGH = 28, 29, 30

IFLA_IFNAME, IFLA_MTU, IFLA_IFALIAS, IFLA_GROUP = 3, 4, 20, 27

GROUP_LINK, GROUP_NEIGH = 0x1, 0x4
GROUP_IPV4_IFADDR, GROUP_IPV4_ROUTE, GROUP_IPV6_IFADDR, GROUP_IPV6_ROUTE = 0x10, 0x40, 0x100, 0x400

HEADER = struct.Struct("=IHHII")
ATTRIBUTE = struct.Struct("=HH")
IFINFO = struct.Struct("=BxHiII")

SOL_NETLINK = 270
CAP_ACK, EXT_ACK, STRICT_CHECK = 10, 11, 12
FORCED = {socket.SO_SNDBUF: 32, socket.SO_RCVBUF: 33}
"""The buffers' sizes, and the same without the limit that the system sets for everyone."""
BUFFER = 8 << 20
LOOPBACK = 1
"""The number of the link `lo`, which is in every namespace."""
CHUNK = 1000
"""Most requests in one send."""
REFUSAL = 2048
"""What the kernel counts for one refusal in the receive buffer, at most."""
TIMEOUT = 10.0
LONGEST = 0xFFFF
ATTEMPTS = 10
"""How often a dump is asked for that other changes keep interrupting."""


class Message(NamedTuple):
    """One request: the message type, its flags besides REQUEST and ACK, and what follows the header."""

    type: int
    flags: int
    payload: bytes


class NetlinkError(OSError):
    """The kernel's refusal of one request."""

    def __init__(self, number: int, detail: str) -> None:
        """Have the errno `number` and the kernel's own words, if it had any."""
        super().__init__(number, detail or os.strerror(number).lower())
        self.code = errno.errorcode.get(number, str(number))

    @property
    def reason(self) -> str:
        """What the kernel said, or the errno's meaning."""
        return str(self.strerror)


class Netlink:
    """A route socket in one network namespace."""

    def __init__(self, namespace: str | None = None, groups: int = 0) -> None:
        """Open a socket in `namespace`, or in the process's own; `groups` are the notifications to receive.

        Raises:
            OSError: There is no such namespace, or no right to enter it.
        """
        self._socket: socket.socket = in_namespace(namespace, lambda: _open(groups))
        self._sequence = 0
        self._lock = threading.Lock()
        # all of a send may be refused, and each refusal has to find room
        self._count = min(CHUNK, self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // REFUSAL)
        self._size = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2
        if not groups:
            # the kernel makes as much room for a dump as was received at once before: the very first one would leave out
            # routes of many next hops
            self.ask(Message(GETLINK, 0, IFINFO.pack(0, 0, LOOPBACK, 0, 0)))

    def fileno(self) -> int:
        """Return the descriptor that can be read when there are notifications."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, messages: Sequence[Message]) -> dict[int, NetlinkError]:
        """Carry out `messages` in order, and return the refusals by index; one refused does not stop the others.

        Raises:
            OSError: Answers were lost, so that it is not known what was carried out.
        """
        refused: dict[int, NetlinkError] = {}
        with self._lock:
            for start, chunk in self._chunks(messages):
                first = self._sequence + 1
                self._sequence += len(chunk)
                last = self._sequence
                self._socket.sendto(
                    b"".join(
                        _packed(message, REQUEST | (ACK if sequence == last else 0), sequence)
                        for sequence, message in enumerate(chunk, first)
                    ),
                    (0, 0),
                )
                for sequence, kind, _, payload in self._receive(first, last):
                    if kind == NLMSG_ERROR:
                        error = _error(payload, kind)
                        if error is not None:
                            refused[start + sequence - first] = error
        return refused

    def _chunks(self, messages: Sequence[Message]) -> Iterator[tuple[int, Sequence[Message]]]:
        """Yield the messages in pieces that can be sent at once, each with the index of its first message."""
        start = size = 0
        for index, message in enumerate(messages):
            size += HEADER.size + len(message.payload)
            if index > start and (index - start == self._count or size > self._size):
                yield start, messages[start:index]
                start, size = index, HEADER.size + len(message.payload)
        if messages:
            yield start, messages[start:]

    def ask(self, message: Message) -> list[tuple[int, bytes]]:
        """Return the answers to one request, or to a dump if its flags say so, as pairs of type and payload.

        Raises:
            NetlinkError: The kernel refuses.
            OSError: Answers were lost, or the kernel's tables change faster than they can be read.
        """
        with self._lock:
            for _ in range(ATTEMPTS):
                answers = self._answers(message)
                if answers is not None:
                    return answers
        raise OSError(errno.EAGAIN, "the kernel's tables change faster than they can be read")

    def _answers(self, message: Message) -> list[tuple[int, bytes]] | None:
        """Return the answers to one request, or None if they are a dump in which something may be missing."""
        self._sequence += 1
        sequence = self._sequence
        is_dump = message.flags & DUMP == DUMP
        is_whole = True
        self._socket.sendto(_packed(message, REQUEST | (0 if is_dump else ACK), sequence), (0, 0))
        answers = []
        for _, kind, flags, payload in self._receive(sequence, sequence):
            is_whole = is_whole and not flags & DUMP_INTERRUPTED
            if kind in (NLMSG_ERROR, NLMSG_DONE):
                error = _error(payload, kind)
                if error is not None:
                    raise error
            else:
                answers.append((kind, payload))
        return answers if is_whole else None

    @property
    def port(self) -> int:
        """The number by which the kernel tells this socket from others, and says whose request brought a change about."""
        return int(self._socket.getsockname()[0])

    def notifications(self, besides: int = -1) -> Iterator[tuple[int, bytes]]:
        """Yield the notifications of one receive, but for what the socket with the port `besides` brought about.

        Raises:
            OSError: Some were lost, none came in time, or the socket is closed.
        """
        data = self._socket.recv(1 << 18)
        offset = 0
        while offset + 16 <= len(data):
            length, kind, _, _, port = HEADER.unpack_from(data, offset)
            if port != besides:
                yield kind, data[offset + 16 : offset + length]
            offset += (length + 3) & ~3

    def _receive(self, first: int, last: int) -> Iterator[tuple[int, int, int, bytes]]:
        """Yield the answers to the requests `first` to `last`, up to the acknowledgement of the last or the end of its dump."""
        while True:
            data = self._socket.recv(1 << 18)
            for sequence, kind, flags, payload in _messages(data):
                if not first <= sequence <= last:
                    continue  # left over from a request whose answers were lost
                yield sequence, kind, flags, payload
                if sequence == last and kind in (NLMSG_ERROR, NLMSG_DONE):
                    return


def in_namespace(namespace: str | None, action: Callable[[], Any]) -> Any:
    """Return what `action` returns when it runs in `namespace`; other threads stay where they are."""
    if namespace is None:
        return action()
    result: list[Any] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            netns.setns(namespace, flags=os.O_RDONLY)  # by default pyroute2 would make it
            result.append(action())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            failure.append(error)

    # a namespace belongs to a thread, so this one is thrown away afterwards
    thread = threading.Thread(target=run, name=f"netns {namespace}")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _open(groups: int) -> socket.socket:
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    for option, forced in FORCED.items():
        try:
            opened.setsockopt(socket.SOL_SOCKET, forced, BUFFER)
        except PermissionError:
            # in a user namespace one may be root and not have this right
            opened.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    for option in (EXT_ACK, CAP_ACK, STRICT_CHECK):
        opened.setsockopt(SOL_NETLINK, option, 1)
    opened.bind((0, groups))
    opened.settimeout(TIMEOUT)
    return opened


def _packed(message: Message, flags: int, sequence: int) -> bytes:
    return HEADER.pack(16 + len(message.payload), message.type, message.flags | flags, sequence, 0) + message.payload


def _messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield sequence number, type, flags and payload of each message in `data`."""
    offset = 0
    while offset + 16 <= len(data):
        length, kind, flags, sequence, _ = HEADER.unpack_from(data, offset)
        yield sequence, kind, flags, data[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def _error(payload: bytes, kind: int) -> NetlinkError | None:
    """Return the refusal in an NLMSG_ERROR or at the end of a dump, or None if it tells of success."""
    (number,) = struct.unpack_from("=i", payload) if len(payload) >= 4 else (0,)
    if number >= 0:
        return None
    # with CAP_ACK, only the header of the request comes back before the attributes
    detail = attributes(payload, 20 if kind == NLMSG_ERROR else 4).get(1, b"")
    return NetlinkError(-number, text(detail).rstrip("."))


def attributes(payload: bytes, offset: int = 0) -> dict[int, bytes]:
    """Return the attributes in `payload` from `offset` on, by number."""
    found = {}
    end = len(payload)
    while offset + 4 <= end:
        length, number = ATTRIBUTE.unpack_from(payload, offset)
        if length < 4:
            break
        found[number & 0x3FFF] = payload[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def attribute(number: int, value: bytes) -> bytes:
    """Return an attribute, padded.

    Raises:
        NetlinkError: It is longer than attributes can be.
    """
    length = 4 + len(value)
    if length > LONGEST:
        raise NetlinkError(errno.EMSGSIZE, f"{len(value)} octets are more than one attribute holds")
    return ATTRIBUTE.pack(length, number) + value + b"\0" * (-length & 3)


def text(value: bytes) -> str:
    """Return a text attribute."""
    return value.rstrip(b"\0").decode("utf-8", "replace")


def link_payload(name: str, *attributes: bytes, flags: int = 0, change: int = 0) -> bytes:
    """Return the payload of a message about the link `name`, with other attributes."""
    return IFINFO.pack(0, 0, 0, flags, change) + attribute(IFLA_IFNAME, name.encode() + b"\0") + b"".join(attributes)


def new_link_payload(attrs: Sequence[tuple[str, Any]]) -> bytes:
    """Return the payload of the message that makes a link with pyroute2's attributes `attrs`."""
    message = ifinfmsg()
    message["attrs"] = list(attrs)
    message.encode()
    return bytes(message.data)[16:]
