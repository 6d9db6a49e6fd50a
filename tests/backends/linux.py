"""What happens to a namespace behind the backend's back: links made, changed and removed by somebody else, packets sent."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def ip(namespace: str, *words: str) -> str:
    """Return the output of iproute2 in `namespace`."""
    command = ["ip", "-n", namespace, *" ".join(words).split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until `condition` is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
