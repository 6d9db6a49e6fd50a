"""The process that a backend runs in: how it is started, spoken with, and ended."""

from __future__ import annotations

import base64
import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from backends.codec import restored_object_key, tupled
from backends.documents import Documents
from backends.operation import BackendLost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backends.resource import Key, Resource
    from backends.state import ObjectKey, StateSource
    from backends.translator import AnyTranslator
    from yang.values import Value

START_TIME = 30.0
"""Seconds that a backend may take to be made."""
END_TIME = 2.0
"""Seconds that a process may take to end by itself."""


class Source(NamedTuple):
    """A source of state, as far as it can be told."""

    kind: type[StateSource]
    path: str
    leaves: tuple[str, ...]
    told: tuple[str, ...]
    missing: Mapping[str, Value]


class Description(NamedTuple):
    """What a backend is, apart from its system."""

    name: str
    translators: tuple[AnyTranslator, ...]
    resources: tuple[type[Resource], ...]
    sources: tuple[Source, ...]
    can_reach: bool


class Event(NamedTuple):
    """What happened in a system by itself."""

    what: str
    """`came`, for what came or went, `touched`, for what somebody may have changed, or `state`, for what a source tells."""
    keys: list[Key] | list[ObjectKey] | None
    shaken: list[Key]
    source: int = 0
    """The number of the source of state."""


def _key(given: Any) -> Key:
    if not isinstance(given, list):
        raise TypeError(given)
    key: Key = tupled(given)
    return key


class Child:
    """One process, with four lines to it: for calls, for long lists and for state meanwhile, and for what it tells itself."""

    def __init__(self) -> None:
        """Start it.

        Raises:
            OSError: The system has no room for it.
        """
        pairs = [socket.socketpair() for _ in range(4)]
        descriptors = [theirs.fileno() for _, theirs in pairs]
        # whatever is imported here is found there as well
        path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)  # noqa: PTH109 - it is a text
        command = [sys.executable, "-m", "backends.process.worker", str(os.getpid()), *map(str, descriptors)]
        try:
            # a session of its own: Ctrl-C at the terminal is the server's business
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=2,
                pass_fds=descriptors,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": path},
            )
        except OSError:
            for ours, _ in pairs:
                ours.close()
            raise
        finally:
            for _, theirs in pairs:
                theirs.close()
        self._calls, self._lists, self._state, self._told = (Documents(ours) for ours, _ in pairs)
        self._locks = {line: threading.Lock() for line in (self._calls, self._lists, self._state)}
        self._end = threading.Lock()
        self._why = ""

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def greet(self, name: str, settings: Mapping[str, Any]) -> Description:
        """Have it make the backend that the plugin `name` gives for `settings`.

        Raises:
            BackendLost: It does not answer.
            Exception: Whatever the plugin raises.
        """
        self._calls.set_timeout(START_TIME)
        hello = (name, dict(settings), logging.getLogger().getEffectiveLevel())
        try:
            # both are the same program on the same machine, and nobody else has the socket
            answer = self._calls.ask(base64.b64encode(pickle.dumps(hello)).decode())
            told: Description | Exception = pickle.loads(base64.b64decode(answer))  # noqa: S301 - as said above
        except TimeoutError as error:
            self.kill(f"did not start within {START_TIME:g} s and was killed")
            raise BackendLost(f"{name}: its process {self.ended()}") from error
        except (OSError, ValueError) as error:
            raise BackendLost(f"{name}: its process {self.ended()} at its start") from error
        self._calls.set_timeout(None)
        if isinstance(told, Exception):
            raise told
        return told

    def call(self, method: str, argument: Any = None) -> Any:
        """Return the outcome of a call and what belongs to it; an OSError or ValueError means that there is none."""
        return self._ask(self._calls, [method, argument])

    def list(self, method: str, argument: Any) -> Any:
        """Return the same for a call that takes long and changes nothing, while other calls go on."""
        return self._ask(self._lists, [method, argument])

    def observe(self, method: str, argument: Any) -> Any:
        """Return the same for a call about the state of the system, likewise."""
        return self._ask(self._state, [method, argument])

    def events(self) -> Iterator[Event]:
        """Yield what the process tells by itself, until it ends or what it says is no such thing."""
        for document in self._told:
            try:
                what, keys, shaken = document
                if what == "state":
                    objects = None if keys is None else [*map(restored_object_key, keys)]
                    event = Event(what, objects, [], int(shaken))
                else:
                    event = Event(what, None if keys is None else [*map(_key, keys)], [*map(_key, shaken)])
            except (TypeError, ValueError):
                return
            yield event

    def kill(self, why: str) -> None:
        """End it at once; `why` is what is said of it from now on."""
        with self._end:
            self._why = self._why or why
        self._process.kill()

    def ended(self) -> str:
        """Return how it ended, after seeing to it that it has."""
        try:
            status = self._process.wait(END_TIME)
        except subprocess.TimeoutExpired:
            self.kill("broke the protocol and was killed")
            status = self._process.wait()
        with self._end:
            if self._why:
                return self._why
        return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"

    def finish(self) -> None:
        """Have it end, once it has let its system go."""
        for line in (*self._locks, self._told):
            line.end()

    def close(self) -> None:
        """Close the lines to it when it has ended."""
        # whoever still waits for an answer finds the end first
        self.finish()
        for line, lock in self._locks.items():
            with lock:
                line.close()
        self._told.close()

    def _ask(self, line: Documents, document: Any) -> Any:
        with self._locks[line]:
            return line.ask(document)
