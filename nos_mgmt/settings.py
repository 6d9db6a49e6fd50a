"""What can be set: in a TOML file, and by options of `nos-mgmt serve`, which count for more."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datastore.archive import Targets
from datastore.calls import Deadlines
from datastore.event_log import LogLimits
from datastore.retention import Limits
from nos_mgmt import endpoints
from nos_mgmt.endpoints import CallHome, Listen, Tls
from nos_mgmt.records import SettingsError, record, records
from nos_mgmt.urls import Places, UnusablePlace
from yang import bindings

__all__ = ["Settings", "SettingsError", "load"]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


CHOICES = {
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("text", "json", "journal"),
    "log_rpcs": ("all", "changes", "none"),
}
"""The values that a setting can have."""
KINDS = {
    Path: "a path",
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    tuple: "a list of strings",
    dict: "a table of tables",
    Deadlines: f"a table of numbers above 0, of {', '.join(known.name for known in fields(Deadlines))}",
}
"""What a value has to be, by the type of its default."""
LEAST = {
    "port": 0,
    "metrics_port": 0,
    "asic_ports": 0,
    "kernel_ports": 0,
    "message_size": 1,
    "hello_time": 0,
    "login_time": 1,
    "logins": 1,
    "idle_time": 0,
    "stall_time": 0,
    "sessions": 1,
    "user_sessions": 0,
    "rate": 0,
    "history_patience": 0,
    "history_count": 0,
    "history_days": 0,
    "drift_interval": 0,
    "url_time": 0,
    "notification_count": 0,
    "notification_octets": 0,
    "notification_days": 0,
}
RECORDS: Mapping[str, Callable[[object, Path], object]] = {
    "listen": lambda given, folder: records(Listen, given, "listen", folder),
    "call_home": lambda given, folder: records(CallHome, given, "call_home", folder),
    "tls": lambda given, folder: record(Tls, given, "tls", folder),
}
"""Settings that are tables with records of their own."""
USER = re.compile(r"[A-Za-z_][\w.-]*")


@dataclass(frozen=True)
class Settings:
    """The settings of one server, with the defaults that `make run` has."""

    state: Path = Path(".nos")
    """The folder for keys and history."""
    models: Path = bindings.DEFAULT
    """The folder of the model set."""
    host: str = "127.0.0.1"
    """The address to listen at for SSH; empty is none beside `listen`."""
    port: int = 8830
    """The TCP port to listen at there; 0 takes a free one."""
    listen: tuple[Listen, ...] = ()
    """More addresses to listen at; with them, host and port count only if they are given too."""
    call_home: tuple[CallHome, ...] = ()
    """Clients that are called."""
    tls: Tls | None = None
    """Certificates, for whatever of these has TLS."""
    user: str = "admin"
    """The administrator, who may come in with the key `STATE/USER_ed25519` and do everything."""
    pam: str = ""
    """The PAM service that judges the passwords of users whom the configuration gives none; empty is none."""
    backends: tuple[str, ...] = ("kernel", "hardware")
    """The backends, by name; state is taken from the first one that has it."""
    asic_ports: int = 8
    """Ethernet ports of the simulated chip."""
    kernel_ports: int = 8
    """Ethernet ports in the kernel namespace that is made."""
    namespace: str = ""
    """The network namespace to manage; empty has one made, named after the port, and removed at the end."""
    keep_namespaces: bool = False
    """Whether namespaces that were made stay when the server ends."""
    history: str = ""
    """The URL of the history's database; empty is a file in the state folder."""
    history_patience: float = 10.0
    """Seconds to wait for a database of the history that others use, or that does not answer."""
    history_count: int = 0
    """Commits that the history keeps, the newest; 0 keeps any number."""
    history_days: int = 0
    """Days for which the history keeps commits; 0 keeps them for ever."""
    archive_directory: str = ""
    """The folder that has every commit's configuration as a file; empty is none."""
    archive_command: tuple[str, ...] = ()
    """A command, with its arguments, that is given every commit's configuration; empty is none."""
    log_level: str = "info"
    """How much is logged: debug, info, warning or error."""
    log_format: str = "text"
    """How it is written: text, json, or journal, which is text with priorities and without times, for systemd."""
    log_rpcs: str = "changes"
    """Which requests are told of: all, those that change something or are refused (changes), or none."""
    metrics_port: int = 0
    """The TCP port at which Prometheus finds metrics; 0 is nowhere."""
    metrics_host: str = "127.0.0.1"
    """The address for that."""
    backend: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Settings of backends, by their names."""
    startup: bool = False
    """Whether there is a startup configuration: what the machine starts with, whatever was running."""
    writable_running: bool = False
    """Whether running can be edited, besides being committed to."""
    url_places: tuple[str, ...] = ()
    """Where clients may have configurations read from and written to: URLs of folders; none without any."""
    url_ca: str = ""
    """A file with the certificates of the authorities that url_places of https have theirs from; empty is the system's."""
    url_time: float = 30.0
    """Seconds that reading or writing one of them may take."""
    factory_default: Path = Path(os.devnull)
    """The file with the configuration that factory-reset brings; an empty file is an empty configuration."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    """Seconds that a backend may take, by phase."""
    message_size: int = 128 << 20
    """Octets that one message may have."""
    hello_time: float = 30.0
    """Seconds that a client may take to say hello, and that a connection may have no session."""
    login_time: float = 30.0
    """Seconds that a client may take to log in."""
    logins: int = 256
    """Connections at once whose clients have not logged in yet."""
    idle_time: float = 0.0
    """Seconds after which a session is ended whose client sends nothing and has no subscription; 0 is never."""
    stall_time: float = 300.0
    """Seconds after which a session is ended whose client takes nothing of what it is sent; 0 is never."""
    sessions: int = 256
    """Sessions that may be open at once."""
    user_sessions: int = 0
    """Sessions that one user may have open at once; 0 is any number."""
    rate: float = 0.0
    """Requests of one session in a second; more are not read before their time. 0 is any number."""
    drift_interval: float = 60.0
    """Seconds between comparisons of everything with what the systems have; 0 leaves it to what they tell."""
    notification_count: int = LogLimits().records
    """Notifications that are kept for a replay, the newest; 0 keeps any number."""
    notification_octets: int = LogLimits().octets
    """Octets of notifications that are kept for a replay; 0 keeps any number."""
    notification_days: int = LogLimits().days
    """Days for which notifications are kept for a replay; 0 keeps them until there are too many."""

    @property
    def listeners(self) -> tuple[Listen, ...]:
        """All addresses to listen at, that of host and port first."""
        simple = (Listen("host", "ssh", self.host, self.port),) if self.host else ()
        return simple + self.listen

    @property
    def limits(self) -> Limits:
        """What the history keeps."""
        return Limits(self.history_count, self.history_days)

    @property
    def log_limits(self) -> LogLimits:
        """What is kept for a replay."""
        return LogLimits(self.notification_count, self.notification_octets, self.notification_days)

    @property
    def targets(self) -> Targets:
        """Where commits are archived."""
        return Targets(self.archive_directory, self.archive_command)

    @property
    def places(self) -> Places:
        """Where URLs may lead.

        Raises:
            UnusablePlace: They can lead nowhere.
        """
        return Places(self.url_places, self.url_ca, self.url_time, self.message_size)

    @property
    def history_url(self) -> str:
        """The URL of the history's database."""
        return self.history or f"sqlite:///{(self.state / 'history.sqlite').absolute()}"


def load(file: Path | None, options: Mapping[str, Any]) -> Settings:
    """Return the settings in `file`, if there is one, with those of `options` that are not None over them.

    Raises:
        SettingsError: The file cannot be read, or has a setting that there is not, or one has a value that it cannot have.
    """
    settings = Settings()
    over = {name: value for name, value in options.items() if value is not None}
    if file is not None:
        try:
            given = tomllib.loads(file.read_text(encoding="utf-8"))
            settings = replace(settings, **_typed(given, file.parent))
            if "listen" in given and not {"host", "port"} & {*given, *over}:
                settings = replace(settings, host="")
            _refuse(settings)
        except (OSError, ValueError, SettingsError) as error:
            raise SettingsError(f"{file}: {error}") from error
    settings = replace(settings, **over)
    _refuse(settings)
    return settings


def _typed(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return what a file in `folder` gives, as the settings have it."""
    defaults = {known.name: getattr(Settings(), known.name) for known in fields(Settings)}
    values = {}
    for name, value in given.items():
        if name not in defaults:
            raise SettingsError(f"there is no setting {name}; there are {', '.join(defaults)}")
        if name in RECORDS:
            values[name] = RECORDS[name](value, folder)
            continue
        values[name] = _value(defaults[name], value, folder)
        if values[name] is None:
            wanted = next(text for kind, text in KINDS.items() if isinstance(defaults[name], kind))
            raise SettingsError(f"{name} is {value!r}, not {wanted}")
    return values


def _value(default: Any, value: Any, folder: Path) -> Any:
    """Return a value of a file as a setting with this default has it; None if it cannot have it."""
    match default:
        case Path() if isinstance(value, str):
            return folder / value
        case tuple() if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        case dict() if isinstance(value, dict) and all(isinstance(item, dict) for item in value.values()):
            return value
        case Deadlines() if isinstance(value, dict):
            known = {phase.name for phase in fields(Deadlines)}
            are_usable = all(type(seconds) in (int, float) and 0 < seconds < inf for seconds in value.values())
            return replace(default, **value) if are_usable and known.issuperset(value) else None
        case float() if type(value) in (int, float):
            return float(value)
        case str() | int() if type(value) is type(default):
            return value
    return None


def _refuse(settings: Settings) -> None:
    """Raise `SettingsError` for a value that a setting cannot have."""
    for name, least in LEAST.items():
        value = getattr(settings, name)
        if value < least:
            raise SettingsError(f"{name} {value} is less than {least}")
    if not settings.host and not settings.listen and not settings.call_home:
        raise SettingsError("host '': nobody could come in, for there is neither listen nor call_home")
    for name in ("port", "metrics_port"):
        if getattr(settings, name) > 65535:
            raise SettingsError(f"{name} {getattr(settings, name)} is outside 0..65535")
    endpoints.refuse(settings.listen, settings.call_home, settings.tls)
    for name, known in CHOICES.items():
        if getattr(settings, name) not in known:
            raise SettingsError(f"{name} {getattr(settings, name)!r} is not one of {', '.join(known)}")
    if settings.archive_directory and not Path(settings.archive_directory).is_absolute():
        raise SettingsError(f"archive_directory {settings.archive_directory!r} is no absolute path")
    for name, own in settings.backend.items():
        if type(own.get("process", False)) is not bool:
            raise SettingsError(f"process of backend {name} is {own['process']!r}, not true or false")
    try:
        settings.places  # noqa: B018 - whether there are such
    except UnusablePlace as error:
        raise SettingsError(str(error)) from error
    # a user's key stands in a file of this name, beside the server's own
    if not USER.fullmatch(settings.user) or settings.user == "host":
        raise SettingsError(f"user {settings.user!r} cannot be a user's name")
    if len(set(settings.backends)) < len(settings.backends):
        raise SettingsError(f"backends {', '.join(settings.backends)}: one is named twice")
