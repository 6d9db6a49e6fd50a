"""The modules that we ship, and the deviations of a device, as pyang and yanglint see them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nos_mgmt.netconf.state import OWN_DEFAULTS, OWN_PATHS
from tests.conftest import needs
from yang import bindings
from yang.deviations import NAME, deviation_module
from yang.modelset import FEATURES, OWN

if TYPE_CHECKING:
    from pathlib import Path

    from yang.schema import Schema

MODULES = bindings.DEFAULT / "modules"
SHIPPED = sorted(OWN.glob("*.yang"))
INTERFACE = "/openconfig-interfaces:interfaces/interface"
SUBINTERFACE = f"{INTERFACE}/subinterfaces/subinterface"
INSTANCE = "/openconfig-network-instance:network-instances/network-instance"
ROUTE = f"{INSTANCE}/protocols/protocol/static-routes/static"
HOP = f"{ROUTE}/next-hops/next-hop"
NOT_OURS = (
    "RFC 8407: 4.1: the module name should start with",
    "RFC 8407: 4.9: namespace value should be",
    "RFC 8407: Appendix B: The text about which RFC this module is part of",
    "RFC 8407: 3.1: The IETF Trust Copyright statement",
    "RFC 8407: 4.1: no module name prefix string used",
)
"""What RFC 8407 wants of the IETF's own modules, or those of IANA, and of nobody else's."""


def said_by_pyang(file: Path, *options: str) -> list[str]:
    """Return what pyang says of a module, without what it says of those that it imports."""
    command = [sys.executable, "-m", "pyang.scripts.pyang_tool", "--path", str(MODULES), *options, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if file.stem in line]


def said_by_yanglint(file: Path, *options: str) -> list[str]:
    """Return what yanglint says of a module."""
    command = [needs("yanglint"), "--path", str(file.parent), "--path", str(MODULES), *options, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [*(done.stdout + done.stderr).splitlines(), *([f"status {done.returncode}"] if done.returncode else [])]


def errors_by_yanglint(file: Path, *options: str) -> list[str]:
    """Return what is wrong with a module to yanglint, with the features that are served.

    It warns of OpenConfig's own modules as well.
    """
    text = file.read_text()
    imported = {name: those for name, those in FEATURES.items() if f"import {name} " in text}
    features = [option for name, those in imported.items() for option in ("-F", f"{name}:{','.join(those)}")]
    return [line for line in said_by_yanglint(file, *features, *options) if not line.startswith("libyang warn")]


@pytest.fixture
def deviations(tmp_path: Path, schema: Schema, full_schema: Schema) -> Path:
    """The deviations of a device with the hardware backend."""
    file = tmp_path / f"{NAME}.yang"
    file.write_text(deviation_module(schema, full_schema))
    return file


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_pyang_has_nothing_to_say_of_what_we_ship(file: Path) -> None:
    # what is called notifications was given that name by others
    said = [line for line in said_by_pyang(file, "--strict", "--lint") if NOT_OURS[-1] not in line]
    assert said == []


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
    assert errors_by_yanglint(deviations) == []


@pytest.mark.parametrize(
    "paths",
    [
        (f"{INTERFACE}/config/name", f"{INTERFACE}/config/mtu"),
        (f"{INTERFACE}/config/name", f"{SUBINTERFACE}/config/*", f"{SUBINTERFACE}/openconfig-if-ip:ipv4/addresses/*"),
        (f"{INSTANCE}/config/name", f"{INSTANCE}/config/mtu"),
        (
            f"{INSTANCE}/config/name",
            f"{INSTANCE}/protocols/protocol/config/*",
            f"{ROUTE}/config/prefix",
            f"{HOP}/config/index",
            f"{HOP}/config/next-hop",
        ),
    ],
    ids=["mtu", "addresses", "instances", "routes"],
)
def test_yanglint_accepts_the_deviations_of_other_devices(
    tmp_path: Path, full_schema: Schema, paths: tuple[str, ...]
) -> None:
    file = tmp_path / f"{NAME}.yang"
    file.write_text(deviation_module(full_schema.supporting([*OWN_PATHS, *paths]), full_schema, OWN_DEFAULTS))
    # identities that are defaults of OpenConfig are in modules that are only imported, which libyang takes only if told to
    assert errors_by_yanglint(file, "--make-implemented") == []


def test_yanglint_misses_what_a_deviation_names_in_vain(deviations: Path) -> None:
    deviations.write_text(deviations.read_text().replace(":enabled-address-families", ":disabled-address-families"))
    assert any(":disabled-address-families" in line for line in errors_by_yanglint(deviations))
