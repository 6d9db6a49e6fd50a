"""One commit with everything in it: created, updated, replaced and deleted, in the kernel and in the chip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datastore.history import Author
from tests.conftest import config
from tests.faults.what_there_is import kernel_state
from tests.openconfig import interface, interfaces, route, static_routes
from yang.edit import edit_config
from yang.tree import Node

if TYPE_CHECKING:
    from backends.hardware.simulated import SimulatedAsic
    from nos_mgmt.device import Device

ME = Author("me", 1, "test")

BEFORE = interfaces(
    interface("Ethernet1", "10.0.0.1/24", "2001:db8::1/64", mtu=9000, description="one"),
    interface("Ethernet2", "10.0.1.1/24", "2001:db8:0:1::1/64"),
    interface("Ethernet3", "10.0.2.1/24"),
    interface("lo7", "10.7.0.1/32", type_="softwareLoopback"),
) + static_routes(
    route("192.0.2.0/24", "10.0.0.2"),
    route("198.51.100.0/24", "10.0.0.2", "10.0.1.2"),
    route("203.0.113.0/24", "10.0.2.2"),
    route("2001:db8:1::/48", "2001:db8::2"),
)
AFTER = interfaces(
    # its network shrinks under a route, and an update
    interface("Ethernet1", "10.0.0.1/25", "2001:db8::1/64", mtu=1400, description="first"),
    # an address that moves here, with the way through it
    interface("Ethernet3", "10.0.1.1/24", "2001:db8:0:1::1/64"),
    # new ones, while lo7 and what is on Ethernet2 go
    interface("Ethernet4", "10.0.4.1/24"),
    interface("lo8", "10.8.0.1/32", "2001:db8::8/128", type_="softwareLoopback"),
) + static_routes(
    route("192.0.2.0/24", "10.0.0.2", "10.0.4.2"),
    route("198.51.100.0/24", "10.0.1.2"),
    route("100.64.0.0/10", "DROP"),
    route("2001:db8:1::/48", "2001:db8:0:1::2"),
)


def tree(device: Device, content: str) -> Node:
    return edit_config(Node(device.schema.root, {}), config(content))


def put(device: Device, content: str) -> None:
    """Make a configuration the candidate."""
    device.datastores.edit(1, lambda _: tree(device, content))


def commit(device: Device, content: str) -> int | None:
    put(device, content)
    return device.datastores.commit(1, ME).commit_id


def everything(namespace: str, chip: SimulatedAsic) -> tuple[dict[str, list[Any]], dict[Any, Any]]:
    """Return all that both systems have."""
    return kernel_state(namespace), dict(chip._objects)
