"""libyang's yanglint as a second judge of data."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from yang.errors import NosError

if TYPE_CHECKING:
    from yang.schema import Schema

LONGEST = 600
"""Seconds that it may take."""
SHOWN = 20


class Answer(NamedTuple):
    """What yanglint says of data."""

    accepts: bool
    messages: list[str]


class Yanglint:
    """yanglint with the modules of one set."""

    def __init__(self, modules: Path) -> None:
        """Take the modules from the folder `modules`.

        Raises:
            NosError: It is not installed.
        """
        command = shutil.which("yanglint")
        if command is None:
            raise NosError("yanglint is not installed; Debian and Ubuntu have it in the package libyang2-tools")
        self.command = command
        self.modules = modules

    def ask(self, data: str, schema: Schema, *, config_only: bool, is_complete: bool) -> Answer:
        """Return what it says of `data`, bare XML or JSON, judged by the modules that it names, or all if it is complete."""
        is_xml = data.lstrip()[:1] != "{"
        with tempfile.TemporaryDirectory() as folder:
            document = Path(folder) / ("data.xml" if is_xml else "data.json")
            document.write_text(data, encoding="utf-8", errors="surrogatepass")
            # -ii: all that is imported is implemented as well, as identities need it
            command = [self.command, "-ii", "-p", str(self.modules), "-f", "xml" if is_xml else "json"]
            command += ["-t", "config" if config_only else "data"]
            command += self._named(data, schema, is_complete=is_complete)
            run = subprocess.run(
                [*command, str(document)],
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST,
                errors="replace",
            )
        if "schema module" in run.stderr and run.returncode:
            raise NosError(f"yanglint cannot use the modules: {run.stderr.splitlines()[0]}")
        lines = [line.replace(str(document), "the data") for line in run.stderr.splitlines() if "warn" not in line]
        return Answer(run.returncode == 0, lines[:SHOWN])

    def _named(self, data: str, schema: Schema, *, is_complete: bool) -> list[str]:
        """Return the files of the modules that `data` names, by namespace or, as JSON does, by name."""
        return [
            str(self.modules / module.record.file)
            for module in schema.modules.values()
            if module.record.belongs_to is None
            and (is_complete or module.namespace in data or f"{module.name}:" in data)
        ]
