"""libyang as a judge: its environment, and the process that asks it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).parent
# pip-compile makes both, with the options that the Makefile has under LOCK; the first is what the second is built with
LOCKS = (HERE / "libyang-build.lock", HERE / "libyang.lock")
ENVIRONMENT = Path(sys.prefix) / "libyang"
CRASHED = "libyang crashed"
UNREACHABLE = ("No matching distribution", "connection broken", "NewConnectionError", "ReadTimeoutError")
NOT_BUILT = ("libyang/libyang.h", "command 'gcc' failed: No such file", "Python.h", "unable to execute")


class NoOracle(Exception):
    """libyang cannot be had here; the message says why."""


def interpreter() -> Path:
    """Return the interpreter of an environment with libyang's binding; it is made anew when its locks change.

    Raises:
        NoOracle: It cannot be made.
    """
    python, done = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "locks.sha256"
    wanted = hashlib.sha256(b"".join(lock.read_bytes() for lock in LOCKS) + sys.version.encode()).hexdigest()
    if done.exists() and done.read_text() == wanted:
        return python
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True, timeout=100)
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-build-isolation", "--no-deps"]
    for lock in LOCKS:
        command = [str(python), "-m", "pip", "install", *options, "-r", str(lock)]
        installed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if any(reason in installed.stderr + installed.stdout for reason in UNREACHABLE):
            raise NoOracle(f"pip cannot install libyang's binding here: {installed.stderr.splitlines()[-1]}")
        if any(reason in installed.stderr + installed.stdout for reason in NOT_BUILT):
            raise NoOracle("libyang's binding cannot be built here: it needs libyang2-dev, gcc and python3-dev")
        if installed.returncode:
            raise RuntimeError(installed.stderr)
    done.write_text(wanted)
    return python


class Oracle:
    """A process that asks libyang; a new one takes its place if it crashes."""

    def __init__(self) -> None:
        """Start the process when it is first asked."""
        self._process: subprocess.Popen[str] | None = None
        self._opened: dict[str, Any] | None = None
        self.crashes = 0

    def open(self, folder: Path, features: Mapping[str, Sequence[str]]) -> str | None:
        """Take the modules in `folder`, each with its features, and return why libyang does not, if so."""
        self._opened = {"folder": str(folder), "modules": list(features.items())}
        answer = self._ask(self._opened)
        return CRASHED if answer is None else answer["error"]

    def judge(self, documents: Sequence[str]) -> list[str | None]:
        """Return what is wrong with each of `documents`; None if nothing is."""
        answer = self._ask({"documents": documents})
        if answer is not None:
            verdicts: list[str | None] = answer["verdicts"]
            return verdicts
        self._ask(self._opened)
        if len(documents) == 1:
            return [CRASHED]
        middle = len(documents) // 2
        return self.judge(documents[:middle]) + self.judge(documents[middle:])

    def in_json(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str] | str]:
        """Return, for documents in XML and in JSON that say the same, both as libyang prints them in JSON.

        Where it takes one of the two for invalid, or crashes, what it says stands instead.
        """
        answer = self._ask({"pairs": pairs})
        if answer is None:
            self._ask(self._opened)
            if len(pairs) == 1:
                return [CRASHED]
            middle = len(pairs) // 2
            return self.in_json(pairs[:middle]) + self.in_json(pairs[middle:])
        return [
            next((error for _, error in pair if error is not None), None) or (pair[0][0], pair[1][0])
            for pair in answer["pairs"]
        ]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _ask(self, request: Any) -> Any:
        """Return the answer to `request`; None if libyang crashed over it."""
        if self._process is None:
            command = [str(interpreter()), str(HERE / "worker.py")]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        self.crashes += 1
        process.kill()
        process.wait()
        self._process = None
        return None
