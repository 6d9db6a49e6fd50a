"""What subscriptions to datastores select (RFC 8641 section 3.6), and what there is of that."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape

from datastore.following import selects_told
from nos_mgmt.netconf import nmda
from nos_mgmt.netconf.subscription_errors import YP, SubscriptionRefused
from nos_mgmt.notifications.datastore_subscription import Contents
from nos_mgmt.notifications.updates import selected
from yang.errors import InvalidValue
from yang.reporting import SubtreeFilter
from yang.xmlio import inner_xml, print_children
from yang.xpath_filter import XPathFilter

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call
    from nos_mgmt.notifications.updates import Wanted
    from yang.tree import Node

FILTERS = (f"{YP}:datastore-subtree-filter", f"{YP}:datastore-xpath-filter")


def selection(call: Call, kind: str) -> tuple[Wanted, dict[str, Any]]:
    """Return what a subscription selects and the terms that say so.

    Raises:
        SubscriptionRefused: It can never select anything, or is no expression.
    """
    wanted, terms = _given(call, kind)
    elements = wanted.bounds() if isinstance(wanted, XPathFilter) else wanted
    if elements is not None:
        served = {name for node in call.device.schema.root.children.values() for name in (node.tag, node.name)}
        if not any(top.tag in served for top in elements):
            reason = f"{YP}:unchanging-selection"
            raise SubscriptionRefused(reason, "the filter selects nothing that this server has", kind)
    return wanted, terms


def refuse_untold(call: Call, wanted: Wanted, kind: str) -> None:
    """Raise `SubscriptionRefused` if there is nothing in a selection of operational whose changes are told (section 3.10)."""
    device = call.device
    elements = wanted.bounds() if isinstance(wanted, XPathFilter) else wanted
    if device.rescue or not selects_told(elements, device.schema.root, device.followed.untold):
        reason = f"{YP}:on-change-unsupported"
        raise SubscriptionRefused(
            reason, "nobody tells of changes of what is selected; it can be had periodically", kind
        )


def _given(call: Call, kind: str) -> tuple[Wanted, dict[str, Any]]:
    subtree, xpath = FILTERS
    element = cast("_Element | None", call.input.get(subtree))
    if element is not None:
        return list(element), {subtree: inner_xml(element)}
    expression = call.input.get(xpath)
    if expression is None:
        return None, {}
    where = next(child for child in call.operation if str(child.tag).endswith("}datastore-xpath-filter"))
    # modules' names are prefixes, and those in scope where it stands count for more
    namespaces: dict[str | None, str] = {module.name: module.namespace for module in call.device.modules}
    try:
        found = XPathFilter(str(expression), namespaces | where.nsmap, call.device.schema)
    except InvalidValue as error:
        hint = f"<filter-failure-hint>{escape(error.message)}</filter-failure-hint>"
        reason = "ietf-subscribed-notifications:filter-unsupported"
        raise SubscriptionRefused(reason, error.message, kind, hint) from error
    return found, {xpath: str(expression)}


def contents_of(call: Call, tree: Node, wanted: Wanted) -> Contents:
    """Return what is selected of a tree, as far as the user may see it."""
    return Contents(time.time(), print_children(selected(tree, wanted, call.access.visible)))


def operational_contents(call: Call, wanted: Wanted) -> Contents:
    """Return what is selected of the operational datastore, as get-data shows it (RFC 8526 section 3.1.1)."""
    now = time.time()
    filter_ = SubtreeFilter(wanted) if wanted is not None and not isinstance(wanted, XPathFilter) else wanted
    return Contents(now, print_children(nmda.operational(call, filter_, "report-all")[0].selected))
