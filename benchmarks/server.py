"""Through a server: the benchmark client that our peers were measured with, over SSH."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.table import heading, row, seconds


def client() -> Path | None:
    """Return the benchmark client, if it is found: NCBENCH names it, or it lies beside the checkout."""
    beside = Path(__file__).parent.parent.parent / "shared" / "bench" / "ncbench.py"
    named = Path(os.environ.get("NCBENCH", beside))
    return named if named.exists() else None


def run(program: Path, sizes: list[int], tests: str) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "nos_mgmt", "serve", "--state", str(state), "--port", str(port)]
        command += ["--backends", "hardware", "--asic-ports", str(max(sizes)), "--log-level", "warning"]
        log = Path(folder) / "log"
        with log.open("wb") as opened:
            server = subprocess.Popen(command, stdout=opened, stderr=opened, start_new_session=True)
        try:
            deadline = time.monotonic() + 30
            while "connect with:" not in log.read_text() and time.monotonic() < deadline and server.poll() is None:
                time.sleep(0.02)
            out = Path(folder) / "result.json"
            measured = [sys.executable, str(program), "--client", "ssh", "--port", str(port), "--user", "admin"]
            measured += ["--key", str(state / "admin_ed25519"), "--sizes", ",".join(map(str, sizes)), "--out", str(out)]
            measured += ["--tests", tests, "--pid-cmd", f"echo {server.pid}", "--label", "nos-mgmt"]
            subprocess.run(measured, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            show(json.loads(out.read_text())["results"], sizes)
        finally:
            server.terminate()
            server.wait(30)


def show(results: dict[str, Any], sizes: list[int]) -> None:
    """Print the results by size."""
    heading("through the server, over SSH, simulated chip", [f"{size:,}" for size in sizes])
    rows = {
        "get all interfaces": lambda size: results.get(f"get_interfaces_all_{size}", {}).get("median"),
        "edit one: edit-config": lambda size: results.get(f"edit_one_commit_{size}", {}).get("edit", {}).get("median"),
        "edit one: commit": lambda size: results.get(f"edit_one_commit_{size}", {}).get("commit", {}).get("median"),
        "edit one: both, p50": lambda size: results.get(f"edit_one_commit_{size}", {}).get("total", {}).get("median"),
        "replace all: edit-config": lambda size: results.get(f"bulk_replace_{size}", {}).get("edit", {}).get("median"),
        "replace all: commit": lambda size: results.get(f"bulk_replace_{size}", {}).get("commit", {}).get("median"),
    }
    for name, value in rows.items():
        row(name, ["-" if (found := value(size)) is None else seconds(found) for size in sizes])
    memory = [results.get(f"rss_{size}", {}).get("rss_kb") for size in sizes]
    row("memory of the server", ["-" if kilobytes is None else f"{kilobytes / 1024:.0f} MB" for kilobytes in memory])
    small = results.get("small_get_1000", {})
    if small:
        print(
            f"small get at 1,000: p50 {seconds(small['p50_s'])}, p99 {seconds(small['p99_s'])}, {small['rate']['median']:,.0f}/s"
        )
