"""`python -m tests.crash`: kill a server, or let something fail, at every boundary of commits of many shapes."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.crash.boundaries import INSIDE
from tests.crash.shapes import SHAPES
from tests.crash.suite import Extent, Result, shape


def main() -> int:
    """Print what came of it, and return 1 if anything was half done."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument(
        "--shape", choices=list(SHAPES), action="append", help="only this one; may be given several times"
    )
    parser.add_argument("--part", type=float, default=1.0, help="which part of the points, drawn by the seed  [1.0]")
    parser.add_argument("--seed", type=int, default=0, help="what the draw and the second errors depend on")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="shapes at once  [one per processor]")
    parser.add_argument(
        "--slow",
        type=float,
        default=0.2,
        help="which part of hangs and ends of backends, which take seconds each  [0.2]",
    )
    parser.add_argument(
        "--inside", type=int, default=INSIDE, help=f"boundaries inside a batch of operations  [{INSIDE}]"
    )
    options = parser.parse_args()
    extent = Extent(options.part, options.seed, options.slow, options.inside)
    started = time.monotonic()
    total = Result()
    names = options.shape or list(SHAPES)
    columns = ("kills", "errors", "twice", "jammed", "hangs", "deaths", "mixed")
    print(f"{'shape':28} {'boundaries':>10}" + "".join(f" {column:>7}" for column in columns))
    # spawned, for each of them forks
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as executor:
        waiting = [executor.submit(shape, name, extent, "noscrash") for name in names]
        for name, done in zip(names, waiting, strict=True):
            result = done.result()
            total.add(result)
            print(result.row(name), flush=True)
    print(total.row("all"))
    for each in total.mixed:
        print(f"  {each}")
    print(f"{total.points} points tried, {len(total.mixed)} mixed states, in {time.monotonic() - started:.0f} s")
    return 1 if total.mixed else 0


if __name__ == "__main__":
    sys.exit(main())
