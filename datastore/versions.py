"""The last configurations that somebody has asked the etags of: what a client knows is told apart from what it does not."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yang.tree import Node

MOST = 8
"""Configurations that are remembered. They share what they have in common, with one another and with running."""


class Versions:
    """The txid history of draft-ietf-netconf-transaction-id. Any thread may ask."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._mutex = threading.Lock()
        self._trees: list[Node] = []

    def remember(self, tree: Node) -> None:
        """Have `tree` known as one that a client has seen."""
        with self._mutex:
            self._trees = [tree, *(other for other in self._trees if other is not tree)][:MOST]

    def trees(self) -> list[Node]:
        """Return the configurations, that which was seen last first."""
        with self._mutex:
            return list(self._trees)
