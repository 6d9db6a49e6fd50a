"""Static routes into the kernel: how fast the backend's batches are, next to what the kernel takes from `ip -batch`."""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from pathlib import Path

from backends.kernel import KernelBackend, namespaces
from backends.kernel.resources import Address, Hop, Port, Route
from backends.operation import Operation
from benchmarks.table import heading, once, row, seconds


def run(count: int) -> None:
    """Print the table."""
    name = f"nosbench-{secrets.token_hex(2)}"
    namespaces.make(name, f"{name}-far", ("Ethernet1",))
    backend = KernelBackend(name)
    try:
        backend.execute(
            [
                Operation(Port("Ethernet1"), Port("Ethernet1", enabled=True)),
                Operation(None, Address("Ethernet1", "10.0.0.1", 24)),
            ]
        )
        heading(f"{count:,} static routes into the kernel", ["time", "routes/s"])
        hops = (Hop("10.0.0.2", "Ethernet1"),)
        routes = [Route(f"{20 + (n >> 16)}.{(n >> 8) & 255}.{n & 255}.0/24", 0, hops) for n in range(count)]
        created = [Operation(None, route) for route in routes]
        for title, action in (
            ("apply", lambda: backend.execute(created)),
            ("read back", lambda: backend.read([route.key for route in routes])),
            ("take away", lambda: backend.execute([operation.inverse() for operation in created])),
        ):
            took, _ = once(action)
            row(title, [seconds(took), f"{count / took:,.0f}"])
        with tempfile.NamedTemporaryFile("w", suffix=".batch") as batch:
            batch.writelines(f"route add {route.prefix} via 10.0.0.2 dev Ethernet1 proto 201\n" for route in routes)
            batch.flush()
            took, _ = once(lambda: subprocess.run(["ip", "-n", name, "-batch", batch.name], check=True))
            row("ip -batch, for comparison", [seconds(took), f"{count / took:,.0f}"])
    finally:
        backend.close()
        namespaces.remove(name, f"{name}-far")


def possible() -> bool:
    """Return whether this process may make namespaces and has `ip`."""
    try:
        namespaces.make("nosbench-probe", "nosbench-probe-far", ())
    except PermissionError:
        return False
    namespaces.remove("nosbench-probe", "nosbench-probe-far")
    return Path("/usr/sbin/ip").exists() or Path("/sbin/ip").exists()
