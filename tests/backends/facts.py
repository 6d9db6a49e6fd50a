"""Facts for the tests of resources: those that are given, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backends import Facts, Unmet
from backends.resource import address_of, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends import Fact, Resource


class Known(Facts):
    """Knows what resources offer, and a few other facts."""

    def __init__(self, *resources: Resource, facts: Mapping[Fact, Any] | None = None) -> None:
        self.facts: dict[Fact, Any] = dict(facts or {})
        for resource in resources:
            self.facts |= {resource.key: resource, **resource.offers()}
        self.asked: list[Fact] = []

    def get(self, fact: Fact) -> Any | None:
        self.asked.append(fact)
        return self.facts.get(fact)

    def require(self, fact: Fact) -> Any:
        found = self.get(fact)
        if found is None:
            raise Unmet(f"it waits for {named(fact)}")
        return found

    def reach(self, scope: str, address: str) -> Any | None:
        version, number = address_of(address)
        bits = 32 if version == 4 else 128
        for length in range(bits, -1, -1):
            network = number >> (bits - length) << (bits - length)
            found = self.facts.get((scope, version, network, length))
            if found is not None:
                return found
        return None
