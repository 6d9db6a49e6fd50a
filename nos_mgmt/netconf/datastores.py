"""How requests name datastores, and configurations that come with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from datastore.errors import ValidationFailed
from nos_mgmt.netconf.messages import DECLARATION, InvalidParameter
from yang.diff import NETCONF
from yang.errors import RequestError
from yang.limits import LIMITS
from yang.tagged import without_tagged
from yang.validate import validate_whole
from yang.xml_errors import read_all
from yang.xmldata import read_data
from yang.xmlio import MalformedXml, is_deeper, parse_document

if TYPE_CHECKING:
    from lxml.etree import _Element

    from datastore.store import Name
    from nos_mgmt.netconf.session import Call
    from yang.schema import Schema
    from yang.tree import Node

PRIVATE_CANDIDATE = "urn:ietf:params:xml:ns:yang:ietf-netconf-private-candidate"
NMDA = "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"
OPERATIONAL = "ietf-datastores:operational"
CONVENTIONAL: dict[str, Name] = {
    "ietf-datastores:running": "running",
    "ietf-datastores:candidate": "candidate",
    "ietf-datastores:startup": "startup",
    "ietf-datastores:intended": "intended",
    "ietf-factory-default:factory-default": "factory-default",
}
"""The configuration datastores by their identities."""
FACTORY_DEFAULT = "urn:ietf:params:xml:ns:yang:ietf-factory-default"


def inline_config(config: _Element, schema: Schema, *, is_judged: bool = False) -> Node:
    """Return the configuration that stands in a request.

    Raises:
        ValidationFailed: It has errors of names and values, and these are all of them; if it `is_judged`, with those between
            nodes that do not only follow from them.
    """
    config = without_tagged(config, schema.root)
    try:
        return read_data(config, schema)
    except RequestError as error:
        tree, refused = read_all(config, schema.root)
        broken = validate_whole(tree, refused) if is_judged and len(refused) < LIMITS.errors else []
        raise ValidationFailed([*refused, *broken]) from error


def configuration_in(call: Call, choice: Node, *, is_judged: bool = False) -> Node:
    """Return the configuration that a source names, or that stands in it.

    Raises:
        RequestError: As for `inline_config`, or as for `Datastores.read`.
    """
    config = cast("_Element | None", choice.get("config"))
    if config is None and "url" in choice.children:
        config = config_at(call, choice.get("url"))
    if config is not None:
        return inline_config(config, call.device.schema, is_judged=is_judged)
    return call.device.datastores.read(named_datastore(call, choice), call.session.id)


def config_at(call: Call, url: str) -> _Element:
    """Return the config element at a URL (RFC 6241 section 7.2, at its parameter url).

    Raises:
        RequestError: The URL cannot be used, or what is there is no such document.
    """
    content = call.device.places.read(url)
    info = (("bad-element", "url"),)
    try:
        root = parse_document(content)
    except MalformedXml as error:
        raise InvalidParameter(f"{url} holds no XML: {error}", info=info) from error
    if root.tag != f"{{{NETCONF}}}config":
        raise InvalidParameter(f"{url} holds {root.tag}, not config in the namespace {NETCONF}", info=info)
    if is_deeper(root, LIMITS.levels):
        raise LIMITS.too_deep()
    return root


def keep_at(call: Call, url: str, content: str) -> None:
    """Put a configuration, as the inside of a config element, at a URL.

    Raises:
        RequestError: The URL cannot be used, or it could not be written.
    """
    call.device.places.write(url, DECLARATION + f'<config xmlns="{NETCONF}">{content}</config>'.encode())


def named_datastore(call: Call, choice: Node) -> Name:
    """Return the datastore that a source or target names.

    Raises:
        InvalidParameter: It is named by an identity of which there is no datastore (RFC 8526 sections 3.2 and 3.3).
    """
    name, value = next(iter(choice.children.items()))
    return datastore_of(call, value) if name == "ietf-netconf-nmda:datastore" else cast("Name", name)


def datastore_of(call: Call, identity: object) -> Name:
    """Return the configuration datastore that an identity of RFC 8342 names.

    Raises:
        InvalidParameter: This server has no such datastore, or it holds no configuration alone.
    """
    name = CONVENTIONAL.get(str(identity))
    if name is None or (name == "startup" and not call.device.has_startup):
        raise InvalidParameter(
            f"datastore: {identity} is no configuration datastore of this server", info=(("bad-element", "datastore"),)
        )
    return name
