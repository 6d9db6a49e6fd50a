"""What Prometheus is told, and that asking for it holds nobody up."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from backends.hardware.simulated import Fault
from backends.operation import BackendLost
from datastore.calls import Called
from datastore.deviation import Deviation
from nos_mgmt.observability import exposition
from nos_mgmt.observability.exposition import exposed
from nos_mgmt.observability.metrics import Metrics
from nos_mgmt.sessions import Sessions
from tests.conftest import Client
from tests.nos_mgmt.openssh import OpenSsh, command
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import CollectorRegistry

    from backends.hardware.simulated import SimulatedAsic
    from nos_mgmt.device import Device
    from tests.conftest import Server

CONFIG = interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=2000))
READ = "<get-config><source><running/></source></get-config>"


@pytest.fixture
def sessions() -> Sessions:
    """The sessions of the device."""
    return Sessions()


@pytest.fixture
def registry(device: Device, sessions: Sessions) -> CollectorRegistry:
    """The metrics of the device."""
    return Metrics(device, sessions).registry


@pytest.fixture
def url(registry: CollectorRegistry) -> Iterator[str]:
    """Where they are found."""
    with exposed(registry, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}/metrics"


@pytest.fixture
def client(device: Device, sessions: Sessions, registry: CollectorRegistry) -> Client:  # noqa: ARG001 - it is there before
    """A client of that device."""
    return Client(device, sessions)


def got(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - http, on loopback
        text: str = answer.read().decode()
        return text


def test_requests_are_counted_by_operation_and_outcome(registry: CollectorRegistry, client: Client) -> None:
    client.ok(READ)
    client.ok(READ)
    client.send("<unlock><target><running/></target></unlock>")

    def count(**labels: str) -> float | None:
        return registry.get_sample_value("nos_rpcs_total", labels)

    assert count(operation="get-config", outcome="ok") == 2
    assert count(operation="unlock", outcome="ok") is None
    assert registry.get_sample_value("nos_rpc_seconds_count", {"operation": "get-config"}) == 2


def test_an_operation_that_a_client_makes_up_is_no_series(registry: CollectorRegistry, client: Client) -> None:
    for number in range(3):
        client.send(f'<made-up-{number} xmlns="urn:made:up"/>')
    unknown = {"operation": "unknown", "outcome": "operation-not-supported"}
    assert registry.get_sample_value("nos_rpcs_total", unknown) == 3


def test_sessions_are_those_that_are_open(registry: CollectorRegistry, client: Client) -> None:
    assert registry.get_sample_value("nos_sessions") == 1
    client.ok("<close-session/>")
    assert registry.get_sample_value("nos_sessions") == 0
    assert registry.get_sample_value("nos_sessions_opened_total") == 1


def test_notifications_and_dropped_sessions_are_counted(registry: CollectorRegistry, client: Client) -> None:
    client.session.push(b"<notification/>")
    client.session.close()
    assert registry.get_sample_value("nos_notifications_sent_total") == 1
    assert registry.get_sample_value("nos_sessions_dropped_total") == 1
    assert registry.get_sample_value("nos_events_lost_total") == 0


def test_commits_are_counted_by_what_became_of_them(
    registry: CollectorRegistry, client: Client, chip: SimulatedAsic
) -> None:
    def commits() -> dict[str, float | None]:
        outcomes = ("sealed", "refused", "aborted")
        return {one: registry.get_sample_value("nos_commits_total", {"outcome": one}) for one in outcomes}

    assert commits() == {"sealed": 0, "refused": 0, "aborted": 0}
    client.edit(CONFIG)
    chip.inject(Fault(after=0))
    client.send("<commit/>")
    chip.inject(None)
    assert commits() == {"sealed": 0, "refused": 0, "aborted": 1}
    client.ok("<commit/>")
    client.edit(CONFIG.replace("<name>Ethernet1</name>", "<name>Ethernet2</name>", 1))
    client.send("<commit/>")
    assert commits() == {"sealed": 1, "refused": 1, "aborted": 1}
    assert registry.get_sample_value("nos_running_commit") == 2
    for phase in ("validate", "plan", "journal", "apply", "verify", "seal"):
        assert (registry.get_sample_value("nos_commit_phase_seconds_count", {"phase": phase}) or 0) >= 1


def test_operations_are_counted_by_backend_and_outcome(
    registry: CollectorRegistry, client: Client, chip: SimulatedAsic
) -> None:
    def operations(outcome: str) -> float | None:
        labels = {"backend": "hardware", "outcome": outcome}
        return registry.get_sample_value("nos_backend_operations_total", labels)

    client.edit(CONFIG)
    chip.inject(Fault(after=0))
    client.send("<commit/>")
    chip.inject(None)
    assert operations("refused") == 1
    client.ok("<commit/>")
    assert (operations("done") or 0) >= 1
    assert operations("lost") == 0
    executed = {"backend": "hardware", "phase": "execute"}
    assert (registry.get_sample_value("nos_backend_call_seconds_count", executed) or 0) >= 2


def test_a_backend_that_does_not_answer_is_counted(
    registry: CollectorRegistry, client: Client, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(_: object) -> None:
        raise BackendLost("it has gone")

    heard: list[object] = []
    device.committer.calls.listen(heard.append)
    client.edit(CONFIG)
    with monkeypatch.context() as patched:
        patched.setattr(device.backends[0], "execute", lose)
        client.send("<commit/>")
    lost = next(event for event in heard if isinstance(event, Called) and event.is_lost)
    labels = {"backend": "hardware", "outcome": "lost"}
    assert (registry.get_sample_value("nos_backend_operations_total", labels) or 0) >= lost.size > 0
    assert (registry.get_sample_value("nos_backend_calls_lost_total", {"backend": "hardware"}) or 0) >= 1


def test_deviations_are_counted_as_they_are_found_and_healed(registry: CollectorRegistry, device: Device) -> None:
    assert registry.get_sample_value("nos_deviations") == 0
    one = Deviation(1, "hardware", ("hardware:port", "Ethernet1"), "mtu", None, None, None, 0.0, "event")
    device.drift._deviations[one.name] = one
    assert registry.get_sample_value("nos_deviations") == 1
    device.drift._end(one, "healed")
    assert registry.get_sample_value("nos_deviations") == 0
    assert registry.get_sample_value("nos_drift_total", {"event": "healed"}) == 1


def test_what_is_told_is_what_prometheus_reads(url: str, client: Client) -> None:
    client.ok(READ)
    names = {family.name for family in text_string_to_metric_families(got(url))}
    assert names >= {
        "nos_mgmt_info",
        "nos_sessions",
        "nos_rpcs",
        "nos_rpc_seconds",
        "nos_commits",
        "nos_commit_phase_seconds",
        "nos_backend_operations",
        "nos_deviations",
        "nos_drift",
        "process_resident_memory_bytes",
        "python_gc_collections",
    }


def test_there_is_nothing_else_at_that_address(url: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        got(url.removesuffix("metrics"))


def test_who_asks_again_at_once_gets_the_same(url: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposition, "FRESH", 1000.0)
    first = got(url)
    client.ok(READ)
    assert got(url) == first
    monkeypatch.setattr(exposition, "FRESH", 0.0)
    assert got(url) != first


def test_clients_that_never_ask_are_few_and_are_cut_off(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposition, "PATIENCE", 0.2)
    port = int(url.split(":")[2].split("/", maxsplit=1)[0])
    silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(exposition.CLIENTS + 1)]
    # the last one is sent away at once, and the others after a while
    assert [one.recv(1) for one in reversed(silent)] == [b""] * len(silent)
    for one in silent:
        one.close()
    assert "nos_sessions" in got(url)


def test_a_server_tells_its_metrics_where_it_is_told_to(start_server: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = start_server("--backends", "hardware", "--metrics-port", str(port))
    with OpenSsh(command(server)) as session:
        session.edit(CONFIG)
        told = got(f"http://127.0.0.1:{port}/metrics")
    assert 'nos_commits_total{outcome="sealed"} 1.0' in told
    assert "nos_sessions 1.0" in told
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
