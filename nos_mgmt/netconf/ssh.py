"""NETCONF over SSH: the async shell around sessions (RFC 6242)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import asyncssh

from datastore.history import Author
from nos_mgmt.netconf.framing import Deframer, FramingError, framed
from nos_mgmt.netconf.session import Session

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from concurrent.futures import Executor

    from nos_mgmt.device import Device
    from nos_mgmt.sessions import Sessions

logger = logging.getLogger(__name__)

SUBSYSTEM = "netconf"
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
"""Those that every client has; asyncssh takes 0.1 ms more for a small request with chacha20-poly1305."""
WAITING = 8
WAITING_OCTETS = 1 << 20
"""A session of which so many messages, or messages of so many octets, wait to be handled is not read any more."""
PUSHED_OCTETS = 4 << 20
"""Notifications that wait to be written, before their session is given up."""
GONE_CHECK = 1.0
"""Seconds after which a client that takes nothing is looked for again."""
LONGEST_HELLO = 1 << 20


class Limits(NamedTuple):
    """What one client may take."""

    message_size: int = 128 << 20
    """Octets in one message."""
    login_time: float = 30.0
    """Seconds to authenticate."""
    hello_time: float = 30.0
    """Seconds from the subsystem's start to the client's hello."""
    sessions: int = 256
    """Sessions at once."""


class Listener:
    """Serves a device to SSH clients."""

    def __init__(
        self,
        device: Device,
        sessions: Sessions,
        keys: Mapping[str, frozenset[bytes]],
        executor: Executor,
        limits: Limits,
    ) -> None:
        """Let in the users of `keys`, each with the public keys that are its own; requests run in `executor`."""
        self.device = device
        self.sessions = sessions
        self.keys = keys
        self.executor = executor
        self.limits = limits
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._channels: set[_Channel] = set()
        self.connections: set[asyncssh.SSHServerConnection] = set()

    async def start(self, listening: socket.socket, host_keys: list[asyncssh.SSHKey]) -> None:
        """Take connections from the socket `listening`, as the owner of `host_keys`."""
        self._acceptor = await asyncssh.create_server(
            lambda: _Server(self),
            sock=listening,
            server_host_keys=host_keys,
            encryption_algs=CIPHERS,
            encoding=None,
            login_timeout=self.limits.login_time,
            password_auth=False,
            kbdint_auth=False,
            gss_host=None,
            agent_forwarding=False,
            x11_forwarding=False,
            # scrapli-netconf asks for a terminal unless it is told not to, and OpenSSH gives up where there is none
            allow_pty=True,
            line_editor=False,
            keepalive_interval=60,
            server_version="nos-mgmt",
        )

    async def close(self) -> None:
        """Close all sessions and stop listening."""
        if self._acceptor is not None:
            self._acceptor.close()
        for channel in list(self._channels):
            channel.end()
        for connection in list(self.connections):
            connection.close()
            await connection.wait_closed()
        if self._acceptor is not None:
            await self._acceptor.wait_closed()

    def add(self, channel: _Channel) -> bool:
        """Take a channel in, unless there are as many as may be."""
        if len(self._channels) >= self.limits.sessions:
            logger.warning("a session was refused: there are %d", len(self._channels))
            return False
        self._channels.add(channel)
        return True

    def remove(self, channel: _Channel) -> None:
        """Forget a channel."""
        self._channels.discard(channel)

    def close_if_idle(self, connection: asyncssh.SSHServerConnection) -> None:
        """Close a connection unless a session uses it."""
        if all(channel.connection is not connection for channel in self._channels):
            connection.close()


class _Server(asyncssh.SSHServer):
    """One SSH connection."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._listener.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._listener.connections.discard(self._connection)
        if isinstance(exc, (asyncssh.Error, OSError)):
            logger.info("a connection was lost: %s", exc)
        elif exc is not None:
            # asyncssh hands on what was raised in a callback
            logger.error("a connection had to be closed", exc_info=exc)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - everybody has to
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key.public_data in self._listener.keys.get(username, ())

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        assert self._connection is not None  # noqa: S101 - asyncssh has made it before
        return _Channel(self._listener, self._connection)


class _Channel(asyncssh.SSHServerSession[bytes]):
    """One NETCONF session on a connection: reads octets, has messages handled in turn, writes answers."""

    def __init__(self, listener: Listener, connection: asyncssh.SSHServerConnection) -> None:
        self._listener = listener
        self.connection = connection
        self._user = str(connection.get_extra_info("username"))
        self._loop = asyncio.get_running_loop()
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._session: Session | None = None
        self._deframer = Deframer(LONGEST_HELLO)
        self._messages: deque[bytes] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._sending = asyncio.Lock()
        self._pushed = 0
        self._pushing: set[asyncio.Task[None]] = set()
        self._is_paused = False
        self._is_deaf = False
        self._has_eof = False
        self._is_ended = False
        self._hello_timer: asyncio.TimerHandle | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == SUBSYSTEM and self._listener.add(self)

    def session_started(self) -> None:
        def author(number: int) -> Author:
            return Author(self._user, number, "netconf")

        def end() -> None:
            self._loop.call_soon_threadsafe(self.end)

        def push(message: bytes) -> None:
            self._loop.call_soon_threadsafe(self._push, message)

        self._session = Session(self._listener.device, self._listener.sessions, author, end, push)
        self._hello_timer = self._loop.call_later(self._listener.limits.hello_time, self._give_up)
        logger.info("session %d: %s is in", self._session.id, self._user)
        for piece in framed(self._session.hello(), chunked=False):
            self._write(piece)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:  # noqa: ARG002 - clients have no stderr
        if not self._is_ended and not self._is_deaf:
            self._deframer.feed(data)
            self._take_messages()

    def eof_received(self) -> bool:
        # what has come whole is still answered, and then it is over
        self._has_eof = True
        self._start_working()
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever the reason
        self._leave()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def end(self) -> None:
        """Cut the session off, and its connection with it if no other session has it (RFC 6241 section 7.9)."""
        self._leave()
        if self._channel is not None:
            self._channel.abort()
        self._listener.close_if_idle(self.connection)

    def _leave(self) -> None:
        """Give back what the session holds; the client may take its time to go."""
        if self._is_ended:
            return
        self._is_ended = True
        self._may_write.set()
        self._listener.remove(self)
        if self._hello_timer is not None:
            self._hello_timer.cancel()
        if self._session is not None:
            logger.info("session %d: ended", self._session.id)
            self._loop.run_in_executor(self._listener.executor, self._session.close)

    def _give_up(self) -> None:
        if self._session is not None and not self._session.is_greeted:
            logger.info("session %d: no hello came", self._session.id)
            self.end()

    def _take_messages(self) -> None:
        """Take what messages have come, as many as may wait; those after the client's hello are framed as that says."""
        session = self._session
        assert session is not None  # noqa: S101 - it is there before any octet
        try:
            while not self._is_deaf and not self._is_full() and (message := self._deframer.next()) is not None:
                if session.is_greeted:
                    self._messages.append(message)
                    continue
                session.handle(message)
                if not session.is_open:
                    self.end()
                    return
                self._deframer.chunked = session.chunked
                self._deframer.limit = self._listener.limits.message_size
        except FramingError as error:
            # RFC 6242 section 4.2: that is the end; what came before is still answered
            logger.warning("session %d: %s", session.id, error)
            self._is_deaf = True
        self._pause_reading(self._is_full())
        self._start_working()

    def _is_full(self) -> bool:
        return len(self._messages) >= WAITING or sum(map(len, self._messages)) >= WAITING_OCTETS

    def _pause_reading(self, is_paused: bool) -> None:
        if self._channel is not None and is_paused != self._is_paused:
            self._is_paused = is_paused
            if is_paused:
                self._channel.pause_reading()
            else:
                self._channel.resume_reading()

    def _start_working(self) -> None:
        if self._worker is None and (self._messages or self._has_eof or self._is_deaf):
            self._worker = self._loop.create_task(self._work())

    async def _work(self) -> None:
        """Handle what messages there are, one after the other."""
        session = self._session
        assert session is not None  # noqa: S101 - likewise
        while self._messages and not self._is_ended:
            message = self._messages.popleft()
            try:
                answer = await self._loop.run_in_executor(self._listener.executor, session.handle, message)
            except Exception:
                # better no session than one that waits for ever
                logger.exception("session %d: the server failed over a message", session.id)
                self.end()
                return
            if answer is not None:
                await self._send(answer, chunked=session.chunked)
                session.replied()
            if not session.is_open:
                break
            self._take_messages()
        self._worker = None
        if not session.is_open or self._has_eof or self._is_deaf:
            self._finish()

    def _finish(self) -> None:
        """Close the channel in good order: what was written still goes out."""
        if self._channel is not None and not self._is_ended:
            self._channel.exit(0)
        self._leave()

    def _push(self, message: bytes) -> None:
        """Send a message that answers no request; a client that does not take them is cut off."""
        if self._is_ended or self._session is None:
            return
        self._pushed += len(message)
        if self._pushed > PUSHED_OCTETS:
            logger.warning("session %d: its client does not read notifications", self._session.id)
            self.end()
            return
        task = self._loop.create_task(self._send_pushed(message, chunked=self._session.chunked))
        self._pushing.add(task)
        task.add_done_callback(self._pushing.discard)

    async def _send_pushed(self, message: bytes, *, chunked: bool) -> None:
        await self._send(message, chunked=chunked)
        self._pushed -= len(message)

    async def _send(self, message: bytes, *, chunked: bool) -> None:
        """Write a message, after those that are being written, no faster than the client takes it."""
        async with self._sending:
            await self._send_alone(message, chunked=chunked)

    async def _send_alone(self, message: bytes, *, chunked: bool) -> None:
        for piece in framed(message, chunked=chunked):
            # asyncssh tells that a client has gone when all that it sent has been read, which may never be
            while not self._may_write.is_set() and self._channel is not None and not self._channel.is_closing():
                with suppress(TimeoutError):
                    async with asyncio.timeout(GONE_CHECK):
                        await self._may_write.wait()
            self._write(piece)

    def _write(self, piece: bytes) -> None:
        if self._channel is not None and not self._is_ended:
            try:
                self._channel.write(piece)
            except OSError as error:
                logger.info("the client has gone: %s", error)
                self.end()
