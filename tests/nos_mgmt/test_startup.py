"""The startup configuration (RFC 6241 section 8.7): what it is told from, and what a start of the machine makes of it."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from datastore import confirmation
from nos_mgmt.sessions import Sessions
from tests.conftest import Client, make_device
from tests.nos_mgmt.over_ssh import PATIENCE
from tests.nos_mgmt.replies import error, errors, is_ok
from tests.openconfig import INTERFACES, interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device
    from tests.conftest import Server

CAPABILITY = "urn:ietf:params:netconf:capability:startup:1.0"
ONE = interfaces(interface("Ethernet1", description="one"))
TWO = interfaces(interface("Ethernet1", description="two"))
SAVE = "<copy-config><target><startup/></target><source><running/></source></copy-config>"
DELETE = "<delete-config><target><startup/></target></delete-config>"
DEFAULT = f"<config>{interfaces(interface('Ethernet8', description='factory'))}</config>"


class Machine:
    """A machine with a chip, that can be started anew."""

    def __init__(self, folder: Path, backend: HardwareBackend, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.backend = backend
        self.boot_id = folder / "boot_id"
        self.boot_id.write_text("first")
        monkeypatch.setattr(confirmation, "BOOT_ID", self.boot_id)
        self.options: dict[str, Any] = {"has_startup": True}
        self.device: Device | None = None
        self.start()

    def start(self) -> None:
        """Start the server, as if it had been killed."""
        self.stop()
        self.device = make_device(self.folder, [self.backend], **self.options)
        self.sessions = Sessions()
        self.client = Client(self.device, self.sessions)

    def boot(self) -> None:
        """Start the machine anew, and the server in it."""
        self.boot_id.write_text(self.boot_id.read_text() + "+")
        self.start()

    def stop(self) -> None:
        if self.device is not None:
            self.device.close()
            self.device = None

    def commit(self, config: str, options: str = "") -> None:
        self.client.edit(config)
        self.client.ok(f"<commit>{options}</commit>")

    def startup(self) -> str:
        answer = self.client.ok("<get-config><source><startup/></source></get-config>")
        return answer.partition("<data>")[2].partition("</data>")[0]

    @property
    def last(self) -> tuple[str, str]:
        """Who made the last commit, and its comment."""
        assert self.device is not None
        commit = list(self.device.history.commits())[-1]
        return commit.author.user, commit.comment


@pytest.fixture
def machine(tmp_path: Path, hardware: HardwareBackend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    made = Machine(tmp_path, hardware, monkeypatch)
    yield made
    made.stop()


# without the setting


def test_without_the_setting_nothing_of_it_is_there(client: Client, device: Device) -> None:
    assert CAPABILITY not in client.session.hello().decode()
    assert "/startup" not in device.deviation_module
    for request in (SAVE, DELETE, "<lock><target><startup/></target></lock>"):
        assert error(client.send(request)).info == {"bad-element": "startup"}


def test_without_the_setting_a_start_of_the_machine_goes_on_with_what_was_running(machine: Machine) -> None:
    machine.options = {}
    machine.start()
    machine.commit(ONE)
    machine.boot()
    assert "one" in machine.client.running()


# section 8.7.3, 8.7.4: the capability, and where it can be named


def test_it_is_advertised_with_the_feature(machine: Machine) -> None:
    hello = machine.client.session.hello().decode()
    assert f"<capability>{CAPABILITY}</capability>" in hello
    root = etree.fromstring(hello.encode())
    said = [element.text or "" for element in root.iter(f"{{{NETCONF}}}capability")]
    assert any("module=ietf-netconf&" in uri and ",startup," in uri for uri in said)
    assert machine.device is not None
    assert "startup" not in machine.device.deviation_module


def test_running_is_copied_to_startup_without_a_copy(machine: Machine, tmp_path: Path) -> None:
    machine.commit(ONE)
    assert is_ok(machine.client.send(SAVE))
    assert "one" in machine.startup()
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as connection:
        assert connection.execute("select commit_id, configuration from startup").fetchall() == [(1, None)]
    assert machine.device is not None
    assert machine.device.datastores.protected() == {1}
    machine.commit(TWO)
    assert "one" in machine.startup()


def test_candidate_and_inline_configurations_are_copied_to_startup(machine: Machine) -> None:
    copy = "<copy-config><target><startup/></target><source>{}</source></copy-config>"
    machine.client.edit(ONE)
    assert is_ok(machine.client.send(copy.format("<candidate/>")))
    assert "one" in machine.startup()
    assert is_ok(machine.client.send(copy.format(f"<config>{TWO}</config>")))
    assert "two" in machine.startup()
    assert machine.client.running() == ""
    assert machine.device is not None
    assert machine.device.datastores.protected() == frozenset()


def test_startup_is_copied_to_the_candidate_and_validated(machine: Machine) -> None:
    machine.commit(ONE)
    machine.client.ok(SAVE)
    machine.commit(TWO)
    assert is_ok(machine.client.send("<validate><source><startup/></source></validate>"))
    assert is_ok(
        machine.client.send("<copy-config><target><candidate/></target><source><startup/></source></copy-config>")
    )
    assert is_ok(machine.client.send("<commit/>"))
    assert "one" in machine.client.running()


def test_startup_cannot_be_copied_to_itself(machine: Machine) -> None:
    found = error(
        machine.client.send("<copy-config><target><startup/></target><source><startup/></source></copy-config>")
    )
    assert (found.tag, found.info) == ("invalid-value", {"bad-element": "startup"})


def test_what_breaks_rules_is_no_startup_configuration(machine: Machine) -> None:
    wrong = f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet1</name></interface></interfaces>'
    copy = f"<copy-config><target><startup/></target><source><config>{wrong}</config></source></copy-config>"
    assert errors(machine.client.send(copy))[0].path is not None
    assert machine.startup() == ""


def test_locked_startup_is_written_by_its_holder_alone(machine: Machine) -> None:
    other = Client(machine.device, machine.sessions)  # type: ignore[arg-type]  # it is started
    machine.commit(ONE)
    assert is_ok(other.send("<lock><target><startup/></target></lock>"))
    found = error(machine.client.send("<lock><target><startup/></target></lock>"))
    assert (found.tag, found.info) == ("lock-denied", {"session-id": str(other.session.id)})
    for request in (SAVE, DELETE):
        assert error(machine.client.send(request)).tag == "in-use"
        assert is_ok(other.send(request))
    assert is_ok(other.send("<unlock><target><startup/></target></unlock>"))
    assert is_ok(machine.client.send(SAVE))


# section 8.7.1: what a start makes of it


def test_a_start_of_the_machine_begins_with_startup(machine: Machine) -> None:
    machine.commit(ONE)
    machine.client.ok(SAVE)
    machine.commit(TWO)
    machine.boot()
    assert "one" in machine.client.running()
    assert machine.last == ("system", "startup configuration, at the start of the machine")
    machine.commit(TWO)
    machine.start()
    assert "two" in machine.client.running()
    assert "one" in machine.startup()


def test_a_start_of_the_server_goes_on_with_running(machine: Machine) -> None:
    machine.commit(ONE)
    machine.client.ok(SAVE)
    machine.commit(TWO)
    machine.start()
    assert "two" in machine.client.running()


def test_a_start_of_the_machine_while_the_setting_was_off_does_not_count_later(machine: Machine) -> None:
    machine.commit(ONE)
    machine.client.ok(SAVE)
    machine.options = {}
    machine.boot()
    machine.commit(TWO)
    machine.options = {"has_startup": True}
    machine.start()
    assert "two" in machine.client.running()


def test_a_confirmed_commit_is_void_at_a_start_of_the_machine(machine: Machine) -> None:
    machine.commit(ONE)
    machine.client.ok(SAVE)
    machine.commit(TWO, "<confirmed/><confirm-timeout>600</confirm-timeout><persist>token</persist>")
    machine.boot()
    assert machine.device is not None
    assert machine.device.datastores.pending is None
    assert "one" in machine.client.running()
    machine.start()
    assert machine.device.datastores.pending is None
    assert "one" in machine.client.running()


@pytest.mark.parametrize("how", ["never written", "deleted"])
def test_without_a_startup_configuration_the_machine_starts_as_it_left_the_factory(
    machine: Machine, tmp_path: Path, how: str
) -> None:
    (tmp_path / "factory.xml").write_text(DEFAULT)
    machine.commit(ONE)
    machine.options["factory_default"] = tmp_path / "factory.xml"
    if how == "deleted":
        machine.client.ok(SAVE)
        assert is_ok(machine.client.send(DELETE))
    machine.boot()
    assert "factory" in machine.client.running()
    assert "Ethernet1" not in machine.client.running()
    assert "factory" in machine.startup()


def test_startup_that_a_backend_refuses_leaves_what_was_running(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    copy = "<copy-config><target><startup/></target><source><config>{}</config></source></copy-config>"
    machine.commit(ONE)
    refused = interfaces(interface("Ethernet1", type_="ieee8023adLag"))
    machine.client.ok(copy.format(refused))
    machine.boot()
    assert "one" in machine.client.running()
    assert "the configuration that the machine starts with is refused" in caplog.text


# in a process of its own


def told(connect: Callable[..., Any], server: Server) -> Any:
    """Return a session with a server."""
    return connect(
        host="127.0.0.1",
        port=server.port,
        username="admin",
        key_filename=str(server.key),
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
        timeout=PATIENCE,
    )


def test_startup_survives_a_server_that_is_killed(start_server: Callable[..., Server], tmp_path: Path) -> None:
    manager = pytest.importorskip("ncclient.manager", reason="there is no ncclient")
    config = tmp_path / "nos.toml"
    config.write_text("startup = true\n")
    options = ("--config", str(config), "--backends", "hardware")
    first = start_server(*options)
    with told(manager.connect, first) as session:
        for content in (ONE, TWO):
            session.edit_config(target="candidate", config=f'<config xmlns="{NETCONF}">{content}</config>')
            session.commit()
            if content == ONE:
                assert session.copy_config(source="running", target="startup").ok
    first.stop(signal.SIGKILL)
    second = start_server(*options, state=first.state)
    with told(manager.connect, second) as session:
        assert "two" in session.get_config("running").data_xml
        assert "one" in session.get_config("startup").data_xml
    second.stop(signal.SIGKILL)
    with closing(sqlite3.connect(first.state / "history.sqlite")) as connection, connection:
        # as if the machine had been started anew
        assert connection.execute("update boots set boot = 'another'").rowcount == 1
    third = start_server(*options, state=first.state)
    with told(manager.connect, third) as session:
        assert "one" in session.get_config("running").data_xml
        assert session.delete_config("startup").ok
        assert "one" not in session.get_config("startup").data_xml
