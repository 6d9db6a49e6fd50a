"""get-data, edit-data and the datastores of RFC 8342 (RFC 8526, RFC 8808 section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nos_mgmt.netconf.capabilities import PRIVATE_CANDIDATE
from nos_mgmt.sessions import Sessions
from tests.conftest import Client, make_device
from tests.nos_mgmt.replies import error, is_ok, parsed
from tests.openconfig import INTERFACES, interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device

NMDA = "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"
ORIGIN = "{urn:ietf:params:xml:ns:yang:ietf-origin}origin"
DATASTORES = "urn:ietf:params:xml:ns:yang:ietf-datastores"
FACTORY = "urn:ietf:params:xml:ns:yang:ietf-factory-default"
TXID = "urn:ietf:params:xml:ns:netconf:txid:1.0"
ONE = interface("Ethernet1", mtu=9000)
NAMESPACES = f'xmlns:ds="{DATASTORES}" xmlns:fd="{FACTORY}" xmlns:or="urn:ietf:params:xml:ns:yang:ietf-origin"'


def get_data(datastore: str, more: str = "", attributes: str = "") -> str:
    return f'<get-data xmlns="{NMDA}" {NAMESPACES} {attributes}><datastore>{datastore}</datastore>{more}</get-data>'


def edit_data(datastore: str, config: str, more: str = "") -> str:
    return f'<edit-data xmlns="{NMDA}" {NAMESPACES}><datastore>{datastore}</datastore>{more}<config>{config}</config></edit-data>'


def only(*names: str, below: str = "") -> str:
    """Return a subtree filter for interfaces."""
    entries = "".join(f"<interface><name>{name}</name>{below}</interface>" for name in names)
    return f'<subtree-filter><interfaces xmlns="{INTERFACES}">{entries}</interfaces></subtree-filter>'


def data_in(reply: str) -> etree._Element:
    (found,) = parsed(reply)
    assert found.tag == f"{{{NMDA}}}data"
    return found


def text(reply: str) -> str:
    return etree.tostring(data_in(reply)).decode()


def leaf(data: etree._Element, path: str) -> etree._Element:
    """Return the one element at a path of names."""
    (found,) = data.findall("/".join(f"{{{INTERFACES}}}{name}" for name in path.split("/")))
    return found


@pytest.fixture
def shipped(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Device]:
    """A device with startup that leaves the factory with a port described."""
    file = tmp_path / "factory.xml"
    file.write_text(f"<config>{interfaces(interface('Ethernet8', description='factory'))}</config>")
    made = make_device(tmp_path, [hardware], has_startup=True, factory_default=file)
    yield made
    made.close()


@pytest.fixture
def configured(client: Client) -> Client:
    client.edit(interfaces(ONE))
    client.ok("<commit/>")
    return client


def test_2_the_modules_and_features_are_those_that_are_there(device: Device) -> None:
    hello = Client(device).session.hello().decode()
    assert f"{NMDA}?module=ietf-netconf-nmda&amp;revision=2019-01-07&amp;features=origin,with-defaults<" in hello
    assert "module=ietf-factory-default&amp;revision=2020-08-31&amp;features=factory-default-datastore<" in hello
    assert "capability:with-operational-defaults:1.0?basic-mode=report-all&amp;also-supported=" in hello


@pytest.mark.parametrize("datastore", ["ds:running", "ds:intended", "ds:candidate"])
def test_3_1_1_configuration_datastores_are_read_as_get_config_reads_them(configured: Client, datastore: str) -> None:
    data = data_in(configured.ok(get_data(datastore)))
    same = parsed(configured.ok("<get-config><source><running/></source></get-config>"))[0]
    assert [etree.tostring(child, method="c14n", exclusive=True) for child in data] == [
        etree.tostring(child, method="c14n", exclusive=True) for child in same
    ]


def test_3_1_1_the_candidate_is_the_session_s_own_if_it_has_one(device: Device) -> None:
    registry = Sessions()
    ann = Client(device, registry, "ann", capabilities=[PRIVATE_CANDIDATE])
    bob = Client(device, registry, "bob")
    assert is_ok(ann.send(edit_data("ds:candidate", interfaces(ONE))))
    assert "9000" in text(ann.ok(get_data("ds:candidate")))
    assert "9000" not in text(bob.ok(get_data("ds:candidate")))


def test_3_1_1_startup_and_factory_default(shipped: Device) -> None:
    client = Client(shipped)
    client.edit(interfaces(ONE))
    client.ok("<commit/>")
    assert "factory" in text(client.ok(get_data("fd:factory-default")))
    assert "9000" not in text(client.ok(get_data("ds:startup")))
    client.ok("<copy-config><target><startup/></target><source><running/></source></copy-config>")
    assert "9000" in text(client.ok(get_data("ds:startup")))


@pytest.mark.parametrize("datastore", ["ds:startup", "ds:conventional", "ds:dynamic"])
def test_3_1_1_there_are_no_other_datastores(client: Client, datastore: str) -> None:
    found = error(client.send(get_data(datastore)))
    assert (found.type, found.tag, found.info) == ("protocol", "invalid-value", {"bad-element": "datastore"})


def test_3_1_1_operational_has_configuration_that_is_in_use_and_state(configured: Client) -> None:
    data = data_in(configured.ok(get_data("ds:operational", only("Ethernet1"))))
    assert leaf(data, "interfaces/interface/config/mtu").text == "9000"
    assert leaf(data, "interfaces/interface/state/oper-status").text in ("UP", "DOWN")


def test_3_1_1_filters_by_subtree_and_xpath_select_alike(configured: Client) -> None:
    path = "/o:interfaces/o:interface[o:name='Ethernet1']/o:config"
    by_path = f'<xpath-filter xmlns:o="{INTERFACES}">{path}</xpath-filter>'
    for datastore in ("ds:running", "ds:operational"):
        found = [configured.ok(get_data(datastore, each)) for each in (by_path, only("Ethernet1", below="<config/>"))]
        assert found[0] == found[1]
        assert "9000" in found[0]
        assert "Ethernet2" not in found[0]
    assert error(configured.send(get_data("ds:running", "<xpath-filter>1 + 1</xpath-filter>"))).tag == "invalid-value"


def test_3_1_1_config_filter_leaves_out_state_or_all_but_state(configured: Client) -> None:
    config = data_in(
        configured.ok(get_data("ds:operational", only("Ethernet1") + "<config-filter>true</config-filter>"))
    )
    state = data_in(
        configured.ok(get_data("ds:operational", only("Ethernet1") + "<config-filter>false</config-filter>"))
    )
    assert [child.tag for child in leaf(config, "interfaces/interface")][:2] == [
        f"{{{INTERFACES}}}{name}" for name in ("name", "config")
    ]
    assert b"state" not in etree.tostring(config)
    assert [child.tag for child in leaf(state, "interfaces/interface")][:2] == [
        f"{{{INTERFACES}}}{name}" for name in ("name", "state")
    ]
    assert not len(data_in(configured.ok(get_data("ds:running", "<config-filter>false</config-filter>"))))


@pytest.mark.parametrize(
    ("filter_", "depth", "expected"),
    [
        ("", 1, "<interfaces/>"),
        ("", 2, "<interfaces><interface><name>Ethernet1</name></interface></interfaces>"),
        ("", 3, "<interfaces><interface><name>Ethernet1</name><config/></interface></interfaces>"),
        (only("Ethernet1"), 1, "<interfaces><interface><name>Ethernet1</name></interface></interfaces>"),
        (only("Ethernet1"), 2, "<interfaces><interface><name>Ethernet1</name><config/></interface></interfaces>"),
    ],
)
def test_3_1_1_max_depth_counts_from_what_is_selected(
    configured: Client, filter_: str, depth: int, expected: str
) -> None:
    (found,) = data_in(configured.ok(get_data("ds:running", f"{filter_}<max-depth>{depth}</max-depth>")))
    wanted = etree.fromstring(expected.replace("<interfaces", f'<interfaces xmlns="{INTERFACES}"', 1))
    assert etree.tostring(found, method="c14n", exclusive=True) == etree.tostring(wanted, method="c14n", exclusive=True)


def test_3_1_1_max_depth_by_xpath_and_without_bounds(configured: Client) -> None:
    filter_ = f'<xpath-filter xmlns:o="{INTERFACES}">//o:config</xpath-filter>'
    data = data_in(configured.ok(get_data("ds:running", f"{filter_}<max-depth>1</max-depth>")))
    assert not len(leaf(data, "interfaces/interface/config"))
    full = text(configured.ok(get_data("ds:running", "<max-depth>unbounded</max-depth>")))
    assert full == text(configured.ok(get_data("ds:running")))


def test_3_1_1_1_the_origin_is_said_where_it_is_not_that_of_what_is_around(configured: Client) -> None:
    data = data_in(configured.ok(get_data("ds:operational", only("Ethernet1", "Ethernet2") + "<with-origin/>")))
    (container,) = data
    first, second = container
    assert container.get(ORIGIN) == "or:intended"
    assert first.get(ORIGIN) is None
    assert second.get(ORIGIN) == "or:system"
    config = leaf(first, "config")
    assert [(child.text, child.get(ORIGIN)) for child in config if child.tag.endswith("}mtu")] == [("9000", None)]
    assert leaf(config, "enabled").get(ORIGIN) == "or:default"
    assert all(ORIGIN not in element.attrib for element in leaf(first, "state").iter())


def test_3_1_1_1_defaults_that_nobody_can_know_to_be_in_use_are_not_reported(configured: Client) -> None:
    data = data_in(configured.ok(get_data("ds:operational", only("Ethernet2"))))
    assert [child.tag for child in leaf(data, "interfaces/interface")] == [
        f"{{{INTERFACES}}}{name}" for name in ("name", "state")
    ]


def test_3_1_1_1_origin_filters_select_configuration_and_leave_state_alone(configured: Client) -> None:
    both = only("Ethernet1", "Ethernet2", below="<config/>")
    intended = text(configured.ok(get_data("ds:operational", f"{both}<origin-filter>or:intended</origin-filter>")))
    assert "<mtu>9000</mtu>" in intended
    assert "enabled" not in intended
    assert "Ethernet2" not in intended
    default = text(configured.ok(get_data("ds:operational", f"{both}<origin-filter>or:default</origin-filter>")))
    assert "<enabled>true</enabled>" in default
    assert "mtu" not in default
    negated = "<negated-origin-filter>or:default</negated-origin-filter>"
    assert "enabled" not in text(configured.ok(get_data("ds:operational", both + negated)))
    either = "".join(f"<origin-filter>or:{origin}</origin-filter>" for origin in ("intended", "default"))
    assert "enabled" in text(configured.ok(get_data("ds:operational", both + either)))
    state = only("Ethernet2", below="<state/>")
    assert "oper-status" in text(
        configured.ok(get_data("ds:operational", f"{state}<origin-filter>or:learned</origin-filter>"))
    )


@pytest.mark.parametrize(
    "parameter",
    [
        "<with-origin/>",
        "<origin-filter>or:intended</origin-filter>",
        "<negated-origin-filter>or:system</negated-origin-filter>",
    ],
)
def test_3_1_1_1_configuration_has_no_origin(client: Client, parameter: str) -> None:
    assert error(client.send(get_data("ds:running", parameter))).tag == "invalid-value"


@pytest.mark.parametrize("datastore", ["ds:running", "ds:operational"])
def test_3_1_1_2_defaults_are_reported_in_the_way_that_is_asked_for(configured: Client, datastore: str) -> None:
    def enabled(mode: str) -> str:
        given = f"<with-defaults>{mode}</with-defaults>" if mode else ""
        reply = text(configured.ok(get_data(datastore, only("Ethernet1", below="<config/>") + given)))
        return reply[reply.index("<name>") :]

    assert ("enabled" in enabled("")) == (datastore == "ds:operational")
    assert "enabled" not in enabled("explicit")
    assert "enabled" not in enabled("trim")
    assert "<enabled>true</enabled>" in enabled("report-all")
    assert 'wd:default="true">true</enabled>' in enabled("report-all-tagged")


def test_etags_are_those_of_get_config(configured: Client) -> None:
    declared = f'xmlns:txid="{TXID}" txid:etag'
    data = data_in(configured.ok(get_data("ds:running", attributes=f'{declared}="?"')))
    known = str(data.get(f"{{{TXID}}}etag"))
    reply = configured.ok(f'<get-config {declared}="{known}"><source><running/></source></get-config>')
    assert parsed(reply)[0].get(f"{{{TXID}}}etag") == "="


def test_3_1_2_edit_data_edits_the_candidate(configured: Client) -> None:
    assert is_ok(configured.send(edit_data("ds:candidate", interfaces(interface("Ethernet2", mtu=4000)))))
    assert is_ok(configured.send("<commit/>"))
    assert "4000" in configured.running()
    replace = "<default-operation>replace</default-operation>"
    assert is_ok(configured.send(edit_data("ds:candidate", interfaces(ONE), replace)))
    assert "4000" not in text(configured.ok(get_data("ds:candidate")))
    found = error(
        configured.send(
            edit_data("ds:candidate", interfaces(interface("Ethernet3")), "<default-operation>none</default-operation>")
        )
    )
    assert (found.tag, "Ethernet3" in str(found.path)) == ("data-missing", True)


@pytest.mark.parametrize("datastore", ["ds:intended", "ds:operational", "fd:factory-default", "ds:startup"])
def test_3_1_2_what_cannot_be_written_is_refused(client: Client, datastore: str) -> None:
    found = error(client.send(edit_data(datastore, interfaces(ONE))))
    assert (found.tag, found.info) == ("invalid-value", {"bad-element": "datastore"})


def test_3_1_2_what_is_in_error_changes_nothing(client: Client) -> None:
    wrong = interfaces(ONE, interface("Ethernet2").replace("<config>", "<config><mtu>70000</mtu>"))
    found = error(client.send(edit_data("ds:candidate", wrong)))
    assert found.tag == "invalid-value"
    assert found.path is not None
    assert not len(data_in(client.ok(get_data("ds:candidate"))))


def lock(which: str, datastore: str) -> str:
    return f'<{which}><target><datastore xmlns="{NMDA}" {NAMESPACES}>{datastore}</datastore></target></{which}>'


def test_3_2_lock_and_unlock_take_datastores_by_their_identities(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    assert is_ok(ann.send(lock("lock", "ds:running")))
    assert error(bob.send("<lock><target><running/></target></lock>")).tag == "lock-denied"
    assert is_ok(ann.send(lock("unlock", "ds:running")))
    for datastore in ("ds:intended", "ds:operational", "ds:startup", "fd:factory-default"):
        assert error(ann.send(lock("lock", datastore))).tag == "invalid-value"
        assert error(ann.send(lock("unlock", datastore))).tag == "invalid-value"


def test_3_3_validate_takes_configuration_datastores_by_their_identities(configured: Client) -> None:
    def validate(datastore: str) -> str:
        source = f'<source><datastore xmlns="{NMDA}" {NAMESPACES}>{datastore}</datastore></source>'
        return configured.send(f"<validate>{source}</validate>")

    for datastore in ("ds:running", "ds:candidate", "ds:intended", "fd:factory-default"):
        assert is_ok(validate(datastore))
    assert error(validate("ds:operational")).tag == "invalid-value"


def test_the_elements_are_those_of_the_module(configured: Client) -> None:
    assert parsed(configured.ok(get_data("ds:running"))).tag == f"{{{NETCONF}}}rpc-reply"
