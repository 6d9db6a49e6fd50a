"""Every single operation of a commit on a kernel and a chip fails in turn: each time nothing has changed anywhere.

The kernel is looked at with iproute2, and the chip by all of its objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backends.hardware.driver import Status
from backends.hardware.simulated import Fault
from datastore import mender
from datastore.errors import CommitFailed
from tests.conftest import make_device
from tests.datastore.rig import eventually
from tests.datastore.tampered import TamperedHardware, TamperedKernel
from tests.faults.mixed import AFTER, BEFORE, ME, commit, everything, put
from tests.faults.what_there_is import settled, steady

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from backends.hardware.simulated import SimulatedAsic
    from backends.kernel import KernelBackend
    from nos_mgmt.device import Device

Systems = tuple[dict[str, list[Any]], dict[Any, Any]]


@pytest.fixture
def tampered_kernel(kernel: KernelBackend) -> TamperedKernel:
    return TamperedKernel(kernel)


@pytest.fixture
def tampered_chip(hardware: HardwareBackend) -> TamperedHardware:
    return TamperedHardware(hardware)


@pytest.fixture
def device(tmp_path: Path, tampered_kernel: TamperedKernel, tampered_chip: TamperedHardware) -> Iterator[Device]:
    """A device whose running configuration is `BEFORE`."""
    made = make_device(tmp_path, [tampered_kernel, tampered_chip])
    commit(made, BEFORE)
    yield made
    made.close()


@pytest.fixture
def before(device: Device, namespace: str, chip: SimulatedAsic) -> Systems:  # noqa: ARG001 - it has committed
    return steady(lambda: everything(namespace, chip))


def refused(device: Device) -> CommitFailed:
    """Return the error of a commit of the candidate, having looked that neither datastore has changed."""
    running, candidate = device.datastores.running, device.datastores.candidate
    with pytest.raises(CommitFailed) as failed:
        device.datastores.commit(1, ME)
    assert device.datastores.running is running
    assert device.datastores.candidate is candidate
    return failed.value


def unchanged(namespace: str, chip: SimulatedAsic, before: Systems) -> None:
    assert chip._objects == before[1]
    assert settled(namespace, before[0]) == []


def test_the_commit_has_everything_in_it(device: Device, namespace: str, chip: SimulatedAsic) -> None:
    put(device, AFTER)
    plan = device.datastores.plan()
    for backend in device.backends:
        actions = [step.operation.action for step in plan.steps if step.backend is backend]
        assert set(actions) == {"create", "update", "delete"}
        assert len(actions) > 10
    device.datastores.commit(1, ME)
    done = steady(lambda: everything(namespace, chip))
    # and back, and there again
    commit(device, BEFORE)
    commit(device, AFTER)
    unchanged(namespace, chip, done)


def test_each_operation_of_the_chip_fails(device: Device, chip: SimulatedAsic, namespace: str, before: Systems) -> None:
    put(device, AFTER)
    steps = [step for step in device.datastores.plan().steps if step.backend is device.backends[1]]
    for number, step in enumerate(steps):
        chip.inject(Fault(Status.NO_RESOURCES, after=number))
        error = refused(device)
        resource = step.operation.resource
        assert error.message == f"hardware refused to {step.operation}: {resource}: an injected fault (NO_RESOURCES)"
        assert error.app_tag == "hardware-NO_RESOURCES"
        assert step.path is not None
        assert str(error.path).startswith(str(step.path))
        unchanged(namespace, chip, before)
    assert device.committer.out_of_step == ()
    assert device.datastores.commit(1, ME).commit_id == len(steps) + 2


@pytest.mark.parametrize("goes_on", [False, True], ids=["and stops", "and goes on"])
def test_each_operation_of_the_kernel_fails(
    device: Device,
    tampered_kernel: TamperedKernel,
    chip: SimulatedAsic,
    namespace: str,
    before: Systems,
    goes_on: bool,
) -> None:
    put(device, AFTER)
    steps = [step for step in device.datastores.plan().steps if step.backend is tampered_kernel]
    tampered_kernel.goes_on = goes_on
    for number, step in enumerate(steps):
        tampered_kernel.refuse_at = len(tampered_kernel.executed) + number
        error = refused(device)
        assert f"kernel refused to {step.operation}: an injected refusal (EINJECTED)" in error.message
        assert error.app_tag == "kernel-EINJECTED"
        assert step.path is not None
        assert str(error.path).startswith(str(step.path))
        unchanged(namespace, chip, before)
    assert device.committer.out_of_step == ()
    assert device.datastores.commit(1, ME).commit_id == len(steps) + 2


def test_what_the_kernel_itself_refuses_is_told_with_its_errno(
    device: Device, chip: SimulatedAsic, namespace: str, before: Systems
) -> None:
    # no link that carries IPv4 has so small an MTU
    put(device, BEFORE.replace("<mtu>9000", "<mtu>67"))
    error = refused(device)
    assert "mtu 9000 -> 67" in error.message
    assert "(EINVAL)" in error.message
    assert error.app_tag == "kernel-EINVAL"
    assert str(error.path).endswith("interface[name='Ethernet1']/config/mtu")
    unchanged(namespace, chip, before)


@pytest.mark.parametrize("name", ["kernel", "hardware"])
def test_an_undo_that_fails_is_told_and_mended_later(
    device: Device,
    tampered_kernel: TamperedKernel,
    tampered_chip: TamperedHardware,
    chip: SimulatedAsic,
    namespace: str,
    before: Systems,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mender, "PATIENCE", (0.02, 0.05))
    backend = tampered_kernel if name == "kernel" else tampered_chip
    put(device, AFTER)
    steps = [step for step in device.datastores.plan().steps if step.backend is backend]
    # what is updated first can be changed no more then, and the last operation of all is refused
    stubborn = next(step.operation.key for step in steps if step.operation.action == "update")
    if name == "kernel":
        backend.after[stubborn].append(lambda: backend.refuses_always.add(stubborn))
    else:
        backend.after[stubborn].append(lambda: chip.inject(Fault(Status.INVALID, key=stubborn)))
    last = next(step.operation.key for step in reversed(steps) if step.operation.key != stubborn)
    backend.after[stubborn].append(lambda: backend.refuses_always.add(last))
    error = refused(device)
    assert error.app_tag in (f"{name}-EINJECTED", f"{name}-INVALID")
    assert error.message.endswith("; what was changed could not be taken back yet, and is tried again")
    assert stubborn in device.committer.out_of_step
    assert [commit.state for commit in device.history.commits()] == ["sealed", "pending"]
    assert "nothing was changed: the systems are out of step with running" in refused(device).message

    backend.after.clear()
    backend.refuses_always.clear()
    chip.inject(None)
    assert eventually(lambda: not device.committer.out_of_step)
    unchanged(namespace, chip, before)
    assert eventually(lambda: [commit.state for commit in device.history.commits()] == ["sealed", "aborted"])
    assert device.datastores.commit(1, ME).commit_id == 3


def test_a_kernel_that_is_lost_for_good_leaves_the_chip_as_it_was(
    device: Device, tampered_kernel: TamperedKernel, chip: SimulatedAsic, namespace: str, before: Systems
) -> None:
    put(device, AFTER)
    tampered_kernel.cut_at = len(tampered_kernel.executed) + 9
    error = refused(device)
    assert "kernel: nobody answers" in error.message
    assert chip._objects == before[1]
    tampered_kernel.cut_at, tampered_kernel.is_lost = None, False
    assert device.datastores.commit(1, ME).commit_id == 3
    commit(device, BEFORE)
    unchanged(namespace, chip, before)
