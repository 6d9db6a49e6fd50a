"""lock and unlock (RFC 6241 sections 7.5 and 7.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datastore.store import READ_ONLY
from nos_mgmt.netconf.datastores import named_datastore
from nos_mgmt.netconf.messages import InvalidParameter

if TYPE_CHECKING:
    from datastore.store import Name
    from nos_mgmt.netconf.session import Call


def lock(call: Call) -> None:
    """Lock a datastore for the session."""
    call.device.datastores.lock(_target(call), call.session.id)


def unlock(call: Call) -> None:
    """Give the session's lock back."""
    call.device.datastores.unlock(_target(call), call.session.id)


def _target(call: Call) -> Name:
    """Return the datastore to be locked or unlocked: one that can be written (RFC 8526 section 3.2)."""
    name = named_datastore(call, call.input.get("target"))
    if name in READ_ONLY:
        raise InvalidParameter(f"{name} cannot be written, and so not be locked", info=(("bad-element", "datastore"),))
    return name
