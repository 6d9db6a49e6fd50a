"""Which case of a choice counts, for what is mandatory in it and for defaults (RFC 7950 sections 7.6.1 and 7.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yang.tree import Node


def case_in_use(parent: Node, choice: str, case: str) -> bool:
    """Return whether `case` of `choice` is the one that `parent` has, or that it has by default."""
    for name in parent.children:
        for other_choice, other_case in parent.schema.children[name].cases:
            if other_choice == choice:
                return other_case == case
    return any(other.id == choice and other.default == case for other in parent.schema.choices)
