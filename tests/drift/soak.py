"""A soak: random changes behind the back of a device, under each policy, beside random commits on other ports."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from backends.hardware import HardwareBackend
from backends.hardware.driver import Status
from backends.hardware.simulated import Fault, SimulatedAsic
from backends.kernel import KernelBackend, namespaces
from datastore import remedies
from datastore.errors import InUse
from datastore.history import Author
from nos_mgmt.device import Device
from nos_mgmt.netconf.state import OWN_DEFAULTS, OWN_PATHS, own_state
from tests.conftest import PORTS, config
from tests.drift.changes import Site, changes, noise
from tests.openconfig import INTERFACES, interface, interfaces, route, static_routes
from yang import bindings
from yang.diff import NETCONF
from yang.edit import edit_config
from yang.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from datastore.deviation import Deviation, Event
    from tests.drift.changes import Change

POLICIES = {1: "alarm", 2: "alarm", 3: "revert", 4: "revert", 5: "adopt"}
"""The sites, and what is done about deviations on them; there are others that nobody may touch but commits."""
SEEN_WITHIN = 2.0
HEALED_WITHIN = 90.0
DRIFT = "urn:nos-mgmt:yang:nos-drift"
ME = Author("soak", 1, "test")


@dataclass
class Row:
    """What came of the changes under one policy."""

    made: int = 0
    found: int = 0
    handled: int = 0
    latencies: list[float] = field(default_factory=list)

    def text(self, name: str) -> str:
        """Return one line of the table."""
        times = self.latencies or [0.0]
        return (
            f"{name:8} {self.made:>7} {self.found:>7} {self.handled:>8}"
            f" {median(times) * 1000:>10.0f} {max(times) * 1000:>8.0f}"
        )


@dataclass
class Result:
    """What came of a soak."""

    rows: defaultdict[str, Row] = field(default_factory=lambda: defaultdict(Row))
    commits: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether each change was found, and nothing else."""
        return not self.wrong and not self.invented and all(row.made == row.found for row in self.rows.values())

    def table(self) -> str:
        """Return all that is to be known."""
        total = Row()
        lines = [f"{'policy':8} {'made':>7} {'found':>7} {'handled':>8} {'median ms':>10} {'max ms':>8}"]
        for name, row in sorted(self.rows.items()):
            lines.append(row.text(name))
            total.made, total.found = total.made + row.made, total.found + row.found
            total.handled, total.latencies = total.handled + row.handled, total.latencies + row.latencies
        lines += [total.text("all"), f"{self.commits} commits beside, {self.refused} of them refused and undone"]
        lines += [f"  missed or wrong: {text}" for text in self.wrong]
        lines += [f"  invented: {text}" for text in self.invented]
        lines.append(f"{len(self.invented)} false positives")
        return "\n".join(lines)


class Soak:
    """One device in a namespace, and what is done to it."""

    def __init__(self, namespace: str, folder: Path, seed: int) -> None:
        self.namespace = namespace
        self.random = Random(seed)
        self.result = Result()
        self.events: list[Event] = []
        self.chip = SimulatedAsic(PORTS)
        history = f"sqlite:///{folder / 'history.sqlite'}"
        backends = [KernelBackend(namespace), HardwareBackend(self.chip)]
        self.device = Device(
            bindings.DEFAULT,
            history,
            backends,
            OWN_PATHS,
            own_state,
            OWN_DEFAULTS,
            drift_interval=5.0,
            administrators=(ME.user,),
        )
        self.device.drift._publish = self._take
        self.sites = {number: Site(number) for number in POLICIES}
        self.expected: set[object] = set()
        self.stopping = threading.Event()
        self.patience = remedies.PATIENCE

    def _take(self, event: Event) -> None:
        self.events.append(event)
        if event.kind == "found" and event.deviation.key not in self.expected:
            self.result.invented.append(str(event.deviation))

    def ip(self, command: str, *, far: bool = False, may_fail: bool = False) -> None:
        where = f"{self.namespace}-far" if far else self.namespace
        done = subprocess.run(["ip", "-n", where, *command.split()], capture_output=True, text=True, check=False)
        assert may_fail or done.returncode == 0, f"ip {command}: {done.stderr}"

    def start(self) -> None:
        # the same few things are changed again and again here
        remedies.PATIENCE = (0.0,)
        self.device.start()
        policies = "".join(
            f"<policy><path>{path}</path><action>{action}</action></policy>"
            for number, action in POLICIES.items()
            for path in _paths(self.sites[number])
        )
        self._committed(f'<drift xmlns="{DRIFT}">{policies}</drift>', *map(Site.configuration, self.sites.values()))

    def close(self) -> None:
        self.device.close()
        remedies.PATIENCE = self.patience

    def run(self, seconds: float, say: Callable[[str], None] = lambda _: None) -> None:
        """Make changes for so long."""
        beside = threading.Thread(target=self._commit_beside, name="commits beside")
        beside.start()
        deadline = time.monotonic() + seconds
        told = time.monotonic()
        try:
            while time.monotonic() < deadline and not self.result.wrong:
                self._round()
                if time.monotonic() > told + 30:
                    told = time.monotonic()
                    say(f"{sum(row.made for row in self.result.rows.values())} changes made")
        finally:
            self.stopping.set()
            beside.join()
        if not self._eventually(lambda: not self.device.drift.deviations(), 10):
            self.result.wrong += [f"still there at the end: {one}" for one in self.device.drift.deviations()]

    def _round(self) -> None:
        """Change something, and see to what becomes of it."""
        number = self.random.choice(list(POLICIES))
        site, policy = self.sites[number], POLICIES[number]
        for command in noise(self.sites[self.random.choice(list(POLICIES))], self.random):
            self.ip(command, may_fail=True)
        change = self.random.choice(changes(site, self.random))
        row = self.result.rows[policy]
        self.expected = {change.expected.key, *(site.resources() if change.is_wide else ())}
        began = len(self.events)
        for command in change.commands:
            self.ip(command)
        made = time.time()
        row.made += 1
        if not self._eventually(lambda: self._event(began, change) is not None, SEEN_WITHIN + 8):
            known = [str(one) for one in self.device.drift.deviations()]
            self.result.wrong.append(f"{change.commands} on {policy}: {change.expected} not found but {known}")
            return
        event = self._event(began, change)
        assert event is not None
        latency = max(event.time - made, 0.0)
        row.latencies.append(latency)
        if latency > SEEN_WITHIN:
            self.result.wrong.append(f"{change.commands}: found after {latency:.1f} s")
            return
        row.found += 1
        if event.deviation.action != policy:
            self.result.wrong.append(f"{event.deviation}: {event.deviation.action} instead of {policy}")
        self._see_to(site, policy, change)
        if not self._eventually(lambda: not self._on(site), HEALED_WITHIN):
            texts = [f"{one}: {one.outcome}" for one in self._on(site)]
            self.result.wrong.append(f"{change.commands} on {policy}: still {texts}")
            return
        self._judge(began, site, policy, change)
        if policy == "adopt":
            self.ip(f"route del {site.prefix} proto static", may_fail=True)
            self._committed(_replacing(site.configuration()))

    def _see_to(self, site: Site, policy: str, change: Change) -> None:
        """Heal by hand what the policy does not."""
        if policy == "adopt" and not change.is_adoptable:
            if not self._eventually(lambda: any("could not be adopted" in one.outcome for one in self._on(site)), 20):
                self.result.wrong.append(f"{change.commands}: it is not said that it cannot be adopted")
        elif policy != "alarm":
            return
        # it is healed command by command: what is half healed may be seen
        self.expected = site.resources()
        for command in site.restoring():
            self.ip(command, may_fail=True)

    def _judge(self, began: int, site: Site, policy: str, change: Change) -> None:
        """See whether the policy was followed."""
        # it is told a moment after it is gone
        self._eventually(lambda: self._ends(began, change), SEEN_WITHIN)
        kinds = self._ends(began, change)
        wanted = {"alarm": "healed", "revert": "reverted", "adopt": "adopted" if change.is_adoptable else "healed"}
        # one that is gone with another one is healed by that: a route, when its address is no longer configured
        allowed = {wanted[policy], "healed"} if change.is_wide else {wanted[policy]}
        if not kinds or not kinds <= allowed:
            self.result.wrong.append(f"{change.commands} on {policy}: {kinds} instead of {allowed}")
        if policy == "revert":
            with self.device.committer.at_rest() as (systems, active):
                keys = [key for key in site.resources() if key in active.active]
                found = systems.read(keys)
                self.result.wrong += [
                    f"{change.commands}: {key} is {found.get(key)} instead of {active.active[key]}"
                    for key in keys
                    if found.get(key) != active.active[key]
                ]
        self.result.rows[policy].handled += 1

    def _ends(self, began: int, change: Change) -> set[str]:
        """Return how what was found of a change has ended."""
        mine = [event for event in self.events[began:] if event.deviation.key == change.expected.key]
        return {event.kind for event in mine if event.kind != "found"}

    def _event(self, began: int, change: Change) -> Event | None:
        """Return the event that tells of a change rightly."""
        key, attribute, wanted, found, path = change.expected
        for event in self.events[began:]:
            one = event.deviation
            if event.kind == "found" and (one.key, one.attribute) == (key, attribute):
                said = (one.wanted_text(), one.found_text())
                if said == (wanted, found) and str(one.path).endswith(path):
                    return event
        return None

    def _on(self, site: Site) -> list[Deviation]:
        keys = site.resources()
        return [one for one in self.device.drift.deviations() if one.key in keys]

    def _committed(self, *edits: str, fault: Fault | None = None) -> None:
        """Commit edits of running, with running and candidate locked, as careful clients do; the chip may refuse it."""
        stores = self.device.datastores
        with self._locked():
            self.chip.inject(fault)
            for edit in edits:
                stores.edit(ME.session_id or 0, partial(edit_config, config=config(edit)))
            try:
                stores.commit(ME.session_id or 0, ME)
            except RequestError:
                stores.discard(ME.session_id or 0)
                raise
            finally:
                self.chip.inject(None)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        stores = self.device.datastores
        while True:
            with suppress(RequestError):
                stores.lock("running", 1)
                try:
                    stores.lock("candidate", 1)
                    break
                except RequestError:
                    stores.unlock("running", 1)
            time.sleep(0.01)
        try:
            yield
        finally:
            stores.unlock("candidate", 1)
            stores.unlock("running", 1)

    def _commit_beside(self) -> None:
        """Commit at random on ports of which nobody else changes anything, have some fail, and plug and pull a port."""
        random = Random(self.random.random())
        while not self.stopping.wait(random.uniform(0, 0.2)):
            try:
                self._beside(random)
            except InUse:
                continue
            except RequestError:
                self.result.refused += 1
            except Exception as error:  # noqa: BLE001 - it is told in the end
                self.result.wrong.append(f"a commit beside: {error!r}")
                return

    def _beside(self, random: Random) -> None:
        choice = random.random()
        if choice < 0.1:
            self.ip("link del Ethernet8", may_fail=True)
            self.chip.pull("Ethernet8")
            self.ip(f"link add Ethernet8 type veth peer name Ethernet8 netns {self.namespace}-far")
            self.ip("link set Ethernet8 up", far=True)
            self.chip.plug("Ethernet8")
            return
        fault = Fault(Status.NO_RESOURCES, after=random.randrange(4)) if choice < 0.3 else None
        self.result.commits += 1
        self._committed(_replacing(_beside_configuration(random)), fault=fault)

    def _eventually(self, claim: Callable[[], object], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not claim():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


@contextmanager
def soaking(namespace: str, folder: Path, seed: int) -> Iterator[Soak]:
    """Yield a soak in a namespace that goes away afterwards.

    Raises:
        PermissionError: This process may not make namespaces.
    """
    namespaces.make(namespace, f"{namespace}-far", PORTS)
    try:
        soak = Soak(namespace, folder, seed)
        try:
            soak.start()
            yield soak
        finally:
            soak.close()
    finally:
        namespaces.remove(namespace, f"{namespace}-far")


def _paths(site: Site) -> tuple[str, ...]:
    routes = "/openconfig-network-instance:network-instances/network-instance/protocols/protocol/static-routes"
    return (
        f"/openconfig-interfaces:interfaces/interface[name='{site.port}']",
        f"{routes}/static[prefix='{site.prefix}']",
        f"{routes}/static[prefix='203.0.{site.number}.0/24']",
    )


def _replacing(content: str) -> str:
    """Return configuration whose interfaces and routes replace those that are there."""
    for name in ("interface", "static"):
        content = content.replace(f"<{name}>", f'<{name} xmlns:nc="{NETCONF}" nc:operation="replace">', 1)
    return content.replace("<interface><name>", f'<interface xmlns="{INTERFACES}"><name>')


def _beside_configuration(random: Random) -> str:
    number = random.choice([7, 8])
    addresses = [f"10.9.{number}.{random.choice([1, 2])}/{random.choice([24, 25])}"]
    if random.random() < 0.5:
        addresses.append(f"2001:db8:9{number}::1/64")
    port = interface(
        f"Ethernet{number}",
        *addresses,
        mtu=random.randrange(1300, 9000),
        description=random.choice(["", "a", "b"]) or None,
        enabled=random.random() < 0.8,
    )
    return interfaces(port) + static_routes(
        route(f"100.{number}.0.0/16", random.choice([f"10.9.{number}.9", f"10.9.{number}.10", "DROP"]))
    )
