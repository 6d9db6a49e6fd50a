"""The operations of nos-schedule: commits at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from datastore.schedule import PATIENCE
from nos_mgmt.netconf.messages import InvalidParameter
from nos_mgmt.netconf.times import date_and_time, seconds_of

if TYPE_CHECKING:
    from nos_mgmt.netconf.session import Call

SCHEDULE = "urn:nos-mgmt:yang:nos-schedule"


def schedule_commit(call: Call) -> str:
    """Keep what the candidate changes for a commit at a time, and answer with its number."""
    given = call.input.get
    patience = given("patience")
    due = _due(given("at"), given("in"))
    number = call.device.schedule.add(
        call.session.id,
        call.session.author,
        due,
        given("comment") or "",
        given("label") or "",
        PATIENCE if patience is None else float(patience),
    )
    return f'<id xmlns="{SCHEDULE}">{number}</id><due xmlns="{SCHEDULE}">{date_and_time(due)}</due>'


def cancel_scheduled_commit(call: Call) -> None:
    """Have a scheduled commit never carried out."""
    call.device.schedule.cancel(call.input.get("id"), call.session.author)


def _due(at: str | None, seconds: int | None) -> float:
    now = time.time()
    if at is None:
        return now + float(seconds or 0)
    due = seconds_of(at, "at")
    if due < now:
        raise InvalidParameter(f"{at} is past: it is {date_and_time(now)} here", info=(("bad-element", "at"),))
    return due
