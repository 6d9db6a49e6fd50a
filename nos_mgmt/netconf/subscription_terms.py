"""Terms that subscriptions to streams and to datastores have in common (RFC 8639 section 2.4)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nos_mgmt.netconf.messages import InvalidParameter
from nos_mgmt.netconf.subscription_errors import SN
from nos_mgmt.netconf.times import seconds_of
from yang.values import Identity

if TYPE_CHECKING:
    from nos_mgmt.netconf.session import Call


def common_terms(call: Call) -> dict[str, Any]:
    """Return when it ends, and how it is encoded."""
    return {"stop-time": call.input.get("stop-time"), "encoding": Identity(f"{SN}:encode-xml")}


def times_of(call: Call) -> tuple[float | None, float | None]:
    """Return when a replay begins and when the subscription ends."""
    texts = call.input.get("replay-start-time"), call.input.get("stop-time")
    start = seconds_of(texts[0], "replay-start-time") if texts[0] is not None else None
    stop = seconds_of(texts[1], "stop-time") if texts[1] is not None else None
    now = time.time()
    if start is not None and start >= now:
        raise InvalidParameter(
            f"replay-start-time {texts[0]} is not earlier than now", info=(("bad-element", "replay-start-time"),)
        )
    if stop is not None and stop <= (now if start is None else start):
        than = "now" if start is None else f"replay-start-time {texts[0]}"
        raise InvalidParameter(f"stop-time {texts[1]} is not later than {than}", info=(("bad-element", "stop-time"),))
    return start, stop
