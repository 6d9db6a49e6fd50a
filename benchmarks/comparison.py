"""The engine side by side with libyang, on the same documents in the same run."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.configuration import description, interfaces
from benchmarks.engine import RUNS, resident
from benchmarks.table import best, heading, median, row, seconds
from tests.differential.oracle import NoOracle, interpreter
from yang import bindings
from yang.diff import changes, in_config
from yang.edit import edit_config
from yang.schema import Schema
from yang.tables import load
from yang.tree import Node
from yang.validate import validate, validate_whole
from yang.xmlio import parse_document, print_children
from yang.xmlread import read_document

MODULES = (
    *("openconfig-vlan-types", "iana-if-type", "openconfig-interfaces", "openconfig-if-ip"),
    *("openconfig-if-ethernet", "openconfig-if-aggregate", "openconfig-vlan"),
)
"""What libyang is given; the order is one in which it loads them."""
PATIENCE = 120
"""Seconds that libyang may take for one figure: its difference grows with the square of the size."""
WORKER = Path(__file__).parent / "libyang_worker.py"


def run(sizes: list[int]) -> None:
    """Print a table for each size."""
    try:
        python = interpreter()
    except NoOracle as missing:
        print(f"\nbeside libyang: skipped, {missing}")
        return
    schema = Schema(load(bindings.DEFAULT / "schema.tables"))
    validate_whole(Node(schema.root, {}))  # the rules are made when they are first asked for
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # as the server has it
    for size in sizes:
        document = interfaces(size).replace(' nc:operation="merge"', "")
        documents = [document, *(re.sub(rf"(port \d*{zeros}) gen", r"\1 other gen", document) for zeros in ("00", "0"))]
        mine, its = measure(schema, size, documents), measure_libyang(python, documents)
        heading(f"{size:,} interfaces", ["nos-mgmt", "libyang", "times"])
        for name, figure in mine.items():
            shown = (lambda amount: f"{amount:.0f} MB") if name == "memory" else seconds
            if name in its:
                row(name, [shown(figure), shown(its[name]), f"{its[name] / figure:.1f}"])
            else:
                row(name, [shown(figure), f"over {PATIENCE} s", f"> {PATIENCE / figure:.0f}"])


def measure(schema: Schema, size: int, documents: list[str]) -> dict[str, float]:
    """Return our figures, in seconds and MB."""
    octets = in_config(documents[0]).encode()

    def read() -> Node:
        return read_document(octets, schema)

    before = resident()
    tree = read()
    memory = resident() - before
    # and freed again, as libyang's is
    found = {"read": best(lambda: read() and None), "memory": memory}
    found["validate"] = best(lambda: validate_whole(tree))
    found["print"] = best(lambda: print_children(tree))
    for name, document in zip(("diff 1 %", "diff 10 %"), documents[1:], strict=True):
        # edited as a client would, so that what is not edited is shared
        edited = edit_config(tree, parse_document(in_config(document).encode()))
        found[name] = best(lambda edited=edited: list(changes(tree, edited)))
    edits = [parse_document(in_config(description(size // 2, f"edit {number}")).encode()) for number in range(RUNS + 1)]

    def edit(number: int) -> Any:
        return validate(tree, edit_config(tree, edits[number]))

    found["edit one leaf and validate"] = median(edit, RUNS, time.process_time)
    return found


def measure_libyang(python: Path, documents: list[str]) -> dict[str, float]:
    """Return libyang's figures, without those that it takes too long for."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.xml" for number in range(len(documents))]
        for file, document in zip(files, documents, strict=True):
            file.write_text(document, encoding="utf-8")
        command = [str(python), str(WORKER), str(bindings.DEFAULT / "modules"), ",".join(MODULES), *map(str, files)]
        output, complaints = Path(folder) / "figures", Path(folder) / "complaints"
        with output.open("w") as figures, complaints.open("w") as said:
            worker = subprocess.Popen(command, stdout=figures, stderr=said)
            while _is_getting_on(worker, output):
                pass
            worker.kill()
            if worker.wait() > 0:
                raise RuntimeError(f"libyang failed: {complaints.read_text()[-2000:]}")
        return dict(map(json.loads, output.read_text().splitlines()))


def _is_getting_on(worker: subprocess.Popen[bytes], output: Path) -> bool:
    """Return, once a figure has come, the worker has ended, or it has taken too long, whether there may be more."""
    size = output.stat().st_size
    for _ in range(PATIENCE * 10):
        try:
            worker.wait(0.1)
        except subprocess.TimeoutExpired:
            if output.stat().st_size > size:
                return True
        else:
            return False
    return False
