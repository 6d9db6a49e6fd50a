"""Where in the configuration a backend's complaint belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datastore.leaves import leaf_path
from yang.path import Path

if TYPE_CHECKING:
    from yang.schema import Schema

STATIC = "/openconfig-network-instance:network-instances/network-instance/protocols/protocol/static-routes/static"


@pytest.fixture
def interface(schema: Schema) -> Path:
    node = schema.find("/openconfig-interfaces:interfaces/interface")
    assert node.parent is not None
    return Path(Path(None, node.parent), node, ("Ethernet1",))


@pytest.fixture
def static(schema: Schema) -> Path:
    return Path(None, schema.find(STATIC), ("192.0.2.0/24",))


def test_a_leaf_is_found_below_its_object(interface: Path) -> None:
    path = leaf_path(interface, "config/mtu")
    assert str(path) == "/openconfig-interfaces:interfaces/interface[name='Ethernet1']/config/mtu"


def test_no_leaf_is_the_object_itself(interface: Path) -> None:
    assert leaf_path(interface, "") is interface


def test_list_entries_on_the_way_keep_their_keys(static: Path) -> None:
    path = leaf_path(static, "next-hops/next-hop[index='a/b']/config/metric")
    assert str(path).endswith("static[prefix='192.0.2.0/24']/next-hops/next-hop[index='a/b']/config/metric")
    assert path.keys() == (("192.0.2.0/24",), ("a/b",))


def test_a_key_may_have_brackets_and_quotes(static: Path) -> None:
    for index in ("it's", "a]b", "[x='y']", 'say "so"'):
        path = leaf_path(static, f"next-hops/next-hop[index='{index}']/config/metric")
        assert path.keys()[-1] == (index,)
        assert path.schema.name == "metric"


def test_what_the_schema_does_not_have_is_left_out(interface: Path) -> None:
    assert str(leaf_path(interface, "config/loopback-mode")).endswith("[name='Ethernet1']/config")
    assert leaf_path(interface, "nowhere/at/all") is interface


def test_an_entry_without_its_key_is_the_list(static: Path) -> None:
    assert leaf_path(static, "next-hops/next-hop/config/metric").keys() == (("192.0.2.0/24",),)
