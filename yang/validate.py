"""Validation: whether a tree keeps the rules of its schema, judged where it differs from one that does (RFC 7950 section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from yang.cursor import Cursor, cursor_at, instances
from yang.diff import UNKNOWN, Change, changes
from yang.errors import ConstraintViolation, DataMissing, RequestError, UnknownElement
from yang.left_out import left_out
from yang.path import Path
from yang.sweep import cursor_of
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from yang.rule import Rule
    from yang.schema import SchemaNode
    from yang.sweep import Doubt
    from yang.tree import Child


def validate(before: Node, after: Node) -> list[RequestError]:
    """Return what is wrong with `after`, given that nothing is wrong with `before`; empty if nothing is.

    What it costs depends on how much the two differ, not on how large they are.
    """
    return list(_Validation(before, after).errors())


def validate_whole(tree: Node, refused: Sequence[RequestError] = ()) -> list[RequestError]:
    """Return what is wrong with `tree`.

    If the document that it was read from was `refused` for these errors, what may only follow from them is not told.
    """
    validation = _Validation(Node(tree.schema, {}), tree)
    places = left_out(tree, refused)
    for place in places:
        # what could be broken by taking this away may be a mere consequence: told to nobody here, it is not told again
        list(validation.concerned(Change(place, before=UNKNOWN, after=None)))
    return [error for error in validation.all_errors() if not _is_consequence(error, places)]


class _Validation:
    def __init__(self, before: Node, after: Node) -> None:
        self.before = before
        self.root = Cursor(after.schema, after, None)
        self.rules = after.schema.schema.rules
        self.anchors: set[Path | None] = set()
        self.lists: set[tuple[Path | None, SchemaNode]] = set()
        self.judged: set[tuple[Rule, Path]] = set()

    def all_errors(self) -> Iterator[RequestError]:
        """Yield what is wrong with the tree, what an empty one would break included."""
        yield from self.requirements(self.root, None)
        yield from self.judge(self.rules.at_top(self.root))
        yield from self.errors()

    def errors(self) -> Iterator[RequestError]:
        """Yield what is wrong where the tree differs from the one before."""
        for change in changes(self.before, self.root.value):
            yield from self.structure(change.path, change.after)
            yield from self.concerned(change)

    def concerned(self, change: Change) -> Iterator[RequestError]:
        """Yield what is wrong elsewhere where `change` may have broken it."""
        for anchor in self.rules.anchors(change, self.root):
            yield from self.requirements(anchor, anchor.path() if anchor.parent is not None else None)
        for parent, list_ in self.rules.lists(change, self.root):
            yield from self.unique(parent, list_)
        yield from self.judge(self.rules.concerned(change, self.root, is_swept=True))

    def judge(self, concerned: Iterable[tuple[Rule, Cursor]]) -> Iterator[RequestError]:
        """Yield the errors of the instances that break their rule."""
        for rule, instance in concerned:
            error = self.broken(rule, instance)
            if error is not None:
                yield error

    def broken(self, rule: Rule, instance: Cursor) -> RequestError | None:
        """Return the error if `instance` breaks `rule`, once."""
        if rule.holds(instance):
            return None
        path = instance.path()
        if (rule, path) in self.judged:
            return None
        self.judged.add((rule, path))
        name = instance.schema.name
        match rule.kind:
            case "leafref":
                value = instance.schema.type.text(instance.value)
                return DataMissing(
                    f"{name} {value} refers to nothing: there is no such {rule.text}",
                    path,
                    app_tag="instance-required",
                )
            case "when":
                return UnknownElement(f"{name} may only be there when {rule.text}", path, info=(("bad-element", name),))
        return ConstraintViolation(
            rule.message or f"{name} must satisfy {rule.text}", path, app_tag=rule.app_tag or "must-violation"
        )

    def structure(self, path: Path, after: Child | None) -> Iterator[RequestError]:
        """Yield what is missing or too much around and below a changed node."""
        anchor: Path | None = path.parent
        while anchor is not None and anchor.schema.kind == "container" and not anchor.schema.presence:
            anchor = anchor.parent
        cursor = self.root if anchor is None else cursor_at(self.root, anchor) if anchor not in self.anchors else None
        if cursor is not None:
            yield from self.requirements(cursor, anchor)
        if isinstance(after, Node):
            yield from self.new(path, after)

    def new(self, path: Path, node: Node) -> Iterator[RequestError]:
        """Yield what is wrong in a node that is new, and below it."""
        start = cast("Cursor", cursor_at(self.root, path))
        doubts: list[Doubt] = []
        self.rules.sweep(path.schema).look(node, (None, path.schema, node, path.key), doubts)
        for trail, rule in doubts:
            cursor = cursor_of(trail, start)
            if rule is not None:
                yield from self.judge((rule, instance) for instance in instances(cursor, rule.owner))
                continue
            here, schema = cursor.path(), cursor.schema
            if schema.kind == "list" or schema.presence:
                yield from self.requirements(cursor, here)
            for name in cursor.value.children:
                if schema.children[name].unique:
                    yield from self.unique(cursor, schema.children[name])

    def requirements(self, anchor: Cursor, path: Path | None) -> Iterator[RequestError]:
        """Yield what the node at `path` should have and has not, or too much of, once."""
        if path not in self.anchors:
            self.anchors.add(path)
            yield from self.required(anchor, path)

    def required(self, cursor: Cursor, path: Path | None) -> Iterator[RequestError]:
        """Yield what a node and the containers in it that need no presence should have and have not, or too much of."""
        schema, node = cursor.schema, cast("Node", cursor.value)
        for name in schema.requirements:
            child = schema.children[name]
            here = Path(path, child)
            found = node.children.get(name)
            if child.kind == "container":
                for container in cursor.child(name):
                    yield from self.required(container, here)
            elif found is None and child.mandatory:
                if cursor.implies(child):
                    yield DataMissing(f"{child.name} is mandatory", here)
            elif child.min_elements or child.max_elements is not None:
                count = len(cast("Entries", found)) if found is not None else 0
                if count < child.min_elements and cursor.implies(child):
                    yield ConstraintViolation(
                        f"{child.name} has {count} entries and needs {child.min_elements}",
                        here,
                        app_tag="too-few-elements",
                    )
                elif child.max_elements is not None and count > child.max_elements:
                    yield ConstraintViolation(
                        f"{child.name} has {count} entries and may have {child.max_elements}",
                        here,
                        app_tag="too-many-elements",
                    )
        for choice in schema.choices:
            if choice.mandatory and self.is_open(schema, choice.id, node.children) and cursor.offers(choice):
                name = choice.name
                yield DataMissing(
                    f"one of the alternatives of {name} is mandatory",
                    path,
                    app_tag="missing-choice",
                    info=(("missing-choice", name),),
                )

    def is_open(self, schema: SchemaNode, choice: str, present: object) -> bool:
        """Return whether no case of `choice` is there."""
        names = cast("dict[str, Child]", present)
        return not any(other == choice for name in names for other, _ in schema.children[name].cases)

    def unique(self, parent: Cursor, schema: SchemaNode) -> Iterator[RequestError]:
        """Yield the entries of a list in `parent` that agree in what should be unique (RFC 7950 section 7.8.3), once."""
        above = parent.path() if parent.parent is not None else None
        if (above, schema) in self.lists:
            return
        self.lists.add((above, schema))
        for unique in schema.unique:
            seen: dict[tuple[object, ...], Path] = {}
            for entry in parent.child(schema.qname):
                key = entry.key
                values = tuple(_descendant(entry, names) for names in unique)
                if None in values:
                    continue
                here = Path(above, schema, key)
                other = seen.setdefault(values, here)
                if other is not here:
                    leaves = " ".join("/".join(names) for names in unique)
                    yield ConstraintViolation(
                        f"{leaves} of {here} and {other} is the same",
                        here,
                        app_tag="data-not-unique",
                        info=(("non-unique", str(other)),),
                    )


def _descendant(cursor: Cursor, names: tuple[str, ...]) -> object:
    """Return the value of the leaf at `names` below a list's entry, its default if it has one."""
    found: Cursor | None = cursor
    for name in names:
        found = next(found.child(name), None) if found is not None else None
    return found.value if found is not None else None


def _is_consequence(error: RequestError, places: set[Path]) -> bool:
    """Return whether `error` is about what was left out at one of `places`: about it, what it holds, or its choice."""
    steps = error.path.steps() if error.path is not None else []
    return any(step in places for step in steps) or (
        error.app_tag == "missing-choice" and any(each.schema.cases and each.parent == error.path for each in places)
    )
