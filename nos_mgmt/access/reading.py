"""What a user is told of a data tree: what a filter selects, with the defaults that may be seen (RFC 8341 section 3.2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from yang.filter import narrowed
from yang.reporting import filled_within, reported
from yang.with_defaults import print_tagged
from yang.xmlio import print_children
from yang.xpath_filter import XPathFilter

if TYPE_CHECKING:
    from nos_mgmt.access.access import Access
    from yang.reporting import Filter
    from yang.tree import Node
    from yang.with_defaults import Mode


class Seen(NamedTuple):
    """What of a tree may be seen, as far as a filter looks at it."""

    selected: Node
    """What the filter selects, with defaults as the mode has them."""
    explicit: Node
    """What was set."""
    full: Node | None
    """What there is with all defaults that may be seen; None where those are all that `explicit` implies, or matter to nobody."""


def seen(
    access: Access, tree: Node, wanted: Filter | None, mode: Mode = "explicit", *, config_only: bool = True
) -> Seen:
    """Return what a filter selects of what the user may see of a tree, and what that was selected from.

    Defaults are put in as if they had been set, and then judged like all else: none shows itself in place of what is kept from
    the user, nor is matched in its place, and what is in use depends on no more and no less than it does for everybody.
    """
    if access.sees_all:
        return Seen(reported(tree, wanted, mode, config_only=config_only), tree, None)
    bounds = wanted.bounds() if wanted is not None else None
    # what cannot be selected need not be looked over
    explicit = access.visible(tree if bounds is None else narrowed(tree, bounds))
    # an expression sees defaults in any mode
    if mode in ("report-all", "report-all-tagged") or isinstance(wanted, XPathFilter):
        full = access.visible(filled_within(tree, wanted, config_only=config_only))
        return Seen(reported(explicit, wanted, mode, config_only=config_only, full=full), explicit, full)
    return Seen(reported(explicit, wanted, mode, config_only=config_only), explicit, None)


def report_to(
    access: Access, tree: Node, wanted: Filter | None, mode: Mode = "explicit", *, config_only: bool = True
) -> str:
    """Return the XML of what a filter selects of what the user may see of a tree."""
    selected, explicit, _ = seen(access, tree, wanted, mode, config_only=config_only)
    return print_tagged(explicit, selected) if mode == "report-all-tagged" else print_children(selected)
