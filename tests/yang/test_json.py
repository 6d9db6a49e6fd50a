"""RFC 7951: trees in and out of JSON, each type as section 6 writes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import module
from tests.yang.playground import Draw, playground, schema_of, trees
from yang.errors import RequestError, TooBig
from yang.json_document import MalformedJson
from yang.jsondata import read_json
from yang.jsonio import print_json
from yang.limits import Limits
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from yang.schema import Schema
    from yang.tree import Node

TYPES = schema_of(
    module(
        """
        identity base; identity one { base base; }
        container c {
          leaf i8 { type int8; } leaf u32 { type uint32; } leaf i64 { type int64; } leaf u64 { type uint64; }
          leaf d { type decimal64 { fraction-digits 2; } } leaf b { type boolean; } leaf s { type string; }
          leaf e { type enumeration { enum up; enum down; } } leaf bits { type bits { bit x; bit y; } }
          leaf bin { type binary; } leaf empty { type empty; } leaf id { type identityref { base base; } }
          leaf ref { type leafref { path "../u64"; require-instance false; } }
          leaf path { type instance-identifier { require-instance false; } }
          leaf un { type union { type int8; type uint64; type enumeration { enum auto; } type empty; type boolean; } }
          leaf text-first { type union { type string { length 1; } type int8; } }
          leaf-list v { type int8; } leaf-list own { type string; ordered-by user; }
          container p { presence "here"; } container inner { leaf a { type int8; } }
        }
        list port { key "slot name"; leaf slot { type uint8; } leaf name { type string; }
          leaf mtu { type uint16 { range 68..9000; } } }
        anydata data; anyxml any;
        choice way { leaf left { type string; } leaf right { type string; } }
        container state { config false; leaf n { type int8; } }
        """
    ),
    module(
        """
        import m { prefix m; } identity two { base m:base; }
        augment "/m:c" { leaf more { type string; } } augment "/m:port" { container added { leaf a { type string; } } }
        """,
        "n",
        "n",
    ),
)


def read(content: str, schema: Schema = TYPES, **options: Any) -> Node:
    return read_json(content.encode(), schema, **options)


def of(leaf: str, value: str) -> str:
    return f'{{"m:c":{{"{leaf}":{value}}}}}'


def xml_of(tree: Node) -> str:
    return print_children(tree)


def from_xml(content: str, schema: Schema, *, config_only: bool = True) -> Node:
    return read_data(parse_document(f"<data>{content}</data>".encode()), schema, config_only=config_only)


@pytest.mark.parametrize(
    ("leaf", "value", "text"),
    [
        ("i8", "-128", "-128"),
        ("u32", "4294967295", "4294967295"),
        ("i64", '"-9223372036854775808"', "-9223372036854775808"),
        ("u64", '"18446744073709551615"', "18446744073709551615"),
        ("d", '"1.5"', "1.5"),
        ("d", '"-3.0"', "-3.0"),
        ("b", "true", "true"),
        ("s", '"a\\"b\\\\ \\n\N{SNOWMAN}"', 'a"b\\ \n\N{SNOWMAN}'),
        ("s", '""', ""),
        ("e", '"up"', "up"),
        ("bits", '"x y"', "x y"),
        ("bits", '""', ""),
        ("bin", '"AQI="', "AQI="),
        ("empty", "[null]", ""),
        ("id", '"m:one"', "m:one"),
        ("id", '"n:two"', "n:two"),
        ("ref", '"5"', "5"),
        ("path", "\"/m:port[slot='1'][name='a']/n:added/a\"", "/m:port[m:slot='1'][m:name='a']/n:added/n:a"),
        ("path", "\"/m:c/own[.='x']\"", "/m:c/m:own[.='x']"),
        ("un", "5", "5"),
        ("un", '"500"', "500"),
        ("un", '"auto"', "auto"),
        ("un", "[null]", ""),
        ("un", "false", "false"),
    ],
)
def test_each_type_is_written_as_rfc_7951_section_6_says(leaf: str, value: str, text: str) -> None:
    tree = read(of(leaf, value))
    read_value = tree.get("m:c").get(leaf)
    assert tree.schema.children["m:c"].children[leaf].type.text(read_value) == text
    assert print_json(tree) == of(leaf, value)
    assert print_json(from_xml(xml_of(tree), TYPES)) == of(leaf, value)


@pytest.mark.parametrize(
    ("leaf", "value", "printed"),
    [
        ("i8", "1e1", "10"),
        ("id", '"one"', '"m:one"'),
        ("bits", '"y  x"', '"x y"'),
        ("d", '"01.50"', '"1.5"'),
        ("u64", '"+7"', '"7"'),
        ("text-first", '"5"', '"5"'),
        ("text-first", "5", "5"),
        ("path", '"/m:port[ slot = \\"1\\" ][name=\'a\']"', "\"/m:port[slot='1'][name='a']\""),
    ],
)
def test_other_ways_to_write_a_value_become_its_canonical_form(leaf: str, value: str, printed: str) -> None:
    assert print_json(read(of(leaf, value))) == of(leaf, printed)


@pytest.mark.parametrize(
    ("content", "tag", "path", "message"),
    [
        (of("i8", '"1"'), "invalid-value", "/m:c/i8", "i8: the string '1' is not an integer: int8 is written without"),
        (of("i8", "1.0"), "invalid-value", "/m:c/i8", "1.0 is not an integer"),
        (of("i8", "1e999999999"), "invalid-value", "/m:c/i8", "1e999999999 is not an integer"),
        (of("i8", "9" * 5000), "invalid-value", "/m:c/i8", "a number is not an integer"),
        (of("i8", "128"), "invalid-value", "/m:c/i8", "128 is outside -128..127"),
        (of("i8", "true"), "invalid-value", "/m:c/i8", "true is not an integer"),
        (of("i8", "null"), "invalid-value", "/m:c/i8", "null is not an integer"),
        (of("i8", "{}"), "invalid-value", "/m:c/i8", "an object is not an integer"),
        (of("u64", "1"), "invalid-value", "/m:c/u64", "uint64 is written in quotation marks"),
        (of("d", "1.5"), "invalid-value", "/m:c/d", "the number 1.5 where a string belongs"),
        (of("b", '"true"'), "invalid-value", "/m:c/b", "boolean is written without quotation marks"),
        (of("empty", "null"), "invalid-value", "/m:c/empty", "null where [null] belongs"),
        (of("un", '"5x"'), "invalid-value", "/m:c/un", "the string '5x' is not an integer"),
        (of("un", "500"), "invalid-value", "/m:c/un", "the number 500 is not"),
        (of("id", '"x:one"'), "invalid-value", "/m:c/id", "'x:one' is not an identity"),
        (of("path", '"/x:port"'), "invalid-value", "/m:c/path", "'x' in '/x:port' is not declared"),
        (of("path", '"/m:c/m:i8"'), "invalid-value", "/m:c/path", "m:i8 is written i8 in"),
        (of("s", '"\\u0000"'), "invalid-value", "/m:c/s", "the character U+0000"),
        (of("s", '"\\ud800"'), "invalid-value", "/m:c/s", "the character U+D800"),
        (of("m:i8", "1"), "unknown-element", "/m:c", "m:i8 is written i8 here"),
        (of("more", '"1"'), "unknown-element", "/m:c", "more is written n:more here"),
        ('{"c":{}}', "unknown-element", "", "c is written m:c here"),
        ('{"x:c":{}}', "unknown-namespace", "", "module x, which is not served"),
        (of("nothing", "1"), "unknown-element", "/m:c", "c has no nothing; it has i8"),
        (of("inner", "1"), "bad-element", "/m:c/inner", "inner is the number 1 where an object belongs"),
        (of("v", "1"), "bad-element", "/m:c/v", "where an array of values belongs"),
        (of("v", "[1,2,1]"), "bad-element", "/m:c/v[.='1']", "v 1 is given twice"),
        (of("v", "[1,300]"), "invalid-value", "/m:c/v", "300 is outside"),
        ('{"m:port":{}}', "bad-element", "/m:port", "where an array of objects belongs"),
        ('{"m:port":[1]}', "bad-element", "/m:port", "port is the number 1 where an object belongs"),
        ('{"m:port":[{"slot":1}]}', "missing-element", "/m:port", "port has no key name"),
        (
            '{"m:port":[{"name":"a","slot":1},{"slot":1,"name":"a"}]}',
            "bad-element",
            "/m:port[slot='1'][name='a']",
            "port 1 a is given twice",
        ),
        (
            '{"m:port":[{"mtu":1,"name":"a","slot":1}]}',
            "invalid-value",
            "/m:port[slot='1'][name='a']/mtu",
            "mtu: 1 is outside 68..9000",
        ),
        ('{"m:c":{"i8":1,"i8":2}}', "bad-element", "/m:c/i8", "i8 is given twice"),
        ('{"m:left":"a","m:right":"b"}', "bad-element", "/m:right", "m:left and m:right are alternatives"),
        ('{"m:state":{"n":1}}', "unknown-element", "/m:state", "state is state, not configuration"),
        ('{"m:data":1}', "bad-element", "/m:data", "where an object belongs"),
        ('{"m:any":{"a":{"b":1,"b":2}}}', "bad-element", "/m:any", "b is given twice"),
        ("[]", "bad-element", "", "an array where an object of data nodes belongs"),
    ],
)
def test_an_error_has_its_tag_the_path_of_the_leaf_and_the_value(
    content: str, tag: str, path: str, message: str
) -> None:
    with pytest.raises(RequestError) as raised:
        read(content)
    assert (raised.value.tag, str(raised.value.path or "")) == (tag, path)
    assert message in raised.value.message
    assert len(raised.value.message) < 400


def test_every_error_of_a_document_is_told_with_its_line_and_value() -> None:
    document = """
    {"m:c": {
       "i8": 300,
       "nothing": 1,
       "v": [1,
             "x"]},
     "m:port": [
       {"slot": 1, "name": "a"},
       {"slot": 1},
       {"slot": 2, "name": "b", "mtu": 10}
    ]}"""
    errors: list[RequestError] = []
    tree = read(document, errors=errors)
    assert [(error.line, error.tag, error.value, str(error.path)) for error in errors] == [
        (3, "invalid-value", "300", "/m:c/i8"),
        (4, "unknown-element", None, "/m:c"),
        (6, "invalid-value", "x", "/m:c/v"),
        (9, "missing-element", None, "/m:port"),
        (10, "invalid-value", "10", "/m:port[slot='2'][name='b']/mtu"),
    ]
    assert print_json(tree) == '{"m:c":{"v":[1]},"m:port":[{"slot":1,"name":"a"},{"slot":2,"name":"b"}]}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1, column 1"),
        (b'{"a":1,}', "line 1, column 8"),
        (b'{"a":\nNaN}', "NaN is no JSON"),
        (b'{"a":"\xff"}', "octet 6 is no UTF-8"),
        (b'{"a":"\x01"}', "line 1, column 7"),
        (b"{}{}", "line 1, column 3"),
    ],
)
def test_what_is_no_json_is_malformed(content: bytes, message: str) -> None:
    with pytest.raises(MalformedJson, match=message):
        read_json(content, TYPES)


@pytest.mark.parametrize("opened", ["[", '{"a":', '{"m:any":[', '{"m:data":{"m:data":'])
@pytest.mark.parametrize("levels", [10, 120, 400, 900, 1_000, 10_000, 300_000])
def test_a_deep_document_is_refused_by_a_limit(opened: str, levels: int) -> None:
    closed = "".join({"[": "]", "{": "}"}[bracket] for bracket in reversed(opened) if bracket in "[{")
    for where in ("{}", '{{"m:any":{}}}', '{{"m:data":{{"x":{}}}}}'):
        document = where.format(opened * levels + "1" + closed * levels)
        for limits in (Limits(), Limits(levels=5), Limits(levels=1_000_000)):
            try:
                print_json(read(document, limits=limits))
            except RequestError as error:
                assert error.tag in ("too-big", "bad-element", "unknown-element", "unknown-namespace")  # noqa: PT017
    with pytest.raises(TooBig, match="the 5 levels"):
        read('{"m:any":[[[[[[]]]]]]}', limits=Limits(levels=5))


def test_a_large_document_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(TooBig, match="100000000 octets"):
        read_json(b"[" * 100_000_000, TYPES)
    with pytest.raises(TooBig, match="at most 10 are read"):
        read(of("s", '"long enough"'), limits=Limits(octets=10))


def test_after_so_many_errors_no_more_are_looked_for() -> None:
    errors: list[RequestError] = []
    document = '{"m:c":{"v":[' + ",".join(['"x"'] * 100) + "]}}"
    assert read(document, errors=errors, limits=Limits(errors=10)).children == {}
    assert len(errors) == 10


def test_an_object_of_many_members_that_come_twice_is_read_in_no_time() -> None:
    errors: list[RequestError] = []
    read("{" + ",".join(f'"x{number // 2}":1' for number in range(200_000)) + "}", errors=errors)
    assert len(errors) == Limits().errors


def test_annotations_of_known_nodes_are_passed_over() -> None:
    assert print_json(read('{"@m:c":{"x:y":1},"m:c":{"@":{"x:y":1},"@i8":{"x:y":1},"i8":1}}')) == of("i8", "1")
    with pytest.raises(RequestError, match="@nothing"):
        read(of("@nothing", "{}"))


@pytest.mark.parametrize(
    "value",
    [
        '{"m:c":{"i8":5,"u64":"5"}}',
        '{"x":1,"y":[1,-2.5,"a",null,true,[],{}]}',
        '{"m:a":{"b":"text","c":["1","2"]}}',
        '{"m:a":{"n:b":{"c":"d"}}}',
        '{"m:a":{"m:b":"1"}}',
        '{"no:such":"1"}',
        "5",
        "null",
        '"text <&> text"',
        '"<b/>"',
        '"<b></b>"',
        "[]",
        '{"":{"a b":"\\r\\n"}}',
    ],
)
def test_whatever_anyxml_and_anydata_hold_comes_back(value: str) -> None:
    for name in ("m:any", "m:data"):
        if name == "m:data" and not value.startswith("{"):
            continue
        document = f'{{"{name}":{value}}}'
        tree = read(document)
        assert json.loads(print_json(tree)) == json.loads(document)
        assert from_xml(xml_of(tree), TYPES) == tree


def test_anydata_of_known_modules_is_the_same_in_xml_and_json() -> None:
    tree = read('{"m:data":{"m:c":{"i8":5,"n:more":"x"},"m:port":[{"slot":1,"name":"a"}]}}')
    assert tree.get("m:data") == (
        '<c xmlns="urn:m"><i8>5</i8><more xmlns="urn:n">x</more></c>'
        '<port xmlns="urn:m"><slot>1</slot><name>a</name></port>'
    )


@given(trees(playground()))
def test_a_tree_comes_back_from_json(tree: Node) -> None:
    schema = playground()
    text = print_json(tree)
    again = read(text, schema)
    assert print_json(again) == text
    assert again == tree
    assert read(print_json(tree, indent=2), schema) == tree


@given(trees(playground()))
def test_xml_comes_back_from_json(tree: Node) -> None:
    schema = playground()
    first = from_xml(xml_of(tree), schema)
    assert xml_of(read(print_json(first), schema)) == xml_of(first)


@st.composite
def broken(draw: Draw) -> bytes:
    """Return the JSON of a tree with some octets changed."""
    content = bytearray(print_json(draw(trees(playground()))).encode())
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content) - 1))
        piece = draw(
            st.sampled_from([b"", b'"', b"{", b"]", b",", b"1", b"null", b"\\u0000", b"m:", b'{"a":[1]}', b"\xff"])
        )
        content[start : start + draw(st.integers(0, 5))] = piece
        content = content or bytearray(b" ")
    return bytes(content)


@settings(max_examples=300)
@given(broken())
def test_whatever_arrives_is_read_or_told(content: bytes) -> None:
    errors: list[RequestError] = []
    try:
        read_json(content, playground(), errors=errors)
    except RequestError as error:
        assert error.tag in ("malformed-message", "too-big")  # noqa: PT017 - which of them is free
    lines = content.count(b"\n") + 1
    assert all(error.line is not None and 1 <= error.line <= lines for error in errors)
