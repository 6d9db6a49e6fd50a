"""The startup configuration (RFC 6241 section 8.7), and whether the machine was started anew since the server last was."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from datastore.chain import deflated
from datastore.commits import SYSTEM
from datastore.confirmation import boot_id
from datastore.tables import boots, startup
from yang.errors import RequestError
from yang.xmlio import print_children

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from datastore.committer import Committer
    from datastore.history import History
    from yang.tree import Node

logger = logging.getLogger(__name__)


class Startup:
    """What the machine starts with: the configuration of a commit, one of its own, or, if it was never written, none."""

    def __init__(self, history: History) -> None:
        """Keep it in the database of `history`."""
        self._history = history

    def read(self) -> Node | None:
        """Return the configuration; None if there is none.

        Raises:
            RequestError: It does not fit the models that are served.
            HistoryFailed: It cannot be read.
        """
        with self._history.reading() as connection:
            row = connection.execute(select(startup.c.commit_id, startup.c.configuration)).first()
        if row is None:
            return None
        if row.commit_id is not None:
            return self._history.configuration(row.commit_id)
        return self._history.read(row.configuration, "startup")

    def point_to(self, commit_id: int) -> None:
        """Make it the configuration that a commit left, which is not copied.

        Raises:
            HistoryFailed: It could not be written; it is as it was.
        """
        self._write(commit_id=commit_id)

    def write(self, tree: Node) -> None:
        """Make it `tree`.

        Raises:
            HistoryFailed: It could not be written; it is as it was.
        """
        self._write(configuration=deflated(print_children(tree)))

    def delete(self) -> None:
        """Have none.

        Raises:
            HistoryFailed: It could not be written; it is as it was.
        """
        with self._history.writing() as connection:
            self.delete_with(connection)

    @staticmethod
    def delete_with(connection: Connection) -> None:
        """Have none, as soon as the transaction of `connection` is over."""
        connection.execute(delete(startup))

    def protected(self) -> frozenset[int]:
        """Return the commits that may not be dropped from the history.

        Raises:
            HistoryFailed: It cannot be read.
        """
        with self._history.reading() as connection:
            found = connection.scalar(select(startup.c.commit_id))
        return frozenset() if found is None else frozenset({found})

    def is_boot(self) -> bool:
        """Return whether the machine has been started anew since a server noted its start; not if none has.

        Raises:
            HistoryFailed: It cannot be read.
        """
        noted = self._noted()
        return bool(noted) and bool(boot_id()) and noted != boot_id()

    def note_start(self, *, is_used: bool) -> None:
        """Note which start of the machine this is; if startup is not used, only where an earlier one was noted.

        So the first start that uses it is no start of the machine, nor is one after a time in which it was not used.

        Raises:
            HistoryFailed: It could not be written.
        """
        noted = self._noted()
        if noted == boot_id() or (noted is None and not is_used):
            return
        with self._history.writing() as connection:
            connection.execute(delete(boots))
            connection.execute(insert(boots).values(id=1, boot=boot_id()))

    def _noted(self) -> str | None:
        with self._history.reading() as connection:
            noted: str | None = connection.scalar(select(boots.c.boot))
        return noted

    def _write(self, **values: object) -> None:
        with self._history.writing() as connection:
            self.delete_with(connection)
            connection.execute(insert(startup).values(id=1, **values))


def begin_anew(committer: Committer, history: History, startup: Startup | None, factory_default: Node) -> bool:
    """Return whether running was made what the machine starts with; what has waited for a confirmation is void then.

    That is so at the very first start, which begins with `factory_default`, and, if there is `startup`, at the first start of
    a server since the machine was started anew. A configuration that is refused is told in the log, and not tried again.

    Raises:
        HistoryFailed: The history cannot be read.
    """
    at_boot = startup is not None and startup.is_boot()
    is_first = bool(factory_default.children) and history.last() is None
    if not at_boot and not is_first:
        return False
    try:
        stored = startup.read() if startup is not None else None
        tree, which = (stored, "startup") if stored is not None else (factory_default, "factory default")
        done = committer.commit(tree, SYSTEM, f"{which} configuration, at the start of the machine")
    except RequestError:
        logger.exception("the configuration that the machine starts with is refused; it goes on with what was running")
        return False
    if done.commit_id is not None:
        logger.info("commit %s is the %s configuration, since the machine was started anew", done.commit_id, which)
    return True
