"""Rules as they are asked: which of them speak of a node, and what that comes to (RFC 8341 sections 3.4.4 to 3.4.6).

On the way down a data tree a `State` says which rules speak of the node that was reached, and which ones may speak of what is
below it. Few states come up, so that what is found out for a schema node in a state is kept: whether everything below it is
permitted, say, without a look at any data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from yang.errors import InvalidValue
from yang.node_paths import EVERYTHING, steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from yang.path import Path
    from yang.schema import Schema, SchemaNode
    from yang.tree import Key
    from yang.values import Value

Operation = Literal["create", "read", "update", "delete", "exec"]
State: TypeAlias = tuple[tuple[int, ...], tuple[tuple[int, int], ...]]
"""The rules that speak of a node, in order, and those that may speak of nodes below, each with the steps that are done."""

BASE = "ietf-netconf"
DISRUPTIVE = frozenset({"kill-session", "delete-config"})
"""The operations of RFC 6241 that are denied where no rule permits them, tagged or not (section 3.4.4)."""
ALWAYS_SENT = frozenset({"replayComplete", "notificationComplete"})
SUBSCRIPTIONS = "ietf-subscribed-notifications"
"""The module of what tells a subscriber of the subscription itself, which is never left out (RFC 8639 section 2.7)."""
PROTECTED = ("/openconfig-system:system/aaa",)
"""What is as if it were tagged default-deny-write: whoever changes it may become anybody."""
STRENGTH = ("", "write", "all")


class Rule(NamedTuple):
    """One rule, as it is configured."""

    permits: bool
    operations: frozenset[str] | None = None
    """None stands for all."""
    module: str | None = None
    """The module that it is about; None stands for all."""
    kind: Literal["", "rpc", "notification", "path"] = ""
    """What it is about; nothing stands for everything."""
    target: str | None = None
    """The name of the rpc or notification, or the path; None stands for every name."""


class Defaults(NamedTuple):
    """What holds where no rule speaks."""

    read: bool = True
    write: bool = False
    exec: bool = True


class Step(NamedTuple):
    """One step of a rule's path: a schema node, and what keys have to be, by their places in the key."""

    schema: SchemaNode
    keys: tuple[tuple[int, Value], ...]

    def takes(self, key: Key | None) -> bool:
        """Return whether this is a step to the entry of `key`; None is an entry that no step names."""
        return not self.keys or (key is not None and all(key[place] == value for place, value in self.keys))


class Rules:
    """The rules that apply to one user."""

    def __init__(self, schema: Schema, rules: Iterable[Rule], defaults: Defaults, user: str) -> None:
        """Judge by `rules`, in their order, and by `defaults` where none of them speaks; `user` is what `$USER` stands for."""
        self._rules = tuple(rules)
        self._defaults = defaults
        self._paths: dict[int, Sequence[Step]] = {}
        matched, pending = [], []
        for index, rule in enumerate(self._rules):
            if rule.kind == "" or (rule.kind == "path" and rule.target == EVERYTHING):
                matched.append(index)
            elif rule.kind == "path":
                path = resolved(str(rule.target), schema, user)
                if path is not None:
                    self._paths[index] = path
                    pending.append((index, 0))
        self.top: State = (tuple(matched), tuple(pending))
        self._decided: dict[tuple[SchemaNode, tuple[int, ...], Operation], bool] = {}
        self._wholes: dict[tuple[SchemaNode, State, Operation], bool | None] = {}
        self._tags: dict[SchemaNode, str] = {}
        self._protected = frozenset(PROTECTED)

    def below(self, state: State, schema: SchemaNode, key: Key | None = None) -> State:
        """Return the state at a child of a node in `state`; for an entry, or a leaf-list's value, with its `key`."""
        matched, pending = state
        if not pending:
            return state
        fresh, waiting = [], []
        for index, done in pending:
            path = self._paths[index]
            if path[done].schema is schema and path[done].takes(key):
                if done + 1 == len(path):
                    fresh.append(index)
                else:
                    waiting.append((index, done + 1))
        return (tuple(sorted((*matched, *fresh))) if fresh else matched), tuple(waiting)

    def keyed(self, state: State, schema: SchemaNode) -> list[Step]:
        """Return the steps that lead from a node in `state` to some of the entries of its child `schema` only."""
        return [step for index, done in state[1] if (step := self._paths[index][done]).schema is schema and step.keys]

    def permits(self, schema: SchemaNode, state: State, operation: Operation) -> bool:
        """Return whether an operation on a node in `state` is permitted (section 3.4.5, from step 6 on)."""
        key = (schema, state[0], operation)
        found = self._decided.get(key)
        if found is None:
            found = self._decided[key] = self._judged(schema, state[0], operation)
        return found

    def _judged(self, schema: SchemaNode, matched: tuple[int, ...], operation: Operation) -> bool:
        module = schema.module.name
        for index in matched:
            rule = self._rules[index]
            if rule.module in (None, module) and (rule.operations is None or operation in rule.operations):
                return rule.permits
        tag = self._tag(schema)
        if operation == "read":
            return tag != "all" and self._defaults.read
        if operation == "exec":
            return tag != "all" and self._defaults.exec
        return not tag and self._defaults.write

    def _tag(self, schema: SchemaNode) -> str:
        """Return the strongest tag of a node and of those that it stands in: a lock on the door is one on what is inside."""
        found = self._tags.get(schema)
        if found is None:
            own = schema.default_deny
            if not own and schema.name == "aaa" and schema.path() in self._protected:
                own = "write"
            above = self._tag(schema.parent) if schema.parent is not None else ""
            found = self._tags[schema] = max(own, above, key=STRENGTH.index)
        return found

    def whole(self, schema: SchemaNode, state: State, operation: Operation) -> bool | None:
        """Return whether an operation is permitted on a node in `state` and all that can be below it; None if it depends.

        What is denied to be read, or a list's entry with a key that is, is denied with everything below (section 3.2.4). A
        container without presence is neither made nor taken away itself.
        """
        key = (schema, state, operation)
        if key in self._wholes:
            return self._wholes[key]
        found = self._wholes[key] = self._whole(schema, state, operation)
        return found

    def _whole(self, schema: SchemaNode, state: State, operation: Operation) -> bool | None:
        is_place = schema.kind == "root" or (operation != "read" and schema.kind == "container" and not schema.presence)
        if not is_place and not self.permits(schema, state, operation):
            return False if operation == "read" or not schema.is_inner else None
        if operation == "read" and schema.kind == "list":
            keys = (schema.children[name] for name in schema.keys)
            if not all(self.permits(leaf, self.below(state, leaf), "read") for leaf in keys):
                return False
        for child in schema.children.values():
            if child.kind in ("rpc", "notification"):
                continue
            if self.keyed(state, child) or self.whole(child, self.below(state, child), operation) is not True:
                return None
        return True

    def reached(self, path: Path) -> State | None:
        """Return the state at `path`, or None if it may not be read, or what leads to it."""
        state = self.top
        for step in path.steps():
            state = self.below(state, step.schema, step.key)
            if not self.permits(step.schema, state, "read"):
                return None
            keys = step.schema.keys if step.key is not None else ()
            for name in keys:
                leaf = step.schema.children[name]
                if not self.permits(leaf, self.below(state, leaf), "read"):
                    return None
        return state

    def may_call(self, operation: SchemaNode) -> bool:
        """Return whether a protocol operation may be called (section 3.4.4)."""
        is_base = operation.module.name == BASE
        if is_base and operation.name == "close-session":
            return True
        found = self._spoken(operation, "rpc", "exec")
        if found is not None:
            return found
        if operation.default_deny == "all" or (is_base and operation.name in DISRUPTIVE):
            return False
        return self._defaults.exec

    def may_receive(self, notification: SchemaNode) -> bool:
        """Return whether a notification may be sent to the user (section 3.4.6)."""
        if notification.name in ALWAYS_SENT or notification.module.name == SUBSCRIPTIONS:
            return True
        found = self._spoken(notification, "notification", "read")
        if found is not None:
            return found
        return notification.default_deny != "all" and self._defaults.read

    def _spoken(self, schema: SchemaNode, kind: str, operation: Operation) -> bool | None:
        for rule in self._rules:
            if (
                rule.module in (None, schema.module.name)
                and (rule.operations is None or operation in rule.operations)
                and (rule.kind == "" or (rule.kind == kind and rule.target in (None, schema.name)))
            ):
                return rule.permits
        return None


def resolved(path: str, schema: Schema, user: str) -> list[Step] | None:
    """Return the steps of a rule's path; None if no data can be there, so that the rule speaks of nothing."""
    found: list[Step] = []
    node = schema.root
    for module, name, given in steps(path):
        child = node.children.get(node.qname_of(module, name)) if node.is_inner else None
        if child is None or child.kind == "rpc":
            return None
        names = {"leaf-list": (".",), "list": child.keys}.get(child.kind, ())
        if not given.keys() <= set(names):
            return None
        keys = []
        for place, key in enumerate(names):
            if key in given:
                leaf = child if key == "." else child.children[key]
                text = given[key]
                try:
                    keys.append((place, leaf.type.parse(user if text is None else text)))
                except InvalidValue:
                    return None
        found.append(Step(child, tuple(keys)))
        node = child
    return found
