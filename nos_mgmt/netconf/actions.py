"""Actions: operations of data nodes (RFC 7950 section 7.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from datastore.refusal import node_at
from nos_mgmt.netconf import drift
from nos_mgmt.netconf.messages import OperationNotSupported
from yang.diff import YANG
from yang.errors import BadElement, DataMissing, MissingElement, RequestError
from yang.path import Path
from yang.xmldata import Refused, bad, read_input, read_key, refuse_mixed_content, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

    from nos_mgmt.device import Device
    from nos_mgmt.netconf.session import Call
    from yang.schema import SchemaNode
    from yang.tree import Key, Node

ACTION = f"{{{YANG}}}action"
ACTIONS: dict[str, Callable[[Call, Path], str | None]] = {
    f"/nos-drift:drift/deviation/nos-drift-remedies:{name}": function
    for name, function in (("revert", drift.revert), ("adopt", drift.adopt))
}
"""Each function is given the path of the node that the action is called on, and returns the content of the reply, or None."""


def called(operation: _Element, device: Device) -> tuple[Path, Node]:
    """Return the path of the action that an action element calls, and its input.

    Raises:
        RequestError: It calls none, or its input is not what the model says.
    """
    refuse_mixed_content(operation, device.schema.root)
    path: Path | None = None
    schema, element = device.schema.root, operation
    while path is None or path.schema.kind != "action":
        inner = _only_child(element, schema, path)
        node = schema.tags.get(inner.tag)
        if node is None or node.kind not in ("container", "list"):
            action = next((one for one in schema.operations().values() if one.tag == inner.tag), None) if path else None
            if action is None or action.kind != "action":
                error = unknown(inner, schema) if node is None else _out_of_place(inner, node)
                error.path = path
                raise error
            node = action
        path = Path(path, node, _key(inner, node, path) if node.kind == "list" else None)
        schema, element = node, inner
    try:
        return path, read_input(element, schema.children["input"])
    except RequestError as error:
        error.path = path.parent
        raise


def carry_out(call: Call, path: Path) -> str | None:
    """Carry out the action at `path` on the node that it is called on (section 7.15.2).

    Raises:
        AccessDenied: The user may not call it.
        DataMissing: There is no such node in the operational datastore.
        RequestError: The action raises it.
    """
    call.access.refuse_action(path)
    function = ACTIONS.get(path.schema.path())
    parent = path.parent
    if function is None or parent is None:
        info = (("bad-element", path.schema.name),)
        raise OperationNotSupported(f"{path.schema.name} is not an action of this server", info=info)
    device = call.device
    # the way to the action is as good as a subtree filter
    found = device.operational.gathered(device.datastores.running, device.deferred_paths(), list(call.operation))
    visible = call.access.visible(found)
    for step in parent.steps():
        # a container without presence is there with what it is in
        is_implied = step.schema.kind == "container" and not step.schema.presence
        if not is_implied and node_at(visible, step) is None:
            raise DataMissing(f"{step} is not there", step, info=bad(step.schema))
    return function(call, parent)


def _only_child(element: _Element, schema: SchemaNode, path: Path | None) -> _Element:
    """Return what stands in an element besides the keys of a list entry."""
    below = list(element)[len(schema.keys) if path is not None else 0 :]
    if len(below) != 1:
        name = schema.name or "action"
        info = (("bad-element", name),)
        if not below:
            raise MissingElement(f"{name} holds no action, nor what leads to one", path, info=info)
        raise BadElement(
            f"{name} holds {len(below)} elements besides its keys, where one leads to the action", path, info=info
        )
    return below[0]


def _key(element: _Element, schema: SchemaNode, path: Path | None) -> Key:
    try:
        return read_key(element, schema)
    except Refused as refused:
        refused.error.path = path
        raise refused.error from None


def _out_of_place(element: _Element, node: SchemaNode) -> BadElement:
    name = etree.QName(element).localname
    return BadElement(f"{name} is a {node.kind}, and leads to no action", info=bad(node))
