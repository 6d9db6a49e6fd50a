"""Where in the configuration a backend's complaint belongs."""

from __future__ import annotations

import re

from yang.path import Path

# a value may have quotes and brackets of its own: it ends where a step can go on
PREDICATE = re.compile(r"\[([^\[\]=]+)='(.*?)'\](?=[/\[]|$)")
STEP = re.compile(r"([^/\[]+)((?:\[[^\[\]=]+='.*?'\](?=[/\[]|$))*)")


def leaf_path(path: Path, leaf: str) -> Path:
    """Return the path of `leaf`, given below `path` as `config/mtu` or `next-hops/next-hop[index='0']/config/metric`.

    As far as the schema does not have it, it is left out.
    """
    for name, predicates in STEP.findall(leaf):
        schema = path.schema.children.get(name)
        if schema is None:
            break
        values = dict(PREDICATE.findall(predicates))
        key = None
        if schema.kind == "list" and values.keys() == set(schema.keys):
            key = tuple(schema.children[key_name].type.parse(values[key_name]) for key_name in schema.keys)
        path = Path(path, schema, key)
    return path
