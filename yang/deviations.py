"""What a server does not support of its models, as a module of deviations (RFC 7950 section 7.20.3)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from yang.types import IdentityrefType, LeafrefType, UnionType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yang.module import Module
    from yang.schema import Schema, SchemaNode
    from yang.types import Type

NAME = "nos-deviations"
NAMESPACE = "urn:nos-mgmt:yang:nos-deviations"
REVISION = "2026-11-22"
NO_DEFAULTS: Mapping[str, str] = MappingProxyType({})


def served_modules(schema: Schema) -> list[Module]:
    """Return the modules that `schema` implements, by name.

    Those are the modules that have a node in it, and those whose identities a leaf in it may have as its value (RFC 7950
    section 9.10.2). All others are imported at the most.
    """
    names: set[str] = set()
    for node in schema.root.descendants():
        names.add(node.module.name)
        names.update(operation.module.name for operation in node.operations().values())
        if node.kind in ("leaf", "leaf-list"):
            names.update(identity.partition(":")[0] for identity in _identities(node.type))
    return [schema.modules[name] for name in sorted(names)]


def _identities(type_: Type) -> Iterator[str]:
    if isinstance(type_, UnionType):
        for member in type_.leaves():
            yield from _identities(member)
    elif isinstance(type_, LeafrefType):
        yield from _identities(type_.target)
    elif isinstance(type_, IdentityrefType):
        yield from type_.identities


def unsupported(schema: Schema) -> Iterator[tuple[SchemaNode, str]]:
    """Yield the topmost nodes of implemented modules that `schema` leaves out: the parent and the name below it."""
    implemented = {module.name for module in served_modules(schema)}
    yield from _unsupported(schema.root, implemented)


def _unsupported(node: SchemaNode, implemented: set[str]) -> Iterator[tuple[SchemaNode, str]]:
    for name in sorted(node.unsupported):
        if (name.partition(":")[0] if ":" in name else node.module.name) in implemented:
            yield node, name
    for child in node.children.values():
        if child.is_inner:
            yield from _unsupported(child, implemented)


def deviation_module(schema: Schema, full: Schema, defaults: Mapping[str, str] = NO_DEFAULTS) -> str:
    """Return the text of the module that deviates away whatever `schema` leaves out of `full`, the whole set.

    `defaults` are the values of leaves, by their paths, that hold where the model has another default.
    """
    deviate = {f"{parent.path()}/{name}": "deviate not-supported;" for parent, name in unsupported(schema)}
    for path, value in defaults.items():
        deviate[path] = f'deviate replace {{\n      default "{value}";\n    }}'
    imports: dict[str, Module] = {}
    statements = []
    for path, what in deviate.items():
        steps = []
        for step in _way(full.find(path)):
            between = [name for choice, case in step.cases for name in (choice.rpartition("/")[2], case)]
            for qname in [*between, f"{step.module.name}:{step.name}"]:
                owner, _, own_name = qname.partition(":")
                module = imports[owner] = full.modules[owner]
                steps.append(f"/{module.unique_prefix}:{own_name}")
        statements.append(f'  deviation "{"".join(steps)}" {{\n    {what}\n  }}')
    head = [f"module {NAME} {{", "  yang-version 1;", f'  namespace "{NAMESPACE}";', "  prefix nosd;", ""]
    for module in sorted(imports.values(), key=lambda module: module.name):
        head += [f"  import {module.name} {{", f"    prefix {module.unique_prefix};", "  }"]
    head += [
        "",
        '  organization\n    "nos-mgmt";',
        '  contact\n    "The nos-mgmt project";',
        "  description",
        '    "What this server does not implement of its models, because no backend',
        "     that it runs with puts it into effect, and what it does otherwise.",
        '     Generated when it starts.";',
        "",
        f"  revision {REVISION} {{",
        '    description\n      "Generated.";',
        '    reference\n      "docs/models.md of nos-mgmt";',
        "  }",
        "",
    ]
    return "\n".join([*head, *statements, "}", ""])


def _way(node: SchemaNode) -> list[SchemaNode]:
    way: list[SchemaNode] = []
    step: SchemaNode | None = node
    while step is not None and step.parent is not None:
        way.append(step)
        step = step.parent
    return way[::-1]
