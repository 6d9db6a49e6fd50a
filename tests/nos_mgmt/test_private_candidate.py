"""Private candidates (draft-ietf-netconf-privcand): branches, updates, conflicts that name the leaf and the commit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from nos_mgmt.netconf.capabilities import PRIVATE_CANDIDATE
from nos_mgmt.sessions import Sessions
from tests.conftest import Client
from tests.datastore.rig import eventually
from tests.nos_mgmt.replies import error, errors, is_ok
from tests.openconfig import INTERFACES, interface, interfaces

if TYPE_CHECKING:
    from nos_mgmt.device import Device

NAMESPACE = "urn:ietf:params:xml:ns:yang:ietf-netconf-private-candidate"
HISTORY = "urn:nos-mgmt:yang:nos-history"
DELETED = (
    f'<interfaces xmlns="{INTERFACES}"><interface nc:operation="delete"><name>Ethernet1</name></interface></interfaces>'
)
CONFIRMED = "<commit><confirmed/><confirm-timeout>120</confirm-timeout></commit>"


def update(mode: str = "") -> str:
    inner = f"<resolution-mode>{mode}</resolution-mode>" if mode else ""
    return f'<update xmlns="{NAMESPACE}">{inner}</update>'


def described(text: str, port: str = "Ethernet1") -> str:
    return interfaces(interface(port, description=text))


def mtu(value: int, port: str = "Ethernet1") -> str:
    return interfaces(interface(port, mtu=value))


def candidate(client: Client) -> str:
    return client.ok("<get-config><source><candidate/></source></get-config>")


def descriptions(text: str) -> list[str]:
    return re.findall("<description>(.*?)</description>", text)


@pytest.fixture
def registry() -> Sessions:
    return Sessions()


@pytest.fixture
def ann(device: Device, registry: Sessions) -> Client:
    return Client(device, registry, "ann", capabilities=[PRIVATE_CANDIDATE])


@pytest.fixture
def bob(device: Device, registry: Sessions) -> Client:
    return Client(device, registry, "bob", capabilities=[PRIVATE_CANDIDATE])


@pytest.fixture
def sam(device: Device, registry: Sessions) -> Client:
    """Somebody with the shared candidate."""
    return Client(device, registry, "sam")


def committed(client: Client, config: str) -> None:
    client.edit(config)
    client.ok("<commit/>")


def conflict(ann: Client, bob: Client) -> None:
    """Have ann and bob change one leaf, and bob commit it."""
    committed(bob, described("London"))
    ann.edit(described("San Francisco"))
    committed(bob, described("Paris"))


# section "How to signal the use of private candidates"


def test_the_capability_is_advertised(ann: Client) -> None:
    hello = ann.session.hello().decode()
    assert f"<capability>{PRIVATE_CANDIDATE}</capability>" in hello
    assert "capability:candidate:1.0" in hello


def test_clients_that_ask_for_it_have_candidates_of_their_own(ann: Client, bob: Client, sam: Client) -> None:
    for client, text in ((ann, "hers"), (bob, "his"), (sam, "shared")):
        client.edit(described(text))
    assert [descriptions(candidate(client)) for client in (ann, bob, sam)] == [["hers"], ["his"], ["shared"]]


def test_parameters_in_a_clients_capability_do_not_matter(device: Device, registry: Sessions, sam: Client) -> None:
    client = Client(device, registry, capabilities=[f"{PRIVATE_CANDIDATE}?default-resolution-mode=prefer-running"])
    client.edit(described("own"))
    assert descriptions(candidate(sam)) == []


# section "When is a private candidate created", "… destroyed"


def test_it_is_branched_when_it_is_first_looked_at(ann: Client, bob: Client) -> None:
    committed(bob, described("one"))
    assert descriptions(candidate(ann)) == ["one"]
    committed(bob, described("two"))
    assert descriptions(candidate(ann)) == ["one"]


def test_it_goes_with_its_session(device: Device, ann: Client, sam: Client) -> None:
    ann.edit(described("hers"))
    ann.send("<close-session/>")
    assert device.datastores.private(ann.session.id) is None
    assert descriptions(candidate(sam)) == []


def test_it_goes_with_a_session_that_is_killed(device: Device, ann: Client, sam: Client) -> None:
    ann.edit(described("hers"))
    sam.ok(f"<kill-session><session-id>{ann.session.id}</session-id></kill-session>")
    assert device.datastores.private(ann.session.id) is None


def test_candidates_share_what_nobody_has_changed(device: Device, ann: Client, bob: Client, sam: Client) -> None:
    committed(sam, described("one") + static())
    ann.edit(described("hers"))
    bob.edit(described("his"))
    stores = device.datastores
    trees = [stores.read("candidate", client.session.id) for client in (ann, bob)]
    name = "openconfig-network-instance:network-instances"
    assert all(tree.get(name) is stores.running.get(name) is not None for tree in trees)


def static() -> str:
    from tests.openconfig import route, static_routes  # noqa: PLC0415 - for one test

    return static_routes(route("192.0.2.0/24", "DROP"))


# section "<update>"


def test_update_brings_in_what_others_have_committed(ann: Client, bob: Client) -> None:
    ann.edit(described("hers"))
    committed(bob, described("his", "Ethernet2"))
    assert descriptions(candidate(ann)) == ["hers"]
    assert is_ok(ann.send(update()))
    assert descriptions(candidate(ann)) == ["hers", "his"]
    assert descriptions(ann.running()) == ["his"]


@pytest.mark.parametrize("mode", ["", "revert-on-conflict"])
def test_revert_on_conflict_names_the_leaf_and_the_commit_and_changes_nothing(
    ann: Client, bob: Client, mode: str
) -> None:
    conflict(ann, bob)
    committed(bob, mtu(9000, "Ethernet2"))
    before = candidate(ann)
    found = error(ann.send(update(mode)))
    assert (found.type, found.tag, found.app_tag) == ("application", "operation-failed", "conflict")
    assert (found.path or "").endswith("interface[oc-if:name='Ethernet1']/oc-if:config/oc-if:description")
    time = found.info["time"]
    assert found.info == {"commit": "2", "user": "bob", "time": time}
    assert found.message == (
        f"description: 'San Francisco' here, and 'Paris' in running since commit 2 of bob at {time}"
    )
    assert candidate(ann) == before


def test_prefer_candidate_keeps_what_is_in_conflict(ann: Client, bob: Client) -> None:
    conflict(ann, bob)
    committed(bob, described("two", "Ethernet2"))
    assert is_ok(ann.send(update("prefer-candidate")))
    assert descriptions(candidate(ann)) == ["San Francisco", "two"]
    assert is_ok(ann.send("<commit/>"))
    assert descriptions(ann.running()) == ["San Francisco", "two"]


def test_prefer_running_gives_up_what_is_in_conflict(ann: Client, bob: Client) -> None:
    conflict(ann, bob)
    ann.edit(described("hers", "Ethernet3"))
    assert is_ok(ann.send(update("prefer-running")))
    assert descriptions(candidate(ann)) == ["Paris", "hers"]


def test_an_edit_in_an_entry_that_another_has_deleted_is_in_conflict_with_the_deletion(
    ann: Client, bob: Client
) -> None:
    committed(bob, described("London"))
    ann.edit(described("San Francisco"))
    committed(bob, DELETED)
    found = error(ann.send(update()))
    assert (found.path or "").endswith("oc-if:description")
    assert found.info["commit"] == "2"
    assert "not there in running" in found.message
    assert "because of /openconfig-interfaces:interfaces/interface[name='Ethernet1']" in found.message
    assert is_ok(ann.send(update("prefer-running")))
    assert descriptions(candidate(ann)) == []


def test_all_conflicts_are_told_at_once(ann: Client, bob: Client) -> None:
    committed(bob, interfaces(interface("Ethernet1", description="a", mtu=2000)))
    ann.edit(interfaces(interface("Ethernet1", description="b", mtu=3000)))
    committed(bob, mtu(4000))
    committed(bob, described("c"))
    found = {(each.path or "").rpartition(":")[2]: each.info["commit"] for each in errors(ann.send(update()))}
    assert found == {"mtu": "2", "description": "3"}


def test_what_both_have_changed_alike_is_no_conflict(ann: Client, bob: Client) -> None:
    ann.edit(described("same"))
    committed(bob, described("same"))
    assert is_ok(ann.send(update()))


def test_update_without_a_private_candidate_is_refused(sam: Client) -> None:
    found = error(sam.send(update()))
    assert (found.tag, found.type) == ("operation-failed", "application")
    assert "no private candidate" in found.message


def test_a_resolution_mode_that_there_is_not_is_refused(ann: Client) -> None:
    assert error(ann.send(update("ignore"))).tag == "invalid-value"


# section "<commit>"


def test_commit_updates_first_and_commits_the_sessions_changes_alone(ann: Client, bob: Client, sam: Client) -> None:
    ann.edit(described("hers"))
    sam.edit(described("shared", "Ethernet3"))
    committed(bob, described("his", "Ethernet2"))
    assert is_ok(ann.send("<commit/>"))
    assert descriptions(ann.running()) == ["hers", "his"]
    # the shared candidate has its own change and what was committed
    assert descriptions(candidate(sam)) == ["hers", "his", "shared"]


def test_a_commit_in_conflict_is_refused(ann: Client, bob: Client) -> None:
    conflict(ann, bob)
    found = error(ann.send("<commit/>"))
    assert (found.tag, found.app_tag, found.info["user"]) == ("operation-failed", "conflict", "bob")
    assert descriptions(ann.running()) == ["Paris"]
    assert descriptions(candidate(ann)) == ["San Francisco"]


def test_after_a_commit_the_candidate_is_a_branch_of_what_is_running_then(ann: Client, bob: Client) -> None:
    committed(ann, described("one"))
    committed(bob, described("two"))
    ann.edit(described("three", "Ethernet2"))
    assert is_ok(ann.send("<commit/>"))
    assert descriptions(ann.running()) == ["two", "three"]


def test_a_shared_candidate_does_not_undo_what_was_committed_beside_it(ann: Client, sam: Client) -> None:
    sam.edit(described("shared"))
    committed(ann, mtu(9000, "Ethernet2"))
    assert is_ok(sam.send("<commit/>"))
    assert "<mtu>9000</mtu>" in sam.running()
    assert descriptions(sam.running()) == ["shared"]


def test_running_that_another_session_has_locked_is_in_use(ann: Client, bob: Client) -> None:
    bob.ok("<lock><target><running/></target></lock>")
    ann.edit(described("hers"))
    assert error(ann.send("<commit/>")).tag == "in-use"
    assert is_ok(ann.send(update()))


def test_the_lock_of_the_shared_candidate_is_nobody_elses_business(ann: Client, sam: Client) -> None:
    sam.ok("<lock><target><candidate/></target></lock>")
    committed(ann, described("hers"))
    assert descriptions(sam.running()) == ["hers"]


# section "<lock> and <unlock>"


def test_each_session_locks_its_own_candidate_and_unlocking_it_loses_nothing(ann: Client, bob: Client) -> None:
    lock, unlock = (f"<{name}><target><candidate/></target></{name}>" for name in ("lock", "unlock"))
    ann.edit(described("hers"))
    assert is_ok(ann.send(lock))
    assert is_ok(bob.send(lock))
    assert error(ann.send(lock)).info == {"session-id": str(ann.session.id)}
    assert is_ok(ann.send(unlock))
    assert error(ann.send(unlock)).tag == "lock-denied"
    assert descriptions(candidate(ann)) == ["hers"]


# section "<discard-changes>", "<copy-config>", "<validate>"


def test_discard_changes_goes_back_to_the_branch_and_not_to_what_is_running(ann: Client, bob: Client) -> None:
    committed(bob, described("one"))
    ann.edit(described("hers"))
    committed(bob, described("two"))
    assert is_ok(ann.send("<discard-changes/>"))
    assert descriptions(candidate(ann)) == ["one"]
    assert is_ok(ann.send(update()))
    assert descriptions(candidate(ann)) == ["two"]


def test_discard_changes_after_an_update_goes_back_to_the_update(ann: Client, bob: Client) -> None:
    ann.edit(described("hers"))
    committed(bob, described("his", "Ethernet2"))
    ann.ok(update())
    assert is_ok(ann.send("<discard-changes/>"))
    assert descriptions(candidate(ann)) == ["his"]


def test_copy_config_and_validate_work_on_the_sessions_own(ann: Client, bob: Client) -> None:
    committed(bob, described("one"))
    assert is_ok(ann.send("<copy-config><target><candidate/></target><source><config/></source></copy-config>"))
    assert descriptions(candidate(ann)) == []
    assert is_ok(ann.send("<copy-config><target><candidate/></target><source><running/></source></copy-config>"))
    assert descriptions(candidate(ann)) == ["one"]
    ann.edit(f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet2</name></interface></interfaces>')
    validate = "<validate><source><candidate/></source></validate>"
    assert "<rpc-error>" in ann.send(validate)
    assert is_ok(bob.send(validate))


# section "Interactions with commit confirmed operations and private candidates"


def test_what_is_cancelled_is_in_the_sessions_candidate_again(ann: Client, bob: Client) -> None:
    ann.edit(described("hers"))
    assert is_ok(ann.send(CONFIRMED))
    assert error(bob.send("<commit/>")).tag == "in-use"
    assert is_ok(ann.send("<cancel-commit/>"))
    assert descriptions(ann.running()) == []
    assert descriptions(candidate(ann)) == ["hers"]
    assert is_ok(ann.send("<commit/>"))
    assert descriptions(ann.running()) == ["hers"]


def test_what_is_not_confirmed_in_time_is_in_the_sessions_candidate_again(ann: Client) -> None:
    ann.edit(described("hers"))
    assert is_ok(ann.send(CONFIRMED.replace("120", "1")))
    ann.edit(described("more", "Ethernet2"))
    assert eventually(lambda: descriptions(ann.running()) == [], 10)
    assert eventually(lambda: descriptions(candidate(ann)) == ["hers", "more"])
    assert is_ok(ann.send("<discard-changes/>"))
    assert descriptions(candidate(ann)) == []


def test_what_is_confirmed_is_no_change_any_more(ann: Client) -> None:
    ann.edit(described("hers"))
    ann.ok(CONFIRMED)
    assert is_ok(ann.send("<commit/>"))
    assert is_ok(ann.send("<discard-changes/>"))
    assert descriptions(ann.running()) == descriptions(candidate(ann)) == ["hers"]


def test_what_the_end_of_the_session_takes_back_is_gone(ann: Client, bob: Client) -> None:
    ann.edit(described("hers"))
    ann.ok(CONFIRMED)
    ann.send("<close-session/>")
    assert eventually(lambda: descriptions(bob.running()) == [], 10)
    assert descriptions(candidate(bob)) == []


# nos-history


def test_the_plan_is_that_of_the_sessions_own_candidate(ann: Client, bob: Client, sam: Client) -> None:
    committed(sam, described("one"))
    candidate(ann)
    committed(bob, mtu(9000, "Ethernet2"))
    ann.edit(described("hers", "Ethernet3"))
    get_plan = f'<get-plan xmlns="{HISTORY}"/>'
    plan = ann.ok(get_plan)
    assert "Ethernet3" in plan
    # brought up to date: what bob has committed is not undone
    assert "Ethernet2" not in plan
    assert "Ethernet3" not in sam.ok(get_plan)
    number = re.search("<plan-id[^>]*>(.*?)</plan-id>", plan)
    assert number is not None
    assert is_ok(ann.send(f'<commit><plan-id xmlns="{HISTORY}">{number[1]}</plan-id></commit>'))


def test_a_plan_in_conflict_is_refused(ann: Client, bob: Client) -> None:
    conflict(ann, bob)
    assert error(ann.send(f'<get-plan xmlns="{HISTORY}"/>')).app_tag == "conflict"


def test_a_rollback_is_refused_while_the_sessions_own_candidate_has_changes(ann: Client, sam: Client) -> None:
    rollback = f'<rollback xmlns="{HISTORY}"><commit>1</commit></rollback>'
    committed(ann, described("one"))
    committed(ann, described("two"))
    ann.edit(described("three"))
    assert "has changes" in error(ann.send(rollback)).message
    ann.ok("<discard-changes/>")
    sam.edit(mtu(9000, "Ethernet2"))
    ann.ok(rollback)
    assert descriptions(ann.running()) == descriptions(candidate(ann)) == ["one"]
    assert "<mtu>9000</mtu>" in candidate(sam)
