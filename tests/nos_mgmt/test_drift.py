"""What a client sees of drift, and how it says what is to be done about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backends.hardware.objects import Port
from tests.datastore.rig import eventually
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    import pytest

    from backends.hardware.simulated import SimulatedAsic
    from nos_mgmt.device import Device
    from tests.conftest import Client

DRIFT = "urn:nos-mgmt:yang:nos-drift"


def shown(client: Client) -> str:
    """Return what is shown of drift."""
    return client.ok(f'<get><filter><drift xmlns="{DRIFT}"/></filter></get>')


def test_deviations_and_counts_are_shown_as_data(
    device: Device, client: Client, chip: SimulatedAsic, caplog: pytest.LogCaptureFixture
) -> None:
    client.edit(interfaces(interface("Ethernet1", mtu=9000)))
    client.ok("<commit/>")
    port = chip._objects[Port("Ethernet1").key]
    chip._objects[port.key] = replace(port, mtu=1234)  # type: ignore[call-arg]
    with caplog.at_level("INFO"):
        device.drift.touch(None)
        assert eventually(lambda: "<deviation>" in shown(client), 20)
    answer = shown(client)
    for text in (
        "<id>1</id><backend>hardware</backend><resource>hardware:port Ethernet1</resource><attribute>mtu</attribute>",
        "<wanted>9000</wanted><found>1234</found>",
        "<seen-by>comparison</seen-by><policy>alarm</policy>",
        "<seen>1</seen><healed>0</healed><reverted>0</reverted><adopted>0</adopted><comparisons>1</comparisons>",
        "[name='Ethernet1']/config/mtu</path>",
    ):
        assert text in answer
    assert "drift found: hardware:port Ethernet1 mtu is '1234' instead of '9000'" in caplog.text
    one = client.ok(f'<get><filter><drift xmlns="{DRIFT}"><deviation><id>2</id></deviation></drift></filter></get>')
    assert "<deviation>" not in one
    client.edit(f'<drift xmlns="{DRIFT}"><default-action>revert</default-action></drift>')
    client.ok("<commit/>")
    assert eventually(lambda: "<deviation>" not in shown(client), 20)
    assert "<reverted>1</reverted>" in shown(client)
    assert chip._objects[port.key] == port


def test_policies_are_configuration_like_any_other(client: Client) -> None:
    policy = "<policy><path>/openconfig-interfaces:interfaces</path><action>adopt</action></policy>"
    client.edit(f'<drift xmlns="{DRIFT}">{policy}</drift>')
    client.ok("<commit/>")
    assert policy in client.running()
    refused = client.send(
        "<edit-config><target><candidate/></target><config>"
        f'<drift xmlns="{DRIFT}"><default-action>ignore</default-action></drift></config></edit-config>'
    )
    assert "<error-tag>invalid-value</error-tag>" in refused


def test_a_policy_needs_an_action_and_a_path_from_the_top(client: Client) -> None:
    client.edit(f'<drift xmlns="{DRIFT}"><policy><path>/</path></policy></drift>')
    assert "<rpc-error>" in client.send("<commit/>")
    refused = client.send(
        "<edit-config><target><candidate/></target><config>"
        f'<drift xmlns="{DRIFT}"><policy><path>interfaces</path></policy></drift></config></edit-config>'
    )
    assert "<rpc-error>" in refused
