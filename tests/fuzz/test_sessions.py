"""A little of what `make fuzz` does to framings, sessions and a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fuzz.conversing import converse
from tests.fuzz.frames import split
from tests.fuzz.sockets import talk, victim

if TYPE_CHECKING:
    from pathlib import Path


def test_octets_are_the_same_messages_however_they_are_split() -> None:
    split(0, 2000)


@pytest.mark.parametrize("number", range(3))
def test_any_request_is_answered_and_the_session_goes_on(number: int) -> None:
    converse(number, 200)


def test_a_server_answers_whatever_comes_and_serves_everybody_else(tmp_path: Path) -> None:
    with victim(tmp_path) as server:
        talk(server, 0, 100)
