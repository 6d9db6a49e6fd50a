"""What sessions have done, counted since the server's start, and who they are (RFC 6022 sections 2.1.4 and 2.1.5)."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.history import Author

SSH, TLS = "netconf-ssh", "netconf-tls"
"""The transports, as ietf-netconf-monitoring names them."""
TURN = 1 << 32
"""Where a zero-based-counter32 begins anew (RFC 6991 section 3)."""


class Counters:
    """Messages that came and went."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.in_rpcs = 0
        self.in_bad_rpcs = 0
        self.out_rpc_errors = 0
        self.out_notifications = 0


class Client(Counters):
    """One session, as monitoring shows it; what it does counts for the server as well."""

    def __init__(self, traffic: Traffic, session_id: int, author: Author, transport: str, source_host: str) -> None:
        """Begin now."""
        super().__init__()
        self.session_id = session_id
        self.user = author.user
        self.transport = transport
        self.source_host = source_host
        self.login_time = time.time()
        self.is_ended_well = False
        """Whether somebody has asked for its end: by close-session or kill-session."""
        self._traffic = traffic

    def received(self, *, is_good: bool) -> None:
        """Note a message where an rpc is expected, and whether it is one."""
        self._traffic.count(self, "in_rpcs" if is_good else "in_bad_rpcs")

    def refused(self) -> None:
        """Note a reply with an error."""
        self._traffic.count(self, "out_rpc_errors")

    def counted(self, push: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """Return `push`, which sends notifications, with each of them counted."""

        def push_and_count(message: bytes) -> None:
            self._traffic.count(self, "out_notifications")
            push(message)

        return push_and_count

    def greeted_badly(self) -> None:
        """Note that the session ends because its hello was none."""
        self._traffic.in_bad_hellos += 1
        self.is_ended_well = True

    def end(self) -> None:
        """Note the end of the session, once."""
        self._traffic.end(self)


class Traffic:
    """All of a server's sessions; any thread may ask and tell."""

    def __init__(self) -> None:
        """Count from now on."""
        self.start_time = time.time()
        self.totals = Counters()
        self.in_bad_hellos = 0
        self.in_sessions = 0
        self.dropped_sessions = 0
        self._clients: set[Client] = set()
        self._lock = threading.Lock()

    def begin(self, session_id: int, author: Author, transport: str, source_host: str) -> Client:
        """Return what counts for a session that begins."""
        client = Client(self, session_id, author, transport, source_host)
        with self._lock:
            self._clients.add(client)
            self.in_sessions += 1
        return client

    def end(self, client: Client) -> None:
        """Forget a session; it was dropped unless somebody had asked for its end."""
        with self._lock:
            if client in self._clients and not client.is_ended_well:
                self.dropped_sessions += 1
            self._clients.discard(client)

    def count(self, client: Client, name: str) -> None:
        """Add one to a counter of a session, and of all."""
        with self._lock:
            for counters in (client, self.totals):
                setattr(counters, name, (getattr(counters, name) + 1) % TURN)

    def clients(self) -> list[Client]:
        """Return the sessions that are open, by their numbers."""
        with self._lock:
            return sorted(self._clients, key=lambda client: client.session_id)
