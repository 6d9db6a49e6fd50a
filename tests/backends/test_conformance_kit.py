"""The conformance kit passes a backend that keeps its promises, and names each one that is broken."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pytest

from backends import Backend, Claim, Failure, Key, Operation, OperationFailed, Resource, Translator
from backends.testing import BackendConformance, Scenario
from tests.backends.steps import changed, gone, made
from yang.bindings.openconfig_system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from yang.schema import Schema


@dataclass(frozen=True, slots=True)
class Box(Resource):
    kind: ClassVar[str] = "shelf:box"
    rank: ClassVar[int] = 20
    keys: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    content: str = ""


@dataclass(frozen=True, slots=True)
class Board(Resource):
    kind: ClassVar[str] = "shelf:board"
    rank: ClassVar[int] = 10
    keys: ClassVar[tuple[str, ...]] = ("number",)
    is_fixed: ClassVar[bool] = True

    number: int
    colour: str = "white"

    def released(self) -> Board:
        return Board(self.number)


class Labels(Translator[System]):
    path: ClassVar[str] = "/openconfig-system:system"
    claims: tuple[Claim, ...] = (Claim("config/domain-name", "content"),)
    view = System

    def resources(self, view: System, keys: tuple[Key, ...]) -> Iterator[Resource]:
        del keys
        yield Box("host", view.config.domain_name or "")


class Shelf(Backend):
    """Boxes on boards, in memory; what is called `forbidden` is refused."""

    name: ClassVar[str] = "shelf"
    resources: Sequence[type[Resource]] = (Box, Board)
    translators: Sequence[Translator[System]] = (Labels(),)

    def __init__(self) -> None:
        self.there: dict[Key, Resource] = {resource.key: resource for resource in (Board(1), Board(2))}

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        return {key: self.there[key] for key in keys if key in self.there}

    def execute(self, operations: Sequence[Operation]) -> None:
        for index, operation in enumerate(operations):
            if reason := self.refusal(operation):
                raise OperationFailed({index: Failure(reason)})
            self.carry_out(operation)

    def refusal(self, operation: Operation) -> str:
        if operation.resource.is_fixed and operation.action != "update":
            return "boards stay"
        if (operation.before is None) == (operation.key in self.there):
            return "not as it was"
        return "forbidden" if "forbidden" in operation.key else ""

    def carry_out(self, operation: Operation) -> None:
        if operation.after is None:
            del self.there[operation.key]
        else:
            self.there[operation.key] = operation.after

    def owned(self) -> Iterable[Resource]:
        return [resource for resource in self.there.values() if not resource.is_fixed]


SCENARIO = Scenario(
    "some boxes",
    [
        *changed(Board(1), Board(1, "red")),
        *made(Box("a"), Box("b", "books")),
        *changed(Box("a"), Box("a", "apples"), Box("a", "pears")),
        *gone(Box("b", "books")),
        *made(Box("b", "bottles")),
    ],
)
CONFIGURATION = (
    '<system xmlns="http://openconfig.net/yang/system"><config><domain-name>example.net</domain-name></config></system>'
)


class TestShelf(BackendConformance):
    """The kit as a plugin's author uses it."""

    def make_backend(self, tmp_path: Path) -> Backend:
        assert tmp_path.is_dir()
        return Shelf()

    def scenarios(self) -> Sequence[Scenario]:
        return [SCENARIO, Scenario("nothing", [])]

    def refused(self) -> Sequence[Operation]:
        return made(Box("forbidden"))

    def configurations(self) -> Sequence[str]:
        return [CONFIGURATION]


class InventsBoxes(Shelf):
    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        return {("shelf:box", "a"): Box("a"), **super().read(keys)}


class TellsMoreThanItWasAsked(Shelf):
    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        return self.there if keys else {}


class TellsOfOneOtherwise(Shelf):
    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        return {} if len(keys) == 1 else super().read(keys)


class ForgetsUpdates(Shelf):
    def carry_out(self, operation: Operation) -> None:
        if operation.action != "update":
            super().carry_out(operation)


class DropsOthers(Shelf):
    def carry_out(self, operation: Operation) -> None:
        super().carry_out(operation)
        if operation.after == Box("a", "apples"):
            self.there.pop(("shelf:box", "b"), None)


class ForgetsRemovals(Shelf):
    def carry_out(self, operation: Operation) -> None:
        if operation.after is not None:
            super().carry_out(operation)


class RemovesFirst(Shelf):
    """What a batch removes goes before what it makes, whatever the order."""

    def execute(self, operations: Sequence[Operation]) -> None:
        for operation in sorted(operations, key=lambda operation: operation.after is not None):
            if operation.after is not None or operation.key in self.there:
                self.carry_out(operation)


class DoesTheFirst(Shelf):
    def execute(self, operations: Sequence[Operation]) -> None:
        super().execute(operations[:1])


class NamesTheWrongOne(Shelf):
    def execute(self, operations: Sequence[Operation]) -> None:
        try:
            super().execute(operations)
        except OperationFailed as failed:
            raise OperationFailed(dict(zip([0], failed.failures.values(), strict=True))) from failed


class RefusesInSilence(Shelf):
    def execute(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            if not self.refusal(operation):
                self.carry_out(operation)


class GivesNoReason(Shelf):
    def execute(self, operations: Sequence[Operation]) -> None:
        try:
            super().execute(operations)
        except OperationFailed as failed:
            raise OperationFailed(dict.fromkeys(failed.failures, Failure(""))) from failed


class CannotBeBroughtBack(Shelf):
    def refusal(self, operation: Operation) -> str:
        return super().refusal(operation) or ("stuck" if operation.before == Board(1, "red") else "")


class TakesBoardsAway(Shelf):
    def refusal(self, operation: Operation) -> str:
        return "" if operation.resource.is_fixed else super().refusal(operation)


class OwnsEverything(Shelf):
    def owned(self) -> Iterable[Resource]:
        return [*super().owned(), Box("somebody else's")]


class OwnsForever(Shelf):
    def owned(self) -> Iterable[Resource]:
        return [resource for resource in self.there.values() if resource != Board(1)]


class ChecksTooMuch(Shelf):
    def check(self, operations: Sequence[Operation]) -> Mapping[int, str]:
        return {len(operations) - 1: "better not"}


class NamesKindsLikeOthers(Shelf):
    name: ClassVar[str] = "rack"


class HasKindsTwice(Shelf):
    resources = (Box, Board, Box)


class ForgetsItsKinds(Shelf):
    resources = (Board,)


class Pair(NamedTuple):
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Crate(Resource):
    kind: ClassVar[str] = "shelf:crate"
    rank: ClassVar[int] = 20
    keys: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    sides: Pair


class LooksIntoCrates(Shelf):
    resources = (Box, Board, Crate)

    def carry_out(self, operation: Operation) -> None:
        if isinstance(operation.after, Crate):
            assert operation.after.sides.left
        super().carry_out(operation)


@dataclass(frozen=True, slots=True)
class Bag(Resource):
    kind: ClassVar[str] = "shelf:bag"
    rank: ClassVar[int] = 20
    keys: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    things: list[str]


class HasBags(Shelf):
    resources = (Box, Board, Bag)


class CountingLabels(Labels):
    def __init__(self) -> None:
        self.count = 0

    def resources(self, view: System, keys: tuple[Key, ...]) -> Iterator[Resource]:
        del view, keys
        self.count += 1
        yield Box("host", str(self.count))


class StrayingLabels(Labels):
    def leaf_of(self, resource: Resource, attribute: str, view: System) -> str:
        del resource, attribute, view
        return "config/motd-banner"


class LabelsOfNothing(Labels):
    claims = (Claim("config/no-such-leaf"),)


class LabelsOfContainers(Labels):
    claims = (Claim("config"),)


class LabelsTwice(Labels):
    claims = (*Labels.claims, *Labels.claims)


def translating(*translators: Labels) -> type[Shelf]:
    return type("Translating", (Shelf,), {"translators": translators})


KIT = TestShelf()
WITH_SCENARIO: list[tuple[type[Shelf], Callable[[Backend, Scenario], None]]] = [
    (InventsBoxes, KIT.test_nothing_is_read_that_is_not_there),
    (TellsMoreThanItWasAsked, KIT.test_nothing_is_read_that_is_not_there),
    (TellsOfOneOtherwise, KIT.test_one_is_read_as_all_are),
    (ForgetsUpdates, KIT.test_every_operation_does_just_what_it_says),
    (DropsOthers, KIT.test_every_operation_does_just_what_it_says),
    (ForgetsRemovals, KIT.test_every_operation_is_undone_by_its_inverse),
    (DoesTheFirst, KIT.test_a_batch_does_the_same_as_single_operations),
    (RemovesFirst, KIT.test_one_batch_may_do_and_undo),
    (NamesTheWrongOne, KIT.test_a_refused_operation_is_named_by_its_index),
    (RefusesInSilence, KIT.test_a_refused_operation_is_named_by_its_index),
    (CannotBeBroughtBack, KIT.test_a_refused_operation_is_named_by_its_index),
    (TakesBoardsAway, KIT.test_fixed_resources_are_neither_made_nor_taken_away),
    (OwnsEverything, KIT.test_what_is_owned_is_what_is_there),
    (ChecksTooMuch, KIT.test_what_will_be_accepted_passes_the_check),
    (ForgetsItsKinds, KIT.test_resources_are_plain_values),
]


@pytest.mark.parametrize(("mutant", "test"), WITH_SCENARIO, ids=lambda one: one.__name__)
def test_a_broken_promise_is_found(mutant: type[Shelf], test: Callable[[Backend, Scenario], None]) -> None:
    with pytest.raises((AssertionError, OperationFailed)):
        test(mutant(), SCENARIO)
    test(Shelf(), SCENARIO)


@pytest.mark.parametrize("mutant", [RefusesInSilence, GivesNoReason])
def test_a_refusal_without_a_word_is_found(mutant: type[Shelf]) -> None:
    with pytest.raises(AssertionError):
        KIT.test_a_refusal_has_a_reason_and_changes_nothing(mutant(), Operation(None, Box("forbidden")))


@pytest.mark.parametrize("mutant", [NamesKindsLikeOthers, HasKindsTwice])
def test_kinds_that_are_not_the_backends_own_are_found(mutant: type[Shelf]) -> None:
    with pytest.raises(AssertionError):
        KIT.test_kinds_are_the_backends_own(mutant())


def test_a_field_that_another_process_gets_otherwise_is_found() -> None:
    scenario = Scenario("crates", made(Crate("c", Pair("left", "right"))))
    KIT.test_a_batch_does_the_same_as_single_operations(LooksIntoCrates(), scenario)
    with pytest.raises(AttributeError, match="left"):
        KIT.test_operations_survive_the_way_to_another_process(LooksIntoCrates(), scenario)


def test_a_resource_that_is_no_plain_value_is_found() -> None:
    # even to list a scenario's resources takes values that can be compared and kept
    with pytest.raises(TypeError, match="unhashable"):
        KIT.test_resources_are_plain_values(HasBags(), Scenario("bags", made(Bag("b", ["thing"]))))


def test_a_scenario_that_contradicts_itself_is_found() -> None:
    wrong = Scenario("wrong", [*made(Box("a")), *changed(Box("a", "apples"), Box("a", "pears"))])
    with pytest.raises(AssertionError, match="the scenario is wrong"):
        KIT.test_a_batch_does_the_same_as_single_operations(Shelf(), wrong)


@pytest.mark.parametrize("labels", [CountingLabels, StrayingLabels])
def test_a_translator_that_is_not_pure_or_strays_is_found(labels: type[Labels], full_schema: Schema) -> None:
    with pytest.raises(AssertionError):
        KIT.test_translators_are_pure(translating(labels())(), full_schema, CONFIGURATION)


def test_a_resource_that_the_backend_does_not_have_is_found(full_schema: Schema) -> None:
    with pytest.raises(AssertionError, match="which the backend does not have"):
        KIT.test_translators_are_pure(ForgetsItsKinds(), full_schema, CONFIGURATION)


@pytest.mark.parametrize("labels", [LabelsOfNothing, LabelsOfContainers, LabelsTwice])
def test_a_claim_of_what_is_no_leaf_is_found(labels: type[Labels], full_schema: Schema) -> None:
    with pytest.raises((AssertionError, KeyError)):
        KIT.test_claims_are_in_the_models(translating(labels())(), full_schema)


def test_without_a_backend_or_scenarios_the_kit_says_what_to_give_it(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="make_backend"):
        BackendConformance().make_backend(tmp_path)
    with pytest.raises(NotImplementedError, match="scenarios"):
        BackendConformance().scenarios()


def test_without_pytest_the_kit_says_that_it_needs_it() -> None:
    code = "import sys; sys.modules['pytest'] = None; import backends.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: backends.testing is for tests: it needs pytest, so install that first"
    )
