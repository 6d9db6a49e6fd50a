"""The planner: from what is wanted to what can take effect now, and the plan that leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datastore import plan as planning
from datastore.plan import Deferred, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from backends.resource import Key
    from datastore.systems import Systems
    from datastore.wanted import Change, Wanted
    from yang.path import Path


class Planner:
    """Works out the changes that are tried out; only one thread may use it at a time."""

    def __init__(self, systems: Systems, wanted: Wanted) -> None:
        """Plan for `systems` what `wanted` calls for."""
        self._systems = systems
        self._wanted = wanted
        self._deferred: dict[Key, Deferred] = {}

    def deferred(self) -> list[Deferred]:
        """Return what is configured and cannot take effect yet; any thread may ask."""
        # a commit may change it meanwhile; a copy is made at once
        return list(self._deferred.copy().values())

    def resolve(self) -> Mapping[Key, Change]:
        """Return what can take effect now and is different, asking the backends which ports are there.

        Raises:
            BackendLost: A system does not answer.
        """
        changes = self._wanted.resolve() if not self._wanted.unknown() else {}
        while unknown := self._wanted.unknown():
            self._wanted.observe(unknown, self._systems.read(unknown).keys())
            changes = self._wanted.resolve()
        return changes

    def plan(self, changes: Mapping[Key, Change]) -> Plan:
        """Return the plan for what `resolve` gave.

        Raises:
            BackendLost: A system does not answer.
        """
        found, targets, operations = self._systems.way_to(planning.touched(changes, self._wanted))
        missing = {
            key for key, target in targets.items() if target is not None and target.is_fixed and key not in found
        }
        if missing:
            if not missing.isdisjoint(self._wanted.active):
                # a port has gone, and nobody has told yet
                self._wanted.observe(missing, ())
                return self.plan(self._wanted.resolve())
            # one that nothing calls for any more can only be released while it is there
            targets = {key: target for key, target in targets.items() if key not in missing}
        steps = [
            Step(self._systems.backend_of(operation.key), operation, self._path_of(operation.key))
            for operation in operations
        ]
        return Plan(steps, tuple(self._deferred_of(self._wanted.concerned).values()), found, targets)

    def keep(self) -> set[Path]:
        """Keep what was tried out, and return the objects of which more, or less, is deferred than before."""
        deferred = self._deferred_of(self._wanted.concerned)
        before = {key: old for key in self._wanted.concerned if (old := self._deferred.get(key)) is not None}
        turned = [{**before, **deferred}[key].path for key in before.keys() ^ deferred.keys()]
        for key in self._wanted.concerned - deferred.keys():
            self._deferred.pop(key, None)
        self._deferred.update(deferred)
        self._wanted.keep()
        return {path for path in turned if path is not None}

    def _deferred_of(self, keys: Collection[Key]) -> dict[Key, Deferred]:
        waiting = self._wanted.waiting
        return {key: Deferred(key, self._path_of(key), waiting[key]) for key in keys if key in waiting}

    def _path_of(self, key: Key) -> Path | None:
        source = self._wanted.source_of(key)
        return source.path if source is not None else None
