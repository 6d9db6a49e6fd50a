"""get, get-config and get-schema (RFC 6241 sections 7.1 and 7.7, RFC 6022 section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from xml.sax.saxutils import escape

from lxml import etree

from nos_mgmt.access.reading import report_to, seen
from nos_mgmt.netconf import txid
from nos_mgmt.netconf.datastores import named_datastore
from nos_mgmt.netconf.messages import InvalidParameter
from yang import deviations
from yang.annotated import defaults_of
from yang.errors import BadAttribute, InvalidValue, MissingAttribute, RequestError
from yang.reporting import SubtreeFilter
from yang.xpath_filter import XPathFilter

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call
    from yang.reporting import Filter
    from yang.with_defaults import Mode

MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
YANG_FORMAT = "ietf-netconf-monitoring:yang"


class NotUnique(RequestError):
    """A module of which there are several revisions (RFC 6022 section 3.1)."""


def get(call: Call) -> str:
    """Answer with configuration and state."""
    device, wanted = call.device, filter_of(call)
    bounds = wanted.bounds() if wanted is not None else None
    tree = device.operational.gathered(device.datastores.running, device.deferred_paths(), bounds)
    return f"<data>{report_to(call.access, tree, wanted, mode_of(call), config_only=False)}</data>"


def get_config(call: Call) -> str:
    """Answer with the configuration in a datastore."""
    tree = call.device.datastores.read(named_datastore(call, call.input.get("source")), call.session.id)
    wanted, mode = filter_of(call), mode_of(call)
    if not txid.is_asked(call):
        return f"<data>{report_to(call.access, tree, wanted, mode)}</data>"
    call.device.versions.remember(tree)
    selected, explicit, _ = seen(call.access, tree, wanted, mode)
    return txid.data("data", call, call.access.visible(tree), selected, defaults_of(explicit, mode))


def get_schema(call: Call) -> str:
    """Answer with the text of a module."""
    identifier, version = call.input.get("identifier"), call.input.get("version")
    format_ = call.input.get("format") or YANG_FORMAT
    if format_ != YANG_FORMAT:
        raise InvalidParameter(f"modules are there as yang, not as {format_}", info=(("bad-element", "format"),))
    revisions = [revision for name, revision in call.device.texts() if name == identifier]
    if identifier == deviations.NAME:
        revisions = [deviations.REVISION]
    matching = revisions if version is None else [revision for revision in revisions if revision == version]
    if not matching:
        which = f"{identifier} of revision {version}" if version is not None else str(identifier)
        raise InvalidParameter(f"there is no module {which}", info=(("bad-element", "identifier"),))
    if len(matching) > 1:
        raise NotUnique(f"{identifier} has the revisions {', '.join(matching)}", app_tag="data-not-unique")
    return f'<data xmlns="{MONITORING}">{escape(call.device.text(str(identifier), matching[0]))}</data>'


def mode_of(call: Call) -> Mode:
    """Return how the client wants to see defaults: as they were set, if it does not say (RFC 6243 section 4.5.1)."""
    return cast("Mode", call.input.get("ietf-netconf-with-defaults:with-defaults") or "explicit")


def filter_of(call: Call) -> Filter | None:
    """Return the filter of a request, or None if there is none (RFC 6241 sections 6 and 8.9).

    Raises:
        RequestError: It is of no type that there is, or an XPath filter without an expression, or with one that cannot be used.
    """
    element = cast("_Element | None", call.input.get("filter"))
    if element is None:
        return None
    kind = element.get("type", "subtree")
    if kind == "subtree":
        return SubtreeFilter(list(element))
    if kind != "xpath":
        raise _refused(f"filters are of type subtree or xpath, not {kind!s}", "type")
    expression = element.get("select")
    if expression is None:
        info = (("bad-attribute", "select"), ("bad-element", "filter"))
        missing = MissingAttribute("a filter of type xpath needs the attribute select", info=info)
        missing.type = "protocol"
        raise missing
    return xpath_filter(str(expression), element, call)


def xpath_filter(expression: str, element: _Element, call: Call) -> XPathFilter:
    """Return the filter of an expression, whose prefixes are those in scope at `element`.

    Raises:
        InvalidParameter: The expression cannot be used.
    """
    try:
        return XPathFilter(expression, element.nsmap, call.device.schema)
    except InvalidValue as error:
        raise InvalidParameter(error.message, info=(("bad-element", etree.QName(element).localname),)) from error


def subtree_filter(call: Call) -> list[_Element] | None:
    """Return the elements of the subtree filter, or None if there is no filter; for operations that take no other kind."""
    element = cast("_Element | None", call.input.get("filter"))
    if element is None:
        return None
    kind = element.get("type", "subtree")
    if kind != "subtree":
        raise _refused(f"filters are of type subtree here, not {kind!s}", "type")
    return list(element)


def _refused(message: str, attribute: str) -> BadAttribute:
    refused = BadAttribute(message, info=(("bad-attribute", attribute), ("bad-element", "filter")))
    refused.type = "protocol"
    return refused
