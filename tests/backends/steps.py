"""Operations by the way they go, for scenarios that can be read."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from backends import Operation

if TYPE_CHECKING:
    from backends import Resource


def made(*resources: Resource) -> list[Operation]:
    return [Operation(None, resource) for resource in resources]


def changed(*states: Resource) -> list[Operation]:
    """Return the steps from each state of a resource to the next."""
    return [Operation(before, after) for before, after in pairwise(states)]


def gone(*resources: Resource) -> list[Operation]:
    return [Operation(resource, None) for resource in resources]
