"""Calling home: the server opens the connection, and the client's log-in goes as ever (RFC 8071)."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nos_mgmt.endpoints import CallHome, Endpoint, ReconnectStrategy
    from nos_mgmt.netconf.transport import Transport

logger = logging.getLogger(__name__)

LEAST_PAUSE = 0.5
"""The part of a pause that is always waited; the rest is chance, so that many devices do not come all at once."""


async def call(client: CallHome, transports: Mapping[str, Transport]) -> None:
    """Call a client, and call it again, until this is cancelled."""
    order = Order(client)
    if client.connection_type == "persistent":
        while True:
            await _call_until_answered(client, order, transports)
            logger.info("call home %s: the connection has ended", client.name)
            await asyncio.sleep(client.reconnect_strategy.first_pause)
    due = next_call(client, datetime.now(UTC), None)
    while True:
        await _wait_until(due)
        await _call_until_answered(client, order, transports)
        due = next_call(client, datetime.now(UTC), due)


async def _wait_until(due: datetime) -> None:
    while (left := (due - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110 - the event is the time
        # not all at once: the clock may be set
        await asyncio.sleep(min(left, 60))


def next_call(client: CallHome, now: datetime, last: datetime | None) -> datetime:
    """Return when a client is to be called next, if the call before was due at `last`.

    Calls are whole periods from the anchor-time, or else from the first call, which is made at once.
    """
    anchor = client.anchor_time or last
    if anchor is None:
        return now
    period = timedelta(minutes=client.period)
    # of those that have passed during a long connection, none is made up for
    return anchor + ((now - anchor) // period + 1) * period


async def _call_until_answered(client: CallHome, order: Order, transports: Mapping[str, Transport]) -> None:
    """Try the endpoints, round after round, until one has logged in and its connection has ended again."""
    pauses = pauses_of(client.reconnect_strategy)
    while True:
        for endpoint in order.round():
            for _ in range(client.reconnect_strategy.max_attempts):
                if await _attempt(client, endpoint, order, transports[endpoint.transport]):
                    return
                await asyncio.sleep(next(pauses) * random.uniform(LEAST_PAUSE, 1))  # noqa: S311 - no secret


async def _attempt(client: CallHome, endpoint: Endpoint, order: Order, transport: Transport) -> bool:
    """Return whether the client at an endpoint logged in; if it did, once its connection has ended."""
    told = f"call home {client.name}: {endpoint.name} at {endpoint.address} port {endpoint.port}"
    try:
        async with asyncio.timeout(client.reconnect_strategy.max_wait):
            connection = await connected(endpoint.address, endpoint.port)
    except TimeoutError:
        logger.info("%s does not answer", told)
        return False
    except OSError as error:
        logger.info("%s: %s", told, error.strerror or error)
        return False
    logger.info("%s is connected", told)
    client.keepalives.set_on(connection)
    idle_time = client.idle_time if client.connection_type == "periodic" else None
    has_logged_in = await transport.serve(connection, idle_time)
    if has_logged_in:
        order.last_connected = endpoint
    return has_logged_in


async def connected(address: str, port: int) -> socket.socket:
    """Return a TCP connection to the first address of a name that takes it.

    Raises:
        OSError: None does.
    """
    loop = asyncio.get_running_loop()
    failure: OSError | None = None
    for family, kind, protocol, _, where in await loop.getaddrinfo(address, port, type=socket.SOCK_STREAM):
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, where)
        except OSError as error:
            failure = error
            connection.close()
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure or OSError(f"{address} has no address")


class Order:
    """In which order a client's endpoints are tried."""

    def __init__(self, client: CallHome) -> None:
        """Have connected to none of them yet."""
        self._endpoints = client.endpoints
        self._start_with = client.reconnect_strategy.start_with
        self.last_connected: Endpoint | None = None

    def round(self) -> tuple[Endpoint, ...]:
        """Return all endpoints, from that with which to start, in the order of the list."""
        first = 0
        if self._start_with == "last-connected" and self.last_connected is not None:
            first = self._endpoints.index(self.last_connected)
        elif self._start_with == "random-selection":
            first = random.randrange(len(self._endpoints))  # noqa: S311 - no secret
        return self._endpoints[first:] + self._endpoints[:first]


def pauses_of(strategy: ReconnectStrategy) -> Iterator[float]:
    """Yield the pauses between attempts, each at most twice as long as the one before; there is no last one."""
    pause = strategy.first_pause
    while True:
        yield min(pause, strategy.longest_pause)
        pause = min(pause * 2, strategy.longest_pause)
