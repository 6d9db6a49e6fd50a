"""The command: help for everything, one line for what is wrong, and the chip looked into from outside."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner, Result

from nos_mgmt.cli import main
from tests.datastore.rig import eventually
from tests.nos_mgmt.openssh import OpenSsh, command
from tests.openconfig import interface, interfaces, route, static_routes
from yang import bindings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Server

    Start = Callable[..., Server]


def run(*arguments: str) -> Result:
    """Return what the command does, in this process."""
    return CliRunner().invoke(main, arguments)


def commands(group: click.Command, *way: str) -> Iterator[tuple[str, ...]]:
    yield way
    if isinstance(group, click.Group):
        for name, inner in group.commands.items():
            yield from commands(inner, *way, name)


@pytest.mark.parametrize("way", list(commands(main)), ids=" ".join)
def test_every_command_has_help_that_says_what_it_does(way: tuple[str, ...]) -> None:
    for option in ("--help", "-h"):
        shown = run(*way, option)
        assert shown.exit_code == 0
        usage, _, rest = shown.output.partition("\n\n")
        assert usage.startswith("Usage: ")
        assert rest.strip()[0].isupper()


def test_every_option_says_what_it_is_for() -> None:
    silent = []
    for way in commands(main):
        command: click.Command = main
        for name in way:
            assert isinstance(command, click.Group)
            command = command.commands[name]
        silent += [
            (way, option.name) for option in command.params if isinstance(option, click.Option) and not option.help
        ]
    assert silent == []


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").output == "nos-mgmt, version 0.1.0\n"


@pytest.mark.parametrize(
    "arguments", [["no-such"], ["serve", "--no-such"], ["serve", "--port", "70000"], ["serve", "--port", "x"], ["asic"]]
)
def test_what_is_no_command_is_told_with_how_to_get_help(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert "Usage: " in done.output


def served(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what becomes of a server that is not to start."""
    return subprocess.run(
        [sys.executable, "-m", "nos_mgmt", "serve", "--state", str(folder / "state"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the line that says why a server does not start."""
    assert done.returncode == 1, done
    (line,) = (done.stdout + done.stderr).splitlines()
    assert line.startswith("Error: ")
    return line


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("prot = 1", "there is no setting prot"),
        ("port = 99999", "port 99999 is outside 0..65535"),
        ("port =", "Invalid value"),
        ('log_level = "loud"', "log_level 'loud' is not one of"),
        ('backends = ["cloud"]', "there is no backend cloud; there are hardware, kernel"),
        ('models = "nowhere"', "run 'nos-mgmt models install'"),
        ('history = "nonsense"', "history"),
        ('history = "sqlite:////no/such/folder/history.sqlite"', "cannot be opened: unable to open database file"),
        ('host = "192.0.2.77"', "cannot listen at 192.0.2.77 port 0"),
        ('host = "no such host"', "cannot listen at no such host port 0"),
        ('backends = ["kernel"]\nnamespace = "nos-no-such-namespace"', "nos-no-such-namespace"),
        (
            'backends = ["hardware"]\n[backend.hardware]\ndriver = "none"',
            "there is no driver none; there are simulated",
        ),
    ],
)
def test_settings_with_which_nothing_can_be_served_are_one_line_and_status_1(
    tmp_path: Path, text: str, why: str
) -> None:
    file = tmp_path / "nos.toml"
    file.write_text(text if "port" in text else f"port = 0\n{text}")
    line = refused(served(tmp_path, "--config", str(file)))
    assert why in line


def test_a_state_folder_that_cannot_be_made_is_one_line_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    assert "state" in refused(served(tmp_path, "--port", "0"))


def test_a_key_that_is_none_is_one_line_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "host_ed25519").write_text("none")
    done = served(tmp_path, "--port", "0", "--backends", "", "--log-level", "error")
    assert "host_ed25519: Invalid private key" in refused(done)


def test_settings_in_a_file_are_served(start_server: Start, tmp_path: Path) -> None:
    file = tmp_path / "nos.toml"
    file.write_text('user = "ann.lee"\nbackends = ["hardware"]\nasic_ports = 3\nlog_level = "warning"')
    server = start_server("--config", str(file))
    key = server.state / "ann.lee_ed25519"
    assert f"-i {key} ann.lee@127.0.0.1 netconf" in server.log.read_text()
    asked = [part.replace("admin", "ann.lee") for part in command(server)]
    with OpenSsh(asked) as session:
        session.edit(interfaces(interface("Ethernet1")))


def test_a_port_that_is_taken_is_one_line_and_no_system_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refused(served(tmp_path, "--port", str(port)))
    assert line == f"Error: cannot listen at 127.0.0.1 port {port}: Address already in use"
    assert not (tmp_path / "state" / "asic.sock").exists()
    assert not (tmp_path / "state" / "namespaces.json").exists()


def test_a_second_server_on_the_same_state_is_refused_and_the_first_goes_on(
    start_server: Start, tmp_path: Path
) -> None:
    first = start_server("--backends", "hardware")
    assert refused(served(tmp_path, "--port", "0")) == f"Error: another server uses {first.state}"
    with OpenSsh(command(first)) as session:
        session.edit(interfaces(interface("Ethernet1")))
    assert first.stop() == 0


def test_the_models_that_are_served_are_listed() -> None:
    listed = run("models", "list")
    assert listed.exit_code == 0
    modules = dict(line.split()[:2] for line in listed.output.splitlines())
    assert modules["openconfig-interfaces"]
    assert modules["nos-history"] == "2026-11-22"


def test_an_installed_set_is_checked() -> None:
    checked = run("models", "check")
    assert checked.exit_code == 0
    assert checked.output.startswith("from ")
    assert "patched: openconfig-network-instance: " in checked.output


def test_a_set_that_was_changed_is_told_and_cannot_be_used_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(bindings.DEFAULT / "modules", folder / "modules")
    for name in ("manifest.json", "schema.tables"):
        shutil.copy(bindings.DEFAULT / name, folder / name)
    assert run("models", "check", "--models", str(folder)).exit_code == 0
    with (folder / "modules" / "openconfig-interfaces.yang").open("a") as module:
        module.write("// changed\n")
    checked = run("models", "check", "--models", str(folder))
    assert checked.exit_code == 1
    assert "run 'nos-mgmt models compile'" in checked.output


@pytest.mark.parametrize("arguments", [["list"], ["check"], ["compile"], ["install", "--from", "/no/such/folder"]])
def test_models_that_there_are_not_are_one_line_and_status_1(tmp_path: Path, arguments: list[str]) -> None:
    done = run("models", *arguments, "--models", str(tmp_path / "none"))
    assert done.exit_code == 1
    lines = [line for line in done.output.splitlines() if not line.startswith("models: ")]
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")


@pytest.fixture
def server(start_server: Start) -> Server:
    """A server with a chip."""
    started: Server = start_server("--backends", "hardware")
    return started


def asic(server: Server, *arguments: str) -> str:
    done = run("asic", "--state", str(server.state), *arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_what_the_chip_holds_is_shown(server: Server) -> None:
    with OpenSsh(command(server)) as session:
        session.edit(
            interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=2000))
            + static_routes(route("192.0.2.0/24", "10.0.0.2"))
        )
    shown = asic(server, "show").splitlines()
    assert [line.split()[1] for line in shown if line.startswith("port ")] == [f"Ethernet{n}" for n in range(1, 9)]
    assert any("mtu=2000" in line for line in shown if line.startswith("port Ethernet1 "))
    assert any(line.startswith("route 192.0.2.0/24 ") for line in shown)


def test_a_failure_that_is_ordered_is_met_until_it_is_healed(server: Server) -> None:
    config = interfaces(interface("Ethernet1", "10.0.0.1/24")) + static_routes(route("192.0.2.0/24", "10.0.0.2"))
    target = "<target><candidate/></target>"
    with OpenSsh(command(server)) as session:
        asic(server, "fail", "route 192.0.2.0/24")
        assert "<ok/>" in session.rpc(f"<edit-config>{target}<config>{config}</config></edit-config>")
        assert "192.0.2.0" in session.rpc("<commit/>").partition("<rpc-error>")[2]
        asic(server, "heal")
        assert "<ok/>" in session.rpc("<commit/>")


def test_the_operation_behind_a_number_of_others_fails(server: Server) -> None:
    with OpenSsh(command(server)) as session:
        asic(server, "fail", "after 1")
        target = "<target><candidate/></target>"
        config = interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=2000))
        assert "<ok/>" in session.rpc(f"<edit-config>{target}<config>{config}</config></edit-config>")
        assert "<rpc-error>" in session.rpc("<commit/>")
        assert "mtu=2000" not in asic(server, "show")


@pytest.mark.parametrize("name", ["", "route", "after", "after x", "after -1"])
def test_what_cannot_fail_is_told(server: Server, name: str) -> None:
    done = run("asic", "--state", str(server.state), "fail", name)
    assert done.exit_code == 2
    assert "neither 'KIND KEY' nor 'after N'" in done.output


def test_a_port_is_pulled_and_plugged(server: Server) -> None:
    filter_ = f"<filter>{interfaces('<interface><name>Ethernet2</name></interface>')}</filter>"
    with OpenSsh(command(server)) as session:
        session.edit(interfaces(interface("Ethernet2", mtu=3000)))
        asic(server, "pull", "Ethernet2")
        assert "port Ethernet2 " not in asic(server, "show")
        assert "<oper-status>NOT_PRESENT</oper-status>" in session.rpc(f"<get>{filter_}</get>")
        asic(server, "plug", "Ethernet2")
        assert eventually(lambda: "<oper-status>UP</oper-status>" in session.rpc(f"<get>{filter_}</get>"))
        assert eventually(lambda: "mtu=3000" in asic(server, "show"))


@pytest.mark.parametrize(
    "arguments", [["show"], ["fail", "after 1"], ["heal"], ["plug", "Ethernet1"], ["pull", "Ethernet1"]]
)
def test_without_a_server_there_is_no_chip(tmp_path: Path, arguments: list[str]) -> None:
    done = run("asic", "--state", str(tmp_path), *arguments)
    assert done.exit_code == 1
    (line,) = done.output.splitlines()
    assert line.startswith(f"Error: no chip behind {tmp_path}/asic.sock")
