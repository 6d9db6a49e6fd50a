"""XML in and out: what is printed reads as the same tree, and no document can do harm."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.conftest import empty, module
from tests.yang.playground import playground, trees
from yang.diff import in_config
from yang.edit import edit_config
from yang.errors import BadElement
from yang.values import Identity, InstanceIdentifier
from yang.xmldata import read_data
from yang.xmlio import MalformedXml, parse_document, print_child, print_children

if TYPE_CHECKING:
    from collections.abc import Callable

    from yang.schema import Schema
    from yang.tree import Node


def read(schema: Schema, content: str) -> Node:
    return read_data(parse_document(f"<data>{content}</data>".encode()), schema)


@given(trees(playground()))
def test_what_is_printed_reads_as_the_same_tree(tree: Node) -> None:
    again = read(playground(), print_children(tree))
    assert again == tree
    assert print_children(again) == print_children(tree)


@given(trees(playground()))
def test_what_is_printed_merges_into_nothing_as_the_same_tree(tree: Node) -> None:
    document = parse_document(in_config(print_children(tree)).encode())
    assert edit_config(empty(playground()), document) == tree
    assert edit_config(tree, document) == tree


@given(trees(playground()))
def test_children_printed_one_by_one_are_the_whole(tree: Node) -> None:
    parts = (print_child(name, child, tree.schema) for name, child in tree.children.items())
    assert "".join(parts) == print_children(tree)


@pytest.fixture
def schema(compiled: Callable[..., Schema]) -> Schema:
    """Some leaves."""
    body = """
    identity base; container c { leaf text { type string; } leaf path { type instance-identifier; }
    leaf-list kinds { type identityref { base base; } } leaf any { type union { type identityref { base base; } type string; } } }
    container here { presence "here"; } anyxml xml;
    """
    other = module("import m { prefix x; } identity one { base x:base; }", "other", "m")
    return compiled(m=module(body), other=other)


def test_elements_stand_without_white_space_and_namespaces_only_where_they_change(schema: Schema) -> None:
    tree = read(schema, '<p:c xmlns:p="urn:m">\n <p:text>a</p:text> </p:c><here xmlns="urn:m"> </here>')
    assert print_children(tree) == '<c xmlns="urn:m"><text>a</text></c><here xmlns="urn:m"/>'


def test_text_is_escaped_so_that_no_character_is_lost(schema: Schema) -> None:
    tree = read(schema, '<c xmlns="urn:m"><text>&lt;a&gt; &amp; "b" \t\n&#13;]]&gt;</text></c>')
    assert tree.get("m:c").get("text") == '<a> & "b" \t\n\r]]>'
    assert read(schema, print_children(tree)) == tree
    assert "&#13;" in print_children(tree)


def test_an_identity_is_printed_with_its_namespace_declared(schema: Schema) -> None:
    tree = read(schema, '<c xmlns="urn:m" xmlns:x="urn:other"><kinds>x:one</kinds><any>x:one</any></c>')
    assert tree.get("m:c").get("kinds") == (Identity("other:one"),)
    assert isinstance(tree.get("m:c").get("any"), Identity)
    assert print_children(tree) == (
        '<c xmlns="urn:m"><kinds xmlns:m="urn:other">m:one</kinds><any xmlns:m="urn:other">m:one</any></c>'
    )


def test_an_instance_identifier_is_printed_with_its_namespaces_declared(schema: Schema) -> None:
    content = '<c xmlns="urn:m" xmlns:x="urn:m" xmlns:y="urn:other"><path>/x:c/y:b[x:text="&lt;"]</path></c>'
    tree = read(schema, content)
    path = tree.get("m:c").get("path")
    assert isinstance(path, InstanceIdentifier)
    assert path == "/m:c/other:b[m:text='<']"
    assert read(schema, print_children(tree)) == tree


def test_anyxml_keeps_its_content(schema: Schema) -> None:
    inner = '<a xmlns="urn:a" b="1">x<c/>y&amp;<d xmlns="urn:d"/></a>'
    tree = read(schema, f'<xml xmlns="urn:m">before{inner}after</xml>')
    again = read(schema, print_children(tree))
    assert again == tree
    first, second = (
        etree.tostring(parse_document(text.encode()), method="c14n2")
        for text in (f'<xml xmlns="urn:m">before{inner}after</xml>', print_children(tree))
    )
    assert first == second


# documents that mean harm


BOMB = (
    "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
    "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'>]><a>&d;</a>"
)
EXTERNAL = "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><a>&e;</a>"


@pytest.mark.parametrize(
    "document", [BOMB, EXTERNAL, "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>", "<!DOCTYPE a><a/>"]
)
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037"]
)
def test_a_document_type_is_refused_in_whatever_encoding(document: str, encoding: str) -> None:
    with pytest.raises(MalformedXml):
        parse_document(document.encode(encoding))
    name = "IBM037" if encoding == "cp037" else encoding
    with pytest.raises(MalformedXml):
        parse_document(f'<?xml version="1.0" encoding="{name}"?>{document}'.encode(encoding))


def test_text_that_only_looks_like_a_document_type_is_text(schema: Schema) -> None:
    tree = read(schema, '<c xmlns="urn:m"><text><![CDATA[<!DOCTYPE a>]]></text></c>')
    assert tree.get("m:c").get("text") == "<!DOCTYPE a>"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b" ",
        b"text",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a b=1/>",
        b"<a b='1' b='2'/>",
        b"<a>&nothing;</a>",
        b"<p:a/>",
        b"<a>\x00</a>",
        b"<a>\x01</a>",
        b"<a>&#0;</a>",
        b"<a>&#x1F;</a>",
        b"<a>\xff\xfe</a>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>\xef\xbf\xbf</a>",
        b"<a>&#xFFFE;</a>",
        b"\x00" * 100,
        b"<" * 100_000,
        b"<a" * 100_000,
    ],
)
def test_what_is_no_document_is_malformed(document: bytes) -> None:
    with pytest.raises(MalformedXml):
        parse_document(document)


def test_comments_and_processing_instructions_are_as_if_they_were_not_there(schema: Schema) -> None:
    document = '<c xmlns="urn:m"><!-- a --><?b c?><text>o<!-- d -->n<?e?>e</text></c>'
    assert read(schema, document).get("m:c").get("text") == "one"


def test_ten_thousand_levels_are_refused() -> None:
    with pytest.raises(MalformedXml):
        parse_document(b"<a>" * 10_000 + b"</a>" * 10_000)


@pytest.mark.parametrize("levels", [100, 200, 250])
def test_levels_that_are_taken_can_be_read_and_edited(schema: Schema, levels: int) -> None:
    nested = "<a>" * levels + "</a>" * levels
    tree = read(schema, f'<xml xmlns="urn:m">{nested}</xml>')
    assert read(schema, print_children(tree)) == tree
    document = parse_document(in_config(f'<xml xmlns="urn:m">{nested}</xml>').encode())
    assert edit_config(empty(schema), document) == tree


def test_a_text_of_twenty_megabytes_is_read(schema: Schema) -> None:
    tree = read(schema, f'<c xmlns="urn:m"><text>{"x" * 20_000_000}</text></c>')
    assert len(tree.get("m:c").get("text")) == 20_000_000


@given(st.binary(max_size=60))
def test_random_bytes_are_read_or_malformed(content: bytes) -> None:
    with suppress(MalformedXml):
        parse_document(content)


def test_a_malformed_document_is_told_with_line_and_column() -> None:
    with pytest.raises(MalformedXml, match=r"line 2, column"):
        parse_document(b"<a>\n<b></a>")


def test_prefixes_in_the_values_of_anyxml_stay_declared(schema: Schema) -> None:
    content = '<xml xmlns="urn:m" xmlns:x="urn:x" xmlns:y="urn:y" xmlns:z="urn:z"><a b="y:1">x:name</a></xml>'
    tree = read(schema, content)
    assert 'xmlns:x="urn:x"' in tree.get("m:xml")
    assert 'xmlns:y="urn:y"' in tree.get("m:xml")
    assert "urn:z" not in tree.get("m:xml")


@pytest.mark.parametrize("content", ['<a xmlns=""/>', '<p:a xmlns:p="urn:p"><b xmlns=""/></p:a>', '<a xmlns="urn:a"/>'])
def test_what_anyxml_holds_in_no_namespace_stays_there(schema: Schema, content: str) -> None:
    tree = read(schema, f'<xml xmlns="urn:m">{content}</xml>')
    printed = print_children(tree)
    assert read_data(parse_document(f"<data>{printed}</data>".encode()), schema) == tree


def test_anyxml_with_a_relative_namespace_is_refused(schema: Schema) -> None:
    with pytest.raises(BadElement, match="/m:xml: a namespace that is no absolute URI"):
        read(schema, '<xml xmlns="urn:m"><a xmlns="relative"/></xml>')
