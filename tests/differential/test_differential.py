"""Our verdicts and libyang's, on instances made at random; `make differential` makes as many as one likes."""

from __future__ import annotations

import os

import pytest

from tests.differential.kinds import KINDS
from tests.differential.oracle import NoOracle, interpreter
from tests.differential.suite import Tally, run

COUNT = 50_000


@pytest.mark.timeout(600)
def test_libyang_agrees_about_fifty_thousand_instances() -> None:
    try:
        interpreter()
    except NoOracle as error:
        pytest.skip(str(error))
    tallies = {name: Tally() for name in KINDS}
    for name, tally in run("0", COUNT, list(KINDS), os.cpu_count() or 1):
        tallies[name].add(tally)
    found = [str(each) for tally in tallies.values() for each in tally.disagreements]
    assert not found, "\n\n".join(found[:5])
    assert sum(tally.instances for tally in tallies.values()) >= COUNT
    for name, tally in tallies.items():
        # a kind whose instances are all of one sort proves nothing
        assert tally.instances * 0.1 < tally.valid < tally.instances * 0.95, name
