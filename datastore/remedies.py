"""What is done about deviations: the system is brought back, or the configuration is changed to what was found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from backends.operation import BackendLost, Operation
from backends.resource import named
from datastore.adoption import adopted, is_adopted_by
from datastore.database import HistoryFailed
from datastore.deviation import mixed
from datastore.history import Author
from yang.errors import RequestError
from yang.values import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from backends.resource import Key, Resource
    from datastore.committer import Committer
    from datastore.deviation import Deviation, Name
    from datastore.store import Datastores
    from datastore.systems import Systems

SYSTEM = Author("system", None, "drift")
REVERTED_AT_ONCE = 500
"""Resources that are reverted while commits wait."""
PATIENCE = (0.0, 0.0, 0.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds after which the same is tried once more, by how often it was tried before; the last one is repeated."""
FORGETTING = 120.0
"""Seconds after which it is as if it had never been tried."""
STANDING = 1.0
"""Seconds that something has to stand before it is adopted: what is under way, or comes back by itself, is not meant."""


class Outcome(NamedTuple):
    """What came of a remedy for one deviation."""

    deviation: Deviation
    trouble: str = ""
    """Why it is as it was; empty if it is no more."""
    commit_id: int | None = None


class _Attempts(NamedTuple):
    """How often something was tried in a row, and when last, on the monotonic clock."""

    tries: int
    last: float


class Remedies:
    """Reverts and adopts, less and less often where the same comes back again and again; one thread at a time."""

    def __init__(self, committer: Committer, datastores: Datastores) -> None:
        """Bring the systems of `committer` back, and commit through `datastores`."""
        self._committer = committer
        self._datastores = datastores
        self._attempts: dict[Name, _Attempts] = {}

    def wait(self, deviation: Deviation) -> float:
        """Return in how many seconds a remedy may be tried; 0 is now."""
        attempts = self._attempts.get(deviation.name)
        standing = deviation.since + STANDING - time.time() if deviation.action == "adopt" else 0.0
        pause = 0.0
        if attempts is not None:
            pause = attempts.last + PATIENCE[min(attempts.tries, len(PATIENCE) - 1)] - time.monotonic()
        return max(standing, pause, 0.0)

    def count(self, deviation: Deviation) -> int:
        """Return how often a remedy was tried in a row."""
        attempts = self._attempts.get(deviation.name)
        return attempts.tries if attempts is not None else 0

    def revert(self, deviations: Sequence[Deviation]) -> Iterator[Outcome]:
        """Bring the systems back, what others need first, and yield what came of it."""
        by_key: dict[Key, list[Deviation]] = {}
        for one in sorted(deviations, key=_rank):
            by_key.setdefault(one.key, []).append(one)
        keys = list(by_key)
        for start in range(0, len(keys), REVERTED_AT_ONCE):
            chunk = {key: by_key[key] for key in keys[start : start + REVERTED_AT_ONCE]}
            self._note(one for group in chunk.values() for one in group)
            try:
                trouble = self._reverted(chunk)
            except BackendLost as error:
                trouble = dict.fromkeys(chunk, f"it could not be reverted: {error}")
            for key, group in chunk.items():
                yield from (Outcome(one, trouble.get(key, "")) for one in group)

    def adopt(self, deviations: Sequence[Deviation], author: Author = SYSTEM) -> Iterator[Outcome]:
        """Change the configuration by one commit, or by one for each resource where that is refused; yield what came of it."""
        if not deviations:
            return
        self._note(one for one in deviations if not self._is_noted(one))
        try:
            yield from self._adopted(deviations, author)
        except (RequestError, HistoryFailed) as error:
            groups: dict[Key, list[Deviation]] = {}
            for one in deviations:
                groups.setdefault(one.key, []).append(one)
            if len(groups) == 1:
                yield from (Outcome(one, f"it could not be adopted: {error}") for one in deviations)
                return
            for group in groups.values():
                yield from self.adopt(group, author)

    def _adopted(self, deviations: Sequence[Deviation], author: Author) -> Iterator[Outcome]:
        comment = f"found changed: {listed(map(str, deviations), 3)}"
        done = self._datastores.commit_apart(
            lambda tree: adopted(tree, deviations, self._committer), author, comment, accept=is_adopted_by(deviations)
        )
        return iter([Outcome(one, "", done.commit_id) for one in deviations])

    def _reverted(self, groups: dict[Key, list[Deviation]]) -> dict[Key, str]:
        """Bring resources back, and return what is in the way by key."""
        trouble: dict[Key, str] = {}
        with self._committer.at_rest() as (systems, wanted):
            current = {key: group for key, group in groups.items() if wanted.active.get(key) == group[0].wanted}
            for is_second in (False, True):
                operations = systems.way_to(_targets(systems, current)).operations
                if not operations:
                    return trouble
                if is_second:
                    # what could not be made may have something of somebody else's in its way: it is changed into it
                    operations = [Operation(one.before or one.after, one.after) for one in operations]
                systems.carry_out(operations)
            for operation in systems.way_to(_targets(systems, current)).operations:
                trouble[operation.key] = f"it could not be reverted: {operation} has no effect, or is refused"
        return trouble

    def _is_noted(self, one: Deviation) -> bool:
        """Return whether this attempt was counted already."""
        attempts = self._attempts.get(one.name)
        return attempts is not None and time.monotonic() - attempts.last < STANDING

    def _note(self, deviations: Iterable[Deviation]) -> None:
        now = time.monotonic()
        for name, attempts in list(self._attempts.items()):
            if attempts.last + FORGETTING < now:
                del self._attempts[name]
        for one in deviations:
            self._attempts[one.name] = _Attempts(self.count(one) + 1, now)


def waits_for(others: Iterable[Key]) -> str:
    """Return what is said of a deviation that others have to be seen to before."""
    return f"it waits: {listed(map(named, others), 3)} deviates as well, which it depends on"


def _targets(systems: Systems, groups: dict[Key, list[Deviation]]) -> dict[Key, Resource | None]:
    """Return what resources are to be: as they are now but for the attributes that are to be reverted."""
    found = systems.read(groups)
    return {key: mixed(group, found.get(key)) for key, group in groups.items()}


def _rank(deviation: Deviation) -> int:
    resource = deviation.wanted or deviation.found
    rank = resource.rank if resource is not None else 0
    return -rank if deviation.wanted is None else rank
