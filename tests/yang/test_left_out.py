"""Rules between nodes are judged beside errors of names and values, and no error is told that only follows from another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.conftest import module
from tests.yang.playground import Draw, content, schema_of
from tests.yang.test_incremental import BODIES, dense, told
from yang.data_file import open_data
from yang.jsonio import print_json
from yang.validate import validate_whole
from yang.xmlio import print_child, print_children

if TYPE_CHECKING:
    from yang.errors import RequestError
    from yang.schema import Schema, SchemaNode
    from yang.tree import Node

WHATEVER = settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)


def judged(document: str | bytes, schema: Schema) -> tuple[list[RequestError], list[RequestError]]:
    """Return what is wrong with the names and values of a document, and between its nodes."""
    octets = document if isinstance(document, bytes) else document.encode()
    tree, refused = open_data(octets).read(schema, config_only=True)
    return refused, validate_whole(tree, refused)


NETWORK = module(
    """
    list port { key name; leaf name { type string { pattern "[a-z]+"; } } leaf mtu { type uint16; }
      leaf speed { type uint8; mandatory true; } leaf-list vlan { type uint8; min-elements 2; max-elements 3; }
      unique mtu; max-elements 3; }
    container use { leaf port { type leafref { path "/m:port/m:name"; } } leaf other { type leafref { path "/m:port/m:mtu"; } }
      leaf low { type int8; must ". < ../high" { error-message "low is not below high"; error-app-tag "order"; } }
      leaf high { type int8; } leaf set { type int8; when "../low = 1"; } }
    container way { presence "here"; choice over { mandatory true; leaf road { type uint8; } leaf rail { type uint8; } } }
    container end { presence "here"; choice how { mandatory true;
      case good { leaf joy { type string; mandatory true; } leaf more { type string; } } leaf bad { type uint8; }
      container worse { leaf much { type uint8; } } } }
    """
)
START, END = '<nc:data xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns="urn:m">', "</nc:data>"
GOOD = "<vlan>1</vlan><vlan>2</vlan><speed>1</speed></port>"


@pytest.mark.parametrize(
    ("document", "refused", "broken"),
    [
        # what has nothing to do with the value
        ("<use><low>5</low><high>3</high></use><way><road>x</road></way>", ["/m:way/road"], ["/m:use/low"]),
        ("<use><port>a</port><high>x</high></use>", ["/m:use/high"], ["/m:use/port"]),
        (
            f"<port><name>a</name><mtu>x</mtu>{GOOD}<use><port>b</port></use>",
            ["/m:port[name='a']/mtu"],
            ["/m:use/port"],
        ),
        ("<port><name>a</name><speed>x</speed></port>", ["/m:port[name='a']/speed"], ["/m:port[name='a']/vlan"]),
        ("<use><low>5</low><high>3</high></use><x/>", [""], ["/m:use/low"]),
        ("<end/><use><high>x</high></use>", ["/m:use/high"], ["/m:end"]),
        ("<end><more>x</more></end><way><road>x</road></way>", ["/m:way/road"], ["/m:end/joy"]),
        # what a rule looks at
        ("<use><low>5</low><high>x</high></use>", ["/m:use/high"], []),
        ("<use><low>x</low><set>1</set></use>", ["/m:use/low"], []),
        ("<use><low>5</low><hihg>7</hihg></use>", ["/m:use"], []),
        ("<use><low>5</low><high>3</high><high>7</high></use>", ["/m:use/high"], []),
        (f"<port><name>A</name>{GOOD}<use><port>a</port></use>", ["/m:port/name"], []),
        (f"<port><nam>a</nam>{GOOD}<use><port>a</port></use>", ["/m:port", "/m:port"], []),
        (f"<port><name>a</name><mtu>x</mtu>{GOOD}<use><other>9</other></use>", ["/m:port[name='a']/mtu"], []),
        ("<use><port>a</port></use><prt><name>a</name></prt>", [""], []),
        # one of two entries of one key may be meant to have another
        (
            f"<port><name>a</name>{GOOD}<port><name>a</name>{GOOD}<use><port>b</port></use>",
            ["/m:port[name='a']"],
            [],
        ),
        ("<port><name>a</name><name>b</name></port><use><port>b</port></use>", ["/m:port[name='a']/name"], []),
        # what is missing, or too few
        (
            "<port><name>a</name><speed>x</speed><vlan>1</vlan><vlan>2</vlan></port>",
            ["/m:port[name='a']/speed"],
            [],
        ),
        ("<port><name>a</name><speed>1</speed><vlan>1</vlan><vlan>x</vlan></port>", ["/m:port[name='a']/vlan"], []),
        # a choice that is made, though wrongly
        ("<way><road>x</road></way>", ["/m:way/road"], []),
        ("<way><raod>1</raod></way>", ["/m:way"], []),
        ("<end><bad>x</bad></end>", ["/m:end/bad"], []),
        ("<end><worse><much>x</much></worse></end>", ["/m:end/worse/much"], []),
        ("<end><bad>1</bad><worse><much>1</much></worse></end>", ["/m:end/worse"], []),
        ("<end><more>x</more><bad>1</bad></end>", ["/m:end/bad"], []),
    ],
)
def test_what_may_only_follow_from_another_error_is_not_told(
    document: str, refused: list[str], broken: list[str]
) -> None:
    found = judged(f"{START}{document}{END}", schema_of(NETWORK))
    assert [[str(error.path or "") for error in errors] for errors in found] == [refused, broken]


def test_a_broken_rule_is_told_with_its_app_tag_and_message() -> None:
    _, (error,) = judged('{"m:use": {"low": 5, "high": 3}, "m:way": {"road": []}}', schema_of(NETWORK))
    assert (error.message, error.app_tag, str(error.path)) == ("low is not below high", "order", "/m:use/low")


def test_entries_without_a_key_do_no_harm_in_long_lists() -> None:
    ports = "".join(f"<port><name>a{'b' * number}</name>{GOOD}" for number in range(600))
    refused, broken = judged(f"{START}{ports}<port>{GOOD}{END}", schema_of(NETWORK))
    assert ([error.tag for error in refused], broken) == (["missing-element"], [])


def count(document: bytes, schema: Schema) -> int:
    """Return how many errors of names and values a document has."""
    return len(open_data(document).read(schema, config_only=True)[1])


@st.composite
def broken_xml(draw: Draw, tree: Node) -> bytes:
    """Return the XML of a tree with elements spoilt, renamed, without a key, or beside others of their name or choice."""
    document = f"<data>{print_children(tree)}</data>".encode()
    for _ in range(draw(st.integers(1, 3))):
        top = etree.fromstring(document)
        every = known(top, tree.schema)
        if not every:
            break
        element, node = draw(st.sampled_from(every))
        parent, above = element.getparent(), node.parent
        assert parent is not None
        assert above is not None
        match draw(st.integers(0, 4)):
            case 0:
                element.text = "!"
            case 1:
                element.tag = "{urn:m}nothing"
            case 2 if node.keys and len(element):
                element.remove(element[0])
            case 3:
                parent.insert(parent.index(element), another(draw, element, node))
            case 4:
                other = draw(st.sampled_from([child for child in above.children.values() if child.cases] or [node]))
                parent.append(another(draw, element, other))
        spoilt = etree.tostring(top)
        if count(spoilt, tree.schema.schema) > count(document, tree.schema.schema):
            document = spoilt
    return document


def known(parent: etree._Element, schema: SchemaNode) -> list[tuple[etree._Element, SchemaNode]]:
    """Return the elements below `parent` that the schema knows, and what they are."""
    here = [(element, schema.tags[element.tag]) for element in parent if schema.is_inner and element.tag in schema.tags]
    return [*here, *(each for element, node in here if node.is_inner for each in known(element, node))]


def another(draw: Draw, element: etree._Element, node: SchemaNode) -> etree._Element:
    """Return an element of `node` that is made anew, an entry with the key of `element` if that is one of its list."""
    assert node.parent is not None
    text = print_child(node.qname, draw(content(node)), node.parent)
    made = etree.fromstring(f'<data xmlns="{node.module.namespace}">{text}</data>')
    if not len(made):
        return etree.Element(node.tag)
    if node.kind == "list" and element.tag == node.tag:
        for name in node.keys:
            key, its = made[0].find(node.children[name].tag), element.find(node.children[name].tag)
            if key is not None and its is not None:
                key.text = its.text
    return made[0]


@st.composite
def broken_json(draw: Draw, tree: Node) -> bytes:
    """Return the JSON of a tree with values spoilt, renamed, or of another shape, and keys taken out."""
    document = print_json(tree).encode()
    for _ in range(draw(st.integers(1, 3))):
        top = json.loads(document)
        members = draw(st.sampled_from(objects(top)))
        if not members:
            continue
        name = draw(st.sampled_from(list(members)))
        match draw(st.integers(0, 3)):
            case 0:
                members[name] = draw(st.sampled_from(["!", None, [], {}, [{}], [[]], True]))
            case 1:
                members["nothing"] = members.pop(name)
            case 2 if isinstance(members[name], list) and members[name]:
                index = draw(st.integers(0, len(members[name]) - 1))
                members[name][index] = draw(st.sampled_from(["!", {}, None]))
            case 3:
                members[name.rpartition(":")[2] if ":" in name else f"m:{name}"] = members.pop(name)
        spoilt = json.dumps(top).encode()
        if count(spoilt, tree.schema.schema) > count(document, tree.schema.schema):
            document = spoilt
    return document


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a value."""
    if isinstance(value, dict):
        return [value, *(each for member in value.values() for each in objects(member))]
    return [each for item in value for each in objects(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("form", [broken_xml, broken_json])
@pytest.mark.parametrize("name", BODIES)
@given(data=st.data())
@WHATEVER
def test_whatever_breaks_no_rule_seems_broken_that_is_not(form: Any, name: str, data: st.DataObject) -> None:
    # some references lead into n
    schema = schema_of(module(BODIES[name]), module("leaf top { type string; }", "n", "n"))
    tree = data.draw(dense(schema.root))
    refused, broken = judged(data.draw(form(tree)), schema)
    if refused:
        assert told(broken) <= told(validate_whole(tree))


@pytest.mark.parametrize("name", ["leafrefs", "whens", "choices"])
@given(data=st.data())
@WHATEVER
def test_every_rule_is_judged_that_does_not_look_at_what_is_wrong(name: str, data: st.DataObject) -> None:
    schema = schema_of(module(f"{BODIES[name]} container unrelated {{ leaf number {{ type int8; }} }}"))
    tree = data.draw(dense(schema.root))
    unrelated = '<unrelated xmlns="urn:m"><number>x</number></unrelated>'
    rest = "".join(print_child(n, c, tree.schema) for n, c in tree.children.items() if n != "m:unrelated")
    refused, broken = judged(f"<data>{rest}{unrelated}</data>", schema)
    assert [str(error.path) for error in refused] == ["/m:unrelated/number"]
    assert told(broken) == told(validate_whole(tree))


@given(data=st.data())
@WHATEVER
def test_no_reference_seems_to_lead_nowhere_if_what_it_needs_is_wrong(data: st.DataObject) -> None:
    schema = schema_of(module(BODIES["leafrefs"]))
    tree = data.draw(dense(schema.root))
    top = etree.fromstring(f"<data>{print_children(tree)}</data>")
    speeds = [leaf for leaf, node in known(top, schema.root) if node.path() == "/m:port/speed"]
    for leaf in speeds:
        leaf.text = "x"
    refused, broken = judged(etree.tostring(top), schema)
    assert len(refused) == len(speeds)
    gone = "/m:use/speed" if speeds else None
    assert told(broken) == {each for each in told(validate_whole(tree)) if each.rpartition(" ")[2] != gone}
