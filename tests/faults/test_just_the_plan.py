"""A commit does just what its plan says: each operation once, in order, and nothing else, down to the kernel's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from backends.kernel.resources import Address, Link, Neighbor, Port, Route
from datastore.errors import NotTranslatable
from tests.conftest import make_device
from tests.datastore.configurations import configurations
from tests.datastore.tampered import TamperedHardware, TamperedKernel
from tests.faults.mixed import AFTER, BEFORE, ME, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from backends.kernel import KernelBackend
    from backends.operation import Operation
    from nos_mgmt.device import Device

Sentence = tuple[Any, ...]
UNICAST, BLACKHOLE = 1, 6
TOLD_OF_LINKS = {"IFLA_MTU": "mtu", "IFLA_IFALIAS": "alias"}


class Wire:
    """A socket that remembers what is sent through it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.sent: list[bytes] = []

    def sendto(self, data: bytes, address: tuple[int, int]) -> int:
        self.sent.append(data)
        return int(self.inner.sendto(data, address))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def requests(self) -> Iterator[Any]:
        """Yield what was sent and is more than a question, as pyroute2 reads it."""
        for data in self.sent:
            for message in MarshalRtnl().parse(data):
                if not message["event"].startswith("RTM_GET"):
                    yield message


@pytest.fixture
def wire(kernel: KernelBackend) -> Wire:
    found = Wire(kernel._netlink._socket)
    kernel._netlink._socket = found  # type: ignore[assignment]
    return found


@pytest.fixture
def device(tmp_path: Path, kernel: KernelBackend, hardware: HardwareBackend) -> Iterator[Device]:
    if not {"dummy", "ifb"} & kernel.offered:
        pytest.skip("this kernel makes no links that serve as loopbacks")
    made = make_device(tmp_path, [TamperedKernel(kernel), TamperedHardware(hardware)])
    yield made
    made.close()


@settings(
    deadline=None,
    max_examples=40,
    phases=[Phase.generate],  # a failing example depends on those before it
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content=configurations())
def test_any_commit_carries_out_its_plan_and_nothing_else(wire: Wire, device: Device, content: str) -> None:
    try:
        plan = device.committer.plan(tree(device, content))
    except NotTranslatable:
        return
    there = links(device)
    wire.sent.clear()
    for backend in device.backends:
        backend.executed.clear()  # type: ignore[attr-defined]
    device.committer.commit(tree(device, content), ME, plan_id=plan.id)
    for backend in device.backends:
        mine = [step.operation for step in plan.steps if step.backend is backend]
        assert backend.executed == mine  # type: ignore[attr-defined]
    names = {number: name for name, number in [*there.items(), *links(device).items()]}
    planned = [step.operation for step in plan.steps if step.backend.name == "kernel"]
    assert [told(message, names) for message in wire.requests()] == [
        sentence for operation in planned for sentence in meant(operation)
    ]


def test_the_same_in_batches(tmp_path: Path, kernel: KernelBackend, wire: Wire) -> None:
    device = make_device(tmp_path, [kernel])
    for content in (BEFORE, AFTER, ""):
        plan = device.committer.plan(tree(device, content))
        there = links(device)
        wire.sent.clear()
        device.committer.commit(tree(device, content), ME, plan_id=plan.id)
        names = {number: name for name, number in [*there.items(), *links(device).items()]}
        said = [told(message, names) for message in wire.requests()]
        assert said == [sentence for step in plan.steps for sentence in meant(step.operation)]
    device.close()


def links(device: Device) -> dict[str, int]:
    """Return the numbers of the namespace's links, by name."""
    kernel: Any = device.backends[0]
    return {name: state.ifindex for name, state in getattr(kernel, "inner", kernel).links().items()}


def meant(operation: Operation) -> Iterator[Sentence]:
    """Yield what a planned operation has to tell the kernel."""
    resource = operation.resource
    match resource:
        case Address(interface, address, length):
            yield (operation.action, "address", interface, f"{address}/{length}")
        case Neighbor(interface, address, mac):
            yield (operation.action, "neighbor", interface, address, mac if operation.after is not None else None)
        case Route(prefix, metric, hops):
            yield (operation.action, "route", prefix, metric, *(sorted(hops) if operation.after is not None else ()))
        case Link() | Port():
            if operation.after is None:
                yield ("delete", "link", resource.name)
                return
            before: dict[str, Any] = {"enabled": False, "alias": "", "mtu": None}
            if operation.before is None:
                yield ("create", "link", resource.name)
            else:
                before = dict(operation.before.attributes())
            for name in ("mtu", "alias", "enabled"):
                if before[name] != (value := resource.attributes()[name]):
                    yield ("set", resource.name, name, value)


def told(message: Any, names: dict[int, str]) -> Sentence:
    """Return what a message tells the kernel."""
    event, flags = message["event"], message["header"]["flags"]
    given = dict(message["attrs"])
    is_new, creates = event.startswith("RTM_NEW"), bool(flags & 0x400)
    action = "create" if creates else "update" if is_new else "delete"
    match event.removeprefix("RTM_NEW").removeprefix("RTM_DEL"):
        case "ADDR":
            return (action, "address", names[message["index"]], f"{given['IFA_LOCAL']}/{message['prefixlen']}")
        case "NEIGH":
            return (action, "neighbor", names[message["ifindex"]], given["NDA_DST"], given.get("NDA_LLADDR"))
        case "ROUTE":
            assert (message["table"], message["proto"]) == (254, 201)
            assert message["type"] in (UNICAST, BLACKHOLE)
            hops = sorted(_hops(given, names)) if is_new else []
            return (action, "route", f"{given['RTA_DST']}/{message['dst_len']}", given.get("RTA_PRIORITY", 0), *hops)
        case "LINK":
            if creates or not is_new:
                return (action, "link", given["IFLA_IFNAME"])
            for attribute, name in TOLD_OF_LINKS.items():
                if attribute in given:
                    return ("set", given["IFLA_IFNAME"], name, given[attribute])
            return ("set", given["IFLA_IFNAME"], "enabled", bool(message["flags"] & 1))
    raise AssertionError(event)


def _hops(given: dict[str, Any], names: dict[int, str]) -> Iterator[tuple[str, str]]:
    if "RTA_OIF" in given:
        yield given.get("RTA_GATEWAY", ""), names[given["RTA_OIF"]]
    for hop in given.get("RTA_MULTIPATH", ()):
        yield dict(hop["attrs"]).get("RTA_GATEWAY", ""), names[hop["oif"]]
