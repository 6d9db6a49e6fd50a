"""The state that backends tell of their systems, asked for so that one that hangs holds up nobody for long."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from backends.operation import BackendLost
from datastore.calls import Calls
from datastore.errors import StateUnknown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from backends.backend import Backend
    from backends.state import ObjectKey, StateSource
    from datastore.calls import Deadlines
    from yang.values import Value


class BackendState:
    """The sources of state that backends have, read apart from commits, so that neither waits for the other."""

    def __init__(self, backends: Sequence[Backend], deadlines: Deadlines) -> None:
        """Read the sources of `backends` within `deadlines`."""
        lines = {backend: Calls(backend, deadlines) for backend in backends}
        self._lines = lines
        self._line_of = {id(source): lines[backend] for backend in lines for source in backend.state}
        self.sources = tuple(source for backend in lines for source in backend.state)
        self.can_reach = any(backend.can_reach for backend in lines)
        """Whether a backend can tell which addresses answer."""

    def read(self, source: StateSource, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Value]]:
        """Return what a source has of the objects with `keys`, of all if that is None.

        Raises:
            StateUnknown: Its backend does not answer. To leave the state out would say that there is none.
        """
        line = self._line_of.get(id(source))
        if line is None:
            return source.read(keys)  # the server's own
        try:
            return line.make("state", partial(source.read, keys), len(keys or ()))
        except BackendLost as error:
            raise StateUnknown(f"the state below {source.path} is not known: {error}") from error

    def reached(self, addresses: Collection[str]) -> dict[str, str]:
        """Return the addresses that answer, with nothing, and those of which that cannot be told, with the reason."""
        found: dict[str, str] = {}
        for backend, line in self._lines.items():
            asked = [address for address in addresses if found.get(address) != ""]
            if backend.can_reach and asked:
                try:
                    found.update(dict.fromkeys(line.make("state", partial(backend.reached, asked)), ""))
                except BackendLost as error:
                    found.update(dict.fromkeys(asked, str(error)))
        return found

    def close(self) -> None:
        """Read nothing any more."""
        for line in self._lines.values():
            line.close()
