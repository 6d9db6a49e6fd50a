"""Random histories for property tests, and what is true of them by replaying everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from datastore.changed import changed
from datastore.history import Author, History
from tests.yang.playground import blends, playground, trees
from yang.diff import difference, out_of_place
from yang.path import Path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Iterator

ME = Author("me", 7, "test")


class Step(NamedTuple):
    """One commit of a random history."""

    after: Node
    is_sealed: bool
    says_what: bool
    """Whether it is written with what it changes, or that is to be worked out."""
    label: str


@st.composite
def histories(draw: st.DrawFn, most: int = 7, *, silent: bool = True) -> list[Step]:
    """Draw commits one after the other; some go back to an earlier configuration."""
    few = [draw(trees(playground())) for _ in range(3)]
    steps: list[Step] = []
    was = [Node(playground().root, {})]
    for _ in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from(["blend", "blend", "blend", "other", "back"]))
        if kind == "back":
            after = draw(st.sampled_from(was))
        else:
            after = draw(st.sampled_from(few))
            if kind == "blend":
                after = draw(blends(was[-1], after))
        is_sealed = draw(st.integers(0, 5)) > 0
        label = draw(st.sampled_from(["", "", "", "good"]))
        steps.append(Step(after, is_sealed, not silent or draw(st.booleans()), label))
        if is_sealed:
            was.append(after)
    return steps


def write(history: History, steps: list[Step]) -> dict[int, Node]:
    """Carry out commits, and return the configuration that each sealed one left."""
    left: dict[int, Node] = {}
    tree = history.configuration()
    for after, is_sealed, says_what, label in steps:
        delta = difference(tree, after)
        what = changed(tree, after, delta) if says_what else None
        commit_id = history.begin(ME, delta, "", label, what)
        if is_sealed:
            history.seal(commit_id)
            history.keep_short(commit_id, after)
            tree = left[commit_id] = after
        else:
            history.abort(commit_id, "refused")
    return left


def things(node: Node, path: Path | None = None) -> Iterator[tuple[str, Any]]:
    """Yield what blame tells of, by its path; entries of a user's list with the keys of all in their order."""
    for name, child in node.children.items():
        schema = node.schema.children[name]
        here = Path(path, schema)
        if isinstance(child, Entries):
            for key, entry in child.items():
                yield from things(entry, Path(path, schema, key))
        elif isinstance(child, Node):
            if schema.presence:
                yield str(here), None
            yield from things(child, here)
        elif isinstance(child, tuple):
            for value in child:
                yield str(Path(path, schema, (value,))), (value.__class__, value)
        else:
            yield str(here), (child.__class__, child)


def orders(node: Node, path: Path | None = None) -> Iterator[tuple[str, dict[tuple[Any, ...], str], bool]]:
    """Yield the lists and leaf-lists that a user orders: the path, the keys with their paths, whether it is a leaf-list."""
    for name, child in node.children.items():
        schema = node.schema.children[name]
        if isinstance(child, Entries):
            if schema.user_ordered:
                yield str(Path(path, schema)), {key: str(Path(path, schema, key)) for key in child}, False
            for key, entry in child.items():
                yield from orders(entry, Path(path, schema, key))
        elif isinstance(child, Node):
            yield from orders(child, Path(path, schema))
        elif isinstance(child, tuple) and schema.user_ordered:
            yield (
                str(Path(path, schema)),
                {(value,): str(Path(path, schema, (value,))) for value in child},
                True,
            )


def who_set_what(left: dict[int, Node]) -> tuple[dict[str, int], dict[str, int]]:
    """Return which commit set each thing last, and which one moved each entry, by comparing whole trees."""
    set_by: dict[str, int] = {}
    moved_by: dict[str, int] = {}
    old: dict[str, Any] = {}
    old_orders: dict[str, dict[tuple[Any, ...], str]] = {}
    for commit_id, tree in left.items():
        new = dict(things(tree))
        set_by = {
            path: set_by[path] if path in old and old[path] == value else commit_id for path, value in new.items()
        }
        entries: set[str] = set()
        new_orders: dict[str, dict[tuple[Any, ...], str]] = {}
        for path, keys, is_leaf_list in orders(tree):
            new_orders[path] = keys
            if not is_leaf_list:
                entries |= set(keys.values())
            before = old_orders.get(path, {})
            for key in out_of_place(list(before), list(keys)):
                if key in before:
                    (set_by if is_leaf_list else moved_by)[keys[key]] = commit_id
        gone = {path for keys in old_orders.values() for path in keys.values()} - entries
        moved_by = {path: by for path, by in moved_by.items() if path in entries and path not in gone}
        old, old_orders = new, new_orders
    return set_by, moved_by
