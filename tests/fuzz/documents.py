"""Documents to begin with, and what is done to their bytes."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.differential.instances import Maker, written
from tests.yang.playground import playground
from yang.errors import RequestError
from yang.jsonio import print_json
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from yang.tree import Node

MADE = 60
SPACES = 'xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:yang="urn:ietf:params:xml:ns:yang:1"'
XML_PIECES = (
    *(b"<", b">", b"</", b"/>", b"&", b"&amp;", b"&#0;", b"&#xD800;", b"&#x10FFFF;", b"&x;", b'"', b"'"),
    *(b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?xml version='1.1'?>", b"<?p?>", b'<!DOCTYPE c [<!ENTITY x "y">]>'),
    *(b'<!DOCTYPE c SYSTEM "file:///dev/null">', b' xmlns=""', b' xmlns:m="urn:n"', b' xml:lang="x"', b"<a/>"),
    *(b' nc:operation="delete"', b' yang:insert="before" yang:key="[m:name=\'a\']"'),
    *(b'<entry xmlns="urn:m">', b"<name>a</name>"),
)
JSON_PIECES = (
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"null", b"[null]", b"true", b"NaN", b"-Infinity", b"1e999999"),
    *(b"-0", b"0.1", b'"1"', b"{}", b"[]", b'""', b'"\\ud800"', b'"\\u0000"', b'"\\', b"/*", b"//", b"[[[[[[[["),
    *(b'"m:top":', b'"@m:top":', b'"@":{}', b'"m:entry":[{"name":"a"}]', b'"n:top":1'),
)
OTHERS = (
    *(b"", b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b" ", b"\n", b"\xc3\xa9", b"\xf0\x9f\x98\x80", b"1"),
    *(b"9" * 5000, b"a" * 300),
)


@cache
def documents(form: str) -> tuple[bytes, ...]:
    """Return some documents of the form `xml` or `json`, most of them valid."""
    maker = Maker(playground(), Random(0), odd=0.02, density=0.3)
    found: list[bytes] = []
    while len(found) < MADE:
        content = f"<config {SPACES}>{written(maker.document())}</config>".encode()
        if form == "xml":
            found.append(content)
            continue
        try:
            found.append(print_json(_read(content)).encode())
        except RequestError:
            continue
    return tuple(found)


def _read(content: bytes) -> Node:
    return read_data(parse_document(content), playground())


@st.composite
def damaged(draw: st.DrawFn, form: str) -> bytes:
    """Return a document with pieces taken out, put in, doubled, moved or nested."""
    content = draw(st.sampled_from(documents(form)))
    pieces = (XML_PIECES if form == "xml" else JSON_PIECES) + OTHERS
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from((0, 1, 2, 8, 40))))
        match draw(st.integers(0, 5)):
            case 0:
                content = content[:start] + content[end:]
            case 1 | 2:
                content = content[:start] + draw(st.sampled_from(pieces)) + content[end:]
            case 3:
                content = content[:end] + content[start:]
            case 4:
                other = draw(st.sampled_from(documents(form)))
                content = content[:start] + other[draw(st.integers(0, len(other))) :]
            case 5:
                opening, closing = (b"<a>", b"</a>") if form == "xml" else (b'{"a":[', b"]}")
                depth = draw(st.sampled_from((10, 300, 20_000)))
                content = content[:start] + opening * depth + closing * depth + content[end:]
    return content
