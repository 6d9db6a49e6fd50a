"""The project as others get it: four packages from one folder, a wheel with all that it needs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("yang", "backends", "datastore", "nos_mgmt")


def test_all_four_packages_come_from_one_folder() -> None:
    # the registry holds an unrelated package called yang
    folders = {Path(str(import_module(name).__file__)).parent.parent for name in PACKAGES}
    assert folders == {ROOT}


def test_every_package_says_that_it_is_typed() -> None:
    assert all((ROOT / name / "py.typed").exists() for name in PACKAGES)


def test_our_backends_and_drivers_are_found_as_anybody_elses_are() -> None:
    assert {"kernel", "hardware"} <= entry_points(group="nos_mgmt.backends").names
    assert "simulated" in entry_points(group="nos_mgmt.drivers").names


def test_the_wheel_has_our_models_and_nothing_generated(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert {"yang/models/nos-history.yang", "yang/bindings/__init__.py", "nos_mgmt/py.typed"} <= names
    assert not [name for name in names if "openconfig" in name or name.startswith("tests/")]


def test_every_dependency_is_locked_by_version_and_hash_and_no_index_is_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert all("==" in entry and entry.endswith("\\") for entry in entries)
        locked = {entry.partition("==")[0] for entry in entries}
        assert {re.split(r">|\[", dependency)[0] for dependency in project["dependencies"]} <= locked
