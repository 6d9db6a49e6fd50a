"""The two framings of NETCONF over SSH: an end-of-message marker, and chunks (RFC 6242 section 4)."""

from __future__ import annotations

import re

END = b"]]>]]>"
CHUNK_SIZE = 16_384
"""Replies go out in chunks of this size: clients that scan each chunk again read long ones slowly."""
LARGEST_CHUNK = 4_294_967_295
CHUNK_HEADER = re.compile(rb"\n#(?:([1-9][0-9]{0,9})|(#))\n")
LONGEST_HEADER = 13


class FramingError(Exception):
    """Octets that are not a frame; there is no way to go on after them (section 4.2)."""


def framed(message: bytes, *, chunked: bool) -> list[bytes]:
    """Return `message` as the pieces to send."""
    if not chunked:
        return [message + END]
    pieces = []
    for start in range(0, len(message), CHUNK_SIZE):
        chunk = message[start : start + CHUNK_SIZE]
        pieces.append(b"\n#%d\n%b" % (len(chunk), chunk))
    pieces[-1] += b"\n##\n"
    return pieces


class Deframer:
    """Takes octets as they come and gives messages."""

    def __init__(self, limit: int) -> None:
        """Begin with the end-of-message framing, and take messages of at most `limit` octets."""
        self.chunked = False
        self.limit = limit
        self._buffer = bytearray()
        self._scanned = 0
        self._message = bytearray()
        self._missing = 0

    def feed(self, data: bytes) -> None:
        """Take more octets."""
        self._buffer += data

    def next(self) -> bytes | None:
        """Return the next whole message, or None until there is one.

        Raises:
            FramingError: What came is no frame, or a message is too long.
        """
        return self._next_chunked() if self.chunked else self._next_marked()

    def _next_marked(self) -> bytes | None:
        end = self._buffer.find(END, max(self._scanned - len(END), 0))
        if end < 0:
            self._scanned = len(self._buffer)
            self._refuse_longer(self._scanned)
            return None
        self._refuse_longer(end)
        # a person who types messages ends them with a line feed; before an XML declaration it would be an error
        message = bytes(self._buffer[:end]).lstrip()
        del self._buffer[: end + len(END)]
        self._scanned = 0
        return message

    def _next_chunked(self) -> bytes | None:
        while True:
            if self._missing:
                part = self._buffer[: self._missing]
                del self._buffer[: len(part)]
                self._missing -= len(part)
                self._message += part
                if self._missing:
                    return None
            header = CHUNK_HEADER.match(self._buffer)
            if header is None:
                self._refuse_no_header()
                return None
            # before the buffer moves, which the match looks into
            size, is_end = header[1], header[2] is not None
            del self._buffer[: header.end()]
            if is_end:
                if not self._message:
                    raise FramingError("the end of chunks without a chunk")
                message = bytes(self._message)
                self._message.clear()
                return message
            self._missing = int(size)
            if self._missing > LARGEST_CHUNK:
                raise FramingError(f"a chunk of {self._missing} octets")
            self._refuse_longer(len(self._message) + self._missing)

    def _refuse_no_header(self) -> None:
        """Raise `FramingError` unless what there is may yet become a chunk's header."""
        start = bytes(self._buffer[:LONGEST_HEADER])
        if len(start) == LONGEST_HEADER or not re.fullmatch(rb"\n?|\n#(?:#\n?|[1-9][0-9]{0,9}\n?)?", start):
            raise FramingError(f"{start!r} where a chunk should begin")

    def _refuse_longer(self, size: int) -> None:
        if size > self.limit:
            raise FramingError(f"a message of more than {self.limit} octets")
