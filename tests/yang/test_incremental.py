"""Validation of a difference finds what validation of the whole tree finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import module
from tests.yang.playground import Draw, blends, cached_values, content, schema_of
from yang.cursor import Cursor, cursor_at
from yang.tree import Entries, Node, is_empty, ordered
from yang.validate import validate, validate_whole
from yang.when import settle, without

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yang.errors import RequestError
    from yang.path import Path
    from yang.schema import Schema, SchemaNode

SMALL = 'type int8 { range "0..2"; }'
NAME = 'type string { pattern "[ab]"; }'

LEAFREFS = f"""
    list port {{ key name; leaf name {{ {NAME} }} leaf speed {{ {SMALL} }}
      list unit {{ key index; leaf index {{ {SMALL} }} leaf tag {{ {SMALL} }} }} }}
    container use {{
      leaf port {{ type leafref {{ path "/m:port/m:name"; }} }}
      leaf unit {{ type leafref {{ path "/m:port[m:name = current()/../port]/m:unit/m:index"; }} }}
      leaf speed {{ type leafref {{ path "../../port/speed"; }} }}
      leaf-list tags {{ type leafref {{ path "/m:port/m:unit/m:tag"; }} }}
      leaf loose {{ type leafref {{ path "/m:port/m:name"; require-instance false; }} }}
      leaf chained {{ type leafref {{ path "../port"; }} }}
    }}
    list member {{ key port; leaf port {{ type leafref {{ path "/m:port/m:name"; }} }}
      leaf other {{ type leafref {{ path "../../member/port"; }} }}
      must "not(other = port)"; }}
"""
WHENS = f"""
    leaf mode {{ {SMALL} }}
    leaf level {{ {SMALL} default 1; }}
    container a {{ when "../mode = 1"; leaf x {{ {SMALL} }} leaf y {{ {SMALL} default 2; when "../x = 1"; }} }}
    container b {{ presence "it has something mandatory";
      leaf z {{ when "../../level = 1"; {SMALL} mandatory true; }}
      leaf w {{ {SMALL} must ". = /m:a/m:y or . = ../../mode"; }}
    }}
    container c {{ presence "c"; leaf must-be {{ when "/m:mode = 2"; {SMALL} mandatory true; }}
      leaf-list few {{ when "/m:level = 2"; {SMALL} min-elements 1; max-elements 2; }}
      container inner {{ when "/m:mode = 0"; leaf deep {{ {SMALL} mandatory true; }} }} }}
    list e {{ key k; leaf k {{ {SMALL} }} leaf v {{ when "../../mode = ../k"; {SMALL} }}
      leaf u {{ {SMALL} must "count(../../e[u = current()]) = 1"; }} leaf t {{ {SMALL} default 0; }}
      unique "t v"; }}
    leaf total {{ {SMALL} must ". >= count(../e)"; }}
    leaf seen {{ {SMALL} must "../c/few or sum(/m:e/m:t) = 0"; }}
"""
CHOICES = f"""
    choice shape {{ default plain;
      case plain {{ leaf p {{ {SMALL} default 1; }} container box {{ leaf q {{ {SMALL} default 2; }} leaf r {{ {SMALL} }} }} }}
      case round {{ leaf radius {{ {SMALL} }} leaf hue {{ {SMALL} default 1; }} leaf need {{ {SMALL} mandatory true; }} }}
      case deep {{ container pool {{ leaf size {{ {SMALL} mandatory true; }} leaf note {{ {SMALL} }} }}
        leaf extra {{ {SMALL} }} leaf-list many {{ {SMALL} min-elements 1; }} }}
    }}
    container judge {{
      leaf one {{ {SMALL} must "../../p = ."; }}
      leaf two {{ {SMALL} must "/m:box/m:q = ."; }}
      leaf three {{ {SMALL} must "not(../../hue) or ../../hue = ."; }}
    }}
    container holder {{ presence "it has a mandatory choice";
      choice must {{ mandatory true;
        case one {{ leaf o {{ {SMALL} }} }}
        case two {{ choice inner {{ mandatory true; leaf i {{ {SMALL} }} container j {{ leaf k {{ {SMALL} }} }} }}
          leaf t {{ {SMALL} }} }} }} }}
    container rows {{ presence "it has a least number"; list row {{ key id; leaf id {{ {SMALL} }} min-elements 1;
      max-elements 2; choice way {{ when "/m:judge/m:one = 1"; mandatory true; leaf left {{ {SMALL} }} leaf right {{ {SMALL} }} }}
      container n {{ leaf m {{ {SMALL} }} container o {{ leaf q {{ {SMALL} default 1; }} }} }}
      unique "n/m n/o/q"; }} }}
"""
AXES = f"""
    list x {{ key k; ordered-by user; leaf k {{ {SMALL} }} leaf v {{ {SMALL} }}
      must "not(preceding-sibling::x/v > v)" {{ error-message "they rise"; error-app-tag "rising"; }}
      list y {{ key k; leaf k {{ {SMALL} }} leaf ref {{ type leafref {{ path "/m:x/m:k"; }} }}
        leaf twice {{ {SMALL} must "deref(../ref)/../v = ."; }} }} }}
    container any {{ leaf a {{ {SMALL} must "count(//y) < 3"; }} leaf b {{ {SMALL} must "count(ancestor::node()/*) > 1"; }}
      leaf c {{ {SMALL} must "following-sibling::*"; }} leaf d {{ {SMALL} must "/m:x[last()]/m:v = ."; }}
      leaf e {{ {SMALL} must "/m:x[m:k = current()/../d]/m:y or ../c | ../b"; }}
      leaf f {{ {SMALL} must "/m:x[2]/m:k = 1 or string(/m:any) = ''"; }} }}
"""
REFERENCES = f"""
    list port {{ key name; leaf name {{ {NAME} }} leaf speed {{ {SMALL} }} leaf top {{ {SMALL} }} }}
    choice o {{ default there; case there {{ leaf top {{ {SMALL} default 1; }} }} leaf other {{ {SMALL} }} }}
    leaf id {{ type instance-identifier; }} leaf-list ids {{ type instance-identifier; }}
    leaf either {{ type union {{ type leafref {{ path "/m:port/m:name"; }} type {SMALL[5:]} }} }}
    leaf-list both {{ type union {{ type leafref {{ path "/m:port/m:speed"; }} type leafref {{ path "/m:port/m:name"; }} }} }}
    leaf far {{ type union {{ type enumeration {{ enum none; }} type instance-identifier; }} }}
    leaf led {{ {SMALL} must "deref(../id) = ."; }}
"""
BODIES = {"references": REFERENCES, "leafrefs": LEAFREFS, "whens": WHENS, "choices": CHOICES, "axes": AXES}


# large trees are wanted, and cost
LARGE = (HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.too_slow)


def told(errors: Iterable[RequestError]) -> set[str]:
    """Return what errors say, without the other entry that an entry is the same as: which is named first is chance."""
    return {f"{error.tag} {error.app_tag} {error.path}" for error in errors if error.app_tag != "data-not-unique"} | {
        f"unique {error.path.parent if error.path else ''}" for error in errors if error.app_tag == "data-not-unique"
    }


def mended(tree: Node) -> Node:
    """Return `tree` without what is wrong in it."""
    while errors := validate_whole(tree):
        for error in errors:
            path = error.path
            while path is not None and not is_there(tree, path):
                path = path.parent
            tree = without(tree, path) if path is not None else Node(tree.schema, {})
        if not tree.children:
            break
    return tree


def is_there(tree: Node, path: Path) -> bool:
    node = cursor_at(Cursor(tree.schema, tree, None), path)
    return node is not None and (not isinstance(node.value, Node) or node.value.children != {} or node.schema.presence)


@st.composite
def dense(draw: Draw, node: SchemaNode) -> Node:
    """Return a node with most of its children, so that rules meet what they look at."""
    found: dict[str, Any] = {name: draw(cached_values(node.children[name].type)) for name in node.keys}
    chosen: dict[str, str] = {}
    for name, child in draw(st.permutations(list(node.children.items()))):
        if name in found or not draw(st.integers(0, 3)):
            continue
        if not all(chosen.setdefault(choice, case) == case for choice, case in child.cases):
            continue
        if child.kind == "container":
            value: Any = draw(dense(child))
        elif child.kind == "list":
            entries = draw(st.lists(dense(child), max_size=3))
            value = Entries(child, {entry.key: entry for entry in entries})
        else:
            value = draw(content(child))
        if not is_empty(value):
            found[name] = value
    return Node(node, ordered(node, found))


def schema(name: str) -> Schema:
    return schema_of(module(BODIES[name]))


@pytest.mark.parametrize("name", BODIES)
@given(data=st.data())
@settings(max_examples=100, suppress_health_check=LARGE)
def test_a_difference_breaks_the_rules_that_the_tree_after_it_breaks(name: str, data: st.DataObject) -> None:
    before = mended(data.draw(dense(schema(name).root)))
    after = data.draw(blends(before, data.draw(dense(schema(name).root))))
    assert told(validate(before, after)) == told(validate_whole(after))


@pytest.mark.parametrize("name", BODIES)
@given(data=st.data())
@settings(max_examples=20, suppress_health_check=LARGE)
def test_a_tree_is_settled_when_no_when_in_it_is_false(name: str, data: st.DataObject) -> None:
    before = mended(data.draw(dense(schema(name).root)))
    after = data.draw(blends(before, data.draw(dense(schema(name).root))))
    errors: list[RequestError] = []
    settled = settle(before, after, errors)
    assert not [error for error in validate_whole(settled) if error.tag == "unknown-element"]
    if not errors:
        assert settle(before, settled) == settled
