"""Disagreements that are libyang's: each with the sentence that decides it, as docs/conformance.md has them."""

from __future__ import annotations

import re
from typing import NamedTuple


class Known(NamedTuple):
    """A disagreement that is left, and why our verdict stands."""

    name: str
    ours: re.Pattern[str] | None
    """What our message says; None where we find the instance valid."""
    theirs: re.Pattern[str] | None
    """What libyang's says, likewise."""
    section: str
    sentence: str


KNOWN = (
    Known(
        "space around a number",
        re.compile(r"""(['"])((\\[nt]| )+.*|.*(\\[nt]| )+)\1 (is not (an integer|a decimal number)|is not .*(an integer in|a decimal number in))"""),
        None,
        "RFC 7950 §9.2.1",
        "An integer value is lexically represented as an optional sign, followed by a sequence of decimal digits.",
    ),
    Known(
        "keys that do not come first",
        re.compile("the keys of .* come first and in order"),
        None,
        "RFC 7950 §7.8.5",
        "The list's key nodes are encoded as subelements to the list's identifier element, in the same order as they are defined within the key statement.",
    ),
)


def reason(ours: str | None, theirs: str | None) -> str | None:
    """Return the name of the listed disagreement that two verdicts are; None if it is none of them."""
    for known in KNOWN:
        if _says(known.ours, ours) and _says(known.theirs, theirs):
            return known.name
    return None


def _says(pattern: re.Pattern[str] | None, verdict: str | None) -> bool:
    return verdict is None if pattern is None else verdict is not None and pattern.search(verdict) is not None
