"""RFC 6243: which default values are reported, in XML and JSON."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from tests.conftest import module, needs
from tests.yang.playground import playground, schema_of, trees
from yang.jsondata import read_json
from yang.jsonio import print_json
from yang.with_defaults import MODES, Mode, members_in, with_defaults, xml_in
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from yang.schema import Schema
    from yang.tree import Node

M = module(
    """
    container c {
      leaf set { type int8; default 1; } leaf unset { type int8; default 2; } leaf none { type string; }
      leaf-list v { type string; default a; default b; }
      container inner { leaf deep { type boolean; default true; } }
      container here { presence "here"; leaf not { type int8; default 3; } }
      choice way { default left; case left { leaf l { type int8; default 4; } } case right { leaf r { type int8; default 5; } } }
      leaf narrow { when "../set = 9"; type int8; default 6; }
      leaf wide { when "../set = 1"; type int8; default 7; }
    }
    list port { key name; leaf name { type string; } leaf mtu { type uint16; default 1500; } }
    container state { config false; leaf n { type int8; default 8; } }
    """
)
SCHEMA = schema_of(M)
GIVEN = '<c xmlns="urn:m"><set>1</set></c><port xmlns="urn:m"><name>a</name></port>'
FULL = (
    "<set>1</set><unset>2</unset><v>a</v><v>b</v><inner><deep>true</deep></inner><l>4</l><wide>7</wide></c>"
    '<port xmlns="urn:m"><name>a</name><mtu>1500</mtu></port>'
)


def read(content: str, schema: Schema = SCHEMA) -> Node:
    return read_data(parse_document(f"<data>{content}</data>".encode()), schema)


def test_explicit_reports_what_was_set() -> None:
    tree = read(GIVEN)
    assert with_defaults(tree, "explicit") is tree


def test_report_all_puts_in_every_default_that_is_in_use() -> None:
    assert print_children(with_defaults(read(GIVEN), "report-all")) == f'<c xmlns="urn:m">{FULL}'


def test_another_case_takes_its_own_defaults_and_a_false_when_takes_them_away() -> None:
    tree = read('<c xmlns="urn:m"><set>9</set><here/><r>1</r></c>')
    printed = print_children(with_defaults(tree, "report-all"))
    assert "<l>" not in printed
    assert "<wide>" not in printed
    assert "<narrow>6</narrow>" in printed
    assert "<here><not>3</not></here>" in printed


def test_trim_takes_out_what_has_its_default_whoever_set_it() -> None:
    assert print_children(with_defaults(read(GIVEN), "trim")) == '<port xmlns="urn:m"><name>a</name></port>'
    tree = read('<c xmlns="urn:m"><set>2</set><v>b</v><v>a</v><inner><deep>true</deep></inner><here/></c>')
    assert print_children(with_defaults(tree, "trim")) == '<c xmlns="urn:m"><set>2</set><here/></c>'


def test_tags_are_on_what_was_not_set() -> None:
    text = xml_in(read(GIVEN), "report-all-tagged")
    assert "<set>1</set>" in text
    assert '<unset xmlns:wd="urn:ietf:params:xml:ns:netconf:default:1.0" wd:default="true">2</unset>' in text
    assert re.sub(r" xmlns:wd=\S+ wd:default=\S+?true.", "", text) == f'<c xmlns="urn:m">{FULL}'
    tag = {"ietf-netconf-with-defaults:default": True}
    found = members_in(read(GIVEN), "report-all-tagged")
    assert found["m:port"] == [{"name": "a", "mtu": 1500, "@mtu": tag}]
    assert found["m:c"]["v"] == ["a", "b"]
    assert found["m:c"]["@v"] == [tag, tag]
    assert "@set" not in found["m:c"]


def test_a_default_at_the_top_is_tagged_by_its_full_name() -> None:
    schema = schema_of(module("leaf top { type int8; default 1; }"))
    tree = read("", schema)
    assert list(members_in(tree, "report-all-tagged")) == ["m:top", "@m:top"]
    assert list(members_in(tree, "report-all-tagged", within=True)) == []


def test_defaults_of_state_are_reported_if_they_are_asked_for() -> None:
    assert "m:state" not in members_in(read(""), "report-all")
    assert members_in(read(""), "report-all", config_only=False)["m:state"] == {"n": 8}


@given(trees(playground()))
def test_what_is_reported_means_the_same(tree: Node) -> None:
    full, trimmed = with_defaults(tree, "report-all"), with_defaults(tree, "trim")
    assert with_defaults(full, "report-all") == full
    assert with_defaults(trimmed, "trim") == trimmed
    assert with_defaults(full, "trim") == trimmed
    schema = playground()
    for mode in MODES:
        assert read(xml_in(tree, mode), schema) == with_defaults(tree, mode)
        reported = with_defaults(tree, mode)
        assert read_json(print_json(reported).encode(), schema) == reported


@pytest.mark.parametrize(
    ("mode", "theirs"), [("report-all", "all"), ("report-all-tagged", "implicit-tagged"), ("trim", "trim")]
)
@pytest.mark.parametrize("content", [GIVEN, '<c xmlns="urn:m"><set>9</set><here/><r>1</r></c>'])
def test_yanglint_reports_the_same(content: str, mode: Mode, theirs: str, tmp_path: Path) -> None:
    needs("yanglint")
    (tmp_path / "m.yang").write_text(M)
    (tmp_path / "data.xml").write_text(content)
    # yanglint tags nothing unless the module of the tags is there; it comes with pyang
    tags_module = Path(sys.prefix) / "share" / "yang" / "modules" / "ietf" / "ietf-netconf-with-defaults.yang"
    run = subprocess.run(
        [
            "yanglint",
            "-p",
            tags_module.parent,
            tags_module,
            "-d",
            theirs,
            "-f",
            "xml",
            "-t",
            "config",
            tmp_path / "m.yang",
            tmp_path / "data.xml",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert read(run.stdout) == read(xml_in(read(content), mode))
    tags = re.compile(r'<([^\s<>]+)[^<>]* \w+:default="true"')
    assert sorted(tags.findall(run.stdout)) == sorted(tags.findall(xml_in(read(content), mode)))
