"""A tenth of all points of all shapes, drawn by a seed; `make crash` tries all of them."""

from __future__ import annotations

import logging
import os
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.crash.shapes import SHAPES
from tests.crash.suite import Result, prepared, run

if TYPE_CHECKING:
    from pathlib import Path

PART = float(os.environ.get("CRASH_PART", "0.1"))
LEAST = 300


@pytest.mark.timeout(900)
def test_nothing_is_half_done_whatever_fails_and_wherever_a_server_is_killed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    total = Result()
    # what goes wrong on purpose is in the log as well
    with caplog.at_level(logging.CRITICAL + 1):
        try:
            with prepared(tmp_path, f"nostest-{secrets.token_hex(3)}") as systems:
                for contents in SHAPES.values():
                    total.add(run(systems, contents, PART, 0))
        except PermissionError as error:
            pytest.skip(f"no network namespaces here: {error}")
    assert total.mixed == []
    assert total.points >= LEAST * PART
