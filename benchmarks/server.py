"""Through a server: the benchmark client that our peers were measured with, over SSH; and beside us an echo server."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.table import heading, row, seconds

TESTS = "cold,sessions,bulk,small,full,one,valdis,rss,conc"
FLOOR = "sessions,small,conc"
"""What an echo server can answer."""
PATIENCE = 3600


def client() -> Path | None:
    """Return the benchmark client, if it is found: NCBENCH names it, or it lies beside the checkout."""
    beside = Path(__file__).parent.parent.parent / "shared" / "bench" / "ncbench.py"
    named = Path(os.environ.get("NCBENCH", beside))
    return named if named.exists() else None


def run(program: Path, sizes: list[int]) -> None:
    """Print the rows that our peers' table has."""
    with tempfile.TemporaryDirectory() as folder:
        state, port = Path(folder) / "state", _free_port()
        options = ["--state", str(state), "--port", str(port), "--backends", "hardware", "--log-level", "warning"]
        options += ["--asic-ports", str(max(sizes))]
        serve = [sys.executable, "-m", "nos_mgmt", "serve", *options]
        ours = measured(program, serve, state, port, TESTS, sizes)
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        echo = [sys.executable, "-m", "benchmarks.floor", folder, str(port)]
        floor = measured(program, echo, Path(folder), port, FLOOR, [1000])
    show(ours, floor, sizes)


def measured(
    program: Path, serve: list[str], state: Path, port: int, tests: str, sizes: list[int]
) -> dict[str, dict[str, Any]]:
    """Return the client's results about the server that the command `serve` starts."""
    with tempfile.TemporaryDirectory() as folder:
        pid, log, out = Path(folder) / "pid", Path(folder) / "log", Path(folder) / "result.json"
        # the first start makes keys, and is none of those that are measured
        start = f"echo $$ > {pid}; exec {shlex.join(serve)} > {log} 2>&1"
        # one that has ended and that nobody has asked about is still a process, but has no command line
        stop = f"kill $(cat {pid}) && while grep -q . /proc/$(cat {pid})/cmdline; do sleep 0.02; done"
        command = [sys.executable, str(program), "--client", "ssh", "--port", str(port), "--user", "admin"]
        command += ["--key", str(state / "admin_ed25519"), "--sizes", ",".join(map(str, sizes)), "--out", str(out)]
        command += ["--tests", tests, "--pid-cmd", f"cat {pid}"]
        if "cold" in tests:
            command += ["--start-cmd", start, "--stop-cmd", stop]
        first = subprocess.Popen(["sh", "-c", start], start_new_session=True)
        try:
            while not (log.exists() and "connect with:" in log.read_text()) and first.poll() is None:
                time.sleep(0.02)
            if "cold" in tests:
                first.terminate()
                first.wait(60)
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)
        finally:
            subprocess.run(["sh", "-c", stop], check=False, capture_output=True, timeout=60)
        results: dict[str, dict[str, Any]] = json.loads(out.read_text())["results"]
        return results


def show(ours: dict[str, dict[str, Any]], floor: dict[str, dict[str, Any]], sizes: list[int]) -> None:
    """Print the results: those that go with no size beside the echo server's, the others by size."""
    heading("through the server, over SSH, simulated chip", ["nos-mgmt", "echo server"])
    row("cold start to hello", [seconds(ours["cold_start_s"]["median"]), ""])
    for name, key in (
        ("sessions/s, 1 client", "sessions_per_s_1client"),
        ("sessions/s, 8 clients", "sessions_per_s_8clients"),
    ):
        row(name, [f"{found[key]['median']:.1f}" for found in (ours, floor)])
    if "small_get_1000" in ours:
        both = [found["small_get_1000"] for found in (ours, floor)]
        row("small get at 1,000: p50", [seconds(found["p50_s"]) for found in both])
        row("small get at 1,000: p99", [seconds(found["p99_s"]) for found in both])
        row("small gets/s", [f"{found['rate']['median']:,.0f}" for found in both])
        both = [found["concurrent_50_sessions_small_get_1000"] for found in (ours, floor)]
        row("small gets/s, 50 sessions", [f"{found['rate']['median']:,.0f}" for found in both])
    row("memory, empty", [megabytes(found["rss_empty"]) for found in (ours, floor)])
    heading("the same, by interfaces", [f"{size:,}" for size in sizes])
    rows = {
        "get all interfaces": ("get_interfaces_all", None),
        "edit one: edit-config": ("edit_one_commit", "edit"),
        "edit one: commit": ("edit_one_commit", "commit"),
        "**edit one: both, p50**": ("edit_one_commit", "total"),
        "replace all: edit-config": ("bulk_replace", "edit"),
        "replace all: commit": ("bulk_replace", "commit"),
        "validate": ("validate", None),
    }
    for name, (test, part) in rows.items():
        found = [ours.get(f"{test}_{size}", {}) for size in sizes]
        medians = [(one.get(part, {}) if part else one).get("median") for one in found]
        row(name, ["-" if median is None else seconds(median) for median in medians])
    row("memory of the server", [megabytes(ours.get(f"rss_{size}")) for size in sizes])


def megabytes(found: dict[str, int] | None) -> str:
    """Return the memory that was found."""
    return f"{found['rss_kb'] / 1024:.0f} MB" if found else "-"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
