"""get, get-config and get-schema (RFC 6241 sections 7.1 and 7.7, RFC 6022 section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from xml.sax.saxutils import escape

from nos_mgmt.netconf.datastores import named_datastore
from nos_mgmt.netconf.messages import InvalidParameter
from yang import deviations
from yang.errors import BadAttribute, RequestError
from yang.filter import select
from yang.xmlio import print_children

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call

MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
YANG_FORMAT = "ietf-netconf-monitoring:yang"


class NotUnique(RequestError):
    """A module of which there are several revisions (RFC 6022 section 3.1)."""


def get(call: Call) -> str:
    """Answer with configuration and state."""
    device = call.device
    wanted = subtree_filter(call)
    return f"<data>{print_children(device.operational.view(device.datastores.running, device.deferred_paths(), wanted))}</data>"


def get_config(call: Call) -> str:
    """Answer with the configuration in a datastore."""
    tree = call.device.datastores.read(named_datastore(call.input.get("source")), call.session.id)
    wanted = subtree_filter(call)
    return f"<data>{print_children(tree if wanted is None else select(tree, wanted))}</data>"


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


def subtree_filter(call: Call) -> list[_Element] | None:
    """Return the elements of the subtree filter, or None if there is no filter."""
    element = cast("_Element | None", call.input.get("filter"))
    if element is None:
        return None
    kind = element.get("type", "subtree")
    if kind != "subtree":
        info = (("bad-attribute", "type"), ("bad-element", "filter"))
        refused = BadAttribute(f"filters are of type subtree here, not {kind!s}", info=info)
        refused.type = "protocol"
        raise refused
    return list(element)
