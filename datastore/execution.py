"""One plan as it is carried out: checked beforehand, applied, and compared with what it was to bring about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.operation import Failure, OperationFailed
from datastore.plan import Step
from datastore.refusal import refusal, shortfall

if TYPE_CHECKING:
    from datastore.errors import CommitFailed
    from datastore.plan import Plan
    from datastore.systems import Systems
    from datastore.wanted import Wanted
    from yang.tree import Node


class Execution:
    """Carries out a plan; every method raises `CommitFailed`, with the leaf that is to blame, or `BackendLost`."""

    def __init__(self, systems: Systems, wanted: Wanted, plan: Plan, before: Node, after: Node) -> None:
        """Lead `systems` from the configuration `before` to `after` by `plan`."""
        self._systems = systems
        self._wanted = wanted
        self._plan = plan
        self._before = before
        self._after = after

    def check(self) -> None:
        """Raise if a backend can tell beforehand that it will refuse."""
        for backend in self._systems:
            mine = [step for step in self._plan.steps if step.backend is backend]
            refused = self._systems.refusals(backend, [step.operation for step in mine]) if mine else {}
            for index, reason in refused.items():
                raise self._failure(mine[index], Failure(reason))

    def apply(self) -> None:
        """Carry out the operations, and raise at the first that is refused."""
        for backend, steps in self._plan.batches():
            try:
                self._systems.execute(backend, [step.operation for step in steps])
            except OperationFailed as error:
                index, failure = min(error.failures.items())
                raise self._failure(steps[index], failure) from error

    def verify(self) -> None:
        """Raise if the systems are not as planned, though they said so.

        That goes for what depends on the change, too: what a system drops without its being in the plan is not put back.
        """
        wrong = self._systems.way_to(self._plan.targets, "verify").operations
        if not wrong:
            return
        planned = {step.operation.key for step in self._plan.steps}
        operation = next((operation for operation in wrong if operation.key in planned), wrong[0])
        source = self._wanted.source_of(operation.key)
        step = Step(self._systems.backend_of(operation.key), operation, source.path if source is not None else None)
        raise self._failure(step, Failure(f"it said that it was done, and then: {shortfall(operation)}", "VERIFY"))

    def _failure(self, step: Step, failure: Failure) -> CommitFailed:
        return refusal(step, failure, self._wanted.source_of(step.operation.key), self._before, self._after)
