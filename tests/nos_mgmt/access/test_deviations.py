"""What systems have otherwise is told only of what may be seen."""

from __future__ import annotations

from nos_mgmt.access import Access
from nos_mgmt.access.rules import Defaults, Rule, Rules
from tests.conftest import module
from tests.yang.playground import schema_of
from yang.tree import Entries, Node

DRIFT = "container drift { list deviation { key id; leaf id { type int8; } leaf path { type string; } } }"
SCHEMA = schema_of(
    module("container top { list entry { key name; leaf name { type string; } leaf mtu { type string; } } }"),
    module(DRIFT, "nos-drift", "d"),
)


def test_a_deviation_of_what_may_not_be_seen_is_not_told() -> None:
    drift = SCHEMA.root.children["nos-drift:drift"]
    deviation = drift.children["deviation"]
    paths = {
        1: "/m:top/entry[name='a']",
        2: "/m:top/entry[name='b']",
        3: None,
        4: "/m:top/entry[name='b']/mtu",
        5: "/odd",
    }
    entries = {
        (number,): Node(deviation, {"id": number} if path is None else {"id": number, "path": path})
        for number, path in paths.items()
    }
    tree = Node(SCHEMA.root, {"nos-drift:drift": Node(drift, {"deviation": Entries(deviation, entries)})})
    hides_b = Rule(False, None, None, "path", "/m:top/m:entry[m:name='b']/m:mtu")
    seen = Access("ann", Rules(SCHEMA, [hides_b], Defaults(), "ann")).visible(tree)
    assert list(seen.get("nos-drift:drift").get("deviation")) == [(1,), (3,)]
    assert Access().visible(tree) is tree
