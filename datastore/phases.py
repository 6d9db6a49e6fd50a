"""How long a commit spends in each of its phases."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Phases(dict[str, float]):
    """Seconds by phase: validate, plan, check, journal, apply, verify, seal."""

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Count what happens inside to the phase `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self[name] = self.get(name, 0.0) + time.perf_counter() - started
