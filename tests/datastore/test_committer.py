"""The commit: everywhere or nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.hardware.driver import Status
from backends.hardware.simulated import Fault, SimulatedAsic
from datastore.errors import CommitFailed, ValidationFailed
from datastore.history import Author
from tests.conftest import Client, config
from tests.openconfig import interface, interfaces, route, static_routes
from yang.edit import edit_config

if TYPE_CHECKING:
    from nos_mgmt.device import Device

ME = Author("me", 1, "test")


def edited(device: Device, content: str) -> None:
    device.datastores.edit(1, lambda tree: edit_config(tree, config(content)))


def objects(chip: SimulatedAsic) -> dict[object, object]:
    return dict(chip._objects)


def test_a_commit_reaches_the_chip_and_moves_running(device: Device, chip: SimulatedAsic) -> None:
    edited(device, interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=9000)))
    done = device.datastores.commit(1, ME)
    assert done.commit_id == 1
    assert ("hardware:route", "10.0.0.0/24") in objects(chip)
    assert "openconfig-interfaces:interfaces" in device.datastores.running.children


def test_a_refused_operation_takes_back_those_before_it(device: Device, chip: SimulatedAsic) -> None:
    edited(device, interfaces(interface("Ethernet1", "10.0.0.1/24")))
    device.datastores.commit(1, ME)
    before, running = objects(chip), device.datastores.running
    chip.inject(Fault(Status.NO_RESOURCES, key=("hardware:route", "192.0.2.0/24")))
    edited(device, interfaces(interface("Ethernet1", mtu=4000)) + static_routes(route("192.0.2.0/24", "10.0.0.2")))
    with pytest.raises(CommitFailed) as refused:
        device.datastores.commit(1, ME)
    assert objects(chip) == before
    assert device.datastores.running is running
    assert refused.value.app_tag == "hardware-NO_RESOURCES"
    assert str(refused.value.path).endswith(
        "/static[prefix='192.0.2.0/24']/next-hops/next-hop[index='0']/config/next-hop"
    )


def test_a_commit_of_nothing_writes_nothing(device: Device) -> None:
    assert device.datastores.commit(1, ME).commit_id is None
    assert list(device.history.commits()) == []


def test_broken_rules_are_told_all_at_once(client: Client, device: Device) -> None:
    client.edit(
        '<interfaces xmlns="http://openconfig.net/yang/interfaces"><interface><name>Ethernet1</name></interface></interfaces>'
    )
    with pytest.raises(ValidationFailed) as broken:
        device.datastores.commit(1, ME)
    assert {error.app_tag for error in broken.value.errors} == {None, "instance-required"}
