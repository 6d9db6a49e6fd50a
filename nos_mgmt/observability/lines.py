"""The lines of the log about commits and requests. Nothing of what a client has sent is in them but names and paths.

A value may be a secret: an error's message, which repeats it, goes to the client and not into the log. What a backend says
of its own system is told.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from datastore.errors import CommitFailed, ValidationFailed
from datastore.events import Refused, Sealed
from nos_mgmt.netconf.session import Answered
from nos_mgmt.observability.formats import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datastore.commits import Author
    from nos_mgmt.device import Device

logger = logging.getLogger(__name__)

READING = frozenset({"validate", "compare"})
"""The operations that change nothing, besides those whose names begin with `get`."""


def write_lines(device: Device, rpcs: str) -> None:
    """Write a line for every commit, and for the requests that the setting `log_rpcs` names; all others are for debugging."""
    device.events.listen(_commit_line)
    device.requests.listen(partial(_request_line, rpcs))


def _request_line(rpcs: str, event: object) -> None:
    if not isinstance(event, Answered):
        return
    operation, outcome, seconds, session, user = event
    is_change = not operation.startswith("get") and operation not in READING
    is_told = rpcs == "all" or (rpcs == "changes" and (is_change or outcome != "ok"))
    level = logging.INFO if is_told else logging.DEBUG
    if logger.isEnabledFor(level):
        told = fields(rpc=operation, outcome=outcome, ms=_milliseconds(seconds), session=session, user=user)
        logger.log(level, "answered", extra=told)


def _commit_line(event: object) -> None:
    if isinstance(event, Sealed):
        told = fields(commit=event.commit_id, outcome="sealed", **_who(event.author), **_phases(event.phases))
        logger.info("commit sealed", extra=told)
    elif isinstance(event, Refused):
        outcome = "refused" if event.commit_id is None else "aborted"
        number = {} if event.commit_id is None else {"commit": event.commit_id}
        told = fields(**number, outcome=outcome, **_who(event.author), **_phases(event.phases), **_why(event))
        logger.warning("commit %s", outcome, extra=told)


def _who(author: Author) -> dict[str, object]:
    return {"user": author.user, "session": author.session_id, "protocol": author.protocol}


def _phases(phases: Mapping[str, float]) -> dict[str, object]:
    parts = {f"{phase}_ms": _milliseconds(seconds) for phase, seconds in phases.items()}
    return {"ms": _milliseconds(sum(phases.values())), **parts}


def _why(event: Refused) -> dict[str, object]:
    error = event.error
    if isinstance(error, ValidationFailed) and error.errors:
        error = error.errors[0]
    if error is None:
        # the traceback is in the log
        return {"error_tag": "failed"}
    told: dict[str, object] = {"error_tag": error.tag}
    if error.app_tag:
        told["error_app_tag"] = error.app_tag
    if error.path is not None:
        told["path"] = error.path
    if isinstance(error, CommitFailed):
        told["reason"] = error.message
    return told


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)
