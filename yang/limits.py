"""How large and how deep a document may be that somebody hands in."""

from __future__ import annotations

from dataclasses import dataclass

from yang.errors import TooBig


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest document that is read; the defaults hold some 100,000 interfaces.

    Python's own stack ends JSON at some 900 levels, whatever `levels` says.
    """

    octets: int = 90_000_000
    levels: int = 250
    errors: int = 1000
    """After so many errors no more are looked for."""

    def check_size(self, octets: int) -> None:
        """Raise `TooBig` if a document has more octets than are read."""
        if octets > self.octets:
            raise TooBig(f"{octets} octets, where at most {self.octets} are read")

    def check_levels(self, levels: int) -> None:
        """Raise `TooBig` if something is nested more deeply than is read."""
        if levels > self.levels:
            raise self.too_deep()

    def too_deep(self) -> TooBig:
        """Return the error for a document that is nested more deeply than is read."""
        return TooBig(f"nested more deeply than the {self.levels} levels that are read")


LIMITS = Limits()
