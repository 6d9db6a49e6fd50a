"""Locks, and what a session leaves behind (RFC 6241 sections 7.5, 7.6 and 8.3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nos_mgmt.sessions import Sessions
from tests.conftest import Client
from tests.nos_mgmt.replies import error, is_ok
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from nos_mgmt.device import Device

PORT = interfaces(interface("Ethernet1", mtu=9000))
OTHER_PORT = interfaces(interface("Ethernet2", mtu=4000))
EDIT = f"<edit-config><target><candidate/></target><config>{PORT}</config></edit-config>"


def lock(target: str) -> str:
    return f"<lock><target><{target}/></target></lock>"


def unlock(target: str) -> str:
    return f"<unlock><target><{target}/></target></unlock>"


def candidate(client: Client) -> str:
    return client.ok("<get-config><source><candidate/></source></get-config>")


@pytest.mark.parametrize("target", ["running", "candidate"])
def test_a_lock_is_one_session_s_until_it_gives_it_back(pair: tuple[Client, Client], target: str) -> None:
    ann, bob = pair
    assert is_ok(ann.send(lock(target)))
    found = error(bob.send(lock(target)))
    assert (found.type, found.tag, found.info) == ("protocol", "lock-denied", {"session-id": str(ann.session.id)})
    assert is_ok(ann.send(unlock(target)))
    assert is_ok(bob.send(lock(target)))


@pytest.mark.parametrize("target", ["running", "candidate"])
def test_a_lock_is_not_had_twice_even_by_its_holder(pair: tuple[Client, Client], target: str) -> None:
    ann, _ = pair
    ann.ok(lock(target))
    found = error(ann.send(lock(target)))
    assert (found.tag, found.info) == ("lock-denied", {"session-id": str(ann.session.id)})


@pytest.mark.parametrize("target", ["running", "candidate"])
def test_a_lock_is_given_back_by_its_holder_only(pair: tuple[Client, Client], target: str) -> None:
    ann, bob = pair
    assert "<rpc-error>" in ann.send(unlock(target))
    ann.ok(lock(target))
    found = error(bob.send(unlock(target)))
    assert found.info.get("session-id") == str(ann.session.id)
    assert error(bob.send(lock(target))).tag == "lock-denied"


def test_locks_of_the_two_datastores_are_two(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    ann.ok(lock("running"))
    bob.ok(lock("candidate"))
    bob.edit(PORT)
    assert "9000" in candidate(ann)


@pytest.mark.parametrize(
    "operation",
    [
        EDIT,
        "<copy-config><target><candidate/></target><source><running/></source></copy-config>",
        "<copy-config><target><candidate/></target><source><config/></source></copy-config>",
        "<discard-changes/>",
        "<commit/>",
        '<rollback xmlns="urn:nos-mgmt:yang:nos-history"><commit>1</commit></rollback>',
    ],
)
def test_what_would_change_a_candidate_that_another_has_locked_is_in_use(
    pair: tuple[Client, Client], operation: str
) -> None:
    ann, bob = pair
    ann.edit(OTHER_PORT)
    ann.ok("<commit/>")
    ann.ok(lock("candidate"))
    assert error(bob.send(operation)).tag == "in-use"
    ann.edit(PORT)


@pytest.mark.parametrize(
    "operation", ["<commit/>", '<rollback xmlns="urn:nos-mgmt:yang:nos-history"><commit>1</commit></rollback>']
)
def test_what_would_change_running_that_another_has_locked_is_in_use(
    pair: tuple[Client, Client], operation: str
) -> None:
    ann, bob = pair
    ann.edit(OTHER_PORT)
    ann.ok("<commit/>")
    ann.ok(lock("running"))
    if operation == "<commit/>":
        bob.edit(PORT)
    assert error(bob.send(operation)).tag == "in-use"
    assert "9000" not in ann.running()
    assert is_ok(ann.send("<commit/>"))


def test_a_lock_keeps_nobody_from_reading(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    ann.ok(lock("running"))
    ann.ok(lock("candidate"))
    ann.edit(PORT)
    assert "9000" in candidate(bob)
    assert is_ok(bob.send("<validate><source><candidate/></source></validate>"))
    assert bob.ok("<get/>")


def test_a_changed_candidate_cannot_be_locked(pair: tuple[Client, Client]) -> None:
    # RFC 6241 section 7.5: it has already been modified, and the changes have not been committed or rolled back
    ann, bob = pair
    ann.edit(PORT)
    for client in (ann, bob):
        assert error(client.send(lock("candidate"))).tag == "lock-denied"
    assert is_ok(bob.send(lock("running")))
    ann.ok("<discard-changes/>")
    assert is_ok(ann.send(lock("candidate")))


def test_an_unlocked_candidate_has_no_changes(pair: tuple[Client, Client]) -> None:
    # section 8.3.5.2
    ann, bob = pair
    ann.ok(lock("candidate"))
    ann.edit(PORT)
    ann.ok(unlock("candidate"))
    assert "9000" not in candidate(bob)


@pytest.mark.parametrize("way", ["close", "die", "kill"])
def test_a_session_that_ends_loses_its_locks_and_nothing_else(pair: tuple[Client, Client], way: str) -> None:
    ann, bob = pair
    ann.ok(lock("running"))
    ann.edit(PORT)
    bob.edit(OTHER_PORT)
    end(ann, bob, way)
    # the candidate is shared: what either wrote into it stays
    assert "9000" in candidate(bob)
    assert "4000" in candidate(bob)
    assert is_ok(bob.send("<commit/>"))
    assert "9000" in bob.running()


@pytest.mark.parametrize("way", ["close", "die", "kill"])
def test_a_session_that_ends_with_the_candidate_locked_takes_its_changes_along(
    pair: tuple[Client, Client], way: str
) -> None:
    # section 8.3.5.2: the server discards them when the lock is released
    ann, bob = pair
    ann.ok(lock("candidate"))
    ann.edit(PORT)
    end(ann, bob, way)
    assert "9000" not in candidate(bob)
    assert is_ok(bob.send(lock("candidate")))


@pytest.mark.parametrize("way", ["close", "die", "kill"])
def test_a_session_that_ends_takes_no_other_session_s_locks(pair: tuple[Client, Client], way: str) -> None:
    ann, bob = pair
    bob.ok(lock("candidate"))
    bob.edit(PORT)
    ann.ok(lock("running"))
    end(ann, bob, way)
    assert error(bob.send(lock("candidate"))).tag == "lock-denied"
    assert "9000" in candidate(bob)


def test_numbers_of_sessions_are_not_used_again(device: Device) -> None:
    registry = Sessions()
    first = Client(device, registry)
    first.ok("<close-session/>")
    assert Client(device, registry).session.id > first.session.id


def end(session: Client, other: Client, way: str) -> None:
    match way:
        case "close":
            session.ok("<close-session/>")
        case "die":
            session.session.close()
        case _:
            other.ok(f"<kill-session><session-id>{session.session.id}</session-id></kill-session>")
