"""Identities, and which derive from which (RFC 7950 section 7.18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.values import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Identities:
    """Every identity of a model set, by its `module:name`."""

    def __init__(self, bases: Mapping[str, Sequence[str]]) -> None:
        """Know identities with the ones that each derives from."""
        self._values = {name: Identity(name) for name in bases}
        self._ranks = {name: rank for rank, name in enumerate(bases)}
        self._direct: dict[str, list[str]] = {}
        for name, above in bases.items():
            for base in above:
                self._direct.setdefault(base, []).append(name)
        self._below: dict[str, set[str]] = {}
        self._derived: dict[tuple[str, ...], dict[str, Identity]] = {}

    def derived(self, bases: tuple[str, ...]) -> dict[str, Identity]:
        """Return the identities that derive from all of `bases`, none of `bases` included."""
        found = self._derived.get(bases)
        if found is None:
            common = set.intersection(*map(self._all_below, bases))
            found = {name: self._values[name] for name in sorted(common, key=self._ranks.__getitem__)}
            self._derived[bases] = found
        return found

    def is_derived(self, name: str, base: str) -> bool:
        """Return whether the identity `name` derives from `base`, itself not included (RFC 7950 section 10.4.1)."""
        return name in self._all_below(base)

    def _all_below(self, base: str) -> set[str]:
        found = self._below.get(base)
        if found is None:
            found = set(self._direct.get(base, ()))
            found.update(*map(self._all_below, tuple(found)))
            self._below[base] = found
        return found
