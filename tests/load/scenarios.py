"""What many clients do at once; each scenario holds that all answers are right, and says how it went."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

import asyncssh

from nos_mgmt.netconf.capabilities import PRIVATE_CANDIDATE
from nos_mgmt.netconf.messages import BASE_1_0, BASE_1_1
from tests.load.client import Client, Waits, description, small_get, usage
from tests.nos_mgmt.openssh import command
from tests.nos_mgmt.over_ssh import END, chunked, hello, rpc
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.conftest import Server

CANDIDATE = "<target><candidate/></target>"
LOCK, UNLOCK = (f"<{word}><target><candidate/></target></{word}>" for word in ("lock", "unlock"))
VALIDATE = "<validate><source><candidate/></source></validate>"
DISCARD = "<discard-changes/>"
CONNECTING = 32
"""How many connect at once."""


def many_interfaces(first: int, count: int) -> str:
    """Return a configuration of interfaces that no system has, of some 420 octets each."""
    return interfaces(
        *(
            interface(
                f"Load{number}", f"10.{number >> 14 & 63}.{number >> 6 & 255}.{(number & 63) * 4 + 1}/30", mtu=2000
            )
            for number in range(first, first + count)
        )
    )


def opened(server: Server) -> subprocess.Popen[bytes]:
    """Return OpenSSH's client, on its way into a session."""
    return subprocess.Popen(command(server), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


async def sessions_at_once(server: Server, sessions: int, rounds: int) -> AsyncIterator[str]:
    """Have sessions read, edit and commit, half of them each with a candidate of its own; nothing that is committed is lost."""
    gate = asyncio.Semaphore(CONNECTING)
    reading, editing, committing = Waits(), Waits(), Waits()

    async def connect(number: int) -> Client:
        async with gate:
            return await Client.connect(server, BASE_1_1, *([PRIVATE_CANDIDATE] if number % 2 else []))

    started = time.perf_counter()
    clients = await asyncio.gather(*(connect(number) for number in range(sessions)))
    yield f"{sessions} sessions in {time.perf_counter() - started:.1f} s"

    async def work(number: int, client: Client) -> None:
        random = Random(number)
        for turn in range(rounds):
            for _ in range(8):
                assert b"<data" in await reading.of(client, small_get(f"Many{random.randrange(sessions)}"))
            edited = await editing.of(client, description(f"Many{number}", f"turn {turn}"))
            assert b"<ok/>" in edited, edited
            committed = await committing.of(client, "<commit/>")
            assert b"<ok/>" in committed, committed

    started = time.perf_counter()
    await asyncio.gather(*(work(number, client) for number, client in enumerate(clients)))
    took = time.perf_counter() - started
    requests = sum(len(waits.taken) for waits in (reading, editing, committing))
    yield f"{requests} requests in {took:.1f} s, {requests / took:.0f} a second; {usage(server).resident:.0f} MiB"
    for name, waits in (("get-config", reading), ("edit-config", editing), ("commit", committing)):
        yield f"{name}: {waits}"
    for number in range(sessions):
        reply = await clients[-1].rpc(small_get(f"Many{number}"))
        assert b"turn %d<" % (rounds - 1) in reply, reply
    await asyncio.gather(*(client.close() for client in clients))


async def a_slow_reader(server: Server, interfaces_: int, seconds: float) -> AsyncIterator[str]:
    """Have one client ask for much and read an octet a second, while others go on."""
    async with await Client.connect(server) as other:
        await other.ok(f"<edit-config>{CANDIDATE}<config>{many_interfaces(0, interfaces_)}</config></edit-config>")
        await other.ok("<commit/>")
        everything = "<get-config><source><running/></source></get-config>"
        size = len(await other.rpc(everything))
        before = usage(server)
        alone = Waits()
        for _ in range(50):
            await alone.of(other, small_get("Load1"))
        slow = opened(server)
        assert slow.stdin is not None
        assert slow.stdout is not None
        try:
            slow.stdin.write(hello() + b"".join(chunked(rpc(everything, number)) for number in range(60)))
            meanwhile, read, most = Waits(), 0, before.resident
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                # what it reads it gets: hello first, an octet at a time
                read += len(os.read(slow.stdout.fileno(), 1))
                second = time.monotonic() + 1
                while time.monotonic() < second:
                    reply = await meanwhile.of(other, small_get("Load1"))
                    assert b"Load1<" in reply
                most = max(most, usage(server).resident)
        finally:
            slow.kill()
            slow.communicate()
        yield f"60 replies of {size / 1e6:.1f} MB asked for, {read} octets read"
        yield f"memory from {before.resident:.0f} to {most:.0f} MiB"
        yield f"others before: {alone}"
        yield f"others meanwhile: {meanwhile}"
        # who has gone has taken nothing along
        await other.ok(LOCK)
        await other.ok(f"<copy-config>{CANDIDATE}<source><config/></source></copy-config>")
        await other.ok("<commit/>")
        await other.ok(UNLOCK)


async def large_edits(server: Server, megabytes: float, edits: int, readers: int) -> AsyncIterator[str]:
    """Have one client edit with large documents while others read a little."""
    count = int(megabytes * 1e6 / (len(many_interfaces(0, 100)) / 100))
    document = f"<edit-config>{CANDIDATE}<config>{many_interfaces(0, count)}</config></edit-config>"
    async with await Client.connect(server) as first:
        await first.ok(description("Small1", "small"))
        await first.ok("<commit/>")
        alone, meanwhile = Waits(), Waits()
        for _ in range(100):
            await alone.of(first, small_get("Small1"))
        yield f"readers before: {alone}"
        # OpenSSH encrypts in a process of its own: what the readers wait for is the server
        editor = opened(server)

        # made before, as the readers are in this process
        requests = (document, DISCARD) * edits
        messages = [hello(), *(chunked(rpc(request, number)) for number, request in enumerate(requests))]

        def edit() -> float:
            assert editor.stdin is not None
            assert editor.stdout is not None
            started = time.perf_counter()
            for octets in messages:
                view = memoryview(octets)
                while view:
                    view = view[editor.stdin.write(view[: 1 << 16]) :]
            answered = b""
            while answered.count(b"<ok/>") < len(requests):
                piece = os.read(editor.stdout.fileno(), 1 << 16)
                assert piece, answered[-1000:]
                answered += piece
                assert b"<rpc-error>" not in answered, answered[-1000:]
            return time.perf_counter() - started

        async def read(client: Client, done: asyncio.Event) -> None:
            while not done.is_set():
                assert b"small<" in await meanwhile.of(client, small_get("Small1"))
                await asyncio.sleep(0.005)

        clients = [await Client.connect(server) for _ in range(readers)]
        before = usage(server).resident
        done = asyncio.Event()
        reads = [asyncio.create_task(read(client, done)) for client in clients]
        try:
            took = await asyncio.to_thread(edit)
        finally:
            done.set()
            await asyncio.gather(*reads)
            editor.kill()
            editor.communicate()
        yield f"{edits} edits of {len(document) / 1e6:.1f} MB in {took:.1f} s"
        yield f"memory from {before:.0f} to {usage(server).resident:.0f} MiB"
        yield f"{readers} readers meanwhile: {meanwhile}"
        await asyncio.gather(*(client.close() for client in clients))


async def frames_split_everywhere(server: Server, step: int) -> AsyncIterator[str]:
    """Send hellos and requests in two pieces, cut at every boundary between octets, and before the server has said hello."""
    request = chunked(rpc(small_get("Small1"), 7))
    async with await Client.connect(server) as client:
        for boundary in range(1, len(request), step):
            client.write(request[:boundary])
            # so that each piece is a packet of its own
            await asyncio.sleep(0.002)
            client.write(request[boundary:])
            assert b'message-id="7"' in await client.until(b"\n##\n")
    yield f"a request of {len(request)} octets, in two pieces, cut in {len(range(1, len(request), step))} places: each answered"
    greeting = hello()
    both = greeting + request
    for boundary in range(1, len(both), step):
        async with await Client.connect(server, greets=False) as client:
            client.write(both[:boundary])
            await asyncio.sleep(0)
            client.write(both[boundary:])
            await client.until(END)
            assert b'message-id="7"' in await client.until(b"\n##\n")
    yield f"hello and request before the server's hello was read, cut in {len(range(1, len(both), step))} places: each answered"
    old = hello(BASE_1_0) + rpc(small_get("Small1"), 8) + END
    async with await Client.connect(server, greets=False) as client:
        for octet in old:
            client.write(bytes((octet,)))
            await asyncio.sleep(0)
        await client.until(END)
        assert b'message-id="8"' in await client.until(END)
    yield f"base:1.0, {len(old)} octets one by one: answered"


async def cuts_everywhere(server: Server, step: int) -> AsyncIterator[str]:
    """Cut connections after every number of octets of a session that has a lock and an edit; nothing of it is left."""
    said = hello() + b"".join(
        chunked(rpc(request, number)) for number, request in enumerate((LOCK, description("Cut1", "never"), VALIDATE))
    )
    count = 0
    async with await Client.connect(server) as other:
        for boundary in range(0, len(said) + 1, step):
            client = await Client.connect(server, greets=False)
            client.write(said[:boundary])
            if boundary % 2:
                # so that some of it has been carried out
                await asyncio.sleep(0.01)
            await client.cut()
            count += 1
            if count % 20 == 0:
                await is_left_alone(other)
        await is_left_alone(other)
    yield f"a session of {len(said)} octets, cut in {count} places: no lock and no edit was left"


async def is_left_alone(other: Client) -> None:
    """Hold that both locks can be had soon and nothing is in the candidate."""
    deadline = time.monotonic() + 20
    while b"<ok/>" not in (reply := await other.rpc(LOCK)):
        assert time.monotonic() < deadline, reply
        await asyncio.sleep(0.02)
    assert b"Cut1" not in await other.rpc(small_get("Cut1", "candidate"))
    await other.ok(UNLOCK)


async def come_and_go(server: Server, times: int, at_once: int, every: int) -> AsyncIterator[str]:
    """Have sessions come, ask once and go, in good order or not; neither memory nor descriptors grow."""
    gate = asyncio.Semaphore(at_once)
    random = Random(0)
    endings: tuple[Callable[[Client], object], ...] = (Client.close, Client.cut)

    async def one(ending: Callable[[Client], object]) -> None:
        async with gate:
            client = await Client.connect(server)
            assert b"<data" in await client.rpc(small_get("Small1"))
            await ending(client)  # type: ignore[misc]

    first = None
    started = time.perf_counter()
    for done in range(0, times, every):
        await asyncio.gather(*(one(random.choice(endings)) for _ in range(every)))
        await settled(server)
        now = usage(server)
        first = first or now
        yield (
            f"{done + every} sessions in {time.perf_counter() - started:.0f} s: "
            f"{now.resident:.1f} MiB, {now.descriptors} descriptors, {now.threads} threads"
        )
    assert first is not None
    assert now.descriptors <= first.descriptors + 2, "descriptors leak"
    # what the allocator keeps back varies; a leak of 1 KiB a session would show
    assert now.resident - first.resident < 8 + times / 1024, f"memory grew from {first.resident:.0f} MiB"


async def settled(server: Server) -> None:
    """Wait until the server has let go of who has gone."""
    deadline, before = time.monotonic() + 20, -1
    while (now := usage(server).descriptors) != before and time.monotonic() < deadline:
        before = now
        await asyncio.sleep(0.2)


async def strangers(server: Server, count: int) -> AsyncIterator[str]:
    """Have clients come that are turned away: keys that nobody knows, and no SSH at all."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    refused = 0
    for _ in range(count):
        with suppress(asyncssh.Error, OSError):
            await asyncssh.connect(
                "127.0.0.1",
                server.port,
                username="admin",
                client_keys=[key],
                known_hosts=None,
                config=None,
                agent_path=None,
            )
            continue
        refused += 1
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    assert refused == count
    yield f"{count} clients with an unknown key and {count} that speak no SSH: turned away"
