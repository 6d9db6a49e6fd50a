"""The systems behind the backends, taken together: read, changed, and brought to what they should be."""

from __future__ import annotations

import logging
import time
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from backends.backend import Backend
from backends.operation import BackendLost, Operation, OperationFailed
from backends.resource import named
from datastore import plan as planning
from datastore.calls import Calls, Deadlines
from datastore.events import OutOfStep
from datastore.plan import Plan, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from backends.resource import Key, Resource
    from datastore.calls import Phase
    from datastore.events import Events
    from datastore.wanted import Wanted

logger = logging.getLogger(__name__)

ROUNDS = 5
"""How often converging reads and mends before it gives up for now."""
TOLD = 100
"""Resources that are out of step and told of."""


class Way(NamedTuple):
    """How systems get from what they are to what they should be."""

    found: Mapping[Key, Resource]
    """What is there now of all that is touched."""
    targets: Mapping[Key, Resource | None]
    """What it is to be, None being absence."""
    operations: list[Operation]


class Systems:
    """What the backends manage. Only one thread may use it at a time."""

    def __init__(
        self,
        backends: Sequence[Backend],
        wanted: Wanted,
        publish: Callable[[str], None],
        deadlines: Deadlines = Deadlines(),  # noqa: B008 - it cannot change
        events: Events | None = None,
    ) -> None:
        """Reach systems through `backends`, each call of which has its deadline; `events` are told of every call."""
        self._backends = tuple(backends)
        self._calls = {backend: Calls(backend, deadlines, events) for backend in backends}
        self._looks = {backend: Calls(backend, deadlines, events) for backend in backends}
        self._place = {resource.kind: place for place, backend in enumerate(backends) for resource in backend.resources}
        self._by_kind = {resource.kind: backend for backend in backends for resource in backend.resources}
        self._wanted = wanted
        self._publish = publish
        self._out_of_step: dict[Key, Resource | None] = {}
        self._noted: set[Key] | None = None

    def __iter__(self) -> Iterator[Backend]:
        return iter(self._backends)

    @property
    def out_of_step(self) -> Collection[Key]:
        """The keys of resources that could not be brought to what they should be; normally none."""
        return tuple(self._out_of_step)

    def backend_of(self, key: Key) -> Backend:
        """Return the backend that has resources of the kind of `key`."""
        return self._by_kind[key[0]]

    @property
    def losses(self) -> list[str]:
        """Why backends do not answer; normally there are none."""
        return [calls.loss for calls in self._calls.values() if calls.loss]

    def trouble(self) -> OutOfStep:
        """Return the event that tells what could not be brought to what it should be, and why as far as that is known."""
        return OutOfStep(time.time(), tuple(map(named, islice(self._out_of_step, TOLD))), "; ".join(self.losses))

    def read(self, keys: Iterable[Key], phase: Phase = "read") -> dict[Key, Resource]:
        """Return what is really there of the resources with `keys`.

        Raises:
            BackendLost: A system does not answer.
        """
        return self._read(self._calls, keys, phase)

    def look(self, keys: Iterable[Key]) -> dict[Key, Resource]:
        """Return the same as `read`, however long it takes, while another thread uses the systems.

        Raises:
            BackendLost: A system does not answer.
        """
        return self._read(self._looks, keys, "start")

    def _read(self, lines: Mapping[Backend, Calls], keys: Iterable[Key], phase: Phase) -> dict[Key, Resource]:
        by_backend: dict[Backend, list[Key]] = {}
        for key in keys:
            by_backend.setdefault(self.backend_of(key), []).append(key)
        found: dict[Key, Resource] = {}
        for backend, mine in by_backend.items():
            found.update(lines[backend].make(phase, partial(backend.read, mine), len(mine)))
        return found

    def owned(self) -> list[Resource]:
        """Return what is there and carries this program's mark.

        Raises:
            BackendLost: A system does not answer.
        """
        found: list[Resource] = []
        for backend in self._backends:
            found += self._calls[backend].make("start", lambda backend=backend: list(backend.owned()))  # type: ignore[misc]
        return found

    def strays(self, wanted: Collection[Key], keys: Collection[Key] | None = None) -> list[Resource]:
        """Return what is there, though it is not `wanted`, and deviates by that; with `keys`, only those are looked for.

        Another thread may use the systems meanwhile.

        Raises:
            BackendLost: A system does not answer.
        """
        found: list[Resource] = []
        for backend in self._backends:
            mine = None if keys is None else {key for key in keys if self.backend_of(key) is backend}
            if mine is None or mine:
                looking = partial(backend.strays, wanted, mine)
                found += self._looks[backend].make("start", lambda looking=looking: list(looking()))  # type: ignore[misc]
        return found

    def note(self) -> set[Key]:
        """Return a set into which the keys of all resources come that are operated on from now on, until `note_no_more`.

        Whoever reads while others may change things can tell by it what may have been read in the middle of a change.
        """
        noted: set[Key] = set()
        self._noted = noted
        return noted

    def note_no_more(self) -> None:
        """Note no keys any more."""
        self._noted = None

    def refusals(self, backend: Backend, operations: Sequence[Operation]) -> Mapping[int, str]:
        """Return why `backend` would refuse operations, by their index, as far as that can be told beforehand.

        Raises:
            BackendLost: Its system does not answer.
        """
        if type(backend).check is Backend.check:
            return {}  # most cannot tell, and need not be asked
        return self._calls[backend].make("check", lambda: backend.check(operations), len(operations))

    def execute(self, backend: Backend, operations: Sequence[Operation]) -> None:
        """Have `backend` carry out `operations`.

        Raises:
            OperationFailed: Some were refused; the others may have been carried out or not.
            BackendLost: Its system does not answer.
        """
        if self._noted is not None:
            self._noted.update(operation.key for operation in operations)
        self._calls[backend].make("execute", lambda: backend.execute(operations), len(operations))

    def way_to(self, targets: Mapping[Key, Resource | None], phase: Phase = "read") -> Way:
        """Return how resources get from what they are to `targets`, None being absence.

        What depends on something that has to be replaced is touched as well.

        Raises:
            BackendLost: A system does not answer.
        """
        found = self.read(targets, phase)
        bounced = planning.bounced(found, targets, self._wanted)
        if more := {key: target for key, target in bounced.items() if key not in targets}:
            found |= self.read(more, phase)
            targets = {**targets, **more}
        operations = planning.operations(found, targets, bounced.keys(), self._wanted, lambda key: self._place[key[0]])
        return Way(found, targets, operations)

    def carry_out(self, operations: Sequence[Operation]) -> None:
        """Carry out what can be carried out of `operations`.

        Raises:
            BackendLost: A system does not answer.
        """
        steps = [Step(self.backend_of(operation.key), operation, None) for operation in operations]
        for backend, batch in Plan(steps).batches():
            waiting = [step.operation for step in batch]
            while waiting:
                try:
                    self.execute(backend, waiting)
                    break
                except OperationFailed as error:
                    logger.warning("%s: %s", backend.name, error)
                    # a system may stop at the first one: go on behind it
                    waiting = waiting[max(error.failures) + 1 :]

    def converge(self, targets: Mapping[Key, Resource | None]) -> bool:
        """Bring resources to `targets`, reading and mending; those that cannot be brought there are out of step.

        Returns:
            Whether all are as they should be.
        """
        try:
            return self._converge(targets)
        except BackendLost:
            # the others are brought there at least
            parts: dict[Backend, dict[Key, Resource | None]] = {}
            for key, target in targets.items():
                parts.setdefault(self.backend_of(key), {})[key] = target
            in_step = [self._converge_part(part) for part in parts.values()]
            return all(in_step)

    def _converge_part(self, targets: Mapping[Key, Resource | None]) -> bool:
        try:
            return self._converge(targets)
        except BackendLost as error:
            self._publish(f"a backend does not answer: {error}")
            self._out_of_step.update(targets)
            return False

    def _converge(self, targets: Mapping[Key, Resource | None]) -> bool:
        wrong: list[Operation] = []
        for _ in range(ROUNDS):
            _, targets, wrong = self.way_to(targets)
            if not wrong:
                for key in self._out_of_step.keys() & targets.keys():
                    del self._out_of_step[key]
                return True
            self.carry_out(wrong)
        self._out_of_step.update({operation.key: targets[operation.key] for operation in wrong})
        self._publish(f"out of step: {'; '.join(map(str, wrong[:5]))}{' …' if len(wrong) > 5 else ''}")
        return False

    def get_in_step(self) -> bool:
        """Return whether all resources are as they should be, after another attempt if some were not."""
        return not self._out_of_step or self.converge(dict(self._out_of_step))

    def watch(self, changed: Callable[[Collection[Key]], None]) -> None:
        """Call `changed`, from whatever thread, with the keys of fixed resources that came or went by themselves.

        Raises:
            BackendLost: A system does not answer.
        """
        for backend in self._backends:
            self._calls[backend].make("start", partial(backend.watch, changed))

    def follow(self, touched: Callable[[Collection[Key] | None, Collection[Key]], None]) -> None:
        """Call `touched`, from whatever thread, with the keys of resources that somebody else may have changed.

        The second argument are those of them that may have been away in between; None for the first stands for anything.

        Raises:
            BackendLost: A system does not answer.
        """
        for backend in self._backends:
            self._calls[backend].make("start", partial(backend.follow, touched, self._wanted.concerns))

    def close(self) -> None:
        """Let the backends go; one that hangs is left as it is."""
        for backend, calls in self._calls.items():
            if calls.is_closed:
                continue
            try:
                calls.make("close", backend.close)
            except BackendLost as error:
                logger.error("not closed: %s", error)  # noqa: TRY400 - where it hangs is not told by our own stack
            calls.close()
            self._looks[backend].close()
