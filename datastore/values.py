"""Values of leaves that models allow and no backend puts into effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datastore.errors import UnsupportedValue
from datastore.leaves import leaf_path
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backends.backend import Backend
    from datastore.objects import ChangedObject


class SupportedValues:
    """The values that leaves may have, where no backend takes all."""

    def __init__(self, backends: Iterable[Backend]) -> None:
        """Allow what one of `backends` at least puts into effect."""
        limited: dict[str, dict[str, frozenset[str] | None]] = {}
        for backend in backends:
            for translator in backend.translators:
                leaves = limited.setdefault(translator.path, {})
                for claim in translator.claims:
                    known = leaves.get(claim.leaf, frozenset())
                    leaves[claim.leaf] = None if claim.values is None or known is None else known | claim.values
        self._limited = {
            path: {leaf: values for leaf, values in leaves.items() if values is not None}
            for path, leaves in limited.items()
        }

    def judge(self, changed: Iterable[ChangedObject]) -> None:
        """Raise `UnsupportedValue` for a leaf of a changed object with a value that no backend puts into effect."""
        for source, _, after in changed:
            for leaf, values in self._limited.get(source.translator.path, {}).items() if after is not None else ():
                node: object = after
                for name in leaf.split("/"):
                    node = node.children.get(name) if isinstance(node, Node) else None
                if node is not None and node not in values:
                    supported = ", ".join(sorted(values))
                    name = leaf.rpartition("/")[2]
                    raise UnsupportedValue(
                        f"{name} {node} is not supported here: {supported} are", leaf_path(source.path, leaf)
                    )
