"""The plan of a commit: the operations that it takes, in the order in which they can be carried out."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from backends.codec import plain
from backends.operation import Operation
from datastore.wanted import step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from backends.backend import Backend
    from backends.resource import Key, Resource
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
        lines += [
            f"later: {deferred.key[0]} {' '.join(map(str, deferred.key[1:]))}: {deferred.reason}"
            for deferred in self.deferred
        ]
        return "\n".join(lines) or "nothing to do"


class Touched(NamedTuple):
    """The resources that a change has to do with."""

    targets: dict[Key, Resource | None]
    """What each is to be in the end; None are to be gone."""
    bounced: set[Key]
    """Those that depend on a resource that is replaced: they are taken down before and brought back after."""


def touched(changes: Mapping[Key, Change], wanted: Wanted) -> Touched:
    """Return the resources that `changes` have to do with.

    Besides those that change, these are the ones that depend on a resource that goes or is replaced: a system may drop
    them along with it, behind our back.
    """
    targets: dict[Key, Resource | None] = {}
    bounced: set[Key] = set()
    waiting = []
    for key, (before, after) in changes.items():
        targets[key] = after if after is not None else released(before)
        if before is not None and (after is None or len(step(before, after)) > 1):
            waiting.append((key, before, after is not None))
    while waiting:
        key, before, is_replaced = waiting.pop()
        for dependent in wanted.dependents(key, before):
            resource = targets.setdefault(dependent, wanted.active[dependent])
            if is_replaced and dependent not in bounced and resource is not None and not resource.is_fixed:
                bounced.add(dependent)
                waiting.append((dependent, resource, True))
    return Touched(targets, bounced)


def released(resource: Resource | None) -> Resource | None:
    """Return what becomes of a resource that nothing calls for any more."""
    return resource.released() if resource is not None and resource.is_fixed else None


def operations(
    found: Mapping[Key, Resource],
    targets: Mapping[Key, Resource | None],
    bounced: Iterable[Key],
    wanted: Wanted,
) -> list[Operation]:
    """Return what leads from the resources that were `found` to `targets`, in order.

    Resources come after what they need and go before it. What a changed resource needed until then goes after the change,
    so that traffic does not stop where a system can replace in place. Those in `bounced` are taken down and brought back.
    """
    gone: dict[Key, Operation] = {}
    made: dict[Key, Operation] = {}
    bounced = set(bounced)
    for key, target in targets.items():
        there = found.get(key)
        if target is not None and target.is_fixed and there is None:
            continue  # it has gone since; what waits for it will be told
        if key in bounced and there is not None and target is not None and not target.is_fixed:
            parts: tuple[Operation, ...] = (Operation(there, None), Operation(None, target))
        else:
            parts = step(there, target)
        for part in parts:
            (gone if part.after is None else made)[key] = part
    late = _late(gone, made, wanted)
    early = [operation for key, operation in gone.items() if key not in late]
    return [
        *sorted(early, key=lambda operation: -operation.resource.rank),
        *sorted(made.values(), key=lambda operation: operation.resource.rank),
        *sorted((gone[key] for key in late), key=lambda operation: -operation.resource.rank),
    ]


def _late(gone: Mapping[Key, Operation], made: Mapping[Key, Operation], wanted: Wanted) -> set[Key]:
    """Return the keys of resources that go but are needed until others have been changed in place."""
    if not gone or not made:
        return set()
    offered = {
        fact: key for key, operation in gone.items() if key not in made for fact in (key, *operation.resource.offers())
    }
    late: set[Key] = set()
    waiting = [key for key, operation in made.items() if operation.before is not None]
    while waiting:
        for need in wanted.needed_before(waiting.pop()):
            key = offered.get(need)
            if key is not None and key not in late:
                late.add(key)
                waiting.append(key)
    return late
