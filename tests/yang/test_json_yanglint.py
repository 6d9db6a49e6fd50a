"""JSON as libyang's yanglint has it: what one writes the other reads, and they agree about what is wrong."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conftest import module, needs
from tests.yang.playground import schema_of
from yang.errors import RequestError
from yang.jsondata import read_json
from yang.jsonio import print_json
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yang.tree import Node

    Yanglint = Callable[[str, str], str | None]

M = module(
    """
    identity base; identity one { base base; }
    container c {
      leaf i8 { type int8; } leaf i64 { type int64; } leaf d { type decimal64 { fraction-digits 2; } }
      leaf b { type boolean; } leaf s { type string; } leaf bits { type bits { bit x; bit y; } } leaf bin { type binary; }
      leaf empty { type empty; } leaf id { type identityref { base base; } }
      leaf path { type instance-identifier { require-instance false; } }
      leaf un { type union { type int8; type uint64; type enumeration { enum auto; } } }
      leaf-list v { type int8; } leaf-list own { type string; ordered-by user; } container p { presence "here"; }
    }
    list port { key "slot name"; leaf slot { type uint8; } leaf name { type string; } leaf mtu { type uint16; } }
    anydata data; anyxml any;
    """
)
N = module(
    """
    import m { prefix m; } identity two { base m:base; }
    augment "/m:port" { container added { leaf a { type string; } } }
    """,
    "n",
    "n",
)
SCHEMA = schema_of(M, N)


@pytest.fixture
def yanglint(tmp_path: Path) -> Yanglint:
    """A function that gives a document to yanglint and returns it as `xml` or `json`, or None if it is refused."""
    needs("yanglint")
    for text in (M, N):
        (tmp_path / f"{text.split()[1]}.yang").write_text(text)

    def convert(document: str, wanted: str) -> str | None:
        path = tmp_path / ("document.xml" if document.startswith("<") else "document.json")
        path.write_text(document)
        command = [
            "yanglint",
            "-f",
            wanted,
            "-t",
            "config",
            str(tmp_path / "m.yang"),
            str(tmp_path / "n.yang"),
            str(path),
        ]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        return run.stdout if run.returncode == 0 else None

    return convert


def from_xml(content: str) -> Node:
    return read_data(parse_document(f"<data>{content}</data>".encode()), SCHEMA)


LEAVES = (
    "<i8>-5</i8>",
    "<i64>-9223372036854775808</i64>",
    "<d>1.50</d>",
    "<b>true</b>",
    '<s>a"\\\n\N{SNOWMAN}&lt;</s>',
    "<bits>y x</bits>",
    "<bin>AQI=</bin>",
    "<empty/>",
    '<id xmlns:m="urn:m">m:one</id>',
    '<id xmlns:x="urn:n">x:two</id>',
    """<path xmlns:m="urn:m" xmlns:n="urn:n">/m:port[m:slot='1'][m:name='a']/n:added/n:a</path>""",
    "<un>5</un>",
    "<un>500</un>",
    "<un>auto</un>",
    "<v>1</v><v>2</v>",
    "<own>b</own><own>a</own>",
    "<p/>",
)


@pytest.mark.parametrize(
    "content",
    [
        *(f'<c xmlns="urn:m">{leaf}</c>' for leaf in LEAVES),
        '<port xmlns="urn:m"><slot>1</slot><name>a</name><added xmlns="urn:n"><a>x</a></added></port>',
        '<data xmlns="urn:m"><c><i8>5</i8></c></data>',
    ],
)
def test_both_print_the_same_json_and_read_what_the_other_prints(content: str, yanglint: Yanglint) -> None:
    tree = from_xml(content)
    theirs = yanglint(content, "json")
    assert theirs is not None
    if "<data" not in content:  # yanglint leaves the module's name out at the top of anydata
        assert json.loads(theirs) == json.loads(print_json(tree))
        assert read_json(theirs.encode(), SCHEMA) == tree
    again = yanglint(print_json(tree), "xml")
    assert again is not None
    assert from_xml(re.sub(r">\s+<", "><", again)) == tree


@pytest.mark.parametrize(
    "document",
    [
        '{"m:c":{"i8":"1"}}',
        '{"m:c":{"i8":1.0}}',
        '{"m:c":{"i8":1e1}}',
        '{"m:c":{"i8":128}}',
        '{"m:c":{"i8":null}}',
        '{"m:c":{"i64":1}}',
        '{"m:c":{"d":1.5}}',
        '{"m:c":{"b":"true"}}',
        '{"m:c":{"s":5}}',
        '{"m:c":{"empty":null}}',
        '{"m:c":{"empty":[null]}}',
        '{"m:c":{"id":"one"}}',
        '{"m:c":{"id":"two"}}',
        '{"m:c":{"id":"n:two"}}',
        '{"m:c":{"un":500}}',
        '{"m:c":{"un":"500"}}',
        '{"m:c":{"v":1}}',
        '{"m:c":{"v":[]}}',
        '{"m:c":{"v":[1,1]}}',
        '{"m:c":{"i8":1,"i8":2}}',
        '{"m:c":[]}',
        '{"m:port":{"slot":1,"name":"a"}}',
        '{"m:port":[{"name":"a","slot":1}]}',
        '{"m:port":[{"slot":1}]}',
        '{"c":{}}',
        '{"x:c":{}}',
        '{"m:c":{"none":1}}',
    ],
)
def test_both_agree_whether_a_document_is_right(document: str, yanglint: Yanglint) -> None:
    try:
        read_json(document.encode(), SCHEMA)
        is_right = True
    except RequestError:
        is_right = False
    assert (yanglint(document, "xml") is not None) is is_right
