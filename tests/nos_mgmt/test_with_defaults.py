"""The with-defaults capability (RFC 6243 section 4): what is reported of defaults, and what tagged edits do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from tests.nos_mgmt.replies import data, error, is_ok
from tests.openconfig import INTERFACES, interface, interfaces
from yang.diff import NETCONF
from yang.with_defaults import MODES

if TYPE_CHECKING:
    from tests.conftest import Client

MODULE = "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults"
WD = "urn:ietf:params:xml:ns:netconf:default:1.0"
NAMESPACES = {"i": INTERFACES, "wd": WD}
CONFIG = interfaces(
    interface("Ethernet1", mtu=9000, enabled=True),
    interface("Ethernet2", description="two"),
)
"""Of Ethernet1, enabled was set to what it is by default anyhow."""


def wanted(mode: str) -> str:
    return f'<with-defaults xmlns="{MODULE}">{mode}</with-defaults>' if mode else ""


def subtree(content: str) -> str:
    return f'<filter type="subtree">{content}</filter>'


def get_config(client: Client, mode: str, filter_: str = "", source: str = "running") -> etree._Element:
    reply = client.ok(f"<get-config><source><{source}/></source>{filter_}{wanted(mode)}</get-config>")
    top = etree.Element("data")
    top.extend(data(reply))
    return top


def enabled(top: etree._Element, name: str, container: str = "config") -> list[str]:
    """Return the values of an interface's leaf enabled, with a star at those that are tagged as defaults."""
    found = top.xpath(f"i:interfaces/i:interface[i:name='{name}']/i:{container}/i:enabled", namespaces=NAMESPACES)
    return [(leaf.text or "") + ("*" if leaf.get(f"{{{WD}}}default") == "true" else "") for leaf in found]


def tagged(leaf: str, value: str, attributes: str = "") -> str:
    config = f"<name>Ethernet1</name><config><{leaf} wd:default='true'{attributes}>{value}</{leaf}></config>"
    return f'<interfaces xmlns="{INTERFACES}" xmlns:wd="{WD}"><interface>{config}</interface></interfaces>'


def edit(content: str, options: str = "", target: str = "candidate") -> str:
    return f"<edit-config><target><{target}/></target>{options}<config>{content}</config></edit-config>"


@pytest.fixture
def configured(client: Client) -> Client:
    """A client of a device on which one of two interfaces has a leaf set to its default."""
    client.edit(CONFIG)
    client.ok("<commit/>")
    return client


def test_the_capability_says_the_basic_mode_and_the_others(client: Client) -> None:
    # section 4.3
    root = etree.fromstring(client.session.hello())
    found = [capability.text or "" for capability in root.iter(f"{{{NETCONF}}}capability")]
    (capability,) = [uri for uri in found if uri.startswith("urn:ietf:params:netconf:capability:with-defaults:1.0")]
    assert capability.partition("?")[2] == "basic-mode=explicit&also-supported=report-all,report-all-tagged,trim"


@pytest.mark.parametrize(
    ("mode", "set_", "unset"),
    [
        ("", ["true"], []),  # section 4.5.1: without the parameter it is the basic mode
        ("explicit", ["true"], []),  # section 3.3
        ("trim", [], []),  # section 3.2
        ("report-all", ["true"], ["true"]),  # section 3.1
        ("report-all-tagged", ["true"], ["true*"]),  # section 3.4
    ],
)
def test_get_config_reports_defaults_as_the_mode_says(
    configured: Client, mode: str, set_: list[str], unset: list[str]
) -> None:
    top = get_config(configured, mode)
    assert enabled(top, "Ethernet1") == set_
    assert enabled(top, "Ethernet2") == unset


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["subtree", "xpath"])
def test_a_filter_selects_of_what_the_mode_reports(configured: Client, mode: str, kind: str) -> None:
    filter_ = subtree(interfaces("<interface><name>Ethernet2</name><config><enabled/></config></interface>"))
    if kind == "xpath":
        path = "/i:interfaces/i:interface[i:name='Ethernet2']/i:config/i:enabled"
        filter_ = f'<filter type="xpath" xmlns:i="{INTERFACES}" select="{path}"/>'
    top = get_config(configured, mode, filter_)
    expected = {"report-all": ["true"], "report-all-tagged": ["true*"]}.get(mode, [])
    assert enabled(top, "Ethernet2") == expected
    assert "mtu" not in etree.tostring(top).decode()
    assert "Ethernet1" not in etree.tostring(top).decode()


def test_what_is_there_by_default_is_matched_where_it_is_reported(configured: Client) -> None:
    filter_ = subtree(interfaces("<interface><config><enabled>true</enabled></config></interface>"))
    assert enabled(get_config(configured, "report-all", filter_), "Ethernet2") == ["true"]
    assert enabled(get_config(configured, "", filter_), "Ethernet1") == ["true"]
    assert enabled(get_config(configured, "trim", filter_), "Ethernet1") == []


def test_keys_and_containers_are_reported_in_every_mode(configured: Client) -> None:
    for mode in MODES:
        names = get_config(configured, mode).xpath("//i:interface/i:name/text()", namespaces=NAMESPACES)
        assert names == ["Ethernet1", "Ethernet2"]


def test_get_has_the_modes_for_state_as_well(configured: Client) -> None:
    filter_ = subtree(interfaces("<interface><name>Ethernet2</name></interface>"))
    reply = configured.ok(f"<get>{filter_}{wanted('report-all-tagged')}</get>")
    top = etree.Element("data")
    top.extend(data(reply))
    assert enabled(top, "Ethernet2") == ["true*"]
    assert "oper-status" in etree.tostring(top).decode()
    assert "Ethernet1" not in etree.tostring(top).decode()


def test_a_mode_that_there_is_not_is_an_invalid_value(client: Client) -> None:
    # section 4.5.1
    found = error(client.send(f"<get>{wanted('report-some')}</get>"))
    assert (found.type, found.tag) == ("protocol", "invalid-value")
    assert "report-some" in found.message


@pytest.mark.parametrize(
    ("mode", "set_", "unset"),
    [
        ("", ["true"], []),
        ("explicit", ["true"], []),
        ("trim", [], []),
        ("report-all", ["true"], ["true"]),
        ("report-all-tagged", ["true"], []),  # what is tagged as default is not set
    ],
)
def test_copy_config_copies_what_the_mode_reports(
    configured: Client, mode: str, set_: list[str], unset: list[str]
) -> None:
    # section 4.5.1
    copy = f"<copy-config><target><candidate/></target><source><running/></source>{wanted(mode)}</copy-config>"
    assert is_ok(configured.send(copy))
    top = get_config(configured, "explicit", source="candidate")
    assert enabled(top, "Ethernet1") == set_
    assert enabled(top, "Ethernet2") == unset


@pytest.mark.parametrize("operation", ["", "merge", "replace"])
def test_an_edit_that_is_tagged_makes_a_leaf_its_default_again(configured: Client, operation: str) -> None:
    # section 4.5.2
    attribute = f" nc:operation='{operation}'" if operation else ""
    assert is_ok(configured.send(edit(tagged("enabled", "true", attribute))))
    assert enabled(get_config(configured, "", source="candidate"), "Ethernet1") == []


def test_a_tagged_leaf_that_is_created_may_not_be_set(configured: Client) -> None:
    found = error(configured.send(edit(tagged("enabled", "true", " nc:operation='create'"))))
    assert found.tag == "data-exists"
    configured.edit(tagged("enabled", "true"))
    assert is_ok(configured.send(edit(tagged("enabled", "true", " nc:operation='create'"))))
    assert enabled(get_config(configured, "", source="candidate"), "Ethernet1") == []


@pytest.mark.parametrize(("leaf", "value"), [("enabled", "false"), ("description", "x")])
def test_a_tagged_leaf_with_another_value_is_an_invalid_value(configured: Client, leaf: str, value: str) -> None:
    path = f"/oc-if:interfaces/oc-if:interface[oc-if:name='Ethernet1']/oc-if:config/oc-if:{leaf}"
    before = configured.running()
    source = f"<source><config>{tagged(leaf, value)}</config></source>"
    for request in (
        edit(tagged(leaf, value)),
        f"<copy-config><target><candidate/></target>{source}</copy-config>",
        f"<validate>{source}</validate>",
    ):
        found = error(configured.send(request))
        assert (found.tag, found.path) == ("invalid-value", path)
        assert value in found.message
    assert get_config(configured, "", source="candidate").find(f".//{{{INTERFACES}}}description").text == "two"
    assert configured.running() == before


def test_a_tag_is_a_boolean_on_a_leaf(configured: Client) -> None:
    found = error(configured.send(edit(tagged("enabled", "true").replace("'true'", "'yes'"))))
    assert (found.tag, found.info["bad-attribute"]) == ("bad-attribute", "default")
    container = tagged("enabled", "true").replace("<config>", "<config wd:default='true'>")
    assert error(configured.send(edit(container))).tag == "unknown-attribute"
    explicit = tagged("enabled", "false").replace("'true'", "'false'")
    assert is_ok(configured.send(edit(explicit)))
    assert enabled(get_config(configured, "", source="candidate"), "Ethernet1") == ["false"]


def test_what_is_there_by_default_can_be_created_and_not_deleted(configured: Client) -> None:
    # section 2.3.3
    leaf = "<enabled nc:operation='{}'>true</enabled>"
    for name, operation, tag in [
        ("Ethernet2", "delete", "data-missing"),
        ("Ethernet2", "create", None),
        ("Ethernet2", "create", "data-exists"),
        ("Ethernet1", "create", "data-exists"),
        ("Ethernet1", "delete", None),
        ("Ethernet1", "delete", "data-missing"),
    ]:
        reply = configured.send(
            edit(interfaces(f"<interface><name>{name}</name><config>{leaf.format(operation)}</config></interface>"))
        )
        assert is_ok(reply) if tag is None else error(reply).tag == tag


def test_what_was_read_with_tags_can_be_written_back_and_changes_nothing(configured: Client) -> None:
    reply = configured.ok(f"<get-config><source><running/></source>{wanted('report-all-tagged')}</get-config>")
    content = reply.partition("<data>")[2].partition("</data>")[0]
    assert "wd:default" in content
    for request in (
        edit(content, "<default-operation>replace</default-operation>"),
        edit(content),
        f"<copy-config><target><candidate/></target><source><config>{content}</config></source></copy-config>",
    ):
        assert is_ok(configured.send(request))
        # nothing is different from running: the candidate could not be locked otherwise
        assert is_ok(configured.send("<lock><target><candidate/></target></lock>"))
        configured.ok("<unlock><target><candidate/></target></unlock>")
