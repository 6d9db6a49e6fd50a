"""The actions of nos-drift-remedies: what a person does about a deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nos_mgmt.netconf.session import Call
    from yang.path import Path

REMEDIES = "urn:nos-mgmt:yang:nos-drift-remedies"


def revert(call: Call, path: Path) -> None:
    """Bring the system back to what the configuration calls for."""
    call.device.drift.remedy(_number(path), "revert", call.session.author, path)


def adopt(call: Call, path: Path) -> str:
    """Change the configuration to what was found."""
    commit_id = call.device.drift.remedy(_number(path), "adopt", call.session.author, path)
    return f'<commit-id xmlns="{REMEDIES}">{commit_id}</commit-id>'


def _number(path: Path) -> int:
    (number,) = path.key or ()
    return int(str(number))
