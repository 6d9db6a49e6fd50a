"""The collector is kept away for as long as something is made, and no longer."""

from __future__ import annotations

import gc

import pytest

from yang.collector import no_collections


def fail() -> None:
    assert not gc.isenabled()
    with no_collections():
        raise ValueError("made in vain")


def test_the_collector_is_back_whatever_happens() -> None:
    with pytest.raises(ValueError, match="made in vain"), no_collections():
        fail()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    with no_collections():
        with no_collections():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
