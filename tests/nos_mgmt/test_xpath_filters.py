"""The :xpath capability (RFC 6241 section 8.9): filters of type xpath in get and get-config."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import pytest
from lxml import etree

from tests.nos_mgmt.replies import data, error
from tests.openconfig import INSTANCE, INTERFACES, interface, interfaces, route, static_routes
from yang.diff import NETCONF

if TYPE_CHECKING:
    from nos_mgmt.device import Device
    from tests.conftest import Client

CONFIG = interfaces(
    interface("Ethernet1", "10.0.0.1/24", mtu=9000),
    interface("Ethernet2", mtu=4000, enabled=False),
    interface("Ethernet3", mtu=9000),
) + static_routes(route("192.0.2.0/24", "10.0.0.2"))
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
DECLARED = f'xmlns:i="{INTERFACES}" xmlns:n="{INSTANCE}" xmlns:m="{MONITORING}" xmlns:u="urn:unknown"'
ONE = "/i:interfaces/i:interface[i:name='Ethernet1']"


def xpath(expression: str, declared: str = DECLARED) -> str:
    return f'<filter {declared} type="xpath" select={quoteattr(expression)}/>'


def get(expression: str) -> str:
    return f"<get>{xpath(expression)}</get>"


def get_config(expression: str, source: str = "running") -> str:
    return f"<get-config><source><{source}/></source>{xpath(expression)}</get-config>"


def leaves(reply: str) -> list[str]:
    """Return the leaves in a reply, in order, each as its name and text."""
    return [
        f"{etree.QName(element).localname}={element.text}"
        for top in data(reply)
        for element in top.iter()
        if not len(element)
    ]


def names(reply: str) -> list[str]:
    return [
        entry.findtext(f"{{{INTERFACES}}}name", "")
        for element in data(reply)
        for entry in element.iter(f"{{{INTERFACES}}}interface")
    ]


@pytest.fixture
def configured(client: Client) -> Client:
    """A client of a device that has something to read."""
    client.edit(CONFIG)
    client.ok("<commit/>")
    return client


def test_the_capability_is_in_hello(client: Client) -> None:
    # section 8.9.3
    root = etree.fromstring(client.session.hello())
    found = [capability.text for capability in root.iter(f"{{{NETCONF}}}capability")]
    assert "urn:ietf:params:netconf:capability:xpath:1.0" in found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("/i:interfaces", ["Ethernet1", "Ethernet2", "Ethernet3"]),
        ("i:interfaces", ["Ethernet1", "Ethernet2", "Ethernet3"]),  # the context node is the root
        ("/", ["Ethernet1", "Ethernet2", "Ethernet3"]),
        ("/*", ["Ethernet1", "Ethernet2", "Ethernet3"]),
        ("//i:interface", ["Ethernet1", "Ethernet2", "Ethernet3"]),
        (ONE, ["Ethernet1"]),
        (f"{ONE} | /i:interfaces/i:interface[i:name='Ethernet3']", ["Ethernet1", "Ethernet3"]),
        ("/i:interfaces/i:interface[i:config/i:mtu > 8000]", ["Ethernet1", "Ethernet3"]),
        ("/i:interfaces/i:interface[i:config/i:enabled = 'true']", ["Ethernet1", "Ethernet3"]),  # as it is by default
        ("/i:interfaces/i:interface[2]", ["Ethernet2"]),
        ("/i:interfaces/i:interface[last()]/i:config", ["Ethernet3"]),
        ("/i:interfaces/i:interface[starts-with(i:name, 'Ether')][not(i:config/i:mtu = 9000)]", ["Ethernet2"]),
        ("//i:interface[i:name='Ethernet2']/preceding-sibling::i:interface", ["Ethernet1"]),
        (f"{ONE}/../i:interface[i:name='Ethernet2']", ["Ethernet2"]),
        ("(//i:interface)[3]", ["Ethernet3"]),
        ("//i:interface[i:config/i:mtu = /i:interfaces/i:interface[i:name='Ethernet2']/i:config/i:mtu]", ["Ethernet2"]),
        ("/i:interfaces/i:interface[re-match(i:name, 'Ethernet[12]')]", ["Ethernet1", "Ethernet2"]),
        ("/i:interfaces/i:interface[i:name='Ethernet9']", []),
        ("/i:interfaces/u:interface", []),
        ("/interfaces/interface", []),  # XPath 1.0 section 2.3: these are names in no namespace
        ("/i:interfaces/@*", []),
        ("/i:interfaces/comment()", []),
    ],
)  # fmt: skip
def test_an_expression_selects_entries(configured: Client, expression: str, found: list[str]) -> None:
    assert names(configured.ok(get_config(expression))) == found
    assert names(configured.ok(get_config(expression, "candidate"))) == found
    if "last()" not in expression:  # there are more interfaces than are configured
        assert names(configured.ok(get(expression)))[: len(found)] == found


def test_a_selected_node_comes_with_what_is_below_it_and_its_ancestors_with_their_keys(configured: Client) -> None:
    # section 8.9.5
    assert leaves(configured.ok(get_config(f"{ONE}/i:config/i:mtu"))) == ["name=Ethernet1", "mtu=9000"]
    assert leaves(configured.ok(get_config(f"{ONE}/i:config/i:mtu/text()"))) == ["name=Ethernet1", "mtu=9000"]
    read = leaves(configured.ok(get_config("//n:next-hop/n:config/n:next-hop")))
    assert read == [
        "name=DEFAULT",
        "identifier=oc-pol-types:STATIC",
        "name=static",
        "prefix=192.0.2.0/24",
        "index=0",
        "next-hop=10.0.0.2",
    ]
    whole = configured.ok(get_config(ONE))
    assert whole == configured.ok(
        "<get-config><source><running/></source><filter>"
        + interfaces("<interface><name>Ethernet1</name></interface>")
        + "</filter></get-config>"
    )


def test_nodes_that_are_selected_several_times_come_once_and_in_order(configured: Client) -> None:
    expression = f"{ONE}/i:config/i:mtu | {ONE}/i:config/i:mtu | {ONE}/i:config/i:name | {ONE}/i:name"
    assert leaves(configured.ok(get_config(expression))) == ["name=Ethernet1", "name=Ethernet1", "mtu=9000"]


def test_an_identity_is_named_with_a_prefix_of_the_request(configured: Client) -> None:
    declared = f'{DECLARED} xmlns:t="http://openconfig.net/yang/policy-types"'
    expression = "//n:protocol[n:identifier='t:STATIC']/n:name"
    request = f"<get-config><source><running/></source>{xpath(expression, declared)}</get-config>"
    assert leaves(configured.ok(request))[-1] == "name=static"


def test_get_selects_state(configured: Client) -> None:
    read = leaves(configured.ok(get(f"{ONE}/i:state/i:oper-status")))
    assert [leaf.partition("=")[0] for leaf in read] == ["name", "oper-status"]
    states = leaves(configured.ok(get("//i:interface[i:state/i:oper-status='DOWN' or i:name='Ethernet2']/i:name")))
    assert "name=Ethernet2" in states


def test_only_the_state_that_a_path_leads_to_is_asked_for(configured: Client, device: Device) -> None:
    asked: list[tuple[str, object]] = []
    for source, _ in device.operational._sources:
        read = source.read

        def spied(keys: object, source: object = source, read: object = read) -> object:
            asked.append((source.path, keys))
            return read(keys)

        source.read = spied
    configured.ok(get(f"{ONE}/i:state/i:oper-status"))
    assert asked
    assert all(path.startswith("/openconfig-interfaces:") for path, _ in asked)
    assert all("Ethernet2" not in str(keys) and keys is not None for _, keys in asked)
    asked.clear()
    configured.ok(get(f"{ONE}[i:config/i:mtu = //i:mtu]"))
    assert any(keys is None for _, keys in asked)


def test_one_of_many_is_found_by_its_key_whatever_else_there_is(configured: Client) -> None:
    for name in ("Ethernet1", "Ethernet3"):
        expression = f"/i:interfaces/i:interface[i:name='{name}']/i:name"
        assert leaves(configured.ok(get_config(expression))) == [f"name={name}"]


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("", "is not an XPath expression"),
        ("/i:interfaces[", "is not an XPath expression"),
        ("/x:interfaces", "the prefix x is not declared"),
        ("/i:interfaces/$a", "a step is missing"),
        ("$a", "there are no variables"),
        ("/i:interfaces[nothing(/)]", "the XPath function nothing() is not known"),
        ("count(/)", "gives a value, and no nodes"),
        ("'a'", "gives a value, and no nodes"),
        ("1 = 1", "gives a value, and no nodes"),
        ("/i:interfaces[count(1)]", "a value stands where nodes are needed"),
        ("/i:interfaces | 1", "a value stands where nodes are needed"),
        ("(" * 200 + "/" + ")" * 200, "nested more than 64 levels deep"),
        ("1" + "+1" * 5000, "more than 256 operators"),
        ("/" * 20000, "characters"),
    ],
)
def test_an_expression_that_gives_no_nodes_is_an_invalid_value(client: Client, expression: str, complaint: str) -> None:
    # section 8.9.5.1
    for request in (get(expression), get_config(expression)):
        found = error(client.send(request))
        assert (found.type, found.tag, found.info["bad-element"]) == ("protocol", "invalid-value", "filter")
        assert complaint in found.message


def test_a_filter_of_type_xpath_needs_an_expression(client: Client) -> None:
    found = error(client.send('<get><filter type="xpath"/></get>'))
    assert (found.type, found.tag) == ("protocol", "missing-attribute")
    assert found.info == {"bad-attribute": "select", "bad-element": "filter"}


def test_a_filter_of_another_type_is_refused(client: Client) -> None:
    found = error(client.send('<get><filter type="regex"/></get>'))
    assert (found.tag, found.info["bad-attribute"]) == ("bad-attribute", "type")
