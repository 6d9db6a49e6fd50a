"""What is counted and measured, for Prometheus.

What is known anyway (sessions, deviations, the running commit) is read when somebody asks; what happens is counted when it does.
No label has a value that clients can make up.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from datastore.calls import Called
from datastore.events import LoginFailed, Refused, Sealed
from nos_mgmt.netconf.session import Answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client.core import Metric

    from nos_mgmt.device import Device
    from nos_mgmt.sessions import Sessions

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""From a small get to a commit of everything."""

LOGIN_FAILURES = (
    ("publickey", "wrong"),
    ("password", "wrong"),
    ("password", "early"),
    ("certificate", "unusable"),
    ("certificate", "unmapped"),
    ("certificate", "unknown-user"),
)


class Metrics:
    """The metrics of one server."""

    def __init__(self, device: Device, sessions: Sessions) -> None:
        """Count from now on what happens in `device`."""
        # the time at which each series began tells nothing that the process does not, and doubles their number
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it says nothing of its types
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        registry.register(_Standing(device, sessions))
        self._rpcs = Counter("nos_rpcs", "Requests answered.", ["operation", "outcome"], registry=registry)
        self._rpc_seconds = Histogram(
            "nos_rpc_seconds", "Seconds to answer a request.", ["operation"], buckets=SECONDS, registry=registry
        )
        self._commits = Counter("nos_commits", "Commits, by what became of them.", ["outcome"], registry=registry)
        self._commit_seconds = Histogram(
            "nos_commit_seconds", "Seconds for a commit.", buckets=SECONDS, registry=registry
        )
        self._phase_seconds = Histogram(
            "nos_commit_phase_seconds", "Seconds for a phase of it.", ["phase"], buckets=SECONDS, registry=registry
        )
        self._operations = Counter(
            "nos_backend_operations", "Operations given to backends.", ["backend", "outcome"], registry=registry
        )
        self._calls = Histogram(
            "nos_backend_call_seconds", "Seconds for a call.", ["backend", "phase"], buckets=SECONDS, registry=registry
        )
        self._lost = Counter("nos_backend_calls_lost", "Calls that were not answered.", ["backend"], registry=registry)
        self._failed_logins = Counter(
            "nos_logins_failed", "Log-ins that failed.", ["method", "reason"], registry=registry
        )
        # Prometheus knows of a series only once it is there: an alert on its increase would miss the first one
        for outcome in ("sealed", "refused", "aborted"):
            self._commits.labels(outcome)
        for failure in LOGIN_FAILURES:
            self._failed_logins.labels(*failure)
        for backend in device.backends:
            self._lost.labels(backend.name)
            for outcome in ("done", "refused", "lost"):
                self._operations.labels(backend.name, outcome)
        self._children: dict[tuple[str, str], tuple[Callable[[], None], Callable[[float], None]]] = {}
        device.events.listen(self._hear)
        device.committer.calls.listen(self._hear_call)
        device.requests.listen(self._hear_request)

    def _hear_request(self, event: object) -> None:
        if isinstance(event, Answered):
            key = event[:2]
            child = self._children.get(key)
            if child is None:
                count = self._rpcs.labels(*key).inc
                child = self._children[key] = (count, self._rpc_seconds.labels(event.operation).observe)
            child[0]()
            child[1](event.seconds)

    def _hear(self, event: object) -> None:
        if isinstance(event, Sealed):
            self._count_commit("sealed", event.phases)
        elif isinstance(event, Refused):
            self._count_commit("refused" if event.commit_id is None else "aborted", event.phases)
        elif isinstance(event, LoginFailed):
            self._failed_logins.labels(event.method, event.reason).inc()

    def _count_commit(self, outcome: str, phases: Mapping[str, float]) -> None:
        self._commits.labels(outcome).inc()
        self._commit_seconds.observe(sum(phases.values()))
        for phase, seconds in phases.items():
            self._phase_seconds.labels(phase).observe(seconds)

    def _hear_call(self, call: object) -> None:
        if not isinstance(call, Called):
            return
        self._calls.labels(call.backend, call.phase).observe(call.seconds)
        if call.is_lost:
            self._lost.labels(call.backend).inc()
        if call.phase == "execute":
            if call.is_lost:
                self._operations.labels(call.backend, "lost").inc(call.size)
            else:
                self._operations.labels(call.backend, "refused").inc(call.refused)
                self._operations.labels(call.backend, "done").inc(call.size - call.refused)


class _Standing(Collector):
    """What is so now."""

    def __init__(self, device: Device, sessions: Sessions) -> None:
        self._device = device
        self._sessions = sessions
        self._running = device.history.last() or 0
        device.events.listen(self._hear)

    def collect(self) -> Iterator[Metric]:
        """Return what is so now."""
        device = self._device
        yield InfoMetricFamily("nos_mgmt", "The server.", {"version": version("nos-mgmt")})
        yield GaugeMetricFamily("nos_sessions", "Management sessions that are open.", len(self._sessions))
        yield CounterMetricFamily("nos_sessions_opened", "Management sessions since the start.", self._sessions.opened)
        traffic = device.traffic
        yield CounterMetricFamily("nos_sessions_dropped", "Sessions whose clients just went.", traffic.dropped_sessions)
        yield CounterMetricFamily("nos_bad_hellos", "Sessions that ended for their hello.", traffic.in_bad_hellos)
        sent = traffic.totals.out_notifications
        yield CounterMetricFamily("nos_notifications_sent", "Notifications sent to subscribers.", sent)
        lost = device.publisher.lost
        yield CounterMetricFamily("nos_events_lost", "Events that nobody was told of: too many at once.", lost)
        yield GaugeMetricFamily("nos_running_commit", "The commit that is running; 0 before the first.", self._running)
        pending = device.datastores.pending is not None
        yield GaugeMetricFamily("nos_confirmation_pending", "Whether a commit waits to be confirmed.", pending)
        out = len(device.committer.out_of_step)
        yield GaugeMetricFamily("nos_out_of_step", "Resources that could not be brought to what they should be.", out)
        yield GaugeMetricFamily(
            "nos_rescue", "Whether the history is damaged and all is read-only.", bool(device.rescue)
        )
        deviations = len(device.drift.deviations())
        yield GaugeMetricFamily("nos_deviations", "Deviations of the systems from running, now.", deviations)
        counts = device.drift.counts
        drift = CounterMetricFamily("nos_drift", "What happened to deviations.", labels=["event"])
        drift.add_metric(["found"], counts.seen)
        for event in ("healed", "reverted", "adopted"):
            drift.add_metric([event], getattr(counts, event))
        yield drift

    def _hear(self, event: object) -> None:
        if isinstance(event, Sealed):
            self._running = event.commit_id
