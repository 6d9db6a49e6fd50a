"""Points of a shape: at each boundary a kill, an error or two, a hang, or the end of a backend's process."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from backends.hardware import remote
from backends.kernel import namespaces
from tests.conftest import PORTS
from tests.crash.boundaries import Boundaries
from tests.crash.trial import FOR_EVER, LATE, Systems, attempt, judged

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = 5
"""One in so many of the points at which a backend hangs or is killed is looked at."""


@dataclass
class Result:
    """What came of the points of one shape."""

    boundaries: int = 0
    kills: int = 0
    errors: int = 0
    twice: int = 0
    hangs: int = 0
    deaths: int = 0
    mixed: list[str] = field(default_factory=list)

    @property
    def points(self) -> int:
        """How many were tried."""
        return self.kills + self.errors + self.twice + self.hangs + self.deaths

    def add(self, other: Result) -> None:
        """Count what `other` counts."""
        self.boundaries += other.boundaries
        self.kills += other.kills
        self.errors += other.errors
        self.twice += other.twice
        self.hangs += other.hangs
        self.deaths += other.deaths
        self.mixed += other.mixed

    def row(self, name: str) -> str:
        """Return one line of the table."""
        counts = (self.kills, self.errors, self.twice, self.hangs, self.deaths, len(self.mixed))
        return f"{name:28} {self.boundaries:>10}" + "".join(f" {count:>7}" for count in counts)


@contextmanager
def prepared(folder: Path, name: str) -> Iterator[Systems]:
    """Yield a namespace with ports and a chip, which go away afterwards.

    Raises:
        PermissionError: This process may not make namespaces.
    """
    namespaces.make(name, f"{name}-far", PORTS)
    with tempfile.TemporaryDirectory() as short:
        socket = Path(short) / "chip"
        remote.start(socket, len(PORTS))
        try:
            yield Systems(folder, name, socket)
        finally:
            chip = remote.RemoteDriver(socket)
            chip.stop()
            chip.close()
            namespaces.remove(name, f"{name}-far")


def run(systems: Systems, contents: tuple[str, str], part: float, seed: int) -> Result:
    """Try the points of one shape, or a part of them."""
    random = Random(f"{seed}/{contents}")
    new = systems.known(contents[1])
    known = (systems.known(contents[0]), new)
    result = Result()

    def tried(what: str, boundaries: Boundaries) -> list[str]:
        outcome = attempt(systems, contents[1], boundaries)
        if wrong := judged(systems, contents, known, outcome):
            result.mixed.append(f"{what}: {wrong}")
        return outcome.names

    names = tried("undisturbed", Boundaries())
    result.boundaries = len(names)
    for number, name in enumerate(names, 1):
        if random.random() < part:
            result.kills += 1
            tried(f"killed at {number}, {name}", Boundaries(kill_at=number))
        if name.startswith(("running", "the client")):
            continue
        if random.random() < part:
            result.errors += 1
            tried(f"an error at {number}, {name}", Boundaries(fail_at=[number]))
        if random.random() < part:
            result.twice += 1
            again = number + random.randint(1, 6)
            tried(f"errors at {number}, {name}, and at {again}", Boundaries(fail_at=[number, again]))
    # these take seconds each, so that there are fewer of them; drawn after the others, which stay what they were
    of_backends = [(number, name) for number, name in enumerate(names, 1) if name.startswith(("kernel:", "hardware:"))]
    for number, name in of_backends:
        if random.random() < part / SLOW:
            result.hangs += 1
            seconds = random.choice((LATE, FOR_EVER))
            tried(f"hung at {number}, {name}, for {seconds:g} s", Boundaries(hang_at=number, hang_for=seconds))
        if random.random() < part / SLOW:
            result.deaths += 1
            tried(f"the kernel's backend killed at {number}, {name}", Boundaries(end_backend_at=number))
    return result
