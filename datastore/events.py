"""What happens in a device, told to whoever wants to know: notifications, metrics and logs."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from datastore.errors import CommitFailed
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from datastore.commits import Author
    from yang.path import Path
    from yang.tree import Node

ConfirmationKind: TypeAlias = Literal["start", "cancel", "timeout", "extend", "complete"]
EndReason: TypeAlias = Literal["closed", "killed", "dropped", "timeout", "bad-hello", "other"]
"""Why a session ended, as RFC 6470 has it."""
LoginMethod: TypeAlias = Literal["publickey", "password", "certificate"]
"""How somebody wanted to prove who they are; `any` where they were turned away before they could."""
LoginFailure: TypeAlias = Literal["wrong", "early", "unusable", "unmapped", "unknown-user"]
"""A key or a password that is not the user's; too soon after failures; and of certificates one that cannot be used, maps to no
name, or to one of no user."""

logger = logging.getLogger(__name__)

NO_PHASES: Mapping[str, float] = MappingProxyType({})


class Sealed(NamedTuple):
    """A commit has become the running configuration."""

    commit_id: int
    time: float
    """Seconds since 1970, UTC."""
    author: Author
    before: Node
    after: Node
    phases: Mapping[str, float] = NO_PHASES
    """Seconds that each phase took."""


class Refused(NamedTuple):
    """A commit has failed, and everything is as it was, or is being led back to it."""

    time: float
    author: Author
    reason: str
    commit_id: int | None = None
    """None if it failed before the history had it, and nothing was touched."""
    phases: Mapping[str, float] = NO_PHASES
    error: RequestError | None = None
    """None for a mistake of ours."""


class DeferralChanged(NamedTuple):
    """Something that is configured can take effect now, or cannot any more."""

    time: float
    paths: tuple[Path, ...]
    """The objects of the configuration that it is of."""


class StateChanged(NamedTuple):
    """What is told of the operational datastore is another (`datastore.following`)."""

    time: float
    before: Node
    after: Node


class StartupChanged(NamedTuple):
    """The startup configuration was written or deleted."""

    time: float
    session_id: int


class ConfirmationEvent(NamedTuple):
    """Something happened to a commit that waits for its confirmation (RFC 6241 section 8.4)."""

    time: float
    kind: ConfirmationKind
    user: str
    session_id: int | None
    """Whose deed it is; None if that is no session, or none any more."""
    timeout: float | None = None
    """Seconds until it is taken back, where it goes on waiting."""


class PostConditionsOver(NamedTuple):
    """A commit with post-conditions waits no longer."""

    time: float
    user: str
    held: bool
    """Whether they came true, so that it stays."""
    outcome: str


class ScheduledOver(NamedTuple):
    """A scheduled commit was carried out, or cannot be."""

    time: float
    id: int
    state: Literal["done", "failed"]
    user: str
    reason: str
    commit_id: int | None


class OutOfStep(NamedTuple):
    """Systems could not be brought to what running calls for, and nothing is committed until they could."""

    time: float
    resources: tuple[str, ...]
    """What is not as it should be; of much, a part."""
    reason: str


class BackInStep(NamedTuple):
    """All systems are as running calls for again."""

    time: float


class SessionStarted(NamedTuple):
    """A session of a management protocol has begun: both sides have said hello."""

    time: float
    session_id: int
    user: str
    source_host: str
    """The client's address; empty if it has none."""


class SessionEnded(NamedTuple):
    """A session is over."""

    time: float
    session_id: int
    user: str
    source_host: str
    reason: EndReason
    killed_by: int | None = None
    """The session that ended it."""


class LoginFailed(NamedTuple):
    """Somebody did not come in."""

    time: float
    method: LoginMethod
    reason: LoginFailure
    user: str
    """Whom they gave themselves out for; a stranger may have made it up. Empty if they gave no name."""
    source_host: str


class CapabilitiesChanged(NamedTuple):
    """The server says other capabilities in its hello than before."""

    time: float
    added: tuple[str, ...]
    deleted: tuple[str, ...]
    modified: tuple[str, ...]
    """Those that have other parameters than before, as they are now."""


class Events:
    """Hands events on to listeners, in the order in which they are published."""

    def __init__(self) -> None:
        """Have no listener."""
        self._listeners: tuple[Callable[[object], None], ...] = ()
        self._lock = threading.Lock()

    def listen(self, listener: Callable[[object], None]) -> Callable[[], None]:
        """Have `listener` called with every event from now on; return what ends that.

        It is called by whichever thread publishes, perhaps in the middle of a commit: it may not wait for anything.
        """
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def end() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return end

    @contextmanager
    def refusal(self, author: Author, phases: Mapping[str, float]) -> Iterator[None]:
        """Publish that a commit was refused, if one is in here."""
        try:
            yield
        except Exception as error:
            known = error if isinstance(error, RequestError) else None
            reason = f"a mistake: {error!r}" if known is None else known.message
            commit_id = error.commit_id if isinstance(error, CommitFailed) else None
            self.publish(Refused(time.time(), author, reason, commit_id, phases, known))
            raise

    def publish(self, event: object) -> None:
        """Tell all listeners; what one of them raises is logged and concerns nobody else."""
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                logger.exception("a listener failed over %s", type(event).__name__)
