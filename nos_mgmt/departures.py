"""Users who are taken out of the configuration: their sessions end, for they could not begin them any more."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from datastore.events import Sealed
from nos_mgmt.local_users import local_users
from yang.diff import entry_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from datastore.events import Events
    from nos_mgmt.sessions import Sessions


def end_with_users(events: Events, sessions: Sessions, administrator: str) -> Callable[[], None]:
    """Have the sessions of users end with the commit that removes them, but for the `administrator`; return what ends that.

    A request that is under way is answered before, also the one that removes its own user.
    """

    def hear(event: object) -> None:
        if not isinstance(event, Sealed):
            return
        gone = [name for name in _removed(event) if name != administrator]
        if gone:
            # to end a session waits for the commit, which waits for no listener
            threading.Thread(target=_end, args=(sessions, gone), name="departures", daemon=True).start()

    return events.listen(hear)


def _removed(event: Sealed) -> Iterator[str]:
    """Yield the users that a commit has removed; its cost grows with what has changed of users."""
    before, after = local_users(event.before), local_users(event.after)
    if before is None or before is after:
        return
    old = before.get("user")
    new = after.get("user") if after is not None else None
    if old is not new:
        for key, _, entry in entry_changes(old, new):
            if entry is None:
                yield str(key[0])


def _end(sessions: Sessions, users: list[str]) -> None:
    for user in users:
        sessions.end_user(user)
