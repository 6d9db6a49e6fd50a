"""Whatever arrives: documents are read or refused with an error that a client can be told, and nothing else is raised."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.conftest import module
from tests.yang.playground import TEXT, Draw, playground, schema_of, trees
from yang.diff import NETCONF, YANG
from yang.edit import edit_config
from yang.errors import RequestError
from yang.filter import select
from yang.tree import Node
from yang.validate import validate_whole
from yang.xmldata import read_data
from yang.xmlio import MalformedXml, parse_document, print_children

if TYPE_CHECKING:
    from collections.abc import Callable

TAGS = {
    *("bad-element", "unknown-element", "unknown-namespace", "missing-element", "invalid-value", "bad-attribute"),
    *("unknown-attribute", "missing-attribute", "data-exists", "data-missing", "operation-failed", "too-big"),
}
KEYS = schema_of(
    module(
        """
        identity base; identity one { base base; }
        list port { key "slot name"; leaf slot { type uint8 { range "0..9"; } } leaf name { type string { length "1..8"; } }
          leaf mtu { type uint16; } container c { leaf deep { type int8; } leaf kind { type identityref { base base; } } } }
        leaf-list v { type int8; } anyxml any;
        """
    )
)


def read(content: str) -> Node:
    return read_data(parse_document(f'<data xmlns="urn:m">{content}</data>'.encode()), KEYS)


PORT = "<slot>1</slot><name>a</name>"


@pytest.mark.parametrize(
    ("content", "tag", "path", "message"),
    [
        (
            f"<port>{PORT}</port><port>{PORT}</port>",
            "bad-element",
            "/m:port[slot='1'][name='a']",
            "port 1 a is given twice",
        ),
        ("<port><name>a</name><slot>1</slot></port>", "bad-element", "/m:port", "come first and in order: slot name"),
        ("<port><mtu>1</mtu><slot>1</slot><name>a</name></port>", "bad-element", "/m:port", "come first and in order"),
        ("<port><slot>1</slot></port>", "missing-element", "/m:port", "port has no key name"),
        ("<port/>", "missing-element", "/m:port", "port has no key slot"),
        ("<port><slot>99</slot><name>a</name></port>", "invalid-value", "/m:port/slot", "99"),
        (
            f"<port>{PORT}<slot>2</slot></port>",
            "bad-element",
            "/m:port[slot='1'][name='a']/slot",
            "slot is given twice",
        ),
        (f"<port>{PORT}<mtu>70000</mtu></port>", "invalid-value", "/m:port[slot='1'][name='a']/mtu", "70000"),
        (
            f"<port>{PORT}<mtu>1</mtu><mtu>1</mtu></port>",
            "bad-element",
            "/m:port[slot='1'][name='a']/mtu",
            "given twice",
        ),
        (
            f"<port>{PORT}<mtu><x/></mtu></port>",
            "bad-element",
            "/m:port[slot='1'][name='a']/mtu",
            "elements where a value",
        ),
        (f"<port>{PORT}<nothing/></port>", "unknown-element", "/m:port[slot='1'][name='a']", "nothing"),
        (f'<port>{PORT}<mtu xmlns="urn:x">1</mtu></port>', "unknown-namespace", "/m:port[slot='1'][name='a']", "urn:x"),
        (
            f"<port>{PORT}<c><deep>x</deep></c></port>",
            "invalid-value",
            "/m:port[slot='1'][name='a']/c/deep",
            "deep: 'x' is not",
        ),
        (
            f"<port>{PORT}<c><kind>p:one</kind></c></port>",
            "invalid-value",
            "/m:port[slot='1'][name='a']/c/kind",
            "p:one",
        ),
        ("<v>1</v><v>1</v>", "bad-element", "/m:v[.='1']", "v 1 is given twice"),
        ("<v>300</v>", "invalid-value", "/m:v", "300"),
        (f"<v>{'9' * 100_000}</v>", "invalid-value", "/m:v", "99999"),
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


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE data [<!ENTITY a "x">]><data>&a;</data>',
        '<!DOCTYPE d [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><d>&c;</d>',
        '<!DOCTYPE d SYSTEM "file:///etc/passwd"><d/>',
        '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><d>&a;</d>',
        '<?xml version="1.0"?><!-- x --><!DOCTYPE d><d/>',
        "<data>&nothing;</data>",
        '<data a="1" a="2"/>',
        '<data xmlns:p="urn:p" xmlns:q="urn:p" p:a="1" q:a="2"/>',
        "<p:data/>",
        "<data>\x00</data>",
        "<data><a></data></a>",
        "<data/><data/>",
        "",
    ],
)
def test_what_is_no_document_of_ours_is_malformed(document: str) -> None:
    with pytest.raises(MalformedXml):
        parse_document(document.encode())


def nested(levels: int, name: str = "c") -> str:
    return f"<{name}>" * levels + f"</{name}>" * levels


@pytest.mark.parametrize("levels", [10, 200, 300, 1_000, 10_000, 200_000])
@pytest.mark.parametrize("where", ["{}", "<any>{}</any>", "<port>" + PORT + "{}</port>", "<v>{}</v>"])
def test_whatever_the_depth_there_is_an_answer(levels: int, where: str) -> None:
    document = f'<data xmlns="urn:m">{where.format(nested(levels))}</data>'.encode()
    try:
        element = parse_document(document)
    except MalformedXml:
        return
    for use in (
        lambda: print_children(read_data(element, KEYS)),
        lambda: edit_config(Node(KEYS.root, {}), element),
        lambda: select(Node(KEYS.root, {}), list(element)),
    ):
        answered(use)


def answered(use: Callable[[], object]) -> RequestError | None:
    """Call `use`, and return what it says is wrong, if anything."""
    found = refused(use)
    if found is not None:
        assert found.tag in TAGS
        assert len(found.message) < 1000
    return found


def refused(use: Callable[[], object]) -> RequestError | None:
    try:
        use()
    except RequestError as error:
        return error
    return None


@pytest.mark.parametrize("size", [10_000, 10_000_000])
def test_a_long_text_is_read_or_told_in_short(size: int) -> None:
    for content in (f"<v>{'x' * size}</v>", f"<port>{PORT}{'x' * size}</port>"):
        answered(lambda content=content: read(content))
    long = read(f"<any>{'x' * size}</any>")
    assert len(print_children(long)) > size


NAMES = [
    "types",
    "presence",
    "entry",
    "rule",
    "name",
    "kind",
    "int8",
    "string",
    "pair",
    "number",
    "any",
    "data",
    "a",
    "state",
]
NAMES += [
    "inner",
    "radius",
    "side",
    "length",
    "kinds",
    "texts",
    "top",
    "config",
    "values",
    "identity",
    "instance",
    "union",
]
ATTRIBUTES = ["operation", "insert", "key", "value", "a", "xmlns:z"]


@st.composite
def elements(draw: Draw, depth: int = 3) -> str:
    """Return an element that has much in common with those of the schema."""
    name = draw(st.sampled_from(NAMES))
    prefix = draw(st.sampled_from(["", "", "", "", "n:", "nc:", "x:"]))
    attributes = ""
    if draw(st.integers(0, 3)) == 0:
        attribute = draw(st.sampled_from(["nc:operation", "yang:insert", "yang:key", "yang:value", "nc:x", "a"]))
        values = ["delete", "create", "first", "before", "[m:name='a']", "", "'", "urn:x", "remove", "replace"]
        value = draw(st.sampled_from(values))
        attributes = f' {attribute}="{value}"'
    if depth and draw(st.booleans()):
        content = "".join(draw(st.lists(elements(depth - 1), max_size=3)))
    else:
        texts = [
            "",
            "1",
            "a",
            "m:one",
            "one",
            "true",
            "/m:top",
            "<!-- c -->",
            "<?p i?>",
            "<![CDATA[<]]>",
            " \n",
            "&lt;",
            "&#13;",
        ]
        content = draw(st.sampled_from(texts))
    return f"<{prefix}{name}{attributes}>{content}</{prefix}{name}>"


SPACES = f'xmlns="urn:m" xmlns:n="urn:n" xmlns:x="urn:x" xmlns:nc="{NETCONF}" xmlns:yang="{YANG}"'


@given(content=st.lists(elements(), max_size=4).map("".join), tree=trees(playground()))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_any_elements_are_read_edited_and_selected_or_told(content: str, tree: Node) -> None:
    element = parse_document(f"<config {SPACES}>{content}</config>".encode())
    answered(lambda: validate_whole(read_data(element, playground())))
    answered(lambda: validate_whole(edit_config(tree, element)))
    answered(lambda: print_children(select(tree, list(element))))


OTHER = [b"<", b">", b"</", b"&", b'"', b"\x00", b"\xff", b"a", b"", b"xmlns", b" "]


@given(tree=trees(playground()), data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_a_document_with_a_few_other_bytes_is_read_or_told(tree: Node, data: st.DataObject) -> None:
    content = bytearray(f"<config {SPACES}>{print_children(tree)}</config>".encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content) - 1))
        end = data.draw(st.integers(start, min(start + 3, len(content))))
        content[start:end] = data.draw(st.sampled_from(OTHER))
    try:
        element = parse_document(bytes(content))
    except MalformedXml:
        return
    answered(lambda: read_data(element, playground()))
    answered(lambda: edit_config(tree, element))
    answered(lambda: select(tree, list(element)))


@given(text=st.one_of(TEXT, st.text(alphabet=string.printable, max_size=10)))
@example(text="\u0663")
@example(text="1_000")
@example(text="\u2003 1")
@example(text="nan")
@example(text="1e5")
def test_any_text_is_a_value_or_told_at_its_leaf(text: str) -> None:
    types = playground().find("/m:types").children
    for name, leaf in types.items():
        if leaf.kind != "leaf":
            continue
        document = etree.Element("{urn:m}data", nsmap={None: "urn:m"})
        box = etree.SubElement(document, "{urn:m}types")
        try:
            etree.SubElement(box, leaf.tag).text = text
        except ValueError:
            return  # no character of XML
        error = answered(lambda document=document: read_data(document, playground()))
        if error is not None:
            assert error.tag == "invalid-value"
            assert str(error.path) == f"/m:types/{name}"
        else:
            tree = read_data(document, playground())
            again = parse_document(f"<data>{print_children(tree)}</data>".encode())
            assert read_data(again, playground()) == tree
