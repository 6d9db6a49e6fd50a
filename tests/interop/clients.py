"""The clients, none of which was written here, and what each one says of what it tried."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import Server, servers
from tests.interop import environments
from tests.nos_mgmt.openssh import OpenSsh, command

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 300
SETTINGS = """
startup = true
writable_running = true
url_places = ["file://{exports}/"]
"""
"""Everything of a server that is not there unless it is asked for."""
EMPTY = "<copy-config><source><config/></source><target><candidate/></target></copy-config>"


@dataclass(frozen=True, slots=True)
class Kind:
    """A client, and how it is run."""

    name: str
    """Of its script."""
    is_locked: bool = True
    """Whether it has an environment of its own; otherwise it is run by the one that the tests are run by."""
    commands: tuple[str, ...] = ()
    """What has to be installed."""


CLIENTS = (
    Kind("ncclient", is_locked=False),
    Kind("netconf"),
    Kind("yangcli", is_locked=False, commands=("yangcli", "ssh", "ssh-keygen")),
    Kind("scrapli", commands=("ssh",)),
    Kind("ansible"),
    Kind("nornir"),
    Kind("openssh", is_locked=False, commands=("ssh",)),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """One operation."""

    operation: str
    result: str
    """`passed`, `failed`, `client's fault` or `not advertised`."""
    note: str = ""


@dataclass(slots=True)
class Report:
    """What a client tried."""

    client: str
    version: str = ""
    tried: list[Tried] = field(default_factory=list)

    def count(self, result: str) -> int:
        """Return how many operations had a result."""
        return sum(one.result == result for one in self.tried)


def started(folder: Path) -> Iterator[Server]:
    """Yield a server that has everything, at the end of which its log has no traceback."""
    settings = folder / "settings.toml"
    exports = folder / "exports"
    exports.mkdir()
    settings.write_text(SETTINGS.format(exports=exports))
    with servers(folder) as start:
        server = start("--config", str(settings), "--known-hosts", str(known_hosts(folder)))
        yield server
        log = server.log.read_text()
        assert "Traceback" not in log, log


def known_hosts(folder: Path) -> Path:
    """Return the file with the server's key."""
    return folder / "known_hosts"


def lacking(kind: Kind) -> str | None:
    """Return the command that a client needs and that is not there."""
    return next((one for one in kind.commands if shutil.which(one) is None), None)


def run(kind: Kind, server: Server, known: Path, folder: Path) -> Report:
    """Run a client against a server whose candidate and running are made empty before.

    Raises:
        CannotInstall: What is locked for the client cannot be had.
    """
    python = environments.python(kind.name) if kind.is_locked else Path(sys.executable)
    with OpenSsh(command(server, known)) as session:
        for request in (EMPTY, "<commit/>"):
            answer = session.rpc(request)
            assert "<ok/>" in answer, answer
    # neither somebody's ssh settings nor their agent
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    if kind.name == "ansible":
        collections = environments.collections()
        manifest = json.loads((collections / environments.NEEDED[0] / "MANIFEST.json").read_text())
        environment["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
        environment["NETCOMMON"] = manifest["collection_info"]["version"]
    script = [str(python), "-m", f"tests.interop.scripts.with_{kind.name}"]
    arguments = [str(server.port), str(server.key.absolute()), str(known.absolute()), str(folder.absolute())]
    done = subprocess.run(
        [*script, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    report = Report(kind.name)
    for line in done.stdout.splitlines():
        if line.startswith('{"client"'):
            said = json.loads(line)
            report.client, report.version = said["client"], said["version"]
        elif line.startswith('{"operation"'):
            report.tried.append(Tried(**json.loads(line)))
    if done.returncode or not report.tried:
        report.tried.append(Tried("the whole script", "failed", done.stderr.strip()[-2000:]))
    return report
