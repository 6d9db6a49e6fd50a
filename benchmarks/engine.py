"""The engine and the commit, without a protocol: what they cost at several sizes of the configuration."""

from __future__ import annotations

import gc
import resource
import sys
import tempfile
import threading
from pathlib import Path

from backends.hardware import HardwareBackend
from backends.hardware.objects import Route, RouterInterface
from backends.hardware.simulated import SimulatedAsic
from benchmarks.configuration import description, interfaces, removal, routes
from benchmarks.table import heading, median, once, row, seconds
from datastore.committer import Committer
from datastore.history import Author, History
from datastore.support import supported
from yang import bindings
from yang.diff import changes, in_config
from yang.edit import edit_config
from yang.schema import Schema
from yang.tables import load
from yang.tree import Node
from yang.validate import validate, validate_whole
from yang.xmlio import parse_document, print_children
from yang.xmlread import read_document

RUNS = 50
ME = Author("benchmark")


def run(sizes: list[int]) -> None:
    """Print the table."""
    schema = supported([HardwareBackend(SimulatedAsic(()))], [], (), Schema(load(bindings.DEFAULT / "schema.tables")))
    # as the server has it
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    figures = [measure(schema, size) for size in sizes]
    heading("one process, simulated chip, SQLite history", [f"{size:,}" for size in sizes])
    for name in figures[0]:
        row(name, [figure[name] for figure in figures])


def measure(schema: Schema, size: int) -> dict[str, str]:
    """Return the figures at one size."""
    found: dict[str, str] = {}
    document = in_config(interfaces(size).replace(' nc:operation="merge"', "")).encode()
    before = resident()
    took, tree = once(lambda: read_document(document, schema))
    found["read XML"] = seconds(took)
    found["memory of the tree"] = f"{resident() - before:.0f} MB"
    found["print XML"] = seconds(once(lambda: print_children(tree))[0])
    found["validate all of it"] = seconds(once(lambda: validate_whole(tree))[0])
    edits = [parse_document(in_config(description(size // 2, f"edit {number}")).encode()) for number in range(RUNS + 1)]
    found["edit one leaf"] = seconds(median(lambda number: edit_config(tree, edits[number]), RUNS))
    edited = edit_config(tree, edits[0])
    found["find the difference"] = seconds(median(lambda _: list(changes(tree, edited)), RUNS))
    found["validate the difference"] = seconds(median(lambda _: validate(tree, edited), RUNS))
    with_routes = edit_config(tree, parse_document(in_config(routes(size)).encode()))
    found["validate it with as many routes through them"] = seconds(once(lambda: validate_whole(with_routes))[0])
    one_route = edit_config(tree, parse_document(in_config(routes(1)).encode()))
    found["validate one new route"] = seconds(median(lambda _: validate(tree, one_route), RUNS))
    removed = edit_config(with_routes, parse_document(in_config(removal(size // 2)).encode()))
    found["validate the removal of an interface"] = seconds(median(lambda _: validate(with_routes, removed), 5))
    with tempfile.TemporaryDirectory() as folder:
        found |= measure_commits(schema, size, Path(folder))
    return found


def measure_commits(schema: Schema, size: int, folder: Path) -> dict[str, str]:
    """Return the figures of commits at one size."""
    room = {Route.kind: 3 * size + 1000, RouterInterface.kind: size + 1000}
    chip = SimulatedAsic((f"Ethernet{number}" for number in range(1, size + 1)), room)
    committer = Committer(
        [HardwareBackend(chip)], History(f"sqlite:///{folder}/history.sqlite", schema), Node(schema.root, {})
    )
    committer.start()
    found: dict[str, str] = {}

    def edit(content: str) -> Node:
        return edit_config(committer.running, parse_document(in_config(content).encode()))

    tree = edit(interfaces(size))
    found["commit all of it"] = seconds(once(lambda: committer.commit(tree, ME))[0])
    for thread in threading.enumerate():
        if thread.name == "snapshot":  # written in the background after so large a commit, and not what is measured
            thread.join()
    gc.collect()
    gc.freeze()

    def commit_one(number: int) -> None:
        committer.commit(edit(description(size // 2, f"commit {number}")), ME)

    found["edit and commit one leaf, p50"] = seconds(median(commit_one, RUNS))
    content = interfaces(size, 1, "replace")
    took, tree = once(lambda: edit(content))
    found["replace all of it: edit"] = seconds(took)
    found["replace all of it: commit"] = seconds(once(lambda: committer.commit(tree, ME))[0])
    committer.close()
    gc.unfreeze()
    return found


def resident() -> float:
    """Return the resident memory in MB, once what nobody needs is collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
