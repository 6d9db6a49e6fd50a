"""The unit file for systemd, and a server that runs with no more rights than that gives it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import needs
from tests.nos_mgmt.confined import settings
from tests.nos_mgmt.openssh import OpenSsh, command
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Server

REPOSITORY = Path(__file__).parent.parent.parent
NOBODY = 65534
CAPABILITIES = "-all,+net_admin,+net_bind_service"
AS_NOBODY = (
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--no-new-privs",
    f"--inh-caps={CAPABILITIES}",
    f"--ambient-caps={CAPABILITIES}",
    f"--bounding-set={CAPABILITIES}",
)
HOST = 'backends = ["kernel"]\n[backend.kernel]\nnamespace = ""\n'


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit file, as the command prints it."""
    printed = subprocess.run(
        [Path(sys.executable).with_name("nos-mgmt"), "unit", "--config", tmp_path / "its.toml"],
        capture_output=True,
        check=True,
    )
    file = tmp_path / "nos-mgmt.service"
    file.write_bytes(printed.stdout)
    return file


@pytest.fixture
def common_state() -> Iterator[Path]:
    """A folder of nobody's; pytest's own may be entered by its user alone."""
    folder = Path(tempfile.mkdtemp(prefix="nos-mgmt-"))
    try:
        os.chown(folder, NOBODY, NOBODY)
    except PermissionError:
        pytest.skip("no right to give a folder away")
    else:
        yield folder
    finally:
        shutil.rmtree(folder)


def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path) -> None:
    done = subprocess.run(
        [needs("systemd-analyze"), "verify", "--man=no", unit], capture_output=True, check=False, text=True
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "nos-mgmt" in line]) == (0, [])


def test_systemd_counts_the_service_among_those_that_are_little_exposed(unit: Path) -> None:
    # 0 to 10; what is left is the network itself, which it is for
    done = subprocess.run(
        [needs("systemd-analyze"), "security", "--offline=true", "--threshold=20", "--no-pager", unit],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_unit_gives_two_capabilities(unit: Path) -> None:
    found = settings(unit)
    assert found["AmbientCapabilities"] == found["CapabilityBoundingSet"] == ["CAP_NET_ADMIN CAP_NET_BIND_SERVICE"]


def test_the_unit_names_the_program_and_the_settings(unit: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("nos-mgmt")
    assert settings(unit)["ExecStart"][0].startswith(f"{program} serve --config {tmp_path}/its.toml --state ")


@pytest.mark.parametrize("is_confined", [False, True], ids=["capabilities", "all that the unit confines it to"])
def test_a_server_of_nobody_with_two_capabilities_manages_the_network_it_is_in(
    start_server: Callable[..., Server],
    namespace: str,
    common_state: Path,
    tmp_path: Path,
    unit: Path,
    is_confined: bool,
) -> None:
    inside = [needs("ip"), "netns", "exec", namespace]
    under = [*inside, needs("setpriv"), *AS_NOBODY]
    if is_confined:
        needs("systemd-analyze")
        common = common_state / "unit"
        shutil.copy(unit, common)
        under += [sys.executable, "-m", "tests.nos_mgmt.confined", str(common)]
    elsewhere = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    tried = subprocess.run(
        [*under, sys.executable, "-m", "nos_mgmt", "--version"],
        capture_output=True,
        check=False,
        text=True,
        env=elsewhere,
    )
    if tried.returncode:
        pytest.skip(f"nobody cannot run anything here so: {tried.stderr.splitlines()[-1]}")
    subprocess.run([*inside, "ip", "link", "set", "lo", "up"], check=True)
    config = common_state / "its.toml"
    config.write_text(HOST)
    server = start_server("--config", str(config), state=common_state / "state", port=830, under=under)
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith(("CapEff", "CapBnd")):
            assert int(line.split()[1], 16) == 1 << 12 | 1 << 10
    key = shutil.copy(server.key, tmp_path / "key")
    with OpenSsh([*inside, *(str(key) if word == str(server.key) else word for word in command(server))]) as session:
        session.edit(interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=2000)))
    shown = subprocess.run([*inside, "ip", "address", "show", "Ethernet1"], capture_output=True, check=True, text=True)
    assert "mtu 2000" in shown.stdout
    assert "10.0.0.1/24" in shown.stdout
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
