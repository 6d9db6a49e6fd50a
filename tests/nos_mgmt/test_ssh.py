"""NETCONF over real SSH: framing, order, flow, and sessions that end in every way."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

import pytest

from nos_mgmt.netconf.messages import BASE_1_0, BASE_1_1
from tests.nos_mgmt.over_ssh import END, PATIENCE, SshClient, SshServer, chunked, hello, rpc
from tests.nos_mgmt.replies import data, error, is_ok, parsed
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nos_mgmt.device import Device

GET = "<get-config><source><candidate/></source></get-config>"
LOCK = "<lock><target><candidate/></target></lock>"
DISCARD = "<discard-changes/>"


@pytest.fixture
def server(device: Device, caplog: pytest.LogCaptureFixture) -> Iterator[SshServer]:
    """A server, which is not to fail over anything."""
    made = SshServer(device)
    yield made
    made.close()
    assert "Traceback" not in caplog.text


def edit(config: str) -> str:
    return f"<edit-config><target><candidate/></target><config>{config}</config></edit-config>"


def many(count: int) -> str:
    return interfaces(*(interface(f"Ethernet{n}", description="x" * 200) for n in range(1, count + 1)))


def eventually(claim: object) -> None:
    """Wait until a claim holds."""
    assert callable(claim)
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def message_id(reply: bytes) -> str:
    return parsed(reply).get("message-id", "")


@pytest.mark.parametrize(
    ("capabilities", "is_chunked"),
    [((BASE_1_0,), False), ((BASE_1_1,), True), ((BASE_1_0, BASE_1_1), True), ((BASE_1_0, "urn:x"), False)],
)
def test_both_framings_are_spoken(server: SshServer, capabilities: tuple[str, ...], *, is_chunked: bool) -> None:
    client = server.client(*capabilities)
    assert client.chunked is is_chunked
    assert is_ok(client.rpc(DISCARD))
    assert is_ok(client.rpc(edit(many(500))))
    assert client.rpc(GET).count("<interface>") == 500
    assert is_ok(client.rpc("<close-session/>"))
    assert client.is_ended()


def test_hello_and_a_request_in_one_write(server: SshServer) -> None:
    client = server.client(greets=False)
    client.write(hello() + chunked(rpc(DISCARD)) + chunked(rpc(GET, 2)))
    client.receive()
    client.chunked = True
    assert [message_id(client.receive()) for _ in range(2)] == ["1", "2"]


@pytest.mark.parametrize("capability", [BASE_1_0, BASE_1_1])
def test_an_exchange_cut_at_every_octet(server: SshServer, capability: str) -> None:
    request = rpc("<close-session/>")
    exchange = hello(capability) + (chunked(request) if capability == BASE_1_1 else request + END)
    connection = server.connect()
    for cut in range(1, len(exchange)):
        client = SshClient(server, connection, greets=False)
        client.write(exchange[:cut])
        client.write(exchange[cut:])
        assert b"<ok/>" in client.rest()


def test_an_exchange_octet_by_octet(server: SshServer) -> None:
    client = server.client(greets=False)
    for octet in hello() + chunked(rpc("<close-session/>")):
        client.write(bytes([octet]))
    assert b"<ok/>" in client.rest()


def test_requests_in_a_row_are_answered_in_their_order(server: SshServer) -> None:
    client = server.client()
    operations = [edit(many(2)), GET, DISCARD, "<no-such-thing/>", GET] * 30
    client.write(b"".join(chunked(rpc(operation, number)) for number, operation in enumerate(operations)))
    replies = [client.receive() for _ in operations]
    assert [message_id(reply) for reply in replies] == [str(number) for number in range(len(operations))]
    # each was carried out before the next
    for reply_after_edit, reply_after_discard in zip(replies[1::5], replies[4::5], strict=True):
        assert reply_after_edit.count(b"<interface>") == 2
        assert data(reply_after_discard) == []


def test_requests_in_a_row_are_not_taken_before_they_can_be_handled(server: SshServer, device: Device) -> None:
    client = server.client()
    request = chunked(rpc(edit(many(3_000))))
    with device.datastores._mutex:
        client.write(request * 30)
        time.sleep(0.5)
        (channel,) = server.service.channels
        taken = sum(map(len, channel._messages)) + len(channel._deframer._buffer) + len(channel._deframer._message)
    assert len(request) > 1_000_000
    assert taken < 3 * len(request)
    assert all(is_ok(client.receive()) for _ in range(30))


def test_a_half_closed_session_is_answered_all_that_it_asked(server: SshServer) -> None:
    client = server.client()
    client.write(b"".join(chunked(rpc(DISCARD, number)) for number in range(40)))
    client.write_eof()
    assert re.findall(rb'message-id="(\d+)"', client.rest()) == [b"%d" % number for number in range(40)]


def test_a_session_half_closed_within_a_message_ends(server: SshServer) -> None:
    for octets in (b"", b"\n", b"\n#", b"\n#10\n<rpc", b"\n#4\n<rpc\n#"):
        client = server.client()
        client.write(octets)
        client.write_eof()
        assert client.is_ended()


def test_a_session_half_closed_before_its_hello_ends(server: SshServer) -> None:
    client = server.client(greets=False)
    client.write_eof()
    assert client.rest().endswith(END)
    eventually(lambda: not server.service.channels)


def test_a_session_that_says_no_hello_is_ended_in_time(device: Device) -> None:
    server = SshServer(device, hello_time=0.3)
    try:
        silent, slow = server.client(greets=False), server.client(greets=False)
        slow.write(hello()[:-3])
        quick = server.client()
        assert silent.rest().endswith(END)
        assert slow.rest().endswith(END)
        assert is_ok(quick.rpc(DISCARD))
    finally:
        server.close()


@pytest.mark.parametrize(
    "octets",
    [
        b"hello" + END,
        rpc(DISCARD) + END,
        chunked(rpc(DISCARD)) + END,
        hello("urn:ietf:params:netconf:base:2.0"),
        hello().replace(b"</hello>", b"<session-id>1</session-id></hello>"),
        b"<!DOCTYPE x>" + hello(),
        b"x" * (1 << 20) + b"x",  # larger than any hello
    ],
)
def test_a_session_with_a_hello_that_is_none_is_ended(server: SshServer, octets: bytes) -> None:
    client = server.client(greets=False)
    client.write(octets)
    assert client.rest().count(END) == 1  # the server's hello, and nothing more
    assert is_ok(server.client().rpc(DISCARD))


def test_close_session_ends_the_session_and_what_comes_after_is_ignored(server: SshServer) -> None:
    client = server.client()
    requests = (rpc(DISCARD, 1), rpc("<close-session/>", 2), rpc(LOCK, 3))
    client.write(b"".join(map(chunked, requests)))
    assert re.findall(rb'message-id="(\d+)"', client.rest()) == [b"1", b"2"]
    assert is_ok(server.client().rpc(LOCK))


def test_a_killed_session_is_cut_off_and_its_locks_can_be_had_at_once(server: SshServer) -> None:
    holder, killer = server.client(), server.client()
    assert is_ok(holder.rpc(LOCK))
    number = error(killer.rpc(LOCK)).info["session-id"]
    assert is_ok(killer.rpc(f"<kill-session><session-id>{number}</session-id></kill-session>"))
    assert is_ok(killer.rpc(LOCK))
    assert holder.is_ended()
    eventually(lambda: len(server.transport.connections) == 1)


def test_a_killed_session_leaves_others_on_its_connection_alone(server: SshServer) -> None:
    connection = server.connect()
    killed, other = SshClient(server, connection), SshClient(server, connection)
    number = parsed_session_id(killed)
    assert is_ok(other.rpc(f"<kill-session><session-id>{number}</session-id></kill-session>"))
    assert killed.is_ended()
    assert is_ok(other.rpc(DISCARD))


def parsed_session_id(client: SshClient) -> str:
    found = re.search(rb"<session-id>(\d+)</session-id>", client.server_hello)
    assert found is not None
    return found[1].decode()


def test_a_session_that_takes_nothing_can_be_killed(server: SshServer) -> None:
    stuck, killer = server.client(), server.client()
    assert is_ok(stuck.rpc(LOCK))
    assert is_ok(stuck.rpc(edit(many(2000))))
    for number in range(30):
        stuck.send(GET, number)
    number = parsed_session_id(stuck)
    assert is_ok(killer.rpc(f"<kill-session><session-id>{number}</session-id></kill-session>"))
    eventually(lambda: is_ok(killer.rpc(LOCK)))


@pytest.mark.parametrize("way", ["vanish", "close_channel"])
@pytest.mark.parametrize("when", ["idle", "in a frame", "in a long reply", "with requests waiting", "before hello"])
def test_a_client_that_goes_gives_its_locks_back_and_disturbs_nobody(server: SshServer, way: str, when: str) -> None:
    client, other = server.client(greets=when != "before hello"), server.client()
    if when != "before hello":
        assert is_ok(client.rpc(LOCK))
    match when:
        case "in a frame":
            client.write(b"\n#1000\n<rpc")
        case "in a long reply":
            assert is_ok(client.rpc(edit(many(10_000))))
            client.send(GET)
            time.sleep(0.2)
        case "with requests waiting":
            assert is_ok(client.rpc(edit(many(2_000))))
            client.write(b"".join(chunked(rpc(GET, number)) for number in range(500)))
            time.sleep(0.2)
    getattr(client, way)()
    eventually(lambda: is_ok(other.rpc(LOCK)))
    eventually(lambda: len(server.service.channels) == 1)


def test_a_slow_reader_holds_up_nobody(server: SshServer) -> None:
    slow, other = server.client(), server.client()
    assert is_ok(slow.rpc(edit(many(20_000))))
    slow.send(GET)
    for _ in range(20):
        assert is_ok(other.rpc("<validate><source><running/></source></validate>"))
    # and it gets everything, when it reads
    assert slow.receive().count(b"<interface>") == 20_000


def test_a_large_edit_holds_up_nobody(server: SshServer) -> None:
    large, other = server.client(), server.client()
    config = many(27_000)
    assert len(config) > 10_000_000
    answers: list[str] = []
    editing = threading.Thread(target=lambda: answers.append(large.rpc(edit(config))))
    editing.start()
    gets = 0
    while editing.is_alive():
        assert data(other.rpc("<get-config><source><running/></source></get-config>")) == []
        gets += not answers
    editing.join()
    assert is_ok(answers[0])
    assert gets > 3


def test_a_message_over_the_limit_ends_the_session_and_nothing_else(device: Device) -> None:
    server = SshServer(device, message_size=100_000)
    try:
        for capability in (BASE_1_0, BASE_1_1):
            client = server.client(capability)
            assert is_ok(client.rpc(edit(many(100))))
            client.send(edit(many(1_000)))
            assert client.is_ended()
        other = server.client()
        assert other.rpc(GET).count("<interface>") == 100
    finally:
        server.close()


@pytest.mark.parametrize(
    "octets",
    [
        b"\n#4\n<rpc/>\n##\n",
        b"\n#0\n\n##\n",
        b"\n##\n",
        b"\n#4294967296\n",
        b"\n#4294967295\n",
        b"\n#134217729\n",
        b"\n#-1\n",
        b"<rpc/>",
        b"\n\n#5\n<rpc/>",
        rpc(DISCARD) + END,
        b"\0\0\0\0",
    ],
)
def test_frames_that_lie_end_the_session_after_what_came_before(server: SshServer, octets: bytes) -> None:
    client = server.client()
    client.write(chunked(rpc(DISCARD)) + octets + chunked(rpc(DISCARD, 2)))
    assert re.findall(rb'message-id="(\d+)"', client.rest()) == [b"1"]
    assert is_ok(server.client().rpc(DISCARD))


@pytest.mark.parametrize("capability", [BASE_1_0, BASE_1_1])
def test_a_frame_with_garbage_is_answered_and_the_session_goes_on(server: SshServer, capability: str) -> None:
    client = server.client(capability)
    for garbage in (b"\xff\xfe\x00", b"<rpc", b"<!DOCTYPE rpc><rpc/>", b"<a>" * 3000):
        client.write(chunked(garbage) if client.chunked else garbage + END)
        found = error(client.receive())
        assert (found.type, found.tag) == ("rpc", "malformed-message" if client.chunked else "operation-failed")
        assert "Traceback" not in found.message
    assert is_ok(client.rpc(DISCARD))


def test_thirty_sessions_at_once(server: SshServer) -> None:
    clients = [server.client() for _ in range(30)]
    assert len({parsed_session_id(client) for client in clients}) == 30
    for number, client in enumerate(clients, 1):
        client.send(edit(interfaces(interface(f"Ethernet{number}"))))
    assert all(is_ok(client.receive()) for client in clients)
    for client in clients:
        client.send(GET)
    assert all(client.receive().count(b"<interface>") == 30 for client in clients)
    for client in clients:
        client.send("<close-session/>")
    assert all(is_ok(client.receive()) for client in clients)
    eventually(lambda: not server.service.channels)


def test_the_end_of_the_server_is_the_end_of_all_sessions(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    server = SshServer(device)
    _, stuck, _ = server.client(), server.client(), server.client(greets=False)
    assert is_ok(stuck.rpc(edit(many(5_000))))
    for number in range(20):
        stuck.send(GET, number)
    started = time.monotonic()
    server.close()
    assert time.monotonic() - started < 10
    assert not server.service.channels
    assert not server.transport.connections
    assert "Traceback" not in caplog.text
