"""Rules over several nodes, one by one: what is told, with tag, app-tag and path (RFC 7950 sections 7, 8 and 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import module
from tests.yang.playground import schema_of
from yang.validate import validate, validate_whole
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from yang.tree import Node


def read(body: str, content: str) -> Node:
    document = f'<data xmlns="urn:m" xmlns:n="urn:n">{content}</data>'
    return read_data(parse_document(document.encode()), schema_of(module(body)))


def broken(body: str, content: str) -> list[tuple[str, str | None, str, str]]:
    """Return what is wrong with a tree: tag, app-tag, path and message."""
    return [
        (error.tag, error.app_tag, str(error.path or ""), error.message)
        for error in validate_whole(read(body, content))
    ]


CHOICE = """
    choice shape {
      case round { leaf radius { type int8; mandatory true; } leaf hue { type string; } }
      case boxed { container box { leaf side { type int8; mandatory true; } leaf note { type string; } }
        leaf extra { type string; } leaf-list many { type int8; min-elements 2; } }
    }
    container c { presence "here";
      choice one { mandatory true; leaf a { type string; }
        case deep { leaf d { type string; } choice two { mandatory true; leaf x { type string; } leaf y { type string; } } } } }
"""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", []),
        ("<radius>1</radius>", []),
        ("<hue>red</hue>", [("data-missing", None, "/m:radius")]),
        ("<box><side>1</side></box><many>1</many><many>2</many>", []),
        (
            "<extra>x</extra>",
            [("data-missing", None, "/m:box/side"), ("operation-failed", "too-few-elements", "/m:many")],
        ),
        ("<box><note>x</note></box><many>1</many><many>2</many>", [("data-missing", None, "/m:box/side")]),
        (
            "<many>1</many>",
            [("data-missing", None, "/m:box/side"), ("operation-failed", "too-few-elements", "/m:many")],
        ),
        ("<c/>", [("data-missing", "missing-choice", "/m:c")]),
        ("<c><a>x</a></c>", []),
        ("<c><d>x</d></c>", [("data-missing", "missing-choice", "/m:c")]),
        ("<c><y>x</y></c>", []),
    ],
)
def test_what_is_mandatory_in_a_case_is_so_when_the_case_is_chosen(
    content: str, expected: list[tuple[str, str | None, str]]
) -> None:
    assert [error[:3] for error in broken(CHOICE, content)] == expected


def test_the_choice_that_is_missing_is_named() -> None:
    (error,) = validate_whole(read(CHOICE, "<c/>"))
    assert error.info == (("missing-choice", "one"),)
    (error,) = validate_whole(read(CHOICE, "<c><d>x</d></c>"))
    assert error.info == (("missing-choice", "two"),)


MANDATORY = """
    leaf top { type int8; mandatory true; }
    container plain { leaf inside { type int8; mandatory true; } }
    container here { presence "here"; leaf inside { type int8; mandatory true; } anyxml any { mandatory true; } }
    list entry { key k; leaf k { type int8; } container plain { leaf inside { type int8; mandatory true; } } }
"""


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        ("", ["/m:top", "/m:plain/inside"]),
        ("<top>1</top><plain><inside>1</inside></plain>", []),
        (
            "<here/><entry><k>1</k></entry>",
            ["/m:top", "/m:plain/inside", "/m:here/inside", "/m:here/any", "/m:entry[k='1']/plain/inside"],
        ),
    ],
)
def test_a_mandatory_node_is_missed_where_what_is_around_it_is_there(content: str, paths: list[str]) -> None:
    found = broken(MANDATORY, content)
    assert [(tag, path) for tag, _, path, _ in found] == [("data-missing", path) for path in paths]


def test_what_is_missed_is_told_once_however_much_has_changed() -> None:
    before = read(MANDATORY, "<top>1</top><plain><inside>1</inside></plain>")
    body = MANDATORY
    after = read(body, "<here/>")
    assert len(validate(before, after)) == 4


NUMBERS = """
    container c { presence "here";
      list e { key k; min-elements 1; max-elements 2; leaf k { type int8; } }
      leaf-list v { type int8; max-elements 1; } leaf-list w { type int8; min-elements 2; ordered-by user; } }
"""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<e><k>1</k></e><w>1</w><w>2</w>", []),
        (
            "<w>1</w>",
            [
                ("too-few-elements", "/m:c/e", "e has 0 entries and needs 1"),
                ("too-few-elements", "/m:c/w", "w has 1 entries and needs 2"),
            ],
        ),
        (
            "<e><k>1</k></e><e><k>2</k></e><e><k>3</k></e><v>1</v><v>2</v><w>1</w><w>2</w>",
            [
                ("too-many-elements", "/m:c/e", "e has 3 entries and may have 2"),
                ("too-many-elements", "/m:c/v", "v has 2 entries and may have 1"),
            ],
        ),
    ],
)
def test_lists_have_as_many_entries_as_the_model_wants(content: str, expected: list[tuple[str, str, str]]) -> None:
    found = broken(NUMBERS, f"<c>{content}</c>")
    assert [(app_tag, path, message) for _, app_tag, path, message in found] == expected
    assert {tag for tag, *_ in found} <= {"operation-failed"}


UNIQUE = """
    list server { key name; unique "ip port"; unique "deep/id";
      leaf name { type string; } leaf ip { type string; } leaf port { type uint16; default 80; }
      container deep { leaf id { type int8; } } }
    list group { key id; leaf id { type int8; } list member { key n; unique v; leaf n { type int8; } leaf v { type int8; } } }
"""


def server(name: str, ip: str = "", port: int = 0, id_: int = 0) -> str:
    return (
        f"<server><name>{name}</name>{f'<ip>{ip}</ip>' if ip else ''}{f'<port>{port}</port>' if port else ''}"
        f"{f'<deep><id>{id_}</id></deep>' if id_ else ''}</server>"
    )


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        (server("a", "1", 1) + server("b", "1", 2) + server("c", "2", 1), []),
        (server("a", "1", 1) + server("b", "1", 1), ["/m:server[name='b']"]),
        (server("a", "1") + server("b", "1", 80), ["/m:server[name='b']"]),
        (server("a", port=1) + server("b", port=1), []),
        (server("a", id_=1) + server("b", id_=1) + server("c", id_=1), ["/m:server[name='b']", "/m:server[name='c']"]),
        (
            "<group><id>1</id><member><n>1</n><v>1</v></member></group><group><id>2</id><member><n>1</n><v>1</v></member></group>",
            [],
        ),
        (
            "<group><id>1</id><member><n>1</n><v>1</v></member><member><n>2</n><v>1</v></member></group>",
            ["/m:group[id='1']/member[n='2']"],
        ),
    ],
)
def test_entries_differ_in_what_is_unique_where_they_have_all_of_it(content: str, paths: list[str]) -> None:
    found = broken(UNIQUE, content)
    assert [(app_tag, path) for _, app_tag, path, _ in found] == [("data-not-unique", path) for path in paths]


def test_an_edit_of_one_leaf_can_make_entries_the_same() -> None:
    before = read(UNIQUE, server("a", "1", 1, 1) + server("b", "2", 1, 2))
    for content in (server("b", "1", 1, 2), server("b", "2", 1, 1)):
        (error,) = validate(before, read(UNIQUE, server("a", "1", 1, 1) + content))
        assert error.app_tag == "data-not-unique"
        assert error.info == (("non-unique", "/m:server[name='a']"),)


LEAFREF = """
    list port { key name; leaf name { type string; } leaf speed { type int8; default 7; } }
    leaf up { type leafref { path "/m:port/m:name"; } }
    leaf loose { type leafref { path "../port/name"; require-instance false; } }
    leaf speed { type leafref { path "/m:port[m:name = current()/../up]/m:speed"; } }
    leaf-list all { type leafref { path "../port/name"; } }
    leaf either { type union { type leafref { path "../port/name"; } type string { length 3; } } }
    leaf again { type leafref { path "../up"; } }
"""
PORT = "<port><name>p</name></port>"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PORT + "<up>p</up><all>p</all><again>p</again>", []),
        ("<up>p</up>", [("/m:up", "up p refers to nothing: there is no such /m:port/m:name")]),
        ("<loose>p</loose>", []),
        (PORT + "<up>p</up><speed>7</speed>", []),
        (
            PORT + "<speed>7</speed>",
            [("/m:speed", "speed 7 refers to nothing: there is no such /m:port[m:name = current()/../up]/m:speed")],
        ),
        (
            PORT + "<all>p</all><all>q</all>",
            [("/m:all[.='q']", "all q refers to nothing: there is no such ../port/name")],
        ),
        (PORT + "<up>p</up><again>q</again>", [("/m:again", "again q refers to nothing: there is no such ../up")]),
        ("<either>abc</either>", []),
    ],
)
def test_a_leafref_refers_to_what_is_there(content: str, expected: list[tuple[str, str]]) -> None:
    found = broken(LEAFREF, content)
    assert [(path, message) for _, _, path, message in found] == expected
    assert {(tag, app_tag) for tag, app_tag, *_ in found} <= {("data-missing", "instance-required")}


def test_a_leaf_list_of_references_may_grow() -> None:
    before = read(LEAFREF, PORT + "<up>p</up>")
    assert validate(before, read(LEAFREF, PORT + "<up>p</up><all>p</all>")) == []


def test_what_is_referred_to_may_not_go() -> None:
    before = read(LEAFREF, PORT + "<up>p</up>")
    assert [str(error.path) for error in validate(before, read(LEAFREF, "<up>p</up>"))] == ["/m:up"]


MUST = """
    container c {
      leaf low { type int8; default 3; must ". < 10" { error-message "low is low"; error-app-tag "low-only"; } }
      leaf high { type int8; must "../low < ."; }
      container limits { must "not(../high > 50)" { error-message "too high"; } leaf x { type int8; } }
      container here { presence "here"; must "../high"; }
    }
    list e { key k; leaf k { type int8; } leaf v { type int8; } must "v or k > 5"; }
"""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", []),
        ("<c><low>10</low></c>", [("low-only", "/m:c/low", "low is low")]),
        ("<c><high>3</high></c>", [("must-violation", "/m:c/high", "high must satisfy ../low < .")]),
        ("<c><high>4</high></c>", []),
        ("<c><high>51</high></c>", [("must-violation", "/m:c/limits", "too high")]),
        ("<c><here/></c>", [("must-violation", "/m:c/here", "here must satisfy ../high")]),
        ("<e><k>1</k></e><e><k>6</k></e>", [("must-violation", "/m:e[k='1']", "e must satisfy v or k > 5")]),
    ],
)
def test_a_must_is_told_in_the_words_of_the_model(content: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(app_tag, path, message) for _, app_tag, path, message in broken(MUST, content)] == expected


def test_a_default_has_to_satisfy_a_must_as_well() -> None:
    body = 'leaf a { type int8; } container c { leaf d { type int8; default 3; must ". != ../../a"; } }'
    assert [path for _, _, path, _ in broken(body, "<a>3</a>")] == ["/m:c/d"]
    assert broken(body, "<a>3</a><c><d>4</d></c>") == []
    (error,) = validate(read(body, "<a>3</a><c><d>4</d></c>"), read(body, "<a>3</a>"))
    assert str(error.path) == "/m:c/d"


WHEN = """
    leaf kind { type string; }
    leaf plain { when "../kind = 'a'"; type string; }
    container box { when "../kind = 'a'"; leaf x { type string; } container empty { leaf y { type string; mandatory true; } } }
    list row { when "../kind = 'a'"; key k; leaf k { type int8; } }
    leaf-list values { when "../kind = 'a'"; type int8; }
    choice way { when "kind = 'a'"; case left { when "kind != 'b'"; leaf l { type string; } } leaf r { type string; } }
    grouping g { leaf used { type string; } container deep { leaf d { type string; } } }
    uses g { when "kind = 'a'"; }
    container target { leaf inner { type string; } }
    augment "/m:target" { when "inner = 'a'"; leaf added { type string; } }
"""


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ("<plain>x</plain>", "/m:plain"),
        ("<box><empty><y>y</y></empty></box>", "/m:box"),
        ("<row><k>1</k></row>", "/m:row[k='1']"),
        ("<values>1</values>", "/m:values[.='1']"),
        ("<l>x</l>", "/m:l"),
        ("<r>x</r>", "/m:r"),
        ("<used>x</used>", "/m:used"),
        ("<deep><d>x</d></deep>", "/m:deep"),
    ],
)
def test_a_node_is_there_only_when_its_when_is_true(content: str, path: str) -> None:
    found = broken(WHEN, content)
    assert {(tag, where) for tag, _, where, _ in found} == {("unknown-element", path)}
    assert "may only be there when" in found[0][3]
    good = "<kind>a</kind>" + content
    assert [error for error in broken(WHEN, good) if error[0] == "unknown-element"] == []


def test_the_when_of_an_augment_is_judged_at_its_target() -> None:
    assert [path for _, _, path, _ in broken(WHEN, "<target><added>x</added></target>")] == ["/m:target/added"]
    assert broken(WHEN, "<target><inner>a</inner><added>x</added></target>") == []


def test_nothing_is_mandatory_below_a_when_that_is_false() -> None:
    assert broken(WHEN, "") == []
    assert [(tag, path) for tag, _, path, _ in broken(WHEN, "<kind>a</kind>")] == [("data-missing", "/m:box/empty/y")]
    before = read(WHEN, "<kind>b</kind>")
    assert [str(error.path) for error in validate(before, read(WHEN, "<kind>a</kind>"))] == ["/m:box/empty/y"]


DEFAULTS = """
    choice way { default quiet;
      case quiet { leaf q { type int8; default 1; } container box { leaf b { type int8; default 2; } } }
      case loud { leaf l { type int8; } leaf m { type int8; default 3; } } }
    leaf on { type boolean; default true; }
    leaf w { when "../on = 'true'"; type int8; default 4; }
    leaf see-q { type int8; must "../q = ."; } leaf see-b { type int8; must "../box/b = ."; }
    leaf see-m { type int8; must "../m = ."; } leaf see-w { type int8; must "../w = ."; }
"""


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("<see-q>1</see-q><see-b>2</see-b><see-w>4</see-w>", []),
        ("<see-m>3</see-m>", ["/m:see-m"]),
        ("<l>0</l><see-q>1</see-q><see-b>2</see-b><see-m>3</see-m>", ["/m:see-q", "/m:see-b"]),
        ("<box><b>5</b></box><see-b>2</see-b><see-q>1</see-q>", ["/m:see-b"]),
        ("<on>false</on><see-w>4</see-w>", ["/m:see-w"]),
    ],
)
def test_a_default_counts_only_where_its_case_and_its_when_let_it(content: str, wrong: list[str]) -> None:
    assert sorted(path for _, _, path, _ in broken(DEFAULTS, content)) == sorted(wrong)


def test_a_when_that_looks_at_its_own_node_ends() -> None:
    body = """leaf a { when "../*"; type int8; default 1; } leaf b { type int8; must "../a = 1"; }
        leaf c { when "../d = 1"; type int8; default 1; } leaf d { when "../c = 1"; type int8; default 1; }
        leaf e { type int8; must "../d = 1"; }"""
    assert broken(body, "<b>1</b><e>1</e>") == []


def test_the_same_tree_breaks_nothing_new() -> None:
    tree = read(LEAFREF, "<up>nowhere</up>")
    assert validate(tree, tree) == []
