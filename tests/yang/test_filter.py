"""Subtree filters, clause by clause of RFC 6241 section 6.2, and against the few lines that the section amounts to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from tests.conftest import module
from tests.yang.playground import Draw, schema_of
from yang.filter import keys_wanted, select
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from yang.tree import Node

SCHEMA = schema_of(
    module(
        """
        identity base; identity one { base base; }
        container users {
          list user { key name; leaf name { type string; } leaf type { type string; } leaf "full-name" { type string; }
            leaf id { type uint8; } leaf kind { type identityref { base base; } } leaf-list tag { type string; }
            container company { leaf dept { type uint8; } leaf title { type string; } } }
          leaf count { type int8; }
        }
        list pair { key "a b"; leaf a { type string; } leaf b { type uint8; } leaf v { type string; } }
        leaf plain { type string; }
        """
    ),
    module(
        'import m { prefix m; } augment "/m:users" { leaf count { type int8; } } leaf plain { type string; }', "n", "n"
    ),
)
DATA = """
    <users>
      <user><name>root</name><type>superuser</type><full-name>Root</full-name><id>1</id><kind>one</kind>
        <company><dept>1</dept><title>first</title></company></user>
      <user><name>fred</name><type>admin</type><id>2</id><tag>x</tag><tag>y</tag><company><dept>2</dept></company></user>
      <user><name>barney</name><type>admin</type><id>12</id><tag>y</tag></user>
      <count>3</count><n:count>4</n:count>
    </users>
    <pair><a>x</a><b>1</b><v>one</v></pair><pair><a>x</a><b>2</b><v>two</v></pair><plain>m</plain><n:plain>n</n:plain>
"""


def parsed(content: str, namespace: str = "urn:m") -> etree._Element:
    return parse_document(f'<data xmlns="{namespace}" xmlns:m="urn:m" xmlns:n="urn:n">{content}</data>'.encode())


TREE = read_data(parsed(DATA), SCHEMA)


def selected(content: str, namespace: str = "urn:m") -> Node:
    return select(TREE, list(parsed(content, namespace)))


def expected(content: str) -> Node:
    return read_data(parsed(content), SCHEMA)


FRED = "<user><name>fred</name><type>admin</type><id>2</id><tag>x</tag><tag>y</tag><company><dept>2</dept></company></user>"
BARNEY = "<user><name>barney</name><type>admin</type><id>12</id><tag>y</tag></user>"

IDS = """<users><user><name>fred</name><type>admin</type><id>2</id></user>
    <user><name>barney</name><type>admin</type><id>12</id></user></users>"""
SEVERAL = """<users><user><name>root</name><company/></user><user><name>fred</name><company><dept/></company></user>
    <user><name>barney</name><type>superuser</type><id/></user></users>"""
SEVERAL_FOUND = """<users><user><name>root</name><company><dept>1</dept><title>first</title></company></user>
    <user><name>fred</name><company><dept>2</dept></company></user></users>"""


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        # 6.4.2: an empty filter selects nothing
        ("", ""),
        # 6.2.1 namespace
        ("<plain/>", "<plain>m</plain>"),
        ("<n:plain/>", "<n:plain>n</n:plain>"),
        ('<plain xmlns=""/>', "<plain>m</plain><n:plain>n</n:plain>"),
        ('<plain xmlns="urn:nobody"/>', ""),
        ('<users><count xmlns=""/></users>', "<users><count>3</count><n:count>4</n:count></users>"),
        (
            '<users xmlns=""><user><name>fred</name><id/></user></users>',
            "<users><user><name>fred</name><id>2</id></user></users>",
        ),
        ('<m:users><count xmlns="urn:n"/></m:users>', "<users><n:count>4</n:count></users>"),
        # 6.2.2 attribute match: no data of ours has attributes
        ('<plain a="1"/>', ""),
        ('<users><user a="1"/><count/></users>', "<users><count>3</count></users>"),
        ('<users><user><name a="1">fred</name></user></users>', ""),
        # 6.2.3 containment
        ("<users><user><company><dept/></company></user></users>", "containment"),
        ("<users><nothing/></users>", ""),
        ("<users><nothing/><count/></users>", "<users><count>3</count></users>"),
        # 6.2.4 selection
        ("<users><count/></users><plain/>", "<users><count>3</count></users><plain>m</plain>"),
        ("<pair/>", "<pair><a>x</a><b>1</b><v>one</v></pair><pair><a>x</a><b>2</b><v>two</v></pair>"),
        # 6.2.5 content match
        ("<plain>m</plain>", "<plain>m</plain>"),
        ("<plain>other</plain>", ""),
        ("<users><user><name>fred</name></user></users>", f"<users>{FRED}</users>"),
        ("<users><user><name> fred\n</name></user></users>", f"<users>{FRED}</users>"),
        ("<users><user><type>admin</type></user></users>", f"<users>{FRED}{BARNEY}</users>"),
        ("<users><user><type>admin</type><id>12</id></user></users>", f"<users>{BARNEY}</users>"),
        ("<users><user><id>012</id></user></users>", f"<users>{BARNEY}</users>"),
        ("<users><user><id>x</id></user></users>", ""),
        ("<users><user><tag>x</tag></user></users>", f"<users>{FRED}</users>"),
        ("<users><user><type>admin</type><type>superuser</type></user></users>", ""),
        ("<users><user><tag>x</tag><tag>y</tag></user></users>", f"<users>{FRED}</users>"),
        ("<users><count>3</count></users>", "everything"),
        ("<users><count>5</count></users>", ""),
        # content match and selection together
        ("<users><user><type>admin</type><id/></user></users>", IDS),
        (
            "<users><user><name>barney</name><company/></user></users>",
            "<users><user><name>barney</name></user></users>",
        ),
        (
            "<users><user><kind>m:one</kind><id/></user></users>",
            "<users><user><name>root</name><id>1</id><kind>one</kind></user></users>",
        ),
        # 6.4.6: several entries, each with its own selection
        (SEVERAL, SEVERAL_FOUND),
        # several keys
        ("<pair><b>1</b><a>x</a></pair>", "<pair><a>x</a><b>1</b><v>one</v></pair>"),
        ("<pair><a>x</a><b/></pair>", "<pair><a>x</a><b>1</b></pair><pair><a>x</a><b>2</b></pair>"),
        ("<pair><a>x</a><b>3</b></pair>", ""),
        # siblings that select the same add up
        ("<plain/><plain/>", "<plain>m</plain>"),
        (
            "<users><user><name>fred</name><id/></user></users><users><user><name>fred</name><type/></user></users>",
            "<users><user><name>fred</name><type>admin</type><id>2</id></user></users>",
        ),
    ],
)
def test_a_filter_selects(wanted: str, found: str) -> None:
    if found == "containment":
        found = (
            "<users><user><name>root</name><company><dept>1</dept></company></user>"
            "<user><name>fred</name><company><dept>2</dept></company></user></users>"
        )
    elif found == "everything":
        found = DATA[: DATA.index("<pair>")]
    assert selected(wanted) == expected(found)


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ("<users><user><name>fred</name></user></users>", {("fred",)}),
        ("<users><user><name>fred</name><id/></user><user><name>x</name></user></users>", {("fred",), ("x",)}),
        ("<users><user/></users>", None),
        ("<users/>", None),
        ("<users><user><id>1</id></user></users>", None),
        ("<users><user><name>fred</name></user></users><users/>", None),
        ("<users><count/></users>", set()),
        ("<plain/>", set()),
        ('<users xmlns=""><user><name>fred</name></user></users>', {("fred",)}),
    ],
)
def test_the_keys_that_a_filter_can_select_are_known_beforehand(wanted: str, keys: set[tuple[str]] | None) -> None:
    way = [SCHEMA.find("/m:users"), SCHEMA.find("/m:users/user")]
    assert keys_wanted(list(parsed(wanted)), way) == keys


def matches(wanted: etree._Element, data: etree._Element) -> bool:
    """Return whether a filter element stands for a data element (sections 6.2.1 and 6.2.2)."""
    name, other = etree.QName(wanted), etree.QName(data)
    return name.localname == other.localname and name.namespace in (None, other.namespace) and not wanted.attrib


def is_match(wanted: etree._Element) -> bool:
    return not len(wanted) and bool((wanted.text or "").strip())


def reference(data: etree._Element, wanted: list[etree._Element]) -> set[etree._Element]:
    """Return what below `data` the elements `wanted` select, as the section says it; nothing if `data` itself is not."""
    content = [each for each in wanted if is_match(each)]
    others = [each for each in wanted if not is_match(each)]
    for each in content:
        if not any(matches(each, child) and (child.text or "").strip() == (each.text or "").strip() for child in data):
            return set()
    if not others:
        return set(data.iter()) - {data} if content else set()
    found = {child for child in data for each in content if matches(each, child)}
    for child in data:
        for each in others:
            if matches(each, child):
                found |= selection(each, child)
    return found | set(data.iterchildren("{urn:m}name")) if found else found


def selection(wanted: etree._Element, data: etree._Element) -> set[etree._Element]:
    """Return what of `data` and below it the element `wanted`, which stands for it, selects."""
    if not len(wanted):
        return set(data.iter())
    below = reference(data, list(wanted))
    return below | {data} if below else below


USER = [
    "<name/>",
    "<name>fred</name>",
    "<name>root</name>",
    "<id/>",
    "<id>2</id>",
    "<type>admin</type>",
    "<type/>",
    "<nothing/>",
]
USER += [
    "<company/>",
    "<company><dept/></company>",
    "<company><dept>1</dept></company>",
    "<company><title/><dept>1</dept></company>",
]
USER += [
    "<tag/>",
    "<tag>y</tag>",
    '<id xmlns=""/>',
    '<id xmlns="urn:n"/>',
    '<name a="1"/>',
    "<company><nothing/></company>",
]


@st.composite
def filters(draw: Draw) -> str:
    """Return the inside of a filter for users."""
    users = draw(st.lists(st.lists(st.sampled_from(USER), max_size=3).map("".join), max_size=1))
    tops = ["<count/>", "<n:count/>", '<count xmlns=""/>', "<count>3</count>", "<none/>"]
    others = draw(st.lists(st.sampled_from(tops), max_size=2))
    return "".join([*(f"<user>{user}</user>" for user in users), *others])


@given(wanted=filters())
@example(wanted="")
@example(wanted="<user><name>fred</name><company><nothing/></company></user>")
@example(wanted="<count>3</count><user><id>2</id><company/></user>")
def test_a_filter_selects_what_the_rfc_says_in_a_few_lines(wanted: str) -> None:
    # lxml drops a prefix that only a value has when it moves an element
    tree = expected(DATA.replace("<kind>one</kind>", ""))
    data = parse_document(f"<data>{print_children(tree)}</data>".encode())
    every = list(data.iter())
    kept = reference(data, list(parsed(f"<users>{wanted}</users>")))
    for element in every[1:]:
        parent = element.getparent()
        if element not in kept and parent is not None:
            parent.remove(element)
    assert select(tree, list(parsed(f"<users>{wanted}</users>"))) == read_data(data, SCHEMA)
