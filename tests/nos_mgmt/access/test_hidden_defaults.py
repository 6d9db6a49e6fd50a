"""No default stands in place of a leaf that is kept from a user, whatever he asks with (RFC 8341 section 3.2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import Client, make_device
from tests.nos_mgmt.access.configured import edited, nacm, rule, rule_list
from tests.openconfig import INTERFACES, interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend

WITH_DEFAULTS = "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults"
NMDA = "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"
DATASTORES = "urn:ietf:params:xml:ns:yang:ietf-datastores"
COMPARE = "urn:ietf:params:xml:ns:yang:ietf-nmda-compare"
TXID = "urn:ietf:params:xml:ns:netconf:txid:1.0"
PARTIAL_LOCK = "urn:ietf:params:xml:ns:netconf:partial-lock:1.0"
HIDDEN = f'<path xmlns:if="{INTERFACES}">/if:interfaces/if:interface/if:config/if:enabled</path>'
FILTER = f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet1</name><config/></interface></interfaces>'
XPATH = "/if:interfaces/if:interface[if:config/if:enabled='true']"
MODES = ["report-all", "report-all-tagged"]


@pytest.fixture
def ann(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Client]:
    """A client that may not read whether interfaces are enabled; Ethernet1 is not."""
    device = make_device(tmp_path, [hardware], administrators=("admin",))
    hides = rule("deny", f"{HIDDEN}<access-operations>read</access-operations>")
    permits = rule("permit", name="b")
    interface_1 = interface("Ethernet1", mtu=1500, enabled=False)
    edited(Client(device), interfaces(interface_1) + nacm("", rule_list("g", hides, permits), members={"g": ["ann"]}))
    yield Client(device, user="ann")
    device.close()


def get_config(options: str, attributes: str = "") -> str:
    return f"<get-config{attributes}><source><running/></source>{options}</get-config>"


def get_data(options: str, datastore: str = "running", attributes: str = "") -> str:
    given = f'<datastore xmlns:ds="{DATASTORES}">ds:{datastore}</datastore>{options}'
    return f'<get-data xmlns="{NMDA}"{attributes}>{given}</get-data>'


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("attributes", ["", f' xmlns:t="{TXID}" t:etag="?"'])
@pytest.mark.parametrize("datastore", ["", "running", "candidate", "operational"])
def test_3_2_4_nor_is_one_reported(ann: Client, mode: str, attributes: str, datastore: str) -> None:
    if datastore:
        filter_ = f"<subtree-filter>{FILTER}</subtree-filter><with-defaults>{mode}</with-defaults>"
        answer = ann.ok(get_data(filter_, datastore, attributes))
    else:
        options = f'<filter>{FILTER}</filter><with-defaults xmlns="{WITH_DEFAULTS}">{mode}</with-defaults>'
        answer = ann.ok(get_config(options, attributes))
    assert "<mtu>1500</mtu>" in answer
    assert "enabled" not in answer


def test_3_2_4_nor_is_one_compared(ann: Client) -> None:
    filter_ = f"<subtree-filter>{FILTER}</subtree-filter>"
    names = "<source>ds:candidate</source><target>ds:operational</target>"
    answer = ann.ok(f'<compare xmlns="{COMPARE}" xmlns:ds="{DATASTORES}">{names}{filter_}</compare>')
    assert "enabled" not in answer


@pytest.mark.parametrize("mode", ["explicit", "trim", *MODES])
@pytest.mark.parametrize("value", ["true", "false"])
def test_3_2_4_nor_does_one_match_in_an_expression(ann: Client, mode: str, value: str) -> None:
    expression = XPATH.replace("true", value)
    select = f'<filter type="xpath" xmlns:if="{INTERFACES}" select="{expression}"/>'
    options = f'<with-defaults xmlns="{WITH_DEFAULTS}">{mode}</with-defaults>'
    assert "Ethernet1" not in ann.ok(get_config(select + options))
    xpath = f'<xpath-filter xmlns:if="{INTERFACES}">{expression}</xpath-filter><with-defaults>{mode}</with-defaults>'
    for datastore in ("running", "operational"):
        assert "Ethernet1" not in ann.ok(get_data(xpath + "<max-depth>3</max-depth>", datastore))
    everything = select.replace(f"[if:config/if:enabled='{value}']", "[if:config/if:mtu=1500]")
    answer = ann.ok(get_config(everything + options))
    assert "<mtu>1500</mtu>" in answer
    assert "enabled" not in answer


@pytest.mark.parametrize("select", [XPATH, "/if:interfaces/if:interface/if:config/if:enabled"])
def test_rfc_5717_2_4_1_nor_is_one_locked(ann: Client, select: str) -> None:
    lock = f'<partial-lock xmlns="{PARTIAL_LOCK}" xmlns:if="{INTERFACES}"><select>{select}</select></partial-lock>'
    assert "no-matches" in ann.send(lock)
    assert "locked-node" in ann.ok(lock.replace("enabled='true'", "mtu=1500").replace("if:enabled<", "if:mtu<"))


def test_3_2_6_nor_is_one_copied(ann: Client) -> None:
    copy = "<copy-config><target><candidate/></target><source><running/></source>"
    mode = f'<with-defaults xmlns="{WITH_DEFAULTS}">report-all</with-defaults></copy-config>'
    ann.send(copy + mode)
    admin = Client(ann.session._device)
    options = f"<filter>{FILTER}</filter>"
    answer = admin.ok(f"<get-config><source><candidate/></source>{options}</get-config>")
    assert "<enabled>" not in answer
