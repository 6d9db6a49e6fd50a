"""XPath expressions as conditions on a tree: whether what they give is true (RFC 8639, stream-xpath-filter)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.cursor import Cursor
from yang.errors import InvalidValue, ModelError
from yang.values import shown
from yang.xpath import evaluator
from yang.xpath_functions import Context, is_true
from yang.xpath_text import read_xpath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yang.schema import Schema
    from yang.tree import Node


class XPathCondition:
    """An expression that is true or false of trees of one schema."""

    def __init__(self, text: str, namespaces: Mapping[str | None, str], schema: Schema) -> None:
        """Have the expression `text`, whose prefixes stand for `namespaces`, judge; its context node is the root.

        Raises:
            InvalidValue: It is no XPath 1.0, or uses a prefix, a function or a variable that there is not.
        """
        self.text = text
        tree = read_xpath(text, namespaces, schema)
        try:
            self._evaluate = evaluator(schema, tree)
        except ModelError as error:
            raise InvalidValue(f"{shown(text)} cannot be evaluated: {error}") from error

    def holds(self, tree: Node) -> bool:
        """Return whether what the expression gives of `tree` is true, as XPath's boolean() has it."""
        root = Cursor(tree.schema, tree, None)
        return is_true(self._evaluate(Context(root, root)))
