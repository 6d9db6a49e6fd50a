"""A device whose configuration is committed as text, and the network around it, seen with iproute2 and ping."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from backends.kernel import namespaces
from datastore.history import Author
from tests.backends.linux import ip
from tests.conftest import needs
from tests.datastore.configurations import tree_of
from tests.faults.what_there_is import kernel_state, settled, steady
from tests.openconfig import INTERFACES, interface, subinterface
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from datastore.committer import Committed
    from nos_mgmt.device import Device

ME = Author("me", 1, "test")


def vlan(
    index: int,
    *addresses: str,
    vlan_id: int | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> str:
    """Return a subinterface that takes the VLAN of its index, or another one."""
    plain = subinterface(index, *addresses, vlan=index if vlan_id is None else vlan_id)
    leaves = f"<index>{index}</index>"
    if description is not None:
        leaves += f"<description>{description}</description>"
    if enabled is not None:
        leaves += f"<enabled>{str(enabled).lower()}</enabled>"
    return plain.replace(f"<config><index>{index}</index></config>", f"<config>{leaves}</config>", 1)


def port(name: str, *vlans: str, mtu: int | None = None, enabled: bool | None = None) -> str:
    """Return a port with VLANs."""
    return interface(name, mtu=mtu, enabled=enabled, more="".join(vlans))


class Network:
    """A device, its namespace, and the one at the far ends of its ports."""

    def __init__(self, device: Device, namespace: str) -> None:
        self.device = device
        self.namespace = namespace
        self.hosts: list[Host] = []

    def plan(self, content: str) -> list[str]:
        """Make a configuration the candidate, and return the operations that its commit would take."""
        tree = tree_of(self.device.schema, content)
        self.device.datastores.edit(1, lambda _: tree)
        return [f"{step.operation.action} {' '.join(map(str, step.operation.key[1:]))}"
                for step in self.device.datastores.plan().steps]  # fmt: skip

    def commit(self, content: str) -> Committed:
        """Make a configuration running, and look whether the kernel has all that was planned."""
        self.plan(content)
        done = self.device.datastores.commit(1, ME)
        wanted = {key: target for key, target in done.plan.targets.items() if target is not None}
        assert self.device.backends[0].read(list(done.plan.targets)) == wanted
        return done

    def roll_back(self, commit_id: int) -> None:
        """Make the configuration of an earlier commit running."""
        self.device.datastores.roll_back(1, self.device.history.configuration(commit_id), ME, "back")

    def deferred(self) -> dict[str, str]:
        """Return the reasons of what waits, by name, once what is being seen to has been done."""
        # a port that came is told of as not waiting any more before what is on it is made
        with self.device.committer.at_rest():
            return {" ".join(map(str, one.key[1:])): one.reason for one in self.device.committer.deferred()}

    def state(self) -> dict[str, list[Any]]:
        """Return all that the kernel has, once it does not change any more."""
        found: dict[str, list[Any]] = steady(lambda: kernel_state(self.namespace))
        return found

    def settled(self, wanted: dict[str, list[Any]]) -> list[str]:
        """Return how the kernel differs from a state in the end."""
        return settled(self.namespace, wanted)

    def operational(self, name: str, index: int) -> dict[str, Any]:
        """Return the state leaves of a subinterface, as a client gets them."""
        filter_ = f'<a><interfaces xmlns="{INTERFACES}"><interface><name>{name}</name></interface></interfaces></a>'
        device = self.device
        tree = device.operational.view(
            device.datastores.running, device.deferred_paths(), list(parse_document(filter_.encode()))
        )
        entry = tree.get("openconfig-interfaces:interfaces").get("interface").get((name,))
        found = entry.get("subinterfaces").get("subinterface").get((index,)).get("state")
        return dict(found.children)

    def ip(self, *words: str) -> str:
        """Return the output of iproute2 in the device's namespace."""
        return ip(self.namespace, *words)

    def far(self, *words: str) -> str:
        """Return the output of iproute2 at the far ends."""
        return ip(f"{self.namespace}-far", *words)

    def link(self, name: str) -> dict[str, Any]:
        """Return what iproute2 tells of one link of the device."""
        (found,) = json.loads(self.ip("-json -d link show dev", name))
        assert isinstance(found, dict)
        return found

    def names(self) -> set[str]:
        """Return the names of the device's links that are neither `lo` nor ports."""
        links = {link["ifname"] for link in json.loads(self.ip("-json link show"))}
        return {name for name in links if name != "lo" and (not name.startswith("Ethernet") or "." in name)}

    def replace_far(self, name: str) -> None:
        """Put a port back that was taken away, with its far end up."""
        self.ip("link add", name, "type veth peer name", name, "netns", f"{self.namespace}-far")
        self.far("link set", name, "up")

    def far_vlan(self, name: str, vlan_id: int, *addresses: str) -> None:
        """Have a VLAN with addresses at the far end of a port."""
        self.far(f"link add link {name} name {name}.{vlan_id} type vlan id {vlan_id}")
        self.far(f"link set {name}.{vlan_id} up")
        for address in addresses:
            self.far(f"addr add {address} dev {name}.{vlan_id}", "nodad" if ":" in address else "")

    def far_host(self, name: str, vlan_id: int, address: str, *, gateway: str) -> Host:
        """Have a host of its own at the far end of a port, in a VLAN: a namespace that takes that end."""
        host = Host(f"{self.namespace}-host")
        self.hosts.append(host)
        subprocess.run([needs("ip"), "netns", "add", host.namespace], check=True)
        self.far("link set", name, "netns", host.namespace)
        for words in (
            f"link set {name} up",
            f"link add link {name} name {name}.{vlan_id} type vlan id {vlan_id}",
            f"link set {name}.{vlan_id} up",
            f"addr add {address} dev {name}.{vlan_id}",
            f"route add default via {gateway}",
        ):
            ip(host.namespace, words)
        return host

    def answers(self, address: str, *options: str, count: int = 1, far: bool = False) -> int:
        """Return how many of some pings are answered, sent from the device or from the far ends."""
        return Host(f"{self.namespace}-far" if far else self.namespace).answers(address, *options, count=count)

    def close(self) -> None:
        """Remove the hosts."""
        namespaces.remove(*[host.namespace for host in self.hosts])


class Host:
    """A namespace that sends."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def answers(self, address: str, *options: str, count: int = 1) -> int:
        """Return how many of some pings are answered within a second, or as `-W` among the options says."""
        command = [
            needs("ip"),
            "netns",
            "exec",
            self.namespace,
            needs("ping"),
            "-n",
            "-q",
            "-c",
            f"{count}",
            "-i",
            "0.01",
        ]
        done = subprocess.run([*command, "-W", "1", *options, address], capture_output=True, text=True, check=False)
        received = [part for part in done.stdout.split(", ") if part.endswith("received")]
        assert received, done.stderr
        return int(received[0].split()[0])
