"""The factory default configuration and its reset (RFC 8808)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datastore.factory import UnusableFactoryDefault, read_factory_default
from nos_mgmt.netconf.capabilities import PRIVATE_CANDIDATE
from nos_mgmt.sessions import Sessions
from tests.conftest import Client, make_device
from tests.nos_mgmt.replies import error, is_ok
from tests.openconfig import interface, interfaces
from yang.tree import Node
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from backends.hardware.simulated import SimulatedAsic
    from nos_mgmt.device import Device
    from yang.schema import Schema

RESET = '<factory-reset xmlns="urn:ietf:params:xml:ns:yang:ietf-factory-default"/>'
HISTORY = "urn:nos-mgmt:yang:nos-history"
FACTORY = interfaces(interface("Ethernet8", description="factory"))
ONE = interfaces(interface("Ethernet1", description="one"))
TWO = interfaces(interface("Ethernet2", description="two"))
IN_JSON = """{"openconfig-interfaces:interfaces": {"interface": [{"name": "Ethernet8", "config":
    {"name": "Ethernet8", "type": "iana-if-type:ethernetCsmacd", "description": "factory"}}]}}"""
CANDIDATE = "<get-config><source><candidate/></source></get-config>"
STARTUP = "<get-config><source><startup/></source></get-config>"


@pytest.fixture
def shipped(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Device]:
    """A device with startup that leaves the factory with a port described."""
    file = tmp_path / "factory.xml"
    file.write_text(f"<config>{FACTORY}</config>")
    made = make_device(tmp_path, [hardware], has_startup=True, factory_default=file)
    yield made
    made.close()


@pytest.fixture
def clients(shipped: Device) -> tuple[Client, Client]:
    registry = Sessions()
    return Client(shipped, registry, "ann"), Client(shipped, registry, "bob")


def commit(client: Client, config: str) -> None:
    client.edit(config)
    client.ok("<commit/>")


def test_the_first_start_begins_with_it(shipped: Device, clients: tuple[Client, Client]) -> None:
    assert "factory" in clients[0].running()
    (first,) = shipped.history.commits()
    assert (first.author.user, first.comment) == (
        "system",
        "factory default configuration, at the start of the machine",
    )


def test_without_a_file_it_is_empty(device: Device, client: Client) -> None:
    assert list(device.history.commits()) == []
    commit(client, ONE)
    assert is_ok(client.send(RESET))
    assert client.running() == ""


def test_factory_reset_resets_every_datastore(
    shipped: Device, clients: tuple[Client, Client], chip: SimulatedAsic
) -> None:
    ann, bob = clients
    commit(ann, ONE)
    ann.ok("<copy-config><target><startup/></target><source><running/></source></copy-config>")
    bob.edit(TWO)
    assert "Ethernet1" in str(chip._objects)
    assert is_ok(ann.send(RESET))
    for text in (ann.running(), bob.ok(CANDIDATE), bob.ok(STARTUP)):
        assert "factory" in text
        assert "one" not in text
        assert "two" not in text
    assert shipped.datastores.protected() == frozenset()
    last = list(shipped.history.commits())[-1]
    assert (last.author.user, last.comment, last.label) == ("ann", "factory reset", "factory-default")


def test_factory_reset_can_be_rolled_back(clients: tuple[Client, Client]) -> None:
    commit(clients[0], ONE)
    clients[0].ok(RESET)
    assert "one" not in clients[0].running()
    clients[1].ok(f'<rollback xmlns="{HISTORY}"><ago>1</ago></rollback>')
    assert "one" in clients[0].running()


def test_private_candidates_are_reset(shipped: Device) -> None:
    registry = Sessions()
    ann = Client(shipped, registry, "ann", capabilities=[PRIVATE_CANDIDATE])
    bob = Client(shipped, registry, "bob")
    ann.edit(ONE)
    bob.ok(RESET)
    assert "one" not in ann.ok(CANDIDATE)


@pytest.mark.parametrize("name", ["running", "candidate", "startup"])
def test_a_datastore_that_another_session_has_locked_is_in_use(clients: tuple[Client, Client], name: str) -> None:
    ann, bob = clients
    commit(ann, ONE)
    bob.ok(f"<lock><target><{name}/></target></lock>")
    found = error(ann.send(RESET))
    assert (found.tag, found.info) == ("in-use", {"session-id": str(bob.session.id)})
    assert "one" in ann.running()
    assert is_ok(bob.send(RESET))


def test_a_confirmed_commit_of_another_session_is_in_use_and_ones_own_is_void(
    shipped: Device, clients: tuple[Client, Client]
) -> None:
    ann, bob = clients
    ann.edit(ONE)
    ann.ok("<commit><confirmed/></commit>")
    assert error(bob.send(RESET)).tag == "in-use"
    assert is_ok(ann.send(RESET))
    assert shipped.datastores.pending is None
    assert "one" not in bob.running()


def test_a_reset_that_a_backend_refuses_leaves_everything(
    shipped: Device, clients: tuple[Client, Client], chip: SimulatedAsic
) -> None:
    from backends.hardware.driver import Status  # noqa: PLC0415 - for one test
    from backends.hardware.simulated import Fault  # noqa: PLC0415

    ann, _ = clients
    commit(ann, ONE)
    ann.ok("<copy-config><target><startup/></target><source><running/></source></copy-config>")
    chip.inject(Fault(Status.NO_RESOURCES))
    assert error(ann.send(RESET)).app_tag == "hardware-NO_RESOURCES"
    assert "one" in ann.running()
    assert "one" in ann.ok(STARTUP)
    assert shipped.datastores.protected() == {2}


def test_the_datastore_is_not_advertised_as_it_cannot_be_read(client: Client) -> None:
    hello = client.session.hello().decode()
    assert "module=ietf-factory-default&amp;revision=2020-08-31&amp;features=factory-default-datastore<" in hello


@pytest.mark.parametrize("content", [f"<config>{FACTORY}</config>", FACTORY, IN_JSON])
def test_a_file_holds_xml_or_json(tmp_path: Path, schema: Schema, content: str) -> None:
    file = tmp_path / "default"
    file.write_text(content)
    assert print_children(read_factory_default(file, schema)).count("factory") == 1


def test_an_empty_file_is_an_empty_configuration(tmp_path: Path, schema: Schema) -> None:
    file = tmp_path / "default"
    file.write_text("\n")
    assert read_factory_default(file, schema) == Node(schema.root, {})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (FACTORY.replace("<description>", "<mtu>many</mtu><description>"), "interface[name='Ethernet8']/config/mtu: "),
        (FACTORY.replace("<config><name>Ethernet8</name>", "<config>"), "interface[name='Ethernet8']"),
        (FACTORY.replace("description>", "colour>"), "colour"),
        ("hello", "neither XML nor JSON"),
        ("<config>", "default: "),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_file_and_leaf(
    tmp_path: Path, schema: Schema, content: str, why: str
) -> None:
    file = tmp_path / "default"
    file.write_text(content)
    with pytest.raises(UnusableFactoryDefault) as refused:
        read_factory_default(file, schema)
    assert str(refused.value).startswith(str(file))
    assert why in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path, schema: Schema) -> None:
    with pytest.raises(UnusableFactoryDefault, match="none: No such file"):
        read_factory_default(tmp_path / "none", schema)
