"""Which events of a stream a subscription selects (RFC 8639 section 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape

from nos_mgmt.netconf.messages import InvalidParameter
from nos_mgmt.netconf.notifications import selecting
from nos_mgmt.netconf.subscription_errors import SN, SubscriptionRefused
from nos_mgmt.notifications.state_changes import SUBSCRIBED
from yang.errors import InvalidValue
from yang.reporting import SubtreeFilter
from yang.xmlio import inner_xml, parse_document
from yang.xpath_condition import XPathCondition

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call
    from yang.tree import Node


def stream_filter(call: Call) -> tuple[Callable[[Node], bool] | None, dict[str, Any]]:
    """Return what tells whether an event is selected, None if all are, and the terms that say so."""
    name = call.input.get("stream-filter-name")
    if name is not None:
        found = named_filter(call.device.datastores.running, name)
        if found is None:
            raise InvalidParameter(f"there is no stream-filter {name}", info=(("bad-element", "stream-filter-name"),))
        return found, {"stream-filter-name": name}
    expression = call.input.get("stream-xpath-filter")
    if expression is not None:
        return _condition(call, expression).holds, {"stream-xpath-filter": expression}
    element = cast("_Element | None", call.input.get("stream-subtree-filter"))
    if element is None:
        return None, {}
    return selecting(SubtreeFilter(list(element))), {"stream-subtree-filter": inner_xml(element)}


def _condition(call: Call, expression: str) -> XPathCondition:
    """Return an XPath filter: its prefixes are modules' names, and those in scope where it stands, which count for more."""
    name = call.operation.tag.rpartition("}")[2].removesuffix("-subscription")
    element = call.operation.find(f"{{{SUBSCRIBED}}}stream-xpath-filter")
    namespaces: dict[str | None, str] = {module.name: module.namespace for module in call.device.modules}
    namespaces |= element.nsmap if element is not None else {}
    try:
        return XPathCondition(expression, namespaces, call.device.schema)
    except InvalidValue as error:
        hint = f"<filter-failure-hint>{escape(error.message)}</filter-failure-hint>"
        kind = f"{name}-subscription-stream-error-info"
        raise SubscriptionRefused(f"{SN}:filter-unsupported", error.message, kind, hint) from error


def named_filter(tree: Node, name: str) -> Callable[[Node], bool] | None:
    """Return what the filter selects that a configuration has under a name; None if it has none."""
    filters = tree.get(f"{SN}:filters")
    entries = filters.get("stream-filter") if filters is not None else None
    entry = entries.get((name,)) if entries is not None else None
    if entry is None:
        return None
    elements = parse_document(f"<filter>{entry.get('stream-subtree-filter') or ''}</filter>".encode())
    return selecting(SubtreeFilter(list(elements)))


def reference(name: str | None) -> Callable[[Node], Callable[[Node], bool] | None] | None:
    """Return what gives the filter that a configuration has under a name, if there is one."""
    return (lambda tree: named_filter(tree, name)) if name is not None else None
