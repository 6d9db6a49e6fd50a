"""Differences as YANG Patches: applied to the one tree they give the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings

from tests.yang.playground import pairs, playground
from yang.annotated import print_alone
from yang.patch_of import PatchEdit, edits_between
from yang.resource_path import parse_resource, resource_of
from yang.xmlio import parse_document, print_children
from yang.yang_patch import Edit, YangPatch, apply_patch

if TYPE_CHECKING:
    from yang.tree import Node

SCHEMA = playground()


def as_told(number: int, edit: PatchEdit) -> Edit:
    """Return an edit as a client gets it."""
    value = None
    if edit.value is not None:
        value = parse_document(f"<value>{print_alone(edit.path.schema, edit.value)}</value>".encode())
    point = resource_of(edit.point) if edit.point is not None else None
    return Edit(str(number), edit.operation, resource_of(edit.path), edit.where or "last", point, value)


@settings(max_examples=100, deadline=None)
@given(pairs(SCHEMA))
def test_a_difference_applied_to_the_source_gives_the_target(pair: tuple[Node, Node]) -> None:
    before, after = pair
    edits = tuple(as_told(number, edit) for number, edit in enumerate(edits_between(before, after)))
    patched, status = apply_patch(before, YangPatch("p", edits), validates=False)
    assert status.is_ok, status.print_xml()
    assert print_children(patched) == print_children(after)


@settings(max_examples=100, deadline=None)
@given(pairs(SCHEMA))
def test_a_target_is_read_as_it_was_written(pair: tuple[Node, Node]) -> None:
    for edit in edits_between(*pair):
        assert parse_resource(resource_of(edit.path), SCHEMA) == edit.path


@settings(max_examples=50, deadline=None)
@given(pairs(SCHEMA))
def test_equal_trees_have_no_difference(pair: tuple[Node, Node]) -> None:
    assert list(edits_between(pair[0], pair[0])) == []
