"""XPath over XML documents, which are not data yet."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Mapping


class XmlPath(threading.local):
    """An expression that many threads evaluate at once.

    One of lxml's is locked while it is evaluated, so that a small request would wait until one of 10 MB has been looked
    through: each thread has its own.
    """

    def __init__(self, expression: str, namespaces: Mapping[str, str] | None = None) -> None:
        """Compile `expression`, in which `namespaces` says what prefixes mean; once for each thread."""
        self._evaluate = etree.XPath(expression, namespaces=namespaces)

    def __call__(self, element: etree._Element) -> Any:
        """Return what the expression says of `element`."""
        return self._evaluate(element)
