"""The modules that we ship, and the deviations of a device, as pyang and yanglint see them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import needs
from yang import bindings
from yang.deviations import NAME, deviation_module
from yang.modelset import OWN

if TYPE_CHECKING:
    from pathlib import Path

    from yang.schema import Schema

MODULES = bindings.DEFAULT / "modules"
SHIPPED = sorted(OWN.glob("*.yang"))
NOT_OURS = (
    "RFC 8407: 4.1: the module name should start with",
    "RFC 8407: 4.9: namespace value should be",
    "RFC 8407: 3.1: The IETF Trust Copyright statement",
)
"""What RFC 8407 wants of the IETF's own modules, or those of IANA, and of nobody else's."""


def said_by_pyang(file: Path, *options: str) -> list[str]:
    """Return what pyang says of a module, without what it says of those that it imports."""
    command = [sys.executable, "-m", "pyang.scripts.pyang_tool", "--path", str(MODULES), *options, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if file.stem in line]


def said_by_yanglint(file: Path) -> list[str]:
    """Return what yanglint says of a module."""
    command = [needs("yanglint"), "--path", str(file.parent), "--path", str(MODULES), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [*(done.stdout + done.stderr).splitlines(), *([f"status {done.returncode}"] if done.returncode else [])]


@pytest.fixture
def deviations(tmp_path: Path, schema: Schema, full_schema: Schema) -> Path:
    """The deviations of a device with the hardware backend."""
    file = tmp_path / f"{NAME}.yang"
    file.write_text(deviation_module(schema, full_schema))
    return file


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_pyang_has_nothing_to_say_of_what_we_ship(file: Path) -> None:
    assert said_by_pyang(file, "--strict", "--lint") == []


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_what_we_ship_follows_the_ietfs_rules(file: Path) -> None:
    said = said_by_pyang(file, "--strict", "--lint", "--ietf")
    assert [line for line in said if not any(rule in line for rule in NOT_OURS)] == []


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_yanglint_has_nothing_to_say_of_what_we_ship(file: Path) -> None:
    assert said_by_yanglint(file) == []


def test_pyang_has_nothing_to_say_of_a_devices_deviations(deviations: Path) -> None:
    assert said_by_pyang(deviations, "--strict", "--lint") == []


def test_yanglint_accepts_a_devices_deviations(deviations: Path) -> None:
    # it warns of OpenConfig's own modules
    said = [line for line in said_by_yanglint(deviations) if line.startswith("libyang err")]
    assert [
        line for line in said if not any(f'/oc-netinst:{name}" from module "{NAME}"' in line for name in LOST)
    ] == []


LOST = ("enabled", "mtu", "enabled-address-families")
"""Leaves of a network instance's config and state, under `uses` with `when`: yanglint 2.1.30 does not find them, pyang does."""
