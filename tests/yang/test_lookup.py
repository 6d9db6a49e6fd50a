"""Leafrefs to a list's entries, found by the key: whatever the path, they are judged as by going through the list."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.conftest import config, module
from tests.yang.playground import schema_of
from yang.cursor import Cursor, instances
from yang.edit import edit_config
from yang.lookup import lookup
from yang.tree import Node
from yang.validate import validate, validate_whole

if TYPE_CHECKING:
    from yang.schema import SchemaNode

LIST = "list l { key k; leaf k { type string; } container config { leaf name { type string; } } leaf other { type string; } }"
PATHS = {
    "/m:top/m:l/m:k": True,
    "../m:l/m:k": True,
    "../m:l/m:config/m:name": True,
    "/m:top/m:l[m:k=current()/../m:single]/m:other": False,
    "/m:top/m:two/m:b": False,
    "/m:top/m:single": False,
    "/m:top/m:l/m:n/m:i": False,
}


def leaf_of(path: str) -> SchemaNode:
    inner = LIST.replace("leaf other", "list n { key i; leaf i { type string; } } leaf other")
    body = f"""container top {{ {inner} list two {{ key "a b"; leaf a {{ type string; }} leaf b {{ type string; }} }}
        leaf single {{ type string; }} leaf ref {{ type leafref {{ path "{path}"; }} }} }}"""
    return schema_of(module(body)).find("/m:top/ref")


@pytest.mark.parametrize(("path", "is_found"), PATHS.items())
def test_it_is_made_of_paths_through_one_list_with_one_key(path: str, is_found: bool) -> None:
    leaf = leaf_of(path)
    tree = leaf.schema.expression(leaf.type.path).tree
    assert (lookup(leaf, tree) is not None) is is_found


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", ["a", "b", "c"])
def test_what_it_finds_is_there_and_what_it_does_not_find_is_looked_for(path: str, value: str) -> None:
    leaf = leaf_of(path)
    content = (
        "<l><k>a</k><n><i>c</i></n><config><name>a</name></config><other>b</other></l><l><k>b</k><config><name>c</name></config></l>"
        f"<two><a>1</a><b>b</b></two><single>a</single><ref>{value}</ref>"
    )
    tree = edit_config(Node(leaf.schema.root, {}), config(f'<top xmlns="urn:m">{content}</top>'))
    there = {
        "/m:top/m:l/m:k": "ab",
        "../m:l/m:k": "ab",
        "../m:l/m:config/m:name": "ac",
        "/m:top/m:l[m:k=current()/../m:single]/m:other": "b",
        "/m:top/m:two/m:b": "b",
        "/m:top/m:single": "a",
        "/m:top/m:l/m:n/m:i": "c",
    }[path]
    assert (validate_whole(tree) == []) is (value in there)
    find = lookup(leaf, leaf.schema.expression(leaf.type.path).tree)
    (instance,) = instances(Cursor(leaf.schema.root, tree, None), leaf)
    if find is not None and find(instance):
        assert value in there


def test_true_is_no_key_of_one() -> None:
    union = "type union { type int8; type boolean; }"
    leaf = schema_of(
        module(f"list l {{ key k; leaf k {{ {union} }} }} leaf ref {{ type leafref {{ path '/m:l/m:k'; }} }}")
    ).find("/m:ref")
    empty = Node(leaf.schema.root, {})
    for value, tag in (("1", None), ("true", "data-missing")):
        tree = edit_config(empty, config(f'<l xmlns="urn:m"><k>1</k></l><ref xmlns="urn:m">{value}</ref>'))
        assert [error.tag for error in validate_whole(tree)] == ([tag] if tag else [])


def test_a_reference_to_one_of_many_entries_costs_no_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = leaf_of("/m:top/m:l/m:k")
    entries = "".join(f"<l><k>{number}</k></l>" for number in range(500))
    before = edit_config(Node(leaf.schema.root, {}), config(f'<top xmlns="urn:m">{entries}</top>'))
    after = edit_config(before, config('<top xmlns="urn:m"><ref>250</ref></top>'))
    monkeypatch.setattr("yang.rule.evaluator", None)
    assert validate(before, after) == []


REFERRING = """
    container top { list l { key k; leaf k { type string; } leaf other { type string; } }
      list r { key k; leaf k { type string; } container c { leaf to { type leafref { path "/m:top/m:l/m:k"; } } }
        leaf-list all { type leafref { path "/m:top/m:l/m:k"; } }
        leaf either { type union { type leafref { path "/m:top/m:l/m:k"; } type int8; } }
        leaf there { type leafref { path "/m:top/m:l[m:k=current()/../m:k]/m:other"; } } } }
"""


@pytest.mark.parametrize("seed", range(40))
def test_what_refers_to_what_is_taken_away_is_found_whatever_it_is(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a test
    schema = schema_of(module(REFERRING))
    names = "abcd1"
    entries = "".join(f"<l><k>{name}</k><other>{random.choice(names)}</other></l>" for name in names)
    referring = "".join(
        f"<r><k>{name}</k><c><to>{random.choice(names)}</to></c>"
        + "".join(f"<all>{other}</all>" for other in random.sample(names, 2))
        + f"<either>{random.choice(names)}</either></r>"
        for name in random.sample(names, 3)
    )
    before = edit_config(Node(schema.root, {}), config(f'<top xmlns="urn:m">{entries}{referring}</top>'))
    there = "".join(
        f"<r><k>{key[0]}</k><there>{before.get('m:top').get('l').get(key).get('other')}</there></r>"
        for key in before.get("m:top").get("r")
    )
    before = edit_config(before, config(f'<top xmlns="urn:m">{there}</top>'))
    assert validate_whole(before) == []
    taken = "".join(
        random.choice(
            [f'<l nc:operation="delete"><k>{name}</k></l>', f'<l><k>{name}</k><other nc:operation="delete"/></l>']
        )
        for name in random.sample(names, 2)
    )
    after = edit_config(before, config(f'<top xmlns="urn:m">{taken}</top>'))
    assert {str(error) for error in validate(before, after)} == {str(error) for error in validate_whole(after)}
