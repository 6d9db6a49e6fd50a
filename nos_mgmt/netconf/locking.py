"""lock and unlock (RFC 6241 sections 7.5 and 7.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nos_mgmt.netconf.datastores import named_datastore

if TYPE_CHECKING:
    from nos_mgmt.netconf.session import Call


def lock(call: Call) -> None:
    """Lock a datastore for the session."""
    call.device.datastores.lock(named_datastore(call.input.get("target")), call.session.id)


def unlock(call: Call) -> None:
    """Give the session's lock back."""
    call.device.datastores.unlock(named_datastore(call.input.get("target")), call.session.id)
