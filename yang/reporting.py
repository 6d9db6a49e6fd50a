"""What is reported of a data tree: what a filter selects, with the defaults that the client wants to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.cursor import Cursor
from yang.filter import narrowed, select
from yang.with_defaults import filled, print_tagged, trimmed, with_defaults
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from lxml import etree

    from yang.tree import Node
    from yang.with_defaults import Mode
    from yang.xpath_filter import XPathFilter

    Filter: TypeAlias = "SubtreeFilter | XPathFilter"


class SubtreeFilter:
    """A filter of elements that look like what they select (RFC 6241 section 6)."""

    def __init__(self, elements: Sequence[etree._Element]) -> None:
        """Select what `elements` do."""
        self._elements = elements

    def select(
        self, tree: Node, mode: Mode = "explicit", *, config_only: bool = True, full: Node | None = None
    ) -> Node:
        """Return what of `tree` it selects, with the defaults that `mode` reports.

        Defaults that are put in can be selected and matched like all other values; what trim leaves out is still matched.
        With `full`, which is `tree` with defaults, those are put in that are in it, and no others.
        """
        if mode in ("report-all", "report-all-tagged"):
            tree = full if full is not None else filled_within(tree, self, config_only=config_only)
        selected = select(tree, self._elements)
        return trimmed(selected) if mode == "trim" else selected

    def bounds(self) -> Sequence[etree._Element]:
        """Return elements that select all that it looks at."""
        return self._elements


def filled_within(tree: Node, wanted: Filter | None, *, config_only: bool = True) -> Node:
    """Return `tree` with all the default data that is in use, as far as `wanted` looks at it, of state unless `config_only`."""
    bounds = wanted.bounds() if wanted is not None else None
    guide = narrowed(tree, bounds) if bounds is not None else tree
    return filled(Cursor(tree.schema, tree, None), guide, config_only=config_only)


def report(tree: Node, wanted: Filter | None, mode: Mode = "explicit", *, config_only: bool = True) -> str:
    """Return the XML of what `wanted` selects of `tree`, of all if that is None, as `mode` has it (RFC 6243 section 3).

    Defaults of state are reported as well unless `config_only`.
    """
    selected = reported(tree, wanted, mode, config_only=config_only)
    return print_tagged(tree, selected) if mode == "report-all-tagged" else print_children(selected)


def reported(
    tree: Node, wanted: Filter | None, mode: Mode = "explicit", *, config_only: bool = True, full: Node | None = None
) -> Node:
    """Return what `report` prints; if `full` is given, which is `tree` with defaults, only with defaults that are in it."""
    if wanted is not None:
        return wanted.select(tree, mode, config_only=config_only, full=full)
    if full is not None and mode in ("report-all", "report-all-tagged"):
        return full
    return with_defaults(tree, mode, config_only=config_only)
