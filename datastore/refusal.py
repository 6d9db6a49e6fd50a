"""What a client is told of an operation that was refused: by whom, why, and at which leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datastore.errors import CommitFailed
from datastore.leaves import leaf_path
from yang.tree import Entries, Node

if TYPE_CHECKING:
    from backends.operation import Failure, Operation
    from datastore.objects import Source
    from datastore.plan import Step
    from yang.path import Path


def refusal(step: Step, failure: Failure, source: Source | None, before: Node, after: Node) -> CommitFailed:
    """Return the error for a step that was refused in a commit of `after` over `before`.

    Its error-path is the leaf of `source`, the object that calls for the resource, that the failure is about.
    """
    operation = step.operation
    path = _leaf_of(source, operation, failure, before, after) if source is not None else step.path
    return CommitFailed(
        f"{step.backend.name} refused to {operation}: {failure}",
        path,
        app_tag=f"{step.backend.name}-{failure.code or 'refused'}",
    )


def shortfall(operation: Operation) -> str:
    """Return how a resource differs from what it should be, given the operation that would mend it."""
    if operation.before is None:
        return f"{operation.resource} is not there"
    if operation.after is None:
        return f"{operation.resource} is still there"
    return ", ".join(
        f"{name} is {found!r} instead of {wanted!r}" for name, (found, wanted) in operation.changed().items()
    )


def _leaf_of(source: Source, operation: Operation, failure: Failure, before: Node, after: Node) -> Path:
    """Return the path of the leaf that an operation's failure is about."""
    node = node_at(after, source.path) or node_at(before, source.path)
    attributes = [failure.attribute] if failure.attribute else list(operation.changed())
    if operation.action != "update" and len(attributes) > 1:
        attributes = [""]  # of a new resource every attribute is new
    view = source.translator.view(node)
    leaves = (source.translator.leaf_of(operation.resource, name, view) for name in attributes)
    return leaf_path(source.path, next(filter(None, leaves), ""))


def node_at(tree: Node, path: Path) -> Node | None:
    """Return the container or list entry at `path` of `tree`, or None if it is not there."""
    node: Node | None = tree
    for step in path.steps():
        child = node.children.get(step.schema.qname) if node is not None else None
        if isinstance(child, Entries):
            child = child.get(step.key or ())
        node = child if isinstance(child, Node) else None
    return node
