"""How a script tells what its client tried: a line of JSON for the client, and one for each operation."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.openconfig import INTERFACES, interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator

NETCONF = "urn:ietf:params:xml:ns:netconf:base:1.0"
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
ALL = f'<interfaces xmlns="{INTERFACES}"/>'
HOST = "127.0.0.1"
USER = "admin"
PATIENCE = 30.0


class Given(NamedTuple):
    """What a script is told."""

    port: int
    key: Path
    """The user's private key."""
    known_hosts: Path
    folder: Path
    """Where files may be left."""


def given() -> Given:
    """Return what the arguments say."""
    port, key, known_hosts, folder = sys.argv[1:]
    return Given(int(port), Path(key), Path(known_hosts), Path(folder))


def tell(**what: str) -> None:
    """Print a line."""
    print(json.dumps(what), flush=True)


@contextmanager
def trying(operation: str) -> Iterator[None]:
    """Tell whether what is done in the block passed: it fails by raising anything."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the next operation is tried
        tell(operation=operation, result="failed", note=f"{type(error).__name__}: {error}")
    else:
        tell(operation=operation, result="passed")


@contextmanager
def faulty(operation: str, fault: str) -> Iterator[None]:
    """Tell that the client fails over the block by a fault of its own, which says `fault`; that it does not is a failure."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - likewise
        is_it = fault in str(error) or fault == type(error).__name__
        note = "" if is_it else f"{type(error).__name__}: {error}"
        tell(operation=operation, result="client's fault" if is_it else "failed", note=note)
    else:
        tell(operation=operation, result="failed", note=f"the client's fault is gone: {fault}")


def not_advertised(operation: str, capability: str) -> None:
    """Tell that an operation was not tried, as the server has not got its capability."""
    tell(operation=operation, result="not advertised", note=capability)


def config(mtu: object = 2000, name: str = "Ethernet1") -> str:
    """Return a config element of one interface."""
    entry = interface(name, mtu=1500).replace("<mtu>1500<", f"<mtu>{mtu}<")
    return f'<config xmlns="{NETCONF}">{interfaces(entry)}</config>'


def mtu_in(document: str) -> str | None:
    """Return what a reply says is the MTU that is configured, or None."""
    _, found, rest = document.partition("<mtu>")
    return rest.partition("<")[0] if found else None
