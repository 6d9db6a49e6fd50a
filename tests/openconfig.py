"""OpenConfig configuration as XML, for tests."""

from __future__ import annotations

INTERFACES = "http://openconfig.net/yang/interfaces"
IP = "http://openconfig.net/yang/interfaces/ip"
VLAN = "http://openconfig.net/yang/vlan"
INSTANCE = "http://openconfig.net/yang/network-instance"
INSTANCE_TYPES = "http://openconfig.net/yang/network-instance-types"
POLICY_TYPES = "http://openconfig.net/yang/policy-types"
LOCAL_ROUTING = "http://openconfig.net/yang/local-routing"
IANA = "urn:ietf:params:xml:ns:yang:iana-if-type"


def interfaces(*entries: str) -> str:
    """Return the interfaces container."""
    return f'<interfaces xmlns="{INTERFACES}">{"".join(entries)}</interfaces>'


def interface(
    name: str,
    *addresses: str,
    type_: str = "ethernetCsmacd",
    mtu: int | None = None,
    description: str | None = None,
    enabled: bool | None = None,
    more: str = "",
) -> str:
    """Return an interface with addresses such as `10.0.0.1/24` on its subinterface 0."""
    leaves = [f"<name>{name}</name>", f'<type xmlns:i="{IANA}">i:{type_}</type>']
    if mtu is not None:
        leaves.append(f"<mtu>{mtu}</mtu>")
    if description is not None:
        leaves.append(f"<description>{description}</description>")
    if enabled is not None:
        leaves.append(f"<enabled>{str(enabled).lower()}</enabled>")
    inner = subinterface(0, *addresses) if addresses else ""
    below = f"<subinterfaces>{inner}{more}</subinterfaces>" if inner or more else ""
    return f"<interface><name>{name}</name><config>{''.join(leaves)}</config>{below}</interface>"


def subinterface(index: int, *addresses: str, vlan: int | None = None) -> str:
    """Return a subinterface."""
    parts = [f"<index>{index}</index><config><index>{index}</index></config>"]
    if vlan is not None:
        match = f"<match><single-tagged><config><vlan-id>{vlan}</vlan-id></config></single-tagged></match>"
        parts.append(f'<vlan xmlns="{VLAN}">{match}</vlan>')
    for family, is_6 in (("ipv4", False), ("ipv6", True)):
        mine = [address for address in addresses if (":" in address) is is_6]
        if mine:
            parts.append(f'<{family} xmlns="{IP}"><addresses>{"".join(map(_address, mine))}</addresses></{family}>')
    return f"<subinterface>{''.join(parts)}</subinterface>"


def _address(address: str) -> str:
    ip, _, length = address.partition("/")
    return f"<address><ip>{ip}</ip><config><ip>{ip}</ip><prefix-length>{length}</prefix-length></config></address>"


def static_routes(*routes: str) -> str:
    """Return the default network instance with static routes."""
    identifier = f'<identifier xmlns:p="{POLICY_TYPES}">p:STATIC</identifier>'
    return (
        f'<network-instances xmlns="{INSTANCE}"><network-instance><name>DEFAULT</name><config><name>DEFAULT</name>'
        f'<type xmlns:t="{INSTANCE_TYPES}">t:DEFAULT_INSTANCE</type></config><protocols><protocol>'
        f"{identifier}<name>static</name><config>{identifier}<name>static</name></config>"
        f"<static-routes>{''.join(routes)}</static-routes></protocol></protocols></network-instance></network-instances>"
    )


def route(prefix: str, *next_hops: str) -> str:
    """Return a static route; a next hop is an address, `DROP`, `@Ethernet1` for a link, or `ADDRESS metric N`."""
    hops = "".join(_next_hop(index, hop) for index, hop in enumerate(next_hops))
    below = f"<next-hops>{hops}</next-hops>" if hops else ""
    return f"<static><prefix>{prefix}</prefix><config><prefix>{prefix}</prefix></config>{below}</static>"


def _next_hop(index: int, hop: str) -> str:
    value, _, metric = hop.partition(" metric ")
    leaves, reference = f"<index>{index}</index>", ""
    if value == "DROP":
        leaves += f'<next-hop xmlns:r="{LOCAL_ROUTING}">r:DROP</next-hop>'
    elif value.startswith("@"):
        reference = f"<interface-ref><config><interface>{value[1:]}</interface></config></interface-ref>"
    else:
        leaves += f"<next-hop>{value}</next-hop>"
    if metric:
        leaves += f"<metric>{metric}</metric>"
    return f"<next-hop><index>{index}</index><config>{leaves}</config>{reference}</next-hop>"
