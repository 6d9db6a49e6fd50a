"""Points of a shape: at each boundary a kill, an error or two, a jammed database, a hang, or the end of a backend's process."""

from __future__ import annotations

import logging
import secrets
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from backends.hardware import remote
from backends.kernel import namespaces
from nos_mgmt import device
from tests.conftest import PORTS
from tests.crash.boundaries import INSIDE, Boundaries
from tests.crash.shapes import SHAPES
from tests.crash.trial import FOR_EVER, LATE, Systems, attempt, judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yang.schema import Schema


class Extent(NamedTuple):
    """Which of the points are tried."""

    part: float = 1.0
    """Of all of them, drawn by the seed."""
    seed: int = 0
    slow: float = 0.2
    """Of those at which a backend hangs or its process is killed, which take seconds each."""
    inside: int = INSIDE
    """Boundaries inside one batch of operations."""


@dataclass
class Result:
    """What came of the points of one shape."""

    boundaries: int = 0
    kills: int = 0
    errors: int = 0
    twice: int = 0
    jams: int = 0
    hangs: int = 0
    deaths: int = 0
    mixed: list[str] = field(default_factory=list)

    @property
    def points(self) -> int:
        """How many were tried."""
        return self.kills + self.errors + self.twice + self.jams + self.hangs + self.deaths

    def add(self, other: Result) -> None:
        """Count what `other` counts."""
        self.boundaries += other.boundaries
        self.kills += other.kills
        self.errors += other.errors
        self.twice += other.twice
        self.jams += other.jams
        self.hangs += other.hangs
        self.deaths += other.deaths
        self.mixed += other.mixed

    def row(self, name: str) -> str:
        """Return one line of the table."""
        counts = (self.kills, self.errors, self.twice, self.jams, self.hangs, self.deaths, len(self.mixed))
        return f"{name:28} {self.boundaries:>10}" + "".join(f" {count:>7}" for count in counts)


@contextmanager
def prepared(folder: Path, prefix: str) -> Iterator[Systems]:
    """Yield a namespace with ports and a chip, which go away afterwards; the namespace's name begins with `prefix`.

    Raises:
        PermissionError: This process may not make namespaces.
    """
    name = f"{prefix}-{secrets.token_hex(3)}"
    namespaces.make(name, f"{name}-far", PORTS)
    with tempfile.TemporaryDirectory() as short, _alike():
        socket = Path(short) / "chip"
        remote.start(socket, len(PORTS))
        try:
            yield Systems(folder, name, socket)
        finally:
            chip = remote.RemoteDriver(socket)
            chip.stop()
            chip.close()
            namespaces.remove(name, f"{name}-far")


@contextmanager
def _alike() -> Iterator[None]:
    """Have all servers share one schema: a thousand of them are started, with the same models and backends."""
    supported, load = device.supported, device.load
    first: list[Schema] = []

    def once(*arguments: Any) -> Schema:
        if not first:
            first.append(supported(*arguments))
        return first[0]

    device.supported, device.load = once, cache(load)
    try:
        yield
    finally:
        device.supported, device.load = supported, load


def shape(name: str, extent: Extent, prefix: str) -> Result:
    """Try points of the shape `name`, on systems of their own.

    Raises:
        PermissionError: This process may not make namespaces.
    """
    # what goes wrong on purpose is in the log as well
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory() as folder, prepared(Path(folder), prefix) as systems:
            return run(systems, SHAPES[name], extent)
    finally:
        logging.disable(disabled)


def run(systems: Systems, contents: tuple[str, str], extent: Extent) -> Result:
    """Try points of one shape."""
    random = Random(f"{extent.seed}/{contents}")
    new = systems.known(contents[1])
    known = (systems.known(contents[0]), new)
    result = Result()

    def tried(what: str, boundaries: Boundaries) -> list[str]:
        boundaries.inside = extent.inside
        outcome = attempt(systems, contents[1], boundaries)
        if wrong := judged(systems, contents, known, outcome):
            result.mixed.append(f"{what}: {wrong}")
        return outcome.names

    names = tried("undisturbed", Boundaries())
    result.boundaries = len(names)
    for number, name in enumerate(names, 1):
        if random.random() < extent.part:
            result.kills += 1
            tried(f"killed at {number}, {name}", Boundaries(kill_at=number))
        if name.startswith(("running", "the client")):
            continue
        if random.random() < extent.part:
            result.errors += 1
            tried(f"an error at {number}, {name}", Boundaries(fail_at=[number]))
        if random.random() < extent.part:
            result.twice += 1
            again = number + random.randint(1, 6)
            tried(f"errors at {number}, {name}, and at {again}", Boundaries(fail_at=[number, again]))
        for jam in ("locked", "full"):
            # it shows only where the history is written
            if name.startswith("history:") and random.random() < extent.part:
                result.jams += 1
                tried(f"a database {jam} from {number}, {name}, on", Boundaries(jam_at=number, jam=jam))
    # these take seconds each, so that there are fewer of them; drawn after the others, which stay what they were
    of_backends = [(number, name) for number, name in enumerate(names, 1) if name.startswith(("kernel:", "hardware:"))]
    for number, name in of_backends:
        if random.random() < extent.part * extent.slow:
            result.hangs += 1
            seconds = random.choice((LATE, FOR_EVER))
            tried(f"hung at {number}, {name}, for {seconds:g} s", Boundaries(hang_at=number, hang_for=seconds))
        if random.random() < extent.part * extent.slow:
            result.deaths += 1
            tried(f"the kernel's backend killed at {number}, {name}", Boundaries(end_backend_at=number))
    return result
