"""The archive: every commit's configuration in a folder, or given to a command, after the commit and in order.

How far it has come is written down, so that a start goes on there. Commits that come faster than they can be archived wait
as rows of the history, which retention leaves alone; none is left out, and none waits for the archive.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from datastore.background import Background
from datastore.chain import SEALED, Known
from datastore.database import HistoryFailed
from datastore.tables import commits
from yang.errors import NosError, RequestError
from yang.instance_data import describe, print_xml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datastore.history import Commit, History

logger = logging.getLogger(__name__)

MARK = "archive"
DELAYS = (1.0, 5.0, 30.0, 120.0)
"""Seconds before each further attempt; after the last one a commit is given up."""
PAUSE = 0.02
"""Seconds between two looks at a command."""
TOLD = 500
"""Characters of what a command says that the log has."""


class Targets(NamedTuple):
    """Where configurations go."""

    directory: str = ""
    """The folder; empty if there is none."""
    command: Sequence[str] = ()
    """The command with its arguments; empty if there is none."""
    timeout: float = 60.0
    """Seconds that the command may take."""


NOWHERE = Targets()


class NotArchived(NosError):
    """A commit that could not be archived."""


class Archive:
    """Archives the commits of a history."""

    def __init__(self, history: History, targets: Targets) -> None:
        """Archive to `targets`."""
        self._history = history
        self._targets = targets
        self._background = Background(MARK, self._go_on)
        self._known: Known | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether there is anywhere to archive to."""
        return bool(self._targets.directory or self._targets.command)

    def start(self) -> None:
        """Archive what waits, and from now on every commit; the first start of all begins with the last commit."""
        if not self.is_wanted:
            return
        if self._history.mark(MARK) is None:
            self._history.set_mark(MARK, max((self._history.last() or 0) - 1, 0))
        self._history.watch(self._background.ask)
        self._background.start()
        self._background.ask()

    def close(self) -> None:
        """Archive nothing more for now; a command that runs is ended, and run again after the next start."""
        self._background.close()

    def waiting(self) -> list[int]:
        """Return the ids of the commits that are not archived yet, in order.

        Raises:
            HistoryFailed: The history cannot be read.
        """
        mark = self._history.mark(MARK) if self.is_wanted else None
        if mark is None:
            return []
        with self._history.reading() as connection:
            query = select(commits.c.id).where(commits.c.state == SEALED).where(commits.c.id > mark)
            return list(connection.scalars(query.order_by(commits.c.id)))

    def _go_on(self) -> None:
        """Archive everything that waits."""
        try:
            while waiting := self.waiting():
                for commit_id in waiting:
                    if self._background.is_closed or not self._deal_with(commit_id):
                        return
                    self._history.set_mark(MARK, commit_id)
        except HistoryFailed:
            logger.exception("the archive cannot go on; the next commit has it try again")

    def _deal_with(self, commit_id: int) -> bool:
        """Archive a commit or give it up, and return whether it is dealt with."""
        targets = [self._to_directory] if self._targets.directory else []
        targets += [self._to_command] if self._targets.command else []
        for delay in (*DELAYS, None):
            try:
                commit, text = self._text(commit_id)
                while targets:
                    targets[0](commit, text)
                    del targets[0]
            except (NotArchived, OSError, RequestError) as error:
                reason = str(error)
            else:
                return True
            if delay is None or self._background.is_closed:
                break
            logger.warning("commit %d is not archived, and it is tried again in %g s: %s", commit_id, delay, reason)
            if self._background.wait(delay):
                break
        if not self._background.is_closed:
            logger.error("commit %d is not archived, and it is not tried again: %s", commit_id, reason)
            return True
        return False

    def _text(self, commit_id: int) -> tuple[Commit, bytes]:
        """Return a commit and its configuration as an instance data file."""
        known = (self._known,) if self._known is not None else ()
        tree = self._history.configuration(commit_id, *known)
        # the next one is had from it
        self._known = Known(commit_id, tree)
        (commit,) = self._history.commits(commit_id, commit_id)
        begun = datetime.fromtimestamp(commit.time, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        said = describe(tree, f"commit-{commit_id}", datastore="ietf-datastores:running", timestamp=begun)
        return commit, print_xml(said, tree).encode()

    def _to_directory(self, commit: Commit, text: bytes) -> None:
        """Write a file that is there as a whole or not at all."""
        folder = Path(self._targets.directory)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        begun = datetime.fromtimestamp(commit.time, UTC).strftime("%Y%m%dT%H%M%SZ")
        # another attempt writes over what this one leaves
        part = folder / f".{commit.id:08d}.part"
        with open(part, "wb", opener=_for_the_owner) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.rename(folder / f"{commit.id:08d}-{begun}.xml")
        _sync(folder)

    def _to_command(self, commit: Commit, text: bytes) -> None:
        """Run the command with the configuration as its input."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(text)
            given.seek(0)
            with subprocess.Popen(
                self._targets.command,
                stdin=given,
                stdout=said,
                stderr=said,
                env={**os.environ, **_environment(commit)},
                start_new_session=True,
            ) as process:
                status = self._status(process)
            said.seek(0)
            if status != 0:
                ended = f"did not end within {self._targets.timeout:g} s" if status is None else f"ended with {status}"
                what = said.read(TOLD).decode(errors="replace").strip()
                raise NotArchived(f"{self._targets.command[0]} {ended}{': ' if what else ''}{what}")

    def _status(self, process: subprocess.Popen[bytes]) -> int | None:
        """Return the status with which a command ended, or None if it had to be killed."""
        deadline = time.monotonic() + self._targets.timeout
        while (status := process.poll()) is None:
            if time.monotonic() > deadline or self._background.wait(PAUSE):
                # with whatever it started
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return None
        return status


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _sync(folder: Path) -> None:
    """Have a name that is new in a folder survive a power cut."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _environment(commit: Commit) -> dict[str, str]:
    """Return what a command is told of a commit."""
    session = commit.author.session_id
    return {
        "NOS_COMMIT_ID": str(commit.id),
        "NOS_COMMIT_TIME": datetime.fromtimestamp(commit.time, UTC).isoformat(timespec="milliseconds"),
        "NOS_COMMIT_USER": commit.author.user,
        "NOS_COMMIT_PROTOCOL": commit.author.protocol,
        "NOS_COMMIT_SESSION": "" if session is None else str(session),
        "NOS_COMMIT_COMMENT": commit.comment,
        "NOS_COMMIT_LABEL": commit.label,
    }
