"""What has to hold for any octets that come over SSH: the server answers or ends the session, and serves everybody else."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from random import Random
from typing import TYPE_CHECKING

import asyncssh

from tests.conftest import Server, servers
from tests.fuzz.conversing import check
from tests.fuzz.frames import PIECES
from tests.fuzz.requests import Requests
from tests.load.client import Client, small_get, usage
from tests.nos_mgmt.bad_input import dechunked
from tests.nos_mgmt.over_ssh import END, hello
from yang import bindings
from yang.schema import Schema
from yang.tables import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60.0
MEMORY = 1024.0
"""MiB that a server may have."""
BATCH = 10
"""Requests of a session, before another one comes."""


@contextmanager
def victim(folder: Path) -> Iterator[Server]:
    """Give a server with a chip."""
    with servers(folder) as start:
        yield start("--backends", "hardware")


def talk(server: Server, number: int, count: int) -> None:
    """Say `count` requests to a server, made of the seed `number`, some of them in damaged frames."""
    requests = Requests(Schema(load(bindings.DEFAULT / "schema.tables")), Random(number))
    asyncio.run(_talk(server, requests, count))
    log = server.log.read_text()
    assert "Traceback" not in log, f"seed {number}: {log[-10_000:]}"
    assert usage(server).resident < MEMORY, f"seed {number}: {usage(server)}"


async def _talk(server: Server, requests: Requests, count: int) -> None:
    for start in range(0, count, BATCH):
        client = await Client.connect(server, greets=False)
        try:
            async with asyncio.timeout(PATIENCE):
                await session(client, requests, start)
        finally:
            await client.cut()
    async with await Client.connect(server) as other:
        assert b"<data" in await other.rpc(small_get("Ethernet1"))


async def session(client: Client, requests: Requests, start: int) -> None:
    """Say some requests, and look at every answer until the session has ended."""
    random = requests.random
    is_damaged = random.random() < 0.1
    said = hello()
    for number in range(start, start + BATCH):
        message = requests.request(number)
        while message:
            size = random.choice((len(message), random.randint(1, len(message))))
            said += b"\n#%d\n%b" % (size, message[:size])
            message = message[size:]
        said += b"\n##\n"
        if is_damaged and random.random() < 0.3:
            at = random.randrange(len(said))
            said = said[:at] + random.choice(PIECES) + said[at + random.choice((0, 0, 1, 5)) :]
    pieces = random.choice((1, 1, 20))
    with suppress(BrokenPipeError, OSError, asyncssh.Error):
        for piece in range(pieces):
            client.write(said[len(said) * piece // pieces : len(said) * (piece + 1) // pieces])
            await asyncio.sleep(0)
        client.end_input()
    answers = await client.rest()
    greeting, found, answers = answers.partition(END)
    assert found, greeting
    for answer in answers.split(b"\n##\n")[:-1]:
        check(dechunked(answer))
