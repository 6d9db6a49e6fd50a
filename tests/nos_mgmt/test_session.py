"""A session: bytes in, bytes out, whatever comes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore.history import Author
from nos_mgmt.netconf.messages import BASE_1_0
from nos_mgmt.netconf.session import OPERATIONS, Session
from nos_mgmt.sessions import Sessions
from tests.nos_mgmt.replies import error, errors, is_ok, parsed
from tests.openconfig import interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from nos_mgmt.device import Device
    from tests.conftest import Client

GET_CONFIG = "<get-config><source><running/></source></get-config>"
PORT = interfaces(interface("Ethernet1", mtu=9000))


def lock(target: str = "candidate") -> str:
    return f"<lock><target><{target}/></target></lock>"


def unlock(target: str = "candidate") -> str:
    return f"<unlock><target><{target}/></target></unlock>"


def kill(number: object) -> str:
    return f"<kill-session><session-id>{number}</session-id></kill-session>"


def candidate(client: Client) -> str:
    return client.ok("<get-config><source><candidate/></source></get-config>")


def greeted(device: Device, *capabilities: str) -> Session:
    """Return a session with a client that has these capabilities."""
    session = Session(device, Sessions(), lambda number: Author("admin", number, "netconf"), lambda: None, print)
    listed = "".join(f"<capability>{capability}</capability>" for capability in capabilities)
    assert session.handle(f'<hello xmlns="{NETCONF}"><capabilities>{listed}</capabilities></hello>'.encode()) is None
    return session


def test_every_operation_that_can_be_asked_for_is_in_a_model(device: Device) -> None:
    assert [tag for tag in OPERATIONS if device.schema.rpc(tag) is None] == []


def test_every_operation_in_a_served_model_can_be_asked_for(device: Device) -> None:
    tags = {node.tag for node in device.schema.root.children.values() if node.kind == "rpc"}
    assert tags == OPERATIONS.keys()


@pytest.mark.parametrize(
    "operation",
    ["<no-such-thing/>", '<get xmlns="urn:other"/>', '<get xmlns=""/>', "<partial-lock/>", "<rpc-error/>", "<input/>"],
)
def test_an_operation_that_there_is_not_is_not_supported(client: Client, operation: str) -> None:
    found = error(client.send(operation))
    assert (found.type, found.tag) == ("protocol", "operation-not-supported")


@pytest.mark.parametrize(
    ("operation", "missing"),
    [
        ("<get-config/>", "config-source"),
        ("<get-config><source/></get-config>", "config-source"),
        ("<edit-config><target><candidate/></target></edit-config>", "config"),
        ("<edit-config><config/></edit-config>", "candidate"),
        ("<copy-config><target><candidate/></target></copy-config>", "config-source"),
        ("<copy-config><source><running/></source></copy-config>", "candidate"),
        ("<lock/>", "config-target"),
        ("<unlock><target/></unlock>", "config-target"),
        ("<validate/>", "config-source"),
        ("<kill-session/>", "session-id"),
    ],
)
def test_a_missing_parameter_is_named(client: Client, operation: str, missing: str) -> None:
    found = error(client.send(operation))
    assert (found.type, found.tag, found.info) == ("protocol", "missing-element", {"bad-element": missing})


@pytest.mark.parametrize(
    ("operation", "unknown"),
    [
        ("<commit><at>later</at></commit>", "at"),
        ("<get><depth>1</depth></get>", "depth"),
        ("<get-config><source><startup/></source></get-config>", "startup"),
        ("<edit-config><target><running/></target><config/></edit-config>", "running"),
        ("<copy-config><target><running/></target><source><candidate/></source></copy-config>", "running"),
        ("<copy-config><target><startup/></target><source><running/></source></copy-config>", "startup"),
        ("<copy-config><target><candidate/></target><source><url>file:///x</url></source></copy-config>", "url"),
        ("<delete-config><target><running/></target></delete-config>", "running"),
        ("<delete-config><target><candidate/></target></delete-config>", "candidate"),
        ("<delete-config><target><startup/></target></delete-config>", "startup"),
        ("<lock><target><startup/></target></lock>", "startup"),
        ("<close-session><now/></close-session>", "now"),
        ("<discard-changes><all/></discard-changes>", "all"),
    ],
)
def test_a_parameter_that_there_is_not_is_named(client: Client, operation: str, unknown: str) -> None:
    found = error(client.send(operation))
    assert (found.type, found.tag, found.info) == ("protocol", "unknown-element", {"bad-element": unknown})


@pytest.mark.parametrize(
    ("operation", "namespace"),
    [
        ('<get><filter xmlns="urn:other"/></get>', "urn:other"),
        ('<get-config><source><running xmlns=""/></source></get-config>', ""),
        ('<commit><comment xmlns="urn:other">x</comment></commit>', "urn:other"),
    ],
)
def test_a_parameter_in_a_wrong_namespace_is_told_so(client: Client, operation: str, namespace: str) -> None:
    found = error(client.send(operation))
    assert (found.type, found.tag, found.info["bad-namespace"]) == ("protocol", "unknown-namespace", namespace)


@pytest.mark.parametrize(
    ("operation", "element", "tag"),
    [
        (kill("one"), "session-id", "invalid-value"),
        (kill(0), "session-id", "invalid-value"),
        (kill(1 << 32), "session-id", "invalid-value"),
        (kill(""), "session-id", "invalid-value"),
        ("<get-config><source><running>x</running></source></get-config>", "running", "invalid-value"),
        ("<get-config><source><running/><candidate/></source></get-config>", "candidate", "bad-element"),
        ("<get-config><source><running/><running/></source></get-config>", "running", "bad-element"),
        ("<get-config><source><running/></source><source><running/></source></get-config>", "source", "bad-element"),
    ],
)
def test_a_wrong_parameter_is_named(client: Client, operation: str, element: str, tag: str) -> None:
    found = error(client.send(operation))
    assert (found.type, found.tag, found.info) == ("protocol", tag, {"bad-element": element})


def test_an_error_goes_back_with_the_message_id_and_the_session_goes_on(client: Client) -> None:
    answer = client.session.handle(f'<rpc xmlns="{NETCONF}" message-id="a-b" more="c"><x/></rpc>'.encode())
    assert answer is not None
    assert dict(parsed(answer).attrib) == {"message-id": "a-b", "more": "c"}
    assert client.ok(GET_CONFIG)


def test_an_rpc_without_message_id_is_refused_and_not_carried_out(client: Client) -> None:
    answer = client.session.handle(f'<rpc xmlns="{NETCONF}">{lock()}</rpc>'.encode())
    assert error(answer or b"").tag == "missing-attribute"
    client.ok(lock())


def test_what_is_no_rpc_is_malformed_and_the_session_goes_on(client: Client) -> None:
    for message in (b"", b"x", b"<rpc", b"<rpc/>", f'<rpc xmlns="{NETCONF}" message-id="1"/>'.encode()):
        found = error(client.session.handle(message) or b"")
        assert (found.type, found.tag) == ("rpc", "malformed-message")
    assert client.ok(GET_CONFIG)


def test_a_client_of_base_1_0_does_not_hear_malformed_message(device: Device) -> None:
    # RFC 6241 appendix A: the tag is new in base:1.1
    old = greeted(device, BASE_1_0)
    assert not old.chunked
    found = error(old.handle(b"<rpc") or b"")
    assert (found.type, found.tag) == ("rpc", "operation-failed")


def test_a_second_hello_is_malformed(client: Client) -> None:
    assert error(client.session.handle(f'<hello xmlns="{NETCONF}"/>'.encode()) or b"").tag == "malformed-message"


def test_a_client_without_a_common_base_has_no_session(device: Device) -> None:
    for capabilities in ((), ("urn:ietf:params:netconf:base:2.0",)):
        session = greeted(device, *capabilities)
        assert (session.is_open, session.is_greeted) == (False, False)


def test_a_hello_with_a_session_id_ends_the_session(device: Device) -> None:
    session = Session(device, Sessions(), lambda number: Author("admin", number, "netconf"), lambda: None, print)
    capability = f"<capabilities><capability>{BASE_1_0}</capability></capabilities>"
    session.handle(f'<hello xmlns="{NETCONF}">{capability}<session-id>1</session-id></hello>'.encode())
    assert not session.is_open


def test_a_session_that_is_closed_is_over_and_has_given_its_locks_back(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    ann.ok(lock())
    ann.ok(lock("running"))
    assert is_ok(ann.send("<close-session/>"))
    assert not ann.session.is_open
    bob.ok(lock())
    bob.ok(lock("running"))


def test_what_comes_after_close_session_is_not_carried_out(pair: tuple[Client, Client]) -> None:
    # RFC 6241 section 7.8: any requests received after it are ignored
    ann, bob = pair
    ann.ok("<close-session/>")
    assert ann.session.handle(f'<rpc xmlns="{NETCONF}" message-id="2">{lock()}</rpc>'.encode()) is None
    bob.ok(lock())


def test_a_session_that_is_killed_is_cut_off_and_has_lost_its_locks(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    ann.ok(lock("running"))
    found = error(bob.send(lock("running")))
    assert found.tag == "lock-denied"
    assert is_ok(bob.send(kill(found.info["session-id"])))
    assert ann.was_killed
    assert not ann.session.is_open
    bob.ok(lock("running"))


def test_a_session_that_is_killed_twice_is_gone_the_second_time(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    bob.ok(kill(ann.session.id))
    found = error(bob.send(kill(ann.session.id)))
    assert (found.type, found.tag, found.info) == ("protocol", "invalid-value", {"bad-element": "session-id"})


def test_a_session_cannot_kill_itself_nor_one_that_there_is_not(client: Client) -> None:
    for number in (client.session.id, 4_000_000_000):
        found = error(client.send(kill(number)))
        assert (found.type, found.tag, found.info) == ("protocol", "invalid-value", {"bad-element": "session-id"})
    assert client.ok(GET_CONFIG)


def test_a_killed_session_keeps_its_locks_until_its_request_is_done(
    pair: tuple[Client, Client], device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a commit is not cut in two, and nobody may change what it is about meanwhile
    ann, bob = pair
    ann.ok(lock("running"))
    ann.edit(PORT)
    is_committing, may_go_on = threading.Event(), threading.Event()
    begin = device.history.begin

    def slow_begin(*arguments: Any) -> int:
        is_committing.set()
        assert may_go_on.wait(10)
        return begin(*arguments)

    monkeypatch.setattr(device.history, "begin", slow_begin)
    committing = threading.Thread(target=ann.ok, args=("<commit/>",))
    committing.start()
    assert is_committing.wait(10)
    assert is_ok(bob.send(kill(ann.session.id)))
    assert ann.was_killed
    assert error(bob.send(lock("running"))).tag == "lock-denied"
    may_go_on.set()
    committing.join(10)
    bob.ok(lock("running"))
    assert device.history.last() == 1


def test_a_killed_session_carries_nothing_more_out(pair: tuple[Client, Client], device: Device) -> None:
    ann, bob = pair
    ann.edit(PORT)
    bob.ok(kill(ann.session.id))
    assert ann.session.handle(f'<rpc xmlns="{NETCONF}" message-id="1"><commit/></rpc>'.encode()) is None
    assert device.history.last() is None


def test_a_failure_of_the_server_is_told_without_its_traceback(
    client: Client, device: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(device.datastores, "read", broken)
    answer = client.send(GET_CONFIG)
    assert error(answer).tag == "operation-failed"
    assert "secret" not in answer
    assert "ZeroDivisionError: secret" in caplog.text
    monkeypatch.undo()
    assert client.ok(GET_CONFIG)


OPERATION = st.sampled_from([tag.partition("}")[2] for tag in OPERATIONS if NETCONF in tag])
LEAF = st.sampled_from(
    ["source", "target", "running", "candidate", "config", "filter", "interfaces", "interface", "name", "session-id"]
)
TREE = st.recursive(
    st.one_of(LEAF.map(lambda name: f"<{name}/>"), st.sampled_from(["x", "1", "", "&lt;"])),
    lambda inner: st.builds(
        lambda name, attribute, parts: f"<{name}{attribute}>{''.join(parts)}</{name}>",
        LEAF,
        st.sampled_from(["", ' xmlns="http://openconfig.net/yang/interfaces"', ' nc:operation="delete"', ' a="b"']),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(OPERATION.filter(lambda name: name not in ("close-session", "commit")), st.lists(TREE, max_size=4))
def test_whatever_is_asked_is_answered_with_what_appendix_a_knows(
    client: Client, caplog: pytest.LogCaptureFixture, operation: str, parts: list[str]
) -> None:
    answer = client.send(f"<{operation}>{''.join(parts)}</{operation}>")
    if "<rpc-error>" in answer:
        errors(answer)
    else:
        parsed(answer)
    assert caplog.text == ""
    assert client.session.is_open
