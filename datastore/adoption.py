"""Adoption: the configuration that calls for what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from backends.resource import named
from datastore.errors import NotAdoptable
from datastore.leaves import leaf_path
from datastore.places import place_of
from datastore.refusal import node_at
from yang.draft import Draft, DraftEntries, DraftNode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from backends.resource import Key
    from datastore.committer import Committer
    from datastore.deviation import Deviation
    from datastore.objects import Source
    from datastore.plan import Plan
    from yang.path import Path
    from yang.tree import Node


def adopted(tree: Node, deviations: Collection[Deviation], committer: Committer) -> Node:
    """Return `tree` with what `deviations` have found: leaves changed, objects deleted where all is gone, or created.

    Raises:
        NotAdoptable: No change of the configuration is known that would call for it.
        RequestError: A leaf cannot have such a value.
    """
    draft = Draft(tree)
    gone = {deviation.key for deviation in deviations if deviation.found is None}
    for deviation in deviations:
        if deviation.wanted is None:
            _create(draft, tree, deviation, committer)
            continue
        source = committer.only_source_of(deviation.key)
        if source is None:
            raise NotAdoptable(f"{deviation.wanted} is called for by several objects")
        if deviation.found is None:
            _delete(draft, tree, source, gone)
        else:
            _change(draft, tree, deviation, source)
    return draft.tree()


def is_adopted_by(deviations: Collection[Deviation]) -> Callable[[Plan], None]:
    """Return what raises `NotAdoptable` at a plan that would not leave `deviations` as they were found."""

    def accept(plan: Plan) -> None:
        keys = {one.key for one in deviations}
        for key in keys - plan.targets.keys():
            raise NotAdoptable(f"no configuration is known that calls for what was found of {named(key)}")
        for step in plan.steps:
            if step.operation.key in keys:
                raise NotAdoptable(f"the configuration would call for something else: {step.operation}", step.path)

    return accept


def _create(draft: Draft, tree: Node, deviation: Deviation, committer: Committer) -> None:
    found = deviation.found
    source = place_of(committer.backend_of(deviation.key), found, tree) if found is not None else None
    if found is None or source is None or source.path.schema.path() != source.translator.path:
        raise NotAdoptable(f"no object is known that would call for {found}")
    if node_at(tree, source.path) is not None:
        raise NotAdoptable("there is such an object, and it calls for something else", source.path)
    attributes = found.attributes()
    entry = _opened(draft, source.path)
    entry.create()
    for claim in source.translator.claims:
        if claim.attribute in attributes:
            _put(
                draft,
                leaf_path(source.path, claim.leaf),
                source.translator.value_of(found, claim.attribute, claim.leaf),
            )


def _delete(draft: Draft, tree: Node, source: Source, gone: Collection[Key]) -> None:
    path = source.path
    node = node_at(tree, path)
    if path.key is None or path.schema.kind != "list" or node is None:
        raise NotAdoptable("it comes from a container, which cannot be deleted", path)
    for resource in source.translator.resources(source.translator.view(node), path.keys()):
        if resource.key not in gone:
            raise NotAdoptable(f"the object calls for {resource} as well, which is there", path)
    entries = _entries(draft, path)
    # the object may call for several that have gone
    if path.key in entries:
        entries.remove(path.key)


def _change(draft: Draft, tree: Node, deviation: Deviation, source: Source) -> None:
    node = node_at(tree, source.path)
    if deviation.found is None or deviation.wanted is None or node is None:
        raise NotAdoptable("it has gone meanwhile", source.path)
    leaf = source.translator.leaf_of(deviation.wanted, deviation.attribute, source.translator.view(node))
    if not leaf:
        raise NotAdoptable(f"no leaf gives {deviation.wanted} its {deviation.attribute}", source.path)
    _put(draft, leaf_path(source.path, leaf), source.translator.value_of(deviation.found, deviation.attribute, leaf))


def _put(draft: Draft, path: Path, value: object) -> None:
    is_named = all(step.schema.kind != "list" or step.key is not None for step in path.steps())
    if path.schema.kind != "leaf" or path.parent is None or not is_named:
        raise NotAdoptable("it is not one leaf that calls for it", path)
    node = _opened(draft, path.parent)
    if value is None:
        node.remove(path.schema.qname)
    else:
        node.put(path.schema.qname, value)


def _opened(draft: DraftNode, path: Path) -> DraftNode:
    """Return the draft of the container or list entry at `path`."""
    node = draft
    for step in path.steps():
        inner = node.open(step.schema.qname)
        node = inner.open(step.key or ()) if isinstance(inner, DraftEntries) else inner
    return node


def _entries(draft: Draft, path: Path) -> DraftEntries:
    above = _opened(draft, path.parent) if path.parent is not None else draft
    return cast("DraftEntries", above.open(path.schema.qname))
