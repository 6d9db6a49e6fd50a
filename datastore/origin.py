"""The operational datastore of RFC 8342: configuration that is in use, defaults among it, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from yang.annotated import child_of
from yang.path import Path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from yang.schema import SchemaNode
    from yang.tree import Child, Key

Origin: TypeAlias = Literal["intended", "system", "learned", "default", "unknown"]

ORIGIN = "urn:ietf:params:xml:ns:yang:ietf-origin"


def in_use(node: Node, deferred: Collection[Path], path: Path | None = None) -> Node:
    """Return `node`, of configuration and state, without the configuration of objects at `deferred`, which are not applied.

    An object keeps its keys, and the objects in it are judged for themselves.
    """
    if not deferred:
        return node
    children: dict[str, Child] = {}
    is_deferred = path in deferred
    for name, child in node.children.items():
        schema = node.schema.children[name]
        if isinstance(child, Entries):
            entries = {key: in_use(entry, deferred, Path(path, schema, key)) for key, entry in child.items()}
            children[name] = Entries(schema, entries)
        elif name in node.schema.keys or not schema.config:
            children[name] = child
        elif isinstance(child, Node):
            is_plain = not any(inner.is_inner or not inner.config for inner in schema.children.values())
            if not (is_deferred and is_plain):
                children[name] = in_use(child, deferred, Path(path, schema))
        elif not is_deferred:
            children[name] = child
    return Node(node.schema, children)


def without_guesses(full: Node, found: Node, running: Node | None) -> Node:
    """Return `full`, which is `found` with defaults put in, without those that nobody can know to be in use.

    Those are defaults of state, and of entries that are not configured.
    """
    children: dict[str, Any] = {}
    for name, child in full.children.items():
        schema = full.schema.children[name]
        was = found.children.get(name)
        configured = running.children.get(name) if running is not None else None
        if not schema.config:
            if was is not None:
                children[name] = was if not isinstance(child, (Node, Entries)) else _present(child, was)
        elif isinstance(child, Entries):
            old = was if isinstance(was, Entries) else Entries(schema)
            known = configured if isinstance(configured, Entries) else Entries(schema)
            children[name] = Entries(
                schema,
                {
                    key: without_guesses(entry, old[key], known[key]) if key in known else _present(entry, old[key])
                    for key, entry in child.items()
                },
            )
        elif isinstance(child, Node):
            nothing = Node(schema, {})
            inner = configured if isinstance(configured, Node) else None if schema.presence else nothing
            below = without_guesses(child, was if isinstance(was, Node) else nothing, inner)
            if below.children or schema.presence or was is not None:
                children[name] = below
        else:
            children[name] = child
    return Node(full.schema, children)


def _present(full: Any, found: Any) -> Any:
    """Return what of `full` is in `found`, too."""
    if isinstance(full, Node) and isinstance(found, Node):
        both = full.children.keys() & found.children.keys()
        return Node(
            full.schema,
            {name: _present(child, found.children[name]) for name, child in full.children.items() if name in both},
        )
    if isinstance(full, Entries) and isinstance(found, Entries):
        return Entries(full.schema, {key: _present(entry, found[key]) for key, entry in full.items() if key in found})
    return full


class OriginMark:
    """What is said of a node of the operational datastore: where it comes from, if that is not where its parent does."""

    def __init__(self, found: Node | None, running: Node | None, origin: Origin | None, around: Origin | None) -> None:
        """Speak of a node of this `origin` in one of `around`: it is there as `found`, and in `running` if it is configured."""
        self._found = found
        self._running = running
        self._around = around
        self.origin = origin
        """None for state, and for the datastore itself."""

    def attributes(self) -> str:
        """Return the origin."""
        if self.origin is None or self.origin == self._around:
            return ""
        return f' or:origin="or:{self.origin}"'

    def alone(self) -> OriginMark:
        """Return what says the origin of every child, as if nothing were said of this node."""
        return OriginMark(self._found, self._running, None, None)

    def is_pruned(self) -> bool:
        """Return False: nothing is left out."""
        return False

    def below(self, schema: SchemaNode, key: Key | None, child: Child) -> OriginMark | None:  # noqa: ARG002 - what is there counts
        """Return what is said of a child; None for state, which has no origin."""
        if not schema.config:
            return None
        found, configured = child_of(self._found, schema, key), child_of(self._running, schema, key)
        if schema.kind == "leaf-list" and key is not None:
            found, configured = (
                values if isinstance(values, tuple) and key[0] in values else None for values in (found, configured)
            )
        origin: Origin = "system"
        if schema.parent is not None and schema.qname in schema.parent.keys and self.origin is not None:
            origin = self.origin
        elif configured is not None:
            origin = "intended"
        elif found is None:
            origin = "default"
        return OriginMark(
            found if isinstance(found, Node) else None,
            configured if isinstance(configured, Node) else None,
            origin,
            self.origin,
        )


def of_origin(node: Node, mark: OriginMark, accepts: Callable[[Origin], bool]) -> Node:
    """Return `node` with only the configuration whose origin is accepted, with what that is in, and with all state."""
    children: dict[str, Child] = {}
    for name, child in node.children.items():
        schema = node.schema.children[name]
        if not schema.config or name in node.schema.keys:
            children[name] = child
        elif isinstance(child, Entries):
            entries = {}
            for key, entry in child.items():
                inner = mark.below(schema, key, entry)
                below = of_origin(entry, inner, accepts) if inner is not None else entry
                is_wanted = inner is not None and inner.origin is not None and accepts(inner.origin)
                if is_wanted or len(below.children) > len(schema.keys):
                    entries[key] = below
            if entries:
                children[name] = Entries(schema, entries)
        elif isinstance(child, Node):
            inner = mark.below(schema, None, child)
            below = of_origin(child, inner, accepts) if inner is not None else child
            is_wanted = inner is not None and inner.origin is not None and accepts(inner.origin)
            if below.children or (is_wanted and schema.presence):
                children[name] = below
        elif isinstance(child, tuple):
            values = tuple(value for value in child if _is_of(mark.below(schema, (value,), value), accepts))
            if values:
                children[name] = values
        elif _is_of(mark.below(schema, None, child), accepts):
            children[name] = child
    return Node(node.schema, children)


def _is_of(mark: OriginMark | None, accepts: Callable[[Origin], bool]) -> bool:
    return mark is not None and mark.origin is not None and accepts(mark.origin)
