"""A server from its start to its end."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from backends import plugins
from backends.process import ProcessBackend
from datastore.event_log import EventLog
from nos_mgmt import keys, pam_service
from nos_mgmt.departures import end_with_users
from nos_mgmt.device import Device
from nos_mgmt.embedded import Embedded
from nos_mgmt.listening import Ways, bound, not_listening
from nos_mgmt.netconf.capabilities import tell_of_changes
from nos_mgmt.netconf.service import Limits, Service
from nos_mgmt.netconf.ssh import SshTransport
from nos_mgmt.netconf.state import OWN_DEFAULTS, OWN_PATHS, own_state
from nos_mgmt.netconf.tls import TlsTransport, secured
from nos_mgmt.observability.lines import write_lines
from nos_mgmt.observability.systemd import Notifier, SelfCheck, report, status_of
from nos_mgmt.sessions import Sessions
from nos_mgmt.users import Users
from yang.errors import NosError

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backends.backend import Backend
    from nos_mgmt.netconf.transport import Transport
    from nos_mgmt.settings import Settings

logger = logging.getLogger(__name__)

WORKERS = 64
"""Requests that are handled at once; most of them wait for a commit to end."""


class AlreadyRunning(NosError):
    """Another server has the same state folder."""


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Have the state folder alone.

    Raises:
        AlreadyRunning: Another process has it.
    """
    with (state / "lock").open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"another server uses {state}") from error
        yield


def serve(settings: Settings, known_hosts: Path | None, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `say` is told what a person wants to know.

    Raises:
        AlreadyRunning: Another server has the same state folder.
        ModelError: There is no usable model set.
        HistoryFailed: The history cannot be opened.
        UnknownPlugin: There is no such backend.
        UnusableFactoryDefault: The factory default configuration is not valid.
        CannotListen: A port is taken, or there is no such address.
        UnusableKey: A file that should hold a key does not.
        UnusableCertificate: A file that should hold certificates does not.
        NoPam: It is set that PAM judges passwords, and there is none.
    """
    settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupter(interrupted))
    context = None if settings.tls is None else secured(settings.tls)
    listeners = bound(settings.listeners)
    # ports are taken before any system is touched: whoever has them may manage the same ones
    with locked(settings.state), listeners as listening, ExitStack() as stack, suppress(KeyboardInterrupt):
        embedded = Embedded(settings)
        stack.callback(embedded.remove)
        try:
            backends = _backends(settings, embedded, say)
            _end_if(interrupted)
            device = Device(
                settings.models,
                settings.history_url,
                backends,
                OWN_PATHS,
                own_state,
                OWN_DEFAULTS,
                history_patience=settings.history_patience,
                limits=settings.limits,
                targets=settings.targets,
                has_startup=settings.startup,
                is_running_writable=settings.writable_running,
                places=settings.places,
                factory_default=settings.factory_default,
                deadlines=settings.deadlines,
                drift_interval=settings.drift_interval,
                event_log=EventLog(settings.state / "notifications.sqlite", settings.log_limits),
                administrators=(settings.user,),
            )
            stack.callback(device.close)
            write_lines(device, settings.log_rpcs)
            sessions = Sessions()
            if settings.metrics_port:
                stack.enter_context(_metrics(settings, device, sessions, say))
            device.start()
            # what the systems have is all that is left of what was lost
            embedded.is_kept = bool(device.rescue)
            tell_of_changes(device)
            _end_if(interrupted)
            asyncio.run(_listen(settings, device, sessions, listening, context, known_hosts, say))
            say("ending")
        finally:
            # who presses Ctrl-C twice does not want half of it to stay
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)


def _interrupter(interrupted: threading.Event) -> Callable[[int, object], None]:
    """Return what to do at a signal while the server starts: note it, and at the second one raise `KeyboardInterrupt`."""
    server = os.getpid()

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - as signal wants it
        # pyroute2 forks to enter a namespace, and ends its children so: what the server made is not theirs to remove
        if os.getpid() != server:
            os._exit(1)
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()

    return interrupt


def _end_if(interrupted: threading.Event) -> None:
    """Raise `KeyboardInterrupt` if a signal came, here where nothing is half done."""
    if interrupted.is_set():
        raise KeyboardInterrupt


@contextmanager
def _metrics(settings: Settings, device: Device, sessions: Sessions, say: Callable[[str], None]) -> Iterator[None]:
    """Let Prometheus have its metrics."""
    # not needed without, and it takes some time to import
    from nos_mgmt.observability.exposition import exposed  # noqa: PLC0415
    from nos_mgmt.observability.metrics import Metrics  # noqa: PLC0415

    with ExitStack() as stack:
        registry = Metrics(device, sessions).registry
        try:
            stack.enter_context(exposed(registry, settings.metrics_host, settings.metrics_port))
        except OSError as error:
            raise not_listening(settings.metrics_host, settings.metrics_port, error) from error
        say(f"metrics at http://{settings.metrics_host}:{settings.metrics_port}/metrics")
        yield


async def _listen(
    settings: Settings,
    device: Device,
    sessions: Sessions,
    listening: list[socket.socket],
    context: ssl.SSLContext | None,
    known_hosts: Path | None,
    say: Callable[[str], None],
) -> None:
    """Let clients in until a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    host_keys = keys.host_keys(settings.state)
    users = _users(settings, device)
    end_with_users(device.events, sessions, settings.user)
    ports = [one.getsockname()[1] for one in listening]
    with ThreadPoolExecutor(WORKERS, "request") as executor:
        service = Service(device, sessions, executor, _limits(settings))
        transports: dict[str, Transport] = {"ssh": SshTransport(service, users, host_keys)}
        if settings.tls is not None and context is not None:
            transports["tls"] = TlsTransport(service, context, settings.tls.cert_to_name, users.__contains__)
        ways = Ways(service, transports)
        await ways.open(settings.listeners, listening, settings.call_home)
        if known_hosts is not None:
            try:
                for listener, port in zip(settings.listeners, ports, strict=True):
                    if listener.transport == "ssh":
                        keys.make_known(known_hosts, listener.address, port, *host_keys)
            except OSError as error:
                say(f"clients have to be told the server's key: {error}")
        _tune_interpreter()
        _greet(settings, device, ports, say)
        reporting = asyncio.create_task(
            report(Notifier(), SelfCheck(device, executor), lambda: status_of(device, sessions))
        )
        await stop.wait()
        reporting.cancel()
        await ways.close()


def _limits(settings: Settings) -> Limits:
    return Limits(
        settings.message_size,
        settings.login_time,
        settings.hello_time,
        settings.sessions,
        settings.user_sessions,
        settings.idle_time,
        settings.rate,
        settings.logins,
        settings.stall_time,
    )


def _users(settings: Settings, device: Device) -> Users:
    """Return who may come in.

    Raises:
        NoPam: It is set that PAM judges passwords, and there is none.
    """
    return Users(
        lambda: device.datastores.running,
        settings.user,
        keys.client_keys(settings.state, settings.user),
        pam_service.checker(settings.pam) if settings.pam else None,
        device.access_control.report_groups,
        publish=device.events.publish,
    )


def _backends(settings: Settings, embedded: Embedded, say: Callable[[str], None]) -> list[Backend]:
    """Return the backends, with the systems that they manage made where none are given."""
    made: list[Backend] = []
    for name in settings.backends:
        own = dict(settings.backend.get(name, {}))
        if name == "kernel" and "namespace" not in own:
            own["namespace"] = embedded.namespace
            if not settings.namespace:
                try:
                    embedded.make_namespaces()
                except PermissionError as error:
                    say(f"no kernel backend: {error.strerror or error}")
                    continue
        if name == "hardware" and own.get("driver", "simulated") == "simulated" and "socket" not in own:
            own["socket"] = str(embedded.socket)
            embedded.start_chip()
        has_process = own.pop("process", False)
        made.append(ProcessBackend(name, own) if has_process else plugins.backend(name, own))
    return made


def _tune_interpreter() -> None:
    """Keep the collector from walking the trees, millions of objects without cycles, and large work from delaying small."""
    # whoever waits for the interpreter gets it after this time: a small request asks for it ten times over
    sys.setswitchinterval(0.0001)
    # what a start leaves behind is next to nothing, and looking for it would take a twentieth of a second
    gc.freeze()
    # a collection holds everybody up: it looks at some 20,000 young objects at the most, which takes some 10 ms
    gc.set_threshold(5_000, 4, 200)


def _greet(settings: Settings, device: Device, ports: list[int], say: Callable[[str], None]) -> None:
    key = keys.client_key_file(settings.state, settings.user)
    if device.rescue:
        say(f"RESCUE: {device.rescue}")
    last = device.history.last()
    ways = [
        f"{one.transport.upper()} at {one.address} port {port}"
        for one, port in zip(settings.listeners, ports, strict=True)
    ]
    ways += [f"calls to {client.name}" for client in settings.call_home]
    say(
        f"NETCONF over {', '.join(ways)}, with {' and '.join(b.name for b in device.backends) or 'no backend'}"
        f" and {len(device.modules)} modules; {'nothing is committed yet' if last is None else f'running is commit {last}'}"
    )
    for one, port in zip(settings.listeners, ports, strict=True):
        if one.transport == "ssh":
            say(f"connect with:  ssh -s -p {port} -i {key} {settings.user}@{one.address} netconf")
