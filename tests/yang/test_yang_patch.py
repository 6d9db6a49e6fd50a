"""RFC 8072: an ordered list of edits, all of which are done or none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import module
from tests.yang.playground import schema_of
from yang.errors import RequestError
from yang.json_document import parse_json
from yang.jsondata import read_json
from yang.jsonio import print_json
from yang.patch_document import read_json_patch, read_patch
from yang.resource_path import parse_resource
from yang.xmlio import parse_document
from yang.yang_patch import YangPatch, apply_patch

if TYPE_CHECKING:
    from yang.tree import Node

SCHEMA = schema_of(
    module(
        """
        identity base; identity one { base base; }
        container box {
          list song { key name; ordered-by user; leaf name { type string; } leaf length { type uint16 { range 1..999; } } }
          list port { key "slot name"; leaf slot { type uint8; } leaf name { type string; } leaf mtu { type uint16; }
            leaf kind { type identityref { base base; } } container inner { leaf a { type int8; } } }
          leaf-list word { type string; ordered-by user; } leaf-list number { type int8; }
          leaf title { type string; } leaf must { type int8; must "../title"; }
          leaf guarded { when "../title = 'open'"; type int8; }
          list tag { key id; leaf id { type identityref { base base; } } }
        }
        """
    ),
    module('import m { prefix m; } augment "/m:box/m:port" { leaf added { type int8; } }', "n", "n"),
)
BOX = {
    "song": [{"name": "a", "length": 1}, {"name": "b", "length": 2}, {"name": "c", "length": 3}],
    "port": [{"slot": 1, "name": "x/y", "mtu": 1500}],
    "word": ["p", "q", "r"],
    "title": "t",
}
TREE = read_json(json.dumps({"m:box": BOX}).encode(), SCHEMA)


def edit(operation: str, target: str, value: Any = None, **more: str) -> dict[str, Any]:
    said = {"edit-id": f"{operation} {target}", "operation": operation, "target": target, **more}
    return said if value is None else said | {"value": value}


def patch(*edits: dict[str, Any]) -> YangPatch:
    content = json.dumps({"ietf-yang-patch:yang-patch": {"patch-id": "p", "edit": edits}})
    return read_json_patch(parse_json(content.encode()))


def patched(*edits: dict[str, Any]) -> dict[str, Any]:
    tree, status = apply_patch(TREE, patch(*edits))
    assert status.is_ok, status
    assert status.members() == {"ietf-yang-patch:yang-patch-status": {"patch-id": "p", "ok": [None]}}
    box: dict[str, Any] = json.loads(print_json(tree))["m:box"]
    return box


def names(box: dict[str, Any]) -> str:
    return "".join(song["name"] for song in box["song"])


def refused(*edits: dict[str, Any], tree: Node = TREE) -> RequestError:
    after, status = apply_patch(tree, patch(*edits))
    assert after is tree
    ((edit_id, (error,)),) = status.failed.items()
    assert edit_id == edits[-1]["edit-id"]
    return error


SONG = {"m:song": [{"name": "d", "length": 4}]}


def test_create_makes_what_is_not_there() -> None:
    assert names(patched(edit("create", "/m:box/song=d", SONG))) == "abcd"
    port = {"m:port": [{"slot": 2, "name": "z", "kind": "one", "n:added": 5}]}
    assert patched(edit("create", "/m:box/port=2,z", port))["port"][1] == {
        "slot": 2, "name": "z", "kind": "m:one", "n:added": 5
    }  # fmt: skip
    assert patched(edit("create", "/m:box/number=5", {"m:number": [5]}))["number"] == [5]
    assert patched(edit("create", "/m:box/port=1,x%2Fy/n:added", {"n:added": 7}))["port"][0]["n:added"] == 7
    assert patched(edit("create", "/m:box/port=1,x%2Fy/inner", {"m:inner": {"a": 1}}))["port"][0]["inner"] == {"a": 1}
    assert patched(edit("create", "/m:box/tag=one", {"m:tag": [{"id": "one"}]}))["tag"] == [{"id": "m:one"}]


def test_merge_adds_to_what_is_there_and_replace_puts_itself_in_its_place() -> None:
    target, value = "/m:box/port=1,x%2Fy", {"m:port": [{"slot": 1, "name": "x/y", "inner": {"a": 1}}]}
    assert patched(edit("merge", target, value))["port"][0]["mtu"] == 1500
    assert "mtu" not in patched(edit("replace", target, value))["port"][0]
    assert patched(edit("replace", "/m:box/title", {"m:title": "new"}))["title"] == "new"
    assert patched(edit("merge", "/m:box", {"m:box": {"number": [1]}}))["number"] == [1]


def test_delete_and_remove_take_away() -> None:
    assert names(patched(edit("delete", "/m:box/song=b"))) == "ac"
    assert names(patched(edit("remove", "/m:box/song=none"))) == "abc"
    assert patched(edit("delete", "/m:box/word=q"))["word"] == ["p", "r"]
    assert "title" not in patched(edit("delete", "/m:box/title"))


@pytest.mark.parametrize(
    ("where", "point", "order"),
    [
        ("first", None, "dabc"),
        ("last", None, "abcd"),
        (None, None, "abcd"),
        ("before", "/m:box/song=b", "adbc"),
        ("after", "/m:box/song=b", "abdc"),
        ("after", "/m:box/song=c", "abcd"),
    ],
)
def test_insert_puts_a_new_entry_where_it_is_wanted(where: str | None, point: str | None, order: str) -> None:
    more = {name: value for name, value in (("where", where), ("point", point)) if value}
    assert names(patched(edit("insert", "/m:box/song=d", SONG, **more))) == order
    if point is None:
        assert patched(edit("insert", "/m:box/word=d", {"m:word": ["d"]}, **more))["word"] == [
            {"a": "p", "b": "q", "c": "r"}.get(name, name) for name in order
        ]


@pytest.mark.parametrize(
    ("name", "where", "point", "order"),
    [
        ("b", "first", None, "bac"),
        ("a", "last", None, "bca"),
        ("c", "before", "b", "acb"),
        ("a", "after", "b", "bac"),
        ("a", "after", "c", "bca"),
        ("b", "before", "c", "abc"),
    ],
)
def test_move_changes_the_order_and_nothing_else(name: str, where: str, point: str | None, order: str) -> None:
    more = {"where": where} | ({"point": f"/m:box/song={point}"} if point else {})
    box = patched(edit("move", f"/m:box/song={name}", **more))
    assert names(box) == order
    assert {song["name"]: song["length"] for song in box["song"]} == {"a": 1, "b": 2, "c": 3}
    as_word = dict(zip("abc", "pqr", strict=True))
    more = {"where": where} | ({"point": f"/m:box/word={as_word[point]}"} if point else {})
    box = patched(edit("move", f"/m:box/word={as_word[name]}", **more))
    assert box["word"] == [as_word[name] for name in order]


def test_edits_build_on_one_another() -> None:
    box = patched(
        edit("insert", "/m:box/song=d", SONG, where="first"),
        edit("delete", "/m:box/song=a"),
        edit("move", "/m:box/song=d", where="after", point="/m:box/song=b"),
    )
    assert names(box) == "bdc"


def test_the_models_rules_are_judged_when_all_edits_are_done() -> None:
    box = patched(
        edit("create", "/m:box/guarded", {"m:guarded": 1}), edit("merge", "/m:box/title", {"m:title": "open"})
    )
    assert (box["guarded"], box["title"]) == (1, "open")


def test_what_the_result_breaks_is_an_error_of_the_whole_patch() -> None:
    edits = patch(edit("delete", "/m:box/title"), edit("create", "/m:box/must", {"m:must": 1}))
    tree, status = apply_patch(TREE, edits)
    assert tree is TREE
    assert (len(status.done), status.failed) == (2, {})
    said = status.members()["ietf-yang-patch:yang-patch-status"]
    assert said["errors"]["error"][0]["error-app-tag"] == "must-violation"
    assert said["errors"]["error"][0]["error-path"] == "/m:box/must"
    assert apply_patch(TREE, edits, validates=False)[1].is_ok
    status = apply_patch(TREE, patch(edit("create", "/m:box/guarded", {"m:guarded": 1})))[1]
    assert [error.tag for error in status.errors] == ["unknown-element"]


@pytest.mark.parametrize(
    ("wrong", "tag", "message"),
    [
        (edit("create", "/m:box/song=a", {"m:song": [{"name": "a"}]}), "data-exists", "song a"),
        (edit("insert", "/m:box/song=a", {"m:song": [{"name": "a"}]}), "data-exists", "song a"),
        (edit("delete", "/m:box/song=z"), "data-missing", "song z"),
        (edit("move", "/m:box/song=z"), "data-missing", "is not there"),
        (edit("create", "/m:box/port=9,z/mtu", {"m:mtu": 1}), "data-missing", "port 9 z"),
        (edit("create", "/m:box/song=d", {"m:song": [{"name": "e"}]}), "invalid-value", "another song"),
        (edit("create", "/m:box/song=d", {"m:song": []}), "bad-element", "does not hold one song"),
        (edit("create", "/m:box/song=d", {"m:title": "x"}), "bad-element", "does not hold one song"),
        (edit("merge", "/m:box/song=a/length", {"m:length": 1000}), "invalid-value", "outside 1..999"),
        (edit("merge", "/m:box/song", SONG), "invalid-value", "without the keys"),
        (edit("merge", "/", {"m:box": {}}), "invalid-value", "the datastore"),
        (edit("merge", "/m:box/nothing", {"m:nothing": 1}), "unknown-element", "box has no nothing; it has song"),
        (edit("merge", "/m:box/title/more", {"m:more": 1}), "unknown-element", "title has no more"),
        (edit("merge", "/m:box/song=a,b", SONG), "invalid-value", "1 key values, and 2"),
        (edit("merge", "/m:box/port=x,b", SONG), "invalid-value", "'x' is not an integer"),
        (edit("merge", "/m:box/title=a", SONG), "invalid-value", "title has no keys"),
        (edit("move", "/m:box/port=1,x%2Fy", where="first"), "bad-element", "not ordered by the user"),
        (edit("move", "/m:box/title", where="first"), "bad-element", "not ordered by the user"),
        (edit("move", "/m:box/song=a", where="before", point="/m:box/song=z"), "bad-attribute", "names no entry"),
        (edit("move", "/m:box/song=a", where="before", point="/m:box/song=a"), "bad-attribute", "names no entry"),
        (edit("move", "/m:box/song=a", where="after", point="/m:box/word=p"), "bad-attribute", "not in the list"),
    ],
)
def test_an_edit_that_cannot_be_done_ends_the_patch_and_changes_nothing(
    wrong: dict[str, Any], tag: str, message: str
) -> None:
    good = edit("delete", "/m:box/title")
    error = refused(good, wrong)
    assert (error.tag, message in error.message) == (tag, True), error.message
    status = apply_patch(TREE, patch(good, wrong, edit("delete", "/m:box/word=q")))[1]
    edits = status.members()["ietf-yang-patch:yang-patch-status"]["edit-status"]["edit"]
    assert edits[0] == {"edit-id": good["edit-id"], "ok": [None]}
    assert edits[1]["errors"]["error"][0]["error-tag"] == tag
    assert len(edits) == 2


@pytest.mark.parametrize(
    ("wrong", "tag", "message"),
    [
        (edit("frobnicate", "/m:box"), "invalid-value", "'frobnicate' is not one of create, delete"),
        (edit("create", "/m:box"), "bad-element", "create needs a value"),
        (edit("delete", "/m:box", {"m:box": {}}), "bad-element", "delete has no value"),
        (edit("move", "/m:box/song=a", where="before"), "bad-element", "move needs a point"),
        (edit("move", "/m:box/song=a", where="first", point="/"), "bad-element", "move has no point"),
        (edit("move", "/m:box/song=a", where="up"), "invalid-value", "'up' is not one of before"),
        (edit("delete", "/m:box", where="last"), "bad-element", "delete has no where"),
        ({"edit-id": "1", "operation": "delete"}, "missing-element", "edit has no target"),
        ({"edit-id": 1}, "invalid-value", "edit-id is no string"),
        (edit("delete", "/m:box", tarjet="x"), "unknown-element", "edit has no tarjet"),
    ],
)
def test_a_patch_that_is_none_is_told(wrong: dict[str, Any], tag: str, message: str) -> None:
    with pytest.raises(RequestError) as raised:
        patch(wrong)
    assert (raised.value.tag, message in raised.value.message) == (tag, True), raised.value.message


def test_a_patch_in_xml_does_the_same() -> None:
    element = parse_document(b"""
      <yang-patch xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-patch">
        <patch-id>p</patch-id><comment>c</comment>
        <edit><edit-id>1</edit-id><operation>insert</operation><target>/m:box/song=d</target>
          <point>/m:box/song=a</point><where>after</where>
          <value><song xmlns="urn:m"><name>d</name><length>4</length></song></value></edit>
        <edit><edit-id>2</edit-id><operation>merge</operation><target>/m:box/port=1,x%2Fy</target>
          <value xmlns:p="urn:m"><p:port><p:slot>1</p:slot><p:name>x/y</p:name><p:kind>p:one</p:kind></p:port></value></edit>
        <edit><edit-id>3</edit-id><operation>delete</operation><target>/m:box/title</target></edit>
      </yang-patch>""")
    read = read_patch(element)
    assert (read.patch_id, read.comment, len(read.edits)) == ("p", "c", 3)
    tree, status = apply_patch(TREE, read)
    box = json.loads(print_json(tree))["m:box"]
    assert (names(box), box["port"][0]["kind"], "title" in box) == ("adbc", "m:one", False)
    assert status.print_xml() == (
        '<yang-patch-status xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-patch"><patch-id>p</patch-id><ok/>'
        "</yang-patch-status>"
    )


def test_errors_in_xml_have_paths_with_prefixes() -> None:
    status = apply_patch(TREE, patch(edit("delete", "/m:box/title"), edit("delete", "/m:box/song=z")))[1]
    text = status.print_xml()
    assert "<edit><edit-id>delete /m:box/title</edit-id><ok/></edit>" in text
    assert (
        '<errors xmlns="urn:ietf:params:xml:ns:yang:ietf-restconf"><error><error-type>application</error-type>' in text
    )
    assert "<error-path xmlns:m=\"urn:m\">/m:box/m:song[m:name='z']</error-path>" in text
    parse_document(text.encode())


def test_targets_may_be_relative_to_a_resource() -> None:
    tree, status = apply_patch(TREE, patch(edit("delete", "/song=b")), "/m:box")
    assert status.is_ok
    assert names(json.loads(print_json(tree))["m:box"]) == "ac"
    assert apply_patch(TREE, patch(edit("delete", "/")), "/m:box")[0].children == {}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/", None),
        ("/m:box", "/m:box"),
        ("/m:box/m:song=a%2Cb", "/m:box/song[name='a,b']"),
        ("/m:box/port=1,", "/m:box/port[slot='1'][name='']"),
        ("/m:box/port=1,x/n:added", "/m:box/port[slot='1'][name='x']/n:added"),
        ("/m:box/word=%E2%98%83", "/m:box/word[.='\N{SNOWMAN}']"),
        ("/m:box/tag=one", "/m:box/tag[id='m:one']"),
    ],
)
def test_resources_are_named_as_in_rfc_8040(text: str, path: str | None) -> None:
    found = parse_resource(text, SCHEMA)
    assert (str(found) if found is not None else None) == path
