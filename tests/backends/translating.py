"""Configuration as translators see it: what a piece of XML calls for, and the leaves that cannot be translated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from backends import Untranslatable
from backends.translator import objects_of
from tests.conftest import config
from tests.openconfig import IANA, INTERFACES, IP, LOCAL_ROUTING, VLAN, static_routes
from yang.xmldata import read_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backends import Backend, Resource
    from backends.translator import AnyTranslator
    from yang.schema import Schema


def translated(translators: Iterable[AnyTranslator], xml: str, schema: Schema) -> list[Resource]:
    """Return what `xml` calls for, in the order of the translators."""
    tree = read_data(config(xml), schema)
    return [
        resource
        for translator in translators
        for path, node in objects_of(translator.path, tree)
        for resource in translator.resources(translator.view(node), path.keys())
    ]


def refused_leaf(translators: Iterable[AnyTranslator], xml: str, schema: Schema, reason: str) -> str:
    """Return the leaf, below its object, at which `xml` cannot be translated; the reason has to be found in the message."""
    with pytest.raises(Untranslatable, match=re.escape(reason)) as refused:
        translated(translators, xml, schema)
    return refused.value.leaf


def leaves_of(translators: Iterable[AnyTranslator], xml: str, schema: Schema, resource: Resource) -> dict[str, str]:
    """Return the leaf of each attribute of `resource`, and under the empty name that of the resource itself."""
    tree = read_data(config(xml), schema)
    for translator in translators:
        for path, node in objects_of(translator.path, tree):
            view = translator.view(node)
            if resource in list(translator.resources(view, path.keys())):
                return {name: translator.leaf_of(resource, name, view) for name in ("", *resource.attributes())}
    raise LookupError(f"nothing calls for {resource}")


def claimed(backend: Backend) -> set[str]:
    """Return all leaves that a backend claims."""
    return {f"{translator.path}/{claim.leaf}" for translator in backend.translators for claim in translator.claims}


def subinterface_xml(inner: str, name: str = "Ethernet1", index: int = 0) -> str:
    """Return a subinterface with whatever stands in it."""
    head = f"<name>{name}</name><config><name>{name}</name><type xmlns:i='{IANA}'>i:ethernetCsmacd</type></config>"
    entry = f"<subinterface><index>{index}</index>{inner}</subinterface>"
    interface = f"<interface>{head}<subinterfaces>{entry}</subinterfaces></interface>"
    return f'<interfaces xmlns="{INTERFACES}">{interface}</interfaces>'


def vlan_xml(new: int | None = None, old: int | None = None) -> str:
    """Return the VLAN of a subinterface, where OpenConfig has it now and where it had it before."""
    match = f"<match><single-tagged><config><vlan-id>{new}</vlan-id></config></single-tagged></match>" if new else ""
    former = f"<config><vlan-id>{old}</vlan-id></config>" if old else ""
    return f'<vlan xmlns="{VLAN}">{former}{match}</vlan>'


def neighbor_xml(address: str, link_layer_address: str | None) -> str:
    """Return a neighbour, to stand in a subinterface."""
    mac = f"<link-layer-address>{link_layer_address}</link-layer-address>" if link_layer_address else ""
    neighbor = f"<neighbor><ip>{address}</ip><config><ip>{address}</ip>{mac}</config></neighbor>"
    family = "ipv6" if ":" in address else "ipv4"
    return f'<{family} xmlns="{IP}"><neighbors>{neighbor}</neighbors></{family}>'


def address_xml(address: str, length: int | None) -> str:
    """Return an address, to stand in a subinterface."""
    prefix_length = f"<prefix-length>{length}</prefix-length>" if length is not None else ""
    entry = f"<address><ip>{address}</ip><config><ip>{address}</ip>{prefix_length}</config></address>"
    family = "ipv6" if ":" in address else "ipv4"
    return f'<{family} xmlns="{IP}"><addresses>{entry}</addresses></{family}>'


def route_xml(prefix: str, *next_hops: str) -> str:
    """Return a static route with the inner XML of its next hops' entries, numbered from 0."""
    hops = "".join(
        f"<next-hop><index>{index}</index><config><index>{index}</index>{leaves}</config>{reference}</next-hop>"
        for index, hop in enumerate(next_hops)
        for leaves, _, reference in (hop.partition("|"),)
    )
    body = f"<next-hops xmlns:r='{LOCAL_ROUTING}'>{hops}</next-hops>" if hops else ""
    return static_routes(f"<static><prefix>{prefix}</prefix><config><prefix>{prefix}</prefix></config>{body}</static>")


def hop_xml(gateway: str = "", interface: str = "", subinterface: int | None = None, metric: int | None = None) -> str:
    """Return the inside of a next hop's entry for `route_xml`; `r:DROP` and the like are gateways here too."""
    leaves = f"<next-hop>{gateway}</next-hop>" if gateway else ""
    leaves += f"<metric>{metric}</metric>" if metric is not None else ""
    reference = f"<interface>{interface}</interface>" if interface else ""
    reference += f"<subinterface>{subinterface}</subinterface>" if subinterface is not None else ""
    return f"{leaves}|" + (f"<interface-ref><config>{reference}</config></interface-ref>" if reference else "")
