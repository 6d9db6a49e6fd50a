"""The event streams that there are (RFC 5277 section 3.2, RFC 8639 section 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container


class Stream(NamedTuple):
    """One event stream."""

    name: str
    description: str
    modules: Container[str] | None = None
    """The modules whose notifications it has; None for all."""

    def has(self, name: str) -> bool:
        """Return whether the notification `module:name` is part of it."""
        return self.modules is None or name.partition(":")[0] in self.modules


NETCONF = Stream("NETCONF", "everything that this server tells of")
DRIFT = Stream(
    "DRIFT",
    "where systems are not as the running configuration calls for, and what becomes of that",
    frozenset({"nos-drift"}),
)
STREAMS = {stream.name: stream for stream in (NETCONF, DRIFT)}
