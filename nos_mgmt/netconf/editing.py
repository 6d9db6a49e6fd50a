"""edit-config, copy-config, delete-config and discard-changes (RFC 6241 sections 7.2 to 7.4 and 8.3.4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from datastore.conditions import refuse_mismatch
from datastore.errors import ValidationFailed
from nos_mgmt.access import Access
from nos_mgmt.access.reading import report_to, seen
from nos_mgmt.netconf import txid
from nos_mgmt.netconf.datastores import config_at, configuration_in, keep_at, named_datastore
from nos_mgmt.netconf.messages import InvalidParameter
from nos_mgmt.netconf.reading import mode_of
from yang.diff import NETCONF
from yang.edit import edit_config as edit
from yang.errors import RequestError
from yang.validate import validate
from yang.xmldata import path_of
from yang.xmlpath import XmlPath

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lxml.etree import _Element

    from datastore.conditions import Condition
    from datastore.store import Name
    from nos_mgmt.netconf.session import Call
    from yang.edit import DefaultOperation
    from yang.tree import Node
    from yang.with_defaults import Mode


OPERATION = f"{{{NETCONF}}}operation"
MADE_OR_GONE = XmlPath("descendant::*[@nc:operation='create' or @nc:operation='delete']", {"nc": NETCONF})


def edit_config(call: Call) -> str | None:
    """Edit the candidate, or running where that can be written."""
    config = cast("_Element | None", call.input.get("config"))
    if config is None:
        config = config_at(call, call.input.get("url"))
    default_operation = cast("DefaultOperation", call.input.get("default-operation") or "merge")
    test_option = call.input.get("test-option") or "set"
    errors: list[RequestError] = []
    goes_on = call.input.get("error-option") == "continue-on-error"

    def edited(before: Node) -> Node:
        after = edited_by(call.access, before, config, default_operation, errors if goes_on else None)
        if test_option != "set":
            wrong = validate(call.device.datastores.running, after)
            if wrong:
                raise ValidationFailed(wrong)
        return after if test_option != "test-only" else before

    # whatever error-option says, an element that is in error changes nothing; rollback-on-error holds for all
    conditions = txid.conditions(call, config) if test_option != "test-only" else []
    target = named_datastore(call, call.input.get("target"))
    try:
        change(call, target, edited, conditions)
    except ValidationFailed as failed:
        raise ValidationFailed([*map(call.access.of_edit, errors), *failed.errors]) from failed
    if errors:
        raise ValidationFailed([call.access.of_edit(error) for error in errors])
    return txid.ok(call, call.device.datastores.read(target, call.session.id))


def edited_by(
    access: Access,
    before: Node,
    config: _Element,
    default_operation: DefaultOperation,
    errors: list[RequestError] | None = None,
) -> Node:
    """Return what becomes of a tree by an edit, if the user may make it; `errors` as for `yang.edit.edit_config`.

    Raises:
        AccessDenied: The user may not.
        RequestError: As for `yang.edit.edit_config`.
    """
    if not access.sees_all:
        for element in cast("list[_Element]", MADE_OR_GONE(config)):
            path = path_of(element, config, before.schema, None)
            if path is not None:
                access.refuse_guess(path, "create" if element.get(OPERATION) == "create" else "delete")
    try:
        after = edit(before, config, default_operation, errors)
    except RequestError as error:
        raise access.of_edit(error) from error
    access.refuse_change(before, after)
    return after


def copy_config(call: Call) -> None:
    """Replace a datastore with what is retrieved from the source (RFC 6243 section 4.5.1)."""
    source, target = (cast("Node", call.input.get(name)) for name in ("source", "target"))
    datastores, mode = call.device.datastores, mode_of(call)
    if source.children == target.children:
        name = named_datastore(call, source)
        raise InvalidParameter(f"{name} cannot be copied to itself", info=(("bad-element", name),))

    access = call.access
    # RFC 8341 section 3.2.6: of a datastore, what may not be read is left out
    reader = Access() if source.children.keys() & {"config", "url"} else access

    def retrieved() -> Node:
        tree = configuration_in(call, source)
        # what is tagged as a default has not been set
        explicit: Mode = mode if mode != "report-all-tagged" else "explicit"
        return seen(reader, tree, None, explicit).selected

    if "url" in target.children:
        # what the user may not see is left out (RFC 8341 section 3.2.4)
        keep_at(call, target.get("url"), report_to(reader, configuration_in(call, source), None, mode))
        return
    if named_datastore(call, target) == "startup":
        # section 3.2.6: from running to startup, the right to call the operation is all that is needed
        if "running" in source.children:
            datastores.save(call.session.id, configuration_in(call, source))
            return
        tree = retrieved()
        access.refuse_change(datastores.read("startup", call.session.id), tree)
        datastores.save(call.session.id, tree)
        return
    # what comes with the request, or is elsewhere, is read at once; a datastore in its turn: what is running by then
    given = retrieved() if source.children.keys() & {"config", "url"} else None

    def replaced(before: Node) -> Node:
        after = given if given is not None else retrieved()
        access.refuse_change(before, after)
        return after

    change(call, named_datastore(call, target), replaced)


def change(call: Call, target: Name, make: Callable[[Node], Node], conditions: Collection[Condition] = ()) -> None:
    """Make a datastore what `make` makes of it: the candidate, to become running on `conditions`, or running at once.

    Raises:
        TxidMismatch: Running is not as the conditions want it.
        RequestError: `make` raises it, or as for `Datastores.edit` and `Datastores.write`.
    """

    def made(before: Node) -> Node:
        refuse_mismatch(before, conditions)
        return make(before)

    if target == "running":
        call.device.datastores.write(call.session.id, made, call.session.author)
    else:
        call.device.datastores.edit(call.session.id, make, conditions)


def delete_config(call: Call) -> None:
    """Delete the startup configuration, or what is at a URL; the schema knows no other target, running least of all."""
    target = cast("Node", call.input.get("target"))
    if "url" in target.children:
        call.device.places.delete(target.get("url"))
        return
    if not target.children:
        raise InvalidParameter("this datastore cannot be deleted", info=(("bad-element", "target"),))
    call.device.datastores.delete_startup(call.session.id)


def discard_changes(call: Call) -> None:
    """Make the candidate equal to running."""
    call.device.datastores.discard(call.session.id)
