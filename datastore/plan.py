"""The plan of a commit: the operations that it takes, in the order in which they can be carried out."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from backends.codec import plain
from backends.operation import Operation
from backends.resource import Prefix, Shared, named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from backends.backend import Backend
    from backends.resource import Fact, Key, Resource
    from datastore.wanted import Change, Wanted
    from yang.path import Path


class Step(NamedTuple):
    """One operation of a plan."""

    backend: Backend
    operation: Operation
    path: Path | None
    """The object in the configuration that it comes from."""


class Deferred(NamedTuple):
    """A resource that is configured and cannot take effect yet."""

    key: Key
    path: Path | None
    reason: str


class Plan:
    """What a commit will do; the commit does just that."""

    def __init__(
        self,
        steps: Sequence[Step],
        deferred: Sequence[Deferred] = (),
        found: Mapping[Key, Resource] = MappingProxyType({}),
        targets: Mapping[Key, Resource | None] = MappingProxyType({}),
    ) -> None:
        """Carry out `steps`, which lead from the resources that were `found` to `targets`, None being absence."""
        self.steps = tuple(steps)
        self.deferred = tuple(deferred)
        self.found = found
        self.targets = targets

    @cached_property
    def id(self) -> str:
        """A hash of the operations and their order."""
        digest = hashlib.sha256()
        for backend, operation, _ in self.steps:
            digest.update(json.dumps([backend.name, plain(operation.before), plain(operation.after)]).encode() + b"\n")
        return digest.hexdigest()

    def batches(self) -> Iterator[tuple[Backend, list[Step]]]:
        """Yield runs of steps that go to one backend."""
        batch: list[Step] = []
        for one in self.steps:
            if batch and batch[0].backend is not one.backend:
                yield batch[0].backend, batch
                batch = []
            batch.append(one)
        if batch:
            yield batch[0].backend, batch

    def __str__(self) -> str:
        lines = [f"{number}. {one.backend.name}: {one.operation}" for number, one in enumerate(self.steps, 1)]
        lines += [f"later: {named(deferred.key)}: {deferred.reason}" for deferred in self.deferred]
        return "\n".join(lines) or "nothing to do"


def step(before: Resource | None, after: Resource | None) -> tuple[Operation, ...]:
    """Return the operations from one state of a resource to another: two, where it can only be replaced."""
    if before == after:
        return ()
    if _is_replaced(before, after):
        return Operation(before, None), Operation(None, after)
    return (Operation(before, after),)


def _is_replaced(before: Resource | None, after: Resource | None) -> bool:
    if before is None or after is None:
        return False
    return any(getattr(before, name) != getattr(after, name) for name in after.create_only)


def released(resource: Resource | None) -> Resource | None:
    """Return what becomes of a resource that nothing calls for any more."""
    return resource.released() if resource is not None and resource.is_fixed else None


def touched(changes: Mapping[Key, Change], wanted: Wanted) -> dict[Key, Resource | None]:
    """Return what the resources that `changes` have to do with are to be in the end; None are to be gone.

    Besides those that change, these are the ones that depend on a resource that goes or is replaced: a system may drop
    them along with it, behind our back.
    """
    targets = {key: after if after is not None else released(before) for key, (before, after) in changes.items()}
    for key, (before, after) in changes.items():
        if before is not None and (after is None or _is_replaced(before, after)):
            for dependent in wanted.dependents(key, before):
                if dependent in wanted.active:
                    targets.setdefault(dependent, wanted.active[dependent])
    return targets


def depending(keys: Iterable[Key], wanted: Wanted) -> dict[Key, Resource]:
    """Return the resources with `keys` and all that depend on them, as they are to be, as far as they take effect."""
    found: dict[Key, Resource] = {}
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        resource = wanted.active.get(key)
        if resource is not None and key not in found:
            found[key] = resource
            waiting.extend(wanted.dependents(key, resource))
    return found


def bounced(
    found: Mapping[Key, Resource], targets: Mapping[Key, Resource | None], wanted: Wanted
) -> dict[Key, Resource | None]:
    """Return the resources that have to be taken down first and brought back, as they are to be; None are to stay away.

    They depend on something that is replaced. A resource that goes while another one comes with what only one can offer,
    such as a name, is as good as replaced; networks and what is `Shared` can be offered by several. Or a system would drop
    them, for something that they need is withdrawn before they can change.
    """
    back: dict[Key, Resource | None] = {key: targets[key] for key in _lost(found, targets, wanted)}
    waiting = [key for key, there in found.items() if back.get(key) or _is_replaced(there, targets.get(key))]
    gone = [key for key in found if key in targets and targets[key] is None]
    if gone:
        made = (Operation(found.get(key), target) for key, target in targets.items() if target is not None)
        fresh = {fact for operation in made for fact in _gained(operation) if not isinstance(fact, Prefix | Shared)}
        waiting += [key for key in gone if not fresh.isdisjoint(found[key].offers())]
    down = {*waiting, *back}
    while waiting:
        key = waiting.pop()
        for dependent in wanted.dependents(key, found.get(key) or wanted.active.get(key)):
            target = targets.get(dependent, wanted.active.get(dependent))
            if dependent in down or (target is not None and target.is_fixed):
                continue
            # one that goes is not brought back, but what depends on it has to be down before it
            down.add(dependent)
            waiting.append(dependent)
            if target is not None:
                back[dependent] = target
    return back


def operations(
    found: Mapping[Key, Resource],
    targets: Mapping[Key, Resource | None],
    bounced: Collection[Key],
    wanted: Wanted,
    place: Callable[[Key], int] = lambda _: 0,
) -> list[Operation]:
    """Return what leads from the resources that were `found` to `targets`, in order.

    Resources come after what they need and go before it. What a changed resource needed until then goes after the change,
    so that traffic does not stop where a system can replace in place. Those in `bounced` are taken down and brought back.
    Of one rank, those with the same `place` stand together, so that a system gets them at once.
    """
    gone: dict[Key, Operation] = {}
    made: dict[Key, Operation] = {}
    for key, target in targets.items():
        there = found.get(key)
        fixed = target or there
        if fixed is not None and fixed.is_fixed and (there is None or target is None):
            continue  # it has gone or come since, which is told: what is fixed is neither made nor taken away
        if key in bounced and there is not None and target is not None:
            parts: tuple[Operation, ...] = (Operation(there, None), Operation(None, target))
        else:
            parts = step(there, target)
        for part in parts:
            (gone if part.after is None else made)[key] = part
    kept = {key for key, there in found.items() if key not in bounced and there == targets.get(key)}
    late = _late({key: gone[key] for key in gone if key not in bounced}, made, kept, wanted)
    first = [operation for key, operation in gone.items() if key not in late]
    then = [operation for key, operation in made.items() if key not in late]
    last = [gone.get(key) or made[key] for key in late]

    def up(operation: Operation) -> tuple[int, int]:
        return operation.resource.rank, place(operation.key)

    def down(operation: Operation) -> tuple[int, int]:
        return -operation.resource.rank, -place(operation.key)

    return [*sorted(first, key=down), *sorted(then, key=up), *sorted(last, key=down)]


def _late(
    gone: Mapping[Key, Operation], made: Mapping[Key, Operation], kept: Collection[Key], wanted: Wanted
) -> list[Key]:
    """Return the keys of what is withdrawn but needed until other resources have been made, or changed in place.

    Those that are `kept` as they are need it until something else offers the same; a system might drop them in between.

    That are resources that go, and ones that only stop to offer something or offer it differently, such as a link that is
    set down; but not one that something else needs early, for what comes to hold.
    """
    changed = [(key, operation) for key, operation in made.items() if operation.before is not None]
    offered: dict[Fact, list[Key]] = {}
    for key, operation in gone.items():
        if key not in made:
            for fact in (key, *operation.resource.offers()):
                offered.setdefault(fact, []).append(key)
    for key, operation in changed:
        if not _is_early(operation, made, wanted):
            for fact in {*_given_up(operation), *_gained(operation)}:
                offered.setdefault(fact, []).append(key)
    late: dict[Key, None] = {}
    waiting = [key for key, _ in changed] if offered else []
    waiting += {asker for fact in offered for asker in wanted.askers(fact) if asker in kept}
    while waiting:
        asker = waiting.pop()
        for need in wanted.needed(asker):
            for key in offered.get(need, ()):
                if key != asker and key not in late:
                    late[key] = None
                    waiting.append(key)
    return list(late)


def _given_up(operation: Operation) -> Collection[Fact]:
    """Return the facts that no longer hold after an operation."""
    before = operation.before.offers() if operation.before is not None else {}
    return before.keys() - operation.resource.offers().keys()


def _gained(operation: Operation) -> Collection[Fact]:
    """Return the facts that hold only after an operation, or have another value."""
    before = operation.before.offers() if operation.before is not None else {}
    return [fact for fact, value in operation.resource.offers().items() if before.get(fact) != value]


def _is_early(operation: Operation, made: Collection[Key], wanted: Wanted) -> bool:
    """Return whether what is `made` needs what comes to hold with an update."""
    return any(asker in made for fact in _gained(operation) for asker in wanted.askers(fact))


def _lost(found: Mapping[Key, Resource], targets: Mapping[Key, Resource | None], wanted: Wanted) -> Collection[Key]:
    """Return the keys of what changes or goes, and would be dropped before by what an early update brings about."""
    made = {key for key, target in targets.items() if target is not None and target != found.get(key)}
    withdrawn: set[Fact] = set()
    waiting: list[Fact] = []
    for key in made & found.keys():
        update = Operation(found[key], targets[key])
        if not _is_replaced(update.before, update.after) and _is_early(update, made, wanted):
            withdrawn.update(_given_up(update))
            waiting += [*_given_up(update), *_gained(update)]
    if not waiting:
        return ()
    before = {fact: value for key, one in found.items() for fact, value in ((key, one), *one.offers().items())}
    lost: dict[Key, None] = {}
    while waiting:
        for key in wanted.askers(waiting.pop()):
            there = found.get(key)
            if there is None or there.is_fixed or key in lost or targets.get(key, there) == there:
                continue
            left = wanted.meanwhile(there, withdrawn, before)
            if left is None:
                lost[key] = None
            # what lives on may follow, and offer less
            facts = {key, *there.offers()} if left is None else there.offers().keys() - left.offers().keys()
            waiting.extend(facts - withdrawn)
            withdrawn.update(facts)
    return lost
