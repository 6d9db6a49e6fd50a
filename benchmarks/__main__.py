"""Print the benchmark table."""

from __future__ import annotations

import argparse

from benchmarks import bindings, commits, comparison, engine, history, routes, server


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--sizes", default="100,1000,10000,100000", help="interfaces in the tree (default %(default)s)")
    parser.add_argument(
        "--server-sizes", default="100,1000,10000", help="likewise, through the server (default %(default)s)"
    )
    parser.add_argument(
        "--routes", type=int, default=100_000, help="static routes into the kernel (default %(default)s)"
    )
    parser.add_argument(
        "--only",
        choices=["engine", "libyang", "commits", "server", "routes", "history", "bindings"],
        help="one of them",
    )
    arguments = parser.parse_args()
    if arguments.only in (None, "engine"):
        engine.run([int(size) for size in arguments.sizes.split(",")])
    if arguments.only in (None, "libyang"):
        comparison.run([int(size) for size in arguments.sizes.split(",")])
    if arguments.only in (None, "commits"):
        if routes.possible():
            commits.run([100, 10_000, 100_000], [1, 10, 1000, 10_000])
        else:
            print("\nthe phases of commits: skipped, no right to make network namespaces")
    if arguments.only in (None, "server"):
        program = server.client()
        if program is None:
            print("\nthrough the server: skipped, the benchmark client ncbench.py is not there (NCBENCH names it)")
        else:
            server.run(program, [int(size) for size in arguments.server_sizes.split(",")])
    if arguments.only in (None, "routes"):
        if routes.possible():
            routes.run(arguments.routes)
        else:
            print("\nroutes into the kernel: skipped, no right to make network namespaces")
    if arguments.only in (None, "history"):
        history.run(10_000, 10_000)
    if arguments.only == "bindings":
        bindings.run()


if __name__ == "__main__":
    main()
