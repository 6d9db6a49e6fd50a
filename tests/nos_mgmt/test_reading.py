"""get and get-config (RFC 6241 sections 6, 7.1 and 7.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from tests.nos_mgmt.replies import data, error, is_ok
from tests.openconfig import INSTANCE, INTERFACES, interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from tests.conftest import Client

CONFIG = interfaces(
    interface("Ethernet1", "10.0.0.1/24", mtu=9000, description='a &lt; b &amp; "c"'),
    interface("Ethernet2", mtu=4000, enabled=False),
    interface("Ethernet3", mtu=9000),
) + static_routes(route("192.0.2.0/24", "10.0.0.2"))


def get(filter_: str = "") -> str:
    return f"<get>{filter_}</get>"


def get_config(filter_: str = "", source: str = "running") -> str:
    return f"<get-config><source><{source}/></source>{filter_}</get-config>"


def subtree(content: str) -> str:
    return f'<filter type="subtree">{content}</filter>'


def names(reply: str) -> list[str]:
    """Return the names of the interfaces in a reply."""
    return [
        entry.findtext(f"{{{INTERFACES}}}name", "")
        for element in data(reply)
        for entry in element.iter(f"{{{INTERFACES}}}interface")
    ]


def leaves(reply: str) -> list[str]:
    """Return the local names of the leaves in a reply, in order."""
    return [
        etree.QName(element).localname
        for top in data(reply)
        for element in top.iter()
        if not len(element) and element.text
    ]


@pytest.fixture
def configured(client: Client) -> Client:
    """A client of a device that has something to read."""
    client.edit(CONFIG)
    client.ok("<commit/>")
    return client


def test_a_datastore_is_read_as_it_is(configured: Client) -> None:
    configured.edit(interfaces('<interface nc:operation="delete"><name>Ethernet3</name></interface>'))
    assert names(configured.ok(get_config())) == ["Ethernet1", "Ethernet2", "Ethernet3"]
    assert names(configured.ok(get_config(source="candidate"))) == ["Ethernet1", "Ethernet2"]


def test_what_is_read_can_be_written_back(configured: Client) -> None:
    read = configured.running()
    source = f"<source><config>{read}</config></source>"
    assert is_ok(configured.send(f"<copy-config><target><candidate/></target>{source}</copy-config>"))
    # nothing is different from running: the candidate could not be locked otherwise
    assert is_ok(configured.send("<lock><target><candidate/></target></lock>"))


def test_values_are_escaped(configured: Client) -> None:
    read = configured.ok(get_config())
    assert "<description>a &lt; b &amp; " in read
    assert 'a < b & "c"' in [element.text for top in data(read) for element in top.iter()]


def test_configuration_has_no_state_and_no_defaults(configured: Client) -> None:
    read = configured.ok(get_config())
    assert "<state" not in read
    assert "loopback" not in read
    assert read.count("<enabled>") == 1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (f'<interfaces xmlns="{INTERFACES}"/>', ["Ethernet1", "Ethernet2", "Ethernet3"]),
        ('<interfaces xmlns=""/>', ["Ethernet1", "Ethernet2", "Ethernet3"]),  # section 6.2.1: any namespace
        (interfaces("<interface/>"), ["Ethernet1", "Ethernet2", "Ethernet3"]),
        (interfaces("<interface><name>Ethernet2</name></interface>"), ["Ethernet2"]),
        (interfaces("<interface><name> Ethernet2\n</name></interface>"), ["Ethernet2"]),
        (interfaces("<interface><config><mtu>9000</mtu></config></interface>"), ["Ethernet1", "Ethernet3"]),
        (interfaces("<interface><name>Ethernet1</name><config><mtu>4000</mtu></config></interface>"), ["Ethernet1"]),
        (
            interfaces(*(f"<interface><name>{name}</name></interface>" for name in ("Ethernet3", "Ethernet1"))),
            ["Ethernet1", "Ethernet3"],
        ),
        (interfaces("<interface><name>Ethernet7</name></interface>"), []),
        (interfaces("<interface><name/></interface>"), ["Ethernet1", "Ethernet2", "Ethernet3"]),
        (interfaces('<interface a="b"/>'), []),  # section 6.2.2: the data has no attributes
        ('<interfaces xmlns="urn:other"/>', []),
        (interfaces("<port/>"), []),
        (f'<network-instances xmlns="{INSTANCE}"/>', []),
        ("", []),  # section 6.4.2
    ],
)
def test_a_filter_selects_entries(configured: Client, content: str, found: list[str]) -> None:
    assert names(configured.ok(get_config(subtree(content)))) == found
    assert names(configured.ok(get_config(subtree(content), "candidate"))) == found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("<name>Ethernet2</name><config><mtu/></config>", ["name", "mtu"]),
        ("<name>Ethernet2</name><config><mtu/><enabled/></config>", ["name", "mtu", "enabled"]),
        ("<name>Ethernet2</name><config/>", ["name", "name", "type", "mtu", "enabled"]),
        ("<config><name>Ethernet2</name><mtu/></config>", ["name", "name", "mtu"]),
        ("<name>Ethernet2</name><subinterfaces/>", ["name"]),
    ],
)
def test_a_filter_selects_leaves_and_keys_come_along(configured: Client, content: str, found: list[str]) -> None:
    read = configured.ok(get_config(subtree(interfaces(f"<interface>{content}</interface>"))))
    assert leaves(read) == found


def test_several_parts_of_a_filter_add_up(configured: Client) -> None:
    content = f'<network-instances xmlns="{INSTANCE}"/>' + interfaces("<interface><name>Ethernet1</name></interface>")
    tops = data(configured.ok(get_config(subtree(content))))
    assert {etree.QName(top).localname for top in tops} == {"interfaces", "network-instances"}


def test_a_filter_without_type_is_a_subtree(configured: Client) -> None:
    content = interfaces("<interface><name>Ethernet1</name></interface>")
    assert names(configured.ok(get_config(f"<filter>{content}</filter>"))) == ["Ethernet1"]


@pytest.mark.parametrize("operation", [get, get_config])
@pytest.mark.parametrize("kind", ["regex", ""])
def test_a_filter_of_another_type_is_a_bad_attribute(configured: Client, operation: object, kind: str) -> None:
    assert callable(operation)
    found = error(configured.send(operation(f'<filter type="{kind}" select="/interfaces"/>')))
    assert (found.type, found.tag) == ("protocol", "bad-attribute")
    assert found.info == {"bad-attribute": "type", "bad-element": "filter"}


def test_a_deep_filter_is_only_a_filter(configured: Client) -> None:
    deep = "<interfaces>" * 1500 + "</interfaces>" * 1500
    assert names(configured.ok(get_config(subtree(deep)))) == []
    deep = interfaces("<interface>" * 900 + "</interface>" * 900)
    assert names(configured.ok(get(subtree(deep)))) == []


def test_get_has_configuration_and_state(configured: Client) -> None:
    content = interfaces("<interface><name>Ethernet1</name></interface>")
    (found,) = data(configured.ok(get(subtree(content))))
    ns = {"i": INTERFACES}
    assert found.xpath("string(i:interface/i:config/i:mtu)", namespaces=ns) == "9000"
    assert found.xpath("string(i:interface/i:state/i:mtu)", namespaces=ns) == "9000"
    assert found.xpath("string(i:interface/i:state/i:oper-status)", namespaces=ns) == "UP"
    assert found.xpath("string(i:interface/i:state/i:counters/i:in-octets)", namespaces=ns).isdigit()


def test_get_has_the_state_of_ports_that_nobody_has_configured(configured: Client) -> None:
    assert "Ethernet8" in names(configured.ok(get(subtree(interfaces()))))
    assert names(configured.ok(get(subtree(interfaces("<interface><name>Ethernet8</name></interface>"))))) == [
        "Ethernet8"
    ]


def test_get_has_no_changes_that_are_not_committed(configured: Client) -> None:
    configured.edit(interfaces(interface("Ethernet5", mtu=1234)))
    assert "1234" not in configured.ok(get())


def test_get_without_a_filter_has_everything(configured: Client) -> None:
    tops = [etree.QName(top).localname for top in data(configured.ok(get()))]
    assert sorted(tops) == [
        "drift",
        "history",
        "interfaces",
        "modules-state",
        "nacm",
        "netconf",
        "netconf-state",
        "network-instances",
        "streams",
        "yang-library",
    ]


def test_get_selects_state_alone(configured: Client) -> None:
    content = interfaces("<interface><name>Ethernet1</name><state><oper-status/></state></interface>")
    assert leaves(configured.ok(get(subtree(content)))) == ["name", "oper-status"]


def test_get_of_nothing_is_nothing(configured: Client) -> None:
    assert data(configured.ok(get("<filter/>"))) == []
