"""Features that a server can do without (RFC 7950 section 7.20.1), though the models are compiled with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.tables import CONFIG, NodeRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from yang.tables import Tables


def without_feature(tables: Tables, module: str, feature: str, paths: Iterable[str]) -> Tables:
    """Return `tables` without a feature of a module: without the nodes at `paths`, all those that depend on it.

    A path is a schema path with the names of `module` alone: `get-config/input/source/startup`.
    """
    modules = tuple(
        record._replace(features=tuple(name for name in record.features if name != feature))
        if record.name == module
        else record
        for record in tables.modules
    )
    nodes = tables.nodes
    for path in paths:
        nodes = _without(nodes, module, path.split("/"))
    return tables._replace(modules=modules, nodes=nodes)


def _without(records: Sequence[NodeRecord], module: str, steps: Sequence[str]) -> tuple[NodeRecord, ...]:
    kept = []
    for plain in records:
        record = NodeRecord(*plain)
        if (record.name, record.module) != (steps[0], module):
            kept.append(plain)
        elif len(steps) > 1:
            kept.append(record._replace(children=_without(record.children, module, steps[1:])))
    return tuple(kept)


def as_state(tables: Tables, path: str) -> Tables:
    """Return `tables` with the top-level node `module:name`, configuration to the models, as state with all that is below.

    So are the subscriptions of RFC 8639 to a server without its feature `configured`.
    """
    module, _, name = path.partition(":")
    nodes = []
    for plain in tables.nodes:
        record = NodeRecord(*plain)
        nodes.append(_unconfigured(record) if (record.module, record.name) == (module, name) else plain)
    return tables._replace(nodes=tuple(nodes))


def _unconfigured(plain: NodeRecord) -> NodeRecord:
    record = NodeRecord(*plain)
    children = tuple(map(_unconfigured, record.children))
    return record._replace(flags=record.flags & ~CONFIG, children=children)
