"""What becomes of the sessions of users who are taken out of the configuration."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from datastore.events import SessionEnded
from nos_mgmt.departures import end_with_users
from nos_mgmt.sessions import Sessions
from tests.conftest import Client, make_device
from tests.nos_mgmt.access.configured import SYSTEM, edited, nacm, rule, rule_list, user
from tests.nos_mgmt.over_ssh import SshClient, SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device


@pytest.fixture
def device(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Device]:
    """A device with the users ann and bob, who may do everything."""
    made = make_device(tmp_path, [hardware], administrators=("admin",))
    rules = nacm("", rule_list("g", rule("permit")), members={"g": ["ann", "bob"]})
    for config in (user("ann"), user("bob"), user("admin"), rules):
        edited(Client(made), config)
    yield made
    made.close()


@pytest.fixture
def sessions(device: Device) -> Sessions:
    made = Sessions()
    end_with_users(device.events, made, "admin")
    return made


def without(name: str) -> str:
    gone = f'<user nc:operation="delete"><username>{name}</username></user>'
    return f'<system xmlns="{SYSTEM}"><aaa><authentication><users>{gone}</users></authentication></aaa></system>'


def settle() -> None:
    """Return when whoever ends sessions has done so."""
    for thread in threading.enumerate():
        if thread.name == "departures":
            thread.join(20)
            assert not thread.is_alive()


def test_the_sessions_of_a_user_end_with_the_commit_that_removes_the_user(device: Device, sessions: Sessions) -> None:
    admin, ann, bob = (Client(device, sessions, name) for name in ("admin", "ann", "bob"))
    ended: list[object] = []
    device.events.listen(ended.append)
    edited(admin, without("ann"))
    settle()
    assert ann.was_killed
    assert not ann.session.is_open
    assert not bob.was_killed
    assert [(one.user, one.reason) for one in ended if isinstance(one, SessionEnded)] == [("ann", "other")]
    assert len(sessions) == 2
    bob.ok("<get-config><source><running/></source></get-config>")


def test_who_removes_himself_is_answered_before_his_session_ends(device: Device, sessions: Sessions) -> None:
    ann = Client(device, sessions, "ann")
    ann.edit(without("ann"))
    assert "<ok/>" in ann.ok("<commit/>")
    settle()
    assert not ann.session.is_open
    assert len(sessions) == 0


def test_the_administrators_sessions_and_those_of_users_who_change_stay(device: Device, sessions: Sessions) -> None:
    admin, ann = (Client(device, sessions, name) for name in ("admin", "ann"))
    edited(admin, without("admin"))
    edited(admin, user("ann", "<password>new</password>"))
    settle()
    assert admin.session.is_open
    assert ann.session.is_open


def test_locks_of_a_session_that_ends_so_are_given_back(device: Device, sessions: Sessions) -> None:
    admin, ann = (Client(device, sessions, name) for name in ("admin", "ann"))
    partial = 'xmlns="urn:ietf:params:xml:ns:netconf:partial-lock:1.0"'
    select = '<select xmlns:n="urn:ietf:params:xml:ns:yang:ietf-netconf-acm">/n:nacm</select>'
    ann.ok(f"<partial-lock {partial}>{select}</partial-lock>")
    edited(admin, without("ann"))
    settle()
    edited(admin, nacm("<read-default>permit</read-default>"))


def test_the_connection_of_a_removed_user_is_closed(device: Device) -> None:
    server = SshServer(device)
    try:
        end_with_users(device.events, server.service.sessions, "admin")
        admin = Client(device, server.service.sessions)
        edited(admin, user("ann", "<password>right</password>"))
        ann = SshClient(server, server.connect("ann", client_keys=None, password="right"))  # noqa: S106 - it is one of a test
        removal = f"<edit-config><target><candidate/></target><config>{without('ann')}</config></edit-config>"
        assert "<ok/>" in ann.rpc(removal)
        assert "<ok/>" in ann.rpc("<commit/>")
        assert ann.rest() == b""
    finally:
        server.close()
