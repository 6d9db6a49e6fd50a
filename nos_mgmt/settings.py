"""What can be set: in a TOML file, and by options of `nos-mgmt serve`, which count for more."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yang import bindings
from yang.errors import NosError

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingsError(NosError):
    """A settings file that cannot be used; the message names the file and the setting."""


@dataclass(frozen=True)
class Settings:
    """The settings of one server, with the defaults that `make run` has."""

    state: Path = Path(".nos")
    """The folder for keys and history."""
    models: Path = bindings.DEFAULT
    """The folder of the model set."""
    host: str = "127.0.0.1"
    """The address to listen at."""
    port: int = 8830
    """The TCP port to listen at; 0 takes a free one."""
    user: str = "admin"
    """Who may come in, with the key `STATE/USER_ed25519`."""
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
    log_level: str = "info"
    """How much is logged: debug, info, warning or error."""
    backend: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Settings of backends, by their names."""
    message_size: int = 128 << 20
    """Octets that one message may have."""
    hello_time: float = 30.0
    """Seconds that a client may take to say hello."""
    sessions: int = 256
    """Sessions that may be open at once."""

    @property
    def history_url(self) -> str:
        """The URL of the history's database."""
        return self.history or f"sqlite:///{(self.state / 'history.sqlite').absolute()}"


def load(file: Path | None, options: Mapping[str, Any]) -> Settings:
    """Return the settings in `file`, if there is one, with those of `options` that are not None over them.

    Raises:
        SettingsError: The file cannot be read, or has a setting that there is not, or of the wrong type.
    """
    settings = Settings()
    if file is not None:
        try:
            given = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{file}: {error}") from error
        settings = replace(settings, **_typed(given, file))
    return replace(settings, **{name: value for name, value in options.items() if value is not None})


def _typed(given: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return what a file gives, as the settings have it."""
    defaults = {known.name: getattr(Settings(), known.name) for known in fields(Settings)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in defaults:
            raise SettingsError(f"{file}: there is no setting {name}; there are {', '.join(defaults)}")
        default = defaults[name]
        if isinstance(default, Path) and isinstance(value, str):
            values[name] = file.parent / value
        elif isinstance(default, tuple) and isinstance(value, list) and all(isinstance(item, str) for item in value):
            values[name] = tuple(value)
        elif isinstance(default, float) and isinstance(value, (int, float)) and not isinstance(value, bool):
            values[name] = float(value)
        elif type(value) is type(default):
            values[name] = value
        else:
            raise SettingsError(f"{file}: {name} is {value!r}, not a {type(default).__name__}")
    return values
