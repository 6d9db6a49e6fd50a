"""One managed device: its models, datastores and history, put together for the protocols to serve."""

from __future__ import annotations

import logging
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from datastore.archive import NOWHERE, Archive, Targets
from datastore.assertions import Observer
from datastore.backend_state import BackendState
from datastore.calls import Deadlines
from datastore.committer import Committer
from datastore.database import Database, HistoryDamaged
from datastore.drift import INTERVAL, Drift
from datastore.event_log import EventLog
from datastore.events import Events
from datastore.factory import read_factory_default
from datastore.following import FollowedState
from datastore.history import History
from datastore.operational import Operational
from datastore.rescue import RescuedHistory, Rescuer
from datastore.retention import KEEP_ALL, Limits, Retention
from datastore.schedule import Schedule
from datastore.store import Datastores
from datastore.support import supported
from datastore.versions import Versions
from nos_mgmt import local_users
from nos_mgmt.access import AccessControl
from nos_mgmt.library import library, needed
from nos_mgmt.notifications.publisher import Publisher
from nos_mgmt.optional import with_features
from nos_mgmt.traffic import Traffic
from nos_mgmt.urls import Places
from yang import deviations
from yang.features import as_state
from yang.schema import Schema
from yang.tables import load
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backends.backend import Backend
    from backends.state import StateSource
    from datastore.commits import Author
    from datastore.deviation import Event
    from datastore.plan import Deferred
    from nos_mgmt.access import Access
    from nos_mgmt.library import Library
    from yang.path import Path as DataPath
    from yang.schema import SchemaNode

logger = logging.getLogger(__name__)

OWN_PROTOCOLS = frozenset({"internal", "drift"})
"""By which the server itself commits: to take back what nobody confirmed, or to adopt what systems have."""
NOTHING = Path(os.devnull)
"""A file that holds the empty configuration."""
SUBSCRIPTIONS = "ietf-subscribed-notifications:subscriptions"
"""What is configuration only to servers that have the feature configured."""


class Device:
    """The device behind all protocols."""

    def __init__(
        self,
        models: Path,
        history_url: str,
        backends: Sequence[Backend],
        own_paths: Iterable[str] = (),
        own_state: Callable[[Device], Sequence[StateSource]] = lambda _: (),
        own_defaults: Mapping[str, str] = deviations.NO_DEFAULTS,
        *,
        history_patience: float | None = None,
        limits: Limits = KEEP_ALL,
        targets: Targets = NOWHERE,
        has_startup: bool = False,
        is_running_writable: bool = False,
        places: Places | None = None,
        factory_default: Path = NOTHING,
        deadlines: Deadlines = Deadlines(),  # noqa: B008 - it cannot change
        drift_interval: float = INTERVAL,
        event_log: EventLog | None = None,
        administrators: Collection[str] = ("admin",),
    ) -> None:
        """Serve the model set in the folder `models` as far as `backends` and the protocols' `own_paths` support it.

        `own_state` gives the sources of the state that is the server's own, `own_defaults` the defaults, by path, in which
        protocols deviate from their models, and `history_patience` the seconds to wait for a history that others use. `limits`
        says what is kept of the history, `targets` where commits are archived. Only if it `has_startup` there is a startup
        configuration of its own (RFC 6241 section 8.7); if `is_running_writable`, running is edited as well (section 8.2); URLs
        lead to `places`, if there are any (section 8.8). The file `factory_default` holds the configuration that factory-reset
        brings. Calls of backends have `deadlines`. Everything is compared with what the systems have every `drift_interval`
        seconds. What is told in notifications is kept in `event_log`; without one, in memory. The `administrators` may do
        everything, whatever is configured: theirs are recovery sessions (RFC 8341).

        A history that is damaged is shown as far as it can be read, and nothing is committed.

        Raises:
            ModelError: There is no usable model set.
            UnusableFactoryDefault: The file holds no valid configuration.
            HistoryFailed: The history cannot be opened.
        """
        self.models = models
        self.backends = tuple(backends)
        self.has_startup = has_startup
        tables = as_state(load(models / "schema.tables"), SUBSCRIPTIONS)
        self.places = places if places is not None else Places()
        switches = {
            "startup": has_startup,
            "writable-running": is_running_writable,
            "url": bool(self.places.schemes),
        }
        self.features = frozenset(feature for feature, is_on in switches.items() if is_on)
        """The features of ietf-netconf that depend on settings, those that are on."""
        full = Schema(with_features(tables, self.features))
        state = own_state(self)
        self.schema = supported(backends, state, [*own_paths, *local_users.supported_paths(full)], full)
        self.modules = deviations.served_modules(self.schema)
        self.deviated = {_module_of(parent, name) for parent, name in deviations.unsupported(self.schema)}
        self.deviated |= {full.find(path).module.name for path in own_defaults}
        self.deviation_module = deviations.deviation_module(self.schema, full, own_defaults)
        self._state = BackendState(backends, deadlines)
        self.operational = Operational(self.schema, [*state, *self._state.sources], self._state.read)
        self.observer = Observer(
            self.schema, self.operational, self._state, lambda: self.committer.running, self.deferred_paths
        )
        self.access_control = AccessControl(self.schema, lambda: self.committer.running, administrators)
        self.events = Events()
        self.requests = Events()
        """What becomes of requests, apart from `events` for there are so many."""
        self.traffic = Traffic()
        self.versions = Versions()
        self.publisher = Publisher(self.schema, self.events, event_log if event_log is not None else EventLog())
        self.followed = FollowedState(
            self.schema,
            [*state, *self._state.sources],
            self._state.read,
            lambda: (self.committer.running, self.deferred_paths()),
            self.events.publish,
            self.publisher.work,
            lambda: any(one.follows_state for one in self.publisher.subscriptions()),
        )
        self.events.listen(self.followed.listen)
        self._history_url, self._limits, self._targets = history_url, limits, targets
        self._drift_interval = drift_interval
        self._factory_default = read_factory_default(factory_default, self.schema)
        self.rescue = ""
        """Why nothing can be committed, if the history is damaged."""
        try:
            history = History(Database(history_url, history_patience), self.schema)
            empty = Node(self.schema.root, {})
            committer = Committer(backends, history, empty, logger.info, deadlines, self.events, self._judge)
            self._manage(committer, history)
        except HistoryDamaged as damage:
            self._rescue(damage)

    def start(self) -> None:
        """Come back to the last sealed commit, everywhere, or to what the machine starts with if it was started anew.

        Then carry out, in the background, what was scheduled.
        """
        self.publisher.start()
        try:
            self.committer.start()
        except HistoryDamaged as damage:
            # a system has not been touched yet
            self.history.close()
            self._rescue(damage)
        if not self.rescue:
            self.history.complete()
            self.datastores.start()
            self.drift.start()
            self.schedule.start()
            self.archive.start()
            self.retention.start()

    def _rescue(self, damage: HistoryDamaged) -> None:
        """Show what can be read of a damaged history, and change nothing anywhere."""
        history = RescuedHistory(self._history_url, self.schema, damage)
        self._manage(Rescuer(self.backends, history), history)
        self.rescue = str(history)
        logger.error(self.rescue)

    def _manage(self, committer: Committer, history: History) -> None:
        self.committer = committer
        self.history = history
        self.datastores = Datastores(
            committer,
            history,
            self.observer.look,
            self._factory_default,
            has_startup=self.has_startup,
            take_in=local_users.without_cleartext,
        )
        self.schedule = Schedule(self.datastores, history, self.events.publish, self._judge)
        self.drift = Drift(committer, self.datastores, self._tell_of_drift, self._drift_interval)
        self.archive = Archive(history, self._targets)
        self.retention = Retention(history, self._limits, self._needed)

    def _tell_of_drift(self, event: Event) -> None:
        logger.info(event)
        self.events.publish(event)

    def _needed(self) -> set[int]:
        """Return the commits that may not be dropped, whatever their age."""
        return {*self.archive.waiting(), *self.datastores.protected()}

    def close(self) -> None:
        """Let the systems and the history go."""
        self.followed.close()
        self.drift.close()
        self.schedule.close()
        self.datastores.close()
        self._state.close()
        self.committer.close()
        self.retention.close()
        self.archive.close()
        self.publisher.close()
        self.history.close()

    def access(self, user: str) -> Access:
        """Return what a user may see and do."""
        return self.access_control.access(user)

    def _judge(self, author: Author, before: Node, after: Node) -> None:
        """Raise an error of the kind access-denied if an author may not make one configuration of another."""
        # what the server does by itself is no session's
        if author.protocol not in OWN_PROTOCOLS:
            self.access(author.user).refuse_change(before, after)

    def deferred(self) -> list[Deferred]:
        """Return what is configured and cannot take effect yet."""
        return self.committer.deferred()

    def deferred_paths(self) -> set[DataPath]:
        """Return the objects of which something cannot take effect yet."""
        return {deferred.path for deferred in self.deferred() if deferred.path is not None}

    @cached_property
    def library(self) -> Library:
        """The modules, as YANG library has them."""
        datastores = ["running", "candidate", *(["startup"] if self.has_startup else [])]
        if "ietf-netconf-nmda:get-data" in self.schema.root.children:
            datastores += ["intended", "operational"]
        names = [f"ietf-datastores:{name}" for name in datastores]
        if "factory-default-datastore" in self.schema.modules["ietf-factory-default"].record.features:
            names.append("ietf-factory-default:factory-default")
        return library(self.schema, self.modules, self.deviated, self.deviation_module, names)

    def texts(self) -> dict[tuple[str, str], str]:
        """Return the name and revision of every module that is served or imported, with the file it is in."""
        names = (module.name for module in self.modules)
        return {(record.name, record.revision): record.file for record in needed(self.schema, names)}

    def text(self, name: str, revision: str) -> str:
        """Return the text of a module.

        Raises:
            KeyError: There is none.
        """
        if name == deviations.NAME:
            return self.deviation_module
        return (self.models / "modules" / self.texts()[name, revision]).read_text(encoding="utf-8")


def _module_of(parent: SchemaNode, name: str) -> str:
    return name.partition(":")[0] if ":" in name else parent.module.name
