"""Half of all points of all shapes, drawn by a seed; `make crash` tries all of them."""

from __future__ import annotations

import os

import pytest

from tests.crash.shapes import SHAPES
from tests.crash.suite import Extent, shape

PART = float(os.environ.get("CRASH_PART", "0.5"))
LEAST = 40


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", SHAPES)
def test_nothing_is_half_done_whatever_fails_and_wherever_a_server_is_killed(name: str) -> None:
    try:
        result = shape(name, Extent(PART), "nostest")
    except PermissionError as error:
        pytest.skip(f"no network namespaces here: {error}")
    assert result.mixed == []
    assert result.points >= LEAST * PART
