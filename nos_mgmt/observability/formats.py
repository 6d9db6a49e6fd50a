"""How a line of the log is written: for people, as JSON, or for systemd's journal.

A record may have fields, beside its message: `logger.info("session ended", extra=fields(session=3, user="ann"))`.
"""

from __future__ import annotations

import json
import logging
import re
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN = re.compile(r"[\w.:/@+-]+", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What would let a client's text end a line, or speak to a terminal."""
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))
"""The priorities of syslog, by level."""


def fields(**values: Any) -> dict[str, Mapping[str, Any]]:
    """Return what gives a record fields."""
    return {"fields": values}


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return the fields of a record."""
    return getattr(record, "fields", {})


def set_up(level: str, layout: str) -> None:
    """Write a log of `level` to stderr, in one of the formats of `FORMATS`."""
    handler = logging.StreamHandler()
    handler.setFormatter(FORMATS[layout]())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for talkative in ("asyncssh", "alembic"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


class Text(logging.Formatter):
    """`2026-11-29T01:41:25.123Z INFO session ended session=3 user=ann`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and those of the traceback if there is one."""
        return "\n".join([f"{utc(record.created)} {record.levelname} {_sentence(record)}", *self._traceback(record)])

    def _traceback(self, record: logging.LogRecord) -> list[str]:
        return self.formatException(record.exc_info).splitlines() if record.exc_info else []


class Json(logging.Formatter):
    """One object a line: time, level, logger, message, and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told = {
            "time": utc(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


class Journal(Text):
    """`<6>session ended session=3 user=ann`: the journal knows the time, and takes the priority (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and those of the traceback, each with its priority."""
        priority = next((priority for level, priority in PRIORITIES if record.levelno >= level), 7)
        return "\n".join(f"<{priority}>{line}" for line in [_sentence(record), *self._traceback(record)])


FORMATS: dict[str, type[logging.Formatter]] = {"text": Text, "json": Json, "journal": Journal}


def utc(seconds: float) -> str:
    """Return a time as RFC 3339 has it, in milliseconds."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds * 1000) % 1000:03}Z"


def _sentence(record: logging.LogRecord) -> str:
    message = CONTROL.sub(_escaped, record.getMessage())
    return " ".join([message, *(f"{name}={_shown(value)}" for name, value in fields_of(record).items())])


def _shown(value: Any) -> str:
    text = str(value)
    return text if PLAIN.fullmatch(text) else json.dumps(text)


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if found[0] != "\x7f" else "\\u007f"
