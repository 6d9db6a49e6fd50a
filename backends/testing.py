"""The conformance kit: what the engine relies on in every backend, as tests that the author of a plugin runs with pytest.

    class TestFiles(BackendConformance):
        def make_backend(self, tmp_path):
            return FilesBackend(tmp_path)

        def scenarios(self):
            return [Scenario("a name", (Operation(None, TextFile("hostname", "edge1")),))]

A test that fails says which promise of `backends.backend.Backend` was broken, and how. pytest is not among the server's
own dependencies, so only tests may import this module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

from backends.codec import kinds_of, plain_operation, restored_operation
from backends.operation import Operation, OperationFailed
from backends.translator import objects_of
from yang import bindings
from yang.schema import Schema
from yang.tables import load
from yang.xmldata import read_data
from yang.xmlio import parse_document

try:
    import pytest
except ImportError as missing:
    raise ImportError("backends.testing is for tests: it needs pytest, so install that first") from missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from backends.backend import Backend
    from backends.resource import Key, Resource

PREDICATE = re.compile(r"\[[^]]*]")
ROUNDS = 5  # of reading and mending what a refused batch has left behind, as in the engine


class Scenario(NamedTuple):
    """Operations that the system accepts one after the other, beginning with a fresh backend."""

    name: str
    operations: Sequence[Operation]
    """Creations in the order of build-up, updates of what is there by then, and removals of what nothing needs."""

    @property
    def keys(self) -> list[Key]:
        """The keys of all resources in it, in the order of build-up."""
        return list(dict.fromkeys(operation.key for operation in self.operations))

    @property
    def resources(self) -> list[Resource]:
        """All resources in it, in each of their states."""
        states = (one for operation in self.operations for one in (operation.before, operation.after))
        return list(dict.fromkeys(one for one in states if one is not None))

    @property
    def inverses(self) -> list[Operation]:
        """The operations that lead back."""
        return [operation.inverse() for operation in reversed(self.operations)]


class BackendConformance:
    """Tests of one backend. Subclass it under a name that begins with `Test`, and override what says so."""

    def make_backend(self, tmp_path: Path) -> Backend:
        """Return a backend whose system is as after a fresh start; override this, or the fixture `backend`."""
        raise NotImplementedError("give the kit a backend: override make_backend, or the fixture backend")

    def scenarios(self) -> Sequence[Scenario]:
        """Return what is tried with the backend; override it. All kinds of resources and of updates should come up."""
        raise NotImplementedError("give the kit something to try: override scenarios")

    def refused(self) -> Sequence[Operation]:
        """Return operations that the system refuses in every state of every scenario; override it if there are any."""
        return ()

    def configurations(self) -> Sequence[str]:
        """Return configurations, each as its top-level XML elements, for the translators; override it if there are any."""
        return ()

    @pytest.fixture
    def backend(self, tmp_path: Path) -> Iterator[Backend]:
        """The backend, closed after each test."""
        made = self.make_backend(tmp_path)
        yield made
        made.close()

    @pytest.fixture
    def models(self) -> Schema:
        """The model set that the backend's translators are for: the default one, unless this is overridden."""
        return Schema(load(bindings.DEFAULT / "schema.tables"))

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Have pytest run each test once for every scenario, refusal or configuration that it takes."""
        choices = {"scenario": self.scenarios, "refused": self.refused, "configuration": self.configurations}
        for name in choices.keys() & metafunc.fixturenames:
            metafunc.parametrize(name, choices[name](), ids=lambda one: getattr(one, "name", f"{one}"[:60]))

    def test_nothing_is_read_that_is_not_there(self, backend: Backend, scenario: Scenario) -> None:
        """A fresh system has what the scenario begins with, and nothing of what it makes."""
        begins = {operation.key: operation.before for operation in reversed(scenario.operations)}
        wanted = {key: before for key, before in begins.items() if before is not None}
        same(backend.read(scenario.keys), wanted, "before the scenario")
        same(backend.read([]), {}, "asked for nothing")

    def test_every_operation_does_just_what_it_says(self, backend: Backend, scenario: Scenario) -> None:
        """After each operation its resource is as it says, and no other is different."""
        state = backend.read(scenario.keys)
        for operation in scenario.operations:
            backend.execute([operation])
            state = after(state, [operation])
            same(backend.read(scenario.keys), state, f"after: {operation}")

    def test_a_batch_does_the_same_as_single_operations(self, backend: Backend, scenario: Scenario) -> None:
        """All operations at once lead to where they lead one by one."""
        state = after(backend.read(scenario.keys), scenario.operations)
        backend.execute(scenario.operations)
        same(backend.read(scenario.keys), state, "after the batch")

    def test_every_operation_is_undone_by_its_inverse(self, backend: Backend, scenario: Scenario) -> None:
        """The inverses in reverse order lead back, step by step."""
        states = [dict(backend.read(scenario.keys))]
        for operation in scenario.operations:
            backend.execute([operation])
            states.append(dict(backend.read(scenario.keys)))
        for operation, state in zip(reversed(scenario.operations), reversed(states[:-1]), strict=True):
            backend.execute([operation.inverse()])
            same(backend.read(scenario.keys), state, f"after the inverse of: {operation}")

    def test_one_batch_may_do_and_undo(self, backend: Backend, scenario: Scenario) -> None:
        """Operations take effect in their order: what is done and undone in one batch leaves nothing behind."""
        state = backend.read(scenario.keys)
        backend.execute([*scenario.operations, *scenario.inverses])
        same(backend.read(scenario.keys), state, "after the operations and their inverses")

    def test_one_is_read_as_all_are(self, backend: Backend, scenario: Scenario) -> None:
        """What is read of a resource does not depend on what else is asked for."""
        backend.execute(scenario.operations)
        together = backend.read(scenario.keys)
        alone: dict[Key, Resource] = {}
        for key in scenario.keys:
            alone |= backend.read([key])
        same(alone, together, "asked for one by one, instead of together")

    def test_what_is_owned_is_what_is_there(self, backend: Backend, scenario: Scenario) -> None:
        """Everything that carries the program's mark reads as `owned` says, and is gone once it is taken back."""
        before = {resource.key: resource for resource in backend.owned()}
        backend.execute(scenario.operations)
        owned = {resource.key: resource for resource in backend.owned()}
        same(owned, backend.read(list(owned)), "owned, instead of read")
        backend.execute(scenario.inverses)
        same({resource.key: resource for resource in backend.owned()}, before, "owned after all was taken back")

    def test_what_is_owned_and_not_wanted_is_astray(self, backend: Backend, scenario: Scenario) -> None:
        """What nothing calls for is among the strays, as it is read, and nothing that is wanted is."""
        before = {resource.key for resource in backend.strays(frozenset(scenario.keys))}
        backend.execute(scenario.operations)
        same(
            {resource.key for resource in backend.strays(frozenset(scenario.keys))},
            before,
            "strays besides what is wanted",
        )
        owned = {resource.key: resource for resource in backend.owned()}
        strays = {resource.key: resource for resource in backend.strays(frozenset())}
        same({key: strays.get(key) for key in owned}, owned, "strays among what is owned")
        some = list(owned)[:1]
        same(
            {resource.key: resource for resource in backend.strays(frozenset(), some)},
            {key: owned[key] for key in some},
            "strays, asked for one",
        )
        same(backend.read(list(strays)), strays, "strays, read")

    def test_what_will_be_accepted_passes_the_check(self, backend: Backend, scenario: Scenario) -> None:
        """The check has nothing against operations that the system accepts, and changes nothing."""
        state = backend.read(scenario.keys)
        same(backend.check(scenario.operations), {}, "checked")
        same(backend.read(scenario.keys), state, "after the check")

    def test_a_refused_operation_is_named_by_its_index(self, backend: Backend, scenario: Scenario) -> None:
        """Wherever in a batch an operation is refused, it alone is named; and what was done can be read and mended."""
        choice = cycle(self.refused())
        for index, refused in zip(range(len(scenario.operations) + 1), choice, strict=False):
            keys = [*scenario.keys, refused.key]
            state = backend.read(keys)
            batch = [*scenario.operations[:index], refused, *scenario.operations[index:]]
            same(sorted(failures_of(backend, batch)), [index], f"indexes named when {index} was refused, {refused}")
            bring_back(backend, state, keys)

    def test_a_refusal_has_a_reason_and_changes_nothing(self, backend: Backend, refused: Operation) -> None:
        """An operation that is refused by itself is explained and leaves its resource as it was."""
        state = backend.read([refused.key])
        reasons = [bool(failure.reason) for failure in failures_of(backend, [refused]).values()]
        same(reasons, [True], f"reasons given for the refusal of {refused}")
        same(backend.read([refused.key]), state, f"after the refusal of {refused}")

    def test_fixed_resources_are_neither_made_nor_taken_away(self, backend: Backend, scenario: Scenario) -> None:
        """What is there or not, like a port, is at most changed: its creation and its removal are refused."""
        state = backend.read(scenario.keys)
        for resource in [resource for resource in scenario.resources if resource.is_fixed]:
            for operation in (Operation(resource, None), Operation(None, resource)):
                same(sorted(failures_of(backend, [operation])), [0], f"indexes named for: {operation}")
        same(backend.read(scenario.keys), state, "after refusals")

    def test_operations_survive_the_way_to_another_process(self, backend: Backend, scenario: Scenario) -> None:
        """As JSON and back, operations are equal to what they were and do the same."""
        kinds, state = kinds_of(backend.resources), after(backend.read(scenario.keys), scenario.operations)
        sent = json.loads(json.dumps([plain_operation(operation) for operation in scenario.operations]))
        arrived = [restored_operation(values, kinds) for values in sent]
        same(arrived, list(scenario.operations), "arrived")
        backend.execute(arrived)
        same(backend.read(scenario.keys), state, "after the operations that arrived")

    def test_resources_are_plain_values(self, backend: Backend, scenario: Scenario) -> None:
        """Resources are compared by value, can be kept in sets, and are called by their kinds and keys."""
        for resource in scenario.resources:
            hold(type(resource) in backend.resources, f"{type(resource).__name__} is not among the backend's resources")
            same(resource.key, (resource.kind, *[getattr(resource, name) for name in resource.keys]), "key")
            twin = replace(resource)
            same((twin, hash(twin), hash(twin.key)), (resource, hash(resource), hash(resource.key)), "of an equal copy")
            released = resource.released()
            same((released.key, released.released()), (resource.key, released), "key and release once released")

    def test_kinds_are_the_backends_own(self, backend: Backend) -> None:
        """Every class of resources has a kind that no other has, a rank, and fields for its keys."""
        kinds = [class_.kind for class_ in backend.resources]
        same(sorted(set(kinds)), sorted(kinds), "kinds, each counted once")
        for class_ in backend.resources:
            names = {field.name for field in fields(class_)}
            hold(class_.kind.startswith(f"{backend.name}:"), f"{class_.kind} does not begin with {backend.name}:")
            hold(isinstance(class_.rank, int), f"{class_.kind} has no rank")
            hold(class_.keys and names.issuperset(class_.keys), f"{class_.kind} has no fields for its keys")
            hold(names.difference(class_.keys).issuperset(class_.create_only), f"{class_.kind}: create_only is wrong")

    def test_claims_are_in_the_models(self, backend: Backend, models: Schema) -> None:
        """What translators claim and exclude are leaves of the models, at most once for each translator."""
        for translator in backend.translators:
            leaves = [*[claim.leaf for claim in translator.claims], *translator.excludes]
            same(sorted(set(leaves)), sorted(leaves), f"leaves of {translator.path}, each counted once")
            for leaf in leaves:
                kind = models.find(f"{translator.path}/{leaf}").kind
                hold(kind in ("leaf", "leaf-list"), f"{translator.path}/{leaf} is claimed and is a {kind}")

    def test_translators_are_pure(self, backend: Backend, models: Schema, configuration: str) -> None:
        """Equal objects give equal resources, whatever was translated before, all of kinds that the backend has."""
        tree = read_data(parse_document(f"<config>{configuration}</config>".encode()), models)
        objects = [(one, *place) for one in backend.translators for place in objects_of(one.path, tree)]
        hold(objects, "the configuration has no object that a translator answers for")
        first = [list(translator.resources(translator.view(node), path.keys())) for translator, path, node in objects]
        for (translator, path, node), resources in reversed(list(zip(objects, first, strict=True))):
            view, claimed = translator.view(node), {"", *[claim.leaf for claim in translator.claims]}
            same(list(translator.resources(view, path.keys())), resources, f"translated again: {path}")
            for resource in resources:
                hold(type(resource) in backend.resources, f"{path} gives {resource}, which the backend does not have")
                leaves = [translator.leaf_of(resource, name, view) for name in ("", *resource.attributes())]
                unclaimed = [leaf for leaf in leaves if PREDICATE.sub("", leaf) not in claimed]
                same(unclaimed, [], f"said to have given {resource}, and not claimed")


def hold(condition: object, message: str) -> None:
    """Fail with `message` unless `condition` is true."""
    if not condition:
        raise AssertionError(message)


def same(found: object, wanted: object, where: str) -> None:
    """Fail unless `found` is equal to `wanted`, saying where they differ."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        different = [key for key in {**found, **wanted} if found.get(key) != wanted.get(key)]
        lines = [f"  {key}: {found.get(key)!r}\n    instead of {wanted.get(key)!r}" for key in different]
        hold(not different, "\n".join([f"{where}:", *lines]))
    else:
        hold(found == wanted, f"{where}: {found!r} instead of {wanted!r}")


def after(state: Mapping[Key, Resource], operations: Sequence[Operation]) -> dict[Key, Resource]:
    """Return what `operations` lead to from `state`."""
    changed = dict(state)
    for operation in operations:
        same(changed.pop(operation.key, None), operation.before, f"the scenario is wrong: before {operation}")
        if operation.after is not None:
            changed[operation.key] = operation.after
    return changed


def failures_of(backend: Backend, operations: Sequence[Operation]) -> Mapping[int, Any]:
    """Return why operations were refused, by index."""
    try:
        backend.execute(operations)
    except OperationFailed as failed:
        return failed.failures
    return {}


def bring_back(backend: Backend, state: Mapping[Key, Resource], keys: Sequence[Key]) -> None:
    """Lead the system back to `state` as the engine does: removals from high rank to low, then the rest from low to high."""
    for _ in range(ROUNDS):
        found = backend.read(keys)
        wrong = [Operation(found.get(key), state.get(key)) for key in keys if found.get(key) != state.get(key)]
        if not wrong:
            return
        gone = [operation for operation in reversed(wrong) if operation.after is None]
        kept = [operation for operation in wrong if operation.after is not None]
        gone.sort(key=lambda operation: -operation.resource.rank)
        kept.sort(key=lambda operation: operation.resource.rank)
        failures_of(backend, [*gone, *kept])
    same(backend.read(keys), state, f"after {ROUNDS} attempts to bring back what it was like")
