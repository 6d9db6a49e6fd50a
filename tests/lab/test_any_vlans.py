"""Whatever two configurations with VLANs are: the way to one of them does not matter, and a refused commit leaves no trace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from datastore.errors import CommitFailed, NotTranslatable
from tests.conftest import make_device
from tests.datastore.configurations import configurations
from tests.datastore.tampered import TamperedKernel
from tests.lab.network import ME, Network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.kernel import KernelBackend
    from nos_mgmt.device import Device

EXAMPLES = int(os.environ.get("LAB_EXAMPLES", "12"))


@pytest.fixture
def device(tmp_path: Path, kernel: KernelBackend) -> Iterator[Device]:
    made = make_device(tmp_path, [TamperedKernel(kernel)])
    yield made
    made.close()


def committed(network: Network, content: str) -> bool:
    """Return whether a configuration could be made running: some are refused, such as a route that is dropped as well."""
    try:
        network.commit(content)
    except NotTranslatable:
        network.device.datastores.discard(1)
        return False
    return True


@settings(
    deadline=None,
    max_examples=EXAMPLES,
    database=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=configurations(vlans=True), second=configurations(vlans=True), data=st.data())
def test_any_commit_with_vlans_is_done_or_not(network: Network, first: str, second: str, data: st.DataObject) -> None:
    if not committed(network, first):
        return
    before, running = network.state(), network.device.datastores.running
    try:
        steps = network.plan(second)
    except NotTranslatable:
        return
    (backend,) = network.device.backends
    assert isinstance(backend, TamperedKernel)
    if steps:
        backend.goes_on = data.draw(st.booleans(), label="what is behind it is carried out")
        fails = data.draw(st.integers(0, len(steps) - 1), label=f"which fails of {steps}")
        backend.refuse_at = len(backend.executed) + fails
        with pytest.raises(CommitFailed):
            network.device.datastores.commit(1, ME)
        assert network.device.datastores.running is running
        assert network.device.committer.out_of_step == ()
        assert network.settled(before) == []
    network.commit(second)
    after = network.state()
    network.commit("")
    network.commit(second)
    assert network.settled(after) == []
