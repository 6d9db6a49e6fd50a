"""What of the models a server supports."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from backends.configuration import INTERFACE
from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from backends.state import StateSource
from backends.translator import Claim, Translator
from datastore.support import mirrors, supported
from tests.datastore.conftest import PaperKernel

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from yang.schema import Schema
    from yang.tree import Key
    from yang.values import Value

MTU = f"{INTERFACE}/config/mtu"


class Claims(Translator[object]):  # type: ignore[type-var]  # nobody views anything
    path: ClassVar[str] = INTERFACE

    def __init__(self, *leaves: str, excludes: tuple[str, ...] = ()) -> None:
        self.claims = tuple(map(Claim, leaves))
        self.excludes = excludes

    def resources(self, view: object, keys: object) -> tuple[()]:  # noqa: ARG002 - as the contract has it
        return ()


class Paper(PaperKernel):
    """A backend with one translator."""

    def __init__(self, translator: Claims) -> None:
        super().__init__()
        self.translators = (translator,)


class Temperature(StateSource):
    path: ClassVar[str] = INTERFACE
    leaves: ClassVar[tuple[str, ...]] = ("state/last-change", "state/no-such-leaf")

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:  # noqa: ARG002 - it knows none
        return {}


def paths(schema: Schema) -> set[str]:
    return {node.path() for node in schema.root.descendants() if node.kind in ("leaf", "leaf-list")}


def test_a_claimed_leaf_is_there_with_its_mirror_and_the_keys_on_the_way(full_schema: Schema) -> None:
    found = paths(supported([Paper(Claims("config/mtu"))], [], [], full_schema))
    assert found == {f"{INTERFACE}/name", MTU, f"{INTERFACE}/state/mtu"}


def test_what_nobody_claims_is_not_there(full_schema: Schema) -> None:
    assert paths(supported([], [], [], full_schema)) == set()


def test_what_one_backend_cannot_have_is_not_there_whatever_others_claim(full_schema: Schema) -> None:
    wants, cannot = Paper(Claims("config/name", "config/mtu")), Paper(Claims("config/name", excludes=("config/mtu",)))
    for backends in ([wants, cannot], [cannot, wants]):
        assert MTU not in paths(supported(backends, [], [], full_schema))


def test_state_that_a_source_gives_is_there_as_far_as_the_models_have_it(full_schema: Schema) -> None:
    found = paths(supported([], [Temperature()], [], full_schema))
    assert found == {f"{INTERFACE}/name", f"{INTERFACE}/state/last-change"}


def test_what_else_is_wanted_is_there(full_schema: Schema) -> None:
    found = paths(supported([], [], ["/ietf-netconf:commit/*", f"{INTERFACE}/config/description"], full_schema))
    assert f"{INTERFACE}/config/description" in found


def test_a_claim_that_the_models_do_not_have_is_a_mistake(full_schema: Schema) -> None:
    with pytest.raises(KeyError):
        supported([Paper(Claims("config/colour"))], [], [], full_schema)


def test_a_mirror_is_the_leaf_of_the_state_beside_the_config(full_schema: Schema) -> None:
    assert [mirror.path() for mirror in mirrors(full_schema.find(MTU))] == [f"{INTERFACE}/state/mtu"]
    assert list(mirrors(full_schema.find(f"{INTERFACE}/name"))) == []
    assert list(mirrors(full_schema.find(f"{INTERFACE}/state/mtu"))) == []


def test_every_claimed_leaf_of_the_real_backends_is_there(wide_schema: Schema) -> None:
    found = paths(wide_schema)
    for backend in (HardwareBackend(SimulatedAsic(())), PaperKernel()):
        for translator in backend.translators:
            for claim in translator.claims:
                assert f"{translator.path}/{claim.leaf}" in found
