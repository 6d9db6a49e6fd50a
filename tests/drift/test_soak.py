"""A short soak with a seed; `make soak` makes a long one."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.drift.soak import soaking

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 15


@pytest.mark.timeout(240)
def test_every_change_behind_our_back_is_found_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # what is refused on purpose is in the log as well
    with caplog.at_level(logging.CRITICAL + 1):
        try:
            with soaking(f"nostest-{secrets.token_hex(3)}", tmp_path, seed=1) as soak:
                soak.run(SECONDS)
        except PermissionError as error:
            pytest.skip(f"no network namespaces here: {error}")
    assert soak.result.is_good, soak.result.table()
    assert sum(row.made for row in soak.result.rows.values()) > 0
