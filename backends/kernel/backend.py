"""The kernel backend: links, addresses, neighbours and routes of one network namespace, through rtnetlink."""

from __future__ import annotations

import errno
import socket
import struct
import threading
from collections import defaultdict
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, cast

from backends.backend import Backend
from backends.configuration import NetworkInstance, Protocol
from backends.kernel import netlink as nl
from backends.kernel.interfaces import interface_translators
from backends.kernel.messages import (
    ADDRESS,
    LINK_TYPES,
    MAIN_TABLE,
    NEIGHBOR,
    PROTOCOL,
    ROUTE,
    LinkState,
    RouteMessages,
    address_message,
    family,
    link_changes,
    link_creation,
    link_resource,
    neighbor_message,
    packed,
    read_address,
    read_link,
    read_neighbor,
    read_route,
)
from backends.kernel.netlink import IFINFO, Message, Netlink, NetlinkError, attribute, link_payload
from backends.kernel.resources import Address, Hop, Link, Neighbor, Port, Route, VlanLink
from backends.kernel.routes import StaticRoute
from backends.kernel.state import InterfaceState
from backends.operation import BackendLost, Failure, OperationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key, Resource

LINK_KINDS = frozenset({Port.kind, Link.kind, VlanLink.kind})
FEW = 32
"""Up to so many things are asked for one by one; for more, everything is listed."""
FIB_MATCH = 0x2000
PROBE = "nos-probe"


class KernelBackend(Backend):
    """Puts interfaces, addresses and static routes into effect in a Linux network namespace."""

    name: ClassVar[str] = "kernel"
    resources = (Port, Link, VlanLink, Address, Neighbor, Route)

    def __init__(self, namespace: str | None = None) -> None:
        """Work in `namespace`, or in the process's own.

        Raises:
            OSError: There is no such namespace, or no right to enter it or to change it.
        """
        self._namespace = namespace
        self._netlink = Netlink(namespace)
        self._monitor: Netlink | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.offered = self._probe()
        self._loopback = next((kind for kind in ("dummy", "ifb") if kind in self.offered), "")
        self.translators = (
            *interface_translators(
                has_loopbacks=bool(self._loopback),
                has_bridges="bridge" in self.offered,
                has_vlans="vlan" in self.offered,
            ),
            NetworkInstance(),
            Protocol(),
            StaticRoute(),
        )
        self._interfaces = InterfaceState(self.links)
        self.state = (self._interfaces,)

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        """Return what the kernel has of `keys`."""
        wanted: defaultdict[str, set[Key]] = defaultdict(set)
        for key in keys:
            wanted[key[0]].add(key)
        found: dict[Key, Resource] = {}
        try:
            links = {key[1] for kind in LINK_KINDS & wanted.keys() for key in wanted[kind]}
            names = links | {key[1] for kind in (Address.kind, Neighbor.kind) for key in wanted[kind]}
            here = self.links(names if len(names) <= FEW else None)
            name_of = self._namer(here)
            indexes = [state.ifindex for state in here.values()] if len(names) <= FEW else [0]
            resources = [link_resource(state, name_of) for name, state in here.items() if name in links]
            if wanted[Address.kind]:
                resources += [read_address(payload, name_of) for payload in self._addresses(indexes)]
            if wanted[Neighbor.kind]:
                resources += [read_neighbor(payload, name_of) for payload in self._neighbors(indexes)]
            if wanted[Route.kind]:
                resources += self._routes(wanted[Route.kind], name_of)
        except OSError as error:
            raise BackendLost(f"the kernel does not answer: {error}") from error
        for resource in resources:
            if resource is not None and resource.key in wanted[resource.kind]:
                found[resource.key] = resource
        return found

    def execute(self, operations: Sequence[Operation]) -> None:
        """Send `operations` in as few batches as their kinds allow: links first get their numbers when they are made."""
        failures: dict[int, Failure] = {}
        try:
            for kind, run in groupby(enumerate(operations), key=lambda item: _batch(item[1])):
                batch = list(run)
                if kind == "others":
                    self._send(self._other_requests(batch, failures), failures)
                else:
                    self._send(self._removals_and_creations(batch, failures), failures)
                    self._send(self._link_changes(batch, failures), failures)
        except OSError as error:
            raise BackendLost(f"the kernel does not answer: {error}") from error
        if failures:
            raise OperationFailed(failures)

    def owned(self) -> Iterable[Resource]:
        """Return the routes that carry our protocol number."""
        name_of = self._namer(self.links())
        return [route for route in self._listed_routes(name_of) if route is not None]

    def links(self, names: Collection[str] | None = None) -> dict[str, LinkState]:
        """Return the links with `names`, or all, by name."""
        found: dict[str, LinkState] = {}
        if names is None:
            for _, payload in self._netlink.ask(Message(nl.GETLINK, nl.DUMP, IFINFO.pack(0, 0, 0, 0, 0))):
                state = read_link(payload)
                found[state.name] = state
            return found
        for name in names:
            with suppress(NetlinkError):
                for _, payload in self._netlink.ask(
                    Message(nl.GETLINK, 0, link_payload(attrs=[("IFLA_IFNAME", name)]))
                ):
                    found[name] = read_link(payload)
        return found

    def watch(self, changed: Callable[[Collection[Key]], None]) -> None:
        """Report ports that come and go."""
        self._monitor = Netlink(self._namespace, nl.GROUP_LINK)
        self._interfaces.start(self.links().values())
        self._thread = threading.Thread(
            target=self._follow, args=(self._monitor, changed), name="kernel monitor", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop watching and close the sockets."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        if self._monitor is not None:
            self._monitor.close()
        self._netlink.close()

    def _probe(self) -> frozenset[str]:
        """Return the kinds of links that this kernel can make."""
        kinds = set()
        for kind in LINK_TYPES:
            info = {"attrs": [("IFLA_INFO_KIND", kind)]}
            attrs = [("IFLA_IFNAME", PROBE), ("IFLA_LINKINFO", info)]
            refused = self._netlink.send([Message(nl.NEWLINK, nl.CREATE | nl.EXCL, link_payload(attrs=attrs))])
            if 0 in refused and refused[0].code == "EPERM":
                raise PermissionError(refused[0].errno, "no right to change the network")
            if not refused:
                self._netlink.send([Message(nl.DELLINK, 0, link_payload(attrs=[("IFLA_IFNAME", PROBE)]))])
                kinds.add(kind)
        if self._has_vlans():
            kinds.add("vlan")
        return frozenset(kinds)

    def _has_vlans(self) -> bool:
        """Return whether the kernel knows VLAN links: without a parent it then complains of something else."""
        info = {"attrs": [("IFLA_INFO_KIND", "vlan"), ("IFLA_INFO_DATA", {"attrs": [("IFLA_VLAN_ID", 1)]})]}
        attrs = [("IFLA_IFNAME", PROBE), ("IFLA_LINKINFO", info)]
        refused = self._netlink.send([Message(nl.NEWLINK, nl.CREATE | nl.EXCL, link_payload(attrs=attrs))])
        return not refused or refused[0].errno != errno.EOPNOTSUPP

    def _namer(self, known: Mapping[str, LinkState]) -> Callable[[int], str]:
        """Return the function that gives the name of a link's index; links that are not in `known` are asked for."""
        names = {state.ifindex: state.name for state in known.values()}

        def name_of(index: int) -> str:
            name = names.get(index)
            if name is None:
                try:
                    answers = self._netlink.ask(Message(nl.GETLINK, 0, link_payload(index)))
                    name = read_link(answers[0][1]).name
                except NetlinkError:
                    name = f"#{index}"
                names[index] = name
            return name

        return name_of

    def _addresses(self, indexes: Collection[int]) -> Iterator[bytes]:
        for index in indexes:
            for af in (socket.AF_INET, socket.AF_INET6):
                request = Message(nl.GETADDR, nl.DUMP, ADDRESS.pack(af, 0, 0, 0, index))
                yield from (payload for kind, payload in self._ask_if_there(request) if kind == nl.NEWADDR)

    def _neighbors(self, indexes: Collection[int]) -> Iterator[bytes]:
        for index in indexes:
            for af in (socket.AF_INET, socket.AF_INET6):
                only = attribute(8, struct.pack("=I", index)) if index else b""
                request = Message(nl.GETNEIGH, nl.DUMP, NEIGHBOR.pack(af, 0, 0, 0, 0) + only)
                yield from (payload for kind, payload in self._ask_if_there(request) if kind == nl.NEWNEIGH)

    def _ask_if_there(self, request: Message) -> list[tuple[int, bytes]]:
        try:
            return self._netlink.ask(request)
        except NetlinkError as error:
            if error.code == "ENODEV":
                return []
            raise

    def _routes(self, keys: set[Key], name_of: Callable[[int], str]) -> list[Route | None]:
        """Return the routes with `keys`: looked up one by one if they are few, otherwise all that are ours."""
        if len(keys) > FEW:
            return list(self._listed_routes(name_of))
        found: list[Route | None] = []
        for key in keys:
            route = self._route(key, name_of)
            if route is None or route.key != key:
                # another route answers for the address that was asked about: only the list tells
                return list(self._listed_routes(name_of))
            found.append(route)
        return found

    def _route(self, key: Key, name_of: Callable[[int], str]) -> Route | None:
        """Return the route that the kernel takes for the first address of a prefix."""
        address = key[1].partition("/")[0]
        octets = packed(address)
        payload = ROUTE.pack(family(address), len(octets) * 8, 0, 0, 0, 0, 0, 0, FIB_MATCH)
        try:
            answers = self._netlink.ask(Message(nl.GETROUTE, 0, payload + attribute(1, octets)))
        except NetlinkError:
            return None
        return next((read_route(payload, name_of) for kind, payload in answers if kind == nl.NEWROUTE), None)

    def _listed_routes(self, name_of: Callable[[int], str]) -> Iterator[Route | None]:
        for af in (socket.AF_INET, socket.AF_INET6):
            payload = ROUTE.pack(af, 0, 0, 0, MAIN_TABLE, PROTOCOL, 0, 0, 0)
            for kind, answer in self._netlink.ask(Message(nl.GETROUTE, nl.DUMP, payload)):
                if kind == nl.NEWROUTE:
                    yield read_route(answer, name_of)

    def _send(self, requests: Iterable[tuple[int, Message]], failures: dict[int, Failure]) -> None:
        """Send requests, each with the index of its operation, and note the operations that are refused."""
        pairs = list(requests)
        for position, error in self._netlink.send([message for _, message in pairs]).items():
            failures.setdefault(pairs[position][0], Failure(error.reason, error.code))

    def _removals_and_creations(
        self, batch: Sequence[tuple[int, Operation]], failures: dict[int, Failure]
    ) -> Iterator[tuple[int, Message]]:
        here = self._links_of(batch)
        for number, operation in batch:
            resource = operation.resource
            if operation.after is None and resource.key[1] in here:
                yield number, Message(nl.DELLINK, 0, link_payload(here[resource.key[1]].ifindex))
            elif operation.before is None:
                parent = resource.parent if isinstance(resource, VlanLink) else ""
                if parent and parent not in here:
                    failures[number] = Failure(f"there is no link {parent}", "ENODEV", "parent")
                else:
                    index = here[parent].ifindex if parent else 0
                    yield number, link_creation(resource, index, self._loopback)

    def _link_changes(
        self, batch: Sequence[tuple[int, Operation]], failures: dict[int, Failure]
    ) -> Iterator[tuple[int, Message]]:
        """Yield what is to be set on links once they are made; one whose making was refused is left alone."""
        kept = [
            (number, operation) for number, operation in batch if operation.after is not None and number not in failures
        ]
        here = self._links_of(kept)
        for number, operation in kept:
            state = here.get(operation.key[1])
            if state is None:
                failures[number] = Failure(f"there is no link {operation.key[1]}", "ENODEV")
            else:
                yield from ((number, message) for message in link_changes(operation, state.ifindex))

    def _links_of(self, batch: Sequence[tuple[int, Operation]]) -> dict[str, LinkState]:
        names = {operation.key[1] for _, operation in batch}
        names |= {resource.parent for _, operation in batch if isinstance(resource := operation.resource, VlanLink)}
        return self.links(names if len(names) <= FEW else None)

    def _other_requests(
        self, batch: Sequence[tuple[int, Operation]], failures: dict[int, Failure]
    ) -> Iterator[tuple[int, Message]]:
        names: set[str] = set()
        hops: set[tuple[Hop, ...]] = set()
        for _, operation in batch:
            resource = operation.resource
            if isinstance(resource, Route):
                hops.add(resource.next_hops)
            elif isinstance(resource, (Address, Neighbor)):
                names.add(resource.interface)
        names.update(hop.interface for route in hops for hop in route)
        here = self.links(names if len(names) <= FEW else None)
        missing = names - here.keys()
        routes = RouteMessages(lambda name: here[name].ifindex)
        for number, operation in batch:
            resource = operation.resource
            gone = missing and missing.intersection(_interfaces(operation))
            if gone:
                failures[number] = Failure(f"there is no link {min(gone)}", "ENODEV")
            elif isinstance(resource, Route):
                yield (
                    number,
                    routes.message(cast("Route | None", operation.before), cast("Route | None", operation.after)),
                )
            elif isinstance(resource, Address):
                ifindex = here[resource.interface].ifindex
                yield number, address_message(resource, ifindex, is_gone=operation.after is None)
            elif isinstance(resource, Neighbor):
                ifindex = here[resource.interface].ifindex
                yield number, neighbor_message(resource, ifindex, is_gone=operation.after is None)

    def _follow(self, monitor: Netlink, changed: Callable[[Collection[Key]], None]) -> None:
        """Turn link notifications into keys, until the backend is closed."""
        while not self._stopping.is_set():
            try:
                keys = set()
                for kind, payload in monitor.notifications():
                    state = read_link(payload)
                    is_news = self._interfaces.note(state, is_gone=kind == nl.DELLINK)
                    if is_news and state.kind not in LINK_TYPES and state.name != PROBE:
                        keys.add((Port.kind, state.name))
            except OSError:
                # notifications were lost: look at every port again
                keys = {(Port.kind, name) for name in self._interfaces.known()}
                with suppress(OSError):
                    keys |= {(Port.kind, name) for name in self.links()}
                    self._interfaces.start(self.links().values())
            if keys and not self._stopping.is_set():
                changed(keys)


def _batch(operation: Operation) -> str:
    """Return what an operation can share a batch with: VLANs need the number of a link that may be new itself."""
    kind = operation.key[0]
    return "vlans" if kind == VlanLink.kind else "links" if kind in LINK_KINDS else "others"


def _interfaces(operation: Operation) -> Iterator[str]:
    """Yield the links that an operation's requests name."""
    resource = operation.resource
    if isinstance(resource, (Address, Neighbor)):
        yield resource.interface
    elif isinstance(resource, Route) and operation.after is not None:
        yield from (hop.interface for hop in resource.next_hops)
