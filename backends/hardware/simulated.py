"""A simulated switch chip: real tables with capacities and references between them, and faults on demand."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from backends.hardware.driver import OK, Answer, Capabilities, Counters, Driver, PortStatus, Status
from backends.hardware.objects import (
    OBJECTS,
    Neighbor,
    NextHop,
    NextHopGroup,
    Object,
    Port,
    Route,
    RouterInterface,
)
from backends.resource import named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from backends.operation import Operation
    from backends.resource import Key

CAPACITY = {
    RouterInterface.kind: 16_384,
    Neighbor.kind: 65_536,
    NextHop.kind: 65_536,
    NextHopGroup.kind: 4_096,
    Route.kind: 524_288,
}
GROUP_SIZE = 64
MTU = range(68, 9217)
VLAN = range(1, 4095)
ACTIONS = ("forward", "drop", "trap")
TYPES = ("port", "sub_port", "loopback")
MEMBERS = (NextHop.kind, RouterInterface.kind)
TARGETS = (*MEMBERS, NextHopGroup.kind)


class Fault(NamedTuple):
    """A failure to order: of the operation after `after` others, or of every operation on the object `key`."""

    status: Status = Status.NO_RESOURCES
    after: int = 0
    key: Key | None = None
    detail: str = "an injected fault"


class SimulatedAsic(Driver):
    """A switch chip in memory."""

    tells_status = True

    def __init__(self, ports: Iterable[str], capacity: Mapping[str, int] | None = None) -> None:
        """Have `ports`, and tables of `capacity` where it differs from the usual."""
        self._objects: dict[Key, Object] = {(Port.kind, name): Port(name) for name in ports}
        self._capacity = CAPACITY | dict(capacity or {})
        self._used: Counter[str] = Counter()
        self._referrers: Counter[Key] = Counter()
        self._faults: list[Fault] = []
        self._watchers: list[Callable[[Collection[str]], None]] = []
        self._followers: list[Callable[[Collection[str] | None], None]] = []
        self._lock = threading.Lock()

    def capabilities(self) -> Capabilities:
        """Return what the chip can do."""
        return Capabilities(frozenset(kind.kind for kind in OBJECTS), dict(self._capacity), GROUP_SIZE)

    def availability(self) -> Mapping[str, int]:
        """Return the free entries of each table."""
        with self._lock:
            return {kind: capacity - self._used[kind] for kind, capacity in self._capacity.items()}

    def bulk(self, operations: Sequence[Operation]) -> list[Answer]:
        """Execute up to the first error."""
        answers = []
        with self._lock:
            for operation in operations:
                answer = self._execute(operation)
                answers.append(answer)
                if answer.status is not Status.OK:
                    break
            followers = list(self._followers)
        ports = [
            operation.key[1]
            for operation, answer in zip(operations, answers, strict=False)
            if answer.status is Status.OK and operation.key[0] == Port.kind
        ]
        for follower in followers if ports else ():
            follower(ports)
        answers += [Answer(Status.NOT_EXECUTED)] * (len(operations) - len(answers))
        return answers

    def get(self, keys: Collection[Key]) -> Mapping[Key, Object]:
        """Return the objects with `keys`."""
        with self._lock:
            return {key: found for key in keys if (found := self._objects.get(key)) is not None}

    def status(self, ports: Collection[str] | None) -> Mapping[str, PortStatus]:
        """Return the status of ports: a port that is told to be up is up, and nothing goes through it."""
        with self._lock:
            names = ports if ports is not None else [key[1] for key in self._objects if key[0] == Port.kind]
            found = {name: self._objects.get((Port.kind, name)) for name in names}
        return {
            name: PortStatus(port.admin_state, Counters()) for name, port in found.items() if isinstance(port, Port)
        }

    def objects(self) -> Iterable[Object]:
        """Return every object but the ports."""
        with self._lock:
            return [found for found in self._objects.values() if not found.is_fixed]

    def keys(self) -> Collection[Key]:
        """Return the key of every object but the ports."""
        with self._lock:
            return [key for key, found in self._objects.items() if not found.is_fixed]

    def watch(self, changed: Callable[[Collection[str]], None]) -> None:
        """Report ports that are plugged in or pulled."""
        with self._lock:
            self._watchers.append(changed)

    def follow(self, changed: Callable[[Collection[str] | None], None]) -> None:
        """Report ports that are plugged in, pulled or set."""
        with self._lock:
            self._followers.append(changed)

    def inject(self, fault: Fault | None) -> None:
        """Order a failure, which happens once for a count and every time for a key; None takes all orders back."""
        with self._lock:
            self._faults = [*self._faults, fault] if fault is not None else []

    def plug(self, name: str) -> None:
        """Put a port in."""
        with self._lock:
            self._objects.setdefault((Port.kind, name), Port(name))
            watchers = [*self._followers, *self._watchers]
        for watcher in watchers:
            watcher([name])

    def pull(self, name: str) -> None:
        """Take a port out, with everything that refers to it."""
        with self._lock:
            gone = {(Port.kind, name)}
            while more := {
                key for key, found in self._objects.items() if key not in gone and gone & set(found.references())
            }:
                gone |= more
            for key in sorted(gone, key=lambda key: -self._objects[key].rank if key in self._objects else 0):
                if key in self._objects:
                    self._remove(self._objects[key])
            watchers = [*self._followers, *self._watchers]
        for watcher in watchers:
            watcher([name])

    def _execute(self, operation: Operation) -> Answer:
        """Execute one operation, or say why not."""
        fault = self._fault(operation)
        if fault is not None:
            return fault
        before, after = operation.before, operation.after
        if type(operation.resource) not in OBJECTS:
            return Answer(Status.UNSUPPORTED, f"the chip has no {operation.resource.kind}")
        if after is None:
            assert isinstance(before, Object)  # noqa: S101 - for the type checker
            return self._checked_removal(before)
        assert isinstance(after, Object)  # noqa: S101 - for the type checker
        refused = self._refused(after)
        if refused is not None:
            return refused
        old = self._objects.get(after.key)
        if before is None:
            if old is not None:
                return Answer(Status.EXISTS, f"{after} is there already")
            if after.is_fixed:
                return Answer(Status.UNSUPPORTED, f"{after} cannot be made")
            if self._used[after.kind] >= self._capacity[after.kind]:
                return Answer(Status.NO_RESOURCES, f"the table of {after.kind} is full at {self._capacity[after.kind]}")
        elif old is None:
            return Answer(Status.NOT_FOUND, f"{after} is not there")
        else:
            for name, value in after.attributes().items():
                if name in after.create_only and value != getattr(old, name):
                    return Answer(Status.UNSUPPORTED, f"{name} of {after} cannot be changed", name)
            self._referrers.subtract(old.references())
        self._used[after.kind] += old is None
        self._objects[after.key] = after
        self._referrers.update(after.references())
        return OK

    def _checked_removal(self, wanted: Object) -> Answer:
        found = self._objects.get(wanted.key)
        if found is None:
            return Answer(Status.NOT_FOUND, f"{wanted} is not there")
        if found.is_fixed:
            return Answer(Status.UNSUPPORTED, f"{wanted} cannot be removed")
        if self._referrers[found.key] > 0:
            return Answer(Status.IN_USE, f"{self._referrers[found.key]} objects refer to {wanted}")
        self._remove(found)
        return OK

    def _remove(self, found: Object) -> None:
        del self._objects[found.key]
        self._used[found.kind] -= 1
        self._referrers.subtract(found.references())
        self._referrers.pop(found.key, None)

    def _refused(self, wanted: Object) -> Answer | None:
        """Return the answer for an object that the chip does not take as it is."""
        for key in wanted.references():
            if key not in self._objects:
                return Answer(Status.NOT_FOUND, f"{wanted} refers to {named(key)}, which is not there")
        match wanted:
            case Route(action=action, target=target) if action not in ACTIONS or (action == "forward") != bool(target):
                return Answer(Status.INVALID, f"no route can {action} to {named(target) or 'nowhere'}", "action")
            case Route(target=target) if target and target[0] not in TARGETS:
                return Answer(Status.INVALID, f"no route leads to a {target[0]}", "target")
            case NextHopGroup(members=members) if not members or any(key[0] not in MEMBERS for key in members):
                return Answer(Status.INVALID, f"{wanted} has members that are no next hops, or none", "members")
            case RouterInterface(type=type_, port=port) if type_ not in TYPES or (type_ == "loopback") == bool(port):
                return Answer(Status.INVALID, f"no {type_} on {port or 'no port'}", "type")
            case Port(mtu=mtu) if mtu not in MTU:
                return Answer(Status.INVALID, f"mtu {mtu} is outside {MTU.start}..{MTU.stop - 1}", "mtu")
            case RouterInterface(type="sub_port", vlan_id=vlan_id) if vlan_id not in VLAN:
                return Answer(Status.INVALID, f"vlan {vlan_id} is outside {VLAN.start}..{VLAN.stop - 1}", "vlan_id")
            case NextHopGroup(members=members) if len(members) > GROUP_SIZE:
                return Answer(Status.NO_RESOURCES, f"{len(members)} next hops are more than {GROUP_SIZE}", "members")
        return None

    def _fault(self, operation: Operation) -> Answer | None:
        """Return the answer of an injected fault that is due."""
        due = None
        kept = []
        for fault in self._faults:
            if fault.key is not None:
                kept.append(fault)
                due = due or (fault if fault.key == operation.key else None)
            elif fault.after == 0 and due is None:
                due = fault
            else:
                kept.append(fault._replace(after=max(fault.after - 1, 0)))
        self._faults = kept
        return None if due is None else Answer(due.status, f"{operation.resource}: {due.detail}")
