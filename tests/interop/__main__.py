"""`python -m tests.interop`: run clients that were not written here against a server, and print what each could do."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from tests.interop.clients import CLIENTS, Report, known_hosts, lacking, run, started
from tests.interop.environments import CannotInstall

LINE = "{:<20} {:<32} {:<66} {}"


def main() -> int:
    """Return 1 if an operation failed that has to pass."""
    parser = argparse.ArgumentParser(prog="interop", description=__doc__)
    names = [kind.name for kind in CLIENTS]
    parser.add_argument("--only", metavar="NAME", nargs="+", choices=names, default=names, help="some of the clients")
    options = parser.parse_args()
    print(LINE.format("client", "version", "operation", "result"))
    reports: list[Report] = []
    with tempfile.TemporaryDirectory(prefix="nos-interop-") as temporary:
        folder = Path(temporary)
        with contextmanager(started)(folder) as server:
            for kind in CLIENTS:
                if kind.name not in options.only:
                    continue
                missing = lacking(kind)
                if missing is not None:
                    print(f"{kind.name}: not run, there is no {missing}")
                    continue
                home = folder / kind.name
                home.mkdir()
                try:
                    reports.append(run(kind, server, known_hosts(folder), home))
                except CannotInstall as error:
                    print(f"{kind.name}: not run, {error}")
                    continue
                show(reports[-1])
    counts = {result: sum(report.count(result) for report in reports) for result in RESULTS}
    print("; ".join(f"{count} {result}" for result, count in counts.items()))
    return 1 if counts["failed"] or len(reports) < len(options.only) else 0


RESULTS = ("passed", "failed", "client's fault", "not advertised")


def show(report: Report) -> None:
    """Print a client's lines."""
    for one in report.tried:
        result = one.result if not one.note else f"{one.result}: {one.note}"
        print(LINE.format(report.client, report.version, one.operation, result), flush=True)


if __name__ == "__main__":
    sys.exit(main())
