"""Dynamic subscriptions over NETCONF (RFC 8639 and RFC 8641, bound to NETCONF by RFC 8640)."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape

from nos_mgmt.netconf import nmda
from nos_mgmt.netconf.messages import DetailedError, InvalidParameter, OperationNotSupported
from nos_mgmt.netconf.notifications import Created, SessionReceiver, begin, named_stream, selecting
from nos_mgmt.netconf.times import date_and_time, seconds_of
from nos_mgmt.notifications import datastore_subscription as push
from nos_mgmt.notifications.datastore_subscription import Contents, DatastoreSubscription, OnChange, Periodic
from nos_mgmt.notifications.records import record
from nos_mgmt.notifications.state_changes import PUSH, SUBSCRIBED, identity, state_change
from nos_mgmt.notifications.subscription import StreamSubscription, Subscription
from yang.errors import InvalidValue
from yang.filter import select
from yang.reporting import SubtreeFilter
from yang.values import Identity
from yang.xmlio import inner_xml, parse_document, print_children
from yang.xpath_condition import XPathCondition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call
    from yang.tree import Node

SN, YP = "ietf-subscribed-notifications", "ietf-yang-push"
RUNNING, OPERATIONAL = "ietf-datastores:running", "ietf-datastores:operational"
SHORTEST = 100
"""The shortest period, in centiseconds."""
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
    return _establish_datastore(call) if is_datastore else _establish_stream(call)


def _establish_stream(call: Call) -> str:
    given = call.input.get
    for name in ("periodic", "on-change"):
        if given(f"{YP}:{name}") is not None:
            raise InvalidParameter(f"{name} is for datastores, not for streams", info=(("bad-element", name),))
    publisher = call.device.publisher
    stream = named_stream(given("stream"))
    start, stop = _times(call)
    selects, terms = _stream_filter(call)
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
    subscription.reference = _reference(given("stream-filter-name"))
    subscription.terms = {
        **terms,
        "stream": stream.name,
        "replay-start-time": given("replay-start-time"),
        **_common_terms(call),
    }
    begin(call, subscription)
    log_start = publisher.log.aged or publisher.log.created
    revision = ""
    if start is not None and start < log_start:
        revision = (
            f'<replay-start-time-revision xmlns="{SUBSCRIBED}">{date_and_time(log_start)}</replay-start-time-revision>'
        )
    return f'<id xmlns="{SUBSCRIBED}">{number}</id>{revision}'


def _common_terms(call: Call) -> dict[str, Any]:
    return {"stop-time": call.input.get("stop-time"), "encoding": Identity(f"{SN}:encode-xml")}


def _times(call: Call) -> tuple[float | None, float | None]:
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


def _stream_filter(call: Call) -> tuple[Callable[[Node], bool] | None, dict[str, Any]]:
    """Return what tells whether an event is selected, None if all are, and the terms that say so."""
    name = call.input.get("stream-filter-name")
    if name is not None:
        found = named_filter(call.device.datastores.running, name)
        if found is None:
            raise InvalidParameter(f"there is no stream-filter {name}", info=(("bad-element", "stream-filter-name"),))
        return found, {"stream-filter-name": name}
    expression = call.input.get("stream-xpath-filter")
    if expression is not None:
        return _condition(call, expression).holds, {"stream-xpath-filter": expression}
    element = cast("_Element | None", call.input.get("stream-subtree-filter"))
    if element is None:
        return None, {}
    return selecting(SubtreeFilter(list(element))), {"stream-subtree-filter": inner_xml(element)}


def _condition(call: Call, expression: str) -> XPathCondition:
    """Return an XPath filter: its prefixes are modules' names, and those in scope where it stands, which count for more."""
    name = call.operation.tag.rpartition("}")[2].removesuffix("-subscription")
    element = call.operation.find(f"{{{SUBSCRIBED}}}stream-xpath-filter")
    namespaces: dict[str | None, str] = {module.name: module.namespace for module in call.device.modules}
    namespaces |= element.nsmap if element is not None else {}
    try:
        return XPathCondition(expression, namespaces, call.device.schema)
    except InvalidValue as error:
        hint = f"<filter-failure-hint>{escape(error.message)}</filter-failure-hint>"
        kind = f"{name}-subscription-stream-error-info"
        raise SubscriptionRefused(f"{SN}:filter-unsupported", error.message, kind, hint) from error


def named_filter(tree: Node, name: str) -> Callable[[Node], bool] | None:
    """Return what the filter selects that a configuration has under a name; None if it has none."""
    filters = tree.get(f"{SN}:filters")
    entries = filters.get("stream-filter") if filters is not None else None
    entry = entries.get((name,)) if entries is not None else None
    if entry is None:
        return None
    elements = parse_document(f"<filter>{entry.get('stream-subtree-filter') or ''}</filter>".encode())
    return selecting(SubtreeFilter(list(elements)))


def _reference(name: str | None) -> Callable[[Node], Callable[[Node], bool] | None] | None:
    return (lambda tree: named_filter(tree, name)) if name is not None else None


def _establish_datastore(call: Call) -> str:
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
    wanted, terms = _selection(call, kind)
    _, stop = _times(call)
    terms |= {f"{YP}:datastore": Identity(datastore), **_common_terms(call), **_trigger_terms(call)}
    make = _periodic if periodic is not None else _on_change
    subscription = make(call, datastore, wanted, kind)
    subscription.stop = stop
    subscription.terms = terms
    return f'<id xmlns="{SUBSCRIBED}">{subscription.id}</id>'


def _periodic(call: Call, datastore: str, wanted: Sequence[_Element] | None, kind: str) -> Periodic:
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


def _on_change(call: Call, datastore: str, wanted: Sequence[_Element] | None, kind: str) -> OnChange:
    if datastore != RUNNING:
        reason = f"{YP}:on-change-unsupported"
        raise SubscriptionRefused(reason, "changes are told of running; operational can be had periodically", kind)
    given = call.input.get(f"{YP}:on-change")
    datastores, publisher = call.device.datastores, call.device.publisher
    has_sync = given.get("sync-on-start") is not False
    subscription = OnChange(
        publisher.next_id(),
        publisher,
        SessionReceiver(call),
        datastore,
        wanted,
        lambda tree: call.access.visible(tree),  # noqa: PLW0108 - by the rules that hold then
        lambda: datastores.running,
        dampening=int(given.get("dampening-period") or 0) / 100,
        has_sync=has_sync,
        excluded=frozenset(given.get("excluded-change") or ()),
    )
    # it hears of every commit from here on, so that none is missed after the one that the tree is of
    publisher.add(subscription)
    tree = datastores.running
    first = contents(call, datastore, wanted, tree) if has_sync else None
    try:
        if first is not None:
            _refuse_too_big(first, f"{YP}:sync-too-big", kind)
    except SubscriptionRefused:
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


def _selection(call: Call, kind: str) -> tuple[list[_Element] | None, dict[str, Any]]:
    element = cast("_Element | None", call.input.get(f"{YP}:datastore-subtree-filter"))
    if element is None:
        return None, {}
    wanted = list(element)
    served = {name for node in call.device.schema.root.children.values() for name in (node.tag, node.name)}
    if not any(top.tag in served for top in wanted):
        reason = f"{YP}:unchanging-selection"
        raise SubscriptionRefused(reason, "the filter selects nothing that this server has", kind)
    return wanted, {f"{YP}:datastore-subtree-filter": inner_xml(element)}


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


def contents(call: Call, datastore: str, wanted: Sequence[_Element] | None, tree: Node | None = None) -> Contents:
    """Return what a filter selects of a datastore, of running of its configuration `tree`, as far as the user may see it."""
    device = call.device
    now = time.time()
    if datastore == RUNNING:
        whole = call.access.visible(tree if tree is not None else device.datastores.running)
        found = whole if wanted is None else select(whole, wanted)
    else:
        # as get-data shows it (RFC 8526 section 3.1.1)
        selection = SubtreeFilter(wanted) if wanted is not None else None
        found = nmda.operational(call, selection, "report-all")[0].selected
    return Contents(now, print_children(found))


def modify_subscription(call: Call) -> None:
    """Change the terms of a subscription (RFC 8639 section 2.4.3)."""
    kind = f"modify-subscription-{'datastore' if call.input.get(f'{YP}:datastore') else 'stream'}-error-info"
    subscription = _own(call, f"{SN}:no-such-subscription", kind)
    changed: dict[str, Any] = {}
    actions: list[Callable[[], None]] = []
    if call.input.get("stop-time") is not None:
        _, stop = _times(call)
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
        actions.append(_modified_datastore(call, subscription, changed, kind))
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
    selects, terms = _stream_filter(call)
    reference = _reference(call.input.get("stream-filter-name"))
    # one kind of filter takes the place of the other
    changed |= {"stream-filter-name": None, "stream-subtree-filter": None, "stream-xpath-filter": None, **terms}

    def modify() -> None:
        subscription.selects, subscription.reference = selects, reference

    return modify


def _modified_datastore(
    call: Call, subscription: DatastoreSubscription, changed: dict[str, Any], kind: str
) -> Callable[[], None]:
    wanted, terms = _selection(call, kind)
    changed |= {f"{YP}:datastore-subtree-filter": None, **terms}
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
    call.device.publisher.settle()
    tree = on_change.latest or call.device.datastores.running
    found = contents(call, on_change.datastore, wanted, tree)
    if on_change.has_sync:
        _refuse_too_big(found, f"{YP}:sync-too-big", kind)

    def modify_on_change() -> None:
        on_change.dampening = dampening
        on_change.resync(tree, found if on_change.has_sync else None, wanted)

    return modify_on_change


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
    call.device.publisher.settle()
    tree = subscription.latest or call.device.datastores.running
    wanted = subscription.wanted
    found = contents(call, subscription.datastore, wanted, tree)
    _refuse_too_big(found, f"{YP}:sync-too-big", kind)
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
