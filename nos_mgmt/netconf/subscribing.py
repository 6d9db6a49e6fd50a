"""Dynamic subscriptions over NETCONF (RFC 8639 and RFC 8641, bound to NETCONF by RFC 8640)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nos_mgmt.netconf.messages import InvalidParameter, OperationNotSupported
from nos_mgmt.netconf.notifications import Created, SessionReceiver, begin, named_stream
from nos_mgmt.netconf.pushing import establish_datastore, modified_datastore, resynchronized
from nos_mgmt.netconf.stream_filters import reference, stream_filter
from nos_mgmt.netconf.subscription_errors import SN, YP, SubscriptionRefused
from nos_mgmt.netconf.subscription_terms import common_terms, times_of
from nos_mgmt.netconf.times import date_and_time
from nos_mgmt.notifications.datastore_subscription import DatastoreSubscription, OnChange
from nos_mgmt.notifications.records import record
from nos_mgmt.notifications.state_changes import SUBSCRIBED, state_change
from nos_mgmt.notifications.subscription import StreamSubscription

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nos_mgmt.netconf.session import Call
    from nos_mgmt.notifications.subscription import Subscription


def establish_subscription(call: Call) -> str:
    """Answer with the number of a new subscription (RFC 8639 section 2.4.2)."""
    if any(isinstance(one, Created) for one in call.device.publisher.subscriptions(call.session.id)):
        # RFC 8640 section 4
        raise OperationNotSupported(
            "this session has a subscription by create-subscription", info=(("bad-element", "establish-subscription"),)
        )
    is_datastore = call.input.get(f"{YP}:datastore") is not None
    if call.device.publisher.is_full:
        kind = f"establish-subscription-{'datastore' if is_datastore else 'stream'}-error-info"
        raise SubscriptionRefused(f"{SN}:insufficient-resources", "there are as many subscriptions as may be", kind)
    return establish_datastore(call) if is_datastore else _establish_stream(call)


def _establish_stream(call: Call) -> str:
    given = call.input.get
    for name in ("periodic", "on-change"):
        if given(f"{YP}:{name}") is not None:
            raise InvalidParameter(f"{name} is for datastores, not for streams", info=(("bad-element", name),))
    publisher = call.device.publisher
    stream = named_stream(given("stream"))
    start, stop = times_of(call)
    selects, terms = stream_filter(call)
    receiver = SessionReceiver(call)
    number = publisher.next_id()
    subscription = StreamSubscription(
        call.device.schema,
        publisher.log,
        receiver,
        stream,
        selects,
        start=start,
        stop=stop,
        replayed=lambda now: receiver.send(now, state_change("replay-completed", number)),
    )
    subscription.id = number
    subscription.reference = reference(given("stream-filter-name"))
    subscription.terms = {
        **terms,
        "stream": stream.name,
        "replay-start-time": given("replay-start-time"),
        **common_terms(call),
    }
    begin(call, subscription)
    log_start = publisher.log.aged or publisher.log.created
    revision = ""
    if start is not None and start < log_start:
        revision = (
            f'<replay-start-time-revision xmlns="{SUBSCRIBED}">{date_and_time(log_start)}</replay-start-time-revision>'
        )
    return f'<id xmlns="{SUBSCRIBED}">{number}</id>{revision}'


def modify_subscription(call: Call) -> None:
    """Change the terms of a subscription (RFC 8639 section 2.4.3)."""
    kind = f"modify-subscription-{'datastore' if call.input.get(f'{YP}:datastore') else 'stream'}-error-info"
    subscription = _own(call, f"{SN}:no-such-subscription", kind)
    changed: dict[str, Any] = {}
    actions: list[Callable[[], None]] = []
    if call.input.get("stop-time") is not None:
        _, stop = times_of(call)
        changed["stop-time"] = call.input.get("stop-time")
        actions.append(lambda: setattr(subscription, "stop", stop))
    if isinstance(subscription, StreamSubscription):
        _refuse_other_target(call, f"{YP}:datastore", "datastore")
        actions.append(_modified_stream(call, subscription, changed))
    elif isinstance(subscription, DatastoreSubscription):
        if call.input.get(f"{YP}:datastore") != subscription.datastore:
            raise InvalidParameter(
                f"subscription {subscription.id} is to {subscription.datastore.partition(':')[2]}, which stays so",
                info=(("bad-element", "datastore"),),
            )
        actions.append(modified_datastore(call, subscription, changed, kind))
    terms = {**subscription.terms, **changed}
    told = record(call.device.schema, time.time(), f"{SN}:subscription-modified", {"id": subscription.id, **terms})

    def modify() -> None:
        subscription.terms = terms
        if told is not None and not subscription.is_over:
            subscription.receiver.send(time.time(), told.content)
        for action in actions:
            action()

    call.session.after_reply(lambda: call.device.publisher.call(modify))


def _refuse_other_target(call: Call, name: str, shown: str) -> None:
    if call.input.get(name) is not None:
        raise InvalidParameter("the subscription is to a stream, which stays so", info=(("bad-element", shown),))


def _modified_stream(call: Call, subscription: StreamSubscription, changed: dict[str, Any]) -> Callable[[], None]:
    selects, terms = stream_filter(call)
    named = reference(call.input.get("stream-filter-name"))
    # one kind of filter takes the place of the other
    changed |= {"stream-filter-name": None, "stream-subtree-filter": None, "stream-xpath-filter": None, **terms}

    def modify() -> None:
        subscription.selects, subscription.reference = selects, named

    return modify


def delete_subscription(call: Call) -> None:
    """End a subscription of the session (RFC 8639 section 2.4.4)."""
    subscription = _own(call, f"{SN}:no-such-subscription", "delete-subscription-error-info")
    subscription.is_over = True
    # nothing of it is sent after the answer
    call.device.publisher.settle()


def kill_subscription(call: Call) -> None:
    """End a subscription of whatever session, which is told so (RFC 8639 section 2.4.5)."""
    publisher = call.device.publisher
    subscription = _found(
        call, publisher.subscriptions(), f"{SN}:no-such-subscription", "delete-subscription-error-info"
    )
    publisher.call(lambda: subscription.terminate(f"{SN}:no-such-subscription"))


def resync_subscription(call: Call) -> None:
    """Send all that a subscription selects once more (RFC 8641 section 4.4.4)."""
    kind = "resync-subscription-error"
    subscription = _own(call, f"{YP}:no-such-subscription-resync", kind)
    if not isinstance(subscription, OnChange) or not subscription.has_sync:
        why = "is not on-change" if not isinstance(subscription, OnChange) else "was established without sync-on-start"
        raise SubscriptionRefused(f"{YP}:on-change-sync-unsupported", f"subscription {subscription.id} {why}", kind)
    wanted = subscription.wanted
    tree, found = resynchronized(call, subscription, wanted, kind)
    publisher = call.device.publisher
    call.session.after_reply(lambda: publisher.call(lambda: subscription.resync(tree, found, wanted)))


def _own(call: Call, reason: str, kind: str) -> Subscription:
    return _found(call, call.device.publisher.subscriptions(call.session.id), reason, kind)


def _found(call: Call, subscriptions: Sequence[Subscription], reason: str, kind: str) -> Subscription:
    number = call.input.get("id")
    for subscription in subscriptions:
        if subscription.id == number and number:
            return subscription
    raise SubscriptionRefused(reason, f"there is no subscription {number}", kind)
