"""`python -m tests.fuzz`: give readers, sessions and a server what is no document, frame or request, for as long as one likes."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.conversing import converse
from tests.fuzz.frames import split
from tests.fuzz.reading import FORMS, fuzz
from tests.fuzz.sockets import talk, victim

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = 4 << 30
"""How many bytes this process may take."""
SIZES = {"xml": 300, "json": 300, "frames": 2000, "requests": 300, "server": 100}
"""How many documents, streams or requests are made of one seed."""


def main() -> int:
    """Return 1 if anything raises what is no answer for a client, hangs, or takes too much memory."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the rounds count up from it")
    parser.add_argument("--only", metavar="KIND", nargs="+", choices=SIZES, default=list(SIZES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nos-fuzz-") as folder, victim(Path(folder)) as server:
        # not for the server, which is there already
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        kinds: dict[str, Callable[[int, int], None]] = {
            **{form: partial(fuzz, form) for form in FORMS},
            "frames": split,
            "requests": converse,
            "server": partial(talk, server),
        }
        done: Counter[str] = Counter()
        started, number = time.monotonic(), options.seed
        while time.monotonic() - started < options.seconds:
            for kind in options.only:
                try:
                    kinds[kind](number, SIZES[kind])
                except Exception:  # noqa: BLE001 - whatever it is, it is what is sought
                    traceback.print_exc()
                    print(f"{kind}, seed {number}")
                    return 1
                done[kind] += SIZES[kind]
            number += 1
    counts = ", ".join(f"{count} {kind}" for kind, count in done.items())
    print(f"{counts} in {time.monotonic() - started:.0f} s: each was read, answered or refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
