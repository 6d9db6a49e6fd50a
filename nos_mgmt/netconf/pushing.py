"""Subscriptions to datastores over NETCONF (RFC 8641): what they select, when they send it, and how that is modified."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from nos_mgmt.netconf.messages import InvalidParameter
from nos_mgmt.netconf.notifications import SessionReceiver, begin
from nos_mgmt.netconf.selections import FILTERS, contents_of, operational_contents, refuse_untold, selection
from nos_mgmt.netconf.subscription_errors import YP, SubscriptionRefused
from nos_mgmt.netconf.subscription_terms import common_terms, times_of
from nos_mgmt.netconf.times import seconds_of
from nos_mgmt.notifications import datastore_subscription as push
from nos_mgmt.notifications.datastore_subscription import OPERATIONAL, RUNNING, OnChange, Periodic
from nos_mgmt.notifications.state_changes import SUBSCRIBED
from yang.values import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nos_mgmt.netconf.session import Call
    from nos_mgmt.notifications.datastore_subscription import Contents, DatastoreSubscription
    from nos_mgmt.notifications.updates import Wanted
    from yang.tree import Node

SHORTEST = 100
"""The shortest period, in centiseconds."""


def establish_datastore(call: Call) -> str:
    """Answer with the number of a new subscription to a datastore (RFC 8641 section 4.4.1)."""
    given = call.input.get
    kind = "establish-subscription-datastore-error-info"
    datastore = str(given(f"{YP}:datastore"))
    if datastore not in (RUNNING, OPERATIONAL):
        name = datastore.partition(":")[2]
        reason = f"{YP}:datastore-not-subscribable"
        raise SubscriptionRefused(reason, f"there are no subscriptions to {name}, but to running and operational", kind)
    periodic, on_change = given(f"{YP}:periodic"), given(f"{YP}:on-change")
    if periodic is None and on_change is None:
        raise InvalidParameter(
            "a subscription to a datastore is periodic or on-change", info=(("bad-element", "datastore"),)
        )
    wanted, terms = selection(call, kind)
    _, stop = times_of(call)
    terms |= {f"{YP}:datastore": Identity(datastore), **common_terms(call), **_trigger_terms(call)}
    make = _periodic if periodic is not None else _on_change
    subscription = make(call, datastore, wanted, kind)
    subscription.stop = stop
    subscription.terms = terms
    return f'<id xmlns="{SUBSCRIBED}">{subscription.id}</id>'


def _periodic(call: Call, datastore: str, wanted: Wanted, kind: str) -> Periodic:
    period, anchor = _period(call, kind)
    read = partial(contents, call, datastore, wanted)
    _refuse_too_big(read(), f"{YP}:update-too-big", kind)
    publisher = call.device.publisher
    receiver = SessionReceiver(call)
    subscription = Periodic(publisher.next_id(), publisher, receiver, datastore, read, period, anchor)
    begin(call, subscription)
    return subscription


def _period(call: Call, kind: str) -> tuple[float, float | None]:
    given = call.input.get(f"{YP}:periodic")
    period, anchor = int(given.get("period")), given.get("anchor-time")
    if period < SHORTEST:
        raise SubscriptionRefused(
            f"{YP}:period-unsupported",
            f"a period of {period} centiseconds is less than {SHORTEST}",
            kind,
            f"<period-hint>{SHORTEST}</period-hint>",
        )
    return period / 100, seconds_of(anchor, "anchor-time") if anchor is not None else None


def _on_change(call: Call, datastore: str, wanted: Wanted, kind: str) -> OnChange:
    is_operational = datastore == OPERATIONAL
    if is_operational:
        refuse_untold(call, wanted, kind)
    given = call.input.get(f"{YP}:on-change")
    publisher = call.device.publisher
    has_sync = given.get("sync-on-start") is not False
    subscription = OnChange(
        publisher.next_id(),
        publisher,
        SessionReceiver(call),
        datastore,
        wanted,
        lambda tree: call.access.visible(tree),  # noqa: PLW0108 - by the rules that hold then
        lambda: call.device.followed.latest if is_operational else call.device.datastores.running,
        dampening=int(given.get("dampening-period") or 0) / 100,
        has_sync=has_sync,
        excluded=frozenset(given.get("excluded-change") or ()),
    )
    # it hears of every change from here on, so that none is missed after the one that the tree is of
    publisher.add(subscription)
    try:
        tree = call.device.followed.tree() if is_operational else call.device.datastores.running
        first = contents_of(call, tree, wanted) if has_sync else None
        if first is not None:
            _refuse_too_big(first, f"{YP}:sync-too-big", kind)
    except BaseException:
        subscription.is_over = True
        raise
    call.session.after_reply(lambda: publisher.call(lambda: subscription.start_from(tree, first)))
    call.session.after_reply(lambda: publisher.release(subscription))
    return subscription


def _refuse_too_big(found: Contents, reason: str, kind: str) -> None:
    if found.is_too_big:
        size, limit = len(found.xml) >> 10, push.LARGEST >> 10
        hints = f"<kilobytes-estimate>{size}</kilobytes-estimate><kilobytes-limit>{limit}</kilobytes-limit>"
        raise SubscriptionRefused(reason, f"an update of {size} kilobytes is larger than {limit}", kind, hints)


def _trigger_terms(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (f"{YP}:periodic", f"{YP}:on-change"):
        node = call.input.get(name)
        if node is not None:
            found[name] = dict(node.children)
    if f"{YP}:on-change" in found:
        found[f"{YP}:on-change"].setdefault("dampening-period", 0)
        found[f"{YP}:on-change"].setdefault("sync-on-start", True)
    return found


def contents(call: Call, datastore: str, wanted: Wanted) -> Contents:
    """Return what is selected of a datastore, as far as the user may see it."""
    if datastore == RUNNING:
        return contents_of(call, call.device.datastores.running, wanted)
    return operational_contents(call, wanted)


def modified_datastore(
    call: Call, subscription: DatastoreSubscription, changed: dict[str, Any], kind: str
) -> Callable[[], None]:
    """Return what modifies a subscription to a datastore, and note the terms that are changed (section 4.4.2)."""
    wanted, terms = selection(call, kind)
    # one kind of filter takes the place of the other
    changed |= {**dict.fromkeys(FILTERS), **terms}
    is_periodic = isinstance(subscription, Periodic)
    other = f"{YP}:on-change" if is_periodic else f"{YP}:periodic"
    if call.input.get(other) is not None:
        name = other.partition(":")[2]
        raise InvalidParameter(f"subscription {subscription.id} does not become {name}", info=(("bad-element", name),))
    if isinstance(subscription, Periodic):
        read = partial(contents, call, subscription.datastore, wanted)
        _refuse_too_big(read(), f"{YP}:update-too-big", kind)
        times = _period(call, kind) if call.input.get(f"{YP}:periodic") is not None else None
        changed |= _trigger_terms(call)

        def modify_periodic() -> None:
            subscription.read = read
            if times is not None:
                subscription.retime(*times)

        return modify_periodic
    on_change = cast("OnChange", subscription)
    given = call.input.get(f"{YP}:on-change")
    dampening = int(given.get("dampening-period") or 0) / 100 if given is not None else on_change.dampening
    changed[f"{YP}:on-change"] = {
        **cast("Mapping[str, Any]", on_change.terms[f"{YP}:on-change"]),
        "dampening-period": round(dampening * 100),
    }
    if on_change.datastore == OPERATIONAL:
        refuse_untold(call, wanted, kind)
    tree, found = resynchronized(call, on_change, wanted, kind)

    def modify_on_change() -> None:
        on_change.dampening = dampening
        on_change.resync(tree, found if on_change.has_sync else None, wanted)

    return modify_on_change


def resynchronized(call: Call, subscription: OnChange, wanted: Wanted, kind: str) -> tuple[Node, Contents]:
    """Return the tree that a subscription has heard of last, and what is selected of it.

    Raises:
        SubscriptionRefused: That is more than an update may carry, and it would be sent.
    """
    call.device.publisher.settle()
    tree = subscription.latest
    if tree is None:
        tree = call.device.followed.tree() if subscription.datastore == OPERATIONAL else call.device.datastores.running
    found = contents_of(call, tree, wanted)
    if subscription.has_sync:
        _refuse_too_big(found, f"{YP}:sync-too-big", kind)
    return tree, found
