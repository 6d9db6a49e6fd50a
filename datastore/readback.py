"""Comparing what systems have with what the configuration calls for, without keeping commits waiting.

Systems are read while others may change them. What is different is then judged with the commit engine at rest: what a
commit has operated on since the reading began says nothing, and is looked at again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datastore import plan as planning
from datastore.deviation import deviations_of
from datastore.places import place_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from backends.resource import Key, Resource
    from datastore.committer import Committer
    from datastore.deviation import Deviation
    from datastore.objects import Source


class Compared(NamedTuple):
    """The outcome of a comparison."""

    looked_at: Collection[Key] | None
    """The keys of what was compared; None stands for everything."""
    deviations: list[Deviation]
    """What is different, without numbers and times."""
    undecided: set[Key]
    """What was being changed meanwhile."""


class _Difference(NamedTuple):
    """What is different, before it is named."""

    key: Key
    wanted: Resource | None
    found: Resource | None
    source: Source | None


class Comparison:
    """Compares the systems of one committer with what is wanted of them; one thread at a time."""

    def __init__(self, committer: Committer) -> None:
        """Compare what `committer` takes care of."""
        self._committer = committer

    def compare(self, keys: Collection[Key] | None, shaken: Collection[Key] = ()) -> Compared:
        """Compare the resources with `keys`, and all that depend on those that are `shaken`; None stands for everything.

        A fixed resource that has gone is no deviation: what follows from that is seen to first.

        Raises:
            BackendLost: A system does not answer.
        """
        with self._committer.at_rest() as (systems, wanted):
            noted = systems.note()
            if keys is None:
                expected = dict(wanted.active)
                others = None
            else:
                keys = {*keys, *planning.depending(shaken, wanted)}
                expected = {key: wanted.active[key] for key in keys if key in wanted.active}
                others = keys - expected.keys()
        try:
            found = systems.look(expected)
            differing = [key for key, resource in expected.items() if found.get(key) != resource]
            strays = systems.strays(wanted.active.keys(), others) if others is None or others else []
            gone = [key for key in differing if expected[key].is_fixed and key not in found]
            if gone:
                # nobody has told yet; what was on it is then deferred, and no longer wanted
                self._committer.look_again(gone)
            differences, undecided = self._judged(differing, found, strays, noted)
        finally:
            systems.note_no_more()
        return Compared(keys, self._named(differences), undecided)

    def foundations(self, keys: Collection[Key]) -> set[Key]:
        """Return the keys of the resources without which those with `keys` would not be as they are to be."""
        with self._committer.at_rest() as (_, wanted):
            return wanted.foundations(keys)

    def depending(self, keys: Collection[Key]) -> dict[Key, Collection[Key]]:
        """Return the keys of what depends on each of the resources with `keys`, where anything does."""
        found: dict[Key, Collection[Key]] = {}
        with self._committer.at_rest() as (_, wanted):
            for key in keys:
                dependents = planning.depending([key], wanted)
                if len(dependents) > 1:
                    found[key] = dependents.keys()
        return found

    def _judged(
        self, differing: Collection[Key], found: dict[Key, Resource], strays: Collection[Resource], noted: set[Key]
    ) -> tuple[list[_Difference], set[Key]]:
        differences: list[_Difference] = []
        undecided: set[Key] = set()
        with self._committer.at_rest() as (systems, wanted):
            moving = noted.union(systems.out_of_step)
            for key in differing:
                there, resource = found.get(key), wanted.active.get(key)
                if there == resource or (resource is not None and resource.is_fixed and there is None):
                    continue
                if key in moving or resource is None:
                    undecided.add(key)
                else:
                    differences.append(_Difference(key, resource, there, wanted.source_of(key)))
            for there in strays:
                if there.key in moving:
                    undecided.add(there.key)
                elif there.key not in wanted.active:
                    differences.append(_Difference(there.key, None, there, None))
        return differences, undecided

    def _named(self, differences: list[_Difference]) -> list[Deviation]:
        running = self._committer.running
        found: list[Deviation] = []
        for key, wanted, there, source in differences:
            backend = self._committer.backend_of(key)
            place = source or (place_of(backend, there, running) if there is not None else None)
            found += deviations_of(key, wanted, there, backend, place, running)
        return found
