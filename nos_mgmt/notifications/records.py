"""Event records: what happened, as an instance of a notification of the models that are served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from yang.errors import RequestError
from yang.tree import Node, ordered
from yang.xmldata import read_children
from yang.xmlio import MalformedXml, parse_document, print_children

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datastore.event_log import Logged
    from yang.schema import Schema


class Record(NamedTuple):
    """One event."""

    time: float
    """Seconds since 1970, UTC."""
    name: str
    """The notification, as `module:name`."""
    node: Node
    """Its content, below a root of its own."""

    @property
    def content(self) -> str:
        """The element, as XML."""
        node = cast("Node", self.node.children[self.name])
        return f"{node.schema.open_tag}>{print_children(node)}{node.schema.close_tag}"


def record(schema: Schema, time: float, name: str, leaves: Mapping[str, Any]) -> Record | None:
    """Return the event `name` with `leaves`, nested as the model has them, without those that are None.

    None stands for a notification that the models do not have.
    """
    definition = schema.root.children.get(name)
    if definition is None:
        return None
    return Record(time, name, Node(schema.root, {name: _node(definition, leaves)}))


def _node(definition: Any, leaves: Mapping[str, Any]) -> Node:
    children = {}
    for name, value in leaves.items():
        if value is not None and name in definition.children:
            children[name] = _node(definition.children[name], value) if isinstance(value, dict) else value
    return Node(definition, ordered(definition, children))


def read(schema: Schema, logged: Logged) -> Record | None:
    """Return the event that was logged; None if the models do not have it any more, or not like this."""
    definition = schema.root.children.get(logged.name)
    if definition is None:
        return None
    try:
        content = Node(definition, read_children(parse_document(logged.content.encode()), definition))
    except (RequestError, MalformedXml):
        return None
    return Record(logged.time, logged.name, Node(schema.root, {logged.name: content}))
