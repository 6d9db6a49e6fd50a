"""The scenarios, in full and in small."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.conftest import Server, servers
from tests.load import scenarios

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path


class Scenario(NamedTuple):
    """One of them."""

    run: Callable[..., AsyncIterator[str]]
    full: dict[str, float]
    small: dict[str, float]


SCENARIOS = {
    "sessions": Scenario(scenarios.sessions_at_once, {"sessions": 200, "rounds": 10}, {"sessions": 24, "rounds": 2}),
    "slow-reader": Scenario(scenarios.a_slow_reader, {"interfaces_": 2000, "seconds": 30}, {"interfaces_": 1000, "seconds": 2}),
    "large-edits": Scenario(
        scenarios.large_edits, {"megabytes": 10, "edits": 5, "readers": 4}, {"megabytes": 1, "edits": 2, "readers": 2}
    ),
    "frames": Scenario(scenarios.frames_split_everywhere, {"step": 1}, {"step": 23}),
    "cuts": Scenario(scenarios.cuts_everywhere, {"step": 1}, {"step": 41}),
    "strangers": Scenario(scenarios.strangers, {"count": 200}, {"count": 3}),
    "come-and-go": Scenario(
        scenarios.come_and_go, {"times": 10_000, "at_once": 16, "every": 1000}, {"times": 60, "at_once": 8, "every": 20}
    ),
}  # fmt: skip


@contextmanager
def loaded(folder: Path) -> Iterator[Server]:
    """Give a server that is to bear it, and fails over nothing."""
    settings = folder / "settings.toml"
    settings.write_text("sessions = 300\n")
    with servers(folder) as start:
        server = start("--config", str(settings))
        yield server
        assert "Traceback" not in server.log.read_text(), server.log.read_text()[-5000:]


def run(name: str, server: Server, say: Callable[[str], None], *, is_small: bool) -> None:
    """Run a scenario, and say how it goes."""
    scenario = SCENARIOS[name]

    async def said() -> None:
        async for line in scenario.run(server, **(scenario.small if is_small else scenario.full)):
            say(line)

    asyncio.run(said())
