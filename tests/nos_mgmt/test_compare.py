"""compare (RFC 9144)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nos_mgmt.netconf.capabilities import PRIVATE_CANDIDATE
from nos_mgmt.sessions import Sessions
from tests.conftest import Client
from tests.nos_mgmt.replies import error, parsed
from tests.openconfig import INTERFACES, interface, interfaces
from yang.yang_patch import Edit, YangPatch, apply_patch

if TYPE_CHECKING:
    from nos_mgmt.device import Device

COMPARE = "urn:ietf:params:xml:ns:yang:ietf-nmda-compare"
DATASTORES = "urn:ietf:params:xml:ns:yang:ietf-datastores"
ORIGIN = "{urn:ietf:params:xml:ns:yang:ietf-origin}origin"
ONE = "/openconfig-interfaces:interfaces/interface=Ethernet1"


def compare(source: str, target: str, more: str = "") -> str:
    return (
        f'<compare xmlns="{COMPARE}" xmlns:ds="{DATASTORES}">'
        f"<source>ds:{source}</source><target>ds:{target}</target>{more}</compare>"
    )


def config_of(*names: str) -> str:
    """Return a subtree filter for the config of interfaces."""
    entries = "".join(f"<interface><name>{name}</name><config/></interface>" for name in names)
    return f'<subtree-filter><interfaces xmlns="{INTERFACES}">{entries}</interfaces></subtree-filter>'


def edits(reply: str) -> list[dict[str, etree._Element]]:
    """Return the edits of the patch, as their elements by name."""
    (differences,) = parsed(reply)
    assert differences.tag == f"{{{COMPARE}}}differences"
    (patch,) = differences
    assert [etree.QName(child).localname for child in patch[:2]] == ["patch-id", "comment"]
    assert {etree.QName(child).namespace for each in patch for child in (each, *each)} == {COMPARE}
    return [{etree.QName(child).localname: child for child in edit} for edit in patch[2:]]


def told(reply: str) -> list[tuple[str, str]]:
    return [(edit["operation"].text or "", edit["target"].text or "") for edit in edits(reply)]


@pytest.fixture
def configured(client: Client) -> Client:
    client.edit(interfaces(interface("Ethernet1", mtu=9000, description="one")))
    client.ok("<commit/>")
    return client


def test_4_equal_datastores_have_no_differences(configured: Client) -> None:
    for target in ("running", "candidate", "intended"):
        assert edits(configured.ok(compare("running", target))) == []


def test_4_differences_lead_from_the_source_to_the_target(configured: Client, device: Device) -> None:
    configured.edit(
        interfaces(
            interface("Ethernet2", mtu=4000),
            '<interface><name>Ethernet1</name><config><mtu>1500</mtu><description nc:operation="delete"/></config></interface>',
        )
    )
    reply = configured.ok(compare("running", "candidate"))
    assert sorted(told(reply)) == [
        ("create", ONE.replace("1", "2")),
        ("delete", f"{ONE}/config/description"),
        ("replace", f"{ONE}/config/mtu"),
    ]
    (replaced,) = (edit for edit in edits(reply) if edit["operation"].text == "replace")
    assert [replaced[name][0].text for name in ("value", "source-value")] == ["1500", "9000"]
    assert replaced["value"][0].tag == f"{{{INTERFACES}}}mtu"
    (deleted,) = (edit for edit in edits(reply) if edit["operation"].text == "delete")
    assert ("value" in deleted, deleted["source-value"][0].text) == (False, "one")
    patch = YangPatch(
        "p",
        tuple(
            Edit(
                str(edit["edit-id"].text),
                str(edit["operation"].text),
                str(edit["target"].text),
                value=edit.get("value"),
            )
            for edit in edits(reply)
        ),
    )
    running, candidate = device.datastores.running, device.datastores.candidate
    assert apply_patch(running, patch)[0] == candidate
    back = told(configured.ok(compare("candidate", "running")))
    assert ("delete", ONE.replace("1", "2")) in back


def test_4_the_candidate_is_the_session_s_own_if_it_has_one(device: Device) -> None:
    registry = Sessions()
    ann = Client(device, registry, "ann", capabilities=[PRIVATE_CANDIDATE])
    bob = Client(device, registry, "bob")
    ann.edit(interfaces(interface("Ethernet1")))
    assert len(told(ann.ok(compare("running", "candidate")))) == 1
    assert told(bob.ok(compare("running", "candidate"))) == []


def test_4_1_only_what_the_filter_selects_is_compared(configured: Client) -> None:
    configured.edit(interfaces(interface("Ethernet1", mtu=1500), interface("Ethernet2", mtu=4000)))
    by_subtree = told(configured.ok(compare("running", "candidate", config_of("Ethernet1"))))
    path = "/o:interfaces/o:interface[o:name='Ethernet1']/o:config"
    by_path = told(
        configured.ok(compare("running", "candidate", f'<xpath-filter xmlns:o="{INTERFACES}">{path}</xpath-filter>'))
    )
    assert by_subtree == by_path == [("replace", f"{ONE}/config/mtu")]


def test_4_1_a_filter_that_selects_nothing_compares_nothing(configured: Client) -> None:
    (found,) = parsed(configured.ok(compare("running", "candidate", config_of("Ethernet7"))))
    assert (found.tag, len(found)) == (f"{{{COMPARE}}}no-matches", 0)


def test_4_1_configuration_that_is_in_use_is_compared_with_what_is_intended(configured: Client) -> None:
    """Ports that nobody has configured are there only in operation; defaults are in use on both sides."""
    found = told(configured.ok(compare("intended", "operational")))
    assert found
    assert not [target for _, target in found if target.startswith(ONE) or "/state" in target]
    assert ("create", ONE.replace("1", "2")) in found


def test_4_1_all_compares_also_what_only_one_of_the_two_can_have(configured: Client) -> None:
    found = told(configured.ok(compare("intended", "operational", "<all/>")))
    assert ("create", f"{ONE}/state") in found


def test_4_1_the_origin_is_reported_of_values_in_operation(configured: Client) -> None:
    reply = configured.ok(compare("operational", "intended", "<report-origin/>"))
    (edit,) = (edit for edit in edits(reply) if edit["target"].text == ONE.replace("1", "2"))
    assert edit["source-value"][0].get(ORIGIN) == "or:system"
    assert "or:origin" not in configured.ok(compare("operational", "intended"))


@pytest.mark.parametrize("name", ["startup", "dynamic", "conventional"])
def test_4_1_there_are_no_other_datastores(client: Client, name: str) -> None:
    for request in (compare("running", name), compare(name, "running")):
        assert error(client.send(request)).tag == "invalid-value"
