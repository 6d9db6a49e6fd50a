"""All that is wrong with an XML document is told, each with tag, path, line and value."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.conftest import module
from tests.yang.playground import Draw, playground, schema_of, trees
from yang.errors import RequestError
from yang.xml_errors import read_all
from yang.xmldata import read_data
from yang.xmlio import MalformedXml, parse_document, print_children

SCHEMA = schema_of(
    module(
        """
        container c { leaf a { type int8 { range "1..9" { error-message "one digit"; error-app-tag "digit"; } } }
          leaf-list v { type int8; } choice way { leaf left { type string; } leaf right { type string; } } }
        list port { key "slot name"; leaf slot { type uint8; } leaf name { type string; } leaf mtu { type uint16; } }
        container state { config false; leaf n { type int8; } } anydata data;
        """
    )
)


def errors_of(content: str) -> list[RequestError]:
    document = f'<data xmlns="urn:m">{content}</data>'
    return read_all(parse_document(document.encode()), SCHEMA.root)[1]


def test_every_error_is_told_in_the_order_of_the_document() -> None:
    found = errors_of(
        """
        <c>
          <a>300</a>
          <nothing/>
          <v>1</v><v>x</v>
          <v>1</v>
          <left/><right/>
        </c>
        <port><slot>x</slot><name>a</name></port>
        <port><slot>1</slot></port>
        <port><slot>2</slot><name>a</name><mtu><b/></mtu></port>
        <port><slot>2</slot><name>a</name></port>
        <state><n>x</n></state>
        <x xmlns="urn:x"/>
        <data>text</data>
        """
    )
    assert [(error.line, error.tag, error.value, str(error.path or "")) for error in found] == [
        (3, "invalid-value", "300", "/m:c/a"),
        (4, "unknown-element", None, "/m:c"),
        (5, "invalid-value", "x", "/m:c/v"),
        (6, "bad-element", None, "/m:c/v[.='1']"),
        (7, "bad-element", None, "/m:c/right"),
        (9, "invalid-value", "x", "/m:port/slot"),
        (10, "missing-element", None, "/m:port"),
        (11, "bad-element", None, "/m:port[slot='2'][name='a']/mtu"),
        (12, "bad-element", None, "/m:port[slot='2'][name='a']"),
        (13, "unknown-element", None, "/m:state"),
        (14, "unknown-namespace", None, ""),
        (15, "bad-element", None, "/m:data"),
    ]


def test_the_models_own_message_and_app_tag_come_with_the_value() -> None:
    (error,) = errors_of("<c><a>77</a></c>")
    assert (error.message, error.app_tag, error.value) == ("a: one digit", "digit", "77")


def test_after_so_many_errors_no_more_are_looked_for() -> None:
    document = parse_document(b'<data xmlns="urn:m">' + b"<x/>" * 100 + b"</data>")
    node, errors = read_all(document, SCHEMA.root, most=10)
    assert (node.children, len(errors)) == ({}, 10)
    assert len(read_all(document, SCHEMA.root)[1]) == 100


def test_the_first_error_has_line_and_value_too() -> None:
    with pytest.raises(RequestError) as raised:
        read_data(parse_document(b'<data xmlns="urn:m">\n<c>\n<a>77</a></c></data>'), SCHEMA)
    assert (raised.value.line, raised.value.value) == (3, "77")


@st.composite
def broken(draw: Draw) -> bytes:
    """Return the XML of a tree with elements changed, doubled, moved or taken out."""
    content = print_children(draw(trees(playground())))
    top = parse_document(f"<data>{content}</data>".encode())
    for _ in range(draw(st.integers(0, 3))):
        every = list(top.iter())
        element, other = draw(st.sampled_from(every)), draw(st.sampled_from(every))
        match draw(st.integers(0, 4)):
            case 0:
                element.text = draw(st.sampled_from(["", "x", "1", "300", " "]))
            case 1:
                element.append(etree.fromstring(etree.tostring(other, with_tail=False)))
            case 2 if element is not top:
                element.getparent().remove(element)
            case 3:
                element.append(etree.Element("{urn:m}nothing"))
            case 4 if element is not top:
                element.tail = "text"
    return etree.tostring(top)


@settings(max_examples=400)
@given(broken())
@example(b"<data> text </data>")
def test_there_are_errors_if_and_only_if_a_document_is_refused(content: bytes) -> None:
    try:
        top = parse_document(content)
    except MalformedXml:
        return
    schema = playground()
    tree, found = read_all(top, schema.root)
    refused: set[str] = set()
    try:
        assert read_data(top, schema) == tree
    except RequestError as error:
        refused.add(error.tag)
        if error.message.endswith("text between its elements"):
            refused = {each.tag for each in found}  # it may stand in what is unknown, of which nothing else is told
    assert bool(refused) == bool(found)
    assert refused <= {error.tag for error in found}
    assert all(error.line is not None for error in found)
