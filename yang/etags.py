"""Etags: what stands for the content of a node and all below it, so that equal nodes have equal etags.

An etag is worked out when it is first asked for, and kept with the node; nodes cannot change. After an edit only what leads
to the edit is new, and of a list the piece that the edited entry is in. Nothing is stored, and nothing is lost by a restart.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from yang.tree import Entries, Node

if TYPE_CHECKING:
    from yang.schema import SchemaNode
    from yang.tree import Key
    from yang.values import Value

SIZE = 16
"""Bytes of a digest."""
PRIME = 2**521 - 1
BASE = int.from_bytes(blake2b(b"nos-mgmt etags", digest_size=64).digest(), "big")
"""The entries of a list are the coefficients of a polynomial, whose value here it is: so it does not matter how it is cut up."""


def etag(node: Node) -> str:
    """Return the etag of a container, a list entry or a whole tree: printable ASCII without space, quote and backslash."""
    return urlsafe_b64encode(digest(node)).decode().rstrip("=")


def digest(node: Node) -> bytes:
    """Return what an etag is made of."""
    try:
        return node.digest
    except AttributeError:
        pass
    hashed = blake2b(digest_size=SIZE)
    parts: list[bytes] = []
    for name, child in node.children.items():
        _add(parts, name.encode())
        schema = node.schema.children[name]
        if isinstance(child, Node):
            parts.append(digest(child))
        elif isinstance(child, Entries):
            value, count = _entries(child)
            parts.append(value.to_bytes(66, "big") + count.to_bytes(8, "big"))
        elif isinstance(child, tuple):
            parts.append(len(child).to_bytes(8, "big"))
            for one in child:
                _add(parts, _text(schema, one))
        else:
            _add(parts, _text(schema, child))
    hashed.update(b"".join(parts))
    node.digest = hashed.digest()
    return node.digest


def _add(parts: list[bytes], text: bytes) -> None:
    parts += (len(text).to_bytes(8, "big"), text)


def _text(schema: SchemaNode, value: Value) -> bytes:
    kind = value.__class__
    if kind is str:
        return b"s" + str(value).encode()
    # values of two types of a union may have one text
    return f"{kind.__name__} {schema.type.text(value)}".encode()


def _entries(entries: Entries) -> tuple[int, int]:
    """Return the value of a list's polynomial, and how many entries it has."""
    chunks, known = entries.chunks, entries.sums
    found = [
        sum_ if sum_ is not None else _chunk(chunk)
        for chunk, sum_ in zip(chunks, known or (None,) * len(chunks), strict=True)
    ]
    entries.sums = tuple(found)
    value = total = 0
    for sum_, count in found:
        value = (value * _power(count) + sum_) % PRIME
        total += count
    return value, total


def _chunk(chunk: dict[Key, Node]) -> tuple[int, int]:
    value = 0
    for entry in chunk.values():
        value = (value * BASE + int.from_bytes(digest(entry), "big") + 1) % PRIME
    return value, len(chunk)


@lru_cache(maxsize=4096)
def _power(exponent: int) -> int:
    return pow(BASE, exponent, PRIME)


def is_same(one: Any, other: Any) -> bool:
    """Return whether two nodes have one content; of such as come from one another only what they do not share is looked at."""
    return one is other or (isinstance(one, Node) and isinstance(other, Node) and digest(one) == digest(other))
