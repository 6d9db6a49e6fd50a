"""Messages and configuration that are wrong, over SSH to a server process: each is answered with an error, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nos_mgmt.netconf.session import Session
from tests.nos_mgmt.bad_input import CANDIDATE, RUNNING, Neighbour, Raw, Victim, dechunked, victim
from tests.nos_mgmt.over_ssh import SshServer, chunked, hello, rpc
from tests.nos_mgmt.replies import error
from tests.nos_mgmt.test_messages import BOMB
from tests.openconfig import INSTANCE, interface, interfaces, route, static_routes
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nos_mgmt.device import Device

HEAD = f'<rpc xmlns="{NETCONF}" message-id="1">'
GET = f"{HEAD}<get-config><source><running/></source></get-config></rpc>"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    with victim(tmp_path_factory.mktemp("victim")) as made:
        yield made


@pytest.fixture
def session(one: Victim) -> Iterator[Raw]:
    """A session with both locks; when it has gone, the server is well."""
    with Raw.locking(one.server) as made:
        yield made
    one.is_well()


def reply_to(session: Raw, message: bytes) -> bytes:
    """Return the reply to a message, put together."""
    session.say(chunked(message))
    return dechunked(session.until(b"\n##\n"))


def edit(content: str, options: str = "") -> bytes:
    return rpc(f"<edit-config><target><candidate/></target>{options}<config>{content}</config></edit-config>")


MALFORMED = {
    "cut off": GET[:-5].encode(),
    "tags that cross": f"{HEAD}<get></rpc></get>".encode(),
    "text": b"give me running",
    "white space": b"  \n ",
    "two documents": (GET * 2).encode(),
    "no UTF-8": GET.replace("running", "r\udcff").encode(errors="surrogateescape"),
    "a NUL": GET.replace("running", "r\0").encode(),
    "UTF-16": GET.encode("utf-16"),
    "a prefix that is not declared": GET.replace("<get-config>", "<x:get-config>").encode(),
    "an entity that is not declared": GET.replace("<running/>", "&running;").encode(),
    "an entity bomb": BOMB.encode(),
    "a document type": f"<!DOCTYPE rpc>{GET}".encode(),
    "a document type elsewhere": f'<!DOCTYPE rpc SYSTEM "http://127.0.0.1:1/x.dtd">{GET}'.encode(),
    "a file as an entity": f'<!DOCTYPE rpc [<!ENTITY e SYSTEM "file:///etc/passwd">]>{GET.replace("<running/>", "&e;")}'.encode(),
    "a parameter entity": f'<!DOCTYPE rpc [<!ENTITY % e SYSTEM "file:///etc/passwd">%e;]>{GET}'.encode(),
    "too deep": f"{HEAD}{'<a>' * 100_000}{'</a>' * 100_000}</rpc>".encode(),
    "an attribute twice": GET.replace('message-id="1"', 'message-id="1" message-id="1"').encode(),
    "rpc of another namespace": GET.replace(NETCONF, "urn:other").encode(),
    "rpc of none": GET.replace(f' xmlns="{NETCONF}"', "").encode(),
    "a second hello": hello()[:-6],
    "a reply": f'<rpc-reply xmlns="{NETCONF}" message-id="1"><ok/></rpc-reply>'.encode(),
    "no operation": f"{HEAD}</rpc>".encode(),
    "two operations": f"{HEAD}<discard-changes/><commit/></rpc>".encode(),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_request_is_malformed_and_the_session_goes_on(session: Raw, name: str) -> None:
    reply = reply_to(session, MALFORMED[name])
    found = error(reply)
    assert (found.type, found.tag) == ("rpc", "malformed-message")
    assert b"root:" not in reply
    assert len(reply) < 2000
    assert "Ethernet1" in session.rpc(RUNNING)


def test_a_request_without_message_id_is_told_so(session: Raw) -> None:
    found = error(reply_to(session, GET.replace(' message-id="1"', "").encode()))
    assert (found.tag, found.info["bad-attribute"]) == ("missing-attribute", "message-id")


ATTRIBUTES = " ".join(f"a{number}=''" for number in range(20_000))
NAMESPACES = "".join(f"<a xmlns='urn:{number}'/>" for number in range(50_000))
LARGE = {
    "many attributes": f"<rpc xmlns='{NETCONF}' message-id='1' {ATTRIBUTES}><x/></rpc>",
    "a long attribute": f"<rpc xmlns='{NETCONF}' message-id='1' a='{'x' * 11_000_000}'><x/></rpc>",
    "a long name": f"{HEAD}<{'x' * 1_000_000}/></rpc>",
    "many namespaces": f"{HEAD}{NAMESPACES}</rpc>",
    "many elements": f"{HEAD}<get><filter>{'<a/>' * 500_000}</filter></get></rpc>",
    "many comments": f"{HEAD}{'<!-- -->' * 200_000}<x/></rpc>",
}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_is_answered_and_holds_up_nobody(session: Raw, one: Victim, name: str) -> None:
    with Neighbour(one.server) as neighbour:
        assert b"<rpc-reply " in reply_to(session, LARGE[name].encode())
    assert max(neighbour.waits) < 5
    assert "Ethernet1" in session.rpc(RUNNING)


ONE = interface("Ethernet2", mtu=2000, description="x")
TWO_KEYS = static_routes(route("192.0.2.0/24", "DROP"))
IDENTIFIER = TWO_KEYS[TWO_KEYS.index("<identifier") : TWO_KEYS.index("<name>static")]
LEAVES = ONE[ONE.index("<config>") : -len("</interface>")]
WRONG = {
    "an unknown namespace": ('<system xmlns="urn:no-such"/>', "unknown-namespace"),
    "no namespace": ('<system xmlns=""/>', "unknown-namespace"),
    "NETCONF's own namespace": ("<interfaces/>", "unknown-element"),
    "an unknown element": (interfaces(ONE.replace("mtu>", "mut>")), "unknown-element"),
    "a namespace that is another module's": (
        interfaces(ONE.replace("<mtu>", f'<mtu xmlns="{INSTANCE}">')),
        "unknown-namespace unknown-element",
    ),
    "an element where it does not belong": (interfaces(interfaces(ONE)), "unknown-element"),
    "no key": (interfaces(ONE.replace("<name>Ethernet2</name><config>", "<config>")), "missing-element"),
    "half of the keys": (TWO_KEYS.replace(f"{IDENTIFIER}<name>", "<name>", 1), "missing-element"),
    "a key twice": (interfaces(ONE.replace("<name>", "<name>Ethernet3</name><name>", 1)), "bad-element"),
    "a leaf twice": (interfaces(ONE.replace("<mtu>", "<mtu>1500</mtu><mtu>")), "bad-element"),
    "text in a container": (interfaces(ONE.replace("<config>", "<config>text")), "bad-element"),
    "elements in a leaf": (interfaces(ONE.replace("2000", "<a/>")), "bad-element unknown-element invalid-value"),
    "too large a number": (interfaces(ONE.replace("2000", "70000")), "invalid-value"),
    "a negative number": (interfaces(ONE.replace("2000", "-1")), "invalid-value"),
    "no number": (interfaces(ONE.replace("2000", "")), "invalid-value"),
    "a number of many digits": (interfaces(ONE.replace("2000", "9" * 100_000)), "invalid-value"),
    "digits of elsewhere": (interfaces(ONE.replace("2000", "\u0662\u0660\u0660\u0660")), "invalid-value"),
    "a wrong identity": (interfaces(ONE.replace("i:ethernetCsmacd", "i:noSuch")), "invalid-value"),
    "an identity without a namespace": (interfaces(ONE.replace("i:ethernetCsmacd", "j:ethernetCsmacd")), "invalid-value"),
    "a wrong address": (interfaces(interface("Ethernet2", "10.0.0.256/24")), "invalid-value"),
    "a wrong length": (interfaces(interface("Ethernet2", "10.0.0.1/33")), "invalid-value"),
    "a wrong prefix": (static_routes(route("192.0.2.0/99", "DROP")), "invalid-value"),
    "an operation that there is not": (interfaces(ONE.replace("<mtu>", '<mtu nc:operation="destroy">')), "bad-attribute"),
    "an operation on a key": (interfaces(ONE.replace("<name>", '<name nc:operation="delete">', 1)), "bad-attribute"),
    "an attribute that there is not": (interfaces(ONE.replace("<mtu>", '<mtu color="red">')), "unknown-attribute"),
    "deleted and not there": (interfaces(ONE.replace("<mtu>", '<mtu nc:operation="delete">')), "data-missing"),
    "created and there": (
        interfaces(ONE.replace("Ethernet2", "Ethernet1").replace("<interface>", '<interface nc:operation="create">')),
        "data-exists",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_configuration_is_told_where_it_is_wrong_and_changes_nothing(
    session: Raw, one: Victim, name: str
) -> None:
    content, tags = WRONG[name]
    found = error(reply_to(session, edit(content)))
    assert not tags or found.tag in tags.split()
    assert found.path or found.tag in ("unknown-namespace", "unknown-element")
    assert len(found.message) < 1000
    assert session.rpc(CANDIDATE) == one.running


@pytest.mark.parametrize("name", ["keys last", "keys in another order", "entries with one key"])
def test_what_may_be_taken_is_taken_or_refused_and_not_by_half(session: Raw, one: Victim, name: str) -> None:
    content = {
        "keys last": interfaces(f"<interface>{LEAVES}<name>Ethernet2</name></interface>"),
        "keys in another order": TWO_KEYS.replace(f"{IDENTIFIER}<name>static</name>", f"<name>static</name>{IDENTIFIER}", 1),
        "entries with one key": interfaces(ONE, ONE.replace("2000", "3000")),
    }[name]  # fmt: skip
    reply = reply_to(session, edit(content))
    if b"<ok/>" in reply:
        assert "Ethernet2" in session.rpc(CANDIDATE) or "192.0.2.0/24" in session.rpc(CANDIDATE)
        assert "<ok/>" in session.rpc("<discard-changes/>")
    else:
        assert error(reply).path
    assert session.rpc(CANDIDATE) == one.running


@pytest.mark.parametrize("name", ["many entries", "many that are wrong", "one leaf"])
def test_ten_megabytes_are_taken_or_refused_while_others_are_served(session: Raw, one: Victim, name: str) -> None:
    entries = [interface(f"Ethernet{number}", mtu=2000, description="x" * 200) for number in range(25_000)]
    content = {
        "many entries": interfaces(*entries),
        "many that are wrong": interfaces(*entries).replace("2000", "many"),
        "one leaf": interfaces(interface("Ethernet2", description="x" * 10_500_000)),
    }[name]
    assert 10_000_000 < len(content) < 16_000_000
    options = "<error-option>continue-on-error</error-option>" if name == "many that are wrong" else ""
    with Neighbour(one.server) as neighbour:
        reply = reply_to(session, edit(content, options))
    assert (b"<ok/>" in reply) != (b"<rpc-error>" in reply)
    assert b"<ok/>" in reply or name != "many entries"
    assert b"Traceback" not in reply
    assert len(neighbour.waits) > 1
    assert max(neighbour.waits) < 5
    assert "<ok/>" in session.rpc("<discard-changes/>")
    assert session.rpc(CANDIDATE) == one.running


def test_a_failure_of_the_server_itself_ends_the_session_rather_than_let_it_wait(
    device: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = SshServer(device)
    try:
        failing, other = server.client(), server.client()
        for client in (failing, other):
            assert "ok" in client.rpc("<discard-changes/>")  # so that its hello has been taken
        with monkeypatch.context() as broken:
            broken.setattr(Session, "handle", lambda *_: 1 // 0)
            failing.send("<get/>")
            assert failing.is_ended()
        assert "ok" in other.rpc("<discard-changes/>")
        assert "the server failed over a message" in caplog.text
    finally:
        server.close()
