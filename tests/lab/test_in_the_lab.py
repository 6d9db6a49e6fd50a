"""What this kernel cannot do is tested in the lab: a guest with a whole Linux network stack, if there is one.

The lab is the folder that the variable `NOS_LAB` or `NETLAB` names, or `../shared/lab` beside the checkout. Its `labrun`
runs a command as root in the guest, which sees this machine's files; what it writes is gone afterwards.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import in_lab

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).parent.parent.parent
SECONDS = 300
CHOSEN = (
    "tests/lab",
    "tests/cases",
)
"""What runs in the guest: what is about VLANs and dummies, and what they could make different."""


@pytest.fixture
def labrun() -> Path:
    """The command that runs others in the guest."""
    if in_lab():
        pytest.skip("this is the lab")
    named = os.environ.get("NOS_LAB") or os.environ.get("NETLAB")
    found = (Path(named) if named else CHECKOUT.parent / "shared" / "lab") / "labrun"
    if not found.is_file():
        pytest.skip(f"there is no lab: no {found}, where NOS_LAB or the neighbourhood of the checkout has it")
    return found


def test_what_needs_a_whole_network_stack_works_in_the_lab(
    labrun: Path, record_property: Callable[[str, object], None]
) -> None:
    inside = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "--color=no",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        *CHOSEN,
    ]
    command = [str(labrun), "-t", str(SECONDS), "-C", str(CHECKOUT), "--", *inside]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT, timeout=SECONDS + 30)
    summary = done.stdout.strip().rpartition("\n")[2]
    assert done.returncode == 0, f"{summary}\n{done.stdout[-20_000:]}\n{done.stderr[-4_000:]}"
    assert "passed" in summary
    # the tests of this folder must not have been skipped for want of a kernel
    assert "this kernel makes no links" not in done.stdout
    record_property("lab", summary)
