"""Default values: computed when they are read, never stored (RFC 7950 sections 7.6.1 and 7.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yang.schema import SchemaNode
    from yang.tree import Node
    from yang.types import Value


def default_of(parent: Node, leaf: SchemaNode) -> Value | tuple[Value, ...] | None:
    """Return the default of `leaf` if it is in use below `parent`, which does not have the leaf; None otherwise."""
    default = leaf.default
    if default is not None and leaf.cases and not all(case_in_use(parent, *case) for case in leaf.cases):
        return None
    return default


def case_in_use(parent: Node, choice: str, case: str) -> bool:
    """Return whether `case` of `choice` is the one that `parent` has, or that it has by default."""
    for name in parent.children:
        for other_choice, other_case in parent.schema.children[name].cases:
            if other_choice == choice:
                return other_case == case
    return any(other.id == choice and other.default == case for other in parent.schema.choices)
