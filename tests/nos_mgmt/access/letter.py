"""RFC 8341 section 3.4.5 read out aloud: slow, node by node, with nothing remembered. And random rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from nos_mgmt.access.rules import Defaults, Rule
from tests.yang.playground import blends, cached_values, nodes
from yang.path import Path, quoted
from yang.tree import Entries, Node, is_empty, ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yang.schema import Schema, SchemaNode

USER = "a"
"""Short, so that it can be a key."""


def is_permitted(rules: Sequence[Rule], defaults: Defaults, path: Path, operation: str) -> bool:
    """Steps 6 to 12: the first rule that matches, the tags, the defaults."""
    for rule in rules:
        if rule.module not in (None, path.schema.module.name):
            continue
        if rule.operations is not None and operation not in rule.operations:
            continue
        if rule.kind == "" or (rule.kind == "path" and leads_to(str(rule.target), path)):
            return rule.permits
    tags = {step.schema.default_deny for step in path.steps()}
    if operation == "read":
        return "all" not in tags and defaults.read
    return tags == {""} and defaults.write


def leads_to(target: str, path: Path) -> bool:
    """Whether a node is the one that a rule's path names, or below it: compared as text, with and without each key."""
    return target == "/" or any(target in texts(step) for step in path.steps())


def texts(path: Path) -> set[str]:
    """Return all rule paths that name exactly this node or a set of nodes in which it is."""
    found = {""}
    for step in path.steps():
        name = f"/{step.schema.module.name}:{step.schema.name}"
        predicates = [""]
        names = ["."] if step.schema.kind == "leaf-list" else step.schema.keys
        for place, key in enumerate(names if step.key is not None else ()):
            leaf = step.schema if key == "." else step.schema.children[key]
            value = leaf.type.text(step.key[place])  # type: ignore[index]  # it is there
            qname = "." if key == "." else f"{leaf.module.name}:{key}"
            ways = ["", f"[{qname}={quoted(value)}]"] + ([f"[{qname}=$USER]"] if value == USER else [])
            predicates = [before + way for before in predicates for way in ways]
        found = {f"{before}{name}{predicate}" for before in found for predicate in predicates}
    return found


def seen(rules: Sequence[Rule], defaults: Defaults, node: Node, path: Path | None = None) -> Node:
    """Section 3.2.4: what may not be read is left out, with everything below it."""
    children: dict[str, Any] = {}
    for name, child in node.children.items():
        schema = node.schema.children[name]
        left = of_child(rules, defaults, schema, child, path)
        if left is not None:
            children[name] = left
    return Node(node.schema, ordered(node.schema, children))


def of_child(rules: Sequence[Rule], defaults: Defaults, schema: SchemaNode, child: Any, path: Path | None) -> Any:
    def may(there: Path) -> bool:
        return is_permitted(rules, defaults, there, "read")

    if isinstance(child, Entries):
        entries = {
            key: seen(rules, defaults, entry, there)
            for key, entry in child.items()
            if may(there := Path(path, schema, key))
            and all(may(Path(there, schema.children[name])) for name in schema.keys)
        }
        return Entries(schema, entries) if entries else None
    if isinstance(child, tuple):
        return tuple(value for value in child if may(Path(path, schema, (value,)))) or None
    if not may(Path(path, schema)):
        return None
    if isinstance(child, Node):
        left = seen(rules, defaults, child, Path(path, schema))
        return None if is_empty(left) and not is_empty(child) else left
    return child


@st.composite
def paths(draw: st.DrawFn, schema: Schema) -> str:
    """Return the path of a rule: to any node of a schema, with some of the keys."""
    node, text = schema.root, ""
    for _ in range(draw(st.integers(1, 4))):
        children = [child for child in node.children.values() if child.kind not in ("rpc", "notification")]
        if not children:
            break
        node = draw(st.sampled_from(children))
        text += f"/{node.module.name}:{node.name}"
        names = [".", *node.keys] if node.kind == "leaf-list" else node.keys
        for key in names:
            if draw(st.booleans()):
                leaf = node if key == "." else node.children[key]
                value = leaf.type.text(draw(cached_values(leaf.type)))
                if "'" in value and '"' in value:
                    continue
                written = "$USER" if draw(st.integers(0, 5)) == 0 else quoted(value)
                text += f"[{'.' if key == '.' else f'{leaf.module.name}:{key}'}={written}]"
    return draw(st.sampled_from([text, text, text, text, "/"]))


@st.composite
def rules(draw: st.DrawFn, schema: Schema) -> list[Rule]:
    """Return a few rules."""
    modules = [None, None, *sorted({node.module.name for node in schema.root.children.values()})]
    operations = st.sets(st.sampled_from(["create", "read", "update", "delete", "exec"]))
    return [
        Rule(
            draw(st.booleans()),
            draw(st.one_of(st.none(), operations.map(frozenset))),
            draw(st.sampled_from(modules)),
            *draw(st.one_of(st.just(("", None)), *[paths(schema).map(lambda path: ("path", path))] * 4)),
        )
        for _ in range(draw(st.integers(0, 5)))
    ]


some_defaults = st.builds(Defaults, st.booleans(), st.booleans(), st.booleans())


@st.composite
def alike(draw: st.DrawFn, rules: Sequence[Rule], defaults: Defaults, tree: Node) -> Node:
    """Return another tree of which the same may be seen: what may not be is taken from elsewhere, or is not there."""
    other = draw(st.one_of(nodes(tree.schema), blends(tree, draw(nodes(tree.schema)))))
    return _alike(draw, rules, defaults, tree, other, None)


def _alike(
    draw: st.DrawFn, rules: Sequence[Rule], defaults: Defaults, mine: Node, other: Node, path: Path | None
) -> Node:
    def may(there: Path) -> bool:
        return is_permitted(rules, defaults, there, "read")

    found: dict[str, Any] = {}
    for name, schema in mine.schema.children.items():
        a, b = mine.children.get(name), other.children.get(name)
        here = Path(path, schema)
        if name in mine.schema.keys:
            found[name] = a
        elif schema.kind == "list":
            entries: dict[Any, Any] = {}
            for key in [*(a or ()), *(key for key in b or () if a is None or key not in a)]:
                there = Path(path, schema, key)
                ours, theirs = a.get(key) if a else None, b.get(key) if b else None
                if may(there) and all(may(Path(there, schema.children[leaf])) for leaf in schema.keys):
                    if ours is not None:
                        entries[key] = _alike(draw, rules, defaults, ours, theirs or ours, there)
                elif (picked := draw(st.sampled_from([ours, theirs]))) is not None:
                    entries[key] = picked
            found[name] = Entries(schema, entries)
        elif schema.kind == "leaf-list":
            kept = [value for value in a or () if may(Path(path, schema, (value,)))]
            kept += [value for value in b or () if not may(Path(path, schema, (value,)))]
            found[name] = tuple(kept) if schema.user_ordered else tuple(sorted(kept, key=schema.type.order))
        elif not may(here):
            found[name] = draw(st.sampled_from([a, b]))
        elif isinstance(a, Node):
            found[name] = _alike(draw, rules, defaults, a, b if isinstance(b, Node) else a, here)
        else:
            found[name] = a
    kept_children = {name: child for name, child in found.items() if child is not None and not is_empty(child)}
    return Node(mine.schema, ordered(mine.schema, kept_children))
