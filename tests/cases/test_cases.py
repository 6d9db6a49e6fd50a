"""One folder for each case: a configuration, an edit, what it leads to, and the plan of the commit in between.

A folder has `before.xml`, which is committed first; `edit.xml`, an edit-config of the candidate; `plan.txt`, the operations
that the commit of it takes on a kernel and a chip, in order; and `after.xml`, which is running then. At the end the first
commit is rolled back to, and both systems have to be what they were after it.

`REWRITE_PLANS=1 pytest tests/cases` writes every `plan.txt` anew instead of comparing; read the difference before you
commit it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datastore.history import Author
from tests.conftest import make_device
from tests.faults.what_there_is import kernel_state, settled, steady
from yang.edit import edit_config
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from backends.backend import Backend
    from backends.hardware import HardwareBackend
    from backends.hardware.simulated import SimulatedAsic
    from backends.kernel import KernelBackend
    from datastore.plan import Plan
    from nos_mgmt.device import Device

FOLDER = Path(__file__).parent
CASES = sorted(path.parent.name for path in FOLDER.glob("*/edit.xml"))
ME = Author("me", 1, "test")
NEEDS = {"i:softwareLoopback": {"dummy", "ifb"}, "i:bridge": {"bridge"}}
"""What a word of a case's configuration needs one of in the kernel."""


@pytest.mark.parametrize("case", CASES)
def test_case(
    case: str, tmp_path: Path, kernel: KernelBackend, hardware: HardwareBackend, chip: SimulatedAsic, namespace: str
) -> None:
    folder = FOLDER / case
    texts = {name: (folder / f"{name}.xml").read_text(encoding="utf-8") for name in ("before", "edit", "after")}
    for word, kinds in NEEDS.items():
        if word in "".join(texts.values()) and not kinds & kernel.offered:
            pytest.skip(f"this kernel makes no links of kind {' or '.join(sorted(kinds))}")
    device = make_device(tmp_path, [kernel, hardware])
    try:
        committed(device, texts["before"])
        running = device.datastores.running
        before = steady(lambda: (kernel_state(namespace), dict(chip._objects)))

        plan = committed(device, texts["edit"], folder / "plan.txt")
        assert device.datastores.running == read_data(parse_document(texts["after"].encode()), device.schema)
        for backend in device.backends:
            assert there(backend, plan) == wanted(backend, plan)

        first = device.history.configuration(1) if running.children else running
        device.datastores.roll_back(1, first, ME, "back")
        assert device.datastores.running == running
        assert settled(namespace, before[0]) == []
        assert chip._objects == before[1]
    finally:
        device.close()


def test_there_are_cases() -> None:
    assert len(CASES) >= 12


def committed(device: Device, edit_text: str, file: Path | None = None) -> Plan:
    """Edit the candidate, hold its plan against the one in `file`, and commit it."""
    edit = parse_document(edit_text.encode())
    device.datastores.edit(1, lambda tree: edit_config(tree, edit))
    plan = device.datastores.plan()
    text = "".join(f"{' '.join(line.split())}\n" for line in str(plan).splitlines())
    if file is not None and os.environ.get("REWRITE_PLANS"):
        file.write_text(text, encoding="utf-8")
    elif file is not None:
        assert text == file.read_text(encoding="utf-8")
    done = device.datastores.commit(1, ME)
    assert done.plan.id == plan.id
    return plan


def wanted(backend: Backend, plan: Plan) -> dict[object, object]:
    """Return what a plan wants to be there in the end, of the resources of one backend."""
    kinds = {resource.kind for resource in backend.resources}
    return {key: target for key, target in plan.targets.items() if key[0] in kinds and target is not None}


def there(backend: Backend, plan: Plan) -> dict[object, object]:
    """Return what is really there of them."""
    kinds = {resource.kind for resource in backend.resources}
    return dict(backend.read([key for key in plan.targets if key[0] in kinds]))
