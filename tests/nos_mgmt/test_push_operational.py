"""On-change subscriptions to the operational datastore (RFC 8641), fed by what backends tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from backends.hardware import remote
from backends.hardware.driver import DriverLost
from backends.hardware.simulated import SimulatedAsic
from backends.process import ProcessBackend
from datastore import following
from tests.backends.linux import ip, until
from tests.conftest import Client, make_device
from tests.nos_mgmt.access.configured import nacm, rule, rule_list
from tests.nos_mgmt.notified import Told, names, read, told
from tests.nos_mgmt.replies import error
from tests.nos_mgmt.test_subscriptions import operation
from tests.nos_mgmt.test_yang_push import (
    COUNTERS,
    ON_CHANGE,
    PUSH,
    awaited,
    commit,
    edits,
    established,
    establishing,
    on_change,
    selecting,
)
from tests.openconfig import INTERFACES, interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nos_mgmt.device import Device

STATE = "/openconfig-interfaces:interfaces/interface=Ethernet{}/state"
ALL = selecting(f'<interfaces xmlns="{INTERFACES}"/>')
QUIETLY = on_change("<sync-on-start>false</sync-on-start>")
DRIFT = "urn:nos-mgmt:yang:nos-drift"


def by_xpath(expression: str) -> str:
    """Return a selection filter."""
    return (
        f'<datastore-xpath-filter xmlns="{PUSH}" xmlns:oc="{INTERFACES}">{expression.replace("<", "&lt;")}'
        "</datastore-xpath-filter>"
    )


def of(number: int, *leaves: str) -> str:
    """Return a filter for state of a port."""
    wanted = "".join(f"<{leaf}/>" for leaf in leaves)
    return selecting(interfaces(f"<interface><name>Ethernet{number}</name><state>{wanted}</state></interface>"))


def changes(client: Client, target: str) -> list[tuple[str | None, str | None]]:
    """Return what was done to a target so far, and the texts of the new values."""
    found: list[Told] = [read(message) for message in list(client.pushed)]
    return [(done, value) for event in found for done, where, value in edits(event) if where == target]


@pytest.fixture
def linux(both: Device) -> Client:
    """A client of a device with a kernel namespace and a chip."""
    return Client(both)


def test_a_link_that_goes_down_at_its_far_end_is_told_of(namespace: str, both: Device, linux: Client) -> None:
    """Sections 3.1 and 3.10: what the kernel says of a link, without anybody asking."""
    commit(linux, interface("Ethernet1", enabled=True))
    until(lambda: "state UP" in ip(namespace, "link show Ethernet1"))
    established(linux, ON_CHANGE, of(1, "oper-status", "admin-status"), "operational")
    [first] = awaited(linux, 1)
    assert first.name == "push-update"
    assert "".join(first.content.itertext()).endswith("Ethernet1UPUP")
    ip(f"{namespace}-far", "link set Ethernet1 down")
    until(lambda: changes(linux, STATE.format(1) + "/oper-status"))
    found = changes(linux, STATE.format(1) + "/oper-status")
    assert found[-1][0] == "replace"
    assert found[-1][1] in ("DOWN", "LOWER_LAYER_DOWN")
    assert changes(linux, STATE.format(1) + "/admin-status") == []
    del both


def test_what_is_set_behind_our_back_is_told_of(namespace: str, linux: Client) -> None:
    established(linux, QUIETLY, of(2, "mtu"), "operational")
    ip(namespace, "link set Ethernet2 mtu 1400")
    ip(namespace, "link set Ethernet3 mtu 1400")
    [found] = awaited(linux, 1)
    assert edits(found) == [("replace", STATE.format(2) + "/mtu", "1400")]


def test_a_link_that_comes_and_goes_is_told_of(namespace: str, linux: Client) -> None:
    established(linux, QUIETLY, ALL, "operational")
    target = STATE.format("99").removesuffix("/state")
    ip(namespace, "link add Ethernet99 type veth peer name peer99")
    until(lambda: changes(linux, target))
    ip(namespace, "link del Ethernet99")
    until(lambda: ("delete", None) in changes(linux, target))
    assert changes(linux, target)[0][0] == "create"


def test_what_deviates_is_told_of(namespace: str, linux: Client) -> None:
    """`ip addr add` behind our back: a deviation that is found, and that ends."""
    commit(linux, interface("Ethernet1", "10.0.0.1/24"))
    established(linux, QUIETLY, selecting(f'<drift xmlns="{DRIFT}"><deviation/></drift>'), "operational")
    ip(namespace, "addr add 10.7.7.7/24 dev Ethernet1")
    [found] = awaited(linux, 1)
    [(done, target, value)] = edits(found)
    assert done == "create"
    assert "10.7.7.7" in (value or "")
    ip(namespace, "addr del 10.7.7.7/24 dev Ethernet1")
    until(lambda: changes(linux, target or ""))
    assert changes(linux, target or "") == [("delete", None)]


def test_pulling_and_plugging_a_port_of_the_chip_is_told_of(client: Client, chip: SimulatedAsic) -> None:
    """What is configured on a port that is not there is no more in the operational datastore (RFC 8342 section 5.3)."""
    commit(client, interface("Ethernet1", mtu=9000, enabled=True))
    established(client, QUIETLY, of(1, "oper-status", "mtu"), "operational")
    status, mtu = STATE.format(1) + "/oper-status", STATE.format(1) + "/mtu"
    chip.pull("Ethernet1")
    until(lambda: changes(client, status) and changes(client, mtu))
    assert changes(client, status) == [("replace", "NOT_PRESENT")]
    assert changes(client, mtu) == [("delete", None)]
    client.pushed.clear()
    chip.plug("Ethernet1")
    until(lambda: ("replace", "UP") in changes(client, status) and changes(client, mtu))
    until(lambda: changes(client, mtu)[-1][1] == "9000")


def test_commits_are_told_of_as_what_becomes_of_them(client: Client) -> None:
    """Configuration, and the state that mirrors it and that the chip tells of."""
    established(client, QUIETLY, ALL, "operational")
    commit(client, interface("Ethernet1", mtu=9000, description="mine"))
    target = "/openconfig-interfaces:interfaces/interface=Ethernet1"
    until(lambda: ("create", "mine") in changes(client, f"{target}/state/description"))
    until(lambda: ("replace", "9000") in changes(client, f"{target}/state/mtu"))
    [(done, value), *_] = changes(client, f"{target}/config")
    assert done == "create"
    # enabled, by default (RFC 8342 section 5.3)
    assert (value or "").endswith("true")
    assert not any("counters" in message.decode() for message in client.pushed)


def test_what_is_not_told_of_is_left_out_and_never_polled(client: Client, device: Device) -> None:
    """Section 3.10: counters are no part of what is sent, unless nothing else was asked for."""
    established(client, ON_CHANGE, ALL, "operational")
    [first] = told(client, device)
    text = etree.tostring(first.content).decode()
    assert "oper-status" in text
    assert "counters" not in text
    found = error(client.send(establishing(ON_CHANGE, COUNTERS, "operational")))
    assert (found.tag, found.app_tag) == ("operation-not-supported", "ietf-yang-push:on-change-unsupported")
    history = '<history xmlns="urn:nos-mgmt:yang:nos-history"/>'
    found = error(client.send(establishing(ON_CHANGE, selecting(history), "operational")))
    assert found.app_tag == "ietf-yang-push:on-change-unsupported"


def test_only_what_was_told_of_is_read_again(
    client: Client, device: Device, chip: SimulatedAsic, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    status = SimulatedAsic.status
    established(client, QUIETLY, ALL, "operational")

    def noted(self: SimulatedAsic, ports: object) -> object:
        asked.append(ports)
        return status(self, ports)  # type: ignore[arg-type]

    monkeypatch.setattr(SimulatedAsic, "status", noted)
    chip.pull("Ethernet3")
    awaited(client, 1)
    assert asked
    assert {tuple(ports) for ports in asked if isinstance(ports, list)} == {("Ethernet3",)}
    assert None not in asked
    del device


def test_what_cannot_be_read_is_read_as_soon_as_it_can(
    client: Client, chip: SimulatedAsic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chip that does not answer when it is asked what has become of what it told of."""
    established(client, QUIETLY, of(1, "oper-status"), "operational")
    asked: list[object] = []
    status = SimulatedAsic.status

    def lost(self: SimulatedAsic, ports: object) -> object:
        asked.append(ports)
        if len(asked) < 3:
            raise DriverLost("the chip does not answer")
        return status(self, ports)  # type: ignore[arg-type]

    monkeypatch.setattr(following, "AGAIN", 0.05)
    monkeypatch.setattr(SimulatedAsic, "status", lost)
    commit(client, interface("Ethernet1", enabled=True))
    chip.pull("Ethernet1")
    until(lambda: ("replace", "NOT_PRESENT") in changes(client, STATE.format(1) + "/oper-status"))
    assert len(asked) >= 3


def test_all_can_be_had_again(client: Client, chip: SimulatedAsic) -> None:
    """Section 4.4.4: resync-subscription."""
    number = established(client, ON_CHANGE, of(1, "oper-status"), "operational")
    assert names(awaited(client, 1)) == ["push-update"]
    client.ok(operation("resync-subscription", number).replace("ietf-subscribed-notifications", "ietf-yang-push"))
    assert names(awaited(client, 1)) == ["push-update"]
    chip.pull("Ethernet1")
    assert names(awaited(client, 1)) == ["push-change-update"]


def test_when_nobody_follows_any_more_nothing_is_kept(client: Client, device: Device, chip: SimulatedAsic) -> None:
    number = established(client, QUIETLY, ALL, "operational")
    assert device.followed.latest is not None
    client.ok(operation("delete-subscription", number))
    chip.pull("Ethernet1")
    until(lambda: device.followed.latest is None)


def test_a_user_who_may_not_see_an_interface_is_told_nothing_of_it(device: Device, chip: SimulatedAsic) -> None:
    """RFC 8341 section 3.2.4, RFC 8641 section 3.9: by the rules that are configured."""
    admin, guest = Client(device), Client(device, user="guest")
    path = f"<path xmlns:oc='{INTERFACES}'>/oc:interfaces/oc:interface[oc:name='Ethernet1']</path>"
    admin.edit(
        nacm(
            "<exec-default>permit</exec-default>",
            rule_list("guests", rule("deny", path)),
            members={"guests": ["guest"]},
        )
    )
    admin.ok("<commit/>")
    established(guest, ON_CHANGE, ALL, "operational")
    [first] = awaited(guest, 1)
    assert "Ethernet2" in "".join(first.content.itertext())
    assert "Ethernet1" not in "".join(first.content.itertext())
    established(admin, QUIETLY, ALL, "operational")
    chip.pull("Ethernet1")
    chip.pull("Ethernet2")
    target = "/openconfig-interfaces:interfaces/interface=Ethernet{}"
    until(
        lambda: (
            changes(admin, target.format(1)) and changes(admin, target.format(2)) and changes(guest, target.format(2))
        )
    )
    assert not any(b"Ethernet1" in message for message in guest.pushed)


@pytest.fixture
def apart(tmp_path: Path, namespace: str) -> Iterator[Device]:
    """A device with a kernel backend in a process of its own."""
    made = make_device(tmp_path, [ProcessBackend("kernel", {"namespace": namespace})])
    yield made
    made.close()


def test_a_backend_in_a_process_of_its_own_tells_too(apart: Device, namespace: str) -> None:
    client = Client(apart)
    established(client, QUIETLY, of(2, "mtu"), "operational")
    ip(namespace, "link set Ethernet2 mtu 1400")
    [found] = awaited(client, 1)
    assert edits(found) == [("replace", STATE.format(2) + "/mtu", "1400")]


@pytest.fixture
def remote_chip(tmp_path: Path) -> Iterator[remote.RemoteDriver]:
    """A chip in a process of its own."""
    path = tmp_path / "chip.sock"
    remote.start(path, ports=8)
    driver = remote.RemoteDriver(path)
    yield driver
    driver.stop()
    driver.close()


def test_a_chip_behind_two_processes_tells_too(tmp_path: Path, remote_chip: remote.RemoteDriver) -> None:
    device = make_device(tmp_path, [ProcessBackend("hardware", {"socket": str(tmp_path / "chip.sock")})])
    try:
        client = Client(device)
        commit(client, interface("Ethernet1", enabled=True))
        established(client, QUIETLY, of(1, "oper-status"), "operational")
        target = STATE.format(1) + "/oper-status"
        remote_chip.pull("Ethernet1")
        until(lambda: changes(client, target) == [("replace", "NOT_PRESENT")])
        remote_chip.plug("Ethernet1")
        until(lambda: changes(client, target)[-1:] == [("replace", "UP")])
    finally:
        device.close()


@pytest.mark.parametrize("datastore", ["running", "operational"])
def test_nodes_can_be_selected_by_xpath(client: Client, device: Device, datastore: str) -> None:
    """Section 3.6: datastore-xpath-filter; what no longer fits is deleted, and what fits now is created."""
    commit(client, interface("Ethernet1", mtu=9000), interface("Ethernet2", mtu=1400))
    wanted = by_xpath("/oc:interfaces/oc:interface[oc:config/oc:mtu > 2000]/oc:config/oc:mtu")
    established(client, ON_CHANGE, wanted, datastore)
    [first] = awaited(client, 1)
    assert "".join(first.content.itertext()).endswith("Ethernet19000")
    commit(client, interface("Ethernet1", mtu=1500), interface("Ethernet2", mtu=3000))
    [found] = awaited(client, 1)
    done = {(kind, (target or "").partition("interface=")[2].partition("/")[0]) for kind, target, _ in edits(found)}
    assert done == {("delete", "Ethernet1"), ("create", "Ethernet2")}
    commit(client, interface("Ethernet3", mtu=100))
    assert told(client, device) == []


def test_an_expression_by_modules_names_selects_periodically(client: Client) -> None:
    """The prefixes are the names of modules as well (datastore-xpath-filter in the model)."""
    commit(client, interface("Ethernet1", mtu=9000))
    period = f'<periodic xmlns="{PUSH}"><period>100</period></periodic>'
    wanted = by_xpath("//openconfig-interfaces:config/openconfig-interfaces:mtu")
    established(client, period, wanted)
    [first, *_] = awaited(client, 1)
    assert "".join(first.content.itertext()).endswith("Ethernet19000")


@pytest.mark.parametrize("expression", ["1 +", "/none:none", "count(/*)"])
def test_an_expression_that_selects_no_nodes_is_refused_with_the_reason(client: Client, expression: str) -> None:
    """Section 4.4.1, appendix A.1: filter-unsupported with a hint."""
    reply = client.send(establishing(ON_CHANGE, by_xpath(expression)))
    found = error(reply)
    assert (found.tag, found.app_tag) == ("invalid-value", "ietf-subscribed-notifications:filter-unsupported")
    assert etree.fromstring(reply.encode()).findtext(f".//{{{PUSH}}}filter-failure-hint")
