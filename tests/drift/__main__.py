"""`python -m tests.drift`: make random changes with `ip` behind a server's back, beside random commits."""

from __future__ import annotations

import argparse
import logging
import secrets
import sys
import tempfile
from pathlib import Path

from tests.drift.soak import soaking


def main() -> int:
    """Print what came of it, and return 1 if anything was missed or invented."""
    parser = argparse.ArgumentParser(prog="drift", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long  [60]")
    parser.add_argument("--seed", type=int, default=0, help="what is drawn depends on it")
    options = parser.parse_args()
    # what is refused on purpose is in the log as well
    logging.disable(logging.CRITICAL)
    with (
        tempfile.TemporaryDirectory() as folder,
        soaking(f"nosdrift-{secrets.token_hex(3)}", Path(folder), options.seed) as soak,
    ):
        soak.run(options.seconds, print)
    print(soak.result.table())
    return 0 if soak.result.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
