"""partial-lock and partial-unlock (RFC 5717)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from nos_mgmt.sessions import Sessions
from tests.conftest import Client
from tests.nos_mgmt.replies import error, is_ok, parsed
from tests.openconfig import INTERFACES, interface, interfaces
from yang.path import Path

if TYPE_CHECKING:
    from nos_mgmt.device import Device

PARTIAL_LOCK = "urn:ietf:params:xml:ns:netconf:partial-lock:1.0"
ONE, TWO = (f"/o:interfaces/o:interface[o:name='Ethernet{number}']" for number in (1, 2))
MTU = f"{ONE}/o:config/o:mtu"


def partial_lock(*selects: str) -> str:
    listed = "".join(f"<select>{select}</select>" for select in selects)
    return f'<partial-lock xmlns="{PARTIAL_LOCK}" xmlns:o="{INTERFACES}">{listed}</partial-lock>'


def partial_unlock(lock_id: int | str) -> str:
    return f'<partial-unlock xmlns="{PARTIAL_LOCK}"><lock-id>{lock_id}</lock-id></partial-unlock>'


def locked(client: Client, *selects: str) -> int:
    """Take a lock, and return its number."""
    found = re.search(r"<lock-id[^>]*>(\d+)<", client.ok(partial_lock(*selects)))
    assert found
    return int(found[1])


def commit(client: Client, config: str, options: str = "") -> str:
    client.edit(config, options)
    return client.send("<commit/>")


def refused(client: Client, config: str, options: str = "") -> str:
    """Have a commit refused because of a lock, and return the error-path."""
    found = error(commit(client, config, options))
    assert (found.tag, found.app_tag) == ("in-use", "locked")
    client.ok("<discard-changes/>")
    assert found.path is not None
    return found.path


@pytest.fixture
def clients(device: Device) -> tuple[Client, Client]:
    """Two sessions, and two ports that are configured."""
    registry = Sessions()
    ann, bob = Client(device, registry, "ann"), Client(device, registry, "bob")
    ann.edit(interfaces(interface("Ethernet1", mtu=1500), interface("Ethernet2", mtu=1500)))
    ann.ok("<commit/>")
    return ann, bob


def test_2_3_the_capability_is_advertised(device: Device) -> None:
    hello = Client(device).session.hello().decode()
    assert "<capability>urn:ietf:params:netconf:capability:partial-lock:1.0</capability>" in hello
    assert "module=ietf-netconf-partial-lock&amp;revision=2009-10-19<" in hello


def test_2_4_1_the_reply_has_the_lock_s_number_and_the_nodes(clients: tuple[Client, Client]) -> None:
    reply = parsed(clients[0].ok(partial_lock(ONE, MTU)))
    assert [child.tag for child in reply] == [f"{{{PARTIAL_LOCK}}}{name}" for name in ("lock-id", *["locked-node"] * 2)]
    assert [child.text for child in reply[1:]] == [
        "/oc-if:interfaces/oc-if:interface[oc-if:name='Ethernet1']",
        "/oc-if:interfaces/oc-if:interface[oc-if:name='Ethernet1']/oc-if:config/oc-if:mtu",
    ]
    assert reply[1].nsmap["oc-if"] == INTERFACES


def test_2_4_1_nobody_else_changes_what_is_locked_or_below_it(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    locked(ann, ONE)
    assert refused(bob, interfaces(interface("Ethernet1", mtu=9000))).endswith("[oc-if:name='Ethernet1']")
    assert is_ok(commit(bob, interfaces(interface("Ethernet2", mtu=9000))))
    assert is_ok(commit(ann, interfaces(interface("Ethernet1", mtu=9000))))


def test_2_4_1_a_leaf_alone_can_be_locked(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    locked(ann, MTU)
    assert is_ok(commit(bob, interfaces(interface("Ethernet1", mtu=1500, description="other"))))
    assert refused(bob, interfaces(interface("Ethernet1", mtu=9000))).endswith("oc-if:config/oc-if:mtu")


def test_2_4_1_what_is_locked_is_not_deleted_with_what_it_is_in(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    locked(ann, MTU)
    assert refused(bob, "", "<default-operation>replace</default-operation>").endswith("oc-if:mtu")


def test_2_4_1_the_scope_is_what_the_expression_gave_when_it_was_evaluated(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    locked(ann, ONE, TWO)
    assert is_ok(commit(bob, interfaces(interface("Ethernet3", mtu=9000))))


def test_2_4_1_what_its_owner_deletes_is_locked_no_more_when_somebody_makes_it_again(
    clients: tuple[Client, Client], device: Device
) -> None:
    ann, bob = clients
    number = locked(ann, ONE)
    gone = '<interface nc:operation="delete"><name>Ethernet1</name></interface>'
    assert is_ok(commit(ann, interfaces(gone)))
    assert is_ok(commit(bob, interfaces(interface("Ethernet1", mtu=9000))))
    assert is_ok(commit(bob, interfaces(interface("Ethernet1", mtu=4000))))
    (lock,) = device.datastores.partial_locks()
    assert (lock.lock_id, lock.nodes) == (number, ())
    assert is_ok(ann.send(partial_unlock(number)))


def test_2_4_1_all_or_nothing_is_locked(clients: tuple[Client, Client], device: Device) -> None:
    ann, bob = clients
    locked(ann, MTU)
    found = error(bob.send(partial_lock(TWO, ONE)))
    assert (found.type, found.tag) == ("protocol", "lock-denied")
    assert found.info == {"session-id": str(ann.session.id)}
    assert len(device.datastores.partial_locks()) == 1
    assert is_ok(commit(ann, interfaces(interface("Ethernet2", mtu=9000))))


@pytest.mark.parametrize(("first", "second"), [(ONE, MTU), (MTU, ONE), (ONE, ONE), (ONE, "/o:interfaces")])
def test_2_4_1_protected_areas_of_two_sessions_do_not_overlap(
    clients: tuple[Client, Client], first: str, second: str
) -> None:
    ann, bob = clients
    locked(ann, first)
    assert error(bob.send(partial_lock(second))).tag == "lock-denied"


def test_2_4_1_a_session_s_locks_may_overlap_and_hold_till_the_last_is_given_back(
    clients: tuple[Client, Client],
) -> None:
    ann, bob = clients
    first, second = locked(ann, ONE), locked(ann, MTU)
    assert first != second
    ann.ok(partial_unlock(first))
    assert refused(bob, interfaces(interface("Ethernet1", mtu=9000)))
    ann.ok(partial_unlock(second))
    assert is_ok(commit(bob, interfaces(interface("Ethernet1", mtu=9000))))


@pytest.mark.parametrize("holder", [0, 1])
def test_2_4_1_nothing_is_locked_where_running_is_as_a_whole(clients: tuple[Client, Client], holder: int) -> None:
    clients[holder].ok("<lock><target><running/></target></lock>")
    found = error(clients[0].send(partial_lock(ONE)))
    assert (found.tag, found.info) == ("lock-denied", {"session-id": str(clients[holder].session.id)})


@pytest.mark.parametrize("asking", [0, 1])
def test_2_5_running_is_not_locked_as_a_whole_where_a_part_is(clients: tuple[Client, Client], asking: int) -> None:
    number = locked(clients[0], ONE)
    found = error(clients[asking].send("<lock><target><running/></target></lock>"))
    assert (found.tag, found.info) == ("lock-denied", {"session-id": str(clients[0].session.id)})
    clients[asking].ok("<lock><target><candidate/></target></lock>")
    clients[0].ok(partial_unlock(number))
    clients[asking].ok("<lock><target><running/></target></lock>")


def test_2_5_what_the_candidate_is_edited_to_does_not_matter_until_it_is_committed(
    clients: tuple[Client, Client],
) -> None:
    ann, bob = clients
    locked(ann, ONE)
    bob.edit(interfaces(interface("Ethernet1", mtu=9000)))
    bob.ok("<validate><source><candidate/></source></validate>")
    assert error(bob.send("<commit/>")).tag == "in-use"
    assert "9000" in bob.ok("<get-config><source><candidate/></source></get-config>")
    assert is_ok(bob.send("<discard-changes/>"))


def test_2_5_a_rollback_and_a_reset_change_nothing_that_others_have_locked(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    ann.edit(interfaces(interface("Ethernet1", mtu=9000)))
    ann.ok("<commit/>")
    locked(ann, ONE)
    back = '<rollback xmlns="urn:nos-mgmt:yang:nos-history"><commit>1</commit></rollback>'
    assert error(bob.send(back)).app_tag == "locked"
    reset = '<factory-reset xmlns="urn:ietf:params:xml:ns:yang:ietf-factory-default"/>'
    assert error(bob.send(reset)).app_tag == "locked"
    assert "<rpc-error>" not in ann.send(back)


def test_2_6_2_nothing_is_locked_while_a_commit_waits_for_its_confirmation(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    ann.edit(interfaces(interface("Ethernet1", mtu=9000)))
    ann.ok("<commit><confirmed/></commit>")
    for client in (ann, bob):
        found = error(client.send(partial_lock(TWO)))
        assert (found.tag, found.app_tag) == ("in-use", "outstanding-confirmed-commit")


def test_2_6_2_what_is_locked_is_taken_back_with_the_commit_that_was_not_confirmed(
    clients: tuple[Client, Client],
) -> None:
    ann, _ = clients
    locked(ann, ONE)
    ann.edit(interfaces(interface("Ethernet1", mtu=9000)))
    ann.ok("<commit><confirmed/></commit>")
    ann.ok("<cancel-commit/>")
    assert "<mtu>9000" not in ann.running()


def test_2_4_1_1_what_is_not_there_cannot_be_locked(clients: tuple[Client, Client]) -> None:
    three, state = ONE.replace("1", "3"), f"{ONE}/o:state"
    for select in (three, state, "/o:nothing", f"{three}/o:config/o:mtu"):
        found = error(clients[0].send(partial_lock(select)))
        assert (found.tag, found.app_tag) == ("operation-failed", "no-matches"), select
    assert locked(clients[0], three, ONE)


@pytest.mark.parametrize("select", ["", "/p:interfaces", "1 + 1", "/o:interfaces[", "count(//o:mtu)"])
def test_2_4_1_1_an_expression_gives_nodes(clients: tuple[Client, Client], select: str) -> None:
    found = error(clients[0].send(partial_lock(select)))
    assert (found.tag, found.app_tag) == ("invalid-value", "not-a-node-set")


def test_2_4_1_1_an_expression_is_evaluated_when_the_lock_is_taken(
    clients: tuple[Client, Client], device: Device
) -> None:
    ann, bob = clients
    locked(ann, "//o:interface[o:config/o:mtu = 1500]/o:config | /o:interfaces/o:interface/o:name | /")
    (lock,) = device.datastores.partial_locks()
    assert len(lock.nodes) == 4
    assert refused(bob, interfaces(interface("Ethernet2", mtu=9000)))
    assert is_ok(commit(bob, interfaces(interface("Ethernet3", mtu=1500))))


def test_2_4_1_1_something_has_to_be_selected(clients: tuple[Client, Client]) -> None:
    found = error(clients[0].send(partial_lock()))
    assert (found.tag, found.info) == ("missing-element", {"bad-element": "select"})


def test_2_4_2_a_lock_is_given_back_by_its_session_only(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    number = locked(ann, ONE)
    for client, which in ((bob, number), (ann, number + 1)):
        found = error(client.send(partial_unlock(which)))
        assert (found.type, found.tag) == ("protocol", "invalid-value")
    assert is_ok(ann.send(partial_unlock(number)))
    assert error(ann.send(partial_unlock(number))).tag == "invalid-value"
    assert error(ann.send(f'<partial-unlock xmlns="{PARTIAL_LOCK}"/>')).tag == "missing-element"


@pytest.mark.parametrize("is_killed", [True, False])
def test_2_1_locks_end_with_their_session(clients: tuple[Client, Client], *, is_killed: bool) -> None:
    ann, bob = clients
    locked(ann, ONE)
    if is_killed:
        bob.ok(f"<kill-session><session-id>{ann.session.id}</session-id></kill-session>")
    else:
        ann.session.close()
    assert is_ok(commit(bob, interfaces(interface("Ethernet1", mtu=9000))))


def test_locks_are_listed(clients: tuple[Client, Client], device: Device) -> None:
    ann, _ = clients
    number = locked(ann, ONE)
    (lock,) = device.datastores.partial_locks()
    assert (lock.lock_id, lock.session_id) == (number, ann.session.id)
    (select,) = lock.select
    assert select.text == ONE
    assert select.namespaces["o"] == INTERFACES
    assert all(isinstance(path, Path) for path in lock.nodes)
    assert list(map(str, lock.nodes)) == ["/openconfig-interfaces:interfaces/interface[name='Ethernet1']"]
