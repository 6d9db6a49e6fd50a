"""Files with data: whatever its form, the same tree, and the line of every node in it."""

from __future__ import annotations

import json

import pytest

from tests.conftest import module
from tests.yang.playground import schema_of
from yang import instance_data
from yang.data_file import open_data
from yang.errors import RequestError, TooBig
from yang.instance_data import InstanceDataSet
from yang.json_document import MalformedJson
from yang.limits import Limits
from yang.validate import validate_whole

SCHEMA = schema_of(
    module(
        """
        revision 2026-01-02;
        container c { leaf a { type int8; } leaf-list v { type int8; max-elements 1; } leaf must { type int8; must "../a = 1"; } }
        list port { key "slot name"; leaf slot { type uint8; } leaf name { type string; }
          leaf mtu { type uint16; mandatory true; } }
        """
    )
)
C = '<c xmlns="urn:m"><a>1</a></c>'
SET = instance_data.NAMESPACE
FORMS = (
    C,
    f"<data>{C}</data>",
    f'<nc:config xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0">{C}</nc:config>',
    f'\ufeff<?xml version="1.0"?><!-- a comment -->\n{C}',
    f'<instance-data-set xmlns="{SET}"><name>n</name><content-data>{C}</content-data></instance-data-set>',
    '{"m:c":{"a":1}}',
    '\ufeff {"data":{"m:c":{"a":1}}}',
    '{"ietf-restconf:data":{"m:c":{"a":1}}}',
    '{"ietf-yang-instance-data:instance-data-set":{"name":"n","content-data":{"m:c":{"a":1}}}}',
)


@pytest.mark.parametrize("content", FORMS)
def test_every_form_gives_the_same_tree(content: str) -> None:
    file = open_data(content.encode())
    tree, errors = file.read(SCHEMA, config_only=True)
    assert errors == []
    assert tree.get("m:c").children == {"a": 1}
    assert (file.said is not None) is ("instance-data" in content)
    again, errors = open_data(file.bare().encode()).read(SCHEMA, config_only=True)
    assert (again, errors) == (tree, [])


XML = """<config>
<c xmlns="urn:m"><a>2</a>
 <v>1</v>
 <v>2</v>
 <must>1</must></c>
<port xmlns="urn:m"><slot>1</slot>
 <name>a</name><mtu>1</mtu></port>
<port xmlns="urn:m"><slot>2</slot>
 <name>b</name></port>
</config>"""
JSON = """{"m:c": {"a": 2, "x\\"{": "}",
   "must": 1,
   "v": [1,
         2]},
 "m:port": [
  {"slot": 1, "name": "a", "mtu": 1},

  {"name": "b",
   "slot": 2}
]}"""


@pytest.mark.parametrize(("content", "lines"), [(XML, (3, 5, 8)), (JSON.replace('"x\\"{": "}",', ""), (3, 2, 8))])
def test_what_breaks_a_rule_has_its_line(content: str, lines: tuple[int, ...]) -> None:
    file = open_data(content.encode())
    tree, errors = file.read(SCHEMA, config_only=True)
    assert errors == []
    found = {str(error.path): file.line(error.path) for error in validate_whole(tree)}
    assert found == {"/m:c/v": lines[0], "/m:c/must": lines[1], "/m:port[slot='2'][name='b']/mtu": lines[2]}


def test_what_cannot_be_read_has_its_line_too() -> None:
    file = open_data(JSON.encode())
    _, errors = file.read(SCHEMA, config_only=True)
    assert [(error.line, error.tag) for error in errors] == [(1, "unknown-element")]
    assert open_data(b"<x>\n<y/></x>").read(SCHEMA, config_only=True)[1][0].line == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "neither XML nor JSON"),
        ("leaf: value", "neither XML nor JSON"),
        ("<a>", "line 1"),
        ("[1]", "an array where an object"),
        ('{"ietf-yang-instance-data:instance-data-set":[]}', "no object"),
        ('{"ietf-yang-instance-data:instance-data-set":{"name":"n"}}', "no content-data"),
        ('{"ietf-yang-instance-data:instance-data-set":{"nom":"n","content-data":{}}}', "has no nom"),
        (f'<instance-data-set xmlns="{SET}"><nom/></instance-data-set>', "has no nom"),
        (f'<instance-data-set xmlns="{SET}"><name/><name/></instance-data-set>', "name is given twice"),
        (
            f'<instance-data-set xmlns="{SET}"><includes-defaults>some</includes-defaults></instance-data-set>',
            "'some' is not one of report-all",
        ),
        (
            f'<instance-data-set xmlns="{SET}"><content-schema><module>1</module></content-schema></instance-data-set>',
            "'1' is not a module's name",
        ),
    ],
)
def test_what_is_no_file_of_data_is_told(content: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        open_data(content.encode())


def test_limits_hold_for_both_forms() -> None:
    for content in (b"<a/>" + b" " * 100, b"{}" + b" " * 100):
        with pytest.raises(TooBig):
            open_data(content, Limits(octets=50))
    for content in (b"<a>" * 10_000 + b"</a>" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000):
        with pytest.raises(RequestError):
            open_data(content)
    with pytest.raises(MalformedJson):
        open_data(b"{")


def test_instance_data_says_what_it_is_of() -> None:
    tree, _ = open_data(C.encode()).read(SCHEMA, config_only=True)
    said = instance_data.describe(
        tree, "running", datastore="ietf-datastores:running", timestamp="2026-01-02T03:04:05Z"
    )
    assert said.modules == ("m@2026-01-02",)
    for text in (instance_data.print_xml(said, tree), instance_data.print_json(said, tree)):
        file = open_data(text.encode())
        assert file.said is not None
        assert file.said.name == "running"
        assert file.said.modules == said.modules
        assert file.said.includes_defaults == "explicit"
        assert file.said.datastore in ("ds:running", "ietf-datastores:running")
        assert file.read(SCHEMA, config_only=True) == (tree, [])
    assert list(json.loads(instance_data.print_json(said, tree))) == ["ietf-yang-instance-data:instance-data-set"]


def test_a_file_of_other_modules_is_noted() -> None:
    said = InstanceDataSet(modules=("m@2026-01-02", "m@2020-01-01", "other", "m"))
    assert said.differences(SCHEMA) == [
        "the file is of m@2020-01-01, the model set has m@2026-01-02",
        "the file has data of other, which the model set has not",
    ]


@pytest.mark.parametrize("levels", [1, 2, 9, 10, 11, 20, 21, 57])
def test_xml_of_more_levels_than_are_read_is_refused(levels: int) -> None:
    document = b"<data>" + b"<a>" * (levels - 1) + b"x" + b"</a>" * (levels - 1) + b"</data>"
    open_data(document, Limits(levels=levels))
    if levels > 1:
        with pytest.raises(TooBig, match=f"more deeply than the {levels - 1} levels"):
            open_data(document, Limits(levels=levels - 1))
