"""The parameter of commit that is ours: what has to come true for it to stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datastore.assertions import ALIVE, REACHABLE, STATE, Assertion, written
from datastore.confirmation import Terms
from nos_mgmt.netconf.messages import InvalidParameter, MissingParameter
from yang.instance_path import instance_path
from yang.types import InstanceIdentifierType

if TYPE_CHECKING:
    from nos_mgmt.netconf.session import Call
    from yang.tree import Entries, Node

PARAMETER = "nos-post-conditions:post-conditions"
DEADLINE = 30
"""Seconds, where a client does not say."""
MOST = 64
"""How many assertions there may be."""


def post_conditions(call: Call) -> Terms | None:
    """Return what a commit waits for, or None if nothing has to come true.

    Raises:
        RequestError: An assertion speaks of what this device cannot observe, or can never be; nothing was done.
    """
    given: Node | None = call.input.get(PARAMETER)
    if given is None:
        return None
    if call.input.get("confirmed") is not None:
        raise InvalidParameter(
            "post-conditions and confirmed exclude each other: a commit is confirmed by what comes true, or by somebody",
            info=(("bad-element", "post-conditions"),),
        )
    entries: Entries | None = given.get("assertion")
    if not entries:
        raise MissingParameter("post-conditions have no assertion", info=(("bad-element", "assertion"),))
    if len(entries) > MOST:
        message = f"{len(entries)} assertions are more than {MOST}"
        raise InvalidParameter(message, info=(("bad-element", "assertion"),))
    judge = call.device.observer.judge
    assertions = [judge(_assertion(entry)) for entry in entries.values()]
    for assertion in assertions:
        if assertion.kind == STATE:
            # whether it holds tells what the value is
            identifier = InstanceIdentifierType().parse(assertion.subject)
            call.access.refuse_read(instance_path(identifier, call.device.schema))
    return Terms(float(given.get("deadline") or DEADLINE), assertions=written(assertions))


def _assertion(entry: Node) -> Assertion:
    name = str(entry.get("name"))
    state: Node | None = entry.get(STATE)
    if state is not None:
        for leaf in ("path", "value"):
            if state.get(leaf) is None:
                raise MissingParameter(f"the assertion {name!r} has no {leaf}", info=(("bad-element", leaf),))
        return Assertion(name, STATE, str(state.get("path")), str(state.get("value")))
    address = entry.get(REACHABLE)
    if address is not None:
        return Assertion(name, REACHABLE, str(address))
    if entry.get(ALIVE) is not None:
        return Assertion(name, ALIVE)
    raise MissingParameter(
        f"the assertion {name!r} says nothing: it needs one of {STATE}, {REACHABLE}, {ALIVE}",
        info=(("bad-element", "assertion"),),
    )
