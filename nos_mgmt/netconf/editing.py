"""edit-config, copy-config, delete-config and discard-changes (RFC 6241 sections 7.2 to 7.4 and 8.3.4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from datastore.errors import ValidationFailed
from nos_mgmt.netconf.datastores import inline_config, named_datastore
from nos_mgmt.netconf.messages import InvalidParameter
from yang.edit import edit_config as edit
from yang.validate import validate

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call
    from yang.edit import DefaultOperation
    from yang.errors import RequestError
    from yang.tree import Node


def edit_config(call: Call) -> None:
    """Edit the candidate."""
    config = cast("_Element", call.input.get("config"))
    default_operation = cast("DefaultOperation", call.input.get("default-operation") or "merge")
    test_option = call.input.get("test-option") or "set"
    errors: list[RequestError] = []
    goes_on = call.input.get("error-option") == "continue-on-error"

    def edited(candidate: Node) -> Node:
        after = edit(candidate, config, default_operation, errors if goes_on else None)
        if test_option != "set":
            wrong = validate(call.device.datastores.running, after)
            if wrong:
                raise ValidationFailed([*errors, *wrong])
        return after if test_option != "test-only" else candidate

    # whatever error-option says, an element that is in error changes nothing; rollback-on-error holds for all
    call.device.datastores.edit(call.session.id, edited)
    if errors:
        raise ValidationFailed(errors)


def copy_config(call: Call) -> None:
    """Replace the candidate."""
    source = cast("Node", call.input.get("source"))
    config = cast("_Element | None", source.get("config"))
    datastores = call.device.datastores
    if config is not None:
        tree = inline_config(config, call.device.schema)
        datastores.edit(call.session.id, lambda _: tree)
        return
    if source.children.keys() == cast("Node", call.input.get("target")).children.keys():
        name = named_datastore(source)
        raise InvalidParameter(f"{name} cannot be copied to itself", info=(("bad-element", name),))
    datastores.edit(call.session.id, lambda _: datastores.read(named_datastore(source)))


def delete_config(call: Call) -> None:  # noqa: ARG001 - whatever is asked for
    """Refuse: the schema knows no target here that could be deleted, running least of all."""
    raise InvalidParameter("this datastore cannot be deleted", info=(("bad-element", "target"),))


def discard_changes(call: Call) -> None:
    """Make the candidate equal to running."""
    call.device.datastores.discard(call.session.id)
