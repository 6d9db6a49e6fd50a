"""The kinds of rules that instances are made for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.differential import expression_models, structure_models, type_models

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


class Kind(NamedTuple):
    """One kind of rule: how models with it are made, and how instances of them are."""

    name: str
    make: Callable[[Random], dict[str, str]]
    """Return modules by name, at random."""
    odd: float = 0.02
    """How often a value is beside its type."""
    density: float | None = 0.75
    """How much of what may be there is there; as much as chance will, if None."""
    damage: float = 0.35
    """How often a document is changed after it was made."""
    mended: float = 0.0
    """How often what our engine refuses is taken away before."""


TYPES = [
    Kind(name, make, odd=0.35, density=0.8, damage=0.05)
    for name, make in (
        ("integers", type_models.integers),
        ("decimal64", type_models.decimals),
        ("strings", type_models.strings),
        ("patterns", type_models.patterns),
        ("enumerations", type_models.enumerations),
        ("bits", type_models.bits),
        ("binary", type_models.binaries),
        ("booleans and empty", type_models.booleans),
        ("unions", type_models.unions),
        ("identityref", type_models.identities),
    )
]
STRUCTURE = [
    Kind(name, make, mended=0.3)
    for name, make in (
        ("mandatory", structure_models.mandatory),
        ("choices", structure_models.choices),
        ("elements", structure_models.elements),
        ("unique", structure_models.unique),
        ("keys", structure_models.keys),
        ("presence", structure_models.presence),
        ("anydata", structure_models.anydata),
        ("augments", structure_models.augments),
        ("deviations", structure_models.deviations),
        ("features", structure_models.features),
    )
]
EXPRESSIONS = [
    Kind(name, make, density=None, damage=0.2, mended=0.4)
    for name, make in (
        ("instance-identifier", expression_models.instance_identifiers),
        ("leafref", expression_models.leafrefs),
        ("must", expression_models.musts),
        ("functions", expression_models.functions),
        ("axes", expression_models.axes),
        ("when", expression_models.whens),
        ("when on uses and augment", expression_models.whens_around),
    )
]
OPENCONFIG = Kind("OpenConfig", lambda _: {}, odd=0.03, damage=0.25, mended=0.7)
KINDS = {kind.name: kind for kind in [*TYPES, *STRUCTURE, *EXPRESSIONS, OPENCONFIG]}
