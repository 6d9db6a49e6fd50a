"""Hellos, frames and ends that are wrong, over SSH to a server process: the session ends, and nothing else does."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from nos_mgmt.netconf.messages import BASE_1_0
from tests.conftest import needs
from tests.nos_mgmt.bad_input import CONFIG, HELLO_TIME, MESSAGE_SIZE, RUNNING, Neighbour, Raw, Victim, victim
from tests.nos_mgmt.openssh import NO_QUESTIONS, command
from tests.nos_mgmt.over_ssh import END, PATIENCE, chunked, hello, rpc

if TYPE_CHECKING:
    from collections.abc import Iterator

DISCARD = "<discard-changes/>"
LOCK = "<lock><target><candidate/></target></lock>"
REPLY = re.compile(rb'<rpc-reply [^>]*message-id="(\d+)"')


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    with victim(tmp_path_factory.mktemp("victim")) as made:
        yield made


@pytest.fixture(autouse=True)
def well(one: Victim) -> Iterator[None]:
    """Hold that the server is well when a test is over."""
    yield
    one.is_well()


HELLOS = {
    "no XML": b"hello" + END,
    "nothing": END,
    "cut off": hello().replace(b"</hello>", b""),
    "a session-id": hello().replace(b"</hello>", b"<session-id>1</session-id></hello>"),
    "no capabilities": hello().replace(b"capability>", b"able>"),
    "another base": hello("urn:ietf:params:netconf:base:2.0"),
    "another namespace": hello().replace(b"xmlns=", b"xmlns:x="),
    "a document type": b"<!DOCTYPE hello>" + hello(),
    "an entity": b'<!DOCTYPE hello [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + hello().replace(b"</hello>", b"&e;</hello>"),
    "a request": rpc(LOCK) + END,
    "a request in chunks": chunked(rpc(LOCK)),
    "a hello in chunks": chunked(hello()[: -len(END)]),
    "octets": bytes(range(256)) + END,
    "no end": b"x" * (2 << 20),
    "too deep": b"<a>" * 100_000 + END,
}  # fmt: skip


@pytest.mark.parametrize("name", HELLOS)
def test_a_hello_that_is_none_ends_the_session(one: Victim, name: str) -> None:
    with Raw(one.server) as session:
        session.say(HELLOS[name] + chunked(rpc(LOCK)))
        # one in chunks has no end that counts before a hello, so that it is waited for as for none at all
        assert session.rest() == b""


def test_a_hello_that_never_comes_is_waited_for_so_long_and_no_longer(one: Victim) -> None:
    started = time.monotonic()
    with Raw(one.server) as silent, Raw(one.server, hello()[:50]) as slow, Raw(one.server, hello()) as quiet:
        assert silent.rest() == slow.rest() == b""
        assert time.monotonic() - started > HELLO_TIME * 0.9
        # who has said it may be silent for as long as it likes
        assert "<ok/>" in quiet.rpc(DISCARD)


def test_a_second_hello_is_no_request(one: Victim) -> None:
    with Raw.locking(one.server) as session:
        session.say(chunked(hello()[: -len(END)]))
        assert b"malformed-message" in session.until(b"\n##\n")
        assert "Ethernet1" in session.rpc(RUNNING)


LIES = {
    "a chunk over the limit of the RFC": b"\n#4294967296\n",
    "a chunk of ten digits and more": b"\n#99999999999999999999\n",
    "a chunk over our limit": b"\n#4294967295\n",
    "a chunk just over our limit": b"\n#%d\n" % (MESSAGE_SIZE + 1),
    "chunks that are over it together": b"\n#9\n<rpc     \n#%d\n" % MESSAGE_SIZE,
    "an empty chunk": b"\n#0\n\n##\n",
    "leading zeros": b"\n#07\n<rpc/>\n##\n",
    "a negative size": b"\n#-7\n<rpc/>\n##\n",
    "a plus": b"\n#+6\n<rpc/>\n##\n",
    "a hexadecimal size": b"\n#0x6\n<rpc/>\n##\n",
    "a size in words": b"\n#six\n<rpc/>\n##\n",
    "no size": b"\n#\n<rpc/>\n##\n",
    "digits of elsewhere": "\n#\u0666\n<rpc/>\n##\n".encode(),
    "too short a size": b"\n#5\n<rpc/>\n##\n",
    "too long a size": b"\n#8\n<rpc/>\n##\n" + b"\n#6\n<rpc/>\n##\n",
    "an end without a chunk": b"\n##\n",
    "two ends": chunked(rpc(DISCARD, 1)) + b"\n##\n",
    "carriage returns": b"\r\n#6\r\n<rpc/>\r\n##\r\n",
    "the other framing": rpc(LOCK) + END,
    "octets": bytes(range(256)),
    "nothing but line feeds": b"\n" * 1000,
}


@pytest.mark.parametrize("name", LIES)
def test_frames_that_lie_end_the_session_after_what_came_before(one: Victim, name: str) -> None:
    with Raw.locking(one.server) as session:
        session.say(chunked(rpc(DISCARD, 1)) + LIES[name] + chunked(rpc(DISCARD, 2)))
        assert set(REPLY.findall(session.rest())) == {b"1"}


@pytest.mark.parametrize(
    "octets",
    [b"\n", b"\n#", b"\n#1", b"\n#100\n", b"\n#100\n<rpc", b"\n#6\n<rpc/>", b"\n#6\n<rpc/>\n#", b"\n#6\n<rpc/>\n##"],
)
def test_an_unfinished_frame_and_then_the_end_is_no_request(one: Victim, octets: bytes) -> None:
    with Raw.locking(one.server) as session:
        session.say(chunked(rpc(DISCARD, 1)) + octets)
        session.end_input()
        assert REPLY.findall(session.rest()) == [b"1"]


def test_an_unfinished_message_with_the_other_framing_is_no_request(one: Victim) -> None:
    with Raw(one.server, hello(BASE_1_0)) as session:
        session.say(rpc(DISCARD, 1) + END + rpc(LOCK, 2) + END[:-1])
        session.end_input()
        assert REPLY.findall(session.rest()) == [b"1"]


def test_an_end_after_requests_is_one_after_their_answers(one: Victim) -> None:
    with Raw.locking(one.server) as session:
        session.say(b"".join(chunked(rpc(DISCARD, number)) for number in range(50)))
        session.end_input()
        assert [int(number) for number in REPLY.findall(session.rest())] == list(range(50))


@pytest.mark.parametrize("greeting", [b"", hello()[:50]])
def test_an_end_before_the_hello_is_the_end(one: Victim, greeting: bytes) -> None:
    with Raw(one.server, greeting) as session:
        session.end_input()
        assert session.rest() == b""


@pytest.mark.parametrize("said", [b"", b"\n#1000\n<rpc", chunked(rpc(RUNNING)) * 200])
def test_a_client_that_is_gone_from_one_octet_to_the_next_has_no_locks(one: Victim, said: bytes) -> None:
    with Raw.locking(one.server) as session:
        edit = (
            f"<edit-config><target><candidate/></target><config>{CONFIG.replace('2000', '3000')}</config></edit-config>"
        )
        assert "<ok/>" in session.rpc(edit)
        session.say(said)
        session.process.send_signal(signal.SIGKILL)
        session.process.wait(PATIENCE)
    # what it did under its lock is gone as well, and nobody commits it: `well` looks


def test_a_client_that_takes_no_answers_holds_up_nobody(one: Victim) -> None:
    with Raw.locking(one.server) as session, Neighbour(one.server) as neighbour:
        assert session.process.stdin is not None
        os.set_blocking(session.process.stdin.fileno(), False)
        request, sent = chunked(rpc(RUNNING)) * 100, 0
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and sent < 50 << 20:
            sent += session.process.stdin.write(request) or 0
        assert len(neighbour.waits) > 1
        assert max(neighbour.waits) < 5


@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_message_beyond_the_limit_ends_the_session(one: Victim, *, is_chunked: bool) -> None:
    message = rpc(
        f"<edit-config><target><candidate/></target><config>{'<!-- -->' * (MESSAGE_SIZE // 8)}</config></edit-config>"
    )
    with Neighbour(one.server) as neighbour, Raw(one.server, hello() if is_chunked else hello(BASE_1_0)) as session:
        if is_chunked:
            pieces = [message[start : start + 10_000] for start in range(0, len(message), 10_000)]
            session.say(b"".join(b"\n#%d\n%b" % (len(piece), piece) for piece in pieces) + b"\n##\n")
        else:
            session.say(message + END)
        assert session.rest() == b""
    assert len(neighbour.waits) > 1


def test_many_small_chunks_make_a_message(one: Victim) -> None:
    message = rpc(RUNNING) + b"<!-- -->" * 20_000
    with Raw(one.server, hello()) as session:
        session.say(b"".join(b"\n#1\n%c" % octet for octet in message) + b"\n##\n")
        assert "Ethernet1" in session.until(b"\n##\n").decode()


@pytest.mark.parametrize(
    "octets", [b"", b"GET / HTTP/1.1\r\n\r\n", b"SSH-1.0-x\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 100_000]
)
def test_who_speaks_no_ssh_is_sent_away_or_not_listened_to(one: Victim, octets: bytes) -> None:
    with socket.create_connection(("127.0.0.1", one.server.port), PATIENCE) as connection:
        connection.sendall(octets)
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while connection.recv(1 << 16):
                pass


def test_a_shell_and_a_command_are_not_to_be_had(one: Victim) -> None:
    options = [
        *NO_QUESTIONS,
        *["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p"],
        str(one.server.port),
    ]
    base = [needs("ssh"), *options, "-i", str(one.server.key), "admin@127.0.0.1"]
    for wanted in ([], ["id"], ["-s", "sftp"]):
        flags = [word for word in wanted if word.startswith("-")]
        asked = [*base[:1], *flags, *base[1:], *[word for word in wanted if word not in flags]]
        done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE)
        assert done.returncode != 0
        assert b"uid=" not in done.stdout
    refused = [*command(one.server)]
    refused[refused.index("admin@127.0.0.1")] = "root@127.0.0.1"
    assert subprocess.run(
        refused, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE
    ).returncode
