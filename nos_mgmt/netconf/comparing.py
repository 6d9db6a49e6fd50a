"""compare: how two datastores differ (RFC 9144)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from datastore.origin import ORIGIN
from nos_mgmt.access.reading import seen
from nos_mgmt.netconf.datastores import OPERATIONAL, datastore_of
from nos_mgmt.netconf.nmda import filter_in, operational
from yang.annotated import print_alone
from yang.patch_of import edits_between
from yang.resource_path import resource_of
from yang.retrieval import of_kind
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datastore.origin import OriginMark
    from nos_mgmt.netconf.session import Call
    from yang.patch_of import PatchEdit
    from yang.path import Path
    from yang.reporting import Filter
    from yang.tree import Child
    from yang.with_defaults import Mode

COMPARE = "urn:ietf:params:xml:ns:yang:ietf-nmda-compare"


class _Side(NamedTuple):
    """One of the datastores."""

    tree: Node
    """What is selected of it."""
    mark: OriginMark | None
    """Where the values of the operational datastore come from, if that is to be said."""


def compare(call: Call) -> str:
    """Answer with the edits that lead from the source to the target."""
    names = [str(call.input.get(name)) for name in ("source", "target")]
    wanted = filter_in(call)
    # the operational datastore has the defaults that are in use, and so they are compared
    with_defaults = OPERATIONAL in names
    source, target = (_side(call, name, wanted, with_defaults=with_defaults) for name in names)
    if OPERATIONAL in names and "all" not in call.input.children and names[0] != names[1]:
        # only nodes that both can have
        source, target = (side._replace(tree=of_kind(side.tree, config=True)) for side in (source, target))
    if wanted is not None and not source.tree.children and not target.tree.children:
        return f'<no-matches xmlns="{COMPARE}"/>'
    edits = "".join(_edits(source, target))
    comment = f"from {names[0]} to {names[1]}"
    return (
        f'<differences xmlns="{COMPARE}"><yang-patch><patch-id>compare</patch-id>'
        f"<comment>{escape(comment)}</comment>{edits}</yang-patch></differences>"
    )


def _side(call: Call, name: str, wanted: Filter | None, *, with_defaults: bool) -> _Side:
    if name == OPERATIONAL:
        found, mark = operational(call, wanted, "report-all")
        return _Side(found.selected, mark if "report-origin" in call.input.children else None)
    tree = call.device.datastores.read(datastore_of(call, name), call.session.id)
    mode: Mode = "report-all" if with_defaults else "explicit"
    return _Side(seen(call.access, tree, wanted, mode).selected, None)


def _edits(source: _Side, target: _Side) -> Iterator[str]:
    for number, edit in enumerate(edits_between(source.tree, target.tree), 1):
        parts = [
            f"<edit-id>{number}</edit-id><operation>{edit.operation}</operation>",
            f"<target>{escape(resource_of(edit.path))}</target>",
        ]
        if edit.point is not None:
            parts.append(f"<point>{escape(resource_of(edit.point))}</point>")
        if edit.where:
            parts.append(f"<where>{edit.where}</where>")
        if edit.value is not None:
            parts.append(f"<value>{_printed(edit.path, edit.value, target.mark)}</value>")
        if edit.source is not None and _has_source(edit):
            parts.append(f"<source-value>{_printed(edit.path, edit.source, source.mark)}</source-value>")
        yield f"<edit>{''.join(parts)}</edit>"


def _has_source(edit: PatchEdit) -> bool:
    return edit.operation in ("delete", "replace", "move")


def _printed(path: Path, child: Child, mark: OriginMark | None) -> str:
    """Return the XML of one node, self-contained, with its origin if that is to be said."""
    above = mark
    for step in path.steps()[:-1]:
        above = above.below(step.schema, step.key, Node(step.schema, {})) if above is not None else None
    if above is None:
        return print_alone(path.schema, child)
    return print_alone(path.schema, child, [above.alone()], f' xmlns:or="{ORIGIN}"')
