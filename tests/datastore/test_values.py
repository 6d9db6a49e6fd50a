"""Values that models allow and no backend puts into effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.configuration import INTERFACE
from backends.translator import Claim
from datastore.errors import UnsupportedValue
from datastore.objects import Objects
from datastore.values import SupportedValues
from tests.datastore.configurations import tree_of
from tests.datastore.test_support import Claims, Paper
from tests.openconfig import interface, interfaces
from yang.tree import Node

if TYPE_CHECKING:
    from yang.schema import Schema


def paper(*values: str | None) -> Paper:
    """Return a backend that takes these descriptions; None takes all."""
    translator = Claims("config/name")
    translator.claims = tuple(
        Claim("config/description", values=frozenset({value}) if value is not None else None) for value in values
    )
    return Paper(translator)


def judge(schema: Schema, description: str | None, *backends: Paper) -> None:
    tree = tree_of(schema, interfaces(interface("Ethernet1", description=description)))
    changed = list(Objects(backends, schema).changed(Node(schema.root, {}), tree))
    SupportedValues(backends).judge(changed)


def test_a_value_that_no_backend_takes_is_refused_at_its_leaf(schema: Schema) -> None:
    with pytest.raises(UnsupportedValue, match="description red is not supported here: blue, green are") as refused:
        judge(schema, "red", paper("green"), paper("blue"))
    assert str(refused.value.path) == f"{INTERFACE}[name='Ethernet1']/config/description"
    assert refused.value.tag == "invalid-value"


def test_a_value_that_one_backend_takes_is_accepted(schema: Schema) -> None:
    judge(schema, "blue", paper("green"), paper("blue"))
    judge(schema, "red", paper("green"), paper(None))
    judge(schema, "red", paper(None), paper("green"))


def test_a_leaf_that_is_not_there_is_accepted(schema: Schema) -> None:
    judge(schema, None, paper("green"))


def test_what_goes_is_not_judged(schema: Schema) -> None:
    backend = paper("green")
    tree = tree_of(schema, interfaces(interface("Ethernet1", description="red")))
    SupportedValues([backend]).judge(Objects([backend], schema).changed(tree, Node(schema.root, {})))
