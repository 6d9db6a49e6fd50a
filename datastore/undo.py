"""A log of changes to dicts, by which they can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MISSING: Any = object()


class UndoLog:
    """Changes dicts, and puts them back as they were."""

    def __init__(self) -> None:
        """Have changed nothing."""
        self._changes: list[tuple[dict[Any, Any], Any, Any]] = []
        self._watched: list[tuple[dict[Any, Any], Callable[[Any], None]]] = []

    def set(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        """Set an item."""
        self._changes.append((mapping, key, mapping.get(key, _MISSING)))
        mapping[key] = value

    def remove(self, mapping: dict[Any, Any], key: Any) -> None:
        """Remove an item, if it is there."""
        if key in mapping:
            self._changes.append((mapping, key, mapping.pop(key)))

    def on_restore(self, mapping: dict[Any, Any], restored: Callable[[Any], None]) -> None:
        """Have `restored` called with the key of every item of `mapping` that is put back."""
        self._watched.append((mapping, restored))

    def keep(self) -> None:
        """Forget how things were."""
        self._changes.clear()

    def take_back(self) -> None:
        """Put everything back as it was, the last change first."""
        for mapping, key, old in reversed(self._changes):
            if old is _MISSING:
                mapping.pop(key, None)
            else:
                mapping[key] = old
            for watched, restored in self._watched:
                if watched is mapping:
                    restored(key)
        self._changes.clear()
