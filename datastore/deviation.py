"""Deviations: what systems have that the configuration does not call for, or the other way round; and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from backends.operation import Operation
from backends.resource import named
from datastore.leaves import leaf_path
from datastore.refusal import node_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backends.backend import Backend
    from backends.resource import Key, Resource
    from datastore.objects import Source
    from yang.path import Path
    from yang.tree import Node

Action: TypeAlias = Literal["revert", "adopt", "alarm"]
Remedy: TypeAlias = Literal["revert", "adopt"]
Seen: TypeAlias = Literal["event", "comparison"]
Kind: TypeAlias = Literal["found", "healed", "reverted", "adopted"]
Name: TypeAlias = "tuple[Key, str]"
"""What tells one deviation from others: the key of the resource, and the attribute, or none."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One attribute of a resource that is not as it is to be, or a resource that is missing, or there in excess."""

    id: int
    backend: str
    key: Key
    attribute: str
    """Empty for a resource that is missing or there in excess."""
    path: Path | None
    """The leaf or object of the configuration; None if none could call for what was found."""
    wanted: Resource | None
    found: Resource | None
    since: float
    """Seconds since 1970, UTC."""
    seen_by: Seen
    action: Action = "alarm"
    outcome: str = ""

    @property
    def name(self) -> Name:
        """What tells it from others."""
        return self.key, self.attribute

    def wanted_text(self) -> str | None:
        """Return the value that is called for, for people; None if nothing is."""
        return _value(self.wanted, self.attribute)

    def found_text(self) -> str | None:
        """Return the value that was found, for people; None if nothing was."""
        return _value(self.found, self.attribute)

    def is_same(self, other: Deviation) -> bool:
        """Return whether `other` says of the same thing that it is the same way as this one does."""
        return self.name == other.name and (self.wanted_text(), self.found_text()) == (
            other.wanted_text(),
            other.found_text(),
        )

    def __str__(self) -> str:
        thing = f"{named(self.key)} {self.attribute}".rstrip()
        where = f" ({self.path})" if self.path is not None else ""
        if self.found is None:
            return f"{thing} is not there{where}"
        if self.wanted is None:
            return f"{thing} is there, and nothing calls for it{where}"
        return f"{thing} is {self.found_text()!r} instead of {self.wanted_text()!r}{where}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a deviation, for whoever is told of it."""

    kind: Kind
    time: float
    """Seconds since 1970, UTC."""
    deviation: Deviation
    commit_id: int | None = None
    """The commit that adopted it."""

    def __str__(self) -> str:
        by = f" by commit {self.commit_id}" if self.commit_id is not None else ""
        return f"drift {self.kind}{by}: {self.deviation}"


def deviations_of(
    key: Key, wanted: Resource | None, found: Resource | None, backend: Backend, source: Source | None, running: Node
) -> Iterator[Deviation]:
    """Yield what is different between what is `wanted` under a key and what was `found`, without numbers and times.

    `source` is the object of `running` that calls for it; of what is there in excess, the one that would.
    """
    path = source.path if source is not None else None
    if wanted is None or found is None:
        yield Deviation(0, backend.name, key, "", path, wanted, found, 0, "event")
        return
    node = node_at(running, source.path) if source is not None else None
    for attribute in Operation(found, wanted).changed():
        leaf = ""
        if source is not None and node is not None:
            leaf = source.translator.leaf_of(wanted, attribute, source.translator.view(node))
            path = leaf_path(source.path, leaf)
        yield Deviation(0, backend.name, key, attribute, path, wanted, found, 0, "event")


def mixed(group: Sequence[Deviation], found: Resource | None) -> Resource | None:
    """Return one resource as it is `found`, with all attributes that the deviations of `group` name as they are wanted."""
    wanted = group[0].wanted
    if wanted is None or found is None or any(not one.attribute for one in group):
        return wanted
    return replace(found, **{one.attribute: getattr(wanted, one.attribute) for one in group})


def shown(value: Any) -> str:
    """Return an attribute's value for people: nested tuples without the brackets and quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(
            " ".join(map(str, filter(None, part))) if isinstance(part, tuple) else str(part) for part in value
        )
    return str(value)


def _value(resource: Resource | None, attribute: str) -> str | None:
    if resource is None:
        return None
    if attribute:
        return shown(getattr(resource, attribute))
    return ", ".join(f"{name} {shown(value)}" for name, value in resource.attributes().items()) or "there"
