"""A little of what `make load` does: whatever the load, every answer is right and nothing is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.load.suite import SCENARIOS, loaded, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with loaded(tmp_path) as started:
        yield started


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_answer_is_right_under_load(server: Server, name: str) -> None:
    said: list[str] = []
    run(name, server, said.append, is_small=True)
    assert said
