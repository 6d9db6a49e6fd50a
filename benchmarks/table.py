"""Rows of figures, printed as they come."""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def heading(title: str, columns: list[str]) -> None:
    """Print the head of a table."""
    print(f"\n{title}")
    print(f"{'':34}" + "".join(f"{column:>14}" for column in columns))


def row(name: str, figures: list[str]) -> None:
    """Print a row."""
    print(f"{name:34}" + "".join(f"{figure:>14}" for figure in figures), flush=True)


def once(action: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> tuple[float, Any]:
    """Return how many seconds `action` takes, and what it returns."""
    gc.collect()
    started = clock()
    result = action()
    return clock() - started, result


def best(action: Callable[[], Any], runs: int = 7) -> float:
    """Return how many seconds of the processor's time `action` takes at best: what else runs counts for little."""
    return min(once(action, time.process_time)[0] for _ in range(runs))


def median(action: Callable[[int], Any], runs: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median of the seconds that `action` takes, over `runs` runs after one that is not counted."""
    action(-1)
    samples = []
    for number in range(runs):
        started = clock()
        action(number)
        samples.append(clock() - started)
    return statistics.median(samples)


def seconds(value: float) -> str:
    """Return a time for people."""
    return f"{value * 1000:.2f} ms" if value < 1 else f"{value:.2f} s"
