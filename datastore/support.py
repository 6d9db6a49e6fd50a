"""What of the models a server supports: what its backends put into effect or tell of, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backends.backend import Backend
    from backends.state import StateSource
    from yang.schema import Schema, SchemaNode


def supported(backends: Iterable[Backend], state: Iterable[StateSource], more: Iterable[str], full: Schema) -> Schema:
    """Return `full` as far as `backends` claim it, with the state that mirrors or accompanies it, and with `more`.

    Raises:
        KeyError: A backend claims a leaf that the models do not have.
    """
    backends = list(backends)
    excluded = {
        f"{translator.path}/{leaf}"
        for backend in backends
        for translator in backend.translators
        for leaf in translator.excludes
    }
    claimed = {
        f"{translator.path}/{claim.leaf}"
        for backend in backends
        for translator in backend.translators
        for claim in translator.claims
    }
    paths = set(more)
    for path in claimed - excluded:
        node = full.find(path)
        paths.add(path)
        paths.update(mirror.path() for mirror in mirrors(node))
    for source in [*state, *(source for backend in backends for source in backend.state)]:
        paths.update(f"{source.path}/{leaf}" for leaf in source.leaves if _has(full, f"{source.path}/{leaf}"))
    return full.supporting(sorted(paths))


def mirrors(leaf: SchemaNode) -> Iterator[SchemaNode]:
    """Yield the leaf of a `state` container that shows what is applied of a leaf in the `config` beside it."""
    config = leaf.parent
    if config is None or config.name != "config" or config.parent is None:
        return
    state = config.parent.children.get(config.qname.replace("config", "state"))
    if state is not None and leaf.qname in state.children:
        yield state.children[leaf.qname]


def _has(schema: Schema, path: str) -> bool:
    # the generations of OpenConfig do not have all the same state leaves
    try:
        schema.find(path)
    except KeyError:
        return False
    return True
