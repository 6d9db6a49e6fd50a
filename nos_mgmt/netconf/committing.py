"""validate and commit (RFC 6241 sections 8.3.4.1 and 8.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from nos_mgmt.netconf.datastores import inline_config, named_datastore

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call
    from yang.tree import Node


def validate(call: Call) -> None:
    """Judge a datastore, or a configuration that comes with the request."""
    source = cast("Node", call.input.get("source"))
    config = cast("_Element | None", source.get("config"))
    datastores = call.device.datastores
    if config is not None:
        datastores.validate(inline_config(config, call.device.schema, is_judged=True))
    else:
        datastores.validate(datastores.read(named_datastore(source)))


def commit(call: Call) -> None:
    """Make the candidate running."""
    comment, label = call.input.get("nos-history:comment"), call.input.get("nos-history:label")
    call.device.datastores.commit(call.session.id, call.session.author, comment or "", label or "")
