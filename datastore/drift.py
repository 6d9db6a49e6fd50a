"""Drift: what somebody changed in the systems behind our back, found, named, shown, told, and handled by policy.

A thread looks at what backends tell of, soon after, and now and then at everything. What it finds different it looks at
once more before it believes it. What is shown is gone as soon as it is healed, whoever heals it.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from backends.operation import BackendLost
from datastore.deviation import Event
from datastore.errors import NotRemedied
from datastore.policies import Policies, policies_of
from datastore.readback import Comparison
from datastore.remedies import Remedies, waits_for
from yang.errors import DataMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from backends.resource import Key
    from datastore.commits import Author
    from datastore.committer import Committer
    from datastore.deviation import Action, Deviation, Kind, Name, Remedy, Seen
    from datastore.readback import Compared
    from datastore.remedies import Outcome
    from datastore.store import Datastores
    from yang.path import Path
    from yang.tree import Node

logger = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between comparisons of everything, where nothing else is set."""
MERGING = 0.1
"""Seconds in which what is told is gathered."""
SETTLING = 0.2
"""Seconds after which what was found is looked at again: what is in the middle of a change is no deviation."""
ROUND = 1.0
"""Seconds between looks at what deviates."""
MOST = 256
"""Deviations that are looked at in one round."""


class Counts(NamedTuple):
    """What has happened since the start."""

    seen: int = 0
    healed: int = 0
    reverted: int = 0
    adopted: int = 0
    comparisons: int = 0
    last_comparison: float | None = None
    """Seconds since 1970, UTC."""


class _Asked(NamedTuple):
    """What a client wants to have done about a deviation."""

    number: int
    action: Remedy
    author: Author
    place: Path
    done: Future[int | None]


class Drift:
    """Watches over the systems of one device."""

    def __init__(
        self,
        committer: Committer,
        datastores: Datastores,
        publish: Callable[[Event], None] = lambda _: None,
        interval: float = INTERVAL,
    ) -> None:
        """Compare the systems of `committer` with what it wants, all of them every `interval` seconds; 0 stands for never.

        `publish` is told of what happens to deviations, from a thread of ours.
        """
        self._committer = committer
        self._publish = publish
        self._interval = interval
        self._comparison = Comparison(committer)
        self._remedies = Remedies(committer, datastores)
        self._deviations: dict[Name, Deviation] = {}
        self._counts = Counts()
        self._policies: tuple[Node | None, Policies] = (None, Policies("alarm", ()))
        self._changed = threading.Condition()
        self._touched: set[Key] = set()
        self._shaken: set[Key] = set()
        self._is_all_touched = False
        self._asked: list[_Asked] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="drift", daemon=True)
        self._next_comparison = self._next_round = 0.0

    @property
    def counts(self) -> Counts:
        """What has happened since the start."""
        return self._counts

    def deviations(self) -> list[Deviation]:
        """Return what deviates now, in the order in which it was found."""
        return sorted(self._deviations.copy().values(), key=lambda one: one.id)

    def start(self) -> None:
        """Begin to watch; what runs is what the committer has started with.

        Raises:
            BackendLost: A system does not answer.
        """
        with self._committer.at_rest() as (systems, _):
            systems.follow(self.touch)
        self._next_comparison = time.monotonic() + self._interval
        self._thread.start()

    def close(self) -> None:
        """Watch no more; the committer is still open."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def touch(self, keys: Collection[Key] | None, shaken: Collection[Key] = ()) -> None:
        """Have the resources with `keys` looked at soon; None stands for all. What depends on `shaken` ones may be lost."""
        with self._changed:
            if keys is None:
                self._is_all_touched = True
            else:
                self._touched.update(keys)
                self._shaken.update(shaken)
            self._changed.notify_all()

    def remedy(self, number: int, action: Remedy, author: Author, place: Path) -> int | None:
        """Revert or adopt the deviation `number`, which a client calls `place`, for `author`, whatever its policy says.

        Returns:
            The commit that adopts it.

        Raises:
            DataMissing: It is not there any more.
            NotRemedied: It could not be done; it says why.
        """
        asked = _Asked(number, action, author, place, Future())
        with self._changed:
            if self._closing.is_set():
                raise NotRemedied("the server is ending", place)
            self._asked.append(asked)
            self._changed.notify_all()
        return asked.done.result()

    def _watch(self) -> None:
        try:
            self._watch_on()
        finally:
            with self._changed:
                asked, self._asked = self._asked, []
            for one in asked:
                one.done.set_exception(NotRemedied("the server is ending", one.place))

    def _watch_on(self) -> None:
        while True:
            with self._changed:
                while not self._closing.is_set() and not self._is_due():
                    self._changed.wait(self._pause())
            # what follows from one thing is gathered: a bulk change is one look
            if self._closing.wait(MERGING):
                return
            self._answer()
            try:
                self._look()
            except BackendLost as error:
                logger.warning("what deviates is not known: %s", error)
                self._look_later()
            except Exception:
                # a mistake must not end the watch
                logger.exception("a look at the systems failed")
                self._look_later()

    def _answer(self) -> None:
        """Do what clients have asked for."""
        with self._changed:
            asked, self._asked = self._asked, []
        for one in asked:
            try:
                one.done.set_result(self._remedied(one))
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                one.done.set_exception(error)

    def _remedied(self, asked: _Asked) -> int | None:
        # it may have changed, or been healed, since it was last looked at
        self._settle(self._comparison.compare({self._numbered(asked).key}), "comparison")
        known = self._numbered(asked)
        remedies = self._remedies
        outcomes = remedies.revert([known]) if asked.action == "revert" else remedies.adopt([known], asked.author)
        (outcome,) = outcomes
        self._take([outcome], "reverted" if asked.action == "revert" else "adopted")
        if outcome.trouble:
            raise NotRemedied(outcome.trouble, known.path)
        return outcome.commit_id

    def _numbered(self, asked: _Asked) -> Deviation:
        known = next((one for one in self._deviations.values() if one.id == asked.number), None)
        if known is None:
            info = (("bad-element", "deviation"),)
            raise DataMissing(f"deviation {asked.number} is not there any more", asked.place, info=info)
        return known

    def _look_later(self) -> None:
        self._next_comparison = min(self._next_comparison, time.monotonic() + ROUND)
        self._closing.wait(ROUND)

    def _is_due(self) -> bool:
        return bool(self._touched or self._asked) or self._is_all_touched or self._pause() == 0

    def _pause(self) -> float | None:
        """Return the seconds until something is to be done that nobody tells of; None if nothing is."""
        times = [self._next_comparison] if self._interval else []
        if self._deviations:
            times.append(self._next_round)
        return max(min(times) - time.monotonic(), 0.0) if times else None

    def _look(self) -> None:
        with self._changed:
            keys, self._touched = self._touched, set()
            shaken, self._shaken = self._shaken, set()
            is_all, self._is_all_touched = self._is_all_touched, False
        now = time.monotonic()
        if is_all or (self._interval and now >= self._next_comparison):
            self._settle(self._confirmed(None, ()), "comparison")
            counts = self._counts
            self._counts = counts._replace(comparisons=counts.comparisons + 1, last_comparison=time.time())
            self._next_comparison = time.monotonic() + self._interval
        elif keys:
            self._settle(self._confirmed(keys, shaken), "event")
        if self._deviations and time.monotonic() >= self._next_round:
            self._look_around()
            self._next_round = time.monotonic() + ROUND

    def _look_around(self) -> None:
        """Look at what deviates: somebody may have healed it, or it may be time to do something about it."""
        names = list(self._deviations)[:MOST]
        # those that were looked at stand last, so that all have their turn
        for name in names if len(self._deviations) > MOST else ():
            self._deviations[name] = self._deviations.pop(name)
        self._settle(self._comparison.compare({key for key, _ in names}), "comparison")

    def _confirmed(self, keys: Collection[Key] | None, shaken: Collection[Key]) -> Compared:
        """Compare, and believe what is new only if it is found a second time, with what it rests on."""
        first = self._comparison.compare(keys, shaken)
        news = {one.key for one in first.deviations if self._is_new(one)}
        if not news:
            return first
        self._closing.wait(SETTLING)
        second = self._comparison.compare(news | self._comparison.foundations(news))
        kept = [one for one in first.deviations if one.key not in news]
        looked_at = first.looked_at
        if looked_at is not None:
            looked_at = {*looked_at, *(second.looked_at or ())}
        return second._replace(
            looked_at=looked_at,
            deviations=[*kept, *second.deviations],
            undecided=first.undecided | second.undecided,
        )

    def _is_new(self, one: Deviation) -> bool:
        known = self._deviations.get(one.name)
        return known is None or not known.is_same(one)

    def _settle(self, compared: Compared, seen_by: Seen) -> None:
        """Note what deviates now and what does no longer, and do what is to be done."""
        found = {one.name: one for one in compared.deviations}
        looked_at = compared.looked_at
        for name, old in list(self._deviations.items()):
            is_looked_at = looked_at is None or old.key in looked_at
            if is_looked_at and name not in found and old.key not in compared.undecided:
                self._end(old, "healed")
        for one in found.values():
            if self._is_new(one):
                seen = self._counts.seen + 1
                self._counts = self._counts._replace(seen=seen)
                action = self._action(one)
                new = replace(one, id=seen, since=time.time(), seen_by=seen_by, action=action)
                self._deviations[one.name] = new
                self._tell("found", new)
        # what is out of step is mended by others, who take their time
        if again := compared.undecided.difference(self._committer.out_of_step):
            self.touch(again)
        self._remedy()

    def _action(self, one: Deviation) -> Action:
        running = self._committer.running
        if self._policies[0] is not running:
            self._policies = (running, policies_of(running))
        return self._policies[1].action(one.path)

    def _remedy(self) -> None:
        """Revert and adopt what is to be, and whose turn has come."""
        if self._policies[0] is not self._committer.running:
            for name, one in list(self._deviations.items()):
                if one.action != (action := self._action(one)):
                    self._deviations[name] = replace(one, action=action, outcome="")
        due = [one for one in self._deviations.values() if one.action != "alarm" and self._is_turn(one)]
        if not due:
            return
        below = self._comparison.depending({one.key for one in self._deviations.values() if _is_shaky(one)})
        reverted = {one.key for one in due if one.action == "revert"}
        waiting = {one.name for one in due}
        reverts: list[Deviation] = []
        adopts: list[Deviation] = []
        for one in self._deviations.values():
            rests = {key for key, dependents in below.items() if one.key in dependents and one.key != key}
            if one.found is None and not rests.isdisjoint(reverted):
                # it was lost with what is reverted, and comes back with it
                reverts.append(one)
            elif one.name not in waiting:
                continue
            elif one.action == "revert" and (one.found is not None or rests <= reverted):
                reverts.append(one)
            elif not rests:
                adopts.append(one)
            else:
                self._say(one, waits_for(rests))
        self._take(self._remedies.revert(reverts), "reverted")
        self._take(self._remedies.adopt(adopts), "adopted")

    def _is_turn(self, one: Deviation) -> bool:
        """Return whether something may be done about a deviation now; if it was done too often, it says so."""
        wait = self._remedies.wait(one)
        tried = self._remedies.count(one)
        if wait > 0 and tried and not one.outcome:
            self._say(one, f"it came back {tried} times in a row; the next attempt is in {wait:.0f} s")
        return wait == 0

    def _take(self, outcomes: Iterable[Outcome], kind: Kind) -> None:
        for deviation, trouble, commit_id in outcomes:
            if trouble:
                self._say(deviation, trouble)
            else:
                self._end(deviation, kind, commit_id)

    def _say(self, one: Deviation, outcome: str) -> None:
        known = self._deviations.get(one.name)
        if known is not None and known.outcome != outcome:
            self._deviations[one.name] = replace(known, outcome=outcome)

    def _end(self, one: Deviation, kind: Kind, commit_id: int | None = None) -> None:
        if self._deviations.pop(one.name, None) is not None:
            self._counts = self._counts._replace(**{kind: getattr(self._counts, kind) + 1})
            self._tell(kind, one, commit_id)

    def _tell(self, kind: Kind, one: Deviation, commit_id: int | None = None) -> None:
        self._publish(Event(kind, time.time(), one, commit_id))


def _is_shaky(one: Deviation) -> bool:
    """Return whether what depends on a deviation's resource may be different for that: it offers something else."""
    if one.wanted is None:
        return False
    return one.found is None or one.found.offers() != one.wanted.offers()
