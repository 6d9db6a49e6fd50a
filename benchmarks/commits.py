"""Where the time of a commit goes: its phases, for changes and configurations of several sizes, and what of it is fsync."""

from __future__ import annotations

import gc
import secrets
import statistics
import sys
import tempfile
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import event

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from backends.kernel import KernelBackend, namespaces
from benchmarks.configuration import description, interfaces, routes_via
from benchmarks.table import heading, row, seconds
from datastore.committer import Committer
from datastore.history import Author, History
from datastore.support import supported
from yang import bindings
from yang.diff import in_config
from yang.edit import edit_config
from yang.schema import Schema
from yang.tables import load
from yang.tree import Node
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from datastore.committer import Committed

ME = Author("benchmark")
PHASES = ("validate", "plan", "check", "journal", "apply", "verify", "seal")
ROUNDS = {1: 30, 10: 20, 1000: 5, 10_000: 3}
"""How often each change is made; medians are shown."""


def run(present: list[int], changed: list[int]) -> None:
    """Print a table for each number of routes that are there."""
    schema = supported(
        [HardwareBackend(SimulatedAsic(())), KernelBackend()], [], (), Schema(load(bindings.DEFAULT / "schema.tables"))
    )
    sys.setswitchinterval(0.0005)  # as the server has it
    for size in present:
        with _committer(schema, size) as committer:
            heading(
                f"{size:,} routes in kernel and chip; so many more come", [f"{number:,}" for number in (0, *changed)]
            )
            found = [_one_leaf(committer), *(_created(committer, size, number) for number in changed)]
        for name in (*PHASES, "all"):
            row(name, [seconds(each[name]) for each in found])
        with _committer(schema, size, is_synchronous=False) as committer:
            bare = [_one_leaf(committer), *(_created(committer, size, number) for number in changed)]
        row(
            "of journal and seal, fsync",
            [
                seconds(max(0.0, sum(one[name] - other[name] for name in ("journal", "seal"))))
                for one, other in zip(found, bare, strict=True)
            ],
        )
    print("0 stands for one leaf, an interface's description; fsync is what synchronous=OFF would save, measured so.")


@contextmanager
def _committer(schema: Schema, size: int, *, is_synchronous: bool = True) -> Iterator[Committer]:
    """Yield a commit engine with `size` static routes through one port, in a kernel namespace and a chip."""
    name = f"nosbench-{secrets.token_hex(2)}"
    namespaces.make(name, f"{name}-far", ("Ethernet1",))
    try:
        with tempfile.TemporaryDirectory() as folder:
            history = History(f"sqlite:///{folder}/history.sqlite", schema)
            if not is_synchronous:
                engine = history._database._writer  # noqa: SLF001 - nobody else wants this
                event.listen(engine, "connect", _hasten)
                engine.dispose()  # so that it holds from here on
            backends = [KernelBackend(name), HardwareBackend(SimulatedAsic(("Ethernet1",)))]
            committer = Committer(backends, history, Node(schema.root, {}))
            committer.start()
            _commit(committer, interfaces(1) + (routes_via(0, size) if size else ""))
            for thread in threading.enumerate():
                if thread.name == "snapshot":  # in the background after a large commit, and not what is measured
                    thread.join()
            gc.collect()
            gc.freeze()
            yield committer
            committer.close()
            history.close()
            gc.unfreeze()
    finally:
        namespaces.remove(name, f"{name}-far")


def _hasten(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _commit(committer: Committer, content: str) -> Committed:
    return committer.commit(edit_config(committer.running, parse_document(in_config(content).encode())), ME)


def _one_leaf(committer: Committer) -> Mapping[str, float]:
    return _median([_commit(committer, description(1, f"{number}")).phases for number in range(ROUNDS[1])])


def _created(committer: Committer, size: int, number: int) -> Mapping[str, float]:
    """Return the phases of commits that create `number` routes, each of which is taken back."""
    found = []
    for _ in range(ROUNDS[number]):
        before = committer.running
        found.append(_commit(committer, routes_via(size, number)).phases)
        committer.commit(before, ME)
    return _median(found)


def _median(found: list[Mapping[str, float]]) -> dict[str, float]:
    medians = {name: statistics.median(phases.get(name, 0.0) for phases in found) for name in PHASES}
    return medians | {"all": statistics.median(sum(phases.values()) for phases in found)}
