"""A device whose kernel is of paper and whose chip is simulated, both behind backends that can be tampered with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from datastore import database
from datastore.committer import Committer
from datastore.history import Author, History
from datastore.store import Datastores
from datastore.support import supported
from tests.conftest import PORTS, config
from tests.databases import Database
from tests.datastore.conftest import PaperKernel
from tests.datastore.tampered import TamperedHardware, TamperedKernel
from tests.openconfig import interface, interfaces, route, static_routes
from yang.edit import edit_config
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from datastore.committer import Committed
    from yang.schema import Schema

ME = Author("me", 1, "test")

BEFORE = interfaces(
    interface("Ethernet1", "10.0.0.1/24", mtu=9000),
    interface("Ethernet2", "10.0.1.1/24", description="two"),
) + static_routes(route("192.0.2.0/24", "10.0.0.2"), route("198.51.100.0/24", "10.0.1.2"))
AFTER = interfaces(
    interface("Ethernet1", "10.0.0.1/25", mtu=1400),
    interface("Ethernet3", "10.0.1.1/24", description="three"),
) + static_routes(
    route("192.0.2.0/24", "DROP"), route("198.51.100.0/24", "10.0.1.2"), route("203.0.113.0/24", "10.0.0.2")
)
"""Everything at once from `BEFORE`: created, changed, replaced, moved and deleted, in both systems."""


class Rig:
    """The systems, and the device that manages them; a new one can take over, as after a restart."""

    def __init__(
        self,
        place: Database | Path,
        full_schema: Schema,
        ports: tuple[str, ...] = PORTS,
        own_paths: tuple[str, ...] = (),
    ) -> None:
        # a folder stands for a file in it
        self.database = place if isinstance(place, Database) else Database(f"sqlite:///{place / 'history.sqlite'}")
        self.patience: float | None = None
        self.chip = SimulatedAsic(ports)
        self.paper = PaperKernel(ports)
        self.schema = supported([HardwareBackend(self.chip), self.paper], [], own_paths, full_schema)
        self.told: list[str] = []
        self.is_open = False
        self.open()

    def open(self) -> None:
        """Set up a device on these systems and this history, without starting it."""
        self.close()
        self.kernel = TamperedKernel(self.paper)
        self.hardware = TamperedHardware(HardwareBackend(self.chip))
        self.history = History(database.Database(self.database.url, self.patience), self.schema)
        self.committer = Committer(
            [self.kernel, self.hardware], self.history, Node(self.schema.root, {}), self.told.append
        )
        self.stores = Datastores(self.committer, self.history)
        self.is_open = True

    def start(self) -> None:
        """Start a device on these systems and this history."""
        self.open()
        self.committer.start()
        self.stores.start()

    def close(self) -> None:
        if self.is_open:
            self.stores.close()
            self.committer.close()
            self.history.close()
            self.is_open = False

    def tree(self, *contents: str) -> Node:
        """Return the configuration that these parts make together."""
        tree = Node(self.schema.root, {})
        for content in contents:
            tree = edit_config(tree, config(content))
        return tree

    def commit(self, *contents: str) -> Committed:
        """Make a configuration running."""
        return self.committer.commit(self.tree(*contents), ME)

    def edit(self, content: str) -> None:
        """Edit the candidate."""
        self.stores.edit(1, lambda tree: edit_config(tree, config(content)))

    def systems(self) -> tuple[dict[Any, Any], dict[Any, Any]]:
        """Return everything that kernel and chip have."""
        return dict(self.paper.there), dict(self.chip._objects)

    def states(self) -> list[str]:
        """Return the states of all commits."""
        return [commit.state for commit in self.history.commits()]


def eventually(claim: Callable[[], object], seconds: float = 5.0) -> bool:
    """Return whether a claim comes true in time."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
