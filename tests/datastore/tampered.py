"""A backend between the engine and a real one, through which the real one refuses, lies, is lost, or is cut off."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, ClassVar

from backends.backend import Backend
from backends.operation import BackendLost, Failure, Operation, OperationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence

    from backends.resource import Key, Resource

INJECTED = Failure("an injected refusal", "EINJECTED")


class Tampered(Backend):
    """Passes everything on to `inner`, except for what the attributes say."""

    def __init__(self, inner: Backend) -> None:
        self.inner = inner
        self.translators = inner.translators
        self.resources = inner.resources
        self.state = inner.state
        self.executed: list[Operation] = []
        """What was carried out, in order."""
        self.reads = 0
        """How many resources were asked for."""
        self.is_lost = False
        """Nothing is answered."""
        self.lost_when: Callable[[str], bool] = lambda _: False
        """Asked with `read`, `execute`, `check` or `owned` at every call: whether the system is lost from here on."""
        self.ignored: set[Key] = set()
        """Resources whose operations are answered with ok and not carried out."""
        self.refuse_at: int | None = None
        """After so many operations, counted over all calls, one is refused."""
        self.goes_on = False
        """Whether those behind a refused one are carried out, as the kernel does; a chip stops."""
        self.refuses_always: set[Key] = set()
        """Resources whose operations are refused."""
        self.cut_at: int | None = None
        """After so many operations nothing more is carried out or answered, as when the process ends."""
        self.mistake: Exception | None = None
        """What `execute` raises, after it has carried out half of the operations."""
        self.after: defaultdict[Key, list[Callable[[], None]]] = defaultdict(list)
        """What happens in the system by itself once an operation on a resource was carried out."""

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        self._answer("read")
        self.reads += len(keys)
        return self.inner.read(keys)

    def owned(self) -> Iterable[Resource]:
        self._answer("owned")
        return self.inner.owned()

    def check(self, operations: Sequence[Operation]) -> Mapping[int, str]:
        self._answer("check")
        return self.inner.check(operations)

    def watch(self, changed: Callable[[Collection[Key]], None]) -> None:
        self.inner.watch(changed)

    def strays(self, wanted: Container[Key], keys: Collection[Key] | None = None) -> Iterable[Resource]:
        self._answer("strays")
        return self.inner.strays(wanted, keys)

    def follow(
        self,
        touched: Callable[[Collection[Key] | None, Collection[Key]], None],
        concerns: Callable[[Key], bool],
    ) -> None:
        self.inner.follow(touched, concerns)

    def close(self) -> None:
        self.inner.close()

    def execute(self, operations: Sequence[Operation]) -> None:
        self._answer("execute")
        if self.mistake is not None:
            self._pass_on(operations[: len(operations) // 2])
            raise self.mistake
        for index, operation in enumerate(operations):
            number = len(self.executed)
            if self.cut_at is not None and number >= self.cut_at:
                self.is_lost = True
                self._answer("execute")
            if number == self.refuse_at or operation.key in self.refuses_always:
                self.refuse_at = None
                if self.goes_on:
                    self._pass_on(operations[index + 1 :])
                raise OperationFailed({index: INJECTED})
            try:
                self._pass_on([operation])
            except OperationFailed as error:
                raise OperationFailed({index: error.failures[0]}) from error

    def _pass_on(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            self.executed.append(operation)
            if operation.key not in self.ignored:
                self.inner.execute([operation])
            for happen in self.after.get(operation.key, ()):
                happen()

    def _answer(self, call: str) -> None:
        if not self.is_lost:
            self.is_lost = self.lost_when(call)
        if self.is_lost:
            raise BackendLost("nobody answers")


class TamperedHardware(Tampered):
    name: ClassVar[str] = "hardware"


class TamperedKernel(Tampered):
    name: ClassVar[str] = "kernel"
