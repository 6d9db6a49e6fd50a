"""What a model restricts values by: intervals and patterns, and what it says when they do not hold."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from yang.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

Interval: TypeAlias = "tuple[Any, Any]"


class Complaint(NamedTuple):
    """What a model says when a restriction does not hold; what it leaves out is None."""

    message: str | None = None
    app_tag: str | None = None

    def about(self, message: str) -> InvalidValue:
        """Return the error, with `message` if the model has none of its own."""
        return InvalidValue(self.message or message, app_tag=self.app_tag)


class Pattern(NamedTuple):
    """A pattern restriction: as the model writes it, and as Python's `re` takes it."""

    source: str
    regex: str
    invert: bool = False
    complaint: tuple[str | None, str | None] = (None, None)


def within(intervals: Sequence[Interval], size: Any) -> bool:
    """Return whether `size` is in one of `intervals`, bounds included."""
    return any(low <= size <= high for low, high in intervals)


def written(intervals: Sequence[Interval]) -> str:
    """Return `intervals` as YANG writes them: `1..4094 | 5000`."""
    return " | ".join(_bound(low) if low == high else f"{_bound(low)}..{_bound(high)}" for low, high in intervals)


def _bound(number: Decimal | int) -> str:
    return format(number, "f") if isinstance(number, Decimal) else str(number)
