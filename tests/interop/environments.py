"""An environment for each client, made of what is locked for it, in a folder that the next run finds again."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent.parent / ".venv-interop"
COLLECTIONS = "ansible-collections"
NEEDED = ("ansible_collections/ansible/netcommon/", "ansible_collections/ansible/utils/")
"""What is taken out of the package `ansible`, which has 40,000 files more."""
UNREACHABLE = ("No matching distribution", "connection broken", "NewConnectionError", "ReadTimeoutError")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


class CannotInstall(Exception):
    """What is locked cannot be had here."""


def lock(name: str) -> Path:
    """Return the file with what is locked; `make lock` makes it of the `.in` beside it."""
    return HERE / f"{name}.lock"


def python(name: str) -> Path:
    """Return the interpreter of an environment with what is locked for `name`.

    Raises:
        CannotInstall: No package registry can be reached.
    """
    folder = ENVIRONMENTS / name
    found = folder / "bin" / "python"
    with _making(name, folder) as is_new:
        if is_new:
            # the package manager of this environment does for all
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
            _pip("--python", str(found), "install", "--require-hashes", "-r", str(lock(name)))
    return found


def collections() -> Path:
    """Return a folder with Ansible's collections that are needed."""
    folder = ENVIRONMENTS / COLLECTIONS
    with _making(COLLECTIONS, folder) as is_new:
        if is_new:
            folder.mkdir()
            _pip("download", "--no-deps", "--require-hashes", "-r", str(lock(COLLECTIONS)), "-d", str(folder))
            (wheel,) = folder.glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder, [name for name in archive.namelist() if name.startswith(NEEDED)])
            wheel.unlink()
    return folder


@contextmanager
def _making(name: str, folder: Path) -> Iterator[bool]:
    """Have `folder` alone, and tell whether it is to be made: it is not there, or what is locked has changed."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / f"{name}.lock").open("w") as held:
        # two processes may run the tests of two clients at once
        fcntl.flock(held, fcntl.LOCK_EX)
        done = folder / "lock.sha256"
        wanted = hashlib.sha256(lock(name).read_bytes() + sys.version.encode()).hexdigest()
        is_new = not done.exists() or done.read_text() != wanted
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        yield is_new
        done.write_text(wanted)


def _pip(*arguments: str) -> None:
    done = subprocess.run([*PIP, *arguments], capture_output=True, text=True, check=False)
    if done.returncode and any(reason in done.stderr for reason in UNREACHABLE):
        raise CannotInstall(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise RuntimeError(done.stderr)
