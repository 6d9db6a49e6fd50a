"""Who offers which facts and who has asked for them, so that whoever is concerned by a change is found at once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from backends.resource import Fact, Key, Prefix, Shared, Unmet, address_of, named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from backends.resource import Resource
    from datastore.undo import UndoLog


class Reach(NamedTuple):
    """The question how an address is reached."""

    scope: str
    version: int
    address: int


def width(version: int) -> int:
    """Return how many bits an address has."""
    return 32 if version == 4 else 128


class FactIndex:
    """The facts that hold, by who offers them, and the questions that were asked, by who asked."""

    def __init__(self, active: Mapping[Key, Resource], log: UndoLog) -> None:
        """Know the resources in `active`, whose keys are facts; changes go through `log`."""
        self._active = active
        self._log = log
        self._offers: dict[Fact, dict[Key, Any]] = {}
        self._networks: dict[Fact, dict[Key, Any]] = {}
        self._lengths: dict[tuple[str, int], dict[int, int]] = {}
        self._gone_lengths: defaultdict[tuple[str, int], dict[int, None]] = defaultdict(dict)
        self._asked: dict[Key, tuple[Any, ...]] = {}
        self._askers: dict[Any, dict[Key, None]] = {}
        self._dropped: list[tuple[Key, Any]] = []
        self._addresses: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        log.on_restore(self._askers, lambda question: self._list_address(question, is_asked=question in self._askers))

    def value(self, fact: Fact) -> Any | None:
        """Return the value of a fact, or None; of several that offer it, the one with the least key is believed."""
        found = self._active.get(fact)
        if found is not None:
            return found
        providers = self._offers.get(fact)
        return providers[min(providers)] if providers else None

    def providers(self, fact: Fact) -> list[Key]:
        """Return the keys of the resources that offer a fact now."""
        if fact in self._active:
            return [fact]
        index = self._networks if isinstance(fact, Prefix) else self._offers
        return list(index.get(fact, ()))

    def reach(self, question: Reach) -> Any | None:
        """Return the value of the longest network that an address is in, or None."""
        for prefix in _networks(question, self._lengths.get(question[:2], ())):
            providers = self._networks.get(prefix)
            if providers:
                return providers[min(providers)]
        return None

    def networks(self, question: Reach) -> Iterator[Prefix]:
        """Yield the networks that could answer a question now, or could when the change began."""
        scope = question[:2]
        return _networks(question, {**self._lengths.get(scope, {}), **self._gone_lengths.get(scope, {})})

    def asked(self, key: Key) -> tuple[Any, ...]:
        """Return what the resource under `key` has asked."""
        return self._asked.get(key, ())

    def askers(self, fact: Fact) -> Iterator[Key]:
        """Yield the keys of the resources that ask for a fact now, or did so when the change began."""
        if isinstance(fact, Prefix):
            last = fact.network + (1 << (width(fact.version) - fact.length)) - 1
            addresses = self._addresses.get(fact[:2], [])
            for address in addresses[bisect_left(addresses, fact.network) : bisect_right(addresses, last)]:
                yield from self._askers.get(Reach(fact.scope, fact.version, address), ())
        else:
            yield from self._askers.get(fact, ())

    def offer(self, key: Key, old: Resource | None, new: Resource | None) -> list[Fact]:
        """Note what the resource `new` offers instead of `old`, and return the facts that are different."""
        before = old.offers() if old is not None else {}
        after = new.offers() if new is not None else {}
        changed = [fact for fact in {**before, **after} if before.get(fact) != after.get(fact)]
        for fact in changed:
            index = self._networks if isinstance(fact, Prefix) else self._offers
            providers = dict(index.get(fact, ()))
            was_offered = bool(providers)
            if fact in after:
                providers[key] = after[fact]
            else:
                providers.pop(key, None)
            if providers:
                self._log.set(index, fact, providers)
            else:
                self._log.remove(index, fact)
            if isinstance(fact, Prefix) and was_offered != bool(providers):
                self._count_length(fact, 1 if providers else -1)
        return changed

    def ask(self, key: Key, questions: tuple[Any, ...]) -> None:
        """Note what the resource under `key` asks now."""
        # what it asked before is forgotten when the change is kept: until then the system may still be as it was
        self._dropped += [(key, question) for question in self.asked(key) if question not in questions]
        if questions:
            self._log.set(self._asked, key, questions)
        else:
            self._log.remove(self._asked, key)
        # the inner dicts are changed in place, for one fact may have a hundred thousand askers
        for question in questions:
            askers = self._askers.get(question)
            if askers is None:
                askers = {}
                self._log.set(self._askers, question, askers)
                self._list_address(question, is_asked=True)
            if key not in askers:
                self._log.set(askers, key, None)

    def keep(self) -> None:
        """Forget what was only before the change, which is kept."""
        for key, question in self._dropped:
            askers = self._askers.get(question)
            if askers is None or question in self.asked(key):
                continue
            askers.pop(key, None)
            if not askers:
                del self._askers[question]
                self._list_address(question, is_asked=False)
        self._dropped.clear()
        self._gone_lengths.clear()

    def take_back(self) -> None:
        """Forget what the change, which the log takes back, has dropped."""
        self._dropped.clear()
        self._gone_lengths.clear()

    def _count_length(self, prefix: Prefix, change: int) -> None:
        """Count the networks of a length, so that only lengths that there are are looked for; the longest stand first."""
        lengths = dict(self._lengths.get(prefix[:2], ()))
        lengths[prefix.length] = lengths.get(prefix.length, 0) + change
        if not lengths[prefix.length]:
            del lengths[prefix.length]
            self._gone_lengths[prefix[:2]][prefix.length] = None
        if lengths:
            self._log.set(self._lengths, prefix[:2], dict(sorted(lengths.items(), reverse=True)))
        else:
            self._log.remove(self._lengths, prefix[:2])

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
        if not addresses:
            del self._addresses[question[:2]]


def _networks(question: Reach, lengths: Iterable[int]) -> Iterator[Prefix]:
    for length in lengths:
        shift = width(question.version) - length
        yield Prefix(question.scope, question.version, (question.address >> shift) << shift, length)


class Asking:
    """The facts, as one resource asks for them; its questions are kept."""

    def __init__(self, index: FactIndex) -> None:
        """Answer from `index`."""
        self._index = index
        self._questions: dict[Any, None] = {}

    @property
    def questions(self) -> tuple[Any, ...]:
        """What was asked."""
        return tuple(self._questions)

    def get(self, fact: Fact) -> Any | None:
        """Return the value of a fact, or None."""
        self._questions[fact] = None
        return self._index.value(fact)

    def require(self, fact: Fact) -> Any:
        """Return the value of a fact."""
        found = self.get(fact)
        if found is None:
            raise Unmet(f"it waits for {named(fact)}")
        return found

    def reach(self, scope: str, address: str) -> Any | None:
        """Return the value of the longest network that an address is in, or None."""
        question = Reach(scope, *address_of(address))
        self._questions[question] = None
        return self._index.reach(question)


class Meanwhile(Asking):
    """What holds in the middle of a change: all that will hold after it and all that did before, but not what is withdrawn."""

    def __init__(self, index: FactIndex, withdrawn: Collection[Fact], before: Mapping[Fact, Any]) -> None:
        """Answer from `index` and from what did hold `before`."""
        super().__init__(index)
        self._withdrawn = withdrawn
        self._before = before

    def get(self, fact: Fact) -> Any | None:
        """Return the value of a fact, or None; what is `Shared` may be withdrawn by one and offered by another."""
        is_withdrawn = fact in self._withdrawn
        if is_withdrawn and not isinstance(fact, Shared):
            return None
        found = super().get(fact)
        return self._before.get(fact) if found is None and not is_withdrawn else found
