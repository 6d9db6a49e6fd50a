"""A little of what `make fuzz` does as long as one likes."""

from __future__ import annotations

import pytest

from tests.fuzz.reading import FORMS, fuzz


@pytest.mark.parametrize("form", FORMS)
def test_any_bytes_are_read_or_refused(form: str) -> None:
    fuzz(form, 0, 300)
