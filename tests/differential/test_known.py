"""The list of disagreements is what the documentation says."""

from __future__ import annotations

from pathlib import Path

from tests.differential.known import KNOWN

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "conformance.md"


def test_every_listed_disagreement_is_documented_with_the_sentence_that_decides_it() -> None:
    rows = [line.split(" | ")[0].removeprefix("| ") for line in DOCUMENT.read_text().splitlines()]
    for known in KNOWN:
        assert known.name in rows
        assert known.section in DOCUMENT.read_text()
