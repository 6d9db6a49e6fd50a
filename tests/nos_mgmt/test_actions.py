"""Actions (RFC 7950 section 7.15), and those of nos-drift-remedies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backends.hardware.objects import Port
from tests.datastore.rig import eventually
from tests.nos_mgmt.replies import error, is_ok, parsed
from tests.openconfig import INTERFACES, interface, interfaces
from yang.diff import YANG

if TYPE_CHECKING:
    from backends.hardware.simulated import SimulatedAsic
    from nos_mgmt.device import Device
    from tests.conftest import Client

DRIFT = "urn:nos-mgmt:yang:nos-drift"
REMEDIES = "urn:nos-mgmt:yang:nos-drift-remedies"
REVERT, ADOPT = (f'<{name} xmlns="{REMEDIES}"/>' for name in ("revert", "adopt"))


def action(content: str) -> str:
    return f'<action xmlns="{YANG}">{content}</action>'


def on_deviation(number: int, call: str) -> str:
    return action(f'<drift xmlns="{DRIFT}"><deviation><id>{number}</id>{call}</deviation></drift>')


def shown(client: Client) -> str:
    return client.ok(f'<get><filter><drift xmlns="{DRIFT}"/></filter></get>')


@pytest.fixture
def drifted(device: Device, client: Client, chip: SimulatedAsic) -> Client:
    """A client of a device with a port whose MTU somebody has changed in the chip."""
    client.edit(interfaces(interface("Ethernet1", mtu=9000)))
    client.ok("<commit/>")
    change(chip, 1234)
    device.drift.touch(None)
    assert eventually(lambda: "<deviation>" in shown(client), 20)
    return client


def change(chip: SimulatedAsic, mtu: int) -> None:
    port = chip._objects[Port("Ethernet1").key]
    chip._objects[port.key] = replace(port, mtu=mtu)  # type: ignore[call-arg]


def mtu(chip: SimulatedAsic) -> int:
    return int(chip._objects[Port("Ethernet1").key].mtu)  # type: ignore[attr-defined]


def test_the_module_is_announced(client: Client) -> None:
    assert f"{REMEDIES}?module=nos-drift-remedies&amp;revision=2026-11-29<" in client.session.hello().decode()


def test_revert_brings_the_system_back(drifted: Client, chip: SimulatedAsic) -> None:
    assert is_ok(drifted.send(on_deviation(1, REVERT)))
    assert mtu(chip) == 9000
    answer = shown(drifted)
    assert "<deviation>" not in answer
    assert "<reverted>1</reverted>" in answer


def test_adopt_commits_what_was_found_for_whoever_asks(drifted: Client, chip: SimulatedAsic, device: Device) -> None:
    (commit_id,) = parsed(drifted.ok(on_deviation(1, ADOPT)))
    assert commit_id.tag == f"{{{REMEDIES}}}commit-id"
    assert mtu(chip) == 1234
    assert "<mtu>1234</mtu>" in drifted.running()
    assert "<deviation>" not in shown(drifted)
    (commit,) = device.history.commits(int(str(commit_id.text)), int(str(commit_id.text)))
    assert (commit.author.user, commit.author.session_id) == ("admin", drifted.session.id)


def test_what_cannot_be_adopted_says_why(drifted: Client, chip: SimulatedAsic) -> None:
    drifted.ok("<lock><target><candidate/></target></lock>")
    drifted.edit(interfaces('<interface nc:operation="delete"><name>Ethernet1</name></interface>'))
    found = error(drifted.send(on_deviation(1, ADOPT)))
    assert found.tag == "operation-failed"
    assert str(found.path).endswith("oc-if:config/oc-if:mtu")
    assert mtu(chip) == 1234
    assert "<outcome>it could not be adopted" in shown(drifted)


def test_7_15_2_the_node_has_to_be_there(drifted: Client) -> None:
    found = error(drifted.send(on_deviation(7, REVERT)))
    assert (found.tag, found.info) == ("data-missing", {"bad-element": "deviation"})
    assert str(found.path).endswith(":deviation[nosdr:id='7']")


@pytest.mark.parametrize("call", [REVERT, ADOPT])
def test_what_was_healed_meanwhile_is_not_there_any_more(drifted: Client, chip: SimulatedAsic, call: str) -> None:
    change(chip, 9000)
    found = error(drifted.send(on_deviation(1, call)))
    assert found.tag == "data-missing"
    assert "<deviation>" not in shown(drifted)


@pytest.mark.parametrize(
    ("content", "tag", "path"),
    [
        ("", "missing-element", None),
        (f'<drift xmlns="{DRIFT}"/>', "missing-element", "drift"),
        (f'<drift xmlns="{DRIFT}"><deviation><id>1</id></deviation></drift>', "missing-element", "[nosdr:id='1']"),
        (f'<drift xmlns="{DRIFT}"><deviation>{REVERT}</deviation></drift>', "missing-element", "drift"),
        (f'<drift xmlns="{DRIFT}"><deviation><id>x</id>{REVERT}</deviation></drift>', "invalid-value", "drift"),
        (
            f'<drift xmlns="{DRIFT}"><deviation><id>1</id>{REVERT}{ADOPT}</deviation></drift>',
            "bad-element",
            "[nosdr:id='1']",
        ),
        (
            f'<drift xmlns="{DRIFT}"><deviation><id>1</id><heal/></deviation></drift>',
            "unknown-element",
            "[nosdr:id='1']",
        ),
        (f'<drift xmlns="{DRIFT}"><default-action/></drift>', "bad-element", "drift"),
        (f'<drift xmlns="{DRIFT}">{REVERT}</drift>', "unknown-element", "drift"),
        (f'<revert xmlns="{REMEDIES}"/>', "unknown-element", None),
        (
            f'<interfaces xmlns="{INTERFACES}"><interface><name>a</name>{REVERT}</interface></interfaces>',
            "unknown-element",
            "'a']",
        ),
        ('<drift xmlns="urn:nothing"/>', "unknown-namespace", None),
    ],
)
def test_7_15_2_an_action_has_one_way_to_it(client: Client, content: str, tag: str, path: str | None) -> None:
    found = error(client.send(action(content)))
    assert found.tag == tag
    assert (found.path or "").endswith(path or "")
    assert (found.path is None) == (path is None)


def test_7_15_2_input_is_what_the_model_says(drifted: Client) -> None:
    call = f'<revert xmlns="{REMEDIES}"><now/></revert>'
    found = error(drifted.send(on_deviation(1, call)))
    assert (found.tag, found.info) == ("unknown-element", {"bad-element": "now"})
