"""What tests of backends share."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from backends.hardware import remote
from backends.hardware.driver import DriverLost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def chip_socket(tmp_path: Path) -> Iterator[Path]:
    """The socket of a chip with eight ports in a process of its own."""
    path = tmp_path / "chip.sock"
    remote.start(path, ports=8)
    yield path
    with suppress(DriverLost):
        driver = remote.RemoteDriver(path)
        driver.stop()
        driver.close()


@pytest.fixture
def remote_chip(chip_socket: Path) -> Iterator[remote.RemoteDriver]:
    """The driver of that chip."""
    driver = remote.RemoteDriver(chip_socket)
    yield driver
    driver.close()
