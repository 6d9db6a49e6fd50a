"""`python -m tests.crash`: kill a server, or let something fail, at every boundary of commits of many shapes."""

from __future__ import annotations

import argparse
import logging
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.shapes import SHAPES
from tests.crash.suite import Result, prepared, run


def main() -> int:
    """Print what came of it, and return 1 if anything was half done."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument(
        "--shape", choices=list(SHAPES), action="append", help="only this one; may be given several times"
    )
    parser.add_argument("--part", type=float, default=1.0, help="which part of the points, drawn by the seed  [1.0]")
    parser.add_argument("--seed", type=int, default=0, help="what the draw and the second errors depend on")
    options = parser.parse_args()
    # what goes wrong on purpose is in the log as well
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    total = Result()
    print(
        f"{'shape':28} {'boundaries':>10} {'kills':>7} {'errors':>7} {'twice':>7} {'hangs':>7} {'deaths':>7} {'mixed':>7}"
    )
    with tempfile.TemporaryDirectory() as folder, prepared(Path(folder), f"noscrash-{secrets.token_hex(3)}") as systems:
        for name in options.shape or SHAPES:
            result = run(systems, SHAPES[name], options.part, options.seed)
            total.add(result)
            print(result.row(name), flush=True)
    print(total.row("all"))
    for each in total.mixed:
        print(f"  {each}")
    print(f"{total.points} points tried, {len(total.mixed)} mixed states, in {time.monotonic() - started:.0f} s")
    return 1 if total.mixed else 0


if __name__ == "__main__":
    sys.exit(main())
