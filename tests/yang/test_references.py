"""References to other nodes: of unions, and instance-identifiers (RFC 7950 sections 9.9, 9.12 and 9.13)."""

from __future__ import annotations

import pytest

from tests.conftest import module
from tests.yang.playground import schema_of
from yang.validate import validate_whole
from yang.xmldata import read_data
from yang.xmlio import parse_document

MODEL = module(
    """
    list port { key "slot name"; leaf slot { type uint8; } leaf name { type string; } leaf mtu { type uint16; default 1500; } }
    leaf-list tag { type decimal64 { fraction-digits 1; } } container box { leaf in { type empty; } } leaf value { type int8; }
    container here { presence "p"; leaf full { type string; default "yes"; } }
    leaf id { type instance-identifier; } leaf loose { type instance-identifier { require-instance false; } }
    leaf one { type union { type leafref { path "/m:port/m:slot"; } type enumeration { enum auto; } } }
    leaf free { type union { type leafref { path "/m:port/m:slot"; } type string; } }
    leaf any { type union { type instance-identifier; type leafref { path "/m:value"; } } }
    """
)
PORT = "<port><slot>1</slot><name>a/b</name></port>"


def broken(content: str) -> list[tuple[str, str | None, str, str]]:
    document = f'<data xmlns="urn:m" xmlns:m="urn:m">{content}</data>'.encode()
    errors = validate_whole(read_data(parse_document(document), schema_of(MODEL)))
    return [(error.tag, error.app_tag, str(error.path), error.message) for error in errors]


@pytest.mark.parametrize(
    "content",
    [
        f"{PORT}<id>/m:port[m:slot='1'][m:name='a/b']</id>",
        f'{PORT}<id>/m:port[m:name="a/b"][ m:slot = "01" ]/m:name</id>',
        f"{PORT}<id>/m:port[m:slot='1'][m:name='a/b']/m:mtu</id>",
        "<tag>1.50</tag><id>/m:tag[.='1.5']</id>",
        "<id>/m:box</id>",
        "<here/><id>/m:here/m:full</id>",
        "<loose>/m:value</loose>",
        f"{PORT}<one>1</one>",
        "<one>auto</one>",
        "<free>1</free>",
        "<any>/m:box</any>",
        "<value>3</value><any>3</any>",
    ],
)
def test_what_is_referred_to_is_there(content: str) -> None:
    assert broken(content) == []


@pytest.mark.parametrize(
    "path",
    [
        "/m:value",
        "/m:box/m:in",
        "/m:here/m:full",
        "/m:nothing",
        "/m:port",
        "/m:port[m:slot='1']",
        "/m:port[m:slot='1'][m:slot='1']",
        "/m:port[m:slot='2'][m:name='a/b']",
        "/m:port[m:slot='x'][m:name='a/b']",
        "/m:port[1]",
        "/m:tag[.='1.5']",
        "/m:tag[1]",
        "/m:box[1]",
        "/m:id/m:box",
    ],
)
def test_an_instance_identifier_names_one_instance_that_is_there(path: str) -> None:
    assert broken(f"{PORT}<id>{path}</id>") == [
        ("data-missing", "instance-required", "/m:id", f"id {path} refers to nothing: there is no such node")
    ]


def test_a_union_of_references_is_told_with_all_that_it_may_refer_to() -> None:
    assert broken("<one>7</one>") == [
        ("data-missing", "instance-required", "/m:one", "one 7 refers to nothing: there is no such /m:port/m:slot")
    ]
    assert [path for _, _, path, _ in broken("<any>3</any>")] == ["/m:any"]
