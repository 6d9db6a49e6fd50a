"""One server for all tests of a file, with a kernel namespace where one can be made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Server, servers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a chip, and with a kernel namespace if there may be one, that fails over nothing."""
    with servers(tmp_path_factory.mktemp("server")) as start:
        started = start()
        yield started
        assert "Traceback" not in started.log.read_text()


@pytest.fixture(scope="module")
def managed(server: Server) -> str | None:
    """The namespace that the server manages, if it has one."""
    record = server.state / "namespaces.json"
    return str(json.loads(record.read_text())[0]) if record.exists() else None
