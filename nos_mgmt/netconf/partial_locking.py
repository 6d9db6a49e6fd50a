"""partial-lock and partial-unlock (RFC 5717)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from nos_mgmt.access.reading import seen
from nos_mgmt.netconf.messages import InvalidParameter, MissingParameter
from yang.errors import InvalidValue, RequestError
from yang.path import XPath
from yang.xpath_filter import XPathFilter

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call
    from yang.path import Path
    from yang.tree import Node

PARTIAL_LOCK = "urn:ietf:params:xml:ns:netconf:partial-lock:1.0"


class NoMatches(RequestError):
    """Expressions that select nothing which could be locked (RFC 5717 section 2.4.1.1)."""


def partial_lock(call: Call) -> str:
    """Lock nodes of running, and what is below them, for the session (section 2.4.1)."""
    elements = list(call.operation.iter(f"{{{PARTIAL_LOCK}}}select"))
    filters = [_expression(call, element) for element in elements]

    def find(running: Node) -> list[Path]:
        # what the user may not see is not there for him, locked by somebody or not
        trees = [seen(call.access, running, expression) for expression in filters]
        paths = {
            path
            for expression, of in zip(filters, trees, strict=True)
            for path in expression.paths(of.explicit, of.full)
        }
        lockable = (path for path in paths if path.schema.kind != "root" and path.schema.config)
        # containers are there for expressions without anything in them
        found = sorted(filter(call.access.may_read, lockable), key=str)
        if not found:
            selects = ", ".join(expression.text for expression in filters)
            raise NoMatches(f"nothing in running matches {selects}", app_tag="no-matches")
        return found

    selects = [
        XPath(expression.text, {prefix: uri for prefix, uri in element.nsmap.items() if prefix})
        for expression, element in zip(filters, elements, strict=True)
    ]
    lock_id, paths = call.device.datastores.lock_partially(call.session.id, find, selects)
    nodes = "".join(_locked_node(path) for path in paths)
    return f'<lock-id xmlns="{PARTIAL_LOCK}">{lock_id}</lock-id>{nodes}'


def partial_unlock(call: Call) -> None:
    """Give a lock back (section 2.4.2)."""
    if "lock-id" not in call.input.children:
        raise MissingParameter("lock-id is missing", info=(("bad-element", "lock-id"),))
    call.device.datastores.unlock_partially(call.input.get("lock-id"), call.session.id)


def _expression(call: Call, element: _Element) -> XPathFilter:
    """Return the expression in a select element.

    Raises:
        InvalidParameter: It is none, or gives no nodes.
    """
    try:
        return XPathFilter((element.text or "").strip(), element.nsmap, call.device.schema)
    except InvalidValue as error:
        raise InvalidParameter(
            f"select: {error.message}", app_tag="not-a-node-set", info=(("bad-element", "select"),)
        ) from error


def _locked_node(path: Path) -> str:
    text, namespaces = path.xpath()
    declared = "".join(f" xmlns:{prefix}={quoteattr(namespace)}" for prefix, namespace in namespaces.items())
    return f'<locked-node xmlns="{PARTIAL_LOCK}"{declared}>{escape(text)}</locked-node>'
