"""How requests name datastores."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from datastore.store import Name
    from yang.tree import Node


def named_datastore(choice: Node) -> Name:
    """Return the datastore that a source or target names; the schema has seen to it that it is one that there is."""
    return cast("Name", next(iter(choice.children)))
