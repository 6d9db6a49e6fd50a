"""The difference of two trees as the edits of a YANG Patch (RFC 8072), with what stands in the first one (RFC 9144)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from yang.diff import entry_changes, out_of_place
from yang.path import Path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yang.schema import SchemaNode
    from yang.tree import Child, Key
    from yang.values import Value


class PatchEdit(NamedTuple):
    """One edit; of a list entry or a leaf-list's value, `value` and `source` are a list or leaf-list with that one."""

    operation: str
    """create, delete, replace, insert or move."""
    path: Path
    value: Child | None = None
    source: Child | None = None
    where: str = ""
    point: Path | None = None


def edits_between(before: Node, after: Node, path: Path | None = None) -> Iterator[PatchEdit]:
    """Yield the edits that make `after` of `before`, if they are done one after the other."""
    if before is after:
        return
    # what comes in may be an alternative to what goes, and would take it away itself
    gone = [name for name in before.children if name not in after.children]
    for name in [*gone, *after.children]:
        schema = after.schema.children[name]
        old, new = before.children.get(name), after.children.get(name)
        if old is new:
            continue
        if schema.kind == "list" and schema.keys:
            yield from _of_entries(schema, cast("Entries | None", old), cast("Entries | None", new), path)
        elif schema.kind == "leaf-list":
            was, is_now = (cast("tuple[Value, ...] | None", each) or () for each in (old, new))
            yield from _of_values(schema, was, is_now, path)
        elif schema.kind == "list":
            continue  # of a list without keys no edit can name an entry
        elif isinstance(old, Node) and isinstance(new, Node):
            yield from edits_between(old, new, Path(path, schema))
        elif old != new or old.__class__ is not new.__class__:
            operation = "create" if old is None else "delete" if new is None else "replace"
            yield PatchEdit(operation, Path(path, schema), new, old)


def _of_entries(schema: SchemaNode, old: Entries | None, new: Entries | None, path: Path | None) -> Iterator[PatchEdit]:
    for key, before, after in entry_changes(old, new):
        here = Path(path, schema, key)
        if after is None and before is not None:
            yield PatchEdit("delete", here, source=Entries(schema, {key: before}))
        elif before is not None and after is not None:
            yield from edits_between(before, after, here)
        elif after is not None and not schema.user_ordered:
            yield PatchEdit("create", here, Entries(schema, {key: after}))
    if schema.user_ordered and new is not None:
        known = old if old is not None else Entries(schema)
        for key, where, point in _places(schema, known, new, path):
            entry = Entries(schema, {key: new[key]})
            if key in known:
                yield PatchEdit("move", Path(path, schema, key), None, entry, where, point)
            else:
                yield PatchEdit("insert", Path(path, schema, key), entry, None, where, point)


def _of_values(
    schema: SchemaNode, old: tuple[Value, ...], new: tuple[Value, ...], path: Path | None
) -> Iterator[PatchEdit]:
    for value in old:
        if value not in new:
            yield PatchEdit("delete", Path(path, schema, (value,)), source=(value,))
    if not schema.user_ordered:
        for value in new:
            if value not in old:
                yield PatchEdit("create", Path(path, schema, (value,)), (value,))
        return
    for key, where, point in _places(schema, [(value,) for value in old], [(value,) for value in new], path):
        here = Path(path, schema, key)
        if key[0] in old:
            yield PatchEdit("move", here, None, key, where, point)
        else:
            yield PatchEdit("insert", here, key, None, where, point)


def _places(
    schema: SchemaNode, old: Iterable[Key], new: Iterable[Key], path: Path | None
) -> Iterator[tuple[Key, str, Path | None]]:
    """Yield the keys of what stands elsewhere in a user's list, or is new there, and where it goes."""
    kept = list(new)
    order = [key for key in old if key in set(kept)]
    for key, before in out_of_place(order, kept).items():
        yield key, "first" if before is None else "after", None if before is None else Path(path, schema, before)
