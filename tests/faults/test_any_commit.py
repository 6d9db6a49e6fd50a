"""Whatever two configurations are: a commit from one to the other that fails at any operation leaves kernel and chip alone.

And one that succeeds leaves them as if the configuration had been the first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from datastore.errors import CommitFailed, NotTranslatable
from tests.conftest import make_device
from tests.datastore.configurations import configurations
from tests.datastore.tampered import TamperedHardware, TamperedKernel
from tests.faults.mixed import ME, commit, everything, tree
from tests.faults.what_there_is import settled, steady

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from backends.hardware.simulated import SimulatedAsic
    from backends.kernel import KernelBackend
    from nos_mgmt.device import Device


@pytest.fixture
def device(tmp_path: Path, kernel: KernelBackend, hardware: HardwareBackend) -> Iterator[Device]:
    if not {"dummy", "ifb"} & kernel.offered:
        pytest.skip("this kernel makes no links that serve as loopbacks")
    made = make_device(tmp_path, [TamperedKernel(kernel), TamperedHardware(hardware)])
    yield made
    made.close()


def committed(device: Device, content: str) -> bool:
    """Return whether a configuration could be made running: some are refused, such as a route that is dropped as well."""
    try:
        commit(device, content)
    except NotTranslatable:
        device.datastores.discard(1)
        return False
    return True


@settings(
    deadline=None,
    max_examples=60,
    phases=[Phase.generate],  # a failing example depends on those before it
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=configurations(), second=configurations(), data=st.data())
def test_any_commit_is_everywhere_or_nowhere(
    device: Device, namespace: str, chip: SimulatedAsic, first: str, second: str, data: st.DataObject
) -> None:
    if not committed(device, first):
        return
    running = device.datastores.running
    try:
        steps = device.committer.plan(tree(device, second)).steps
    except NotTranslatable:
        return
    if steps:
        before = steady(lambda: everything(namespace, chip))
        fails = data.draw(st.sampled_from(steps), label="what fails")
        tampered = fails.backend
        assert isinstance(tampered, (TamperedKernel, TamperedHardware))
        tampered.goes_on = data.draw(st.booleans(), label="what is behind it is carried out")
        mine = [step for step in steps if step.backend is tampered]
        tampered.refuse_at = len(tampered.executed) + mine.index(fails)
        with pytest.raises(CommitFailed):
            device.committer.commit(tree(device, second), ME)
        assert device.datastores.running is running
        assert device.committer.out_of_step == ()
        assert chip._objects == before[1]
        assert settled(namespace, before[0]) == []
    device.committer.commit(tree(device, second), ME)
    done = steady(lambda: everything(namespace, chip))
    committed(device, "")
    commit(device, second)
    assert chip._objects == done[1]
    assert settled(namespace, done[0]) == []
