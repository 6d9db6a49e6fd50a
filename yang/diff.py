"""What two trees do not share: found by walking only where they are not the same object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast
from xml.sax.saxutils import quoteattr

from yang.path import Path, quoted
from yang.tree import Entries, Node
from yang.types import InstanceIdentifierType
from yang.values import Identity, InstanceIdentifier
from yang.xmlio import print_child, print_children, print_leaf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yang.schema import SchemaNode
    from yang.tree import Child, Key
    from yang.values import Value

NETCONF = "urn:ietf:params:xml:ns:netconf:base:1.0"
YANG = "urn:ietf:params:xml:ns:yang:1"


class _Unknown(str):
    __slots__ = ()


UNKNOWN = _Unknown()
"""What stands for a node in a `Change` of which it is only known that it is there."""


class Change(NamedTuple):
    """One node that is there only before, only after, or with another value; the topmost such node of a subtree.

    An entry of a list ordered by the user that stands elsewhere is there before and after.
    """

    path: Path
    before: Child | None
    after: Child | None


def changes(before: Node, after: Node, path: Path | None = None) -> Iterator[Change]:
    """Yield what is different between two nodes of the same kind, list entries and leaves one by one."""
    if before is after:
        return
    for name, schema in after.schema.children.items():
        old, new = before.children.get(name), after.children.get(name)
        if old is new:
            continue
        here = Path(path, schema)
        if schema.kind == "list":
            for key, old_entry, new_entry in entry_changes(cast("Entries | None", old), cast("Entries | None", new)):
                entry_path = Path(path, schema, key)
                if old_entry is None or new_entry is None:
                    yield Change(entry_path, old_entry, new_entry)
                else:
                    yield from changes(old_entry, new_entry, entry_path)
            if schema.user_ordered and old is not None and new is not None:
                entries, others = cast("Entries", old), cast("Entries", new)
                for key in moved(entries, others):
                    yield Change(Path(path, schema, key), entries[key], others[key])
        elif isinstance(old, Node) and isinstance(new, Node):
            yield from changes(old, new, here)
        elif old != new or old.__class__ is not new.__class__:
            yield Change(here, old, new)


def entry_changes(before: Entries | None, after: Entries | None) -> Iterator[tuple[Key, Node | None, Node | None]]:
    """Yield the entries that are not the same object in both, with their keys: those that are gone first."""
    old_chunks = before.chunks if before is not None else ()
    new_chunks = after.chunks if after is not None else ()
    shared = {id(chunk) for chunk in old_chunks} & {id(chunk) for chunk in new_chunks}
    old = {key: entry for chunk in old_chunks if id(chunk) not in shared for key, entry in chunk.items()}
    new = {key: entry for chunk in new_chunks if id(chunk) not in shared for key, entry in chunk.items()}
    for key, entry in old.items():
        if key not in new:
            yield key, entry, None
    for key, entry in new.items():
        other = old.get(key)
        if other is not entry:
            yield key, other, entry


def moved(before: Entries, after: Entries) -> list[Key]:
    """Return the keys of the entries of a user's list that stand elsewhere after than before, and are in both."""
    return [key for key in out_of_place(*_not_shared(before, after)) if key in before]


def difference(before: Node, after: Node, *, is_apart: bool = False) -> str:
    """Return the content of the `<config>` that edits `before` into `after`; empty if they are equal.

    It is meant to be replayed with `edit_config`: what is new is created and what is gone deleted, so that a replay on
    anything but `before` fails. If it `is_apart`, to be replayed on what others have made of `before`, containers without
    presence are neither created nor deleted themselves, as what others have put into them does not matter. The prefixes
    `nc` and `yang` are to be declared around it.
    """
    out: list[str] = []
    _differences(before, after, out, is_apart=is_apart)
    return "".join(out)


def _differences(before: Node, after: Node, out: list[str], *, is_apart: bool) -> None:
    for name, schema in after.schema.children.items():
        old, new = before.children.get(name), after.children.get(name)
        if old is new:
            continue
        if is_apart and schema.kind == "container" and not schema.presence:
            nothing = Node(schema, {})
            old, new = old or nothing, new or nothing
        match schema.kind:
            case "list":
                _list_difference(
                    schema, cast("Entries | None", old), cast("Entries | None", new), out, is_apart=is_apart
                )
            case "leaf-list":
                _leaf_list_difference(
                    schema,
                    cast("tuple[Value, ...] | None", old) or (),
                    cast("tuple[Value, ...] | None", new) or (),
                    out,
                )
            case _ if new is None:
                out.append(f'{schema.open_tag} nc:operation="delete"/>')
            case _ if old is None:
                out.append(_with_attributes(schema, print_child(name, new, after.schema), ' nc:operation="create"'))
            case "container":
                inner: list[str] = []
                _differences(cast("Node", old), cast("Node", new), inner, is_apart=is_apart)
                if inner:
                    out += [f"{schema.open_tag}>", *inner, schema.close_tag]
            case _ if old != new or old.__class__ is not new.__class__:
                out.append(_with_attributes(schema, print_child(name, new, after.schema), ' nc:operation="replace"'))


def _with_attributes(schema: SchemaNode, xml: str, attributes: str) -> str:
    return f"{schema.open_tag}{attributes}{xml[len(schema.open_tag) :]}"


def _list_difference(
    schema: SchemaNode, old: Entries | None, new: Entries | None, out: list[str], *, is_apart: bool
) -> None:
    found = list(entry_changes(old, new))
    places: dict[Key, str] = {}
    if schema.user_ordered and old is not None and new is not None:
        elsewhere = out_of_place(*_not_shared(old, new))
        if any(before is not None and _is_unquotable(before) for before in elsewhere.values()):
            # no insert can name such an entry, so each is put last in turn
            places = dict.fromkeys(new, ' yang:insert="last"')
        else:
            places = _places(schema, elsewhere)
        # an entry that only moves is not a changed entry
        known = {key for key, _, _ in found}
        found += [(key, old[key], new[key]) for key in places if key not in known]
        order = {key: index for index, key in enumerate(places)}
        found.sort(key=lambda change: order.get(change[0], -1))
    for key, before, after in found:
        place = places.get(key, "")
        if after is None:
            out.append(f'{schema.open_tag} nc:operation="delete">{_key_leaves(schema, key)}{schema.close_tag}')
        elif before is None:
            out.append(f'{schema.open_tag} nc:operation="create"{place}>{print_children(after)}{schema.close_tag}')
        else:
            inner: list[str] = []
            _differences(before, after, inner, is_apart=is_apart)
            if inner or place:
                out += [f"{schema.open_tag}{place}>{_key_leaves(schema, key)}", *inner, schema.close_tag]


def _leaf_list_difference(schema: SchemaNode, old: Sequence[Value], new: Sequence[Value], out: list[str]) -> None:
    kept, known = set(new), set(old)
    elsewhere = out_of_place([(value,) for value in old], [(value,) for value in new]) if schema.user_ordered else {}
    places = _places(schema, elsewhere)
    gone = (value for value in old if value not in kept)
    out.extend(_with_attributes(schema, print_leaf(schema, value), ' nc:operation="delete"') for value in gone)
    for value in new:
        place = places.get((value,), "")
        if value not in known:
            out.append(_with_attributes(schema, print_leaf(schema, value), f' nc:operation="create"{place}'))
        elif place:
            out.append(_with_attributes(schema, print_leaf(schema, value), place))


def _key_leaves(schema: SchemaNode, key: Key) -> str:
    return "".join(print_leaf(schema.children[name], value) for name, value in zip(schema.keys, key, strict=True))


def _places(schema: SchemaNode, elsewhere: Mapping[Key, Key | None]) -> dict[Key, str]:
    """Return the insert attributes of entries by the ones before them (RFC 7950 sections 7.7.9 and 7.8.6)."""
    places = {}
    for key, before in elsewhere.items():
        if before is None:
            places[key] = ' yang:insert="first"'
        else:
            anchor, declared = _anchor(schema, before)
            places[key] = f' yang:insert="after" {anchor}{declared}'
    return places


def _not_shared(old: Entries, new: Entries) -> tuple[list[Key], list[Key], Key | None]:
    """Return the keys of both without the chunks that both begin with and end with, and the key before."""
    start, end, shortest = 0, 0, min(len(old.chunks), len(new.chunks))
    while start < shortest and old.chunks[start] is new.chunks[start]:
        start += 1
    while end < shortest - start and old.chunks[-1 - end] is new.chunks[-1 - end]:
        end += 1
    parts = (entries.chunks[start : len(entries.chunks) - end] for entries in (old, new))
    one, other = ([key for chunk in part for key in chunk] for part in parts)
    return one, other, next(reversed(old.chunks[start - 1])) if start else None


def out_of_place(old: list[Key], new: list[Key], before: Key | None = None) -> dict[Key, Key | None]:
    """Return the keys in `new` that are not in `old` or not in its order, each with the one before it."""
    if old == new:
        return {}
    order = {key: index for index, key in enumerate(old)}
    found: dict[Key, Key | None] = {}
    last = -1
    for key in new:
        if order.get(key, -1) > last:
            last = order[key]
        else:
            found[key] = before
        before = key
    return found


def _is_unquotable(key: Key) -> bool:
    return any(isinstance(value, str) and "'" in value and '"' in value for value in key)


def _anchor(schema: SchemaNode, key: Key) -> tuple[str, str]:
    """Return the attribute that names an entry to insert after, and the namespaces that it needs."""
    modules: set[str] = set()

    def prefix(module: str) -> str:
        # of its own, since the element that has the attribute may declare the module's prefix too
        modules.add(module)
        return f"at.{module}"

    def text(node: SchemaNode, value: Value) -> str:
        if isinstance(value, Identity):
            module, _, name = value.partition(":")
            return f"{prefix(module)}:{name}"
        if isinstance(value, InstanceIdentifier):
            return InstanceIdentifierType().parse(value, lambda module: prefix(str(module)))
        return node.type.text(value)

    if schema.kind == "leaf-list":
        attribute = f"yang:value={quoteattr(text(schema, key[0]))}"
    else:
        predicates = (
            f"[{prefix(schema.module.name)}:{name}={quoted(text(schema.children[name], value))}]"
            for name, value in zip(schema.keys, key, strict=True)
        )
        attribute = f"yang:key={quoteattr(''.join(predicates))}"
    known = schema.schema.modules
    namespaces = (f" xmlns:{prefix(name)}={quoteattr(known[name].namespace)}" for name in sorted(modules))
    return attribute, "".join(namespaces)


def in_config(content: str) -> str:
    """Return `content`, of `difference`, inside a `<config>` that declares its prefixes."""
    return f'<config xmlns:nc="{NETCONF}" xmlns:yang="{YANG}">{content}</config>'


def summary(change: Change, limit: int = 60) -> str:
    """Return one line for people: `+ path value`, `- path`, `~ path old -> new` or `~ path moved`."""
    if change.after is None:
        return f"- {change.path}"
    if isinstance(change.after, Node):
        return f"+ {change.path}" if change.before is None else f"~ {change.path} moved"
    new = _shown(change.path.schema, change.after, limit)
    if change.before is None:
        return f"+ {change.path} {new}"
    return f"~ {change.path} {_shown(change.path.schema, change.before, limit)} -> {new}"


def _shown(schema: SchemaNode, value: Any, limit: int) -> str:
    if schema.kind not in ("leaf", "leaf-list"):
        text = str(value)  # anydata and anyxml are text
    else:
        text = ", ".join(map(schema.type.text, value)) if isinstance(value, tuple) else schema.type.text(value)
    text = text if len(text) <= limit else text[:limit] + "…"
    return text.translate({ord("\n"): r"\n", ord("\r"): r"\r"})
