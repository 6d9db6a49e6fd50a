"""What a subscription's receiver is told of the subscription itself (RFC 8639 section 2.7)."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

SUBSCRIBED = "urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications"
PUSH = "urn:ietf:params:xml:ns:yang:ietf-yang-push"
NAMESPACES = {"ietf-subscribed-notifications": ("sn", SUBSCRIBED), "ietf-yang-push": ("yp", PUSH)}


def state_change(name: str, number: int, reason: str = "") -> str:
    """Return the element `name` about the subscription `number`, with a `reason` that is an identity."""
    return f'<{name} xmlns="{SUBSCRIBED}"><id>{number}</id>{identity("reason", reason)}</{name}>'


def identity(name: str, value: str) -> str:
    """Return the element `name` with an identity, given as `module:name`; nothing if it is empty."""
    if not value:
        return ""
    module, _, local = value.partition(":")
    prefix, namespace = NAMESPACES[module]
    return f"<{name} xmlns:{prefix}={quoteattr(namespace)}>{prefix}:{local}</{name}>"
