"""How subscriptions are refused: identities as reasons, with what the models say of them (RFC 8640 section 7)."""

from __future__ import annotations

from nos_mgmt.netconf.messages import DetailedError
from nos_mgmt.notifications.state_changes import PUSH, SUBSCRIBED, identity

SN, YP = "ietf-subscribed-notifications", "ietf-yang-push"
TAGS = {
    "filter-unsupported": "invalid-value",
    "insufficient-resources": "resource-denied",
    "no-such-subscription": "invalid-value",
    "datastore-not-subscribable": "invalid-value",
    "no-such-subscription-resync": "invalid-value",
    "on-change-unsupported": "operation-not-supported",
    "on-change-sync-unsupported": "operation-not-supported",
    "period-unsupported": "invalid-value",
    "update-too-big": "too-big",
    "sync-too-big": "too-big",
    "unchanging-selection": "operation-failed",
}
"""The error-tags of identities (RFC 8640 section 7)."""


class SubscriptionRefused(DetailedError):
    """A subscription that is not to be had as it is asked for."""

    def __init__(self, reason: str, message: str, kind: str, hints: str = "") -> None:
        """Say why, by the identity `reason`, in the structure of the models that is called `kind`, with `hints` as XML."""
        super().__init__(message, app_tag=reason)
        self.tag = TAGS[reason.partition(":")[2]]
        namespace = PUSH if "datastore" in kind or kind.startswith("resync") else SUBSCRIBED
        self.detail = f'<{kind} xmlns="{namespace}">{identity("reason", reason)}{hints}</{kind}>'
