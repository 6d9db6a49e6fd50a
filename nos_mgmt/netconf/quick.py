"""Requests that are answered so fast that it would take longer to hand them to a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.diff import NETCONF
from yang.reporting import SubtreeFilter, report
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
SPACE = " \t\r\n"


def may_be_quick(message: bytes) -> bool:
    """Return whether a message is worth a look."""
    return len(message) <= LONGEST and NAME in message


def quick_content(operation: etree._Element, device: Device) -> str | None:
    """Return what a reply to `operation` holds if that takes less than a millisecond and waits for nothing; otherwise None.

    It is a get-config of little of running then, without anything to find fault with, whose user may see all there is.
    """
    filter_ = _filter(operation)
    running = device.datastores.running
    if filter_ is None or not is_little(running, filter_, NODES):
        return None
    return f"<data>{report(running, SubtreeFilter(list(filter_)))}</data>"


def _filter(operation: etree._Element) -> etree._Element | None:
    """Return the filter of a get-config of running that has one, of elements, and nothing else."""
    # attributes ask for etags, which take time for all of a tree
    if operation.tag != GET_CONFIG or operation.attrib or len(operation) != 2:
        return None
    source, filter_ = operation
    if source.tag != SOURCE or source.attrib or len(source) != 1 or filter_.tag != FILTER or not len(filter_):
        return None
    running = source[0]
    if running.tag != RUNNING or running.attrib or running.text or len(running):
        return None
    if any(
        text and text.strip(SPACE) for text in (operation.text, source.text, running.tail, source.tail, filter_.tail)
    ):
        return None
    is_subtree = all(name == "type" and value == "subtree" for name, value in filter_.items())
    return filter_ if is_subtree else None
