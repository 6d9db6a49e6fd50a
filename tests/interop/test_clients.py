"""What `make interop` shows, client by client: whatever has to pass does, and faults that are a client's own are still there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.interop.clients import CLIENTS, Kind, known_hosts, lacking, run, started
from tests.interop.environments import CannotInstall

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.name)
def test_a_client_that_was_not_written_here_can_do_all_that_is_advertised(kind: Kind, tmp_path: Path) -> None:
    missing = lacking(kind)
    if missing is not None:
        pytest.skip(f"there is no {missing}")
    home = tmp_path / "home"
    home.mkdir()
    with contextmanager(started)(tmp_path) as server:
        try:
            report = run(kind, server, known_hosts(tmp_path), home)
        except CannotInstall as error:
            pytest.skip(f"what is locked for {kind.name} cannot be installed here: {error}")
    assert report.version
    assert [one for one in report.tried if one.result == "failed"] == []
    assert report.count("passed") >= 8
