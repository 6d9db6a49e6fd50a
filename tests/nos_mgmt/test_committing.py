"""validate and commit over NETCONF (RFC 6241 sections 8.3.4.1 and 8.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.hardware.driver import Status
from backends.hardware.simulated import Fault
from datastore.history import Author
from tests.nos_mgmt.replies import error, errors, is_ok
from tests.openconfig import interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from backends.hardware.simulated import SimulatedAsic
    from nos_mgmt.device import Device
    from tests.conftest import Client

HISTORY = "urn:nos-mgmt:yang:nos-history"
PORT = interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=9000))
NO_CONFIG = interfaces("<interface><name>Ethernet1</name></interface>")
PATH = "/oc-if:interfaces/oc-if:interface[oc-if:name='Ethernet1']"


def validate(source: str) -> str:
    return f"<validate><source>{source}</source></validate>"


def test_a_commit_makes_the_candidate_running(client: Client) -> None:
    client.edit(PORT)
    assert client.running() == ""
    assert is_ok(client.send("<commit/>"))
    assert "<mtu>9000</mtu>" in client.running()


def test_a_commit_of_nothing_is_ok_and_leaves_no_trace(client: Client, device: Device) -> None:
    assert is_ok(client.send("<commit/>"))
    assert list(device.history.commits()) == []


def test_a_commit_is_recorded_with_who_and_what_was_said(pair: tuple[Client, Client], device: Device) -> None:
    ann, bob = pair
    ann.edit(PORT)
    said = f'<comment xmlns="{HISTORY}">why &lt; how</comment><label xmlns="{HISTORY}">release 1</label>'
    assert is_ok(bob.send(f"<commit>{said}</commit>"))
    (commit,) = device.history.commits()
    assert commit.author == Author("bob", bob.session.id, "netconf")
    assert (commit.comment, commit.label) == ("why < how", "release 1")


def test_a_label_that_is_too_long_is_refused_and_nothing_is_committed(client: Client, device: Device) -> None:
    client.edit(PORT)
    found = error(client.send(f'<commit><label xmlns="{HISTORY}">{"x" * 65}</label></commit>'))
    assert (found.type, found.tag, found.info) == ("protocol", "invalid-value", {"bad-element": "label"})
    assert list(device.history.commits()) == []


def test_a_commit_that_is_not_valid_tells_all_that_is_wrong_and_where(client: Client) -> None:
    client.edit(NO_CONFIG)
    found = {(one.tag, one.app_tag, one.path) for one in errors(client.send("<commit/>"))}
    # RFC 7950 section 15.5: the path is that of the leafref
    assert found == {
        ("data-missing", "instance-required", f"{PATH}/oc-if:name"),
        ("data-missing", None, f"{PATH}/oc-if:config/oc-if:type"),
    }
    assert client.running() == ""


def test_a_commit_that_a_system_refuses_names_the_leaf_and_keeps_the_candidate(
    client: Client, chip: SimulatedAsic
) -> None:
    client.edit(PORT)
    client.ok("<commit/>")
    chip.inject(Fault(Status.NO_RESOURCES, key=("hardware:route", "192.0.2.0/24")))
    client.edit(static_routes(route("192.0.2.0/24", "10.0.0.2")))
    found = error(client.send("<commit/>"))
    assert (found.type, found.tag, found.app_tag) == ("application", "operation-failed", "hardware-NO_RESOURCES")
    assert (found.path or "").endswith("/oc-netinst:config/oc-netinst:next-hop")
    assert "hardware refused" in found.message
    assert "192.0.2.0" not in client.running()
    assert "192.0.2.0" in client.ok("<get-config><source><candidate/></source></get-config>")
    chip.inject(None)
    assert is_ok(client.send("<commit/>"))


@pytest.mark.parametrize("source", ["<candidate/>", "<running/>", "<config/>", f"<config>{PORT}</config>"])
def test_what_is_valid_is_ok(client: Client, source: str) -> None:
    client.edit(PORT)
    assert is_ok(client.send(validate(source)))
    assert client.running() == ""


@pytest.mark.parametrize("source", ["<candidate/>", f"<config>{NO_CONFIG}</config>"])
def test_what_is_not_valid_is_told_with_its_paths(client: Client, source: str) -> None:
    client.edit(NO_CONFIG)
    found = errors(client.send(validate(source)))
    assert {one.tag for one in found} == {"data-missing"}
    assert {one.path for one in found} == {f"{PATH}/oc-if:name", f"{PATH}/oc-if:config/oc-if:type"}


def test_broken_rules_are_told_beside_values_that_are_wrong(client: Client) -> None:
    wrong = interfaces(interface("Ethernet1", mtu=70000), "<interface><name>Ethernet2</name></interface>")
    found = errors(client.send(validate(f"<config>{wrong}</config>")))
    assert [one.tag for one in found] == ["invalid-value", "data-missing", "data-missing"]


def test_running_is_valid_whatever_the_candidate_is(client: Client) -> None:
    client.edit(NO_CONFIG)
    assert is_ok(client.send(validate("<running/>")))


@pytest.mark.parametrize(
    ("config", "tag"),
    [
        (interfaces("<port/>"), "unknown-element"),
        ('<x xmlns="urn:x"/>', "unknown-namespace"),
        (PORT.replace("9000", "90000"), "invalid-value"),
    ],
)
def test_a_configuration_that_is_no_data_is_told_so(client: Client, config: str, tag: str) -> None:
    found = error(client.send(validate(f"<config>{config}</config>")))
    assert (found.type, found.tag) == ("application", tag)


@pytest.mark.parametrize("way", ["inline", "candidate"])
def test_what_no_system_can_do_is_not_valid_either(client: Client, way: str) -> None:
    # a commit would be refused for it, so that validate says it
    config = PORT.replace(">i:ethernetCsmacd<", ">i:sonet<")
    client.edit(config)
    source = "<candidate/>" if way == "candidate" else f"<config>{config}</config>"
    for answer in (client.send(validate(source)), client.send("<commit/>")):
        found = error(answer)
        assert (found.type, found.tag) == ("application", "invalid-value")
        assert found.path == f"{PATH}/oc-if:config/oc-if:type"


def test_a_configuration_to_validate_has_to_be_one(client: Client) -> None:
    assert error(client.send("<validate><source/></validate>")).tag == "missing-element"
    assert error(client.send("<validate><source><url>file:///x</url></source></validate>")).tag == "unknown-element"
