"""The configuration objects that an edit changed, as the backends' translators see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from yang.diff import entry_changes
from yang.path import Path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backends.backend import Backend
    from backends.translator import AnyTranslator
    from yang.schema import Schema, SchemaNode
    from yang.tree import Entries, Node


class Source(NamedTuple):
    """Where resources come from: an object, and the translator that answers for it."""

    backend: Backend
    translator: AnyTranslator
    path: Path


class ChangedObject(NamedTuple):
    """An object that is new, gone or different; a translator sees it on both sides."""

    source: Source
    before: Node | None
    after: Node | None


class Objects:
    """Where in a schema there are objects that translators answer for."""

    def __init__(self, backends: Iterable[Backend], schema: Schema) -> None:
        """Look where the translators of `backends` are in `schema`."""
        self._top = _Place(schema.root)
        for backend in backends:
            for translator in backend.translators:
                place = self._top
                for name in translator.path.strip("/").split("/"):
                    if name not in place.schema.children:
                        break
                    place = place.below(name)
                else:
                    place.translators.append((backend, translator))

    def changed(self, before: Node, after: Node) -> Iterator[ChangedObject]:
        """Yield the objects that are not the same in both trees, outer ones before those inside them."""
        yield from _changed(self._top, before, after, None)


class _Place:
    """A schema node with translators, or with such nodes below it."""

    def __init__(self, schema: SchemaNode) -> None:
        self.schema = schema
        self.translators: list[tuple[Backend, AnyTranslator]] = []
        self.places: dict[str, _Place] = {}

    def below(self, name: str) -> _Place:
        return self.places.setdefault(name, _Place(self.schema.children[name]))


def _changed(place: _Place, before: Node | None, after: Node | None, path: Path | None) -> Iterator[ChangedObject]:
    for name, below in place.places.items():
        old = before.children.get(name) if before is not None else None
        new = after.children.get(name) if after is not None else None
        if old is new:
            continue
        if below.schema.kind == "list":
            for key, old_entry, new_entry in entry_changes(cast("Entries | None", old), cast("Entries | None", new)):
                yield from _at(below, old_entry, new_entry, Path(path, below.schema, key))
        else:
            yield from _at(below, cast("Node | None", old), cast("Node | None", new), Path(path, below.schema))


def _at(place: _Place, before: Node | None, after: Node | None, path: Path) -> Iterator[ChangedObject]:
    for backend, translator in place.translators:
        yield ChangedObject(Source(backend, translator, path), before, after)
    yield from _changed(place, before, after, path)
