"""Operations, resources and their codec: plain values with a way back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends import Failure, Operation, OperationFailed, Prefix, Resource
from backends.codec import kinds_of, plain, plain_operation, restored, restored_operation, tupled
from backends.hardware.objects import OBJECTS, NextHopGroup
from backends.hardware.objects import Route as ChipRoute
from backends.kernel.backend import KernelBackend
from backends.kernel.resources import Address, Hop, Link, Port, Route
from backends.resource import address_of, named, network_of
from tests.backends.hardware_scenarios import SCENARIOS as CHIP_SCENARIOS
from tests.backends.kernel_scenarios import SCENARIOS, VLAN_SCENARIOS

KINDS = kinds_of([*OBJECTS, *KernelBackend.resources])
OPERATIONS = [
    operation for scenario in [*SCENARIOS, *VLAN_SCENARIOS, *CHIP_SCENARIOS] for operation in scenario.operations
]
BEFORE, AFTER = Port("Ethernet1"), Port("Ethernet1", enabled=True, mtu=9000)


def test_an_operation_is_a_creation_an_update_or_a_removal() -> None:
    assert Operation(None, AFTER).action == "create"
    assert Operation(BEFORE, AFTER).action == "update"
    assert Operation(BEFORE, None).action == "delete"


def test_an_operation_is_about_what_will_be_or_was() -> None:
    assert Operation(BEFORE, AFTER).resource is AFTER
    assert Operation(BEFORE, None).resource is BEFORE
    assert Operation(BEFORE, None).key == ("kernel:port", "Ethernet1")


def test_what_changes_is_named_with_both_values() -> None:
    assert Operation(BEFORE, AFTER).changed() == {"enabled": (False, True), "mtu": (1500, 9000)}
    address = Address("Ethernet1", "10.0.0.1", 24)
    assert Operation(None, address).changed() == {"prefix_length": (None, 24)}
    assert Operation(address, None).changed() == {"prefix_length": (24, None)}


def test_an_operation_prints_what_it_does() -> None:
    assert str(Operation(BEFORE, AFTER)) == "update kernel:port Ethernet1 (enabled False -> True, mtu 1500 -> 9000)"
    assert str(Operation(AFTER, None)) == "delete kernel:port Ethernet1"
    address = Address("Ethernet1", "10.0.0.1", 24)
    assert str(Operation(None, address)) == "create kernel:address Ethernet1 10.0.0.1 (prefix_length 24)"


def test_failures_are_told_with_their_index_and_code() -> None:
    failed = OperationFailed({3: Failure("no room", "NO_RESOURCES"), 5: Failure("why not")})
    assert str(failed) == "operation 3: no room (NO_RESOURCES); operation 5: why not"
    assert failed.failures[3].code == "NO_RESOURCES"


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_the_inverse_of_the_inverse_is_the_operation(operation: Operation) -> None:
    assert operation.inverse().inverse() == operation
    assert operation.inverse().key == operation.key
    mirrored = {name: (new, old) for name, (old, new) in operation.changed().items()}
    assert operation.inverse().changed() == mirrored


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_an_operation_comes_back_from_json(operation: Operation) -> None:
    document = json.loads(json.dumps(plain_operation(operation)))
    back = restored_operation(document, KINDS)
    assert back == operation
    assert hash(back) == hash(operation)
    assert back.key == operation.key


def test_no_resource_is_none_in_json_too() -> None:
    assert plain(None) is None
    assert restored(None, KINDS) is None


def test_lists_come_back_as_tuples_all_the_way_down() -> None:
    assert tupled([1, ["a", [True, None]], []]) == (1, ("a", (True, None)), ())
    group = NextHopGroup("g", (("hardware:next_hop", "10.0.0.1", ""), ("hardware:router_interface", "Ethernet1")))
    assert restored(json.loads(json.dumps(plain(group))), KINDS) == group


texts = st.text(max_size=20)
hops = st.lists(st.builds(Hop, texts, texts), max_size=4).map(lambda found: tuple(sorted(found)))
resources = st.one_of(
    st.builds(Link, texts, st.sampled_from(["loopback", "bridge"]), st.booleans(), st.integers(0, 65535), texts),
    st.builds(Address, texts, texts, st.integers(0, 128)),
    st.builds(Route, texts, st.integers(0, 2**32 - 1), hops),
    st.builds(ChipRoute, texts, texts, st.lists(texts, max_size=3).map(tuple)),
)


@given(resources)
def test_any_resource_comes_back_from_json(resource: Resource) -> None:
    back = restored(json.loads(json.dumps(plain(resource))), KINDS)
    assert back == resource
    assert back is not None
    assert back.key == resource.key


def test_a_prefix_prints_as_a_network() -> None:
    assert str(Prefix("kernel", *network_of("10.0.0.1/24"))) == "10.0.0.0/24"
    assert str(Prefix("kernel", *network_of("2001:db8::1/64"))) == "2001:db8::/64"


def test_addresses_are_numbers_with_a_version() -> None:
    assert address_of("10.0.0.1") == (4, 0x0A000001)
    assert address_of("::1") == (6, 1)


def test_keys_print_as_words() -> None:
    assert named(("kernel:address", "Ethernet1", "10.0.0.1")) == "kernel:address Ethernet1 10.0.0.1"
