"""Every operation of ncclient that this server has, each against a server in a process of its own."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from ncclient import manager
from ncclient.operations import MissingCapabilityError, RPCError
from ncclient.transport.errors import SessionCloseError, TransportError

from backends.hardware.driver import Status
from backends.hardware.remote import RemoteDriver
from backends.hardware.simulated import Fault
from nos_mgmt.embedded import socket_of
from nos_mgmt.netconf.capabilities import PRIVATE_CANDIDATE
from nos_mgmt.netconf.datastores import FACTORY_DEFAULT
from nos_mgmt.netconf.datastores import PRIVATE_CANDIDATE as PRIVCAND
from nos_mgmt.netconf.messages import HISTORY
from tests.conftest import needs
from tests.datastore.rig import eventually
from tests.nos_mgmt.over_ssh import PATIENCE
from tests.openconfig import INTERFACES, interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ncclient.manager import Manager

    from tests.conftest import Server

ONE = interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=2000, description="one"))
TWO = interfaces(interface("Ethernet2", mtu=3000))
WRONG = interfaces(interface("Ethernet3", mtu=3000).replace("3000", "many"))


def connected(server: Server, *capabilities: str) -> Manager:
    return manager.connect(
        host="127.0.0.1",
        port=server.port,
        username="admin",
        key_filename=str(server.key),
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
        timeout=PATIENCE,
        nc_params={"capabilities": list(capabilities)},
    )


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., Manager]]:
    """A function that opens one more session."""
    opened: list[Manager] = []

    def connect_(*capabilities: str) -> Manager:
        opened.append(connected(server, *capabilities))
        return opened[-1]

    yield connect_
    for one in opened:
        if one.connected:
            one.close_session()
    with connected(server) as last:
        last.copy_config(source=source(""), target="candidate")
        last.commit()


@pytest.fixture
def client(connect: Callable[[], Manager]) -> Manager:
    return connect()


def config(content: str) -> str:
    return f'<config xmlns="{NETCONF}" xmlns:nc="{NETCONF}">{content}</config>'


def source(content: str) -> Any:
    """Return a configuration as the source of an operation."""
    return etree.fromstring(f'<source xmlns="{NETCONF}">{config(content)}</source>')


def named(name: str) -> str:
    return f'<interfaces xmlns="{INTERFACES}"><interface><name>{name}</name></interface></interfaces>'


def names(reply: Any) -> list[str]:
    """Return the names of the interfaces in a reply's data."""
    return [element.text for element in reply.data.iter(f"{{{INTERFACES}}}name") if _is_key(element)]


def _is_key(element: Any) -> bool:
    return bool(element.getparent().tag == f"{{{INTERFACES}}}interface")


def refused(call: Callable[..., Any], *arguments: Any, **options: Any) -> RPCError:
    """Return the error with which a call has to be refused."""
    with pytest.raises(RPCError) as caught:
        call(*arguments, **options)
    return caught.value


def asked(operation: str, content: str = "") -> Any:
    """Return one of our own requests."""
    return etree.fromstring(f'<{operation} xmlns="{HISTORY}">{content}</{operation}>')


def found(reply: Any, name: str) -> list[str]:
    """Return the texts of our own elements in a reply."""
    root = etree.fromstring(reply.xml.encode())
    return [element.text or "" for element in root.iter(f"{{{HISTORY}}}{name}")]


def test_both_agree_on_what_the_server_can(client: Manager) -> None:
    for name in (":base:1.1", ":candidate", ":confirmed-commit:1.1", ":rollback-on-error", ":validate:1.1", ":xpath"):
        assert name in client.server_capabilities
    assert ":with-defaults" in client.server_capabilities
    for name in (":startup", ":url", ":writable-running"):
        assert name not in client.server_capabilities
    assert client.session_id.isdigit()
    with pytest.raises(MissingCapabilityError):
        client.edit_config(target="candidate", config="https://localhost/one.xml", format="url")


def test_an_edit_a_commit_and_the_kernel_has_it(client: Manager, managed: str | None) -> None:
    assert client.edit_config(target="candidate", config=config(ONE)).ok
    assert names(client.get_config("running")) == []
    assert names(client.get_config("candidate")) == ["Ethernet1"]
    assert client.commit().ok
    assert names(client.get_config("running")) == ["Ethernet1"]
    if managed is not None:
        command = [needs("ip"), "-j", "-n", managed, "link", "show", "Ethernet1"]
        (link,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        assert (link["mtu"], link["ifalias"]) == (2000, "one")


def test_default_operations(client: Manager) -> None:
    client.edit_config(target="candidate", config=config(ONE))
    client.edit_config(target="candidate", config=config(TWO), default_operation="merge")
    assert names(client.get_config("candidate")) == ["Ethernet1", "Ethernet2"]
    client.edit_config(target="candidate", config=config(TWO), default_operation="replace")
    assert names(client.get_config("candidate")) == ["Ethernet2"]
    removal = TWO.replace("<interface>", '<interface nc:operation="delete">')
    client.edit_config(target="candidate", config=config(removal), default_operation="none")
    assert names(client.get_config("candidate")) == []
    error = refused(client.edit_config, target="candidate", config=config(removal), default_operation="none")
    assert error.tag == "data-missing"


def test_test_options(client: Manager) -> None:
    # the key refers to a leaf with another value
    lost = interfaces("<interface><name>Ethernet1</name><config><name>Ethernet2</name></config></interface>")
    client.edit_config(target="candidate", config=config(ONE), test_option="test-only")
    assert names(client.get_config("candidate")) == []
    client.edit_config(target="candidate", config=config(ONE), test_option="test-then-set")
    assert names(client.get_config("candidate")) == ["Ethernet1"]
    client.discard_changes()
    for option in ("test-only", "test-then-set"):
        error = refused(client.edit_config, target="candidate", config=config(lost), test_option=option)
        assert all(one.type == "application" for one in error.errlist)
        assert names(client.get_config("candidate")) == []
    client.edit_config(target="candidate", config=config(lost), test_option="set")
    assert names(client.get_config("candidate")) == ["Ethernet1"]
    assert len(refused(client.validate, "candidate").errlist) == len(error.errlist)


@pytest.mark.parametrize("option", ["stop-on-error", "rollback-on-error", "continue-on-error"])
def test_error_options(client: Manager, option: str) -> None:
    both = interfaces(
        interface("Ethernet1", mtu=2000),
        interface("Ethernet2", mtu=2000).replace("2000", "many"),
        interface("Ethernet3", mtu=2000).replace("2000", "few"),
    )
    error = refused(client.edit_config, target="candidate", config=config(both), error_option=option)
    several = error.errlist or [error]
    goes_on = option == "continue-on-error"
    assert [one.tag for one in several] == ["invalid-value"] * (2 if goes_on else 1)
    assert names(client.get_config("candidate")) == (["Ethernet1", "Ethernet2", "Ethernet3"] if goes_on else [])


def test_a_subtree_filter_selects(client: Manager) -> None:
    client.edit_config(target="candidate", config=config(ONE))
    client.edit_config(target="candidate", config=config(TWO))
    client.commit()
    for call in (client.get, lambda **options: client.get_config("running", **options)):
        assert names(call(filter=("subtree", named("Ethernet2")))) == ["Ethernet2"]
        assert names(call(filter=("subtree", named("Ethernet9")))) == []


def test_get_has_state_and_configuration(client: Manager) -> None:
    client.edit_config(target="candidate", config=config(ONE))
    client.commit()
    shown = client.get(filter=("subtree", named("Ethernet1"))).data_xml
    assert "<oper-status>" in shown
    assert shown.count("<mtu>2000</mtu>") == 2
    assert "<oper-status>" not in client.get_config("running").data_xml
    every = names(client.get(filter=("subtree", f'<interfaces xmlns="{INTERFACES}"/>')))
    assert {f"Ethernet{number}" for number in range(1, 9)} <= set(every)


def test_locks(client: Manager, connect: Callable[[], Manager]) -> None:
    other = connect()
    with client.locked("running"), client.locked("candidate"):
        error = refused(other.lock, "candidate")
        assert (error.tag, error.type) == ("lock-denied", "protocol")
        assert f"<session-id>{client.session_id}</session-id>" in error.info
        assert refused(other.edit_config, target="candidate", config=config(ONE)).tag == "in-use"
        assert refused(other.commit).tag == "in-use"
        client.edit_config(target="candidate", config=config(ONE))
        client.commit()
    with other.locked("candidate"):
        assert refused(other.unlock, "running").tag == "lock-denied"
    assert other.lock("running").ok
    assert other.unlock("running").ok


def test_a_lock_ends_with_what_was_done_under_it_and_not_committed(
    client: Manager, connect: Callable[[], Manager]
) -> None:
    client.lock("candidate")
    client.edit_config(target="candidate", config=config(ONE))
    client.close_session()
    other = connect()
    with other.locked("candidate"):
        assert names(other.get_config("candidate")) == []


def test_validate(client: Manager) -> None:
    client.edit_config(target="candidate", config=config(ONE))
    assert client.validate("candidate").ok
    assert client.validate("running").ok
    assert client.validate(etree.fromstring(config(TWO))).ok
    error = refused(client.validate, etree.fromstring(config(WRONG)))
    assert error.tag == "invalid-value"
    assert "many" in error.message


def test_discard_changes(client: Manager) -> None:
    client.edit_config(target="candidate", config=config(ONE))
    assert client.discard_changes().ok
    assert names(client.get_config("candidate")) == []


def test_copy_config(client: Manager) -> None:
    assert client.copy_config(source=source(ONE), target="candidate").ok
    client.commit()
    client.copy_config(source=source(TWO), target="candidate")
    assert names(client.get_config("candidate")) == ["Ethernet2"]
    client.copy_config(source="running", target="candidate")
    assert names(client.get_config("candidate")) == ["Ethernet1"]
    assert refused(client.copy_config, source="candidate", target="candidate").tag == "invalid-value"
    assert refused(client.copy_config, source="candidate", target="running").type in ("protocol", "application")


def test_nothing_can_be_deleted(client: Manager) -> None:
    client.edit_config(target="candidate", config=config(ONE))
    client.commit()
    for target in ("running", "candidate"):
        assert refused(client.delete_config, target).type == "protocol"
    assert refused(client.delete_config, "startup").type == "protocol"
    assert names(client.get_config("running")) == ["Ethernet1"]


def test_running_is_not_written_to_directly(client: Manager) -> None:
    error = refused(client.edit_config, target="running", config=config(ONE))
    assert error.type == "protocol"
    assert "running" in error.message


def test_get_schema(client: Manager) -> None:
    for identifier in ("nos-history", "nos-deviations", "openconfig-interfaces"):
        text = client.get_schema(identifier).data
        assert text.lstrip().startswith(("module", "//"))
        assert f"module {identifier} " in text
    error = refused(client.get_schema, "no-such-module")
    assert (error.tag, error.message) == ("invalid-value", "there is no module no-such-module")
    assert refused(client.get_schema, "nos-history", version="1999-01-01").tag == "invalid-value"


def test_schemas_that_are_listed_can_be_had(client: Manager) -> None:
    monitoring = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
    wanted = f'<netconf-state xmlns="{monitoring}"><schemas/></netconf-state>'
    listed = client.get(filter=("subtree", wanted)).data.iter(f"{{{monitoring}}}schema")
    modules = [[schema.findtext(f"{{{monitoring}}}{leaf}") for leaf in ("identifier", "version")] for schema in listed]
    assert len(modules) > 20
    for identifier, version in modules[::8]:
        assert identifier in client.get_schema(identifier, version=version, format="yang").data


def test_kill_session(client: Manager, connect: Callable[[], Manager]) -> None:
    other = connect()
    other.lock("candidate")
    other.edit_config(target="candidate", config=config(ONE))
    assert client.kill_session(other.session_id).ok
    deadline = time.monotonic() + PATIENCE
    while other.connected:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises((TransportError, SessionCloseError)):
        other.get_config("running")
    assert client.lock("candidate").ok
    for number in (other.session_id, client.session_id, "999"):
        assert refused(client.kill_session, number).tag == "invalid-value"


def test_close_session(client: Manager) -> None:
    assert client.close_session().ok
    assert not client.connected


def test_our_own_operations(client: Manager) -> None:
    client.edit_config(target="candidate", config=config(ONE))
    plan = client.dispatch(asked("get-plan"))
    assert "kernel" in found(plan, "backend") or "hardware" in found(plan, "backend")
    assert set(found(plan, "action")) <= {"create", "update", "delete"}
    commit = etree.fromstring(f'<commit xmlns="{NETCONF}"><comment xmlns="{HISTORY}">the first</comment></commit>')
    assert "<ok/>" in client.dispatch(commit).xml
    client.edit_config(target="candidate", config=config(TWO))
    client.commit()
    history = client.get(filter=("subtree", f'<history xmlns="{HISTORY}"/>'))
    first, second = found(history, "id")[-2:]
    earlier = client.dispatch(asked("get-configuration", f"<commit>{first}</commit>")).xml
    assert "Ethernet1" in earlier
    assert "Ethernet2" not in earlier
    difference = client.dispatch(asked("get-difference", f"<from>{first}</from><to>{second}</to>"))
    assert any("Ethernet2" in change for change in found(difference, "change"))
    rolled = client.rpc(asked("rollback", f"<commit>{first}</commit><comment>back</comment>"))
    (third,) = found(rolled, "commit")
    assert names(client.get_config("running")) == ["Ethernet1"]
    history = client.get(filter=("subtree", f'<history xmlns="{HISTORY}"/>'))
    assert found(history, "id")[-3:] == [first, second, third]
    assert found(history, "comment") == ["the first", "back"]
    assert set(found(history, "state")[-3:]) == {"sealed"}
    assert refused(client.dispatch, asked("rollback", "<commit>999</commit>")).tag == "invalid-value"
    assert refused(client.dispatch, asked("no-such-thing")).tag == "operation-not-supported"


def test_what_is_wrong_is_told_with_tag_path_and_message(client: Manager) -> None:
    error = refused(client.edit_config, target="candidate", config=config(WRONG))
    assert (error.tag, error.type, error.severity) == ("invalid-value", "application", "error")
    assert error.path.endswith("interface[oc-if:name='Ethernet3']/oc-if:config/oc-if:mtu")
    assert "many" in error.message


def test_a_refusal_of_the_chip_is_told_with_the_leaf_and_the_status(client: Manager, server: Server) -> None:
    chip = RemoteDriver(socket_of(server.state))
    client.edit_config(target="candidate", config=config(ONE))
    chip.inject(Fault(Status.NO_RESOURCES))
    error = refused(client.commit)
    assert (error.tag, error.app_tag) == ("operation-failed", "hardware-NO_RESOURCES")
    assert "Ethernet1" in error.path
    assert "hardware refused" in error.message
    assert names(client.get_config("running")) == []
    chip.inject(None)
    chip.close()
    assert client.commit().ok
    assert names(client.get_config("running")) == ["Ethernet1"]


def test_requests_of_several_sessions_at_once(connect: Callable[[], Manager]) -> None:
    clients = [connect() for _ in range(4)]
    for one in clients:
        one.async_mode = True
    for _ in range(10):
        pending = [one.get_config("running") for one in clients for _ in range(5)]
        for request in pending:
            assert request.event.wait(PATIENCE)
            assert request.reply.ok
    for one in clients:
        one.async_mode = False


def test_a_confirmed_commit_is_confirmed_by_whoever_has_its_token(connect: Callable[[], Manager]) -> None:
    first, second = connect(), connect()
    assert ":confirmed-commit:1.1" in first.server_capabilities
    first.edit_config(target="candidate", config=config(interfaces(interface("Ethernet1", mtu=4000))))
    assert first.commit(confirmed=True, timeout="120", persist="token").ok
    error = refused(second.commit, persist_id="other")
    assert (error.tag, error.type) == ("invalid-value", "protocol")
    first.close_session()
    assert second.commit(persist_id="token").ok
    assert names(second.get_config("running")) == ["Ethernet1"]


def test_a_confirmed_commit_ends_with_its_session_or_is_cancelled(connect: Callable[[], Manager]) -> None:
    first, second = connect(), connect()
    first.edit_config(target="candidate", config=config(interfaces(interface("Ethernet1", mtu=4000))))
    first.commit(confirmed=True, timeout="120")
    assert refused(second.cancel_commit).tag == "in-use"
    first.close_session()
    assert eventually(lambda: names(second.get_config("running")) == [])
    second.edit_config(target="candidate", config=config(interfaces(interface("Ethernet2", mtu=4000))))
    second.commit(confirmed=True, timeout="120", persist="token")
    assert second.cancel_commit(persist_id="token").ok
    assert names(second.get_config("running")) == []


def test_private_candidates_and_their_conflicts(connect: Callable[..., Manager]) -> None:
    first, second, shared = connect(PRIVATE_CANDIDATE), connect(PRIVATE_CANDIDATE), connect()
    assert PRIVATE_CANDIDATE in first.server_capabilities
    first.edit_config(target="candidate", config=config(ONE))
    assert names(shared.get_config("candidate")) == []
    second.edit_config(target="candidate", config=config(ONE.replace("2000", "3000")))
    second.edit_config(target="candidate", config=config(TWO))
    second.commit()
    error = refused(first.commit)
    assert (error.tag, error.app_tag) == ("operation-failed", "conflict")
    assert error.path.endswith("interface[oc-if:name='Ethernet1']/oc-if:config/oc-if:mtu")
    assert "in running since commit" in error.message
    update = f'<update xmlns="{PRIVCAND}"><resolution-mode>prefer-candidate</resolution-mode></update>'
    first.dispatch(etree.fromstring(update))
    assert first.commit().ok
    running = first.get_config("running")
    assert names(running) == ["Ethernet1", "Ethernet2"]
    assert "<mtu>2000</mtu>" in running.data_xml


def test_factory_reset(client: Manager) -> None:
    client.edit_config(target="candidate", config=config(ONE))
    client.commit()
    client.dispatch(etree.fromstring(f'<factory-reset xmlns="{FACTORY_DEFAULT}"/>'))
    assert names(client.get_config("running")) == []
