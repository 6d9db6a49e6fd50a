"""Partial locks against a model that knows nothing of how they are kept: it looks at every locked node in both trees."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastore.commits import Author
from datastore.errors import InUse, LockDenied, ResourceDenied, UnknownLock
from datastore.partial_locks import MOST, PartialLocks
from tests.yang.playground import blends, playground, trees
from yang.cursor import Cursor
from yang.diff import changes
from yang.path import Path
from yang.tree import Entries, Node
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = playground()
SESSIONS = (1, 2, 3)


def ann(number: int = 1) -> Author:
    return Author("ann", number, "netconf")


def paths_in(tree: Node) -> list[Path]:
    """Return the paths of all configuration nodes that there are, those without a stored value among them."""
    found = [cursor.path() for cursor in Cursor(tree.schema, tree, None).descendants() if cursor.schema.config]
    # state has defaults too, and entries without keys no name of their own
    return [path for path in found if all(step.key != () for step in path.steps())]


def value_at(tree: Node, path: Path) -> Any:
    """Return what stands at a path, as text, or None if nothing does."""
    node: Any = tree
    for step in path.steps():
        schema, child = step.schema, node.children.get(step.schema.qname)
        if schema.kind == "list":
            node = child.get(step.key) if isinstance(child, Entries) else None
        elif schema.kind == "container":
            node = child if child is not None else None if schema.presence else Node(schema, {})
        elif schema.kind == "leaf-list":
            return (
                "there" if any(schema.type.text(step.key[0]) == schema.type.text(one) for one in child or ()) else None
            )  # type: ignore[index]  # a value's path has one
        elif schema.kind == "leaf":
            return (
                ("value", child.__class__, child)
                if child is not None
                else "default"
                if schema.default is not None
                else None
            )
        else:
            return child
        if node is None:
            return None
    return print_children(node)


def is_prefix(above: Path, below: Path) -> bool:
    steps = below.steps()
    return above.steps() == steps[: len(above.steps())]


def is_touched(before: Node, after: Node, path: Path) -> bool:
    if value_at(before, path) != value_at(after, path):
        return True
    return any(change.path == path and isinstance(change.after, Node) for change in changes(before, after))


class Model:
    """What RFC 5717 section 2.4.1 says, said again."""

    def __init__(self) -> None:
        self.locks: dict[int, tuple[int, set[Path]]] = {}

    def may_lock(self, session: int, paths: Iterable[Path]) -> bool:
        return not any(
            owner != session and (is_prefix(locked, path) or is_prefix(path, locked))
            for owner, scope in self.locks.values()
            for locked in scope
            for path in paths
        )

    def may_change(self, session: int, before: Node, after: Node) -> bool:
        return not any(
            owner != session and is_touched(before, after, locked)
            for owner, scope in self.locks.values()
            for locked in scope
        )

    def changed(self, after: Node) -> None:
        for _, scope in self.locks.values():
            scope.difference_update([path for path in scope if value_at(after, path) is None])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_refused_is_what_the_model_refuses(data: st.DataObject) -> None:
    running = data.draw(trees(SCHEMA))
    locks, model = PartialLocks(), Model()
    for _ in range(data.draw(st.integers(2, 8))):
        session = data.draw(st.sampled_from(SESSIONS))
        action = data.draw(st.sampled_from(["lock", "lock", "unlock", "end", "commit", "commit", "commit"]))
        known = paths_in(running)
        if action == "lock" and known:
            paths = set(data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3)))
            if model.may_lock(session, paths):
                model.locks[locks.take(session, sorted(paths, key=str), [], running)] = (session, paths)
            else:
                with pytest.raises(LockDenied):
                    locks.take(session, sorted(paths, key=str), [], running)
        elif action == "unlock" and model.locks:
            lock_id = data.draw(st.sampled_from(sorted(model.locks)))
            if model.locks[lock_id][0] == session:
                locks.give_back(lock_id, session)
                del model.locks[lock_id]
            else:
                with pytest.raises(UnknownLock):
                    locks.give_back(lock_id, session)
        elif action == "end":
            locks.give_all_back(session)
            model.locks = {number: lock for number, lock in model.locks.items() if lock[0] != session}
        elif action == "commit":
            after = data.draw(blends(running, data.draw(trees(SCHEMA))))
            if model.may_change(session, running, after):
                locks.refuse_change(running, after, ann(session))
                running = after
                model.changed(running)
            else:
                with pytest.raises(InUse):
                    locks.refuse_change(running, after, ann(session))
        listed = {lock.lock_id: (lock.session_id, set(lock.nodes)) for lock in locks.listed(running)}
        assert listed == model.locks


def test_a_commit_that_was_scheduled_is_nobody_s_of_the_sessions_there_are() -> None:
    schema = SCHEMA.root.children["m:top"]
    before, after = (Node(SCHEMA.root, {"m:top": text}) for text in ("a", "b"))
    locks = PartialLocks()
    locks.take(1, [Path(None, schema)], [], before)
    locks.refuse_change(before, after, ann())
    with pytest.raises(InUse):
        locks.refuse_change(before, after, ann()._replace(schedule_id=4))


def test_only_so_many_nodes_are_locked() -> None:
    schema = SCHEMA.root.children["m:texts"]
    tree = Node(SCHEMA.root, {"m:texts": ("x",)})
    locks = PartialLocks()
    with pytest.raises(ResourceDenied):
        locks.take(1, [Path(None, schema, (str(number),)) for number in range(MOST + 1)], [], tree)
    assert locks.listed(tree) == []


def test_a_judgement_looks_at_nothing_that_did_not_change() -> None:
    """A commit of one leaf costs the same however much is configured, and however much is locked elsewhere."""

    class Untouchable(Entries):
        def items(self) -> Any:
            raise AssertionError

        values = items

        @property
        def chunks(self) -> Any:
            raise AssertionError

    entry = SCHEMA.root.children["m:entry"]
    untouchable = Untouchable(entry)
    before, after = (Node(SCHEMA.root, {"m:entry": untouchable, "m:top": text}) for text in ("a", "b"))
    locks = PartialLocks()
    locks.take(1, [Path(None, entry, (str(number),)) for number in range(MOST)], [], before)
    locks.refuse_change(before, after, ann(2))
    with suppress(AssertionError):
        locks.refuse_change(before, Node(SCHEMA.root, {}), ann(2))
        pytest.fail("it was not looked at though it is gone")
