"""Where a document that was refused has, or may have, what the tree that was read of it has not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yang.errors import UnknownElement, UnknownNamespace
from yang.path import Path
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yang.errors import RequestError


def left_out(tree: Node, refused: Iterable[RequestError]) -> set[Path]:
    """Return the places in `tree` of what is missing, or is not sure, because of the errors of its document.

    A list entry that has no place, its key being wrong, is that of the list without a key. What has no name in the schema
    may be any node that is not there. Of a choice the other cases are not sure either: one may seem to be in use.
    """
    places = {place for error in refused for place in _places(tree, error)}
    return places.union(*map(_other_cases, places))


def _places(tree: Node, error: RequestError) -> Iterator[Path]:
    path = error.path
    node: Any = tree
    for step in path.steps() if path is not None else ():
        node = _at(node, step)
        if node is None:
            yield step
            return
    if path is None or isinstance(error, UnknownElement | UnknownNamespace):
        yield from _absent(node, path)
        return
    if path.parent is not None and path.schema.name in path.parent.schema.keys:
        path = path.parent  # which entry it is hangs on its key
    yield path
    if path.key is not None:
        yield Path(path.parent, path.schema)  # of two of one key, one may be meant to have another


def _at(node: Node, step: Path) -> Any:
    """Return what `node` has at `step`; a container without presence need not be there unless it decides a choice."""
    schema = step.schema
    child: Any = node.children.get(schema.qname)
    if child is None and schema.kind == "container" and not schema.presence and not schema.cases:
        return Node(schema, {})
    if child is not None and schema.kind == "list":
        return child.get(step.key) if step.key is not None else None
    return child


def _absent(node: Node, path: Path | None) -> Iterator[Path]:
    """Yield the places of children that `node` at `path` has not, or may have more of."""
    for name, child in node.schema.children.items():
        if child.config and (name not in node.children or child.kind in ("list", "leaf-list")):
            yield Path(path, child)


def _other_cases(place: Path) -> Iterator[Path]:
    """Yield the places of the nodes that are alternatives to the one at `place`."""
    chosen, parent = dict(place.schema.cases), place.schema.parent
    for other in parent.children.values() if chosen and parent is not None else ():
        if any(chosen.get(choice, case) != case for choice, case in other.cases):
            yield Path(place.parent, other)
