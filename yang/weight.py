"""How much of a tree a subtree filter can select at most, as long as that is little."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from yang.filter import is_match, key_of
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from yang.tree import Child


class _TooMuch(Exception):
    """It is more than was asked about, or finding that out would take long."""


def is_little(tree: Node, wanted: Iterable[etree._Element], most: int) -> bool:
    """Return whether the filter elements `wanted` select at most `most` nodes of `tree`, and take no longer to find them.

    That takes time for `most` nodes at most, whatever the size of the tree. Where it would take more it is False: for entries
    that are not named by their keys, for names in no namespace, and for attributes, whatever they ask for.
    """
    try:
        _left_of_children(tree, wanted, most)
    except _TooMuch:
        return False
    return True


def _left_of_children(node: Node, wanted: Iterable[etree._Element], left: int) -> int:
    """Return what is left of `left` nodes when those have been taken away that `wanted` selects below `node`."""
    for element in wanted:
        tag = str(element.tag)
        if not tag.startswith("{") or element.attrib:
            raise _TooMuch
        left -= 1
        schema = node.schema.tags.get(tag)
        child = None if schema is None else node.children.get(schema.qname)
        if schema is None or child is None:
            continue
        if schema.kind == "list":
            key = key_of(schema, element)
            if key is None:
                raise _TooMuch
            child = cast("Entries", child).get(key)
        if isinstance(child, Node):
            # what only has to be equal is selected too, and is all there is if nothing else is asked for
            is_all = all(map(_is_plain_match, element))
            left = _left_of_all(child, left) if is_all else _left_of_children(child, element, left)
        elif child is not None:
            left = _left_of_all(child, left)
    return _checked(left)


def _is_plain_match(element: etree._Element) -> bool:
    if element.attrib:
        raise _TooMuch
    return is_match(element)


def _left_of_all(child: Child, left: int) -> int:
    """Return the same when `child` has been taken away with all that is below it."""
    waiting: list[Child] = [child]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Node):
            left = _checked(left - len(one.children))
            waiting.extend(one.children.values())
        elif isinstance(one, Entries):
            left = _checked(left - len(one))
            waiting.extend(one.values())
        elif isinstance(one, tuple):
            left = _checked(left - len(one))
    return left


def _checked(left: int) -> int:
    if left < 0:
        raise _TooMuch
    return left
