"""Three-way merges of trees: what two have changed since they were one, brought together.

Subtrees that are the same objects are passed over, so that the cost is that of the changes and not that of the trees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar, cast

from yang.diff import changes, entry_changes
from yang.path import Path
from yang.sequence import woven
from yang.tree import Entries, Node, is_empty, ordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yang.schema import SchemaNode
    from yang.tree import Child, Key

Side = Literal["mine", "theirs"]
Item = TypeVar("Item")


class Conflict(NamedTuple):
    """A node that both sides have changed, and not to the same."""

    path: Path
    """The leaf, or the list whose order it is."""
    mine: Child | None
    theirs: Child | None
    changed: Path
    """What the other side changed: the same node, one around it that is gone, or one of another case of its choice."""

    @property
    def is_of_order(self) -> bool:
        """Whether it is about the order of a user's list."""
        return self.path.schema.kind == "list" and self.path.key is None and self.changed is self.path


class Merged(NamedTuple):
    """What becomes of two trees."""

    tree: Node
    conflicts: tuple[Conflict, ...]


def merge(base: Node, mine: Node, theirs: Node, prefer: Side = "mine") -> Merged:
    """Return `base` with the changes of both, those of `prefer` where they are in conflict, and the conflicts.

    In conflict are, as draft-ietf-netconf-privcand section "What is a conflict" has it: a leaf, a leaf-list as a whole, or
    the order of a user's list that both have changed, to different things; a list entry or a container with presence that
    both have made, differently; what one has changed inside of one that the other has deleted; nodes of different cases
    of a choice. The last two, and nodes that both have made, are resolved as a whole.
    """
    merger = _Merger(prefer)
    tree = merger.node(base, mine, theirs, None)
    return Merged(tree, tuple(merger.conflicts))


class _Merger:
    def __init__(self, prefer: Side) -> None:
        self.prefer = prefer
        self.conflicts: list[Conflict] = []

    def node(self, base: Node, mine: Node, theirs: Node, path: Path | None) -> Node:
        """Return a node that is there on all sides."""
        if mine is base or mine is theirs:
            return theirs
        if theirs is base:
            return mine
        schema = theirs.schema
        children = dict(theirs.children)
        for name in dict.fromkeys((*base.children, *mine.children)):
            old, my, their = (node.children.get(name) for node in (base, mine, theirs))
            if my is old:
                continue
            new = self.child(schema.children[name], old, my, their, path)
            if new is None or is_empty(new):
                children.pop(name, None)
            else:
                children[name] = new
        if schema.choices:
            self.settle_cases(schema, children, mine, theirs, path)
        if len(children) == len(theirs.children) and all(
            theirs.children.get(name) is child for name, child in children.items()
        ):
            return theirs
        return Node(schema, ordered(schema, children))

    def child(
        self, schema: SchemaNode, old: Child | None, my: Child | None, their: Child | None, above: Path | None
    ) -> Child | None:
        """Return what becomes of a child that mine has changed."""
        if their is old:
            return my
        if schema.kind == "list":
            lists = cast("tuple[Entries | None, Entries | None, Entries | None]", (old, my, their))
            return self.entries(schema, *lists, above)
        path = Path(above, schema)
        if schema.kind == "container":
            nodes = cast("tuple[Node | None, Node | None, Node | None]", (old, my, their))
            if schema.presence:
                return self.inner(*nodes, path)
            # it is there whenever something is in it, which is no change of its own
            none = Node(schema, {})
            return self.node(nodes[0] or none, nodes[1] or none, nodes[2] or none, path)
        if _is_same(my, old) or _is_same(my, their):
            return their
        if not _is_same(their, old):
            self.conflicts.append(Conflict(path, my, their, path))
            return self.preferred(my, their)
        return my

    def inner(self, old: Node | None, my: Node | None, their: Node | None, path: Path) -> Node | None:
        """Return what becomes of a list entry or a container with presence."""
        if old is not None and my is not None and their is not None:
            return self.node(old, my, their, path)
        if my in (old, their):
            return their
        if their == old:
            return my
        if my is not None and their is not None:
            for change in changes(their, my, path):
                self.conflicts.append(Conflict(change.path, change.after, change.before, change.path))
        elif my is not None:
            for change in changes(cast("Node", old), my, path):
                self.conflicts.append(Conflict(change.path, change.after, None, path))
        else:
            for change in changes(cast("Node", old), cast("Node", their), path):
                self.conflicts.append(Conflict(change.path, None, change.after, change.path))
        return self.preferred(my, their)

    def entries(
        self,
        schema: SchemaNode,
        old: Entries | None,
        my: Entries | None,
        their: Entries | None,
        above: Path | None,
    ) -> Entries | None:
        """Return what becomes of a list that both have changed."""
        theirs = {key: (before, after) for key, before, after in entry_changes(old, their)}
        updates: dict[Key, Node | None] = {}
        for key, before, after in entry_changes(old, my):
            if key in theirs:
                updates[key] = self.inner(before, after, theirs[key][1], Path(above, schema, key))
            else:
                updates[key] = after
        merged = (their if their is not None else Entries(schema)).updated(updates)
        return self.in_order(schema, old, my, their, merged, above) if schema.user_ordered else merged

    def in_order(
        self,
        schema: SchemaNode,
        old: Entries | None,
        my: Entries | None,
        their: Entries | None,
        merged: Entries,
        above: Path | None,
    ) -> Entries:
        """Return the entries of a user's list in the order that both want."""
        base, mine, theirs = ([key for key in side or () if key in merged] for side in (old, my, their))
        keys, is_clear = woven(base, mine, theirs, self.prefer)
        if not is_clear:
            path = Path(above, schema)
            self.conflicts.append(Conflict(path, my, their, path))
        return merged if keys == list(merged) else Entries(schema, {key: merged[key] for key in keys})

    def settle_cases(
        self, schema: SchemaNode, children: dict[str, Child], mine: Node, theirs: Node, path: Path | None
    ) -> None:
        """Have nodes of one case only in each choice."""
        while (choice := _clash(schema, children)) is not None:
            preferred = self.preferred(mine, theirs)
            case_of = {name: dict(child.cases).get(choice) for name, child in schema.children.items()}
            names = [name for name, case in case_of.items() if case is not None]
            my_cases = {case_of[name] for name in names if name in mine.children}
            other = next(name for name in names if name in theirs.children and case_of[name] not in my_cases)
            changed = Path(path, schema.children[other])
            for name in names:
                if name in mine.children:
                    at = Path(path, schema.children[name])
                    self.conflicts.append(Conflict(at, mine.children[name], theirs.children.get(name), changed))
                if name in preferred.children:
                    children[name] = preferred.children[name]
                else:
                    children.pop(name, None)

    def preferred(self, my: Item, their: Item) -> Item:
        """Return the side that counts where they are in conflict."""
        return my if self.prefer == "mine" else their


def _clash(schema: SchemaNode, children: Mapping[str, Child]) -> str | None:
    """Return the outermost choice of which nodes of two cases are there."""
    chosen: dict[str, str] = {}
    found: tuple[int, str] | None = None
    for name in children:
        for depth, (choice, case) in enumerate(schema.children[name].cases):
            if chosen.setdefault(choice, case) != case and (found is None or depth < found[0]):
                found = (depth, choice)
    return found[1] if found is not None else None


def _is_same(one: Child | None, other: Child | None) -> bool:
    return one is other or (one == other and one.__class__ is other.__class__)
