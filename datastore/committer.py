"""The commit: the only way in which running changes.

    validate → plan → check → journal → apply → verify → seal → running moves

Any failure before the seal leads back: to what the systems were like before, which is read before anything is changed.
A commit stays pending in the history until either it is sealed or nothing of it is left anywhere: what a pending one may
have left behind is looked for by the next start.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from backends.operation import BackendLost
from datastore import plan as planning
from datastore.calls import Deadlines
from datastore.changed import changed
from datastore.database import HistoryFailed
from datastore.errors import CommitFailed, PlanChanged, ValidationFailed
from datastore.events import Events, Sealed
from datastore.execution import Execution
from datastore.history import replayed
from datastore.in_step import InStep
from datastore.journal import Journal
from datastore.objects import Objects
from datastore.phases import Phases
from datastore.planner import Planner
from datastore.systems import Systems
from datastore.turn import Turn
from datastore.values import SupportedValues
from datastore.wanted import Wanted
from yang.diff import difference
from yang.errors import RequestError
from yang.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from backends.backend import Backend
    from backends.resource import Key
    from datastore.changed import Changed
    from datastore.confirmation import Confirmation
    from datastore.history import Author, History
    from datastore.objects import Source
    from datastore.plan import Deferred, Plan
    from yang.tree import Node

logger = logging.getLogger(__name__)


class Committed(NamedTuple):
    """The outcome of a commit."""

    commit_id: int | None
    """None if there was nothing to commit."""
    plan: Plan
    phases: Mapping[str, float]
    """Seconds that each phase took."""


class Committer:
    """Takes configurations into effect, one commit at a time."""

    def __init__(
        self,
        backends: Sequence[Backend],
        history: History,
        empty: Node,
        publish: Callable[[str], None] = lambda _: None,
        deadlines: Deadlines = Deadlines(),  # noqa: B008 - it cannot change
        events: Events | None = None,
        judge: Callable[[Author, Node, Node], None] = lambda *_: None,
    ) -> None:
        """Commit through `backends`, in this order, and write `history`; `empty` is a tree without anything.

        `publish` is told in a sentence of what happens apart from requests, `events` of every commit. `judge` raises a
        RequestError if an author may not make one configuration of another.
        """
        self._history = history
        self._journal = Journal(history)
        self._objects = Objects(backends, empty.schema.schema)
        self._values = SupportedValues(backends)
        self._wanted = Wanted()
        self.turn = Turn()
        # of backends; apart from events, for there are so many
        self.calls = Events()
        self.events = events if events is not None else Events()
        self._systems = Systems(backends, self._wanted, publish, deadlines, self.calls)
        self._planner = Planner(self._systems, self._wanted)
        self._publish = publish
        self._judge = judge
        self._empty = self._running = empty
        self._refuse: Callable[[Node, Node, Author], None] = lambda *_: None
        self._in_step = InStep(
            self._systems, self._wanted, self._planner, self._journal, self.turn, publish, self.events
        )

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
        return self._planner.deferred()

    @contextmanager
    def at_rest(self) -> Iterator[tuple[Systems, Wanted]]:
        """Have the systems, and what is wanted of them, while nothing is committed or mended."""
        with self.turn:
            yield self._systems, self._wanted

    def backend_of(self, key: Key) -> Backend:
        """Return the backend that has resources of the kind of `key`."""
        return self._systems.backend_of(key)

    def only_source_of(self, key: Key) -> Source | None:
        """Return the object of running that alone calls for the resource under `key`; None if several do, or none."""
        with self.turn:
            return self._wanted.only_source_of(key)

    def guard(self, refuse: Callable[[Node, Node, Author], None]) -> None:
        """Have `refuse`, given running, what is to be running and by whom, raise a RequestError before anything is changed."""
        self._refuse = refuse

    def look_again(self, keys: Collection[Key]) -> None:
        """See what follows from fixed resources with `keys` that came or went and that nobody told of."""
        self._in_step.reconsider(keys)

    def start(self) -> None:
        """Come back to the last sealed commit: read what the systems are like, and mend what is different.

        What cannot be mended is tried again in the background.

        Raises:
            RequestError: The configuration does not fit the models.
            HistoryFailed: The history cannot be read.
            BackendLost: A system does not answer.
        """
        with self.turn:
            try:
                self._start()
            except BaseException:
                # whatever it is: nothing may be committed or mended on what was read only in part
                self._in_step.is_closed = True
                raise

    def _start(self) -> None:
        # all of the history comes first: if it is damaged, nobody has touched the systems
        last_id = self._history.last()
        last = self._history.configuration(last_id) if last_id is not None else self._running
        pending = self._history.pending()
        # before anything is read of them, so that no port comes unnoticed; whoever tells of one waits for the lock
        self._systems.watch(self._in_step.reconsider)
        self._wanted.demand(self._objects.changed(self._running, last))
        changes = self._planner.resolve()
        self._planner.keep()
        begun: set[Key] = set()
        for commit_id, delta in pending:
            self._journal.to_be_marked(commit_id, "the server ended while it was carried out")
            # nothing is left of one that later commits were made after
            if last_id is None or commit_id > last_id:
                begun |= self._begun(commit_id, last, delta)
        found = self._systems.read(begun)
        targets = {key: planning.released(found.get(key)) for key in begun}
        targets.update({key: change.after for key, change in changes.items()})
        for resource in self._systems.owned():
            targets.setdefault(resource.key, None)
        self._running = last
        self._in_step.converge(targets)
        self._in_step.mark_aborted()

    def close(self) -> None:
        """Stop mending, and let the backends go; a commit that is under way is carried out before."""
        self._in_step.close()
        self._systems.close()

    def configuration(self, commit_id: int | None) -> Node:
        """Return the configuration that a commit left; None stands for what there is before the first one.

        Raises:
            RequestError: There is no such commit, or it does not fit the models.
            HistoryFailed: It cannot be read.
        """
        return self._empty if commit_id is None else self._history.configuration(commit_id)

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
        with self._trying(after, Phases()) as plan:
            self._execution(plan, after).check()
            return plan

    def commit(
        self,
        after: Node,
        author: Author,
        comment: str = "",
        label: str = "",
        confirmation: Confirmation | None = None,
        plan_id: str = "",
        also: Callable[[Connection], None] | None = None,
        accept: Callable[[Plan], None] = lambda _: None,
    ) -> Committed:
        """Make `after` the running configuration, everywhere or nowhere.

        What has waited for a confirmation is confirmed by it, or waits for `confirmation`. What `also` writes into the
        database takes effect together with it, or not at all. `accept` may raise a RequestError at the sight of the plan,
        before anything is changed.

        Raises:
            PlanChanged: The plan has not the id that is given.
            ValidationFailed: It breaks rules of the models.
            RequestError: A backend refused, or did not do what it said; running and all systems are as they were. If they
                could not be brought back, the message says so, and it is tried again until it succeeds.
        """
        phases = Phases()
        with self.events.refusal(author, phases), self._trying(after, phases, author) as plan:
            if plan_id and plan.id != plan_id:
                raise PlanChanged(f"the plan is {plan.id} by now, not {plan_id}: have it shown again")
            self._refuse(self._running, after, author)
            accept(plan)
            with phases("journal"):
                delta = difference(self._running, after)
            if not delta:
                self._confirm(confirmation, also)
                return Committed(None, plan, phases)
            execution = self._execution(plan, after)
            with phases("check"):
                execution.check()
            with phases("journal"):
                what = changed(self._running, after, delta)
                commit_id = self._begin(author, delta, comment, label, what)
            try:
                with phases("apply"):
                    execution.apply()
                with phases("verify"):
                    execution.verify()
                with phases("seal"):
                    self._history.seal(commit_id, confirmation, also)
            except (CommitFailed, HistoryFailed, BackendLost) as error:
                raise self._aborted(commit_id, error, plan) from error
            except BaseException as error:
                # a mistake, of ours or of a translator: even then nothing stays half done
                self._aborted(commit_id, CommitFailed(f"a mistake: {error!r}"), plan)
                raise
            before, self._running = self._running, after
            self.events.publish(Sealed(commit_id, time.time(), author, before, after, phases))
        self._history.keep_short(commit_id, after)
        return Committed(commit_id, plan, phases)

    def _begin(self, author: Author, delta: str, comment: str, label: str, what: Changed) -> int:
        try:
            return self._journal.begin(author, delta, comment, label, what)
        except HistoryFailed as error:
            self._in_step.try_later()
            raise CommitFailed(f"nothing was changed: {error}") from error

    def _confirm(self, confirmation: Confirmation | None, also: Callable[[Connection], None] | None) -> None:
        try:
            self._history.confirm(confirmation, also)
        except HistoryFailed as error:
            raise CommitFailed(f"nothing was changed: {error}") from error

    @contextmanager
    def _trying(self, after: Node, phases: Phases, author: Author | None = None) -> Iterator[Plan]:
        """Work out the plan for `after`; what is wanted changes only if there is an author and nothing is raised."""
        with self.turn:
            try:
                if author is not None:
                    # on exactly what differs from what is running by now (RFC 8341 section 3.2.8)
                    self._judge(author, self._running, after)
                    if reason := self._in_step.trouble():
                        raise CommitFailed(f"nothing was changed: {reason}")
                with phases("validate"):
                    self.validate(after)
                with phases("plan"):
                    changed = list(self._objects.changed(self._running, after))
                    self._values.judge(changed)
                    self._wanted.demand(changed)
                    plan = self._planner.plan(self._planner.resolve())
                yield plan
                if author is not None:
                    self._in_step.tell_of_deferral(self._planner.keep())
            except BackendLost as error:
                raise CommitFailed(f"nothing was changed: {error}") from error
            finally:
                # after keep there is nothing to take back
                self._wanted.take_back()

    def _execution(self, plan: Plan, after: Node) -> Execution:
        return Execution(self._systems, self._wanted, plan, self._running, after)

    def _aborted(self, commit_id: int, error: CommitFailed | HistoryFailed | BackendLost, plan: Plan) -> CommitFailed:
        """Lead everything back to what was found before, and return the error for the client."""
        failed = error if isinstance(error, CommitFailed) else CommitFailed(str(error))
        message = failed.message
        self._journal.to_be_marked(commit_id, message)
        if self._in_step.converge({key: plan.found.get(key) for key in plan.targets}):
            self._in_step.mark_aborted()
        else:
            message += "; what was changed could not be taken back yet, and is tried again"
        told = CommitFailed(message, failed.path, app_tag=failed.app_tag)
        told.commit_id = commit_id
        return told

    def _begun(self, commit_id: int, last: Node, delta: str) -> set[Key]:
        """Return the keys of the resources that a commit which was cut off may have made or changed."""
        self._publish(f"commit {commit_id} was cut off and took no effect")
        try:
            self._wanted.demand(self._objects.changed(last, replayed(last, delta)))
            self._planner.resolve()
            return set(self._wanted.concerned)
        except (RequestError, HistoryFailed) as error:
            # other models or backends than it was begun with, or the row is damaged
            self._publish(f"what commit {commit_id} may have left behind is not known: {error}")
            return set()
        finally:
            self._wanted.take_back()
