"""Another generation of OpenConfig: its bindings and the backends that use them are typed, and it is served."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.nos_mgmt.openssh import OpenSsh, command
from tests.openconfig import interface, interfaces, route, static_routes
from yang import modelset

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Server

ROOT = Path(__file__).parent.parent.parent
SOURCE = Path(os.environ.get("NOS_SECOND_MODELS", ROOT.parent / "shared" / "models" / "openconfig"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the installed set."""
    if not SOURCE.is_dir():
        pytest.skip("there is no second generation of models: NOS_SECOND_MODELS names it")
    folder = tmp_path_factory.mktemp("second") / "set"
    modelset.install(folder, str(SOURCE), print)
    return folder


def test_the_backends_are_typed_with_its_bindings(models: Path, tmp_path: Path) -> None:
    # a copy of our packages in which its bindings are in the place of the default ones
    for name in ("yang", "backends"):
        (tmp_path / name).mkdir()
        for file in (ROOT / name).iterdir():
            if file.name not in ("bindings", "__pycache__"):
                (tmp_path / name / file.name).symlink_to(file)
    (tmp_path / "yang" / "bindings").mkdir()
    for file in [*models.glob("*.py"), ROOT / "yang" / "bindings" / "__init__.py"]:
        (tmp_path / "yang" / "bindings" / file.name).write_text(file.read_text())
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(ROOT / "pyproject.toml"),
            "--strict",
            "--exclude",
            "testing.py",
            "yang/bindings",
            "backends",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout[-4000:]


def test_it_is_served_and_drives_the_chip(models: Path, start_server: Callable[..., Server]) -> None:
    server = start_server("--backends", "hardware", "--models", str(models))
    with OpenSsh(command(server)) as session:
        session.edit(
            interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=2000))
            + static_routes(route("192.0.2.0/24", "10.0.0.2"))
        )
        assert "<mtu>2000</mtu>" in session.rpc("<get-config><source><running/></source></get-config>")
    shown = subprocess.run(
        [sys.executable, "-m", "nos_mgmt", "asic", "--state", str(server.state), "show"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "mtu=2000" in shown
    assert "\nroute 192.0.2.0/24 " in shown
