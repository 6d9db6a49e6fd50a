"""One NETCONF session on a connection: octets in, messages handled in turn, answers out. It knows no transport."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from datastore.history import Author
from nos_mgmt.netconf.framing import Deframer, FramingError, framed
from nos_mgmt.netconf.session import Session
from nos_mgmt.observability.formats import fields

if TYPE_CHECKING:
    from datastore.events import EndReason
    from nos_mgmt.netconf.service import Peer, Service

logger = logging.getLogger(__name__)

WAITING = 8
WAITING_OCTETS = 1 << 20
"""A session of which so many messages, or messages of so many octets, wait to be handled is not read any more."""
PUSHED_OCTETS = 4 << 20
"""Notifications that wait to be written, before their session is given up."""
GONE_CHECK = 1.0
"""Seconds after which a client that takes nothing is looked for again."""
LONGEST_HELLO = 1 << 20


class Wire(ABC):
    """What a channel asks of its transport, all of it from the event loop and without waiting."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send octets, in time. Raises `OSError` if the client has gone."""

    @abstractmethod
    def pause_reading(self) -> None:
        """Take no octets until `resume_reading`."""

    @abstractmethod
    def resume_reading(self) -> None:
        """Take octets again."""

    @abstractmethod
    def is_closing(self) -> bool:
        """Return whether nothing can be sent any more."""

    @abstractmethod
    def unsent(self) -> int:
        """Return how many octets were written that the client has not taken yet, as far as that is known here."""

    @abstractmethod
    def finish(self) -> None:
        """End the session in good order: what was written still goes out."""

    @abstractmethod
    def cut(self) -> None:
        """End the session now, and the connection with it if no other session has it (RFC 6241 section 7.9)."""


class Channel:
    """Reads octets, has messages handled in turn in a worker thread, writes answers no faster than the client takes them."""

    def __init__(self, service: Service, peer: Peer, wire: Wire, idle_time: float | None = None) -> None:
        """Serve `peer` over `wire`, and end the session once it is idle for a time of its own, if that is given."""
        self._service = service
        self.peer = peer
        self.wire = wire
        self._idle_time = service.limits.idle_time if idle_time is None else idle_time
        self._loop = asyncio.get_running_loop()
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
        self._has_had_turn = False
        self.is_ended = False
        self._end_reason: EndReason = "dropped"
        self._heard = self._loop.time()
        self._next_request = 0.0
        self._timers: list[asyncio.TimerHandle] = []

    def start(self) -> None:
        """Begin the session, which the service has let in, with the server's hello."""

        def author(number: int) -> Author:
            return Author(self.peer.user, number, "netconf")

        def end() -> None:
            self._loop.call_soon_threadsafe(self.end)

        def push(message: bytes) -> None:
            self._loop.call_soon_threadsafe(self._push, message)

        transport = f"netconf-{self.peer.transport}"
        device, sessions = self._service.device, self._service.sessions
        self._session = Session(device, sessions, author, end, push, self.peer.address, transport)
        self._timers.append(self._loop.call_later(self._service.limits.hello_time, self._give_up))
        if self._idle_time:
            self._timers.append(self._loop.call_later(self._idle_time, self._end_if_idle))
        user, transport, address, port = self.peer
        told = fields(session=self._session.id, user=user, transport=transport, address=address, port=port)
        logger.info("session begins", extra=told)
        for piece in framed(self._session.hello(), chunked=False):
            self._write(piece)

    def received(self, data: bytes) -> None:
        """Take octets from the client."""
        if not self.is_ended and not self._is_deaf:
            self._heard = self._loop.time()
            self._deframer.feed(data)
            self._take_messages()

    def received_eof(self) -> None:
        """Note that the client sends nothing more: what has come whole is still answered, and then it is over."""
        self._has_eof = True
        self._start_working()

    def pause_writing(self) -> None:
        """Write nothing until the client has taken what there is."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """Write again."""
        self._may_write.set()

    def end(self) -> None:
        """Cut the session off."""
        self.leave()
        self.wire.cut()

    def leave(self) -> None:
        """Give back what the session holds; the client may take its time to go."""
        if self.is_ended:
            return
        self.is_ended = True
        self._may_write.set()
        self._service.end(self)
        for timer in self._timers:
            timer.cancel()
        if self._session is not None:
            self._loop.run_in_executor(self._service.executor, self._session.close, self._end_reason)

    def _leave_for(self, reason: EndReason) -> None:
        """Have the session end for a reason of its own: that its client has gone is none."""
        self._end_reason = reason

    def _give_up(self) -> None:
        if self._session is not None and not self._session.is_greeted:
            logger.info("session %d: no hello came", self._session.id)
            self._leave_for("timeout")
            self.end()

    def _end_if_idle(self) -> None:
        """End the session if its client neither sends nor waits for anything; look again when that may be."""
        session = self._session
        assert session is not None  # noqa: S101 - the timer was set after it
        # whoever is answered, or sent what it has subscribed to, is not idle though it says nothing
        if self._worker is not None or self._pushing or session.is_subscribed:
            self._heard = self._loop.time()
        left = self._heard + self._idle_time - self._loop.time()
        if left > 0:
            self._timers[1:] = [self._loop.call_later(left, self._end_if_idle)]
            return
        logger.info("session %d: idle for %g s", session.id, self._idle_time)
        self._leave_for("timeout")
        self._finish()

    def _take_messages(self) -> None:
        """Take what messages have come, as many as may wait; those after the client's hello are framed as that says."""
        session = self._session
        assert session is not None  # noqa: S101 - it is there before any octet
        try:
            while not self._is_deaf and not self._is_full() and (message := self._deframer.next()) is not None:
                if session.is_greeted:
                    if not self._is_answered_at_once(session, message):
                        self._messages.append(message)
                    continue
                session.handle(message)
                if not session.is_open:
                    self.end()
                    return
                self._deframer.chunked = session.chunked
                self._deframer.limit = self._service.limits.message_size
        except FramingError as error:
            # RFC 6242 section 4.2: that is the end; what came before is still answered
            logger.warning("session %d: %s", session.id, error)
            self._is_deaf = True
        self._pause_reading(self._is_full())
        self._start_working()

    def _is_answered_at_once(self, session: Session, message: bytes) -> bool:
        """Answer a message here and now if it takes no time; only one in each turn of the event loop, for there are others."""
        is_free = self._worker is None and not self._messages and not self._has_had_turn
        if not is_free or self._service.limits.rate or not self._may_write.is_set() or self._sending.locked():
            return False
        answer = session.handle_quickly(message)
        if answer is None:
            return False
        self._has_had_turn = True
        self._loop.call_soon(self._give_turn)
        for piece in framed(answer, chunked=session.chunked):
            self._write(piece)
        session.replied()
        return True

    def _give_turn(self) -> None:
        self._has_had_turn = False

    def _is_full(self) -> bool:
        return len(self._messages) >= WAITING or sum(map(len, self._messages)) >= WAITING_OCTETS

    def _pause_reading(self, is_paused: bool) -> None:
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            if is_paused:
                self.wire.pause_reading()
            else:
                self.wire.resume_reading()

    def _start_working(self) -> None:
        if self._worker is None and (self._messages or self._has_eof or self._is_deaf):
            self._worker = self._loop.create_task(self._work())

    async def _work(self) -> None:
        """Handle what messages there are, one after the other."""
        session = self._session
        assert session is not None  # noqa: S101 - likewise
        while self._messages and not self.is_ended:
            if self._service.limits.rate and not await self._has_turn(self._service.limits.rate):
                break
            message = self._messages.popleft()
            try:
                answer = await self._loop.run_in_executor(self._service.executor, session.handle, message)
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

    async def _has_turn(self, rate: float) -> bool:
        """Wait until another request may be handled, after the first of each second one by one; False if it is over by then."""
        now = self._loop.time()
        self._next_request = max(self._next_request, now - 1) + 1 / rate
        if self._next_request > now:
            await asyncio.sleep(self._next_request - now)
        return not self.is_ended

    def _finish(self) -> None:
        """End the session in good order."""
        if not self.is_ended:
            self.wire.finish()
        self.leave()

    def _push(self, message: bytes) -> None:
        """Send a message that answers no request; a client that does not take them is cut off."""
        if self.is_ended or self._session is None:
            return
        self._pushed += len(message)
        if self._pushed > PUSHED_OCTETS:
            logger.warning("session %d: its client does not read notifications", self._session.id)
            self._leave_for("other")
            self.end()
            return
        task = self._loop.create_task(self._send_pushed(message, chunked=self._session.chunked))
        self._pushing.add(task)
        task.add_done_callback(self._pushing.discard)

    async def _send_pushed(self, message: bytes, *, chunked: bool) -> None:
        await self._send(message, chunked=chunked)
        self._pushed -= len(message)
        if self._session is not None:
            self._session.pushed(len(message))

    async def _send(self, message: bytes, *, chunked: bool) -> None:
        """Write a message, after those that are being written, no faster than the client takes it."""
        async with self._sending:
            await self._send_alone(message, chunked=chunked)

    async def _send_alone(self, message: bytes, *, chunked: bool) -> None:
        for piece in framed(message, chunked=chunked):
            if not self._may_write.is_set():
                await self._wait_to_write()
            self._write(piece)

    async def _wait_to_write(self) -> None:
        """Wait until the client has taken what there is; one that takes nothing for long is cut off."""
        patience = self._service.limits.stall_time
        left, since = self.wire.unsent(), self._loop.time()
        # asyncssh tells that a client has gone when all that it sent has been read, which may never be
        while not self._may_write.is_set() and not self.wire.is_closing():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(GONE_CHECK, patience or GONE_CHECK)):
                    await self._may_write.wait()
            now = self._loop.time()
            unsent = self.wire.unsent()
            if unsent < left:
                since = now
            left = unsent
            if patience and now - since >= patience and not self._may_write.is_set():
                assert self._session is not None  # noqa: S101 - it has written something
                logger.warning("session %d: its client has taken nothing for %g s", self._session.id, patience)
                self._leave_for("other")
                self.end()

    def _write(self, piece: bytes) -> None:
        if not self.is_ended:
            try:
                self.wire.write(piece)
            except OSError as error:
                logger.info("the client has gone: %s", error)
                self.end()
