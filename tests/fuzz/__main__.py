"""`python -m tests.fuzz`: give the readers what is no document, for as long as one likes."""

from __future__ import annotations

import argparse
import resource
import sys
import time
import traceback

from tests.fuzz.reading import FORMS, fuzz

MEMORY = 2 << 30
"""How many bytes a reader may take."""
ROUND = 300
"""How many documents are made of one seed."""


def main() -> int:
    """Return 1 if a reader raises what is no answer for a client, hangs, or takes too much memory."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the rounds count up from it")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    started, number = time.monotonic(), options.seed
    while time.monotonic() - started < options.seconds:
        for form in FORMS:
            try:
                fuzz(form, number, ROUND)
            except Exception:  # noqa: BLE001 - whatever it is, it is what is sought
                traceback.print_exc()
                print(f"{form}, seed {number}")
                return 1
        number += 1
    count = (number - options.seed) * ROUND * len(FORMS)
    print(f"{count} documents in {time.monotonic() - started:.0f} s: each was read or refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
