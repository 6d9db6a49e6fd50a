"""Notifications as tests look at them."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

if TYPE_CHECKING:
    from nos_mgmt.device import Device
    from tests.conftest import Client

NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
STANDARD = "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"


class Told(NamedTuple):
    """One notification."""

    time: datetime
    name: str
    content: etree._Element

    def text(self, path: str) -> str | None:
        """Return the text of the element at a path of names, whatever their namespaces."""
        found = self.content.find("/".join(f"{{*}}{name}" for name in path.split("/")))
        return None if found is None else found.text or ""


def read(message: bytes) -> Told:
    """Return what a message tells: an event time and one element (RFC 5277 section 4)."""
    root = etree.fromstring(message)
    assert root.tag == f"{{{NOTIFICATION}}}notification"
    when, content = root
    assert when.tag == f"{{{NOTIFICATION}}}eventTime"
    return Told(datetime.fromisoformat(when.text or ""), etree.QName(content).localname, content)


def settle(device: Device) -> None:
    """Return when all that has happened so far was told."""
    for _ in range(2):
        # what was there before the first is sent before the second
        done = threading.Event()
        device.publisher.call(done.set)
        assert done.wait(20)


def told(client: Client, device: Device) -> list[Told]:
    """Return what a client was told since this was asked last."""
    settle(device)
    messages, client.pushed[:] = list(client.pushed), []
    return [read(message) for message in messages]


def names(found: list[Told]) -> list[str]:
    """Return the names of notifications."""
    return [one.name for one in found]


def create_subscription(content: str = "") -> str:
    """Return the operation."""
    return f'<create-subscription xmlns="{NOTIFICATION}">{content}</create-subscription>'
