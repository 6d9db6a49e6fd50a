"""The streams and subscriptions that there are, as RFC 8639 and RFC 8641 model them, and what of these models is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from backends.state import StateSource
from nos_mgmt.netconf.times import date_and_time
from nos_mgmt.notifications.streams import STREAMS
from yang.values import EMPTY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from backends.state import ObjectKey
    from nos_mgmt.device import Device
    from nos_mgmt.notifications.subscription import Subscription
    from yang.tree import Key

SN, YP = "ietf-subscribed-notifications", "ietf-yang-push"
STREAM_FILTERS = ("stream-filter-name", "stream-subtree-filter", "stream-xpath-filter")
TERMS = (
    *STREAM_FILTERS,
    "stop-time",
    f"{YP}:datastore",
    f"{YP}:datastore-subtree-filter",
    f"{YP}:datastore-xpath-filter",
    f"{YP}:periodic/period",
    f"{YP}:periodic/anchor-time",
    f"{YP}:on-change/dampening-period",
)
FIXED_TERMS = (
    "stream",
    "replay-start-time",
    "encoding",
    f"{YP}:on-change/sync-on-start",
    f"{YP}:on-change/excluded-change",
)
"""Terms that cannot be modified."""
SUBSCRIPTION_PATHS = (
    *(f"/{SN}:establish-subscription/input/{term}" for term in (*TERMS, *FIXED_TERMS)),
    f"/{SN}:establish-subscription/output/*",
    *(f"/{SN}:modify-subscription/input/{term}" for term in ("id", *TERMS)),
    f"/{SN}:delete-subscription/*",
    f"/{SN}:kill-subscription/*",
    f"/{YP}:resync-subscription/*",
    *(f"/{SN}:subscription-modified/{term}" for term in ("id", *TERMS, *FIXED_TERMS)),
    *(f"/{SN}:{event}/*" for event in ("replay-completed", "subscription-terminated")),
    *(f"/{SN}:subscription-{event}/*" for event in ("suspended", "resumed")),
    f"/{YP}:push-update/id",
    f"/{YP}:push-update/datastore-contents",
    f"/{YP}:push-change-update/*",
    f"/{SN}:filters/stream-filter/stream-subtree-filter",
    # what establish-subscription refers to
    f"/{SN}:streams/stream/name",
)
"""What is served of the two models, apart from state. Filters for datastores have to come with the subscription."""


class SubscribedStreams(StateSource):
    """The event streams (RFC 8639 section 2.1)."""

    path: ClassVar[str] = f"/{SN}:streams/stream"
    leaves: ClassVar[tuple[str, ...]] = (
        "name",
        "description",
        "replay-support",
        "replay-log-creation-time",
        "replay-log-aged-time",
    )

    def __init__(self, device: Device) -> None:
        """Tell of the streams of `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Any]]:
        """Return the streams."""
        log = self._device.publisher.log
        times: dict[str, Any] = {"replay-log-creation-time": date_and_time(log.created)}
        if log.aged is not None:
            times["replay-log-aged-time"] = date_and_time(log.aged)
        return {
            (stream.name,): {"description": stream.description, "replay-support": EMPTY, **times}
            for stream in STREAMS.values()
            if keys is None or (stream.name,) in keys
        }


class Subscriptions(StateSource):
    """The subscriptions (RFC 8639 section 2.4)."""

    path: ClassVar[str] = f"/{SN}:subscriptions/subscription"
    leaves: ClassVar[tuple[str, ...]] = ("id", *TERMS, *FIXED_TERMS)

    def __init__(self, device: Device) -> None:
        """Tell of the subscriptions of `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Any]]:
        """Return the subscriptions with their terms."""
        return {
            (one.id,): _flat(one.terms)
            for one in self._device.publisher.subscriptions()
            if one.id and (keys is None or (one.id,) in keys)
        }


class Receivers(StateSource):
    """Who receives them: the session that each was established in."""

    path: ClassVar[str] = f"/{SN}:subscriptions/subscription/receivers/receiver"
    leaves: ClassVar[tuple[str, ...]] = ("name", "sent-event-records", "excluded-event-records", "state")

    def __init__(self, device: Device) -> None:
        """Tell of the subscriptions of `device`."""
        self._device = device

    def read(self, keys: Collection[ObjectKey] | None) -> Mapping[ObjectKey, Mapping[str, Any]]:
        """Return the receivers."""
        wanted = {key[0] for key in keys} if keys is not None else None
        return {
            ((one.id,), (f"session {one.receiver.session_id}",)): _receiver(one)
            for one in self._device.publisher.subscriptions()
            if one.id and (wanted is None or (one.id,) in wanted)
        }


def _receiver(one: Subscription) -> Mapping[str, Any]:
    return {
        "sent-event-records": one.sent_records,
        "excluded-event-records": one.excluded_records,
        "state": "suspended" if one.suspended else "active",
    }


def _flat(terms: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return terms by their paths below a subscription."""
    flat: dict[str, Any] = {}
    for name, value in terms.items():
        if isinstance(value, dict):
            flat.update({f"{name}/{leaf}": inner for leaf, inner in value.items() if inner is not None})
        elif value is not None:
            flat[name] = value
    return flat
