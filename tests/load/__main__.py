"""`python -m tests.load`: put a server under load, and print how it bears it."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from pathlib import Path

from tests.load.client import usage
from tests.load.suite import SCENARIOS, loaded, run


def main() -> int:
    """Return 1 if an answer was wrong or something leaked."""
    parser = argparse.ArgumentParser(prog="load", description=__doc__)
    parser.add_argument("--only", metavar="NAME", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--small", action="store_true", help="as much as the tests do")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="nos-load-") as temporary, loaded(Path(temporary)) as server:
        print(
            f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; the server has {usage(server).resident:.0f} MiB"
        )
        for name in options.only:
            print(f"\n{name}", flush=True)
            try:
                run(name, server, lambda line: print(f"  {line}", flush=True), is_small=options.small)
            except Exception:  # noqa: BLE001 - the others are still run
                traceback.print_exc()
                failed += 1
        print(f"\nload {os.getloadavg()[0]:.1f}; {failed} of {len(options.only)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
