"""Backends and drivers by name: ours, those of other packages, and those that nobody offers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from backends import plugins
from backends.plugins import UnknownPlugin
from yang.errors import NosError

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
from typing import Any

from backends import Backend


class Lamp(Backend):
    name = "lamp"

    def __init__(self, colour):
        self.colour = colour

    def read(self, keys):
        return {}

    def execute(self, operations):
        pass


def from_settings(settings):
    return Lamp(settings["colour"])


def driver_from_settings(settings):
    return "a driver for " + settings["chip"]
"""
ENTRY_POINTS = """
[nos_mgmt.backends]
lamp = third_party_lamp:from_settings
broken = third_party_lamp:no_such_function

[nos_mgmt.drivers]
candle = third_party_lamp:driver_from_settings
"""


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of somebody else, as pip would have installed it."""
    (tmp_path / "third_party_lamp.py").write_text(MODULE)
    metadata = tmp_path / "third_party_lamp-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party-lamp\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "third_party_lamp", raising=False)


@pytest.mark.usefixtures("third_party")
def test_a_backend_of_another_package_is_found_and_gets_its_settings() -> None:
    found = plugins.backend("lamp", {"colour": "red"})
    assert (found.name, vars(found)) == ("lamp", {"colour": "red"})


@pytest.mark.usefixtures("third_party")
def test_a_driver_of_another_package_is_found_and_gets_its_settings() -> None:
    assert str(plugins.driver("candle", {"chip": "wax"})) == "a driver for wax"


@pytest.mark.usefixtures("third_party")
def test_a_plugin_that_promises_what_it_does_not_have_says_so() -> None:
    with pytest.raises(AttributeError, match="no_such_function"):
        plugins.backend("broken", {})


@pytest.mark.usefixtures("third_party")
def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownPlugin, match=r"^there is no backend fog; there are broken, hardware, kernel, lamp$"):
        plugins.backend("fog", {})
    with pytest.raises(UnknownPlugin, match=r"^there is no driver fog; there are candle, simulated$"):
        plugins.driver("fog", {})


def test_a_name_of_one_group_is_none_of_the_other() -> None:
    with pytest.raises(UnknownPlugin, match="there is no driver kernel"):
        plugins.driver("kernel", {})


def test_an_unknown_name_is_an_error_for_people() -> None:
    assert issubclass(UnknownPlugin, NosError)
