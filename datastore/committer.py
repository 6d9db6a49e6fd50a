"""The commit: the only way in which running changes.

    validate → plan → check → journal → apply → verify → seal → running moves

Any failure before the seal leads back: to what the systems were like before, which is read before anything is changed.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from backends.operation import BackendLost, Failure, Operation, OperationFailed
from backends.resource import Key, named
from datastore import plan as planning
from datastore.errors import CommitFailed, UnsupportedValue, ValidationFailed
from datastore.history import HistoryFailed, replayed
from datastore.leaves import leaf_path
from datastore.objects import Objects
from datastore.plan import Deferred, Plan, Step
from datastore.systems import Systems
from datastore.wanted import Wanted
from yang.diff import difference
from yang.tree import Node
from yang.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from backends.backend import Backend
    from datastore.history import Author, History
    from datastore.objects import ChangedObject, Source
    from datastore.wanted import Change
    from yang.path import Path

logger = logging.getLogger(__name__)


class Committed(NamedTuple):
    """The outcome of a commit."""

    commit_id: int | None
    """None if there was nothing to commit."""
    plan: Plan


class Committer:
    """Takes configurations into effect, one commit at a time."""

    def __init__(
        self,
        backends: Sequence[Backend],
        history: History,
        empty: Node,
        publish: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Commit through `backends`, in this order, and write `history`; `empty` is a tree without anything.

        `publish` is told in a sentence of everything that happens apart from requests.
        """
        self._history = history
        self._objects = Objects(backends, empty.schema.schema)
        self._values = _limited_values(backends)
        self._wanted = Wanted()
        self._lock = threading.Lock()
        self._systems = Systems(backends, self._wanted, self._lock, publish)
        self._publish = publish
        self._running = empty
        self._is_closed = False
        self._snapshots: threading.Thread | None = None

    @property
    def running(self) -> Node:
        """The configuration that is in effect."""
        return self._running

    @property
    def out_of_step(self) -> Collection[Key]:
        """The keys of resources that could not be brought to what they should be; normally none."""
        return self._systems.out_of_step

    def deferred(self) -> list[Deferred]:
        """Return what is configured and cannot take effect yet."""
        with self._lock:
            return self._deferred(self._wanted.waiting)

    def start(self) -> None:
        """Come back to the last sealed commit: read what the systems are like, and mend what is different.

        What cannot be mended is tried again in the background.

        Raises:
            RequestError: The configuration does not fit the models.
            HistoryFailed: The history cannot be read.
            BackendLost: A system does not answer.
        """
        with self._lock:
            empty = self._running
            last = self._history.configuration()
            begun: set[Key] = set()
            for commit_id, delta in self._history.pending():
                # it was cut off: whatever it may have made is looked for and taken away
                begun |= self._keys_of(last, delta)
                self._history.abort(commit_id, "the server ended while it was carried out")
                self._publish(f"commit {commit_id} was cut off and took no effect")
            self._wanted.demand(self._objects.changed(empty, last))
            changes = self._resolve()
            self._wanted.keep()
            found = self._systems.read(begun)
            targets = {key: planning.released(found.get(key)) for key in begun}
            targets.update({key: change.after for key, change in changes.items()})
            for backend in self._systems:
                for resource in backend.owned():
                    targets.setdefault(resource.key, None)
            self._running = last
            self._systems.converge(targets)
            for backend in self._systems:
                backend.watch(self._reconsider)

    def close(self) -> None:
        """Stop mending, and let the backends go."""
        with self._lock:
            self._is_closed = True
        if self._snapshots is not None:
            self._snapshots.join()
        self._systems.close()

    def validate(self, after: Node) -> None:
        """Raise `ValidationFailed` if `after` breaks rules of the models."""
        errors = validate(self._running, after)
        if errors:
            raise ValidationFailed(errors)

    def plan(self, after: Node) -> Plan:
        """Return what a commit of `after` would do, without doing it.

        Raises:
            RequestError: It could not be committed.
        """
        with self._trying(after) as plan:
            self._check(plan, after)
            return plan

    def commit(self, after: Node, author: Author, comment: str = "", label: str = "") -> Committed:
        """Make `after` the running configuration, everywhere or nowhere.

        Raises:
            ValidationFailed: It breaks rules of the models.
            RequestError: A backend refused, or did not do what it said; running and all systems are as they were. If they
                could not be brought back, the message says so, and it is tried again until it succeeds.
        """
        with self._trying(after, keep=True) as plan:
            delta = difference(self._running, after)
            if not delta:
                return Committed(None, plan)
            self._check(plan, after)
            commit_id = self._begin(author, delta, comment, label)
            try:
                self._apply(plan, after)
                self._verify(plan, after)
                self._history.seal(commit_id)
            except (CommitFailed, HistoryFailed) as error:
                raise self._aborted(commit_id, error, plan) from error
            self._running = after
        self._snapshot_if_due(commit_id, after)
        return Committed(commit_id, plan)

    def _begin(self, author: Author, delta: str, comment: str, label: str) -> int:
        try:
            return self._history.begin(author, delta, comment, label)
        except HistoryFailed as error:
            raise CommitFailed(f"nothing was changed: {error}") from error

    @contextmanager
    def _trying(self, after: Node, *, keep: bool = False) -> Iterator[Plan]:
        """Work out the plan for `after`; what is wanted changes only if `keep` and nothing is raised."""
        with self._lock:
            try:
                if keep and not self._systems.get_in_step():
                    keys = ", ".join(named(key) for key in list(self.out_of_step)[:5])
                    raise CommitFailed(f"nothing was changed: the systems are out of step with running, at {keys}")
                self.validate(after)
                changed = list(self._objects.changed(self._running, after))
                self._refuse_values(changed)
                self._wanted.demand(changed)
                yield self._planned(self._resolve())
                if keep:
                    self._wanted.keep()
            except BackendLost as error:
                raise CommitFailed(f"nothing was changed: {error}") from error
            finally:
                # after keep there is nothing to take back
                self._wanted.take_back()

    def _resolve(self) -> Mapping[Key, Change]:
        """Work out what can take effect, asking the backends which ports are there."""
        changes = self._wanted.resolve() if not self._wanted.unknown() else {}
        while unknown := self._wanted.unknown():
            self._wanted.observe(unknown, self._systems.read(unknown).keys())
            changes = self._wanted.resolve()
        return changes

    def _planned(self, changes: Mapping[Key, Change]) -> Plan:
        touched = planning.touched(changes, self._wanted)
        found = self._systems.read(touched.targets)
        missing = {
            key for key, target in touched.targets.items() if target is not None and target.is_fixed
        } - found.keys()
        if missing:
            # a port has gone, and nobody has told yet
            self._wanted.observe(missing, ())
            return self._planned(self._wanted.resolve())
        steps = [
            Step(self._systems.backend_of(operation.key), operation, self._path_of(operation.key))
            for operation in planning.operations(found, touched.targets, touched.bounced, self._wanted)
        ]
        waiting = {key: self._wanted.waiting[key] for key in self._wanted.concerned if key in self._wanted.waiting}
        return Plan(steps, self._deferred(waiting), found, touched.targets)

    def _deferred(self, waiting: Mapping[Key, str]) -> list[Deferred]:
        return [Deferred(key, self._path_of(key), reason) for key, reason in waiting.items()]

    def _path_of(self, key: Key) -> Path | None:
        source = self._wanted.source_of(key)
        return source.path if source is not None else None

    def _refuse_values(self, changed: Iterable[ChangedObject]) -> None:
        """Raise `UnsupportedValue` for a leaf with a value that no backend puts into effect."""
        for source, _, after in changed:
            for leaf, values in self._values.get(source.translator.path, {}).items() if after is not None else ():
                node: object = after
                for name in leaf.split("/"):
                    node = node.children.get(name) if isinstance(node, Node) else None
                if node is not None and node not in values:
                    supported = ", ".join(sorted(values))
                    name = leaf.rpartition("/")[2]
                    raise UnsupportedValue(
                        f"{name} {node} is not supported here: {supported} are", leaf_path(source.path, leaf)
                    )

    def _check(self, plan: Plan, after: Node) -> None:
        """Raise `CommitFailed` if a backend can tell beforehand that it will refuse."""
        for backend in self._systems:
            mine = [step for step in plan.steps if step.backend is backend]
            refused = backend.check([step.operation for step in mine]) if mine else {}
            for index, reason in refused.items():
                raise self._failure(mine[index], Failure(reason), after)

    def _apply(self, plan: Plan, after: Node) -> None:
        for backend, steps in plan.batches():
            try:
                backend.execute([step.operation for step in steps])
            except OperationFailed as error:
                index, failure = next(iter(sorted(error.failures.items())))
                raise self._failure(steps[index], failure, after) from error
            except BackendLost as error:
                raise CommitFailed(f"{backend.name}: {error}") from error

    def _verify(self, plan: Plan, after: Node) -> None:
        """Raise `CommitFailed` if the systems are not as planned, though they said so.

        What they dropped of what depends on the change is put back first.
        """
        planned = {step.operation.key for step in plan.steps}
        for _ in range(2):
            wrong = self._systems.differences(plan.targets)
            if not wrong:
                return
            if not planned.isdisjoint(operation.key for operation in wrong):
                break
            self._systems.carry_out(wrong)
        operation = next((operation for operation in wrong if operation.key in planned), wrong[0])
        backend = self._systems.backend_of(operation.key)
        failure = Failure(f"it said that it was done, and then: {_shortfall(operation)}", "VERIFY")
        raise self._failure(Step(backend, operation, self._path_of(operation.key)), failure, after)

    def _failure(self, step: Step, failure: Failure, after: Node) -> CommitFailed:
        """Return the error for a refused operation, at the leaf that it comes from."""
        operation = step.operation
        source = self._wanted.source_of(operation.key)
        path = _leaf_of(source, operation, failure, self._running, after) if source is not None else step.path
        return CommitFailed(
            f"{step.backend.name} refused to {operation}: {failure}",
            path,
            app_tag=f"{step.backend.name}-{failure.code or 'refused'}",
        )

    def _aborted(self, commit_id: int, error: CommitFailed | HistoryFailed, plan: Plan) -> CommitFailed:
        """Lead everything back to what was found before, and return the error for the client."""
        failed = error if isinstance(error, CommitFailed) else CommitFailed(str(error))
        message = failed.message
        if not self._systems.converge({key: plan.found.get(key) for key in plan.targets}):
            message += "; what was changed could not be taken back yet, and is tried again"
        try:
            self._history.abort(commit_id, failed.message)
        except HistoryFailed:
            logger.exception("commit %s stays pending in the history; it took no effect", commit_id)
        return CommitFailed(message, failed.path, app_tag=failed.app_tag)

    def _keys_of(self, last: Node, delta: str) -> set[Key]:
        """Return the keys of the resources that a commit which was cut off may have made or taken away."""
        after = replayed(last, delta)
        keys = set()
        for source, before, new in self._objects.changed(last, after):
            for node in (before, new):
                if node is not None:
                    resources = source.translator.resources(source.translator.view(node), source.path.keys())
                    keys |= {resource.key for resource in resources}
        return keys

    def _reconsider(self, keys: Collection[Key]) -> None:
        """See what takes effect now that fixed resources have come or gone."""
        with self._lock:
            if self._is_closed:
                return
            try:
                self._wanted.observe(keys, self._systems.read(keys).keys())
                changes = self._wanted.resolve()
            except BackendLost as error:
                self._wanted.take_back()
                self._publish(f"a backend does not answer: {error}")
                return
            targets = planning.touched(changes, self._wanted).targets
            self._wanted.keep()
            if not changes:
                return
            names = ", ".join(named(key) for key in keys)
            if self._systems.converge(targets):
                self._publish(f"came or went: {names}; {len(changes)} resources follow")

    def _snapshot_if_due(self, commit_id: int, tree: Node) -> None:
        if not self._history.is_snapshot_due:
            return

        def snapshot() -> None:
            try:
                self._history.snapshot(commit_id, tree)
            except HistoryFailed:
                logger.exception("no snapshot of commit %s", commit_id)

        # nobody waits for it: the tree cannot change, and without it the history only takes longer to read
        self._snapshots = threading.Thread(target=snapshot, name="snapshot")
        self._snapshots.start()


def _limited_values(backends: Iterable[Backend]) -> dict[str, dict[str, frozenset[str]]]:
    """Return the values that leaves may have, by the path of their objects, where no backend takes all."""
    limited: dict[str, dict[str, frozenset[str] | None]] = {}
    for backend in backends:
        for translator in backend.translators:
            leaves = limited.setdefault(translator.path, {})
            for claim in translator.claims:
                known = leaves.get(claim.leaf, frozenset())
                leaves[claim.leaf] = None if claim.values is None or known is None else known | claim.values
    return {
        path: {leaf: values for leaf, values in leaves.items() if values is not None}
        for path, leaves in limited.items()
    }


def _leaf_of(source: Source, operation: Operation, failure: Failure, before: Node, after: Node) -> Path:
    """Return the path of the leaf that an operation's failure is about."""
    node = _node_at(after, source.path) or _node_at(before, source.path)
    attributes = [failure.attribute] if failure.attribute else list(operation.changed())
    if operation.action != "update" and len(attributes) > 1:
        attributes = [""]  # of a new resource every attribute is new
    view = source.translator.view(node)
    leaves = (source.translator.leaf_of(operation.resource, name, view) for name in attributes)
    return leaf_path(source.path, next(filter(None, leaves), ""))


def _node_at(tree: Node, path: Path) -> Node | None:
    node: Node | None = tree
    for step in path.steps():
        child = node.children.get(step.schema.qname) if node is not None else None
        if step.schema.kind == "list" and child is not None and not isinstance(child, (Node, tuple)):
            child = child.get(step.key or ())  # type: ignore[union-attr]  # a list's child is Entries
        node = child if isinstance(child, Node) else None
    return node


def _shortfall(operation: Operation) -> str:
    """Return how a resource differs from what it should be, given the operation that would mend it."""
    if operation.before is None:
        return f"{operation.resource} is not there"
    if operation.after is None:
        return f"{operation.resource} is still there"
    return ", ".join(
        f"{name} is {found!r} instead of {wanted!r}" for name, (found, wanted) in operation.changed().items()
    )
