"""Everything that a kernel namespace and a chip have, for comparing: as iproute2 shows it, not as our own backend reads it."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

from tests.conftest import needs

if TYPE_CHECKING:
    from collections.abc import Callable

LINK = ("ifname", "flags", "mtu", "ifalias", "link", "linkinfo", "master", "address")
ADDRESS = ("family", "local", "prefixlen", "scope", "broadcast", "secondary", "noprefixroute")
NOISE = frozenset({"flags", "pref", "expires", "error"})
"""What `ip route` shows besides the route: whether a link is up is compared with the links."""


def kernel_state(namespace: str) -> dict[str, list[Any]]:
    """Return the links, addresses, routes and fixed neighbours of a namespace, without numbers and counters."""
    made: set[str] = set()
    links, addresses = [], []
    for link in _ip(namespace, "-d", "addr", "show"):
        kind = link.get("linkinfo", {}).get("info_kind", "")
        found = {name: link[name] for name in LINK if name in link}
        found["linkinfo"] = kind
        found["flags"] = sorted(link["flags"])
        if kind not in ("", "veth"):
            # the kernel makes up a new Ethernet address each time, and a link-local one from it
            made.add(link["ifname"])
            found.pop("address", None)
        links.append(found)
        addresses += [
            {"ifname": link["ifname"], **{name: address[name] for name in ADDRESS if name in address}}
            for address in link["addr_info"]
            if not (link["ifname"] in made and address["scope"] == "link")
        ]
    routes = [
        {name: value for name, value in route.items() if name not in NOISE}
        for family in ("-4", "-6")
        for route in _ip(namespace, family, "-d", "route", "show", "table", "main")
        if not (route.get("dev") in made and str(route["dst"]).startswith("fe80:"))
    ]
    neighbors = _ip(namespace, "neigh", "show", "nud", "permanent")
    return {
        "links": _sorted(links),
        "addresses": _sorted(addresses),
        "routes": _sorted(routes),
        "neighbors": _sorted(neighbors),
    }


def differences(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[str]:
    """Return what is in one state and not in the other."""
    if before == after:
        return []
    return [
        f"{sign} {kind} {thing}"
        for kind in before
        for sign, here, there in (("-", before[kind], after[kind]), ("+", after[kind], before[kind]))
        for thing in here
        if thing not in there
    ]


def settled(namespace: str, wanted: dict[str, list[Any]], seconds: float = 5.0) -> list[str]:
    """Return how a namespace differs from `wanted`, once it has settled: a link takes a moment to have a carrier."""
    deadline = time.monotonic() + seconds
    while (found := differences(wanted, kernel_state(namespace))) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def steady(read: Callable[[], Any]) -> Any:
    """Return what `read` returns twice in a row, some time apart."""
    found = read()
    while True:
        time.sleep(0.1)
        again = read()
        if again == found:
            return found
        found = again


def _ip(namespace: str, *arguments: str) -> list[Any]:
    command = [needs("ip"), "-n", namespace, "-json", *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [entry for entry in json.loads(output or "[]") if entry]


def _sorted(things: list[Any]) -> list[Any]:
    return sorted(things, key=lambda thing: json.dumps(thing, sort_keys=True))
