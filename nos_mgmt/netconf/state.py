"""The state that is the server's own: its history, what deviates from it, its capabilities and its schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from backends.resource import named
from backends.state import StateSource
from datastore import assertions
from datastore.deviation import Event as DriftEvent
from nos_mgmt.access.counters import DenialCounters
from nos_mgmt.netconf import monitoring, notifications, subscriptions, yang_library
from nos_mgmt.netconf.times import date_and_time

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from datastore.deviation import Deviation
    from nos_mgmt.device import Device
    from yang.tree import Key
    from yang.values import Value

OWN_PATHS = (
    *(
        f"/ietf-netconf:{operation}/*"
        for operation in (
            "get",
            "get-config",
            "edit-config",
            "copy-config",
            "delete-config",
            "discard-changes",
            "lock",
            "unlock",
            "validate",
            "commit",
            "cancel-commit",
            "close-session",
            "kill-session",
        )
    ),
    "/ietf-netconf-monitoring:get-schema/*",
    "/ietf-netconf-acm:nacm/*",
    "/nos-drift:drift/default-action",
    "/nos-drift:drift/policy/action",
    "/ietf-nmda-compare:compare/*",
    "/ietf-netconf-nmda:get-data/*",
    "/ietf-netconf-nmda:edit-data/*",
    "/ietf-netconf-partial-lock:partial-lock/*",
    "/ietf-netconf-partial-lock:partial-unlock/*",
    "/ietf-netconf-private-candidate:update/*",
    "/ietf-factory-default:factory-reset/*",
    "/nos-schedule:schedule-commit/*",
    "/nos-schedule:cancel-scheduled-commit/*",
    *subscriptions.SUBSCRIPTION_PATHS,
    "/notifications:create-subscription/*",
    "/nc-notifications:replayComplete",
    "/nc-notifications:notificationComplete",
    *(
        f"/ietf-netconf-notifications:netconf-{event}/*"
        for event in ("config-change", "capability-change", "session-start", "session-end", "confirmed-commit")
    ),
    "/nos-drift:deviation-event/*",
    "/nos-drift:out-of-step/*",
    "/nos-drift:back-in-step",
    "/nos-post-conditions:post-conditions-event/*",
    "/nos-schedule:scheduled-commit-event/*",
    *(
        f"/nos-history:{operation}/*"
        for operation in ("get-configuration", "get-difference", "get-commits", "get-blame", "get-plan", "rollback")
    ),
)
"""What the NETCONF server supports besides what backends claim."""
OWN_DEFAULTS = {"/ietf-netconf:edit-config/input/test-option": "set"}
"""The model says test-then-set, and a candidate may be incomplete while it is worked on."""


class Commits(StateSource):
    """The list of commits."""

    path: ClassVar[str] = "/nos-history:history/commit"
    leaves: ClassVar[tuple[str, ...]] = (
        "id",
        "time",
        "user",
        "session-id",
        "protocol",
        "comment",
        "label",
        "state",
        "reason",
        "nos-schedule:schedule-id",
        "nos-post-conditions:outcome",
    )

    def __init__(self, device: Device) -> None:
        """Tell of the commits of `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        """Return commits."""
        if keys is None:
            found = list(self._device.history.commits())
        else:
            numbers = [int(str(key[0])) for key in keys]
            found = [commit for number in numbers for commit in self._device.history.commits(number, number)]
        return {(commit.id,): dict(_leaves(commit)) for commit in found}


def _leaves(commit: Any) -> Mapping[str, Value]:
    leaves: dict[str, Value] = {
        "time": date_and_time(commit.time),
        "user": commit.author.user,
        "protocol": commit.author.protocol,
        "state": commit.state,
    }
    if commit.author.session_id is not None:
        leaves["session-id"] = commit.author.session_id
    if commit.author.schedule_id is not None:
        leaves["nos-schedule:schedule-id"] = commit.author.schedule_id
    if commit.outcome:
        leaves["nos-post-conditions:outcome"] = commit.outcome
    leaves.update({name: value for name in ("comment", "label", "reason") if (value := getattr(commit, name))})
    return leaves


class PendingConfirmation(StateSource):
    """The confirmed commit that waits, if there is one."""

    path: ClassVar[str] = "/nos-history:history/pending-confirmation"
    leaves: ClassVar[tuple[str, ...]] = ("deadline", "before", "user", "session-id", "persistent")

    def __init__(self, device: Device) -> None:
        """Tell of what waits in `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:  # noqa: ARG002 - a container
        """Return what waits."""
        pending = self._device.datastores.pending
        if pending is None:
            return {}
        leaves: dict[str, Value] = {
            "deadline": date_and_time(pending.deadline),
            "user": pending.user,
            "persistent": pending.persist is not None,
        }
        if pending.before is not None:
            leaves["before"] = pending.before
        if pending.session_id is not None:
            leaves["session-id"] = pending.session_id
        return {(): leaves}


class PostConditions(StateSource):
    """What the commit that waits asserts, and how it is with that."""

    path: ClassVar[str] = "/nos-history:history/pending-confirmation/nos-post-conditions:assertion"
    leaves: ClassVar[tuple[str, ...]] = ("name", "asserts", "holds", "found")

    def __init__(self, device: Device) -> None:
        """Tell of what waits in `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        """Return the assertions."""
        pending = self._device.datastores.pending
        findings = {finding.assertion.name: finding for finding in self._device.datastores.findings}
        found: dict[Key, Mapping[str, Value]] = {}
        for assertion in assertions.read(pending.assertions) if pending is not None else ():
            leaves: dict[str, Value] = {"asserts": str(assertion)}
            finding = findings.get(assertion.name)
            if finding is not None and finding.assertion == assertion:
                leaves["holds"] = finding.holds
                leaves.update({"found": finding.found} if finding.found else {})
            found[assertion.name,] = leaves
        return found if keys is None else {key: found[key] for key in keys if key in found}


class Scheduled(StateSource):
    """The scheduled commits."""

    path: ClassVar[str] = "/nos-schedule:schedule/commit"
    leaves: ClassVar[tuple[str, ...]] = (
        "id",
        "due",
        "user",
        "session-id",
        "comment",
        "label",
        "state",
        "reason",
        "commit-id",
        "change",
    )

    def __init__(self, device: Device) -> None:
        """Tell of what is scheduled in `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Any]]:
        """Return scheduled commits."""
        if self._device.rescue:
            return {}
        found = self._device.schedule.listed(None if keys is None else [int(str(key[0])) for key in keys])
        return {
            (scheduled.id,): {
                "due": date_and_time(scheduled.due),
                "user": scheduled.user,
                "state": scheduled.state,
                **{
                    name: value
                    for name, value in (
                        ("session-id", scheduled.session_id),
                        ("comment", scheduled.comment),
                        ("label", scheduled.label),
                        ("reason", scheduled.reason),
                        ("commit-id", scheduled.commit_id),
                        ("change", scheduled.changes),
                    )
                    if value
                },
            }
            for scheduled in found
        }


class Deviations(StateSource):
    """Where systems are not as running calls for."""

    path: ClassVar[str] = "/nos-drift:drift/deviation"
    leaves: ClassVar[tuple[str, ...]] = (
        "id",
        "backend",
        "resource",
        "attribute",
        "path",
        "wanted",
        "found",
        "since",
        "seen-by",
        "policy",
        "outcome",
    )
    told = ("id", "backend", "resource", "attribute", "path", "wanted", "found", "since", "seen-by")

    def __init__(self, device: Device) -> None:
        """Tell of what deviates in `device`."""
        self._device = device

    def follow(self, tell: Callable[[Collection[Key] | None], None]) -> None:
        """Tell of deviations that are found and that end; what becomes of one meanwhile is told by nobody."""

        def listen(event: object) -> None:
            if isinstance(event, DriftEvent):
                tell([(event.deviation.id,)])

        self._device.events.listen(listen)

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        """Return deviations."""
        return {
            (one.id,): {name: value for name, value in _deviation(one).items() if value is not None}
            for one in self._device.drift.deviations()
            if keys is None or (one.id,) in keys
        }


def _deviation(one: Deviation) -> Mapping[str, Value | None]:
    return {
        "backend": one.backend,
        "resource": named(one.key),
        "attribute": one.attribute or None,
        "path": str(one.path) if one.path is not None else None,
        "wanted": one.wanted_text(),
        "found": one.found_text(),
        "since": date_and_time(one.since),
        "seen-by": one.seen_by,
        "policy": one.action,
        "outcome": one.outcome or None,
    }


class DriftStatistics(StateSource):
    """How often systems were not as running called for."""

    path: ClassVar[str] = "/nos-drift:drift/statistics"
    leaves: ClassVar[tuple[str, ...]] = ("seen", "healed", "reverted", "adopted", "comparisons", "last-comparison")

    def __init__(self, device: Device) -> None:
        """Count what deviates in `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:  # noqa: ARG002 - a container
        """Return the counts."""
        counts = self._device.drift.counts
        leaves: dict[str, Value] = {
            name: getattr(counts, name) for name in ("seen", "healed", "reverted", "adopted", "comparisons")
        }
        if counts.last_comparison is not None:
            leaves["last-comparison"] = date_and_time(counts.last_comparison)
        return {(): leaves}


def own_state(device: Device) -> tuple[StateSource, ...]:
    """Return the sources."""
    sources = (
        Commits,
        PendingConfirmation,
        PostConditions,
        Scheduled,
        Deviations,
        DriftStatistics,
        DenialCounters,
        notifications.Streams,
        subscriptions.SubscribedStreams,
        subscriptions.Subscriptions,
        subscriptions.Receivers,
        *monitoring.SOURCES,
        *yang_library.SOURCES,
    )
    return tuple(source(device) for source in sources)
