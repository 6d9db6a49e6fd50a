"""What models say of who may see and change a node: NACM's extensions (RFC 8341 section 3.3), and what marks a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyang.statements import Statement

NACM = "ietf-netconf-acm"
HASHED = ("openconfig-extensions", "openconfig-hashed-value")
SECRET_TYPES = frozenset({"crypt-hash", "crypt-password-type", "routing-password"})
"""Typedefs of which every value is a secret: those of iana-crypt-hash, openconfig-aaa-types and openconfig-types."""


def protection(statement: Statement) -> dict[str, str]:
    """Return, as `deny`, what is denied by default, `all` or `write`; nothing if nothing is.

    OpenConfig has no such extension. What it marks as hashed, or gives a type for secrets, is as if it were tagged.
    """
    if statement.search_one((NACM, "default-deny-all")) is not None or _is_secret(statement):
        return {"deny": "all"}
    return {"deny": "write"} if statement.search_one((NACM, "default-deny-write")) is not None else {}


def _is_secret(statement: Statement) -> bool:
    if statement.search_one(HASHED) is not None:
        return True
    type_ = statement.search_one("type")
    while type_ is not None and (typedef := getattr(type_, "i_typedef", None)) is not None:
        if typedef.arg in SECRET_TYPES:
            return True
        type_ = typedef.search_one("type")
    return False
