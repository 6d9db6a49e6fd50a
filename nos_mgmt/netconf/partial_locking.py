"""partial-lock and partial-unlock (RFC 5717)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from nos_mgmt.netconf.messages import InvalidParameter, MissingParameter
from yang.cursor import Cursor
from yang.errors import RequestError, UnknownElement
from yang.identifiers import identified
from yang.instance_path import instance_path
from yang.types import InstanceIdentifierType
from yang.xmldata import resolver

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call
    from yang.path import Path
    from yang.tree import Node
    from yang.values import InstanceIdentifier

PARTIAL_LOCK = "urn:ietf:params:xml:ns:netconf:partial-lock:1.0"


class NoMatches(RequestError):
    """Expressions that select nothing which could be locked (RFC 5717 section 2.4.1.1)."""


def partial_lock(call: Call) -> str:
    """Lock nodes of running, and what is below them, for the session (section 2.4.1)."""
    selects = [_identifier(call, element) for element in call.operation.iter(f"{{{PARTIAL_LOCK}}}select")]

    def find(running: Node) -> list[Path]:
        # what the user may not see is not there for him, locked by somebody or not
        top = Cursor(running.schema, call.access.visible(running), None)
        nodes = [identified(top, select) for select in selects]
        found = {node.path() for node in nodes if node is not None and node.schema.config}
        if not found:
            raise NoMatches(f"nothing in running matches {', '.join(selects)}", app_tag="no-matches")
        return sorted(found, key=str)

    lock_id, paths = call.device.datastores.lock_partially(call.session.id, find, selects)
    nodes = "".join(_locked_node(path) for path in paths)
    return f'<lock-id xmlns="{PARTIAL_LOCK}">{lock_id}</lock-id>{nodes}'


def partial_unlock(call: Call) -> None:
    """Give a lock back (section 2.4.2)."""
    if "lock-id" not in call.input.children:
        raise MissingParameter("lock-id is missing", info=(("bad-element", "lock-id"),))
    call.device.datastores.unlock_partially(call.input.get("lock-id"), call.session.id)


def _identifier(call: Call, element: _Element) -> InstanceIdentifier:
    """Return the instance-identifier in a select element, which may name nothing that there is.

    Raises:
        InvalidParameter: It is none.
    """
    schema = call.device.schema
    try:
        value = InstanceIdentifierType().parse((element.text or "").strip(), resolver(element, schema))
        with suppress(UnknownElement):
            instance_path(value, schema)
    except RequestError as error:
        raise InvalidParameter(
            f"select: {error.message}", app_tag="invalid-lock-specification", info=(("bad-element", "select"),)
        ) from error
    return value


def _locked_node(path: Path) -> str:
    text, namespaces = path.xpath()
    declared = "".join(f" xmlns:{prefix}={quoteattr(namespace)}" for prefix, namespace in namespaces.items())
    return f'<locked-node xmlns="{PARTIAL_LOCK}"{declared}>{escape(text)}</locked-node>'
