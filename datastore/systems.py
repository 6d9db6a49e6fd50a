"""The systems behind the backends, taken together: read, changed, and brought to what they should be."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from backends.operation import BackendLost, Operation, OperationFailed
from datastore import plan as planning
from datastore.plan import Plan, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from backends.backend import Backend
    from backends.resource import Key, Resource
    from datastore.wanted import Wanted

logger = logging.getLogger(__name__)

ROUNDS = 5
"""How often converging reads and mends before it gives up for now."""
PATIENCE = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to get back in step; the last one is repeated."""


class Systems:
    """What the backends manage."""

    def __init__(
        self, backends: Sequence[Backend], wanted: Wanted, lock: threading.Lock, publish: Callable[[str], None]
    ) -> None:
        """Reach systems through `backends`; `lock` is held by whoever changes them, and taken to mend them."""
        self._backends = tuple(backends)
        self._by_kind = {resource.kind: backend for backend in backends for resource in backend.resources}
        self._wanted = wanted
        self._lock = lock
        self._publish = publish
        self._out_of_step: dict[Key, Resource | None] = {}
        self._closing = threading.Event()
        self._mender: threading.Thread | None = None

    def __iter__(self) -> Iterator[Backend]:
        return iter(self._backends)

    @property
    def out_of_step(self) -> Collection[Key]:
        """The keys of resources that could not be brought to what they should be; normally none."""
        return tuple(self._out_of_step)

    def backend_of(self, key: Key) -> Backend:
        """Return the backend that has resources of the kind of `key`."""
        return self._by_kind[key[0]]

    def read(self, keys: Iterable[Key]) -> dict[Key, Resource]:
        """Return what is really there of the resources with `keys`.

        Raises:
            BackendLost: A system does not answer.
        """
        by_backend: dict[Backend, list[Key]] = {}
        for key in keys:
            by_backend.setdefault(self.backend_of(key), []).append(key)
        found: dict[Key, Resource] = {}
        for backend, mine in by_backend.items():
            found.update(backend.read(mine))
        return found

    def differences(self, targets: Mapping[Key, Resource | None]) -> list[Operation]:
        """Return the operations that would bring resources from what they are to `targets`, None being absence.

        Raises:
            BackendLost: A system does not answer.
        """
        return planning.operations(self.read(targets), targets, (), self._wanted)

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
                    backend.execute(waiting)
                    break
                except OperationFailed as error:
                    logger.warning("%s: %s", backend.name, error)
                    # a system may stop at the first one: go on behind it
                    waiting = waiting[max(error.failures) + 1 :]

    def converge(self, targets: Mapping[Key, Resource | None]) -> bool:
        """Bring resources to `targets`, reading and mending; those that cannot be brought there now are tried again.

        Returns:
            Whether all are as they should be.
        """
        wrong: list[Operation] = []
        for _ in range(ROUNDS):
            try:
                wrong = self.differences(targets)
                if not wrong:
                    for key in self._out_of_step.keys() & targets.keys():
                        del self._out_of_step[key]
                    return True
                self.carry_out(wrong)
            except BackendLost as error:
                self._publish(f"a backend does not answer: {error}")
                self._out_of_step.update(targets)
                self._start_mending()
                return False
        self._out_of_step.update({operation.key: targets[operation.key] for operation in wrong})
        self._publish(f"out of step: {'; '.join(map(str, wrong[:5]))}{' …' if len(wrong) > 5 else ''}")
        self._start_mending()
        return False

    def get_in_step(self) -> bool:
        """Return whether all resources are as they should be, after another attempt if some were not."""
        return not self._out_of_step or self.converge(dict(self._out_of_step))

    def close(self) -> None:
        """Stop mending, and let the backends go."""
        self._closing.set()
        if self._mender is not None:
            self._mender.join()
        for backend in self._backends:
            backend.close()

    def _start_mending(self) -> None:
        if self._mender is None or not self._mender.is_alive():
            self._mender = threading.Thread(target=self._mend, name="mender", daemon=True)
            self._mender.start()

    def _mend(self) -> None:
        """Try to get back in step until it succeeds."""
        attempt = 0
        while not self._closing.wait(PATIENCE[min(attempt, len(PATIENCE) - 1)]):
            attempt += 1
            with self._lock:
                if self.get_in_step():
                    self._publish("back in step")
                    return
