"""Commits with post-conditions: they stay if what they assert comes true in time, and are taken back otherwise."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from backends.hardware.objects import Port
from backends.hardware.simulated import Fault
from backends.operation import BackendLost
from datastore import confirmation
from datastore.database import HistoryFailed
from tests.conftest import Client, make_device, needs
from tests.datastore.rig import eventually
from tests.nos_mgmt.replies import data, error, is_ok
from tests.openconfig import INTERFACES, interface, interfaces, route, static_routes
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from backends.hardware.simulated import SimulatedAsic
    from backends.kernel import KernelBackend
    from nos_mgmt.device import Device

POST = "urn:nos-mgmt:yang:nos-post-conditions"
HISTORY = "urn:nos-mgmt:yang:nos-history"
PORT = interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=9000))
THIRD = interfaces(interface("Ethernet3", mtu=9000))
BOTH = interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=9000), interface("Ethernet3", mtu=9000))
ALIVE = "<session-alive/>"
LONG = 60


def oper_status(port: str, value: str = "UP") -> str:
    """Return the assertion that a port's oper-status has a value."""
    return leaf(f"/o:interfaces/o:interface[o:name='{port}']/o:state/o:oper-status", value)


def leaf(path: str, value: str) -> str:
    return f'<state><path xmlns:o="{INTERFACES}">{path}</path><value>{value}</value></state>'


def commit(*assertions: str, deadline: int = LONG, more: str = "") -> str:
    """Return a commit with assertions, which are called a0, a1 and so on."""
    entries = "".join(
        f"<assertion><name>a{number}</name>{assertion}</assertion>" for number, assertion in enumerate(assertions)
    )
    inner = f"<deadline>{deadline}</deadline>{entries}"
    return f'<commit>{more}<post-conditions xmlns="{POST}">{inner}</post-conditions></commit>'


def commits(client: Client) -> list[dict[str, str]]:
    """Return the commits in the history."""
    found = data(client.ok(f'<get><filter><history xmlns="{HISTORY}"><commit/></history></filter></get>'))
    return [{etree.QName(node).localname: node.text or "" for node in entry} for top in found for entry in top]


def waiting(client: Client) -> dict[str, dict[str, str]]:
    """Return the assertions that are waited for, by name."""
    inner = f'<history xmlns="{HISTORY}"><pending-confirmation/></history>'
    (top,) = data(client.ok(f"<get><filter>{inner}</filter></get>")) or [etree.Element("none")]
    entries = [
        {etree.QName(node).localname: node.text or "" for node in entry} for entry in top.iter(f"{{{POST}}}assertion")
    ]
    return {entry["name"]: entry for entry in entries}


def is_over(device: Device) -> bool:
    return eventually(lambda: device.datastores.pending is None, 20)


def is_back(device: Device, client: Client, reason: str) -> None:
    """Assert that a commit was taken back for a reason, and that the history says so."""
    assert is_over(device)
    assert client.running() == ""
    last = commits(client)[-1]
    assert (last["user"], last["state"]) == ("system", "sealed")
    assert reason in last["comment"]


def test_what_comes_true_stays_and_the_history_says_so(client: Client, device: Device) -> None:
    client.edit(PORT)
    assert is_ok(client.send(commit(oper_status("Ethernet1"))))
    assert is_over(device)
    assert "<mtu>9000</mtu>" in client.running()
    (only,) = commits(client)
    path = "/openconfig-interfaces:interfaces/openconfig-interfaces:interface[openconfig-interfaces:name='Ethernet1']"
    state = f"{path}/openconfig-interfaces:state/openconfig-interfaces:oper-status"
    assert only["outcome"] == f"its post-conditions came true: a0 ({state} is UP)"


def test_what_does_not_come_true_is_taken_back_and_the_history_says_why(
    client: Client, device: Device, chip: SimulatedAsic
) -> None:
    chip.pull("Ethernet3")
    client.edit(BOTH)
    assert is_ok(client.send(commit(oper_status("Ethernet3"), oper_status("Ethernet1"), deadline=1)))
    assert "<mtu>9000</mtu>" in client.running()
    is_back(device, client, "taken back to nothing: its post-conditions did not come true in time: a0: ")
    comment = commits(client)[-1]["comment"]
    assert comment.endswith("openconfig-interfaces:oper-status is NOT_PRESENT, not UP")
    assert "a1" not in comment
    assert "outcome" not in commits(client)[0]


def test_what_comes_true_later_stays(client: Client, device: Device, chip: SimulatedAsic) -> None:
    chip.pull("Ethernet3")
    client.edit(BOTH)
    client.ok(commit(oper_status("Ethernet3"), oper_status("Ethernet1")))
    assert eventually(lambda: "holds" in waiting(client).get("a1", {}))
    found = waiting(client)
    assert (found["a0"]["holds"], found["a1"]["holds"]) == ("false", "true")
    assert found["a0"]["found"].endswith("is NOT_PRESENT, not UP")
    assert found["a1"]["asserts"].endswith("oper-status is UP")
    chip.plug("Ethernet3")
    assert is_over(device)
    assert "<mtu>9000</mtu>" in client.running()
    assert waiting(client) == {}


def test_another_request_shows_that_the_session_is_alive(pair: tuple[Client, Client], device: Device) -> None:
    ann, bob = pair
    ann.edit(PORT)
    ann.ok(commit(ALIVE))
    assert eventually(lambda: waiting(bob).get("a0", {}).get("found") == "the session has not sent anything since")
    assert device.datastores.pending is not None
    ann.running()
    assert is_over(device)
    assert "<mtu>9000</mtu>" in bob.running()


@pytest.mark.parametrize("end", ["<close-session/>", ""], ids=["closed", "cut off"])
def test_a_session_that_ends_takes_back_what_asserts_that_it_lives(
    pair: tuple[Client, Client], device: Device, end: str
) -> None:
    ann, bob = pair
    ann.edit(PORT)
    ann.ok(commit(ALIVE))
    if end:
        ann.ok(end)
    else:
        ann.session.close()
    reason = "its post-conditions cannot come true any more, as its session has ended: a0: the session has ended"
    is_back(device, bob, reason)


def test_a_session_that_ends_leaves_other_assertions_alone(
    pair: tuple[Client, Client], device: Device, chip: SimulatedAsic
) -> None:
    ann, bob = pair
    chip.pull("Ethernet3")
    ann.edit(THIRD)
    ann.ok(commit(oper_status("Ethernet3")))
    ann.ok("<close-session/>")
    found = error(bob.send("<commit/>"))
    assert (found.tag, found.message) == ("in-use", "a confirmed commit of ann waits for its post-conditions")
    chip.plug("Ethernet3")
    assert is_over(device)
    assert "<mtu>9000</mtu>" in bob.running()


def test_a_commit_of_its_session_confirms_it(pair: tuple[Client, Client], device: Device) -> None:
    ann, bob = pair
    ann.edit(PORT)
    ann.ok(commit(oper_status("Ethernet1", "TESTING")))
    assert "waits for its post-conditions, or session" in error(bob.send("<commit/>")).message
    assert is_ok(ann.send("<commit/>"))
    assert device.datastores.pending is None
    assert "<mtu>9000</mtu>" in bob.running()


def test_it_can_be_cancelled(client: Client, device: Device) -> None:
    client.edit(PORT)
    client.ok(commit(oper_status("Ethernet1", "TESTING")))
    assert is_ok(client.send("<cancel-commit/>"))
    assert device.datastores.pending is None
    assert client.running() == ""


def test_it_follows_up_a_confirmed_commit_and_goes_back_to_before_it(client: Client, device: Device) -> None:
    client.edit(PORT)
    client.ok("<commit><confirmed/></commit>")
    client.edit(THIRD)
    client.ok(commit(oper_status("Ethernet1", "TESTING"), deadline=1))
    is_back(device, client, "did not come true in time")


@pytest.mark.parametrize(
    ("assertion", "tag", "bad", "message"),
    [
        (oper_status("Ethernet1", "SIDEWAYS"), "invalid-value", "oper-status", "'SIDEWAYS'"),
        (leaf("/o:interfaces/o:interface[o:name='E']/o:config/o:mtu", "1"), "invalid-value", "mtu", "configuration"),
        (leaf("/o:interfaces/o:interface[o:name='E']/o:state", "1"), "invalid-value", "state", "container, not a leaf"),
        (leaf("/o:interfaces/o:interface[o:name='E']/o:state/o:color", "1"), "unknown-element", "color", "has no"),
        (leaf("/o:interfaces/o:interface/o:state/o:mtu", "1"), "invalid-value", "interface", "is named by name"),
        (leaf("/x:interfaces", "1"), "invalid-value", "path", "the prefix 'x'"),
        (leaf("interfaces", "1"), "invalid-value", "path", "'interfaces' is not an instance-identifier"),
        ("<reachable>10.0.0.2</reachable>", "operation-not-supported", "reachable", "no backend here can tell"),
        ("<reachable>10.0.0</reachable>", "invalid-value", "reachable", "'10.0.0'"),
        ("<state><value>UP</value></state>", "missing-element", "path", "'a0' has no path"),
        ("", "missing-element", "assertion", "'a0' says nothing"),
        (f"{ALIVE}<reachable>10.0.0.2</reachable>", "bad-element", "reachable", "alternatives"),
    ],
)
def test_an_assertion_that_is_none_is_refused_before_anything_is_changed(
    client: Client, assertion: str, tag: str, bad: str, message: str
) -> None:
    client.edit(PORT)
    found = error(client.send(commit(assertion)))
    assert (found.tag, found.info.get("bad-element")) == (tag, bad)
    assert message in found.message
    assert client.running() == ""
    assert commits(client) == []


def test_the_error_names_the_leaf(client: Client) -> None:
    found = error(client.send(commit(oper_status("Ethernet1", "SIDEWAYS"))))
    assert (found.path or "").endswith("oc-if:interface[oc-if:name='Ethernet1']/oc-if:state/oc-if:oper-status")


@pytest.mark.parametrize(
    ("request_", "bad"),
    [
        (commit(ALIVE, more="<confirmed/>"), "post-conditions"),
        (commit(), "assertion"),
        (commit(ALIVE, deadline=0), "deadline"),
        (commit(*[ALIVE] * 65), "assertion"),
    ],
)
def test_post_conditions_that_are_none_are_refused(client: Client, request_: str, bad: str) -> None:
    client.edit(PORT)
    assert error(client.send(request_)).info["bad-element"] == bad
    assert client.running() == ""


def test_a_look_reads_no_more_than_the_way_to_the_leaf(
    client: Client, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, looked_at = device.operational.view, []

    def noted(running: Any, *more: Any) -> Any:
        looked_at.append(print_children(running))
        return view(running, *more)

    client.edit(BOTH + static_routes(*(route(f"192.0.2.{number}/32", "10.0.0.2") for number in range(9))))
    monkeypatch.setattr(device.operational, "view", noted)
    route_ = (
        (
            "/o:network-instances/o:network-instance[o:name='DEFAULT']/o:protocols"
            "/o:protocol[o:identifier='p:STATIC'][o:name='static']/o:static-routes/o:static[o:prefix='192.0.2.5/32']"
            "/o:state/o:prefix"
        )
        .replace("/o:", "/n:")
        .replace("[o:", "[n:")
    )
    declared = 'xmlns:n="http://openconfig.net/yang/network-instance" xmlns:p="http://openconfig.net/yang/policy-types"'
    of_route = f"<state><path {declared}>{route_}</path><value>192.0.2.5/32</value></state>"
    client.ok(commit(oper_status("Ethernet1"), of_route.replace("p:STATIC", "openconfig-policy-types:STATIC")))
    assert is_over(device)
    assert len(commits(client)) == 1
    first, second = looked_at[:2]
    assert ("Ethernet1" in first, "Ethernet3" in first, "192.0.2" in first) == (True, False, False)
    assert ("Ethernet" in second, second.count("<static>"), "192.0.2.5/32" in second) == (False, 1, True)


def test_what_cannot_be_read_does_not_hold(client: Client, device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise BackendLost("the cable is out")

    client.edit(PORT)
    with monkeypatch.context() as patched:
        patched.setattr(device.operational, "view", lost)
        client.ok(commit(oper_status("Ethernet1")))
        assert eventually(lambda: bool(device.datastores.findings))
        assert device.datastores.findings[0].found.endswith("oper-status cannot be read: the cable is out")
    assert is_over(device)
    assert "<mtu>9000</mtu>" in client.running()


def test_a_mistake_keeps_nothing_that_has_not_come_true(
    client: Client, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object) -> None:
        raise KeyError("a mistake")

    client.edit(PORT)
    with monkeypatch.context() as patched:
        patched.setattr(device.operational, "view", mistaken)
        client.ok(commit(oper_status("Ethernet1"), deadline=1))
        assert is_over(device)
    is_back(device, client, "did not come true in time: they could not be looked at; the log tells more")


def test_what_comes_true_after_the_deadline_comes_too_late(
    client: Client, device: Device, chip: SimulatedAsic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "PATIENCE", (0.05,))
    chip.pull("Ethernet3")
    client.edit(BOTH)
    client.ok(commit(oper_status("Ethernet3"), deadline=1))
    chip.inject(Fault(key=(Port.kind, "Ethernet1")))
    assert eventually(lambda: len(commits(client)) > 2)
    chip.plug("Ethernet3")
    assert device.datastores.pending is not None
    chip.inject(None)
    is_back(device, client, "Ethernet3']/openconfig-interfaces:state/openconfig-interfaces:oper-status is")


def test_a_confirmation_that_cannot_be_written_is_tried_again(
    client: Client, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm, refusals = device.history.confirm, iter([True, True])

    def hesitant(*arguments: Any, **more: Any) -> None:
        if next(refusals, False):
            raise HistoryFailed("the disk is full")
        confirm(*arguments, **more)

    monkeypatch.setattr(device.history, "confirm", hesitant)
    client.edit(PORT)
    client.ok(commit(oper_status("Ethernet1")))
    assert is_over(device)
    assert next(refusals, None) is None
    assert "came true" in commits(client)[0]["outcome"]


@pytest.mark.parametrize("is_alive_asserted", [False, True])
def test_a_restart_goes_on_looking_unless_the_session_had_to_live(
    tmp_path: Path, hardware: HardwareBackend, chip: SimulatedAsic, *, is_alive_asserted: bool
) -> None:
    chip.pull("Ethernet3")
    device = make_device(tmp_path, [hardware])
    try:
        client = Client(device)
        client.edit(THIRD)
        client.ok(commit(oper_status("Ethernet3"), *([ALIVE] if is_alive_asserted else [])))
    finally:
        device.close()
    device = make_device(tmp_path, [hardware])
    try:
        client = Client(device)
        if is_alive_asserted:
            is_back(device, client, "its post-conditions cannot come true any more, as its session has ended")
        else:
            assert device.datastores.pending is not None
            chip.plug("Ethernet3")
            assert is_over(device)
            assert "<mtu>9000</mtu>" in client.running()
            assert "came true" in commits(client)[0]["outcome"]
    finally:
        device.close()


@pytest.fixture
def far(namespace: str) -> Callable[..., None]:
    """A function that runs iproute2's `ip` at the far ends of the ports."""
    command = needs("ip")

    def run(*arguments: str) -> None:
        subprocess.run([command, "-n", f"{namespace}-far", *arguments], check=True)

    return run


@pytest.fixture
def router(tmp_path: Path, kernel: KernelBackend) -> Iterator[Device]:
    """A device with a kernel namespace."""
    made = make_device(tmp_path, [kernel])
    yield made
    made.close()


def test_a_link_whose_far_end_is_down_takes_its_commit_back(router: Device, far: Callable[..., None]) -> None:
    far("link", "set", "Ethernet1", "down")
    client = Client(router)
    client.edit(PORT)
    client.ok(commit(oper_status("Ethernet1"), deadline=1))
    is_back(router, client, "openconfig-interfaces:oper-status is DOWN, not UP")


def test_a_link_that_comes_up_in_time_keeps_its_commit(router: Device, far: Callable[..., None]) -> None:
    far("link", "set", "Ethernet1", "down")
    client = Client(router)
    client.edit(PORT)
    client.ok(commit(oper_status("Ethernet1")))
    assert eventually(lambda: waiting(client).get("a0", {}).get("holds") == "false")
    far("link", "set", "Ethernet1", "up")
    assert is_over(router)
    assert "<mtu>9000</mtu>" in client.running()


@pytest.mark.parametrize(("mine", "other"), [("10.0.0.1/24", "10.0.0.2"), ("2001:db8::1/64", "2001:db8::2")])
def test_an_address_that_begins_to_answer_keeps_its_commit(
    router: Device, far: Callable[..., None], mine: str, other: str
) -> None:
    if not router.backends[0].can_reach:
        pytest.skip("no right to send ICMP echo requests here")
    client = Client(router)
    client.edit(interfaces(interface("Ethernet1", mine)))
    client.ok(commit(f"<reachable>{other}</reachable>"))
    assert eventually(lambda: waiting(client).get("a0", {}).get("found") == f"{other} does not answer")
    far("addr", "add", f"{other}/{mine.partition('/')[2]}", "dev", "Ethernet1", *(["nodad"] if ":" in other else []))
    assert is_over(router)
    assert commits(client)[-1]["outcome"] == f"its post-conditions came true: a0 ({other} answers)"


def test_an_address_that_does_not_answer_takes_its_commit_back(router: Device) -> None:
    if not router.backends[0].can_reach:
        pytest.skip("no right to send ICMP echo requests here")
    client = Client(router)
    client.edit(PORT)
    # one on the link, one without a route, one that cannot be asked at all
    asked = [f"<reachable>{address}</reachable>" for address in ("10.0.0.2", "192.0.2.1", "fe80::1%nothing")]
    client.ok(commit(*asked, deadline=1))
    is_back(router, client, "a0: 10.0.0.2 does not answer; a1: 192.0.2.1 does not answer; a2: fe80::1%nothing does not")


def test_an_ipv4_address_with_a_zone_is_refused(router: Device) -> None:
    if not router.backends[0].can_reach:
        pytest.skip("no right to send ICMP echo requests here")
    found = error(Client(router).send(commit("<reachable>10.0.0.2%Ethernet1</reachable>")))
    assert (found.tag, found.info) == ("invalid-value", {"bad-element": "reachable"})
