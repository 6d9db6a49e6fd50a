"""What netconf-state tells of the server (RFC 6022 section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from backends.state import StateSource
from nos_mgmt.netconf.capabilities import capabilities
from nos_mgmt.netconf.times import date_and_time
from yang import deviations
from yang.values import Identity, Value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nos_mgmt.device import Device
    from nos_mgmt.traffic import Counters
    from yang.tree import Key

STATE = "/ietf-netconf-monitoring:netconf-state"
MODULE = "ietf-netconf-monitoring"
COUNTERS = ("in-rpcs", "in-bad-rpcs", "out-rpc-errors", "out-notifications")


class Capabilities(StateSource):
    """What hello says, again (section 2.1.1)."""

    path: ClassVar[str] = f"{STATE}/capabilities"
    leaves: ClassVar[tuple[str, ...]] = ("capability",)

    def __init__(self, device: Device) -> None:
        """Tell of the capabilities of `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Any]]:  # noqa: ARG002 - a container
        """Return the capabilities."""
        return {(): {"capability": tuple(capabilities(self._device))}}


class LockedDatastores(StateSource):
    """The datastores, and who has locked each as a whole (section 2.1.2)."""

    path: ClassVar[str] = f"{STATE}/datastores/datastore"
    leaves: ClassVar[tuple[str, ...]] = (
        "name",
        "locks/global-lock/locked-by-session",
        "locks/global-lock/locked-time",
    )

    def __init__(self, device: Device) -> None:
        """Tell of the datastores of `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        """Return the datastores."""
        found: dict[Key, Mapping[str, Value]] = {}
        locks = self._device.datastores.locks()
        for name in ("running", "candidate", *(["startup"] if self._device.has_startup else [])):
            lock = locks.get(name)
            found[name,] = (
                {}
                if lock is None
                else {
                    "locks/global-lock/locked-by-session": lock.session_id,
                    "locks/global-lock/locked-time": date_and_time(lock.time),
                }
            )
        return _wanted(found, keys)


class Schemas(StateSource):
    """The modules and submodules that get-schema has (section 2.1.3)."""

    path: ClassVar[str] = f"{STATE}/schemas/schema"
    leaves: ClassVar[tuple[str, ...]] = ("identifier", "version", "format", "namespace", "location")

    def __init__(self, device: Device) -> None:
        """Tell of the modules of `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Any]]:
        """Return the modules."""
        format_ = Identity(f"{MODULE}:yang")
        found: dict[Key, Mapping[str, Any]] = {
            (name, revision, format_): {
                "namespace": self._device.schema.modules[name].namespace,
                "location": ("NETCONF",),
            }
            for name, revision in self._device.texts()
        }
        own = (deviations.NAME, deviations.REVISION, format_)
        found[own] = {"namespace": deviations.NAMESPACE, "location": ("NETCONF",)}
        return _wanted(found, keys)


class OpenSessions(StateSource):
    """The sessions that are open, and what each has done (section 2.1.4)."""

    path: ClassVar[str] = f"{STATE}/sessions/session"
    leaves: ClassVar[tuple[str, ...]] = (
        "session-id",
        "transport",
        "username",
        "source-host",
        "login-time",
        *COUNTERS,
    )

    def __init__(self, device: Device) -> None:
        """Tell of the sessions with `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:
        """Return the sessions."""
        found: dict[Key, Mapping[str, Value]] = {}
        for client in self._device.traffic.clients():
            found[client.session_id,] = {
                "transport": Identity(f"{MODULE}:{client.transport}"),
                "username": client.user,
                **({"source-host": client.source_host} if client.source_host else {}),
                "login-time": date_and_time(client.login_time),
                **_counts(client),
            }
        return _wanted(found, keys)


class Statistics(StateSource):
    """What all sessions have done since the server's start (section 2.1.5)."""

    path: ClassVar[str] = f"{STATE}/statistics"
    leaves: ClassVar[tuple[str, ...]] = (
        "netconf-start-time",
        "in-bad-hellos",
        "in-sessions",
        "dropped-sessions",
        *COUNTERS,
    )

    def __init__(self, device: Device) -> None:
        """Tell of the sessions with `device`."""
        self._device = device

    def read(self, keys: Collection[Key] | None) -> Mapping[Key, Mapping[str, Value]]:  # noqa: ARG002 - a container
        """Return the counts."""
        traffic = self._device.traffic
        return {
            (): {
                "netconf-start-time": date_and_time(traffic.start_time),
                "in-bad-hellos": traffic.in_bad_hellos,
                "in-sessions": traffic.in_sessions,
                "dropped-sessions": traffic.dropped_sessions,
                **_counts(traffic.totals),
            }
        }


SOURCES = (Capabilities, LockedDatastores, Schemas, OpenSessions, Statistics)


def _counts(counters: Counters) -> dict[str, Value]:
    return {name: getattr(counters, name.replace("-", "_")) for name in COUNTERS}


def _wanted(found: dict[Key, Any], keys: Collection[Key] | None) -> Mapping[Key, Any]:
    return found if keys is None else {key: found[key] for key in keys if key in found}
