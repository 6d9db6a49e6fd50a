"""`python -m tests.differential`: our verdicts beside libyang's, on instances made at random."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.differential.kinds import KINDS
from tests.differential.oracle import NoOracle, interpreter
from tests.differential.suite import Tally, judges, run

SHOWN = 5


def main() -> int:
    """Print what both say, and return 1 if they disagree on an instance that is not listed."""
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument("--count", type=int, default=50_000, help="how many instances, about")
    parser.add_argument("--seed", default="0", help="what the instances depend on")
    parser.add_argument(
        "--kind", choices=list(KINDS), action="append", help="only this kind; may be given several times"
    )
    parser.add_argument("--model", type=int, help="only the model of this number, as a disagreement names it")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    try:
        interpreter()
    except NoOracle as error:
        sys.exit(str(error))
    kinds = options.kind or list(KINDS)
    tallies = {name: Tally() for name in kinds}
    started = time.monotonic()
    if options.model is not None:
        for name in kinds:
            tallies[name].add(judges().judge(name, options.model, options.seed))
    else:
        for name, tally in run(options.seed, options.count, kinds, options.processes):
            tallies[name].add(tally)
    report(tallies, time.monotonic() - started)
    return 1 if any(tally.disagreements for tally in tallies.values()) else 0


def report(tallies: dict[str, Tally], seconds: float) -> None:
    """Print a table, and the first disagreements."""
    for tally in tallies.values():
        for found in tally.disagreements[:SHOWN]:
            print(found, end="\n\n")
    print(f"{'kind':26} {'instances':>9} {'valid':>7} {'listed':>7} {'disagreements':>14}")
    every = Tally()
    for name, tally in tallies.items():
        every.add(tally)
        print(row(name, tally))
    print(row("all", every))
    for name, count in sorted(every.listed.items()):
        print(f"  listed: {name}: {count}")
    if every.crashes:
        print(f"  libyang crashed over {every.crashes} more")
    print(f"{every.instances} instances of {len(tallies)} kinds in {seconds:.1f} s")


def row(name: str, tally: Tally) -> str:
    """Return one line of the table."""
    listed = sum(tally.listed.values())
    return f"{name:26} {tally.instances:>9} {tally.valid:>7} {listed:>7} {len(tally.disagreements):>14}"


if __name__ == "__main__":
    sys.exit(main())
