"""How requests name datastores, and configurations that come with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from datastore.errors import ValidationFailed
from yang.errors import RequestError
from yang.limits import LIMITS
from yang.tagged import without_tagged
from yang.validate import validate_whole
from yang.xml_errors import read_all
from yang.xmldata import read_data

if TYPE_CHECKING:
    from lxml.etree import _Element

    from datastore.store import Name
    from nos_mgmt.netconf.session import Call
    from yang.schema import Schema
    from yang.tree import Node

PRIVATE_CANDIDATE = "urn:ietf:params:xml:ns:yang:ietf-netconf-private-candidate"
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
    if config is not None:
        return inline_config(config, call.device.schema, is_judged=is_judged)
    return call.device.datastores.read(named_datastore(choice), call.session.id)


def named_datastore(choice: Node) -> Name:
    """Return the datastore that a source or target names; the schema has seen to it that it is one that there is."""
    return cast("Name", next(iter(choice.children)))
