"""The history: what it costs to look back at many commits of a large configuration."""

from __future__ import annotations

import gc
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from benchmarks.configuration import INTERFACES, description, interfaces
from benchmarks.table import heading, median, once, row, seconds
from datastore.archive import Archive, Targets
from datastore.chain import SEALED, deflated
from datastore.changed import changed
from datastore.completion import joined
from datastore.history import Author, History, Wanted
from datastore.origins import write
from datastore.retention import Limits, Retention
from datastore.support import supported
from datastore.tables import commits
from yang import bindings
from yang.diff import difference, in_config
from yang.edit import edit_config
from yang.filter import select
from yang.schema import Schema
from yang.tables import load
from yang.tree import Node
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from datastore.changed import Changed

RUNS = 20
ME = Author("benchmark", 1, "netconf")
KEPT = 1000
EVERY = 500
"""Commits between snapshots, as the history takes them."""


def run(interfaces_: int, count: int) -> None:
    """Print the table."""
    schema = supported([HardwareBackend(SimulatedAsic(()))], [], (), Schema(load(bindings.DEFAULT / "schema.tables")))
    # as the server has it
    gc.set_threshold(50_000, 20, 100)
    heading(f"history of {count:,} commits", [f"{interfaces_:,}"])
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/h.sqlite"
        with closing(History(url, schema)) as history:
            took, tree = once(lambda: fill(history, schema, interfaces_, count))
        row("make it", [seconds(took)])
        # another one, which knows of all the rows
        took, history = once(lambda: History(url, schema))
        row("open it", [seconds(took)])
        with closing(history):
            gc.collect()
            gc.freeze()
            for name, figure in figures(history, tree, interfaces_, count, Path(folder)).items():
                row(name, [figure])
            gc.unfreeze()


def fill(history: History, schema: Schema, size: int, count: int) -> Node:
    """Write `count` commits, all but the first two in bulk, and return the last configuration."""
    empty = Node(schema.root, {})
    few = edited(empty, interfaces(1))
    commit(history, empty, few)
    tree = edited(few, interfaces(size))
    commit(history, few, tree)
    history.snapshot(2, tree)
    now = time.time()
    for start in range(3, count + 1, EVERY):
        rows = []
        said: list[tuple[int, Changed]] = []
        for number in range(start, min(start + EVERY, count + 1)):
            after = edited(tree, description(1 + number * 7919 % size, f"commit {number}"))
            delta = difference(tree, after)
            what = changed(tree, after, delta)
            rows.append(values(number, now - count + number, delta, what))
            said.append((number, what))
            tree = after
        with history.writing() as connection:
            connection.execute(insert(commits), rows)
            for number, what in said:
                write(connection, number, what.origins)
        history.snapshot(rows[-1]["id"], tree)
    return tree


def values(number: int, begun: float, delta: str, what: Changed) -> dict[str, object]:
    """Return the row of a sealed commit."""
    return {
        "id": number,
        "time": begun,
        "user": ME.user,
        "session_id": ME.session_id,
        "protocol": ME.protocol,
        "comment": f"change number {number}",
        "label": "",
        "state": SEALED,
        "reason": "",
        "delta": deflated(delta),
        "inverse": deflated(what.inverse or ""),
        "lines": deflated(joined(what.lines)),
    }


def figures(history: History, tree: Node, size: int, count: int, folder: Path) -> dict[str, str]:
    """Return the figures."""
    found = {
        "list of 100": median(lambda _: history.newest(Wanted(), 100), RUNS),
        "list of all": median(lambda _: history.newest(Wanted()), 5),
        "list by comment, user and time": median(lambda _: history.newest(Wanted("benchmark", comment="77")), 5),
    }
    name = f"Ethernet{size // 2}"
    wanted = [
        *parse_document(
            f'<f><interfaces xmlns="{INTERFACES}"><interface><name>{name}</name></interface></interfaces></f>'.encode()
        )
    ]
    commit(history, tree, tree := edited(tree, description(1, "before the first look")))
    found["blame of one interface"] = median(lambda _: history.blame(lambda whole: select(whole, wanted)), RUNS)
    found["blame of all of it"] = once(lambda: history.blame(lambda whole: whole))[0]
    found["diff of neighbours, the last"] = median(lambda _: history.compare(count - 1, count), RUNS)
    found["diff of neighbours, old"] = median(lambda run: history.compare(count // 2 + run, count // 2 + run + 1), RUNS)
    found["diff of the last and the 100th before"] = median(lambda _: history.compare(count - 100, count), 5)
    found["diff of two old ones, 300 apart"] = once(lambda: history.compare(count // 2, count // 2 + 300))[0]
    found["configuration, 10 before the last"] = median(lambda _: history.configuration(count - 10), 5)
    shown = {name: seconds(value) for name, value in found.items()}

    shown["size of the database"] = f"{(folder / 'h.sqlite').stat().st_size / 1e6:.1f} MB"
    log = folder / "h.sqlite-wal"
    with closing(sqlite3.connect(folder / "h.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sizes, times = [], []
    for number in range(RUNS):
        after = edited(tree, description(1 + number * 397 % size, f"one more, {number}"))
        before, started = log.stat().st_size, time.perf_counter()
        commit(history, tree, after)
        times.append(time.perf_counter() - started)
        sizes.append(log.stat().st_size - before)
        tree = after
    shown["one leaf: begin and seal"] = seconds(sorted(times)[RUNS // 2])
    shown["one leaf: octets written, p50"] = f"{sorted(sizes)[RUNS // 2]:,}"
    shown["one leaf: octets written, most"] = f"{max(sizes):,}"
    shown["archive one commit in a folder"] = seconds(archived(history, tree, folder))
    shown[f"retention: drop all but {KEPT:,}"] = seconds(once(lambda: Retention(history, Limits(KEPT)).drop())[0])
    return shown


def archived(history: History, tree: Node, folder: Path) -> float:
    """Return how many seconds after a commit it is archived."""
    archive = Archive(history, Targets(str(folder / "archive")))
    archive.start()
    while archive.waiting():
        time.sleep(0.01)
    done = threading.Event()
    real = history.set_mark

    def marked(name: str, commit_id: int) -> None:
        real(name, commit_id)
        done.set()

    history.set_mark = marked  # type: ignore[method-assign]  # to be told
    after = edited(tree, description(1, "to be archived"))
    commit_id = commit(history, tree, after)
    started = time.perf_counter()
    history.keep_short(commit_id, after)
    done.wait(60)
    took = time.perf_counter() - started
    archive.close()
    return took


def commit(history: History, before: Node, after: Node) -> int:
    """Write a commit, and return its id."""
    delta = difference(before, after)
    commit_id = history.begin(ME, delta, "a comment of usual length", "", changed(before, after, delta))
    history.seal(commit_id)
    return commit_id


def edited(tree: Node, content: str) -> Node:
    """Return `tree` with an edit."""
    return edit_config(tree, parse_document(in_config(content).encode()))
