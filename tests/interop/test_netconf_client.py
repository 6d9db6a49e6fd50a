"""The client of the package `netconf`, which was made for an older paramiko and so has an environment of its own."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Server

HERE = Path(__file__).parent
# pip-compile tests/interop/netconf-client.in makes it, with the options that the Makefile has under LOCK
LOCK = HERE / "netconf-client.lock"
UNREACHABLE = ("No matching distribution", "connection broken", "NewConnectionError", "ReadTimeoutError")


@pytest.fixture(scope="session")
def python(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with what is locked; it is made anew when the lock changes."""
    cache = getattr(pytestconfig, "cache", None)
    environment: Path = cache.mkdir("netconf-client") if cache else tmp_path_factory.mktemp("netconf-client")
    found, done = environment / "bin" / "python", environment / "lock.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if not done.exists() or done.read_text() != wanted:
        shutil.rmtree(environment)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=100)
        install = [
            *["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"],
            str(LOCK),
        ]
        installed = subprocess.run([str(found), *install], capture_output=True, text=True, check=False, timeout=300)
        if installed.returncode and any(reason in installed.stderr for reason in UNREACHABLE):
            pytest.skip(f"pip cannot install the package netconf here: {installed.stderr.splitlines()[-1]}")
        assert installed.returncode == 0, installed.stderr
        done.write_text(wanted)
    return found


def test_the_client_reads_edits_commits_and_is_told_what_is_wrong(python: Path, server: Server, tmp_path: Path) -> None:
    script = [str(python), str(HERE / "netconf_client.py"), str(server.port), str(server.key)]
    # neither somebody's ssh settings nor their agent
    environment = {"HOME": str(tmp_path), "PATH": ""}
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen.pop("session-id") >= 1
    assert "urn:ietf:params:netconf:capability:candidate:1.0" in seen.pop("capabilities")
    assert seen.pop("state") >= 8
    assert seen.pop("error-path").endswith("/oc-if:config/oc-if:mtu")
    assert seen == {
        "chunked": True,
        "before": [],
        "candidate": ["2000"],
        "running": ["2000"],
        "selected": ["2000"],
        "not selected": [],
        "error": ["application", "invalid-value", "error"],
        "after": ["2000"],
    }
    assert "Traceback" not in done.stderr
