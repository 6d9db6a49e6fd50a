"""Trees read from XML: what is wrong with a document is told with tag, path and value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import module
from tests.yang.playground import schema_of
from yang.errors import BadElement, RequestError
from yang.xmldata import read_children, read_data, read_input
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from collections.abc import Callable

    from yang.schema import Schema
    from yang.tree import Node

BODY = """
    identity base; identity one { base base; }
    container c {
      leaf a { type int8; } leaf b { type string { length "1..3"; } }
      leaf-list values { type int8; } leaf-list own { type string; ordered-by user; }
      container inner { leaf kind { type identityref { base base; } } }
      container here { presence "here"; }
      choice way { case left { leaf l1 { type string; } leaf l2 { type string; } } leaf r { type string; }
        case nested { choice below { leaf n1 { type string; } leaf n2 { type string; } } } }
    }
    list port {
      key "slot name"; leaf name { type string; } leaf slot { type uint8 { range "0..9"; } } leaf mtu { type uint16; }
      list unit { key index; leaf index { type int8; } }
    }
    anyxml xml;
    container state { config false; leaf counter { type uint8; } list row { leaf cell { type string; } }
      leaf-list seen { type string; } }
    leaf removed { type string; }
    rpc act { input {
      leaf must { mandatory true; type string; } anyxml config;
      choice target { mandatory true;
        case x { leaf x1 { type string; mandatory true; } leaf x2 { type string; } } leaf y { type string; } }
      container more { leaf inside { type string; mandatory true; } }
    } }
    notification event { leaf what { type string; } }
"""


@pytest.fixture
def schema(compiled: Callable[..., Schema]) -> Schema:
    """Every kind of node, one of them not supported."""
    whole = compiled(m=module(BODY), n=module("leaf other { type string; }", "n", "n"))
    paths = [child.path() + ("/*" if child.is_inner else "") for child in whole.root.children.values()]
    return whole.supporting(path for path in paths if path != "/m:removed")


def read(schema: Schema, content: str, *, config_only: bool = True) -> Node:
    document = f'<data xmlns="urn:m" xmlns:n="urn:n">{content}</data>'
    return read_data(parse_document(document.encode()), schema, config_only=config_only)


def refused(schema: Schema, content: str) -> RequestError:
    with pytest.raises(RequestError) as raised:
        read(schema, content)
    return raised.value


def test_children_stand_in_the_order_of_the_schema_whatever_that_of_the_document(schema: Schema) -> None:
    tree = read(
        schema, "<port><slot>1</slot><name>a</name></port><c><inner><kind>one</kind></inner><b>x</b><a>1</a></c>"
    )
    assert list(tree.children) == ["m:c", "m:port"]
    assert list(tree.get("m:c").children) == ["a", "b", "inner"]
    assert tree == read(
        schema, "<c><a>1</a><b>x</b><inner><kind>one</kind></inner></c><port><slot>1</slot><name>a</name></port>"
    )


def test_values_are_typed_once_as_they_are_read(schema: Schema) -> None:
    tree = read(schema, "<c><a>+07</a><values>3</values><values>-1</values><own>z</own><own>a</own></c>").get("m:c")
    assert tree.children == {"a": 7, "values": (-1, 3), "own": ("z", "a")}


def test_entries_scattered_in_a_document_are_gathered(schema: Schema) -> None:
    tree = read(
        schema, "<port><slot>1</slot><name>b</name></port><c><a>1</a></c><port><slot>1</slot><name>a</name></port>"
    )
    assert list(tree.get("m:port")) == [(1, "a"), (1, "b")]


def test_containers_without_presence_that_hold_nothing_are_not_there(schema: Schema) -> None:
    assert read(schema, "<c><inner/></c>").children == {}
    assert list(read(schema, "<c><here/></c>").get("m:c").children) == ["here"]


def test_state_is_read_where_it_is_asked_for(schema: Schema) -> None:
    content = "<state><counter>1</counter><row><cell>a</cell></row><row><cell>a</cell></row><seen>b</seen><seen>b</seen></state>"
    tree = read(schema, content, config_only=False)
    assert len(tree.get("m:state").get("row")) == 2
    assert tree.get("m:state").get("seen") == ("b", "b")
    assert read(schema, print_children(tree), config_only=False) == tree


@pytest.mark.parametrize(
    ("content", "tag", "path", "message"),
    [
        ("<c><nothing/></c>", "unknown-element", "/m:c", "c has no nothing; it has a, b, values"),
        ("<nothing/>", "unknown-element", None, "the top has no nothing; it has m:c, m:port"),
        ("<c><n:a/></c>", "unknown-element", "/m:c", "c has no a"),
        ("<c><n:other>1</n:other></c>", "unknown-element", "/m:c", "c has no other"),
        ("<removed>x</removed>", "unknown-element", None, "removed is not supported"),
        ("<n:removed>x</n:removed>", "unknown-element", None, "the top has no removed"),
        (
            '<c><a xmlns="urn:x">1</a></c>',
            "unknown-namespace",
            "/m:c",
            "a is in the namespace urn:x, which is not served",
        ),
        ('<c xmlns="">1</c>', "unknown-namespace", None, "c is in no namespace"),
        ("<event/>", "unknown-element", None, "event"),
        ("<act/>", "unknown-element", None, "act"),
        (
            "<state><counter>1</counter></state>",
            "unknown-element",
            "/m:state/counter",
            "counter is state, not configuration",
        ),
        ("<state/>", "unknown-element", "/m:state", "state is state, not configuration"),
        ("<c><a>128</a></c>", "invalid-value", "/m:c/a", "a: 128 is outside -128..127"),
        ("<c><a/></c>", "invalid-value", "/m:c/a", "a: '' is not an integer"),
        ("<c><b>long</b></c>", "invalid-value", "/m:c/b", "b: 'long' has 4 characters"),
        ("<c><a><b/></a></c>", "bad-element", "/m:c/a", "a holds elements where a value belongs"),
        ("<c><a>1</a><a>1</a></c>", "bad-element", "/m:c/a", "a is given twice"),
        ("<c><a>1</a></c><c><b>x</b></c>", "bad-element", "/m:c", "c is given twice"),
        ("<c><values>x</values></c>", "invalid-value", "/m:c/values", "values: 'x' is not an integer"),
        (
            "<c><values>1</values><values>01</values></c>",
            "bad-element",
            "/m:c/values[.='1']",
            "values 1 is given twice",
        ),
        ("<c><values><x/></values></c>", "bad-element", "/m:c/values", "values holds elements"),
        (
            "<c><inner><kind>two</kind></inner></c>",
            "invalid-value",
            "/m:c/inner/kind",
            "kind: 'two' is not an identity",
        ),
        (
            "<c><inner><kind>x:one</kind></inner></c>",
            "invalid-value",
            "/m:c/inner/kind",
            "the prefix 'x' is not declared",
        ),
        ("<port><slot>1</slot></port>", "missing-element", "/m:port", "port has no key name"),
        ("<port/>", "missing-element", "/m:port", "port has no key slot"),
        ("<port><name>a</name></port>", "missing-element", "/m:port", "port has no key slot"),
        (
            "<port><name>a</name><slot>1</slot></port>",
            "bad-element",
            "/m:port",
            "the keys of port come first and in order: slot name",
        ),
        (
            "<port><slot>1</slot><mtu>1</mtu><name>a</name></port>",
            "bad-element",
            "/m:port",
            "the keys of port come first",
        ),
        (
            "<port><mtu>1</mtu><slot>1</slot><name>a</name></port>",
            "bad-element",
            "/m:port",
            "the keys of port come first",
        ),
        ("<port><slot>10</slot><name>a</name></port>", "invalid-value", "/m:port/slot", "slot: 10 is outside 0..9"),
        (
            "<port><slot>1</slot><slot>1</slot><name>a</name></port>",
            "bad-element",
            "/m:port/slot",
            "slot is given twice",
        ),
        (
            "<port><slot>1</slot><name>a</name><name>a</name></port>",
            "bad-element",
            "/m:port[slot='1'][name='a']/name",
            "twice",
        ),
        (
            "<port><slot>1</slot><name>a</name></port><port><slot>01</slot><name>a</name></port>",
            "bad-element",
            "/m:port[slot='1'][name='a']",
            "port 1 a is given twice",
        ),
        (
            "<port><slot>1</slot><name>a</name><mtu>70000</mtu></port>",
            "invalid-value",
            "/m:port[slot='1'][name='a']/mtu",
            "mtu: 70000 is outside 0..65535",
        ),
        (
            "<port><slot>1</slot><name>it's</name><unit><index>200</index></unit></port>",
            "invalid-value",
            "/m:port[slot='1'][name=\"it's\"]/unit/index",
            "200 is outside",
        ),
        ("<c><l1>x</l1><r>x</r></c>", "bad-element", "/m:c/r", "l1 and r are alternatives"),
        ("<c><n1>x</n1><n2>x</n2></c>", "bad-element", "/m:c/n2", "n1 and n2 are alternatives"),
        ("<c><n1>x</n1><l2>x</l2></c>", "bad-element", "/m:c/l2", "n1 and l2 are alternatives"),
        ("<c>text<a>1</a></c>", "bad-element", "/m:c", "c holds text between its elements"),
        ("<c><a>1</a>text</c>", "bad-element", "/m:c", "c holds text between its elements"),
        ("<c>text</c>", "bad-element", "/m:c", "c holds text 'text'"),
        ("<c><here>text</here></c>", "bad-element", "/m:c/here", "here holds text 'text'"),
        ("text<c><a>1</a></c>", "bad-element", None, "data holds text between its elements"),
        ("<xml/><xml/>", "bad-element", "/m:xml", "xml is given twice"),
    ],
)
def test_what_is_wrong_is_told_with_tag_path_and_value(
    schema: Schema, content: str, tag: str, path: str | None, message: str
) -> None:
    error = refused(schema, content)
    assert (error.tag, str(error.path) if error.path is not None else None) == (tag, path)
    assert message in error.message


@pytest.mark.parametrize(
    ("content", "info"),
    [
        ("<c><nothing/></c>", (("bad-element", "nothing"),)),
        ('<c><a xmlns="urn:x"/></c>', (("bad-element", "a"), ("bad-namespace", "urn:x"))),
        ("<c><a>x</a></c>", (("bad-element", "a"),)),
        ("<port/>", (("bad-element", "slot"),)),
        ("<port><name>a</name><slot>1</slot></port>", (("bad-element", "slot"),)),
        ("<c><l1>x</l1><r>x</r></c>", (("bad-element", "r"),)),
    ],
)
def test_an_error_names_the_element_in_question(
    schema: Schema, content: str, info: tuple[tuple[str, str], ...]
) -> None:
    assert refused(schema, content).info == info


def test_both_nodes_of_one_case_and_inner_choices_live_together(schema: Schema) -> None:
    assert set(read(schema, "<c><l1>x</l1><l2>x</l2></c>").get("m:c").children) == {"l1", "l2"}
    assert set(read(schema, "<c><n1>x</n1></c>").get("m:c").children) == {"n1"}


def test_children_of_a_node_are_read_with_its_path_in_errors(schema: Schema) -> None:
    from yang.path import Path  # noqa: PLC0415 - only this test

    element = parse_document(b'<c xmlns="urn:m"><a>x</a></c>')
    c = schema.find("m:c")
    with pytest.raises(RequestError, match=r"^/m:c/a: a: 'x' is not an integer$"):
        read_children(element, c, Path(None, c))
    assert read_children(parse_document(b'<c xmlns="urn:m"><a>1</a></c>'), c) == {"a": 1}


def test_mixed_content_belongs_in_anyxml_alone(schema: Schema) -> None:
    assert read(schema, "<xml>a<b/>c<d>e<f/></d></xml>").get("m:xml").startswith("a<b")
    assert refused(schema, "<xml>a<b/></xml><c>a<a>1</a></c>").tag == "bad-element"


def test_the_white_space_of_a_pretty_document_is_no_text(schema: Schema) -> None:
    assert read(schema, "\n <c>\n  <a>1</a>\n </c>\n").get("m:c").children == {"a": 1}
    assert read(schema, "<c>\n </c>").children == {}


# the input of operations


def act(schema: Schema, content: str) -> Node:
    element = parse_document(f'<act xmlns="urn:m">{content}</act>'.encode())
    return read_input(element, schema.find("m:act/input"))


def test_the_input_of_an_operation_is_read_with_elements_for_anyxml(schema: Schema) -> None:
    found = act(schema, "<must>a</must><config>x<y/></config><y>1</y><more><inside>b</inside></more>")
    assert found.get("must") == "a"
    assert found.get("config")[0].tag == "{urn:m}y"
    assert found.get("more").get("inside") == "b"


@pytest.mark.parametrize(
    ("content", "tag", "message", "bad"),
    [
        ("<y>1</y><more><inside>b</inside></more>", "missing-element", "must is missing", "must"),
        ("<must>a</must><more><inside>b</inside></more>", "missing-element", "input needs one of x1, x2, y", "target"),
        ("<must>a</must><y>1</y>", "missing-element", "inside is missing", "inside"),
        ("<must>a</must><x2>1</x2><more><inside>b</inside></more>", "missing-element", "x1 is missing", "x1"),
        ("<must>a</must><z/>", "unknown-element", "input has no z", "z"),
        ("<must>a</must>text<y>1</y>", "bad-element", "act holds text between its elements", "act"),
    ],
)
def test_an_input_that_lacks_something_says_what(
    schema: Schema, content: str, tag: str, message: str, bad: str
) -> None:
    with pytest.raises(RequestError) as raised:
        act(schema, content)
    assert raised.value.tag == tag
    assert message in raised.value.message
    assert ("bad-element", bad) in raised.value.info


def test_values_of_a_union_that_python_thinks_equal_are_several() -> None:
    schema = schema_of(
        module("leaf-list l { type union { type int8; type boolean; type decimal64 { fraction-digits 1; } } }")
    )
    document = b'<data xmlns="urn:m"><l>1</l><l>true</l><l>1.0</l></data>'
    tree = read_data(parse_document(document), schema)
    assert sorted(map(schema.find("/m:l").type.text, tree.children["m:l"])) == ["1", "1.0", "true"]
    with pytest.raises(BadElement, match="l true is given twice"):
        read_data(parse_document(document.replace(b">1<", b">true<")), schema)
