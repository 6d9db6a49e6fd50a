"""Notifications with ncclient over SSH (RFC 5277)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree
from ncclient import manager

from tests.openconfig import interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ncclient.manager import Manager

    from tests.conftest import Server

WAIT = 20


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[[], Manager]]:
    """A function that connects."""
    opened: list[Manager] = []

    def connect_() -> Manager:
        connected = manager.connect(
            host="127.0.0.1",
            port=server.port,
            username="admin",
            key_filename=str(server.key),
            hostkey_verify=False,
            look_for_keys=False,
            allow_agent=False,
        )
        opened.append(connected)
        return connected

    yield connect_
    for connected in opened:
        connected.close_session()


def commit(session: Manager, mtu: int) -> None:
    """Commit something."""
    config = f'<config xmlns="{NETCONF}">{interfaces(interface("Ethernet1", mtu=mtu))}</config>'
    session.edit_config(config, target="candidate")
    session.commit()


def heard(session: Manager) -> list[str]:
    """Return the names of the notifications until those of sessions are left out and there is one."""
    taken = session.take_notification(timeout=WAIT)
    assert taken is not None
    return [etree.QName(child).localname for child in etree.fromstring(taken.notification_xml.encode())[1:]]


def test_it_is_told_of_a_commit_of_another_session(connect: Callable[[], Manager]) -> None:
    listener, worker = connect(), connect()
    listener.create_subscription()
    commit(worker, 9000)
    assert heard(listener) == ["netconf-config-change"]


def test_it_has_past_events_replayed_and_goes_on_with_requests(connect: Callable[[], Manager]) -> None:
    listener, worker = connect(), connect()
    commit(worker, 8000)
    listener.create_subscription(
        start_time="2000-01-01T00:00:00Z",
        filter=("subtree", '<netconf-config-change xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"/>'),
    )
    found = heard(listener)
    while found[-1] != "replayComplete":
        found += heard(listener)
    assert set(found[:-1]) == {"netconf-config-change"}
    # interleave
    commit(listener, 7000)
    assert heard(listener) == ["netconf-config-change"]
    assert "<mtu>7000</mtu>" in listener.get_config("running").data_xml


def test_it_is_pushed_what_changes_in_running(connect: Callable[[], Manager]) -> None:
    """RFC 8639 and RFC 8641 over NETCONF (RFC 8640): ncclient has no operation for it, and sends what it is given."""
    listener, worker = connect(), connect()
    establish = etree.fromstring(
        '<establish-subscription xmlns="urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications"'
        ' xmlns:yp="urn:ietf:params:xml:ns:yang:ietf-yang-push" xmlns:ds="urn:ietf:params:xml:ns:yang:ietf-datastores">'
        "<yp:datastore>ds:running</yp:datastore><yp:on-change/></establish-subscription>"
    )
    assert "<id " in listener.dispatch(establish).xml
    assert heard(listener) == ["push-update"]
    commit(worker, 6000)
    assert heard(listener) == ["push-change-update"]
