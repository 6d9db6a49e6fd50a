"""What a server brings along when it is given no system to manage: network namespaces with ports, and a simulated chip.

Both outlive a server that is killed, as real ones would, and are found again by the next start.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from backends.hardware import remote
from backends.hardware.driver import DriverLost

if TYPE_CHECKING:
    from nos_mgmt.settings import Settings

logger = logging.getLogger(__name__)

LONGEST_SOCKET = 100
"""Unix sockets' paths have at most 107 octets."""


class Embedded:
    """The systems that were made for one server."""

    def __init__(self, settings: Settings) -> None:
        """Make nothing yet."""
        self._settings = settings
        self.is_kept = False
        """Whether nothing is removed, and the next start finds it."""
        self._record = settings.state / "namespaces.json"
        self.socket = socket_of(settings.state)
        # port 0 is a different one each time, the state folder is not
        name = settings.port or hashlib.sha256(os.fsencode(settings.state.absolute())).hexdigest()[:6]
        self.namespace = settings.namespace or f"nos-{name}"
        self.far = f"{self.namespace}-far"

    def make_namespaces(self) -> None:
        """Make the namespace to manage, with ports, and the one at the far ends; or find those of an earlier start.

        Raises:
            PermissionError: This process may not make namespaces.
        """
        from backends.kernel import namespaces  # noqa: PLC0415 - a server without a kernel need not wait for pyroute2

        ports = [f"Ethernet{number}" for number in range(1, self._settings.kernel_ports + 1)]
        missing = [name for name in (self.namespace, self.far) if not namespaces.exists(name)]
        if missing:
            # written down before, so that they are recognised whatever happens; those of another port stay on the list
            made = dict.fromkeys([*self._made(), *missing])
            self._record.write_text(json.dumps(list(made)), encoding="utf-8")
        namespaces.make(self.namespace, self.far, ports)

    def start_chip(self) -> None:
        """Start the chip's process, unless that of an earlier start still runs.

        Raises:
            DriverLost: It does not start.
        """
        with suppress(DriverLost):
            remote.RemoteDriver(self.socket).close()
            logger.info("the chip of an earlier start still runs")
            return
        remote.start(self.socket, self._settings.asic_ports)

    def remove(self) -> None:
        """Switch the chip off, and remove namespaces that were made, unless they are to be kept."""
        if self.is_kept:
            return
        with suppress(DriverLost):
            chip = remote.RemoteDriver(self.socket)
            chip.stop()
            chip.close()
        if not self._settings.keep_namespaces and self._made():
            from backends.kernel import namespaces  # noqa: PLC0415 - likewise

            namespaces.remove(*self._made())
            self._record.unlink(missing_ok=True)

    def _made(self) -> list[str]:
        """Return the namespaces that were made for this state folder."""
        try:
            made: list[str] = json.loads(self._record.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return []
        return made


def socket_of(state: Path) -> Path:
    """Return the path of the chip's socket: in the state folder, or in a short one of our own if that is too long."""
    socket = state.absolute() / "asic.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET:
        return socket
    digest = hashlib.sha256(os.fsencode(socket)).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"nos-mgmt-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder / f"{digest}.sock"
