"""The kernel backend: links, addresses, neighbours and routes of one network namespace, through rtnetlink."""

from __future__ import annotations

import socket
import struct
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, cast

from backends.backend import Backend
from backends.configuration import NetworkInstance, Protocol
from backends.kernel import echo, namespaces
from backends.kernel import netlink as nl
from backends.kernel.follower import LINK_KINDS, Follower
from backends.kernel.interfaces import interface_translators
from backends.kernel.messages import (
    ADDRESS,
    NEIGHBOR,
    LinkState,
    RouteMessages,
    address_messages,
    link_changes,
    link_class,
    link_creation,
    link_removals,
    link_resource,
    neighbor_message,
    read_address,
    read_link,
    read_neighbor,
    standing_address,
)
from backends.kernel.monitor import LinkChanges, Monitor
from backends.kernel.netlink import IFINFO, Message, Netlink, NetlinkError, attribute, link_payload
from backends.kernel.probe import offered_kinds
from backends.kernel.resources import Address, Hop, Link, Neighbor, Port, Route, VlanLink
from backends.kernel.route_table import RouteTable
from backends.kernel.routes import StaticRoute
from backends.kernel.state import InterfaceState, SubinterfaceState
from backends.operation import BackendLost, Failure, OperationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key, Resource

LINKINFO, KIND = 18, 1
"""The numbers of IFLA_LINKINFO and of IFLA_INFO_KIND in it."""
FEW = 32
"""Up to so many things are asked for one by one; for more, everything is listed."""


class _Request(NamedTuple):
    """A message, with the number of the operation that it is part of and the attribute that it sets, if it is for one."""

    number: int
    message: Message
    attribute: str = ""


class KernelBackend(Backend):
    """Puts interfaces, addresses and static routes into effect in a Linux network namespace."""

    name = "kernel"
    resources = (Port, Link, VlanLink, Address, Neighbor, Route)

    def __init__(self, namespace: str | None = None) -> None:
        """Work in `namespace`, or in the process's own.

        Raises:
            OSError: There is no such namespace, or no right to enter it or to change it.
        """
        namespaces.keep_secondaries(namespace)
        self._namespace = namespace
        self._netlink = Netlink(namespace)
        # what takes long to list does not keep commits waiting, for a socket serves one after the other
        self._lists = Netlink(namespace)
        self._routes = RouteTable(self._netlink, self._lists)
        self._monitor: Monitor | None = None
        self._follower: Follower | None = None
        self._changes = LinkChanges()
        self.offered = offered_kinds(self._netlink)
        self.can_reach = echo.is_permitted(namespace)
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
        self.state = (
            InterfaceState(self._links_told, self._changes),
            *([SubinterfaceState(self._vlans_told, self._changes)] if "vlan" in self.offered else []),
        )

    def read(self, keys: Collection[Key]) -> Mapping[Key, Resource]:
        """Return what the kernel has of `keys`."""
        wanted: defaultdict[str, set[Key]] = defaultdict(set)
        for key in keys:
            wanted[key[0]].add(key)
        found: dict[Key, Resource] = {}
        with _answering():
            links = {key[1] for kind in LINK_KINDS for key in wanted[kind]}
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
                resources += self._routes.read(wanted[Route.kind], name_of)
        for resource in resources:
            if resource is not None and (key := resource.key) in wanted[key[0]]:
                other = found.get(key)
                if isinstance(other, Address) and isinstance(resource, Address):
                    resource = replace(other, more=(*other.more, resource.prefix_length))  # noqa: PLW2901 - both are one
                found[key] = resource
        return found

    def execute(self, operations: Sequence[Operation]) -> None:
        """Send `operations` in as few batches as their kinds allow: links first get their numbers when they are made."""
        failures: dict[int, Failure] = {}
        with _answering():
            for kind, run in groupby(enumerate(operations), key=lambda item: _batch(item[1])):
                batch = list(run)
                requests = self._other_requests if kind == "others" else self._link_requests
                self._send(requests(batch, failures), failures)
        if failures:
            raise OperationFailed(failures)

    def owned(self) -> Iterable[Resource]:
        """Return the routes that carry our protocol number."""
        with _answering():
            name_of = self._namer(self.links())
            return [route for route in self._routes.listed(name_of) if route is not None]

    def strays(self, wanted: Collection[Key], keys: Collection[Key] | None = None) -> Iterable[Resource]:
        """Return routes of our mark, and the addresses and neighbours that somebody has set for good on what is configured."""
        asked: defaultdict[str, set[Key]] = defaultdict(set)
        for key in keys or ():
            asked[key[0]].add(key)
        found: list[Resource | None] = []
        with _answering():
            names = {key[1] for kind in (Address.kind, Neighbor.kind) for key in asked[kind]}
            here = self.links(None if keys is None or len(names) > FEW else names)
            name_of = self._namer(here)
            indexes = [state.ifindex for state in here.values()] if len(here) <= FEW else [0]
            if keys is None or asked[Address.kind]:
                found += [standing_address(payload, name_of) for payload in self._addresses(indexes)]
            if keys is None or asked[Neighbor.kind]:
                found += [read_neighbor(payload, name_of) for payload in self._neighbors(indexes)]
            found = [one for one in found if one and any((kind, one.key[1]) in wanted for kind in LINK_KINDS)]
            if keys is None:
                found += self._routes.listed(name_of)
            elif asked[Route.kind]:
                found += self._routes.read(asked[Route.kind], name_of)
        return [one for one in found if one and one.key not in wanted and (keys is None or one.key in asked[one.kind])]

    def links(self, names: Collection[str] | None = None, kind: str = "") -> dict[str, LinkState]:
        """Return the links with `names`, or all, by name; of all only those of a `kind`, where the kernel can tell them apart."""
        found: dict[str, LinkState] = {}
        if names is None:
            only = attribute(LINKINFO, attribute(KIND, kind.encode() + b"\0")) if kind else b""
            for _, payload in self._lists.ask(Message(nl.GETLINK, nl.DUMP, IFINFO.pack(0, 0, 0, 0, 0) + only)):
                state = read_link(payload)
                found[state.name] = state
            return found
        for name in names:
            with suppress(NetlinkError):
                for _, payload in self._netlink.ask(Message(nl.GETLINK, 0, link_payload(name))):
                    state = read_link(payload)
                    if state.name == name:  # the kernel also finds a link by its other names
                        found[name] = state
        return found

    def watch(self, changed: Callable[[Collection[Key]], None]) -> None:
        """Report ports that come and go."""
        self._monitor = Monitor(
            self._namespace,
            self.links,
            self._changes,
            lambda names: changed([(Port.kind, name) for name in sorted(names)]),
        )

    def reached(self, addresses: Collection[str]) -> Collection[str]:
        """Return which addresses answer to ICMP echo requests."""
        with _answering():
            return echo.answering(self._namespace, addresses)

    def follow(
        self,
        touched: Callable[[Collection[Key] | None, Collection[Key]], None],
        concerns: Callable[[Key], bool],
    ) -> None:
        """Tell of links, addresses, neighbours and routes that others change."""
        if self._follower is not None:
            self._follower.close()
        self._follower = Follower(self._namespace, self.links, self._netlink.port, touched, concerns)

    def close(self) -> None:
        """Stop watching and close the sockets."""
        for listener in (self._monitor, self._follower):
            if listener is not None:
                listener.close()
        self._netlink.close()
        self._lists.close()

    def _links_told(self, names: Collection[str] | None) -> dict[str, LinkState]:
        with _answering():
            return self.links(names)

    def _vlans_told(self, names: Collection[str] | None) -> dict[str, LinkState]:
        with _answering():
            return self.links(names, "vlan")

    def _namer(self, known: Mapping[str, LinkState]) -> Callable[[int], str]:
        """Return the function that gives the name of a link's index; links that are not in `known` are asked for."""
        names = {state.ifindex: state.name for state in known.values()}

        def name_of(index: int) -> str:
            name = names.get(index)
            if name is None:
                try:
                    answers = self._netlink.ask(Message(nl.GETLINK, 0, IFINFO.pack(0, 0, index, 0, 0)))
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
                yield from (payload for kind, payload in self._listed(request, index) if kind == nl.NEWADDR)

    def _neighbors(self, indexes: Collection[int]) -> Iterator[bytes]:
        for index in indexes:
            for af in (socket.AF_INET, socket.AF_INET6):
                only = attribute(8, struct.pack("=I", index)) if index else b""
                request = Message(nl.GETNEIGH, nl.DUMP, NEIGHBOR.pack(af, 0, 0, 0, 0) + only)
                yield from (payload for kind, payload in self._listed(request, index) if kind == nl.NEWNEIGH)

    def _listed(self, request: Message, index: int) -> list[tuple[int, bytes]]:
        """Return what is listed of the link `index`, which may have gone, or of all for 0."""
        try:
            return (self._netlink if index else self._lists).ask(request)
        except NetlinkError as error:
            if error.code == "ENODEV":
                return []
            raise

    def _send(self, requests: Iterable[_Request], failures: dict[int, Failure]) -> None:
        """Send requests and note the operations that are refused."""
        sent = list(requests)
        for position, error in self._netlink.send([request.message for request in sent]).items():
            number, _, name = sent[position]
            failures.setdefault(number, Failure(error.reason, error.code, name))

    def _link_requests(
        self, batch: Sequence[tuple[int, Operation]], failures: dict[int, Failure]
    ) -> Iterator[_Request]:
        """Yield what makes, changes and removes links; operations on what is not there by then, or is there, fail at once."""
        here = self._links_of(batch)
        there = {name: link_class(state) for name, state in here.items()}
        going: dict[str, int] = {}
        for number, operation in batch:
            resource, name = operation.resource, operation.key[1]
            if resource.is_fixed and operation.action != "update":
                failures[number] = Failure(f"{resource} can be neither made nor removed", "EOPNOTSUPP")
            elif operation.before is None and name in there:
                failures[number] = Failure(f"there is a link {name} already", "EEXIST")
            elif operation.before is not None and there.get(name) is not type(resource):
                failures[number] = Failure(f"there is no link {name} of this kind", "ENODEV")
            elif isinstance(resource, VlanLink) and operation.before is None and resource.parent not in here:
                failures[number] = Failure(f"there is no link {resource.parent}", "ENODEV", "parent")
            elif operation.after is None:
                del there[name]
                going[name] = number
            else:
                yield from _removals(going)
                if operation.before is None:
                    there[name] = type(resource)
                    parent, blamed = 0, ""
                    if isinstance(resource, VlanLink):
                        # what is refused is the VLAN: its parent has it already, or takes none
                        parent, blamed = here[resource.parent].ifindex, "vlan_id"
                    yield _Request(number, link_creation(resource, parent, self._loopback), blamed)
                yield from (_Request(number, message, attribute) for attribute, message in link_changes(operation))
        yield from _removals(going)

    def _links_of(self, batch: Sequence[tuple[int, Operation]]) -> dict[str, LinkState]:
        names = {operation.key[1] for _, operation in batch}
        names |= {resource.parent for _, operation in batch if isinstance(resource := operation.resource, VlanLink)}
        return self.links(names if len(names) <= FEW else None)

    def _other_requests(
        self, batch: Sequence[tuple[int, Operation]], failures: dict[int, Failure]
    ) -> Iterator[_Request]:
        names: set[str] = set()
        hops: set[tuple[Hop, ...]] = set()
        for _, operation in batch:
            resource = operation.resource
            if isinstance(resource, Route):
                hops.add(resource.next_hops)
            elif isinstance(resource, (Address, Neighbor)):
                names.add(resource.interface)
        names.update(interface for route in hops for _, interface in route)
        here = self.links(names if len(names) <= FEW else None)
        missing = names - here.keys()
        routes = RouteMessages(lambda name: here[name].ifindex)
        for number, operation in batch:
            before, after, resource = operation.before, operation.after, operation.resource
            gone = missing and missing.intersection(_interfaces(operation))
            if gone:
                failures[number] = Failure(f"there is no link {min(gone)}", "ENODEV")
            elif isinstance(resource, Route):
                try:
                    message = routes.message(cast("Route | None", before), cast("Route | None", after))
                except NetlinkError as error:
                    failures[number] = Failure(error.reason, error.code, "next_hops")
                else:
                    yield _Request(number, message)
            elif isinstance(resource, Address):
                ifindex = here[resource.interface].ifindex
                for message in address_messages(resource, ifindex, is_gone=after is None):
                    yield _Request(number, message)
            elif isinstance(resource, Neighbor):
                ifindex = here[resource.interface].ifindex
                message = neighbor_message(cast("Neighbor | None", before), cast("Neighbor | None", after), ifindex)
                yield _Request(number, message)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackendLost(f"the kernel does not answer: {error}") from error


def _batch(operation: Operation) -> str:
    """Return what an operation can share a batch with: VLANs need the number of a link that may be new itself."""
    kind = operation.resource.kind
    return "vlans" if kind == VlanLink.kind else "links" if kind in LINK_KINDS else "others"


def _removals(going: dict[str, int]) -> Iterator[_Request]:
    """Yield what removes links, given the numbers of the operations by their names, and forget them."""
    if going:
        numbers = [*going.values(), next(iter(going.values()))]
        messages = link_removals(list(going))
        going.clear()
        yield from map(_Request, numbers, messages)


def _interfaces(operation: Operation) -> Iterator[str]:
    """Yield the links that an operation's requests name."""
    resource = operation.resource
    if isinstance(resource, (Address, Neighbor)):
        yield resource.interface
    elif isinstance(resource, Route) and operation.after is not None:
        yield from (interface for _, interface in resource.next_hops)
