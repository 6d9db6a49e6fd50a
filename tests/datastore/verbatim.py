"""Objects that say themselves which resources they call for, so that what becomes of resources is tested without trees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from backends.backend import Backend
from backends.configuration import INTERFACE
from backends.resource import Fact, Facts, Prefix, Resource, network_of
from backends.translator import Claim, Translator
from datastore.objects import ChangedObject, Source
from yang.path import Path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key
    from datastore.wanted import Wanted
    from yang.schema import Schema

SCOPE = "verbatim"


@dataclass(frozen=True, slots=True)
class Port(Resource):
    """Something fixed."""

    kind: ClassVar[str] = "test:port"
    rank: ClassVar[int] = 10
    keys: ClassVar[tuple[str, ...]] = ("name",)
    is_fixed: ClassVar[bool] = True

    name: str
    speed: int = 0

    def offers(self) -> Mapping[Fact, Any]:
        return {("up", self.name): True} if self.speed else {}

    def released(self) -> Port:
        return Port(self.name)


@dataclass(frozen=True, slots=True)
class Net(Resource):
    """A network on a port; on which one cannot be changed in place."""

    kind: ClassVar[str] = "test:net"
    rank: ClassVar[int] = 20
    keys: ClassVar[tuple[str, ...]] = ("network",)
    create_only: ClassVar[frozenset[str]] = frozenset({"port"})

    network: str
    port: str
    note: str = ""

    def resolved(self, facts: Facts) -> Net:
        facts.require((Port.kind, self.port))
        return self

    def offers(self) -> Mapping[Fact, Any]:
        return {Prefix(SCOPE, *network_of(self.network)): self.network}


@dataclass(frozen=True, slots=True)
class Label(Resource):
    """A number, which only one can have at a time, on a port that is up."""

    kind: ClassVar[str] = "test:label"
    rank: ClassVar[int] = 20
    keys: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    port: str
    number: int

    def resolved(self, facts: Facts) -> Label:
        facts.require(("up", self.port))
        return self

    def offers(self) -> Mapping[Fact, Any]:
        return {("number", self.number): self.name}


@dataclass(frozen=True, slots=True)
class Way(Resource):
    """A way to an address: through the longest network that it is in, or through a label; changed in place."""

    kind: ClassVar[str] = "test:way"
    rank: ClassVar[int] = 30
    keys: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    address: str = ""
    number: int = 0
    through: str = ""

    def resolved(self, facts: Facts) -> Way | None:
        if self.number:
            return replace(self, through=facts.require(("number", self.number)))
        found = facts.reach(SCOPE, self.address)
        return None if found is None else replace(self, through=found)


class Verbatim(Translator[Any]):
    """Its objects are tuples of resources."""

    path: ClassVar[str] = INTERFACE
    claims = (Claim("config/name"),)
    view = tuple

    def resources(self, view: Any, keys: Any) -> Iterable[Resource]:  # noqa: ARG002 - as the contract has it
        return cast("Iterable[Resource]", view)


class Nothing(Backend):
    """A backend that is only named."""

    name: ClassVar[str] = "test"
    resources = (Port, Net, Label, Way)
    translators = (Verbatim(),)

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        raise NotImplementedError

    def execute(self, operations: Sequence[Operation]) -> None:
        raise NotImplementedError


class Objects:
    """A configuration of such objects, by name."""

    def __init__(self, schema: Schema) -> None:
        self._backend = Nothing()
        self._schema = schema.find(INTERFACE)
        self._objects: dict[str, tuple[Resource, ...]] = {}

    def source(self, name: str) -> Source:
        return Source(self._backend, self._backend.translators[0], Path(None, self._schema, (name,)))

    def change(self, **objects: tuple[Resource, ...] | None) -> list[ChangedObject]:
        """Return what is changed if these objects are as given, None being gone; from now on they are so."""
        found = []
        for name, after in objects.items():
            before = self._objects.pop(name, None)
            if after is not None:
                self._objects[name] = after
            found.append(ChangedObject(self.source(name), cast("Any", before), cast("Any", after)))
        return found


def tried(wanted: Wanted, changed: list[ChangedObject]) -> Mapping[Key, Any]:
    """Try out what changed objects call for; every port is there."""
    wanted.demand(changed)
    unknown = wanted.unknown()
    wanted.observe(unknown, unknown)
    return wanted.resolve()


def kept(wanted: Wanted, changed: list[ChangedObject]) -> None:
    tried(wanted, changed)
    wanted.keep()


def indexes(wanted: Wanted) -> dict[str, Any]:
    """Return a copy of everything that is kept in there."""
    facts = wanted._facts
    return {
        "demands": dict(wanted._demands),
        "sharers": {key: dict(value) for key, value in wanted._sharers.items()},
        "active": dict(wanted._active),
        "waiting": dict(wanted._waiting),
        "absent": dict(wanted._absent),
        "offers": {key: dict(value) for key, value in facts._offers.items()},
        "networks": {key: dict(value) for key, value in facts._networks.items()},
        "lengths": {key: list(value.items()) for key, value in facts._lengths.items()},
        "asked": dict(facts._asked),
        "askers": {key: dict(value) for key, value in facts._askers.items()},
        "addresses": {key: list(value) for key, value in facts._addresses.items()},
        "nothing": [
            *wanted._queue,
            *wanted._queued,
            *wanted._before,
            *wanted._asked_before,
            *wanted._source_before,
            *facts._dropped,
            *wanted._log._changes,
        ],
    }


def without_history(found: dict[str, Any]) -> dict[str, Any]:
    """Return the indexes without what depends on the order in which things came."""
    found = dict(found)
    demands, sharers = found.pop("demands"), found.pop("sharers")
    del found["absent"]
    found["demands"] = {key: demand.resource for key, demand in demands.items()}
    found["owners"] = {
        key: {demand.source.path, *(source.path for source in sharers.get(key, {}).values())}
        for key, demand in demands.items()
    }
    return found
