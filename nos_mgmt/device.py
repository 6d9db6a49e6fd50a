"""One managed device: its models, datastores and history, put together for the protocols to serve."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from datastore.committer import Committer
from datastore.drift import INTERVAL, Drift
from datastore.history import History
from datastore.operational import Operational
from datastore.store import Datastores
from datastore.support import supported
from yang import deviations
from yang.schema import Schema
from yang.tables import load
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from backends.backend import Backend
    from backends.state import StateSource
    from datastore.plan import Deferred
    from yang.path import Path as DataPath
    from yang.schema import SchemaNode

logger = logging.getLogger(__name__)


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
        drift_interval: float = INTERVAL,
    ) -> None:
        """Serve the model set in the folder `models` as far as `backends` and the protocols' `own_paths` support it.

        `own_state` gives the sources of the state that is the server's own, `own_defaults` the defaults, by path, in which
        protocols deviate from their models. Everything is compared with what the systems have every `drift_interval` seconds.

        Raises:
            ModelError: There is no usable model set.
            HistoryFailed: The history cannot be opened.
        """
        self.models = models
        self.backends = tuple(backends)
        full = Schema(load(models / "schema.tables"))
        state = own_state(self)
        self.schema = supported(backends, state, own_paths, full)
        self.modules = deviations.served_modules(self.schema)
        self.deviated = {_module_of(parent, name) for parent, name in deviations.unsupported(self.schema)}
        self.deviated |= {full.find(path).module.name for path in own_defaults}
        self.deviation_module = deviations.deviation_module(self.schema, full, own_defaults)
        self.history = History(history_url, self.schema)
        self.committer = Committer(backends, self.history, Node(self.schema.root, {}), logger.info)
        self.datastores = Datastores(self.committer, self.history)
        self.drift = Drift(self.committer, self.datastores, logger.info, drift_interval)
        sources = [*state, *(source for backend in backends for source in backend.state)]
        self.operational = Operational(self.schema, sources)

    def start(self) -> None:
        """Come back to the last sealed commit, everywhere, or to the one before it if it had to be confirmed."""
        self.committer.start()
        self.datastores.start()
        self.drift.start()

    def close(self) -> None:
        """Let the systems and the history go."""
        self.drift.close()
        self.datastores.close()
        self.committer.close()
        self.history.close()

    def deferred(self) -> list[Deferred]:
        """Return what is configured and cannot take effect yet."""
        return self.committer.deferred()

    def deferred_paths(self) -> set[DataPath]:
        """Return the objects of which something cannot take effect yet."""
        return {deferred.path for deferred in self.deferred() if deferred.path is not None}

    def texts(self) -> dict[tuple[str, str], str]:
        """Return the name and revision of every module that is served or imported, with the file it is in."""
        found: dict[tuple[str, str], str] = {}
        waiting = [module.name for module in self.modules]
        while waiting:
            record = self.schema.modules[waiting.pop()].record
            if (record.name, record.revision) not in found:
                found[record.name, record.revision] = record.file
                waiting.extend(name for name in record.imports if name in self.schema.modules)
        return found

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
