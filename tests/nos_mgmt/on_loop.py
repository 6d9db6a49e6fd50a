"""An event loop in a thread, for tests that are written one step after the other."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from nos_mgmt.netconf.service import Limits, Service
from nos_mgmt.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from nos_mgmt.device import Device
    from nos_mgmt.netconf.transport import Transport

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds after which a test says that something hangs."""


class OnLoop:
    """A service on a loop of its own, with a transport."""

    def __init__(self, device: Device, **limits: Any) -> None:
        """Serve `device`; limits are those of `Limits`."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop")
        self._thread.start()
        self._executor = ThreadPoolExecutor(16, "request")
        self.sessions = Sessions()
        self.service = Service(device, self.sessions, self._executor, Limits(**limits))

    def run(self, coroutine: Coroutine[Any, Any, T], patience: float = PATIENCE) -> T:
        """Return what a coroutine on the loop returns."""

        async def limited() -> T:
            async with asyncio.timeout(patience):
                return await coroutine

        return asyncio.run_coroutine_threadsafe(limited(), self._loop).result()

    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """Return what a function on the loop returns, to which connections belong."""

        async def called() -> T:
            return function(*arguments)

        return self.run(called())

    def end(self, *transports: Transport) -> None:
        """End all sessions and connections, as the server does."""

        async def end() -> None:
            self.service.close()
            for transport in transports:
                await transport.close()

        self.run(end())

    def stop(self) -> None:
        """Be gone."""
        self._executor.shutdown()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
