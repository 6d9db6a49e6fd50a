"""From OpenConfig's static routes to the kernel's main table."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar

from backends.configuration import (
    IPV6_METRIC,
    STATIC_CLAIMS,
    STATIC_ROUTE,
    StaticView,
    canonical_prefix,
    next_hop_leaf,
    next_hops,
    static_places,
)
from backends.kernel.resources import Hop, Route
from backends.translator import Translator, Untranslatable
from yang.bindings.openconfig_local_routing import LocalDefinedNextHop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.resource import Resource
    from yang.tree import Key


class StaticRoute(Translator[StaticView]):
    """The next hops of one prefix: one route for each metric among them."""

    path: ClassVar[str] = STATIC_ROUTE
    claims = STATIC_CLAIMS
    view = StaticView

    def resources(self, view: StaticView, keys: tuple[Key, ...]) -> Iterator[Resource]:
        """Yield the routes."""
        prefix = canonical_prefix(str(keys[2][0]))
        hops: defaultdict[int, set[Hop]] = defaultdict(set)
        drops: set[int] = set()
        for hop in next_hops(view, prefix):
            if ":" in prefix and not hop.metric:
                raise Untranslatable(
                    f"the kernel has no metric 0 in IPv6: it would be {IPV6_METRIC}", hop.leaf("metric")
                )
            if hop.drops:
                drops.add(hop.metric)
            else:
                hops[hop.metric].add(Hop(hop.gateway, hop.interface))
        for metric in sorted(hops.keys() | drops):
            if metric in drops and metric in hops:
                raise Untranslatable(
                    f"{prefix} is dropped and forwarded with the same metric {metric}", "config/prefix"
                )
            yield Route(prefix, metric, tuple(sorted(hops.get(metric, ()))))

    def leaf_of(self, resource: Resource, attribute: str, view: StaticView) -> str:
        """Return the leaf that gave an attribute: that of the next hop, if the route has but one."""
        return next_hop_leaf(view, super().leaf_of(resource, attribute, view))

    def value_of(self, resource: Resource, attribute: str, leaf: str) -> Any:
        """Return the address or the link of a route's next hop, if it has but one."""
        if attribute != "next_hops" or not isinstance(resource, Route):
            return super().value_of(resource, attribute, leaf)
        if not resource.next_hops:
            return str(LocalDefinedNextHop.DROP) if leaf.endswith("next-hop") else None
        gateway, interface = resource.next_hops[0]
        return (gateway if leaf.endswith("next-hop") else interface) or None

    def places(self, resource: Resource) -> Iterator[tuple[Key | None, ...]]:
        """Yield the place of a route."""
        if isinstance(resource, Route):
            yield from static_places(resource.prefix)
