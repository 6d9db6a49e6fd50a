"""Translators: pure functions from configuration to resources."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from yang.binding import View
from yang.path import Path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backends.resource import Resource
    from yang.tree import Key

ViewT = TypeVar("ViewT", bound=View)


class Claim(NamedTuple):
    """A leaf that a translator puts into effect."""

    leaf: str
    """Its path below the translator's object."""
    attribute: str = ""
    """The resource's attribute that it becomes."""
    values: frozenset[str] | None = None
    """The values that are supported, if not all are; a commit with another one is refused unless some backend has it."""


class Untranslatable(Exception):
    """Configuration that a backend cannot put into effect as it stands."""

    def __init__(self, reason: str, leaf: str = "") -> None:
        """Say why, and at which leaf below the object."""
        super().__init__(reason)
        self.reason = reason
        self.leaf = leaf


class Translator(ABC, Generic[ViewT]):
    """Answers for one kind of object in the configuration: the entries of a list, or a container outside of lists.

    It reads no system and keeps no state: equal objects give equal resources.
    """

    path: ClassVar[str]
    """The schema path of its objects."""
    claims: tuple[Claim, ...]
    """The leaves that it puts into effect; lists' keys are claimed with their lists."""
    excludes: tuple[str, ...] = ()
    """Leaves that its system cannot have, whatever other backends claim."""
    view: type[ViewT]
    """The binding through which it sees an object."""

    @abstractmethod
    def resources(self, view: ViewT, keys: tuple[Key, ...]) -> Iterable[Resource]:
        """Return the resources that an object calls for; `keys` are those of the list entries on the way to it.

        Raises:
            Untranslatable: No resource stands for this configuration.
        """

    def leaf_of(self, resource: Resource, attribute: str, view: ViewT) -> str:  # noqa: ARG002 - for those who know more
        """Return the instance path, below the object, of the leaf that gave `resource` its `attribute`.

        For no attribute in particular it is the leaf that the object is called by, which is claimed first.
        """
        if not attribute:
            return self.claims[0].leaf
        return next((claim.leaf for claim in self.claims if claim.attribute == attribute), "")

    def value_of(self, resource: Resource, attribute: str, leaf: str) -> Any:  # noqa: ARG002 - for those who know more
        """Return the value with which `leaf` of an object gives `resource` its `attribute`; None if it does so by its absence.

        It need not be one that the leaf can have, or that does: whoever asks translates what comes of it, and compares.
        """
        value = getattr(resource, attribute)
        return None if value == "" else value

    def places(self, resource: Resource) -> Iterable[tuple[Key | None, ...]]:  # noqa: ARG002 - most cannot tell
        """Return where an object that calls for `resource` could be: the keys of the list entries on the way to it.

        None stands for the only entry of a list. Of several places, those where more of the way is there are meant.
        """
        return ()


AnyTranslator = Translator[Any]


def objects_of(path: str, tree: Node) -> Iterator[tuple[Path, Node]]:
    """Yield the objects that a translator of `path` answers for in `tree`, each with where it is."""
    places: list[tuple[Path | None, Node]] = [(None, tree)]
    for name in path.strip("/").split("/"):
        below: list[tuple[Path | None, Node]] = []
        for place, node in places:
            child = node.children.get(name)
            if isinstance(child, Entries):
                below += [(Path(place, child.schema, key), entry) for key, entry in child.items()]
            elif isinstance(child, Node):
                below.append((Path(place, child.schema), child))
        places = below
    yield from ((place, node) for place, node in places if place is not None)
