"""A NETCONF session: messages in, messages out. It knows nothing of SSH and is tested with bytes."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from datastore.database import HistoryFailed
from datastore.events import SessionEnded, SessionStarted
from nos_mgmt.netconf import actions, capabilities, notifications
from nos_mgmt.netconf.messages import (
    BASE_1_1,
    BadHello,
    BadRpc,
    MalformedMessage,
    OperationNotSupported,
    error_reply,
    hello,
    read_hello,
    read_rpc,
    reply,
    taken_apart,
)
from nos_mgmt.netconf.operations import OPERATIONS
from nos_mgmt.netconf.quick import may_be_quick, quick_content
from nos_mgmt.observability.formats import fields
from nos_mgmt.traffic import SSH
from yang.errors import RequestError
from yang.xmldata import read_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from datastore.events import EndReason
    from datastore.history import Author
    from nos_mgmt.access import Access
    from nos_mgmt.device import Device
    from nos_mgmt.sessions import Sessions
    from yang.tree import Node

logger = logging.getLogger(__name__)

ROOM = 1 << 20
"""Octets of notifications that wait to be written, after which those that can wait do."""


UNKNOWN = "unknown"
"""What stands for an operation that there is not: clients choose its name, and may choose any number of them."""


class Answered(NamedTuple):
    """A request has been answered."""

    operation: str
    outcome: str
    """`ok`, or the error-tag of the first error."""
    seconds: float
    session: int
    user: str


class Call(NamedTuple):
    """One request, as the function sees it that answers it."""

    device: Device
    sessions: Sessions
    session: Session
    input: Node
    """The operation's input: leaves typed, anyxml and anydata as elements."""
    operation: etree._Element
    """The operation's element, for the namespaces in scope in it and for attributes."""

    @property
    def access(self) -> Access:
        """What the session's user may see and do."""
        return self.device.access(self.session.author.user)


class Session:
    """One client's session."""

    def __init__(
        self,
        device: Device,
        registry: Sessions,
        author: Callable[[int], Author],
        end: Callable[[], None],
        push: Callable[[bytes], None],
        source_host: str = "",
        transport: str = SSH,
    ) -> None:
        """Serve `device` to the client that `author` tells of, given the session's number, at `source_host` over `transport`.

        `end` cuts the client off, and `push` sends it a message that answers no request; any thread may call them, and neither
        waits. Whoever gives `push` calls `pushed` when such a message has been written.
        """
        self._device = device
        self._registry = registry
        self._end = end
        self._unwritten = 0
        self._pushing = threading.Lock()
        self.source_host = source_host
        self._end_reason: EndReason | None = None
        self._killer: int | None = None
        self._has_ended = False
        self._after_reply: list[Callable[[], None]] = []
        self._mutex = threading.Lock()
        self._is_busy = False
        self.id = registry.open(self._kill)
        self.author = author(self.id)
        registry.belongs(self.id, self.author.user, self._leave)
        self.traffic = device.traffic.begin(self.id, self.author, transport, source_host)
        self._push = self.traffic.counted(push)
        self._begun = time.monotonic()
        self._answered = 0
        self._who = {"session": self.id, "user": self.author.user, "protocol": self.author.protocol}
        self.is_open = True
        """False when nothing more is to be read."""
        self.is_greeted = False
        self.chunked = False
        """Whether messages after the hellos are framed in chunks."""

    def hello(self) -> bytes:
        """Return the message to begin with."""
        return hello(capabilities.capabilities(self._device), self.id)

    def handle(self, message: bytes) -> bytes | None:
        """Return the answer to `message`; None to what has none: the client's hello, and whatever comes after the end.

        Nothing that a client sends makes this raise.
        """
        if not self.is_greeted:
            self._greet(message)
            return None
        with self._mutex:
            if not self.is_open:
                return None
            self._is_busy = True
        # a commit is no sign of life after itself, nor is the end of the session one
        waiting = self._device.datastores.pending
        try:
            return self._answer(message)
        finally:
            with self._mutex:
                self._is_busy = False
                is_over = not self.is_open
            if is_over:
                self._give_back()
            elif waiting is not None and waiting.session_id == self.id:
                self._device.datastores.spoken(waiting)

    def handle_quickly(self, message: bytes) -> bytes | None:
        """Return the answer to `message` if that takes less than a millisecond and waits for nothing; otherwise None.

        It changes nothing, and there is no other request under way.
        """
        # a request while a commit waits is a sign of life, which is noted on disk
        if not self.is_open or not may_be_quick(message) or self._device.datastores.pending is not None:
            return None
        # what others may see of a new configuration takes time to find out
        if not self._device.access(self.author.user).sees_all:
            return None
        started = time.perf_counter()
        try:
            rpc = read_rpc(message)
        except BadRpc:
            return None
        content = quick_content(rpc.operation, self._device)
        if content is None:
            return None
        self.traffic.received(is_good=True)
        self._tell(str(rpc.operation.tag), "ok", started)
        return reply(rpc.attributes, content)

    @property
    def is_subscribed(self) -> bool:
        """Whether the client has a subscription; such a session is not ended for being idle."""
        return bool(self._device.publisher.subscriptions(self.id))

    def push(self, message: bytes) -> None:
        """Send a message that answers no request; any thread may, and does not wait."""
        with self._pushing:
            self._unwritten += len(message)
        self._push(message)

    def pushed(self, octets: int) -> None:
        """Note that so much of what was pushed has been written."""
        with self._pushing:
            self._unwritten -= octets

    @property
    def has_room(self) -> bool:
        """Whether what was pushed has been written, but for a little."""
        return self._unwritten < ROOM

    def after_reply(self, then: Callable[[], None]) -> None:
        """Have `then`, which may not wait, called once the answer to the request that is being handled is on its way."""
        self._after_reply.append(then)

    def replied(self) -> None:
        """Note that the answer which `handle` gave is on its way: what is pushed from now on comes after it."""
        waiting, self._after_reply = self._after_reply, []
        for then in waiting:
            then()

    def close(self, reason: EndReason = "dropped") -> bool:
        """Give back what the session holds, its locks and nothing else; if a request is being carried out, after that.

        Of several reasons the first one counts. Return whether it is given back.
        """
        with self._mutex:
            self.is_open = False
            self._end_reason = self._end_reason or reason
            if self._is_busy:
                return False
        self._give_back()
        return True

    def _kill(self, killer: int | None) -> None:
        self.traffic.is_ended_well = True
        # RFC 6241 section 7.9: who is told that a session has been killed finds its locks gone
        self._killer = killer
        self.close("killed")
        self._end()

    def _leave(self) -> None:
        self.traffic.is_ended_well = True
        # where a request is being carried out the transport ends the session after its answer, as after close-session
        if self.close("other"):
            self._end()

    def _give_back(self) -> None:
        self._registry.close(self.id)
        self.traffic.end()
        self._device.datastores.end_session(self.id)
        self._device.publisher.end_session(self.id)
        with self._mutex:
            is_first, self._has_ended = not self._has_ended, True
        if is_first:
            reason = self._end_reason or "other"
            seconds = round(time.monotonic() - self._begun, 3)
            told = fields(**self._who, reason=reason, seconds=seconds, rpcs=self._answered)
            logger.info("session ended", extra=told)
            self._device.events.publish(
                SessionEnded(time.time(), self.id, self.author.user, self.source_host, reason, self._killer)
            )

    def _answer(self, message: bytes) -> bytes:
        started = time.perf_counter()
        try:
            rpc = read_rpc(message)
        except BadRpc as bad:
            self.traffic.received(is_good=False)
            self.traffic.refused()
            # RFC 6241 appendix A: malformed-message is not for clients that know only base:1.0
            if isinstance(bad.error, MalformedMessage) and not self.chunked:
                bad.error.tag = "operation-failed"
            self._tell("", bad.error.tag, started)
            return error_reply(bad.attributes, [bad.error])
        self.traffic.received(is_good=True)
        try:
            answer = reply(rpc.attributes, self._carry_out(rpc.operation))
            outcome = "ok"
        except RequestError as error:
            access = self._device.access(self.author.user)
            errors = [access.told(each) for each in taken_apart(error)]
            answer = error_reply(rpc.attributes, errors)
            outcome = errors[0].tag
        except HistoryFailed as error:
            answer = error_reply(rpc.attributes, [RequestError(str(error), app_tag="history-failed")])
            outcome = "history-failed"
        except Exception:
            logger.exception("session %d: a request could not be answered", self.id)
            answer = error_reply(
                rpc.attributes, [RequestError("the server failed over this request; its log tells more")]
            )
            outcome = "failed"
        if outcome != "ok":
            self.traffic.refused()
        self._tell(str(rpc.operation.tag), outcome, started)
        return answer

    def _tell(self, tag: str, outcome: str, started: float) -> None:
        name = tag.rpartition("}")[2] if tag in OPERATIONS else UNKNOWN
        seconds = time.perf_counter() - started
        self._answered += 1
        self._device.requests.publish(Answered(name, outcome, seconds, self.id, self.author.user))

    def _greet(self, message: bytes) -> None:
        try:
            offered = read_hello(message)
        except BadHello as error:
            logger.warning("session %d: %s", self.id, error)
            self.traffic.greeted_badly()
            self.close("bad-hello")
            return
        self.chunked = BASE_1_1 in offered
        with self._mutex:
            # a session that was killed by now would leave its candidate behind
            if self.is_open and capabilities.PRIVATE_CANDIDATE in {uri.partition("?")[0] for uri in offered}:
                self._device.datastores.use_private(self.id)
        self.is_greeted = True
        self._device.events.publish(SessionStarted(time.time(), self.id, self.author.user, self.source_host))

    def _carry_out(self, operation: etree._Element) -> str | None:
        if operation.tag == actions.ACTION:
            path, given = actions.called(operation, self._device)
            return actions.carry_out(Call(self._device, self._registry, self, given, operation), path)
        schema = self._device.schema.rpc(str(operation.tag))
        function = OPERATIONS.get(str(operation.tag))
        if schema is None or function is None:
            name = str(operation.tag).rpartition("}")[2]
            raise OperationNotSupported(
                f"{operation.tag} is not an operation of this server", info=(("bad-element", name),)
            )
        self._device.access(self.author.user).refuse_operation(schema)
        notifications.correct(operation)
        try:
            given = read_input(operation, schema.children["input"])
        except RequestError as error:
            error.path = None
            error.type = "protocol"
            raise
        return function(Call(self._device, self._registry, self, given, operation))
