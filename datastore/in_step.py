"""Keeping systems in step with running: what a commit, a start or a port that came could not do is tried until it is done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from backends.operation import BackendLost
from backends.resource import Key, named
from datastore import plan as planning
from datastore.events import BackInStep, DeferralChanged
from datastore.mender import Mender
from yang.values import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from backends.resource import Resource
    from datastore.events import Events
    from datastore.journal import Journal
    from datastore.planner import Planner
    from datastore.systems import Systems
    from datastore.turn import Turn
    from datastore.wanted import Wanted
    from yang.path import Path


class InStep:
    """Knows what is left to do to the systems, and does it; all but `reconsider` and `close` are called with the turn held."""

    def __init__(
        self,
        systems: Systems,
        wanted: Wanted,
        planner: Planner,
        journal: Journal,
        turn: Turn,
        publish: Callable[[str], None],
        events: Events,
    ) -> None:
        """Bring `systems` to what is `wanted`, whenever it is this one's `turn`; `publish` and `events` are told of it."""
        self._systems = systems
        self._wanted = wanted
        self._planner = planner
        self._journal = journal
        self._turn = turn
        self._publish = publish
        self._events = events
        self._mender = Mender(turn, self._mended)
        self._is_out_of_step = False
        # what is left to do when systems could not be reached
        self._unseen: set[Key] = set()
        self.is_closed = False
        """Whether nothing is done any more."""

    def try_later(self) -> None:
        """See to it that what is left is tried again in the background."""
        self._mender.start()

    def close(self) -> None:
        """Try nothing any more."""
        with self._turn:
            self.is_closed = True
        self._mender.close()

    def trouble(self) -> str:
        """Return why nothing can be committed now, after another attempt to mend it; empty if all is well."""
        if self.is_closed:
            return "the server is ending"
        if not self._look_again(self._unseen):
            return listed(self._systems.losses) or "a backend does not answer"
        if not self._systems.get_in_step():
            why = "".join(f"; {loss}" for loss in self._systems.losses)
            return (
                f"the systems are out of step with running, at {listed(map(named, self._systems.out_of_step), 5)}{why}"
            )
        if not self.mark_aborted():
            return "the history cannot be written"
        return ""

    def _mended(self) -> bool:
        """Return whether all is as it should be, after another attempt."""
        if self.is_closed:
            return True
        if self.trouble():
            return False
        self._publish("back in step")
        if self._is_out_of_step:
            self._is_out_of_step = False
            self._events.publish(BackInStep(time.time()))
        return True

    def converge(self, targets: Mapping[Key, Resource | None]) -> bool:
        """Bring resources to `targets`, and return whether they are there; if not, it is tried again later."""
        if self._systems.converge(targets):
            return True
        self._is_out_of_step = True
        self._events.publish(self._systems.trouble())
        self.try_later()
        return False

    def mark_aborted(self) -> bool:
        """Mark the commits that took no effect, once nothing of them is left; return whether none remains to be marked."""
        if self._systems.out_of_step:
            return False
        if self._journal.mark_aborted():
            return True
        self.try_later()
        return False

    def reconsider(self, keys: Collection[Key]) -> None:
        """See what takes effect now that fixed resources have come or gone."""
        with self._turn:
            if not self.is_closed:
                self._look_again({*keys, *self._unseen})

    def tell_of_deferral(self, paths: Collection[Path]) -> None:
        """Publish that objects at `paths` take effect now, or do not any more; nothing if there are none."""
        if paths:
            self._events.publish(DeferralChanged(time.time(), tuple(paths)))

    def _look_again(self, keys: Collection[Key]) -> bool:
        """Return whether what follows from fixed resources that came or went is known; if not, it is tried again later."""
        if not keys:
            return True
        try:
            found = self._systems.read(keys)
            self._wanted.observe(keys, found.keys())
            changes = self._wanted.resolve()
        except BackendLost as error:
            self._wanted.take_back()
            self._publish(f"a backend does not answer: {error}")
            self._unseen.update(keys)
            self.try_later()
            return False
        # a port may have gone and come again before anybody looked: it is then as new, and what was on it is lost
        targets = {**planning.touched(changes, self._wanted), **planning.depending(found, self._wanted)}
        turned = self._planner.keep()
        self._unseen.clear()
        if targets and self.converge(targets):
            names = listed(map(named, keys), 5)
            self._publish(f"came or went: {names}; {len(targets)} resources are as they should be")
        self.tell_of_deferral(turned)
        return True
