"""A device whose drift is watched, and what tests ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datastore.drift import Drift
from tests.conftest import config
from tests.datastore.rig import ME, eventually
from yang.edit import edit_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from datastore.committer import Committer
    from datastore.deviation import Deviation, Event
    from datastore.store import Datastores

DRIFT = "urn:nos-mgmt:yang:nos-drift"
PATIENCE = 20.0
"""Seconds that a busy machine may take over what takes half a second."""


class Watched:
    """What a test sees of one device's drift."""

    def __init__(self, committer: Committer, stores: Datastores, interval: float = 0.0) -> None:
        self.stores = stores
        self.committer = committer
        self.events: list[Event] = []
        self.drift = Drift(committer, stores, self.events.append, interval)

    def commit(self, *contents: str) -> None:
        """Merge contents into the candidate, and commit it."""
        for content in contents:
            self.stores.edit(1, lambda tree, content=content: edit_config(tree, config(content)))  # type: ignore[misc]
        self.stores.commit(1, ME)

    def policy(self, action: str, path: str = "") -> None:
        """Have deviations handled so, at one path or everywhere."""
        inner = (
            f"<policy><path>{path}</path><action>{action}</action></policy>"
            if path
            else f"<default-action>{action}</default-action>"
        )
        self.commit(f'<drift xmlns="{DRIFT}">{inner}</drift>')

    def texts(self) -> list[str]:
        """Return what deviates, without paths."""
        return sorted(str(one).partition(" (/")[0] for one in self.drift.deviations())

    def wait_for(self, *texts: str) -> None:
        """Wait until just this deviates."""
        assert eventually(lambda: self.texts() == sorted(texts), PATIENCE), self.texts()

    def wait_for_event(self, kind: str, text: str) -> Event:
        """Wait until this has happened to something."""
        found: list[Event] = []

        def has_happened() -> bool:
            found[:] = [one for one in self.events if one.kind == kind and text in str(one.deviation)]
            return bool(found)

        assert eventually(has_happened, PATIENCE), [str(one) for one in self.events]
        return found[0]

    def wait_for_outcome(self, text: str) -> Deviation:
        """Wait until this is said of some deviation."""
        assert eventually(lambda: any(text in one.outcome for one in self.drift.deviations()), PATIENCE), [
            one.outcome for one in self.drift.deviations()
        ]
        return next(one for one in self.drift.deviations() if text in one.outcome)

    def compare(self) -> None:
        """Have everything compared, and wait for that."""
        before = self.drift.counts.comparisons
        self.drift.touch(None)
        assert eventually(lambda: self.drift.counts.comparisons > before, PATIENCE)

    def when(self, claim: Callable[[], object]) -> None:
        assert eventually(claim, PATIENCE)
