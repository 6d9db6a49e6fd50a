"""The NETCONF sessions of one device, over whatever transport they come: how many there may be, and what each may take."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from nos_mgmt.device import Device
    from nos_mgmt.netconf.channel import Channel
    from nos_mgmt.sessions import Sessions

logger = logging.getLogger(__name__)


class Limits(NamedTuple):
    """What one client may take."""

    message_size: int = 128 << 20
    """Octets in one message."""
    login_time: float = 30.0
    """Seconds to authenticate."""
    hello_time: float = 30.0
    """Seconds from the session's start to the client's hello, and that a connection may have no session."""
    sessions: int = 256
    """Sessions at once."""
    user_sessions: int = 0
    """Sessions of one user at once; 0 is any number."""
    idle_time: float = 0.0
    """Seconds after which a session is ended whose client sends nothing and has no subscription; 0 is never."""
    rate: float = 0.0
    """Requests of one session in a second; more are not read before their time. 0 is any number."""
    logins: int = 256
    """Connections at once whose clients have not logged in yet."""
    stall_time: float = 300.0
    """Seconds after which a session is ended whose client takes nothing of what it is sent; 0 is never."""


class Peer(NamedTuple):
    """The client at the other end of a connection, once it is known who that is."""

    user: str
    transport: str
    """`ssh` or `tls`."""
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.user} over {self.transport} from {self.address} port {self.port}"


class Service:
    """Lets sessions in, up to the limits, and knows those that there are."""

    def __init__(self, device: Device, sessions: Sessions, executor: Executor, limits: Limits) -> None:
        """Serve `device`; requests run in `executor`."""
        self.device = device
        self.sessions = sessions
        self.executor = executor
        self.limits = limits
        self.channels: set[Channel] = set()
        self._logins = 0

    def begin_login(self, client: str) -> bool:
        """Note that a client has come; False, and nothing, if as many are logging in as may be."""
        if self._logins >= self.limits.logins:
            logger.warning("a connection from %s was refused: %d others are logging in", client, self._logins)
            return False
        self._logins += 1
        return True

    def end_login(self) -> None:
        """Note that one of those has logged in, or has gone."""
        self._logins -= 1

    def refusal(self, user: str) -> str:
        """Return why no session of `user` is let in now; empty if one is."""
        if len(self.channels) >= self.limits.sessions:
            return f"as many sessions are open as may be: {self.limits.sessions}"
        most = self.limits.user_sessions
        if most and sum(channel.peer.user == user for channel in self.channels) >= most:
            return f"as many sessions of {user} are open as may be: {most}"
        return ""

    def begin(self, channel: Channel) -> bool:
        """Take a channel in, unless there are as many as may be."""
        why = self.refusal(channel.peer.user)
        if why:
            logger.warning("a session of %s was refused: %s", channel.peer, why)
            return False
        self.channels.add(channel)
        return True

    def end(self, channel: Channel) -> None:
        """Forget a channel."""
        self.channels.discard(channel)

    def close(self) -> None:
        """End all sessions."""
        for channel in list(self.channels):
            channel.end()
