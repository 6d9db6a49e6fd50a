"""What a user is told of an event: nothing of what may not be read.

RFC 8341 section 3.4.6 judges notifications as a whole; but what somebody may not find in a datastore, they are not told of here
either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.errors import RequestError
from yang.instance_path import instance_path
from yang.json_values import qualified
from yang.tree import Entries, Node
from yang.types import InstanceIdentifierType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nos_mgmt.access.access import Access

IDENTIFIER = InstanceIdentifierType()


def told_of(access: Access, node: Node) -> Node | None:
    """Return what a user may be told of an event, `node`, which is an instance of a notification; None if that is nothing."""
    judge = JUDGES.get(f"{node.schema.module.name}:{node.schema.name}")
    return node if judge is None or access.sees_all else judge(node, access)


def is_judged(name: str) -> bool:
    """Return whether of the notification `module:name` some may be told less than others."""
    return name in JUDGES


def _of_change(node: Node, access: Access) -> Node | None:
    """Leave out the edits of what may not be read; of a commit of nothing else there is nothing to be told (RFC 6470)."""
    edits: Entries | None = node.get("edit")
    if edits is None:
        return node
    left = [edit for edit in edits.values() if _is_read(str(edit.get("target")), node, access)]
    if len(left) == len(edits):
        return node
    if not left:
        return None
    return node.replacing("edit", Entries(edits.schema, [((n,), edit) for n, edit in enumerate(left, 1)]))


def _of_deviation(node: Node, access: Access) -> Node | None:
    """Leave out a deviation of an object that is not all seen, as the list of deviations does."""
    path: str | None = node.get("path")
    return node if path is None or _is_read(path, node, access, is_object=True) else None


def _of_trouble(node: Node, _: Access) -> Node | None:
    """Leave out which resources it is about: nobody knows of which configuration they come."""
    return Node(node.schema, {})


JUDGES: Mapping[str, Callable[[Node, Access], Node | None]] = {
    "ietf-netconf-notifications:netconf-config-change": _of_change,
    "nos-drift:deviation-event": _of_deviation,
    "nos-drift:out-of-step": _of_trouble,
}


def _is_read(text: str, event: Node, access: Access, *, is_object: bool = False) -> bool:
    """Return whether a user may see the node that an event names, and all that it may be about with it.

    That of an object, all of which it is about, is written as in JSON.
    """
    try:
        path = instance_path(IDENTIFIER.parse(qualified(text) if is_object else text), event.schema.schema)
    except RequestError:
        # the models have it no more
        return False
    # that a container without presence came, went or has changed says that something in it has
    is_place = path.schema.kind == "container" and not path.schema.presence
    return access.may_read_all(path) if is_object or is_place else access.may_read(path)
