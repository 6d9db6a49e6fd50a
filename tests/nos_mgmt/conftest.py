"""What the tests of the management plane share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nos_mgmt.sessions import Sessions
from tests.conftest import Client

if TYPE_CHECKING:
    from nos_mgmt.device import Device


@pytest.fixture
def pair(device: Device) -> tuple[Client, Client]:
    """Two sessions of one server."""
    registry = Sessions()
    return Client(device, registry, "ann"), Client(device, registry, "bob")
