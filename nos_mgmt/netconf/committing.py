"""validate, commit and cancel-commit (RFC 6241 sections 8.3.4, 8.4 and 8.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from datastore.confirmation import TIMEOUT, Terms
from nos_mgmt.netconf import txid
from nos_mgmt.netconf.datastores import configuration_in
from nos_mgmt.netconf.messages import MissingParameter
from nos_mgmt.netconf.post_conditions import post_conditions

if TYPE_CHECKING:
    from datastore.private import ResolutionMode
    from nos_mgmt.netconf.session import Call
    from yang.tree import Node


def validate(call: Call) -> None:
    """Judge a datastore, or a configuration that comes with the request."""
    source = cast("Node", call.input.get("source"))
    call.device.datastores.validate(configuration_in(call, source, is_judged=True))


def commit(call: Call) -> str | None:
    """Make the candidate running, for good or until it is confirmed (section 8.4.5.1), by somebody or by what comes true."""
    given = call.input.get
    terms = post_conditions(call)
    if given("confirmed") is not None:
        terms = Terms(float(given("confirm-timeout") or TIMEOUT), given("persist"))
    else:
        for name in ("confirm-timeout", "persist"):
            if name in call.input.children:
                raise MissingParameter(
                    f"{name} is for confirmed commits: confirmed is missing", info=(("bad-element", "confirmed"),)
                )
    call.device.datastores.commit(
        call.session.id,
        call.session.author,
        given("nos-history:comment") or "",
        given("nos-history:label") or "",
        terms=terms,
        persist_id=given("persist-id"),
        plan_id=given("nos-history:plan-id") or "",
    )
    return txid.ok(call, call.device.datastores.running)


def cancel_commit(call: Call) -> None:
    """Take a confirmed commit back (section 8.4.4.1)."""
    call.device.datastores.cancel(call.session.id, call.session.author, call.input.get("persist-id"))


def update(call: Call) -> None:
    """Bring what others have committed into the session's own candidate (draft-ietf-netconf-privcand)."""
    mode = cast("ResolutionMode", call.input.get("resolution-mode") or "revert-on-conflict")
    call.device.datastores.update(call.session.id, mode)


def factory_reset(call: Call) -> None:
    """Make every datastore what the device leaves the factory with (RFC 8808 section 2)."""
    call.device.datastores.factory_reset(call.session.id, call.session.author)
