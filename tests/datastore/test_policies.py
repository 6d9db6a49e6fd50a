"""Which policy counts for a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datastore.policies import policies_of
from datastore.support import supported
from tests.conftest import config, empty
from yang.edit import edit_config
from yang.path import Path

if TYPE_CHECKING:
    from backends.hardware import HardwareBackend
    from datastore.policies import Policies
    from yang.schema import Schema

DRIFT = "urn:nos-mgmt:yang:nos-drift"
INTERFACES = "/openconfig-interfaces:interfaces"


@pytest.fixture
def schema(hardware: HardwareBackend, full_schema: Schema) -> Schema:
    return supported([hardware], [], ("/nos-drift:drift/default-action", "/nos-drift:drift/policy/action"), full_schema)


def policies(schema: Schema, default: str = "", **by_path: str) -> Policies:
    content = f"<default-action>{default}</default-action>" if default else ""
    for path, action in by_path.items():
        content += f"<policy><path>{path}</path><action>{action}</action></policy>"
    return policies_of(edit_config(empty(schema), config(f'<drift xmlns="{DRIFT}">{content}</drift>')))


def mtu_of(schema: Schema, name: str) -> Path:
    interfaces = schema.root.children["openconfig-interfaces:interfaces"]
    entry = interfaces.children["interface"]
    path = Path(Path(Path(None, interfaces), entry, (name,)), entry.children["config"])
    return Path(path, path.schema.children["mtu"])


def test_without_a_word_it_is_an_alarm(schema: Schema) -> None:
    assert policies_of(empty(schema)).action(mtu_of(schema, "Ethernet1")) == "alarm"
    assert policies(schema, "revert").action(mtu_of(schema, "Ethernet1")) == "revert"
    assert policies(schema, "revert").action(None) == "revert"


def test_the_longest_path_counts_and_of_equals_the_one_with_more_keys(schema: Schema) -> None:
    found = policies(
        schema,
        "alarm",
        **{
            "/": "adopt",
            INTERFACES: "revert",
            f"{INTERFACES}/interface": "alarm",
            f"{INTERFACES}/interface[name='Ethernet1']": "adopt",
            f'{INTERFACES}/interface[name="Ethernet2"]/config/mtu': "revert",
        },
    )
    actions = [found.action(mtu_of(schema, f"Ethernet{number}")) for number in (1, 2, 3)]
    assert actions == ["adopt", "revert", "alarm"]
    path = mtu_of(schema, "Ethernet2").parent
    assert path is not None
    assert found.action(path) == "alarm"


@pytest.mark.parametrize("path", [f"{INTERFACES}/interface[name=", "/interfaces", f"{INTERFACES}/interface/mtu", "/ "])
def test_a_path_that_is_none_matches_nothing(schema: Schema, path: str) -> None:
    assert policies(schema, **{path: "revert"}).action(mtu_of(schema, "Ethernet1")) == "alarm"
