"""Which requests are answered so fast that it would take longer to hand them to a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.diff import NETCONF
from yang.weight import is_little

if TYPE_CHECKING:
    from lxml import etree

    from nos_mgmt.device import Device

LONGEST = 4096
"""Octets of a message that is looked at; reading it takes some ten microseconds."""
NODES = 400
"""Nodes of an answer; it takes a third of a millisecond."""
NAME = b"get-config"
GET_CONFIG = f"{{{NETCONF}}}get-config"
SOURCE = f"{{{NETCONF}}}source"
RUNNING = f"{{{NETCONF}}}running"
FILTER = f"{{{NETCONF}}}filter"


def may_be_quick(message: bytes) -> bool:
    """Return whether a message is worth a look."""
    return len(message) <= LONGEST and NAME in message


def is_quick(operation: etree._Element, device: Device) -> bool:
    """Return whether an operation is answered within a millisecond, and waits for nothing: a get-config of little of running."""
    # attributes ask for etags, which take time for all of a tree
    if operation.tag != GET_CONFIG or operation.attrib or len(operation) != 2:
        return False
    source, filter_ = operation
    if source.tag != SOURCE or len(source) != 1 or source[0].tag != RUNNING or filter_.tag != FILTER:
        return False
    if not len(filter_) or any(name != "type" or value != "subtree" for name, value in filter_.items()):
        return False
    return is_little(device.datastores.running, filter_, NODES)
