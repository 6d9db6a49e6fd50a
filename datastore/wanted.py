"""The resources that the configuration calls for, and which of them can take effect.

A resource asks for facts (`backends.resource.Facts`), and is asked again when an answer changes. What that costs depends
on how many resources a change concerns, not on how many there are.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from backends.operation import Operation
from backends.resource import Fact, Key, Prefix, Resource, Unmet, address_of, named
from backends.translator import Untranslatable
from datastore.errors import NotTranslatable
from datastore.leaves import leaf_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from datastore.objects import ChangedObject, Source

_MISSING: Any = object()


class Demand(NamedTuple):
    """A resource as the configuration has it, and the objects that call for it."""

    resource: Resource
    sources: tuple[Source, ...]


class Reach(NamedTuple):
    """The question how an address is reached."""

    scope: str
    version: int
    address: int


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
        self._demands: dict[Key, Demand] = {}
        self._active: dict[Key, Resource] = {}
        self._waiting: dict[Key, str] = {}
        self._absent: dict[Key, bool] = {}
        self._asked: dict[Key, tuple[Any, ...]] = {}
        self._askers: dict[Any, dict[Key, None]] = {}
        self._offers: dict[Fact, dict[Key, Any]] = {}
        self._networks: dict[tuple[str, int, int, int], dict[Key, Any]] = {}
        self._lengths: dict[tuple[str, int], dict[int, int]] = {}
        self._addresses: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self._queue: list[tuple[int, int, Key]] = []
        self._queued: set[Key] = set()
        self._before: dict[Key, Resource | None] = {}
        self._asked_before: dict[Key, tuple[Any, ...]] = {}
        self._demands_before: dict[Key, Demand] = {}
        self._count = 0

    @property
    def active(self) -> Mapping[Key, Resource]:
        """The resources that take effect, as they are to be."""
        return self._active

    @property
    def waiting(self) -> Mapping[Key, str]:
        """The resources that are called for and cannot take effect yet, with what they wait for."""
        return self._waiting

    @property
    def concerned(self) -> Collection[Key]:
        """The keys of all resources that the change has looked at."""
        return self._before.keys()

    def demand(self, changed: Iterable[ChangedObject]) -> None:
        """Take up what changed objects call for now, and give up what they called for.

        Raises:
            NotTranslatable: A backend cannot put an object into effect, or two objects call for one resource differently.
        """
        for source, before, after in changed:
            old = list(_translated(source, before)) if before is not None else []
            new = list(_translated(source, after)) if after is not None else []
            new_keys = {resource.key for resource in new}
            for resource in old:
                if resource.key not in new_keys:
                    self._give_up(resource.key, source)
            for resource in new:
                self._take_up(resource, source)

    def unknown(self) -> set[Key]:
        """Return the keys of fixed resources that are called for and of which it is not known whether they are there."""
        return {key for _, _, key in self._queue if self._is_fixed(key) and key not in self._absent}

    def observe(self, keys: Collection[Key], found: Collection[Key]) -> None:
        """Note which of the fixed resources with `keys` are there: those in `found`."""
        for key in keys:
            is_absent = key not in found
            if self._absent.get(key) != is_absent:
                self._set(self._absent, key, is_absent)
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
        """Yield the keys of the active resources that asked for `resource`, which is under `key`, or what it offers."""
        for fact in (key, *(resource.offers() if resource is not None else ())):
            yield from (asker for asker in self._askers_of(fact) if asker in self._active)

    def needs(self, key: Key, *, before: bool) -> Iterator[Key]:
        """Yield the keys that the resource under `key` asked about when the change began or now, directly or by name."""
        asked = self._asked_before.get(key, self._asked.get(key, ())) if before else self._asked.get(key, ())
        for question in asked:
            if isinstance(question, Reach):
                for length in self._lengths.get(question[:2], ()):
                    shift = (32 if question.version == 4 else 128) - length
                    network = (question.address >> shift) << shift
                    yield Prefix(question.scope, question.version, network, length)
            else:
                yield question

    def source_of(self, key: Key) -> Source | None:
        """Return the first object that calls for the resource under `key`, or did so when the change began."""
        demand = self._demands.get(key) or self._demands_before.get(key)
        return demand.sources[0] if demand is not None else None

    def keep(self) -> None:
        """Keep the change."""
        self._undo.clear()
        self._before.clear()
        self._asked_before.clear()
        self._demands_before.clear()

    def take_back(self) -> None:
        """Be as when the change began."""
        self._queue.clear()
        self._queued.clear()
        for mapping, key, old in reversed(self._undo):
            if old is _MISSING:
                mapping.pop(key, None)
            else:
                mapping[key] = old
            if mapping is self._askers:
                self._list_address(key, is_asked=old is not _MISSING)
        self.keep()

    def _is_fixed(self, key: Key) -> bool:
        demand = self._demands.get(key)
        return demand is not None and demand.resource.is_fixed

    def _take_up(self, resource: Resource, source: Source) -> None:
        key = resource.key
        demand = self._demands.get(key)
        if demand is None:
            self._set(self._demands, key, Demand(resource, (source,)))
            self._push(key)
            return
        others = tuple(other for other in demand.sources if other.path != source.path)
        if others and demand.resource != resource:
            raise NotTranslatable(
                f"{source.backend.name}: {resource} is called for differently by {others[0].path}",
                source.path,
            )
        if demand.resource != resource or len(others) == len(demand.sources):
            self._demands_before.setdefault(key, demand)
            self._set(self._demands, key, Demand(resource, (*others, source)))
            self._push(key)

    def _give_up(self, key: Key, source: Source) -> None:
        demand = self._demands.get(key)
        if demand is None:
            return
        others = tuple(other for other in demand.sources if other.path != source.path)
        self._demands_before.setdefault(key, demand)
        if others:
            self._set(self._demands, key, demand._replace(sources=others))
        else:
            self._set(self._demands, key, _MISSING)
        self._push(key)

    def _settle(self, key: Key) -> None:
        """Work out one resource, and queue those that asked for what is different now."""
        demand = self._demands.get(key)
        asking = _Asking(self)
        new: Resource | None = None
        reason = None
        if demand is not None:
            if demand.resource.is_fixed and self._absent.get(key):
                reason = f"{named(key)} is not there"
            else:
                try:
                    new = demand.resource.resolved(asking)
                except Unmet as unmet:
                    reason = unmet.reason
        old = self._active.get(key)
        self._before.setdefault(key, old)
        self._ask(key, tuple(asking.questions))
        if self._waiting.get(key) != reason:
            self._set(self._waiting, key, _MISSING if reason is None else reason)
        if new == old:
            return
        self._set(self._active, key, _MISSING if new is None else new)
        for fact in (key, *self._offer(key, old, new)):
            for asker in self._askers_of(fact):
                self._push(asker)

    def _offer(self, key: Key, old: Resource | None, new: Resource | None) -> list[Fact]:
        """Note what `new` offers instead of `old`, and return the facts that are different."""
        before = old.offers() if old is not None else {}
        after = new.offers() if new is not None else {}
        changed = [fact for fact in {**before, **after} if before.get(fact) != after.get(fact)]
        for fact in changed:
            index: dict[Any, dict[Key, Any]] = self._networks if isinstance(fact, Prefix) else self._offers
            providers = dict(index.get(fact, ()))
            was_there = bool(providers)
            if fact in after:
                providers[key] = after[fact]
            else:
                providers.pop(key, None)
            self._set(index, fact, providers or _MISSING)
            if isinstance(fact, Prefix) and was_there != bool(providers):
                lengths = dict(self._lengths.get(fact[:2], ()))
                lengths[fact.length] = lengths.get(fact.length, 0) + (1 if providers else -1)
                if not lengths[fact.length]:
                    del lengths[fact.length]
                self._set(self._lengths, fact[:2], dict(sorted(lengths.items(), reverse=True)))
        return changed

    def _ask(self, key: Key, questions: tuple[Any, ...]) -> None:
        """Note what the resource under `key` has asked."""
        old = self._asked.get(key, ())
        if old == questions:
            return
        self._asked_before.setdefault(key, old)
        self._set(self._asked, key, questions or _MISSING)
        # the inner dicts are changed in place, for one fact may have a hundred thousand askers
        for question in old:
            askers = self._askers.get(question)
            if question not in questions and askers is not None:
                self._set(askers, key, _MISSING)
                if not askers:
                    self._set(self._askers, question, _MISSING)
                    self._list_address(question, is_asked=False)
        for question in questions:
            askers = self._askers.get(question)
            if askers is None:
                askers = {}
                self._set(self._askers, question, askers)
                self._list_address(question, is_asked=True)
            if key not in askers:
                self._set(askers, key, None)

    def _list_address(self, question: Any, *, is_asked: bool) -> None:
        """Keep the addresses that are asked about in order, so that those of a network are found."""
        if not isinstance(question, Reach):
            return
        addresses = self._addresses[question[:2]]
        index = bisect_left(addresses, question.address)
        is_listed = index < len(addresses) and addresses[index] == question.address
        if is_asked and not is_listed:
            addresses.insert(index, question.address)
        elif is_listed and not is_asked:
            del addresses[index]

    def _askers_of(self, fact: Fact) -> Iterator[Key]:
        if isinstance(fact, Prefix):
            size = 1 << ((32 if fact.version == 4 else 128) - fact.length)
            addresses = self._addresses.get(fact[:2], [])
            start, end = (
                bisect_left(addresses, fact.network),
                bisect_right(addresses, fact.network + size - 1),
            )
            for address in addresses[start:end]:
                yield from self._askers.get(Reach(fact.scope, fact.version, address), ())
        else:
            yield from self._askers.get(fact, ())

    def _push(self, key: Key) -> None:
        if key not in self._queued:
            demand = self._demands.get(key)
            resource = demand.resource if demand is not None else self._active.get(key)
            self._queued.add(key)
            self._count += 1
            heapq.heappush(self._queue, (resource.rank if resource is not None else 0, self._count, key))

    def _set(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        self._undo.append((mapping, key, mapping.get(key, _MISSING)))
        if value is _MISSING:
            mapping.pop(key, None)
        else:
            mapping[key] = value


class _Asking:
    """The facts, as one resource asks for them; its questions are kept."""

    __slots__ = ("_wanted", "questions")

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.questions: dict[Any, None] = {}

    def get(self, fact: Fact) -> Any | None:
        self.questions[fact] = None
        found = self._wanted._active.get(fact)
        if found is not None:
            return found
        providers = self._wanted._offers.get(fact)
        return providers[min(providers)] if providers else None

    def require(self, fact: Fact) -> Any:
        found = self.get(fact)
        if found is None:
            raise Unmet(f"it waits for {named(fact)}")
        return found

    def reach(self, scope: str, address: str) -> Any | None:
        version, number = address_of(address)
        self.questions[Reach(scope, version, number)] = None
        for length in self._wanted._lengths.get((scope, version), ()):
            shift = (32 if version == 4 else 128) - length
            providers = self._wanted._networks.get(Prefix(scope, version, (number >> shift) << shift, length))
            if providers:
                return providers[min(providers)]
        return None


def _translated(source: Source, node: Any) -> Iterable[Resource]:
    """Return the resources that an object calls for."""
    view = source.translator.view(node)
    try:
        return list(source.translator.resources(view, source.path.keys()))
    except Untranslatable as error:
        path = leaf_path(source.path, error.leaf)
        raise NotTranslatable(f"{source.backend.name}: {error.reason}", path) from error


def step(before: Resource | None, after: Resource | None) -> tuple[Operation, ...]:
    """Return the operations from one state of a resource to another: two, where it can only be replaced."""
    if before == after:
        return ()
    if before is not None and after is not None and _is_replaced(before, after):
        return Operation(before, None), Operation(None, after)
    return (Operation(before, after),)


def _is_replaced(before: Resource, after: Resource) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in after.create_only)
