"""The schema: nodes looked up by path and name, parts of it supported, paths written for people and for clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import module
from tests.yang.playground import schema_of
from yang.cursor import Cursor, cursor_at, implied_instances, instances
from yang.path import Path, quoted
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from yang.tree import Node

SCHEMA = schema_of(
    module(
        """
        container c { leaf a { type string; } leaf d { type int8; default 3; }
          container p { presence "p"; leaf x { type string; } }
          container plain { leaf y { type string; } leaf-list v { type string; } }
          choice w { container left { leaf l { type int8; default 1; } } leaf right { type string; } } }
        list l { key "b a"; leaf a { type string; } leaf v { type string; } leaf b { type uint8; }
          list inner { key k; leaf k { type string; } leaf z { type string; } } }
        rpc act { input { leaf in { type string; } } output { leaf out { type string; } } }
        notification happened { leaf what { type string; } }
        container state { config false; list row { leaf cell { type string; } } }
        """
    ),
    module('import m { prefix x; } augment "/x:c" { leaf a { type string; } leaf e { type string; } }', "n", "m"),
)
DOCUMENT = """<data xmlns="urn:m"><c><a>1</a><p/><plain><v>s</v><v>t</v></plain></c>
    <l><b>1</b><a>it's</a><inner><k>k1</k><z>z</z></inner><inner><k>k2</k></inner></l><l><b>2</b><a>"</a></l></data>"""


def tree() -> Node:
    return read_data(parse_document(DOCUMENT.encode()), SCHEMA)


def top() -> Cursor:
    return Cursor(SCHEMA.root, tree(), None)


def test_a_node_is_found_by_its_path() -> None:
    for path in ("/m:c", "/m:c/a", "/m:c/n:a", "/m:c/p/x", "/m:l/inner/z", "/m:act/input/in", "/m:state/row/cell"):
        assert SCHEMA.find(path).path() == path
    assert SCHEMA.find("/m:c/a") is not SCHEMA.find("/m:c/n:a")
    assert SCHEMA.find("") is SCHEMA.root


@pytest.mark.parametrize("path", ["/c", "/m:c/m:a", "/m:c/e", "/m:nothing", "/m:c/a/b", "/n:c"])
def test_a_path_that_leads_nowhere_is_a_key_error(path: str) -> None:
    with pytest.raises(KeyError):
        SCHEMA.find(path)


def test_keys_come_first_in_the_order_of_the_key_statement() -> None:
    assert list(SCHEMA.find("/m:l").children) == ["b", "a", "v", "inner"]
    assert SCHEMA.find("/m:l").keys == ("b", "a")


def test_operations_are_found_by_their_xml_name() -> None:
    found = SCHEMA.rpc("{urn:m}act")
    assert found is not None
    assert list(found.children) == ["m:input", "m:output"] or list(found.children) == ["input", "output"]
    assert SCHEMA.rpc("{urn:m}c") is None
    assert SCHEMA.rpc("act") is None


def test_no_two_modules_share_a_unique_prefix() -> None:
    assert [module.prefix for module in SCHEMA.modules.values()] == ["m", "m"]
    assert len({module.unique_prefix for module in SCHEMA.modules.values()}) == 2


def test_a_part_of_a_schema_has_what_leads_to_it_and_its_keys() -> None:
    part = SCHEMA.supporting(["/m:c/n:e", "/m:l/inner/z", "/m:c/plain/*"])
    assert [node.path() for node in part.root.descendants()] == [
        *("/m:c", "/m:c/plain", "/m:c/plain/y", "/m:c/plain/v", "/m:c/n:e"),
        *("/m:l", "/m:l/b", "/m:l/a", "/m:l/inner", "/m:l/inner/k", "/m:l/inner/z"),
    ]
    assert part.find("/m:c").unsupported == {"a", "d", "p", "left", "right", "n:a"}
    assert part.root.unsupported == {"m:act", "m:happened", "m:state"}
    assert SCHEMA.find("/m:c").unsupported == frozenset()


def test_what_a_schema_does_not_have_cannot_be_supported() -> None:
    with pytest.raises(KeyError):
        SCHEMA.supporting(["/m:c/nothing"])


def test_a_container_that_is_named_alone_has_nothing_in_it() -> None:
    part = SCHEMA.supporting(["/m:c/p"])
    assert [node.path() for node in part.root.descendants()] == ["/m:c", "/m:c/p"]


def paths() -> list[Path]:
    found = [cursor.path() for cursor in top().descendants()]
    return [path for path in found if path.schema.kind != "container"]


def test_a_path_is_an_instance_identifier() -> None:
    written = [str(path) for path in paths()]
    assert written == [
        *("/m:c/a", "/m:c/d", "/m:c/plain/v[.='s']", "/m:c/plain/v[.='t']"),
        *("""/m:l[b='1'][a="it's"]""", """/m:l[b='1'][a="it's"]/b""", """/m:l[b='1'][a="it's"]/a"""),
        *("""/m:l[b='1'][a="it's"]/inner[k='k1']""", """/m:l[b='1'][a="it's"]/inner[k='k1']/k"""),
        *("""/m:l[b='1'][a="it's"]/inner[k='k1']/z""", """/m:l[b='1'][a="it's"]/inner[k='k2']"""),
        """/m:l[b='1'][a="it's"]/inner[k='k2']/k""",
        *("""/m:l[b='2'][a='"']""", """/m:l[b='2'][a='"']/b""", """/m:l[b='2'][a='"']/a"""),
    ]


def test_a_path_for_a_client_has_a_prefix_at_every_step_and_leads_there() -> None:
    document = parse_document(DOCUMENT.encode())
    for path in paths():
        if path.schema.name != "d":  # a default is in no document
            text, namespaces = path.xpath()
            (found,) = document.xpath("/data" + text, namespaces=namespaces) or document.xpath(
                "/*" + text, namespaces=namespaces
            )
            assert found.tag == path.schema.tag


def test_the_module_of_an_augment_has_its_own_prefix() -> None:
    path = Path(Path(None, SCHEMA.find("/m:c")), SCHEMA.find("/m:c/n:e"))
    assert str(path) == "/m:c/n:e"
    assert path.xpath() == ("/m:c/m2:e", {"m": "urn:m", "m2": "urn:n"})


def test_paths_are_equal_where_they_lead_to_the_same() -> None:
    for one, other in zip(paths(), paths(), strict=True):
        assert one == other
        assert hash(one) == hash(other)
    assert len(set(paths())) == len(paths())
    assert quoted("a'b") == '"a\'b"'


def test_the_keys_on_the_way_are_known() -> None:
    path = next(path for path in paths() if path.schema.name == "z")
    assert path.keys() == ((1, "it's"), ("k1",))


def test_a_cursor_is_found_again_by_its_path() -> None:
    for cursor in top().descendants():
        path = cursor.path()
        found = cursor_at(top(), path)
        if path.schema.name == "d" or (path.schema.name == "l" and path.schema.kind == "leaf"):
            assert found is None  # defaults are not there
        else:
            assert found == cursor


def test_nothing_is_at_a_path_of_what_is_gone() -> None:
    for path in (paths()[4], paths()[9]):
        assert cursor_at(Cursor(SCHEMA.root, read_data(parse_document(b"<data/>"), SCHEMA), None), path) is None


def test_instances_are_those_that_are_there_or_those_that_are_implied() -> None:
    assert [str(cursor.path()) for cursor in instances(top(), SCHEMA.find("/m:l/inner"))] == [
        """/m:l[b='1'][a="it's"]/inner[k='k1']""",
        """/m:l[b='1'][a="it's"]/inner[k='k2']""",
    ]
    assert list(instances(top(), SCHEMA.find("/m:c/d"))) == []
    assert [cursor.value for cursor in implied_instances(top(), SCHEMA.find("/m:c/d"))] == [3]
    assert [cursor.value for cursor in instances(top(), SCHEMA.find("/m:c/plain/v"))] == ["s", "t"]
    first = next(top().child("m:l"))
    assert list(instances(first, SCHEMA.find("/m:c/a"))) == []
    assert list(instances(None, SCHEMA.find("/m:c/a"))) == []
    assert list(instances(first, SCHEMA.find("/m:l"))) == [first]


def test_text_is_that_of_all_leaves_below() -> None:
    assert next(top().child("m:c")).text() == "13st"
    assert [cursor.schema.name for cursor in next(top().child("m:l")).ancestors()] == [""]
