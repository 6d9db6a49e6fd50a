"""close-session and kill-session (RFC 6241 sections 7.8 and 7.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nos_mgmt.netconf.messages import InvalidParameter

if TYPE_CHECKING:
    from nos_mgmt.netconf.session import Call


def close_session(call: Call) -> None:
    """End the session after this answer."""
    call.session.traffic.is_ended_well = True
    call.session.close("closed")


def kill_session(call: Call) -> None:
    """End another session."""
    number = call.input.get("session-id")
    info = (("bad-element", "session-id"),)
    if number == call.session.id:
        raise InvalidParameter("a session closes itself with close-session", info=info)
    if not call.sessions.kill(number, call.session.id):
        raise InvalidParameter(f"there is no session {number}", info=info)
