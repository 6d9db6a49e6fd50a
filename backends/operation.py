"""Operations: what is done to one resource, with all that is needed to undo it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends.resource import Key, Resource


@dataclass(frozen=True, slots=True)
class Operation:
    """The step from one state of a resource to another; None is its absence."""

    before: Resource | None
    after: Resource | None

    @property
    def action(self) -> Literal["create", "update", "delete"]:
        """What it does."""
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update"

    @property
    def resource(self) -> Resource:
        """The resource as it will be, or as it was if it goes."""
        return cast("Resource", self.after if self.after is not None else self.before)

    @property
    def key(self) -> Key:
        """The key of the resource."""
        return self.resource.key

    def inverse(self) -> Operation:
        """Return the operation that undoes this one."""
        return Operation(self.after, self.before)

    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Return the attributes that are different, each with its value before and after; None stands for no resource."""
        old = self.before.attributes() if self.before is not None else {}
        new = self.after.attributes() if self.after is not None else {}
        return {name: (old.get(name), new.get(name)) for name in old | new if old.get(name) != new.get(name)}

    def __str__(self) -> str:
        changes = ", ".join(
            f"{name} {new!r}" if self.before is None else f"{name} {old!r} -> {new!r}"
            for name, (old, new) in self.changed().items()
        )
        return f"{self.action} {self.resource}" + (f" ({changes})" if changes and self.after is not None else "")


class Failure(NamedTuple):
    """Why a system refused one operation."""

    reason: str
    """For people, with the value in question."""
    code: str = ""
    """The system's own code: an errno's name, a driver's status."""
    attribute: str = ""
    """The field of the resource that it is about, if the system said."""

    def __str__(self) -> str:
        return f"{self.reason} ({self.code})" if self.code else self.reason


class OperationFailed(Exception):
    """Some operations of a batch were refused; of the others it is not known which were carried out."""

    def __init__(self, failures: Mapping[int, Failure]) -> None:
        """Name the failures by the index of the operation."""
        super().__init__("; ".join(f"operation {index}: {failure}" for index, failure in failures.items()))
        self.failures = dict(failures)


class BackendLost(Exception):
    """A backend's system cannot be reached: what state it is in is not known."""
