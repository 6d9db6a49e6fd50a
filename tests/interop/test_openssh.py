"""The line of the README that comes in with OpenSSH, run as it stands there, in both framings."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nos_mgmt.netconf.messages import BASE_1_0, BASE_1_1
from tests.conftest import Server, needs, servers
from tests.nos_mgmt.bad_input import dechunked
from tests.nos_mgmt.over_ssh import END, PATIENCE, chunked, hello, rpc
from tests.nos_mgmt.replies import data, error, is_ok
from tests.openconfig import INTERFACES, interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
CONFIG = interfaces(interface("Ethernet1", mtu=2000, description="uplink"))
REQUESTS = (
    f"<edit-config><target><candidate/></target><config>{CONFIG}</config></edit-config>",
    "<commit/>",
    "<get-config><source><running/></source></get-config>",
    "<no-such-thing/>",
    "<close-session/>",
)


def lines() -> list[str]:
    """Return the lines with ssh that the documents tell to type."""
    found = [
        line.removeprefix("    $ ").strip()
        for document in ("README.md", "docs/operations.md")
        for line in (ROOT / document).read_text(encoding="utf-8").splitlines()
        if re.match(r"    (\$ )?ssh ", line)
    ]
    return sorted(set(found))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where somebody has the project."""
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def listening(folder: Path) -> Iterator[Server]:
    """A server as `make run` starts it, but at a port that is free."""
    with servers(folder) as start:
        # the home folder that ssh looks at comes from the password database: known_hosts is told by an option
        known = folder / "known_hosts"
        yield start("--known-hosts", str(known), "--backends", "hardware", state=folder / ".nos")


def test_the_documents_have_one_line_to_come_in() -> None:
    assert lines() == ["ssh -s -p 8830 -i .nos/admin_ed25519 admin@127.0.0.1 netconf"]


@pytest.mark.parametrize("capabilities", [(BASE_1_0,), (BASE_1_1,), (BASE_1_0, BASE_1_1)])
def test_the_line_of_the_readme_is_a_session(listening: Server, folder: Path, capabilities: tuple[str, ...]) -> None:
    ssh, *arguments = shlex.split(lines()[0].replace("8830", str(listening.port)))
    options = ["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    known = ["-o", f"UserKnownHostsFile={folder / 'known_hosts'}", "-o", "GlobalKnownHostsFile=/dev/null"]
    is_chunked = BASE_1_1 in capabilities
    messages = [rpc(request, number) for number, request in enumerate(REQUESTS)]
    said = hello(*capabilities) + b"".join(chunked(one) if is_chunked else one + END for one in messages)
    done = subprocess.run(
        [needs(ssh), *options, *known, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        input=said,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    greeting, _, rest = done.stdout.partition(END)
    assert b"<session-id>" in greeting
    end = b"\n##\n" if is_chunked else END
    assert rest.endswith(end)
    replies = [dechunked(one) if is_chunked else one for one in rest.split(end)[:-1]]
    assert [re.findall(rb'message-id="(\d+)"', reply) for reply in replies] == [
        [b"%d" % number] for number in range(len(REQUESTS))
    ]
    edited, committed, read, refused, closed = replies
    assert all(map(is_ok, (edited, committed, closed)))
    assert [element.tag for element in data(read)] == [f"{{{INTERFACES}}}interfaces"]
    assert error(refused).tag == "operation-not-supported"


def test_messages_that_somebody_types_are_understood(listening: Server, folder: Path) -> None:
    # end of line after each message, as a terminal sends it
    _, *arguments = shlex.split(lines()[0].replace("8830", str(listening.port)))
    known = ["-F", "/dev/null", "-o", f"UserKnownHostsFile={folder / 'known_hosts'}"]
    said = b"\n".join((hello(BASE_1_0), rpc(REQUESTS[2], 1) + END, rpc(REQUESTS[4], 2) + END, b""))
    done = subprocess.run(
        [needs("ssh"), *known, *arguments], cwd=folder, input=said, capture_output=True, check=True, timeout=PATIENCE
    )
    assert done.stdout.count(END) == 3
    assert done.stdout.count(b"<rpc-error>") == 0
