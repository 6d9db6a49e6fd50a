"""Times as YANG's date-and-time has them (RFC 6991 section 3), and as seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime

from nos_mgmt.netconf.messages import InvalidParameter


def date_and_time(seconds: float) -> str:
    """Return seconds since 1970 as RFC 3339 has them, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(text: str, name: str) -> float:
    """Return the seconds since 1970 of a date-and-time, given as the parameter `name`.

    Raises:
        InvalidParameter: There is no such time, or it cannot be told in UTC.
    """
    try:
        seconds = datetime.fromisoformat(text).timestamp()
        date_and_time(seconds)
    except (ValueError, OverflowError) as wrong:
        raise InvalidParameter(f"{text} is no time: {wrong}", info=(("bad-element", name),)) from wrong
    return seconds
