"""Which commit changed a node last: looked for in what the commits have changed, the last one first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.edit import INSERT, OPERATION
from yang.errors import RequestError
from yang.xmldata import Refused, read_key, read_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from datastore.history import Commit, History
    from yang.path import Path

WHOLE = frozenset({"create", "delete", "replace"})
"""Operations that concern everything below a node."""


def changed_by(history: History, paths: Iterable[Path], first: int) -> dict[Path, Commit]:
    """Return the last commit, of those from `first` on, that changed each of `paths`, as far as there is one.

    Raises:
        HistoryFailed: The history cannot be read.
    """
    waiting = set(paths)
    found: dict[Path, Commit] = {}
    for commit, delta in history.latest(first) if waiting else ():
        for path in [path for path in waiting if _concerns(delta, path)]:
            found[path] = commit
            waiting.discard(path)
        if not waiting:
            break
    return found


def _concerns(delta: etree._Element, path: Path) -> bool:
    """Return whether an edit changes the node at `path`, something below it or around it; of a list, its order."""
    element = delta
    for step in path.steps():
        same = [child for child in element if child.tag == step.schema.tag]
        if step.schema.kind == "list" and step.key is None:
            return any(INSERT in child.attrib or OPERATION in child.attrib for child in same)
        found = next((child for child in same if step.key is None or _has_key(child, step)), None)
        if found is None:
            return False
        if found.get(OPERATION) in WHOLE:
            return True
        element = found
    return True


def _has_key(element: etree._Element, step: Path) -> bool:
    try:
        if step.schema.kind == "leaf-list":
            return step.key == (read_value(element, step.schema),)
        return step.key == read_key(element, step.schema)
    except (Refused, RequestError):
        # of models that are served no longer
        return False
