"""Run a module under what a unit file confines a service to, as far as that can be had without systemd.

The capabilities, the user and `NoNewPrivileges` are for setpriv; here are the filter of system calls, the address families,
and `MemoryDenyWriteExecute`. The groups of system calls are systemd's own.

    python -m tests.nos_mgmt.confined UNIT python -m MODULE…
"""

from __future__ import annotations

import ctypes
import runpy
import socket
import subprocess
import sys
from pathlib import Path

ALLOW = 0x7FFF0000
EPERM = 0x00050001
"""libseccomp's actions: let it happen, and have it fail with EPERM."""
EQUAL = 4
SET_MDWE, REFUSE_EXEC_GAIN = 65, 1


class _Comparison(ctypes.Structure):
    """A condition on an argument of a system call."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def settings(unit: Path) -> dict[str, list[str]]:
    """Return the settings of a unit, each with its values in their order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        name, is_set, value = line.partition("=")
        if is_set and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def calls_in(group: str) -> set[str]:
    """Return the system calls in a group of systemd's, or the one that is named."""
    if not group.startswith("@"):
        return {group}
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, check=True, text=True
    )
    words = [word for word in listed.stdout.split("\n") if word.startswith("    ") and "#" not in word]
    return set().union(*(calls_in(word.strip()) for word in words))


def confine(unit: Path) -> None:
    """Confine this process, and all that it becomes."""
    wanted = settings(unit)
    if ctypes.CDLL(None, use_errno=True).prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no MDWE")
    allowed: set[str] = set()
    for line in wanted["SystemCallFilter"]:
        named = set().union(*(calls_in(group) for group in line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    filter_ = ctypes.c_void_p(library.seccomp_init(EPERM))
    for name in sorted(allowed - {"socket"}):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add_array(filter_, ALLOW, number, 0, None)
    number = library.seccomp_syscall_resolve_name(b"socket")
    for family in wanted["RestrictAddressFamilies"][0].split():
        condition = _Comparison(0, EQUAL, getattr(socket, family), 0)
        library.seccomp_rule_add_array(filter_, ALLOW, number, 1, ctypes.byref(condition))
    if library.seccomp_load(filter_):
        raise OSError("no filter of system calls")


if __name__ == "__main__":
    # in this process: where Python lies in root's home, nobody can start it again
    unit, sys.argv = sys.argv[1], sys.argv[4:]
    confine(Path(unit))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
