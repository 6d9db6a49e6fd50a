"""What is changed with `ip` behind the server's back, and what it should say of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backends.kernel.resources import Address, Neighbor, Port, Route
from tests.openconfig import interface, interfaces, route, static_routes

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from backends.resource import Key

MAC, OTHER_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:0b"


class Expected(NamedTuple):
    """One deviation that is to be found."""

    key: Key
    attribute: str
    wanted: str | None
    found: str | None
    path: str
    """How its path ends."""


class Change(NamedTuple):
    """Some commands for `ip`, and what follows from them."""

    commands: tuple[str, ...]
    expected: Expected
    is_adoptable: bool = True
    is_wide: bool = False
    """Whether the kernel drops other things of the port along with it."""


class Site(NamedTuple):
    """A port with all that is configured on it, the numbers of which come from its own."""

    number: int

    @property
    def port(self) -> str:
        return f"Ethernet{self.number}"

    @property
    def prefix(self) -> str:
        return f"192.0.{self.number}.0/24"

    @property
    def net(self) -> str:
        return f"10.0.{self.number}"

    @property
    def net6(self) -> str:
        return f"2001:db8:{self.number}:"

    def resources(self) -> set[Key]:
        """Return the keys of all that anybody may find on it."""
        return {
            Port(self.port).key,
            *(Address(self.port, f"{self.net}.{n}", 24).key for n in (1, 77)),
            *(Address(self.port, f"{self.net6}:{n}", 64).key for n in (1, 77)),
            *(Neighbor(self.port, f"{self.net}.{n}", MAC).key for n in (9, 78)),
            Route(self.prefix, 0, ()).key,
            Route(f"203.0.{self.number}.0/24", 0, ()).key,
        }

    def configuration(self) -> str:
        neighbor = (
            f"<neighbors><neighbor><ip>{self.net}.9</ip><config><ip>{self.net}.9</ip>"
            f"<link-layer-address>{MAC}</link-layer-address></config></neighbor></neighbors>"
        )
        port = interface(self.port, f"{self.net}.1/24", f"{self.net6}:1/64", mtu=2000, description="mine")
        return interfaces(port.replace("</ipv4>", neighbor + "</ipv4>")) + static_routes(
            route(self.prefix, f"{self.net}.2")
        )

    def restoring(self) -> list[str]:
        """Return commands that bring it back to its configuration, whatever was done to it; some of them may fail."""
        return [
            f"link set {self.port} up mtu 2000 alias mine",
            f"addr del {self.net}.77/24 dev {self.port}",
            f"addr del {self.net6}:77/64 dev {self.port}",
            f"addr del {self.net}.1/25 dev {self.port}",
            f"addr replace {self.net}.1/24 dev {self.port}",
            f"addr replace {self.net6}:1/64 dev {self.port} nodad",
            f"neigh del {self.net}.78 dev {self.port}",
            f"neigh replace {self.net}.9 lladdr {MAC} dev {self.port} nud permanent",
            f"route del 203.0.{self.number}.0/24",
            f"route replace {self.prefix} via {self.net}.2 proto 201",
        ]


def changes(site: Site, random: Random) -> list[Change]:
    """Return what can be done to a site that is as it is configured."""
    port, net, net6, prefix, extra = site.port, site.net, site.net6, site.prefix, f"203.0.{site.number}.0/24"
    mtu, alias = str(random.randrange(1300, 1900)), f"theirs-{random.randrange(10**6)}"
    port_key, route_key = Port(port).key, Route(prefix, 0, ()).key
    address, address6 = Address(port, f"{net}.1", 24).key, Address(port, f"{net6}:1", 64).key
    neighbor = Neighbor(port, f"{net}.9", MAC).key
    way, other_way = f"next_hops {net}.2 {port}", f"{net}.3 {port}"
    at_address, at_6 = f"address[ip='{net}.1']", f"address[ip='{net6}:1']"
    at_neighbor, at_route = f"neighbor[ip='{net}.9']", f"static[prefix='{prefix}']"
    at_port = f"interface[name='{port}']/config"
    at_hop = f"{at_route}/next-hops/next-hop[index='0']/config/next-hop"
    route_gone = Expected(route_key, "", way, None, at_route)
    return [
        Change((f"link set {port} mtu {mtu}",), Expected(port_key, "mtu", "2000", mtu, f"{at_port}/mtu")),
        Change(
            (f"link set {port} alias {alias}",), Expected(port_key, "alias", "mine", alias, f"{at_port}/description")
        ),
        Change(
            (f"link set {port} down",),
            Expected(port_key, "enabled", "true", "false", f"{at_port}/enabled"),
            is_wide=True,
        ),
        Change((f"link set {port} down", f"link set {port} up"), route_gone, is_wide=True),
        Change(
            (f"addr del {net}.1/24 dev {port}",),
            Expected(address, "", "prefix_length 24", None, at_address),
            is_wide=True,
        ),
        Change(
            (f"addr del {net}.1/24 dev {port}", f"addr add {net}.1/25 dev {port}"),
            Expected(address, "prefix_length", "24", "25", f"{at_address}/config/prefix-length"),
            is_wide=True,
        ),
        Change(
            (f"addr add {net}.77/24 dev {port}",),
            Expected(
                Address(port, f"{net}.77", 24).key, "", None, "prefix_length 24", f"addresses/address[ip='{net}.77']"
            ),
        ),
        Change((f"addr del {net6}:1/64 dev {port}",), Expected(address6, "", "prefix_length 64", None, at_6)),
        Change(
            (f"addr add {net6}:77/64 dev {port} nodad",),
            Expected(
                Address(port, f"{net6}:77", 64).key, "", None, "prefix_length 64", f"addresses/address[ip='{net6}:77']"
            ),
        ),
        Change(
            (f"neigh replace {net}.9 lladdr {OTHER_MAC} dev {port} nud permanent",),
            Expected(neighbor, "link_layer_address", MAC, OTHER_MAC, f"{at_neighbor}/config/link-layer-address"),
        ),
        Change(
            (f"neigh del {net}.9 dev {port}",),
            Expected(neighbor, "", f"link_layer_address {MAC}", None, at_neighbor),
        ),
        Change(
            (f"neigh add {net}.78 lladdr {MAC} dev {port} nud permanent",),
            Expected(
                Neighbor(port, f"{net}.78", MAC).key,
                "",
                None,
                f"link_layer_address {MAC}",
                f"neighbors/neighbor[ip='{net}.78']",
            ),
        ),
        Change((f"route del {prefix}",), route_gone),
        Change(
            (f"route replace {prefix} via {net}.3 proto 201",),
            Expected(route_key, "next_hops", way.removeprefix("next_hops "), other_way, at_hop),
        ),
        Change((f"route replace {prefix} via {net}.3 proto static",), route_gone),
        Change(
            (f"route add {extra} via {net}.3 proto 201",),
            Expected(
                Route(extra, 0, ()).key, "", None, f"next_hops {other_way}", f"static-routes/static[prefix='{extra}']"
            ),
            is_adoptable=False,
        ),
    ]


def noise(site: Site, random: Random) -> list[str]:
    """Return something that is none of the server's business, or takes itself back."""
    port, net, number = site.port, site.net, site.number
    choices: list[Callable[[], list[str]]] = [
        lambda: [f"route add 198.51.{number}.0/24 via {net}.3 proto static", f"route del 198.51.{number}.0/24"],
        lambda: [f"neigh replace {net}.50 lladdr {MAC} dev {port} nud reachable"],
        lambda: [f"addr replace {net}.60/24 dev {port} valid_lft 5 preferred_lft 5"],
        lambda: [f"addr add fe80::{random.randrange(1, 9999)}/64 dev {port}"],
        lambda: [f"link set Ethernet6 mtu {random.randrange(1300, 1900)}", "addr add 172.16.0.1/24 dev Ethernet6"],
        lambda: ["addr flush dev Ethernet6", "link set Ethernet6 up"],
        lambda: [f"route add 198.51.{number}.0/25 via {net}.3 proto 201 table 100"],
    ]
    return random.choice(choices)()
