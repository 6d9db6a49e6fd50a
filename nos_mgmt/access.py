"""What a user may see and do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yang.path import Path
    from yang.schema import SchemaNode
    from yang.tree import Node


class Access:
    """What one user may see and do. Whoever is let in may everything."""

    @property
    def sees_all(self) -> bool:
        """Whether nothing is kept from the user."""
        return True

    def visible(self, tree: Node) -> Node:
        """Return what the user may see of a data tree, itself where that is all of it."""
        return tree

    def refuse_change(self, before: Node, after: Node) -> None:
        """Raise an error of the kind access-denied for the first node in which the two differ that the user may not change."""

    def refuse_operation(self, operation: SchemaNode) -> None:
        """Raise an error of the kind access-denied if the user may not call an operation."""

    def refuse_action(self, path: Path) -> None:
        """Raise an error of the kind access-denied if the user may not call the action at `path`."""

    def may_receive(self, notification: SchemaNode) -> bool:  # noqa: ARG002 - there are no rules
        """Return whether the user may receive a notification."""
        return True
