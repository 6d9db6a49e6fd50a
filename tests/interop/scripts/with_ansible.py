"""Ansible's netcommon modules, by a playbook; its callback tells of each task."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from tests.interop.scripts.telling import given, tell

PLAYBOOK = Path(__file__).parent.parent / "ansible"


def main() -> None:
    """Run the playbook, and hand on what it tells."""
    told = given()
    tell(client="ansible.netcommon", version=f"{os.environ['NETCOMMON']}, ansible-core {version('ansible-core')}")
    environment = os.environ | {
        "ANSIBLE_HOME": str(told.folder / "ansible"),
        "ANSIBLE_HOST_KEY_CHECKING": "false",
        "ANSIBLE_CALLBACK_PLUGINS": str(PLAYBOOK / "callbacks"),
        "ANSIBLE_STDOUT_CALLBACK": "telling",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "LC_ALL": "C.UTF-8",
        "NETCONF_PORT": str(told.port),
        "NETCONF_KEY": str(told.key),
    }
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "inventory.yml", "playbook.yml"]
    subprocess.run(command, cwd=PLAYBOOK, env=environment, check=False)


if __name__ == "__main__":
    main()
