"""The resources that the configuration calls for, and which of them can take effect.

A resource asks for facts (`backends.resource.Facts`), and is asked again when an answer changes. What that costs depends
on how many resources a change concerns, not on how many there are.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from backends.resource import Fact, Key, Resource, Unmet, named
from backends.translator import Untranslatable
from datastore.errors import NotTranslatable
from datastore.facts import Asking, FactIndex, Meanwhile, Reach
from datastore.leaves import leaf_path
from datastore.undo import UndoLog

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from datastore.objects import ChangedObject, Source
    from yang.path import Path
    from yang.tree import Node

Owner: TypeAlias = "tuple[int, Path]"
"""What tells one source from another."""


class Demand(NamedTuple):
    """A resource as the configuration has it."""

    resource: Resource
    source: Source
    """The object that calls for it, or one of those."""


class Change(NamedTuple):
    """What takes effect under one key before and after."""

    before: Resource | None
    after: Resource | None


class Wanted:
    """What the running configuration calls for; a change of it is tried out and then kept or taken back.

    Only one thread may use it at a time.
    """

    def __init__(self) -> None:
        """Call for nothing."""
        self._log = UndoLog()
        self._demands: dict[Key, Demand] = {}
        # the further objects that call for a resource: of one next hop there may be a hundred thousand
        self._sharers: dict[Key, dict[Owner, Source]] = {}
        self._active: dict[Key, Resource] = {}
        self._waiting: dict[Key, str] = {}
        self._absent: dict[Key, bool] = {}
        self._facts = FactIndex(self._active, self._log)
        self._queue: list[tuple[int, int, Key]] = []
        self._queued: set[Key] = set()
        self._count = 0
        # what the change that is tried out has found
        self._before: dict[Key, Resource | None] = {}
        self._asked_before: dict[Key, tuple[Any, ...]] = {}
        self._source_before: dict[Key, Source] = {}

    @property
    def active(self) -> Mapping[Key, Resource]:
        """The resources that take effect, as they are to be."""
        return self._active

    @property
    def waiting(self) -> Mapping[Key, str]:
        """The resources that are called for and cannot take effect yet, with what they wait for."""
        return self._waiting

    @property
    def concerned(self) -> AbstractSet[Key]:
        """The keys of all resources that the change has looked at."""
        return self._before.keys()

    def demand(self, changed: Iterable[ChangedObject]) -> None:
        """Take up what changed objects call for now, and give up what they called for.

        Raises:
            NotTranslatable: A backend cannot put an object into effect, or two objects call for one resource differently.
        """
        taken: list[tuple[Source, Resource]] = []
        for source, before, after in changed:
            old = _by_key(source, before)
            new = _by_key(source, after)
            for key, resource in old.items():
                if new.get(key) != resource:
                    self._give_up(key, source)
            taken += [(source, resource) for key, resource in new.items() if old.get(key) != resource]
        # only now, for what moves from one object to another is called for by both in between
        for source, resource in taken:
            self._take_up(resource, source)

    def unknown(self) -> set[Key]:
        """Return the keys of fixed resources that are called for and of which it is not known whether they are there."""
        return {key for _, _, key in self._queue if self._is_fixed(key) and key not in self._absent}

    def observe(self, keys: Collection[Key], found: Collection[Key]) -> None:
        """Note which of the fixed resources with `keys` are there: those in `found`."""
        for key in keys:
            is_absent = key not in found
            if self._absent.get(key) != is_absent:
                self._log.set(self._absent, key, is_absent)
                if key in self._demands:
                    self._push(key)

    def resolve(self) -> dict[Key, Change]:
        """Work out what can take effect now, and return what is different from when the change began, by key."""
        while self._queue:
            _, _, key = heapq.heappop(self._queue)
            self._queued.discard(key)
            self._settle(key)
        return {
            key: Change(before, self._active.get(key))
            for key, before in self._before.items()
            if before != self._active.get(key)
        }

    def dependents(self, key: Key, resource: Resource | None) -> Iterator[Key]:
        """Yield the keys of the resources that ask for `resource`, which is under `key`, or for what it offers.

        Those that did so when the change began are among them.
        """
        for fact in (key, *(resource.offers() if resource is not None else ())):
            yield from self.askers(fact)

    def askers(self, fact: Fact) -> Iterator[Key]:
        """Yield the keys of the resources that ask for a fact now, or did so when the change began."""
        return self._facts.askers(fact)

    def needed(self, key: Key) -> Iterator[Fact]:
        """Yield the facts that the resource under `key` asks for now, or did so when the change began."""
        for question in {**dict.fromkeys(self._asked_before.get(key, ())), **dict.fromkeys(self._facts.asked(key))}:
            if isinstance(question, Reach):
                yield from self._facts.networks(question)
            else:
                yield question

    def meanwhile(self, resource: Resource, withdrawn: Collection[Fact], before: Mapping[Fact, Any]) -> Resource | None:
        """Return what becomes of a resource in the middle of a change, when some facts are withdrawn; None if it cannot be.

        Otherwise all that holds after the change holds, and all that did `before`.
        """
        try:
            return resource.resolved(Meanwhile(self._facts, withdrawn, before))
        except Unmet:
            return None

    def source_of(self, key: Key) -> Source | None:
        """Return an object that calls for the resource under `key`, or did so when the change began."""
        demand = self._demands.get(key)
        return demand.source if demand is not None else self._source_before.get(key)

    def concerns(self, key: Key) -> bool:
        """Return whether the resource under `key` takes effect, or did when the change began; any thread may ask."""
        # in this order: what is taken back is active again before it is forgotten that it was looked at
        return key in self._before or key in self._active or key in self._before

    def foundations(self, keys: Iterable[Key]) -> set[Key]:
        """Return the keys of the resources without which those with `keys` would not be as they are."""
        given = set(keys)
        seen = set(given)
        waiting = list(seen)
        while waiting:
            for fact in self.needed(waiting.pop()):
                for provider in self._facts.providers(fact):
                    if provider not in seen:
                        seen.add(provider)
                        waiting.append(provider)
        return seen - given

    def only_source_of(self, key: Key) -> Source | None:
        """Return the object that alone calls for the resource under `key`; None if several do, or none."""
        demand = self._demands.get(key)
        return demand.source if demand is not None and key not in self._sharers else None

    def keep(self) -> None:
        """Keep the change."""
        self._log.keep()
        self._facts.keep()
        self._forget()

    def take_back(self) -> None:
        """Be as when the change began."""
        self._queue.clear()
        self._queued.clear()
        self._log.take_back()
        self._facts.take_back()
        self._forget()

    def _forget(self) -> None:
        self._before.clear()
        self._asked_before.clear()
        self._source_before.clear()

    def _is_fixed(self, key: Key) -> bool:
        demand = self._demands.get(key)
        return demand is not None and demand.resource.is_fixed

    def _take_up(self, resource: Resource, source: Source) -> None:
        key = resource.key
        demand = self._demands.get(key)
        if demand is None:
            self._log.set(self._demands, key, Demand(resource, source))
            self._push(key)
            return
        if demand.resource != resource:
            raise NotTranslatable(
                f"{source.backend.name}: {resource} is called for differently by {demand.source.path}", source.path
            )
        sharers = self._sharers.get(key)
        if sharers is None:
            sharers = {}
            self._log.set(self._sharers, key, sharers)
        self._log.set(sharers, _owner(source), source)

    def _give_up(self, key: Key, source: Source) -> None:
        demand = self._demands.get(key)
        if demand is None:
            return
        self._source_before.setdefault(key, source)
        sharers = self._sharers.get(key)
        if not sharers:
            self._log.remove(self._demands, key)
            self._push(key)
            return
        owner = _owner(source)
        if owner not in sharers:
            # the last one inherits, for finding the first of a dict takes long when many before it have gone
            owner = next(reversed(sharers))
            self._log.set(self._demands, key, Demand(demand.resource, sharers[owner]))
        self._log.remove(sharers, owner)
        if not sharers:
            self._log.remove(self._sharers, key)

    def _settle(self, key: Key) -> None:
        """Work out one resource, and queue those that asked for what is different now."""
        demand = self._demands.get(key)
        asking = Asking(self._facts)
        new: Resource | None = None
        reason = None
        if demand is not None:
            if demand.resource.is_fixed and self._absent.get(key):
                reason = f"{named(key)} is not there"
            else:
                try:
                    new = demand.resource.resolved(asking)
                    reason = None if new is not None else "it waits for something that is not there"
                except Unmet as unmet:
                    reason = unmet.reason
        old = self._active.get(key)
        self._before.setdefault(key, old)
        asked = self._facts.asked(key)
        if asked != asking.questions:
            self._asked_before.setdefault(key, asked)
            self._facts.ask(key, asking.questions)
        if reason is None:
            self._log.remove(self._waiting, key)
        elif self._waiting.get(key) != reason:
            self._log.set(self._waiting, key, reason)
        if new == old:
            return
        if new is None:
            self._log.remove(self._active, key)
        else:
            self._log.set(self._active, key, new)
        for fact in (key, *self._facts.offer(key, old, new)):
            for asker in self._facts.askers(fact):
                self._push(asker)

    def _push(self, key: Key) -> None:
        if key not in self._queued:
            demand = self._demands.get(key)
            resource = demand.resource if demand is not None else self._active.get(key)
            self._queued.add(key)
            self._count += 1
            heapq.heappush(self._queue, (resource.rank if resource is not None else 0, self._count, key))


def _owner(source: Source) -> Owner:
    # a translator need not be hashable
    return id(source.translator), source.path


def _by_key(source: Source, node: Node | None) -> dict[Key, Resource]:
    """Return the resources that an object calls for, none if there is no object."""
    if node is None:
        return {}
    view = source.translator.view(node)
    try:
        return {resource.key: resource for resource in source.translator.resources(view, source.path.keys())}
    except Untranslatable as error:
        path = leaf_path(source.path, error.leaf)
        raise NotTranslatable(f"{source.backend.name}: {error.reason}", path) from error
