"""Settings: defaults, a file over them, options over that; and what is wrong said in one line."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from datastore.calls import Deadlines
from nos_mgmt.settings import Settings, SettingsError, load


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "nos.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_without_anything_there_are_the_defaults() -> None:
    assert load(None, {}) == Settings()
    assert load(None, {"port": None, "state": None}) == Settings()


def test_a_file_counts_for_more_than_defaults_and_options_for_more_than_a_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'port = 8999\nhost = "::1"\nsessions = 5')
    found = load(file, {"port": 9000, "host": None})
    assert (found.port, found.host, found.sessions, found.user) == (9000, "::1", 5, "admin")


def test_everything_can_be_set_in_a_file(tmp_path: Path) -> None:
    text = """
        state = "state"
        models = "/opt/models"
        host = "0.0.0.0"
        port = 0
        user = "operator"
        backends = ["hardware"]
        asic_ports = 10000
        kernel_ports = 2
        namespace = "blue"
        keep_namespaces = true
        history = "postgresql://db/nos"
        history_patience = 2
        history_count = 1000
        history_days = 365
        archive_directory = "/var/lib/archive"
        archive_command = ["keep", "it"]
        log_level = "debug"
        log_format = "json"
        log_rpcs = "all"
        metrics_port = 9469
        metrics_host = "::1"
        message_size = 1000
        hello_time = 5
        login_time = 6
        logins = 20
        idle_time = 600
        stall_time = 60
        pam = "nos-mgmt"
        sessions = 3
        user_sessions = 2
        rate = 50
        drift_interval = 5
        notification_count = 10
        notification_octets = 20
        notification_days = 30
        startup = true
        writable_running = true
        url_places = ["file:///var/lib/exports/"]
        url_ca = "/etc/ssl/certs/ca-certificates.crt"
        url_time = 3
        factory_default = "factory.xml"
        [deadlines]
        execute = 5
        [backend.hardware]
        driver = "mine"
        process = true
        [[listen]]
        name = "outside"
        transport = "tls"
        address = "::"
        [[call_home]]
        name = "orchestrator"
        endpoints = [{ name = "east", transport = "ssh", address = "east.example" }]
        [tls]
        certificate = "server.pem"
        key = "/etc/server.key"
        client_ca = "ca.pem"
        cert_to_name = []
    """
    found = load(written(tmp_path, text), {})
    assert found.state == tmp_path / "state"  # beside the file, from wherever the server is started
    assert found.factory_default == tmp_path / "factory.xml"
    assert found.models == Path("/opt/models")
    assert found.backends == ("hardware",)
    assert found.hello_time == 5.0
    assert [(one.name, one.port) for one in found.listeners] == [("host", 0), ("outside", 6513)]
    assert found.call_home[0].endpoints[0].port == 4334
    assert found.tls is not None
    assert (found.tls.certificate, found.tls.key) == (tmp_path / "server.pem", Path("/etc/server.key"))
    assert found.limits == (1000, 365)
    assert found.targets[:2] == ("/var/lib/archive", ("keep", "it"))
    assert found.backend == {"hardware": {"driver": "mine", "process": True}}
    assert found.deadlines == Deadlines(execute=5)
    assert [
        field.name for field in fields(Settings) if getattr(found, field.name) == getattr(Settings(), field.name)
    ] == []


def test_the_history_is_in_the_state_folder_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    assert Settings(state=tmp_path).history_url == f"sqlite:///{tmp_path}/history.sqlite"
    assert Settings(history="postgresql://db/nos").history_url == "postgresql://db/nos"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("port = ", "Invalid value"),
        ("prot = 1", "there is no setting prot; there are state, models, host, port"),
        ('port = "8830"', "port is '8830', not a whole number"),
        ("port = true", "port is True, not a whole number"),
        ("port = 8830.0", "port is 8830.0, not a whole number"),
        ("port = 65536", "port 65536 is outside 0..65535"),
        ("port = -1", "port -1 is less than 0"),
        ("state = 1", "state is 1, not a path"),
        ("host = 1", "host is 1, not a string"),
        ('backends = "kernel"', "backends is 'kernel', not a list of strings"),
        ("backends = [1]", r"backends is \[1\], not a list of strings"),
        ('backends = ["kernel", "kernel"]', "backends kernel, kernel: one is named twice"),
        ('keep_namespaces = "no"', "keep_namespaces is 'no', not true or false"),
        ("hello_time = true", "hello_time is True, not a number"),
        ("sessions = 0", "sessions 0 is less than 1"),
        ("user_sessions = -1", "user_sessions -1 is less than 0"),
        ("login_time = 0", "login_time 0.0 is less than 1"),
        ("logins = 0", "logins 0 is less than 1"),
        ("rate = -0.5", "rate -0.5 is less than 0"),
        ("idle_time = -1", "idle_time -1.0 is less than 0"),
        ("history_count = -1", "history_count -1 is less than 0"),
        ("history_days = 0.5", "history_days is 0.5, not a whole number"),
        ('archive_directory = "here"', "archive_directory 'here' is no absolute path"),
        ('archive_command = "keep it"', "archive_command is 'keep it', not a list of strings"),
        ("asic_ports = -1", "asic_ports -1 is less than 0"),
        ('log_level = "loud"', "log_level 'loud' is not one of debug, info, warning, error"),
        ('log_format = "xml"', "log_format 'xml' is not one of text, json, journal"),
        ('log_rpcs = "reads"', "log_rpcs 'reads' is not one of all, changes, none"),
        ("metrics_port = 65536", "metrics_port 65536 is outside 0..65535"),
        ("metrics_port = -1", "metrics_port -1 is less than 0"),
        ('user = "../x"', "user '../x' cannot be a user's name"),
        ('user = "host"', "user 'host' cannot be a user's name"),  # that is the server's own key
        ("backend = 1", "backend is 1, not a table of tables"),
        ("[backend]\nkernel = 1", "backend is {'kernel': 1}, not a table of tables"),
        ("deadlines = 5", "deadlines is 5, not a table of numbers above 0, of start, read, check, execute"),
        ("[deadlines]\nread = 0", "deadlines is {'read': 0}, not a table of numbers above 0"),
        ("[deadlines]\nseal = 1", "deadlines is {'seal': 1}, not a table of numbers above 0"),
        ("[deadlines]\nread = inf", "deadlines is {'read': inf}, not a table of numbers above 0"),
        ("[backend.kernel]\nprocess = 1", "process of backend kernel is 1, not true or false"),
        (b"\xff\xfe", "can't decode"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_name_and_the_setting(
    tmp_path: Path, text: str | bytes, why: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SettingsError, match=why) as refused:
        load(file, {})
    assert str(refused.value).startswith(f"{file}: ")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "none.toml", {})


@pytest.mark.parametrize("options", [{"port": 70000}, {"backends": ("kernel", "kernel")}, {"user": ""}])
def test_options_are_held_to_the_same(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        load(None, options)
