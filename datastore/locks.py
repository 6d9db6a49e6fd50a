"""Who has locked which datastore (RFC 6241 sections 7.5 and 7.6)."""

from __future__ import annotations

import time
from typing import NamedTuple

from datastore.errors import InUse, LockDenied


class Lock(NamedTuple):
    """A lock on a whole datastore."""

    session_id: int
    time: float
    """When it was taken, in seconds since 1970, UTC."""


class Locks:
    """The locks of sessions on datastores, by name; the caller sees to it that one thread at a time asks."""

    def __init__(self) -> None:
        """Have none."""
        self._holders: dict[str, Lock] = {}

    def refuse_lock(self, name: str) -> None:
        """Raise an error if a datastore is locked already.

        Raises:
            LockDenied: Some session has locked it, perhaps the one that asks.
        """
        holder = self._holders.get(name)
        if holder is not None:
            info = (("session-id", str(holder.session_id)),)
            raise LockDenied(f"{name} is locked by session {holder.session_id}", info=info)

    def refuse_use(self, name: str, session_id: int) -> None:
        """Raise an error if a session may not change a datastore.

        Raises:
            InUse: Another session has locked it.
        """
        holder = self._holders.get(name)
        if holder is not None and holder.session_id != session_id:
            info = (("session-id", str(holder.session_id)),)
            raise InUse(f"{name} is locked by session {holder.session_id}", info=info)

    def take(self, name: str, session_id: int) -> None:
        """Have a datastore locked by a session."""
        self._holders[name] = Lock(session_id, time.time())

    def give_back(self, name: str, session_id: int) -> None:
        """Unlock a datastore.

        Raises:
            LockDenied: The session has not locked it.
        """
        holder = self._holders.get(name)
        if holder is None or holder.session_id != session_id:
            whose = "nobody" if holder is None else f"session {holder.session_id}"
            info = (("session-id", str(holder.session_id if holder is not None else 0)),)
            raise LockDenied(f"{name} is locked by {whose}", info=info)
        del self._holders[name]

    def held(self) -> dict[str, Lock]:
        """Return the locks, by the names of the datastores."""
        return dict(self._holders)

    def give_all_back(self, session_id: int) -> list[str]:
        """Unlock what a session has locked, and return the names."""
        names = [name for name, holder in self._holders.items() if holder.session_id == session_id]
        for name in names:
            del self._holders[name]
        return names
