"""What is seen to be right at first sight is right by the rules themselves."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import module
from tests.yang.playground import schema_of
from tests.yang.test_incremental import BODIES, dense, told
from yang import sweep
from yang.validate import validate_whole

if TYPE_CHECKING:
    from yang.errors import RequestError
    from yang.schema import Schema
    from yang.tree import Node

SMALL = 'type int8 { range "0..2"; }'
LIKE_OPENCONFIG = f"""
    container rows {{ list row {{ key name; unique "config/extra";
      leaf name {{ type leafref {{ path "../config/name"; }} }}
      container config {{ leaf name {{ {SMALL} }} leaf extra {{ {SMALL} }} leaf kind {{ {SMALL} mandatory true; }} }}
      container cells {{ list cell {{ key "a b";
        leaf a {{ type leafref {{ path "../config/a"; }} }} leaf b {{ type leafref {{ path "../m:config/m:b"; }} }}
        container config {{ leaf a {{ {SMALL} }} leaf b {{ {SMALL} default 1; }} leaf-list few {{ {SMALL} max-elements 1; }} }}
        container chosen {{ presence "chosen";
          choice way {{ mandatory true; leaf left {{ {SMALL} }} leaf right {{ {SMALL} }} }} }}
      }} }}
    }} }}
"""


@cache
def schema(name: str) -> Schema:
    return schema_of(module(LIKE_OPENCONFIG if name == "like OpenConfig" else BODIES[name]))


def by_the_rules(tree: Node) -> list[RequestError]:
    """Return what is wrong with a tree if nothing is taken for right at first sight."""
    rules = tree.schema.schema.rules
    swept, rules._sweeps = rules._sweeps, {}
    try:
        with patch.object(sweep, "_sibling", lambda _: None), patch.object(sweep, "_is_complete", lambda *_: False):
            return validate_whole(tree)
    finally:
        rules._sweeps = swept


@pytest.mark.parametrize("name", ["like OpenConfig", *BODIES])
@given(data=st.data())
@settings(max_examples=80, suppress_health_check=list(HealthCheck))
def test_a_first_look_overlooks_nothing(name: str, data: st.DataObject) -> None:
    tree = data.draw(dense(schema(name).root))
    assert told(validate_whole(tree)) == told(by_the_rules(tree))


def test_keys_and_what_is_required_are_seen_at_first_sight() -> None:
    row = schema("like OpenConfig").find("/m:rows/row")
    found = row.schema.rules.sweep(row)
    assert [(name, way) for name, way, _ in found.equal] == [("name", ("config", "name"))]
    assert found.demands
