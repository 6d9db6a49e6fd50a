"""The reader without elements gives what the exact one gives, or nothing."""

from __future__ import annotations

import gc
import re
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.differential.instances import written
from tests.differential.openconfig import Walker, full_schema
from tests.fuzz.documents import damaged
from tests.yang.playground import Draw, playground, trees
from yang.errors import RequestError
from yang.tree import Node
from yang.xmldata import read_data
from yang.xmlio import MalformedXml, parse_document, print_children
from yang.xmlread import CHUNK, SMALL, read_document, read_regular

if TYPE_CHECKING:
    from yang.schema import Schema

BOMB = '<!DOCTYPE data [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><data xmlns="urn:m"><top>&b;</top></data>'


def exact(content: bytes, schema: Schema, *, config_only: bool = True) -> Node | tuple[Any, ...]:
    """Return the tree, or what the error says."""
    try:
        return read_data(parse_document(content), schema, config_only=config_only)
    except (MalformedXml, RequestError) as error:
        return told(error)


def told(error: Exception) -> tuple[Any, ...]:
    """Return all that an error says."""
    names = ("tag", "app_tag", "message", "info", "line", "value")
    return (type(error), str(error), str(getattr(error, "path", "")), *(getattr(error, name, None) for name in names))


def is_taken(content: bytes, schema: Schema, *, config_only: bool = True) -> bool:
    """Return whether the reader takes a document, having seen that it then takes it for the same tree."""
    tree, expected = (
        read_regular(content, schema, config_only=config_only),
        exact(content, schema, config_only=config_only),
    )
    if tree is not None:
        assert tree == expected
        assert print_children(tree) == print_children(expected)  # the order counts
    return tree is not None


def plain(tree: Node) -> Node:
    """Return a tree without what may hold any XML."""
    return Node(tree.schema, {name: child for name, child in tree.children.items() if name not in ("m:any", "m:data")})


@st.composite
def rewritten(draw: Draw) -> bytes:
    """Return a document in one of the ways that others write it: in another order, with prefixes, white space, references."""
    top = etree.fromstring(f"<data>{print_children(plain(draw(trees(playground()))))}</data>")
    random = Random(draw(st.integers(0, 1000)))  # noqa: S311 - no secret
    if draw(st.booleans()):
        for parent in top.iter():
            if draw(st.booleans()):
                parent[:] = sorted(parent, key=lambda _: random.random())
    if draw(st.booleans()):
        etree.indent(top)
    text = etree.tostring(top, encoding="unicode")
    if draw(st.booleans()):
        text = re.sub(r"<(/?)([a-z][a-z0-9-]*)(?=[ />])(?! xmlns=)", r"<\1m:\2", text)
        text = text.replace(' xmlns="urn:m"', "").replace("<m:data", '<m:data xmlns:m="urn:m" xmlns:n="urn:n"')
    for old, new in (("\n", "\r\n"), ("a", "&amp;"), ("/>", " />"), ('"', "'"), ("'>", "' >"), ("</", "<b></b></")):
        if draw(st.integers(0, 5)) == 0:
            text = text.replace(old, new)
    head = draw(
        st.sampled_from(["", "", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>\n', "\ufeff"])
    )
    return f"{head}{text}{draw(st.sampled_from(['', chr(10), 'x', '<a/>', '<!-- -->']))}".encode()


@settings(max_examples=300)
@given(trees(playground()))
def test_what_is_printed_is_taken(tree: Node) -> None:
    content = f"<data>{print_children(plain(tree))}</data>"
    assert is_taken(content.encode(), playground())
    indented = etree.fromstring(content)
    etree.indent(indented)
    assert is_taken(etree.tostring(indented, encoding="utf-8"), playground())


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(rewritten(), st.booleans())
def test_however_it_is_written_it_is_the_same_tree_or_left(content: bytes, config_only: bool) -> None:
    is_taken(content, playground(), config_only=config_only)


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(damaged("xml"), st.booleans())
def test_a_damaged_document_is_the_same_tree_or_left(content: bytes, config_only: bool) -> None:
    is_taken(content, playground(), config_only=config_only)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0, 0, 0.02]))
def test_openconfig_is_the_same_tree_or_left(number: int, odd: float) -> None:
    walker = Walker(Random(number), odd=odd)  # noqa: S311 - no secret
    content = f"<config>{written(walker.document())}</config>"
    expected = exact(content.encode(), full_schema())
    # containers that say nothing are left where the order is not the schema's
    may_be_left = "/>" in content or not isinstance(expected, Node)
    assert is_taken(content.encode(), full_schema()) or may_be_left
    if isinstance(expected, Node):
        assert is_taken(f"<config>{print_children(expected)}</config>".encode(), full_schema())


@pytest.mark.parametrize(
    "content",
    [
        "",
        " ",
        "text",
        "<data",
        "<data>",
        "<data/>text",
        "<data/><data/>",
        "</data>",
        "<data></datas>",
        "<data>text</data>",
        "<!DOCTYPE data><data/>",
        BOMB,
        '<!DOCTYPE data SYSTEM "file:///etc/passwd"><data/>',
        "<data><top>a</data></top>",
        "<data><top>a</n:top></data>",
        "<data><top>a<!-- b -->c</top></data>",
        "<data><top>a<?b?></top></data>",
        "<data><top><![CDATA[a]]></top></data>",
        "<data><top>a]]></top></data>",
        "<data><top>&b;</top></data>",
        "<data><top>a & b</top></data>",
        "<data><top>&#0;</top></data>",
        "<data><top>\x01</top></data>",
        "<data><top>\x7f\ufffe</top></data>",
        "<data><top a='1'>a</top></data>",
        "<data xmlns='urn:m' xmlns='urn:m'/>",
        "<data xmlns:m='urn:m' xmlns:m='urn:m'/>",
        "<data xmlns:m=''/>",
        "<data xmlns:xml='urn:m'/>",
        "<data xmlns:xmlns='urn:m'/>",
        "<data xmlns:a='http://www.w3.org/2000/xmlns/'/>",
        "<data xmlns:a='http://www.w3.org/XML/1998/namespace'/>",
        "<m:data/>",
        "<data><m:top>a</m:top></data>",
        "<data><top>a</top><top>a</top></data>",
        "<data><top>a<b/></top></data>",
        "<data><other/></data>",
        '<data><top xmlns="">a</top></data>',
        "<data><types><int8>1</int8></types><top>a</top><types><int8>1</int8></types></data>",
        "<data><types/><top>a</top><types/></data>",
        "<data><types/><types/></data>",
        "<data><types>text</types></data>",
        "<data><types><int8>1</int8>text</types></data>",
        "<data><types>text<int8>1</int8></types></data>",
        "<data><types><int8>300</int8></types></data>",
        "<data><types><int8/></types></data>",
        "<data><types><empty> </empty></types></data>",
        "<data><types><string>a</string><int8>1</int8><string>b</string></types></data>",
        "<data><types><identity>:one</identity></types></data>",
        "<data><types><identity>x:one</identity></types></data>",
        "<data><entry/></data>",
        "<data><entry><int8>1</int8></entry></data>",
        "<data><entry><int8>1</int8><name>a</name></entry></data>",
        "<data><entry><name>a</name></entry><entry><name>a</name></entry></data>",
        "<data><entry><name>a</name></entry><top>a</top><entry><name>a</name></entry></data>",
        "<data><entry><name>a</name><pair><kind>one</kind><number>1</number></pair></entry></data>",
        "<data><texts>a</texts><texts>a</texts></data>",
        "<data><texts>a</texts><top>a</top><texts>a</texts></data>",
        "<data><radius>1</radius><full/></data>",
        "<data><full/><stripes>1</stripes></data>",
        "<data><state><counter>1</counter></state></data>",
    ],
)
def test_what_is_refused_is_refused_with_the_same_error(content: str) -> None:
    octets = content.replace("<data>", '<data xmlns="urn:m">', 1).encode()
    assert read_regular(octets, playground()) is None
    # so large that it is tried
    octets += b"\n" * SMALL
    expected = exact(octets, playground())
    if isinstance(expected, Node):
        assert read_document(octets, playground()) == expected
    else:
        with pytest.raises((MalformedXml, RequestError)) as raised:
            read_document(octets, playground())
        assert told(raised.value) == expected


@pytest.mark.parametrize("octets", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x00"])
def test_octets_that_are_no_text_are_left(octets: bytes) -> None:
    assert read_regular(b'<data xmlns="urn:m"><top>' + octets + b"</top></data>", playground()) is None


@pytest.mark.parametrize(
    ("kinds", "values"),
    [
        (
            '<kinds>p:one</kinds><kinds xmlns:p="urn:n">p:three</kinds><kinds>p:two</kinds>',
            ("m:one", "n:three", "m:two"),
        ),
        ('<p:kinds xmlns="urn:n">three</p:kinds><kinds>two</kinds>', ("n:three", "m:two")),
        ('<kinds>p:one</kinds><kinds xmlns:p="urn:n">p:one</kinds>', None),
        ('<kinds>p:one</kinds><kinds xmlns:q="urn:n">q:three</kinds><kinds>q:three</kinds>', None),
    ],
)
def test_a_prefix_is_what_is_declared_where_it_stands(kinds: str, values: tuple[str, ...] | None) -> None:
    content = f'<data xmlns="urn:m" xmlns:p="urn:m">{kinds}</data>'.encode()
    assert is_taken(content, playground()) is (values is not None)
    if values is not None:
        assert read_document(content, playground()).children["m:kinds"] == values


def test_a_value_without_prefix_is_of_the_leafs_module_where_no_namespace_is_the_default() -> None:
    content = b'<data xmlns:p="urn:m"><p:kinds>one</p:kinds></data>'
    assert is_taken(content, playground())
    assert read_document(content, playground()).children["m:kinds"] == ("m:one",)


@pytest.mark.parametrize(
    "text", [" a ", "\n", "  ", "a\n b", "a > b", "\u2003", "\xa0x", "a\tb", "&amp;lt;", "&#13;&#xD;\r\n"]
)
def test_white_space_and_references_in_values_are_kept(text: str) -> None:
    content = f'<data xmlns="urn:m">\n <top>{text}</top>\n</data>'.encode()
    assert is_taken(content, playground())


@pytest.mark.parametrize("length", [CHUNK - 100, CHUNK - 30, CHUNK - 24, CHUNK - 23, CHUNK - 22, CHUNK, 3 * CHUNK + 7])
def test_a_long_text_is_one_value(length: int) -> None:
    text = "ab " * (length // 3) + "c" * (length % 3) + "d"
    for gap in ("", " ", "\n" * 5):
        assert is_taken(
            f'<data xmlns="urn:m">{gap}<top>{text}</top>{gap}<texts>e</texts></data>'.encode(), playground()
        )


def test_a_large_document_is_read_whatever_its_chunks_are() -> None:
    entries = "".join(
        f"<entry><name>{number:x}</name><string>{'x' * (number % 97)}</string><int8>{number % 100}</int8>"
        f"<ranked><name>a</name></ranked><ranked><name>b</name><deep><own>1</own><own>2</own></deep></ranked></entry>\n"
        for number in range(4095)
    )
    content = f'<data xmlns="urn:m">{entries}</data>'.encode()
    assert len(content) > 8 * CHUNK
    assert is_taken(content, playground())
    assert read_document(content, playground()) == exact(content, playground())


def test_a_document_that_is_cut_off_is_left() -> None:
    rules = "".join(f"<rule><kind>m:one</kind><name>{name}</name><value>a</value></rule>" for name in range(3))
    texts = "".join(f"<texts>{text}</texts>" for text in range(3))
    content = f'<data xmlns="urn:m" xmlns:m="urn:m">{rules}{texts}</data>'
    assert is_taken(content.encode(), playground())
    for end in range(len(content)):
        assert read_regular(content[:end].encode(), playground()) is None


def test_markup_that_never_comes_again_is_left() -> None:
    content = (
        "<data>" + "".join(f"{' ' * number}<texts xmlns='urn:m'>{number}</texts>" for number in range(600)) + "</data>"
    )
    assert read_regular(content.encode(), playground()) is None
    assert len(read_document(content.encode(), playground()).children["m:texts"]) == 600


def test_what_is_read_is_the_only_thing_that_is_left() -> None:
    content = b'<data xmlns="urn:m">' + b"<texts>a</texts>" + b"<kinds>one</kinds></data>" + b"\n" * SMALL
    schema = playground()
    tree = read_document(content, schema)
    gc.collect()
    gc.disable()
    try:
        assert read_document(content, schema) == tree
        assert gc.collect() == 0  # a tree in a circle would stay until the collector comes
    finally:
        gc.enable()
