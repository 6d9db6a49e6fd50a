"""The backend that the server sees, whose calls another process carries out."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from backends.backend import Backend
from backends.codec import (
    kinds_of,
    plain_object_key,
    plain_operation,
    restored,
    restored_object_key,
    restored_value,
)
from backends.operation import BackendLost, Failure, OperationFailed
from backends.process.child import Child, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backends.operation import Operation
    from backends.process.child import Description, Source
    from backends.resource import Key, Resource
    from backends.state import ObjectKey, StateSource
    from yang.values import Value

logger = logging.getLogger(__name__)

BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a process is started again; the last one is repeated."""
FEW = 32
"""Up to so many resources are read in no time."""
SOUND = 60.0
"""Seconds after which a process counts as sound: when it ends then, the waiting begins anew."""


class ProcessBackend(Backend):
    """A backend in a process of its own, which is started again, after a while, whenever it has ended.

    While there is none every call raises `BackendLost`. A call waits for its answer as long as it takes: whoever does not
    want to wait any longer calls `abandon`, which kills the process.
    """

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        """Start a process with the backend that the plugin `name` gives for `settings`.

        Raises:
            BackendLost: The process ends, or takes too long.
            Exception: Whatever the plugin raises.
        """
        self.name = name
        self._plugin = name
        self._settings = dict(settings)
        self._child: Child | None = None
        self._last: Child | None = None
        self._how = "has not been started"
        self._changed: Callable[[Collection[Key]], None] | None = None
        self._touched: Callable[[Collection[Key] | None, Collection[Key]], None] | None = None
        self._followed: dict[int, Callable[[Collection[ObjectKey] | None], None]] = {}
        self._asked: dict[Key, None] = {}
        self._closing = threading.Event()
        self._kinds: dict[str, type[Resource]] = {}
        first: SimpleQueue[Description | BaseException] = SimpleQueue()
        # the kernel ends a child with the thread that made it: that has to be one which lives on
        self._supervisor = threading.Thread(target=self._supervise, args=(first,), name=f"{name} process", daemon=True)
        self._supervisor.start()
        outcome = first.get()
        if isinstance(outcome, BaseException):
            raise outcome
        self.name, self.translators, self.resources, sources, self.can_reach = outcome
        self._kinds = kinds_of(self.resources)
        self.state = tuple(self._source(number, told) for number, told in enumerate(sources))

    @property
    def pid(self) -> int | None:
        """The number of the process; None while there is none."""
        child = self._child
        return child.pid if child is not None else None

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        """Return what is there of `keys`."""
        # when another process has taken over, nobody knows whether these came or went meanwhile
        self._asked.update(dict.fromkeys(key for key in keys if self._kinds[key[0]].is_fixed))
        wanted = list(keys)
        # what takes long to list does not keep other calls waiting
        found = self._answered("read", lambda child: (child.list if len(wanted) > FEW else child.call)("read", wanted))
        return {resource.key: resource for resource in self._restored(found)}

    def execute(self, operations: Sequence[Operation]) -> None:
        """Have `operations` carried out."""
        self._call("execute", [plain_operation(operation) for operation in operations])

    def owned(self) -> Iterable[Resource]:
        """Return what carries this program's mark."""
        return self._restored(self._call("owned"))

    def strays(self, wanted: Collection[Key], keys: Collection[Key] | None = None) -> Iterable[Resource]:
        """Return what is there and should not be."""
        mine = [key for key in wanted if key[0] in self._kinds]
        asked = None if keys is None else list(keys)
        return self._restored(self._answered("strays", lambda child: child.list("strays", [mine, asked])))

    def reached(self, addresses: Collection[str]) -> Collection[str]:
        """Return which of `addresses` answer."""
        found: list[str] = self._answered("reached", lambda child: child.observe("reached", list(addresses)))
        return found

    def check(self, operations: Sequence[Operation]) -> Mapping[int, str]:
        """Return which of `operations` would be refused."""
        return dict(self._call("check", [plain_operation(operation) for operation in operations]))

    def watch(self, changed: Callable[[Collection[Key]], None]) -> None:
        """Report what comes, goes or changes by itself; and what might have, when another process has taken over."""
        self._changed = changed
        self._call("watch")

    def follow(
        self,
        touched: Callable[[Collection[Key] | None, Collection[Key]], None],
        concerns: Callable[[Key], bool],  # noqa: ARG002 - whoever is told looks at what is wanted anyhow
    ) -> None:
        """Tell of what others change, also of what concerns nobody; and of anything, when another process has taken over."""
        self._touched = touched
        self._call("follow")

    def abandon(self) -> None:
        """Kill the process."""
        child = self._child
        if child is not None:
            child.kill("did not answer in time and was killed")

    def close(self) -> None:
        """Have the process let its system go and end."""
        self._closing.set()
        last = self._last
        if last is not None:
            last.finish()
        self._supervisor.join()

    def _call(self, method: str, argument: Any = None) -> Any:
        return self._answered(method, lambda child: child.call(method, argument))

    def _source(self, number: int, told: Source) -> StateSource:
        """Return a source of state that is read in the process; what is missing it tells itself."""

        def read(_: StateSource, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Value]]:
            wanted = None if keys is None else [plain_object_key(key) for key in keys]
            found = self._answered("state", lambda child: child.observe("state", [number, wanted]))
            return {
                restored_object_key(key): {leaf: restored_value(value) for leaf, value in leaves.items()}
                for key, leaves in found
            }

        def follow(_: StateSource, tell: Callable[[Collection[ObjectKey] | None], None]) -> None:
            self._followed[number] = tell
            # if there is no process now, the next one is asked to tell
            with suppress(BackendLost):
                self._call("follow-state", number)

        document = f"The state of {told.path}, read in another process."
        attributes = {**told._asdict(), "read": read, "follow": follow, "__doc__": document}
        kind: type[StateSource] = type(told.kind.__name__, (told.kind,), attributes)
        return kind.__new__(kind)

    def _answered(self, method: str, ask: Callable[[Child], Any]) -> Any:
        child = self._child
        if child is None:
            raise BackendLost(f"its process {self._how}; it is started again")
        try:
            outcome, result = ask(child)
        except OSError as error:
            raise BackendLost(f"its process {child.ended()} during {method}") from error
        except (TypeError, ValueError) as error:
            child.kill("broke the protocol and was killed")
            raise BackendLost(f"its process {child.ended()} during {method}: {error}") from error
        match outcome:
            case "refused":
                raise OperationFailed({index: Failure(*failure) for index, failure in result})
            case "lost":
                raise BackendLost(result)
            case "done":
                return result
        child.kill("broke the protocol and was killed")
        raise BackendLost(f"its process {child.ended()} during {method}: it answered {outcome!r}")

    def _supervise(self, first: SimpleQueue[Description | BaseException]) -> None:
        """Start a process, follow what it tells, and start another one when it has ended."""
        attempt = 0
        child: Child | None
        try:
            child, description = self._started()
        except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
            first.put(error)
            return
        self._child = child
        first.put(description)
        while child is not None:
            begun = time.monotonic()
            self._child = child
            if attempt:
                logger.warning("%s: another process has taken over, with the number %s", self.name, child.pid)
                self._tell(Event("came", list(self._asked), []))
                self._tell(Event("touched", None, []))
                for number in list(self._followed):
                    self._tell(Event("state", None, [], number))
            for event in child.events():
                self._tell(event)
            self._how = child.ended()
            self._child = None
            child.close()
            attempt = 0 if time.monotonic() - begun > SOUND else attempt
            child, attempt = self._another(attempt)

    def _another(self, attempt: int) -> tuple[Child | None, int]:
        """Return another process, and how often it was attempted by now; none if this backend is closed."""
        while not self._closing.is_set():
            pause = BACK_OFF[min(attempt, len(BACK_OFF) - 1)]
            logger.error("%s: its process %s; another one is started in %g s", self.name, self._how, pause)
            if self._closing.wait(pause):
                break
            attempt += 1
            try:
                child, _ = self._started()
                if self._changed is not None:
                    child.call("watch")
                if self._touched is not None:
                    child.call("follow")
                for number in list(self._followed):
                    child.call("follow-state", number)
            except Exception as error:  # noqa: BLE001 - it is logged, and tried again
                self._how = f"could not be started again: {error}"
            else:
                return child, attempt
        return None, attempt

    def _started(self) -> tuple[Child, Description]:
        self._last = child = Child()
        if self._closing.is_set():
            child.finish()
        try:
            return child, child.greet(self._plugin, self._settings)
        except BaseException:
            child.finish()
            child.ended()
            child.close()
            raise

    def _tell(self, event: Event) -> None:
        if self._closing.is_set():
            return
        try:
            if event.what == "came" and event.keys and self._changed is not None:
                self._changed(event.keys)
            elif event.what == "touched" and self._touched is not None:
                self._touched(event.keys, event.shaken)
            elif event.what == "state" and event.source in self._followed:
                self._followed[event.source](event.keys)
        except Exception:
            # a mistake of whoever is told must not end the supervision
            logger.exception("%s: what came, went or was changed could not be told", self.name)

    def _restored(self, found: Iterable[Any]) -> list[Resource]:
        resources = (restored(values, self._kinds) for values in found)
        return [resource for resource in resources if resource is not None]
