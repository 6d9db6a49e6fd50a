"""Where in a configuration an object would be that called for a resource which nothing calls for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datastore.objects import Source
from yang.path import Path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from backends.backend import Backend
    from backends.resource import Resource
    from yang.tree import Child, Key


def place_of(backend: Backend, resource: Resource, running: Node) -> Source | None:
    """Return the object that would call for `resource`; None if there can be none.

    Of several, the one of which more is in `running`. Where that does not tell which entry of a list it would be in, the path
    ends above it.
    """
    best, most = None, -1
    for translator in backend.translators:
        for keys in translator.places(resource):
            path, depth = _way(running, translator.path, keys)
            if path is not None and depth > most:
                best, most = Source(backend, translator, path), depth
    return best


def _way(running: Node, schema_path: str, keys: tuple[Key | None, ...]) -> tuple[Path | None, int]:
    """Return the path of an object, and how many steps of it are there."""
    path: Path | None = None
    depth = 0
    node: Child | None = running
    schema = running.schema
    given = iter(keys)
    for name in schema_path.strip("/").split("/"):
        if name not in schema.children:
            return None, 0
        schema = schema.children[name]
        node = node.children.get(name) if isinstance(node, Node) else None
        key: Key | None = None
        if schema.kind == "list":
            key = next(given, None)
            if key is None:
                key = next(iter(node), None) if isinstance(node, Entries) and len(node) == 1 else None
            if key is None:
                break
            node = node.get(key) if isinstance(node, Entries) else None
        path = Path(path, schema, key)
        depth += node is not None
    return path, depth
