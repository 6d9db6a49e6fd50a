"""The :writable-running capability (RFC 6241 section 8.2): edit-config and copy-config on running are commits of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.hardware.driver import Status
from backends.hardware.simulated import Fault
from nos_mgmt.sessions import Sessions
from tests.conftest import Client, make_device
from tests.nos_mgmt.replies import error, errors, is_ok
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from backends.hardware.simulated import SimulatedAsic
    from nos_mgmt.device import Device

CAPABILITY = b"urn:ietf:params:netconf:capability:writable-running:1.0"
ONE = interfaces(interface("Ethernet1", mtu=9000))
TWO = interfaces(interface("Ethernet2", mtu=4000))
INCOMPLETE = interfaces("<interface><name>Ethernet1</name></interface>")
IN_ERROR = interfaces(interface("Ethernet1", mtu=9000), interface("Ethernet3", mtu=1).replace(">1<", ">wide<"))


def edit(config: str, options: str = "", target: str = "running") -> str:
    return f"<edit-config><target><{target}/></target>{options}<config>{config}</config></edit-config>"


def copy(source: str, options: str = "") -> str:
    return f"<copy-config><target><running/></target><source>{source}</source>{options}</copy-config>"


@pytest.fixture
def writable(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Device]:
    """A device whose running datastore can be written, and which has a startup configuration."""
    made = make_device(tmp_path, [hardware], is_running_writable=True, has_startup=True)
    yield made
    made.close()


@pytest.fixture
def ann_and_bob(writable: Device) -> tuple[Client, Client]:
    """Two clients of it."""
    registry = Sessions()
    return Client(writable, registry, "ann"), Client(writable, registry, "bob")


def test_without_the_setting_there_is_neither_capability_nor_feature(client: Client) -> None:
    assert CAPABILITY not in client.session.hello()
    assert b"writable-running" not in client.session.hello()
    for request in (edit(ONE), copy("<candidate/>")):
        found = error(client.send(request))
        assert (found.type, found.tag, found.info["bad-element"]) == ("protocol", "unknown-element", "running")
    assert client.running() == ""


def test_with_the_setting_it_is_advertised(ann_and_bob: tuple[Client, Client]) -> None:
    # section 8.2.3
    hello = ann_and_bob[0].session.hello()
    assert CAPABILITY in hello
    assert b"validate,writable-running,xpath" in hello


def test_an_edit_of_running_takes_effect_at_once_and_is_in_the_history(
    writable: Device, chip: SimulatedAsic, ann_and_bob: tuple[Client, Client]
) -> None:
    ann, _ = ann_and_bob
    assert is_ok(ann.send(edit(ONE)))
    assert "<mtu>9000</mtu>" in ann.running()
    (commit,) = writable.history.commits()
    assert (commit.author.user, commit.author.session_id, commit.author.protocol) == ("ann", ann.session.id, "netconf")
    assert commit.state == "sealed"
    assert "Ethernet1" in repr(list(chip.objects()))


def test_an_edit_that_changes_nothing_is_no_commit(writable: Device, ann_and_bob: tuple[Client, Client]) -> None:
    ann, _ = ann_and_bob
    ann.ok(edit(ONE))
    ann.ok(edit(ONE))
    assert len(list(writable.history.commits())) == 1


def test_what_is_in_the_candidate_stays_on_top_of_what_was_written(ann_and_bob: tuple[Client, Client]) -> None:
    ann, bob = ann_and_bob
    bob.edit(TWO)
    ann.ok(edit(ONE))
    candidate = bob.ok("<get-config><source><candidate/></source></get-config>")
    assert "9000" in candidate
    assert "4000" in candidate
    assert "4000" not in ann.running()
    bob.ok("<commit/>")
    assert "9000" in ann.running()
    assert "4000" in ann.running()


def test_a_candidate_without_changes_is_running_whatever_was_written(ann_and_bob: tuple[Client, Client]) -> None:
    ann, bob = ann_and_bob
    ann.ok(edit(ONE))
    assert "9000" in bob.ok("<get-config><source><candidate/></source></get-config>")
    assert is_ok(bob.send("<lock><target><candidate/></target></lock>"))


def test_running_that_is_locked_by_another_session_is_in_use(ann_and_bob: tuple[Client, Client]) -> None:
    # section 7.5
    ann, bob = ann_and_bob
    ann.ok("<lock><target><running/></target></lock>")
    for request in (edit(ONE), copy("<candidate/>"), copy(f"<config>{ONE}</config>")):
        found = error(bob.send(request))
        assert (found.tag, found.info) == ("in-use", {"session-id": str(ann.session.id)})
    assert is_ok(ann.send(edit(ONE)))


def test_a_lock_of_the_candidate_does_not_keep_anybody_from_running(ann_and_bob: tuple[Client, Client]) -> None:
    ann, bob = ann_and_bob
    ann.ok("<lock><target><candidate/></target></lock>")
    assert is_ok(bob.send(edit(ONE)))


def test_nothing_is_written_while_a_confirmed_commit_waits(
    writable: Device, ann_and_bob: tuple[Client, Client]
) -> None:
    # section 8.4: an edit is no confirming commit
    ann, bob = ann_and_bob
    ann.edit(TWO)
    ann.ok("<commit><confirmed/></commit>")
    for client in (ann, bob):
        assert error(client.send(edit(ONE))).tag == "in-use"
    assert writable.datastores.pending is not None
    ann.ok("<commit/>")
    assert is_ok(bob.send(edit(ONE)))


def test_running_is_valid_after_every_edit_whatever_test_option_says(ann_and_bob: tuple[Client, Client]) -> None:
    # RFC 7950 section 8.3.3
    ann, _ = ann_and_bob
    for option in ("", "<test-option>set</test-option>", "<test-option>test-then-set</test-option>"):
        assert "data-missing" in [found.tag for found in errors(ann.send(edit(INCOMPLETE, option)))]
    assert ann.running() == ""


def test_test_only_changes_nothing(writable: Device, ann_and_bob: tuple[Client, Client]) -> None:
    # section 8.6.4.1
    ann, _ = ann_and_bob
    assert is_ok(ann.send(edit(ONE, "<test-option>test-only</test-option>")))
    assert errors(ann.send(edit(INCOMPLETE, "<test-option>test-only</test-option>")))
    assert ann.running() == ""
    assert list(writable.history.commits()) == []


@pytest.mark.parametrize("option", ["stop-on-error", "rollback-on-error", ""])
def test_an_edit_in_error_changes_nothing(ann_and_bob: tuple[Client, Client], option: str) -> None:
    ann, _ = ann_and_bob
    options = f"<error-option>{option}</error-option>" if option else ""
    assert error(ann.send(edit(IN_ERROR, options))).tag == "invalid-value"
    assert ann.running() == ""


def test_continue_on_error_commits_the_rest(ann_and_bob: tuple[Client, Client]) -> None:
    ann, _ = ann_and_bob
    found = errors(ann.send(edit(IN_ERROR, "<error-option>continue-on-error</error-option>")))
    assert [one.tag for one in found] == ["invalid-value"]
    assert "Ethernet1" in ann.running()


def test_what_a_backend_refuses_leaves_running_as_it_was(
    ann_and_bob: tuple[Client, Client], chip: SimulatedAsic
) -> None:
    ann, _ = ann_and_bob
    ann.ok(edit(ONE))
    before = ann.running()
    chip.inject(Fault(Status.NO_RESOURCES))
    found = error(ann.send(edit(TWO)))
    assert found.tag == "operation-failed"
    chip.inject(None)
    assert ann.running() == before


@pytest.mark.parametrize(
    "source", ["<candidate/>", "<startup/>", f"<config>{TWO}</config>"], ids=["candidate", "startup", "config"]
)
def test_copy_config_replaces_running(ann_and_bob: tuple[Client, Client], source: str) -> None:
    # section 8.2.4.2
    ann, bob = ann_and_bob
    if "startup" in source:
        ann.ok(f"<copy-config><target><startup/></target><source><config>{TWO}</config></source></copy-config>")
    if "candidate" in source:
        ann.ok(f"<copy-config><target><candidate/></target><source><config>{TWO}</config></source></copy-config>")
    bob.ok(edit(ONE))
    if "candidate" in source:
        ann.ok(f"<copy-config><target><candidate/></target><source><config>{TWO}</config></source></copy-config>")
    assert is_ok(ann.send(copy(source)))
    assert "4000" in ann.running()
    assert "9000" not in ann.running()
    # the candidate is what is running
    assert is_ok(ann.send("<lock><target><candidate/></target></lock>"))


def test_running_is_not_copied_to_itself_nor_deleted(ann_and_bob: tuple[Client, Client]) -> None:
    ann, _ = ann_and_bob
    assert error(ann.send(copy("<running/>"))).tag == "invalid-value"
    # section 7.4: the running configuration cannot be deleted
    assert error(ann.send("<delete-config><target><running/></target></delete-config>")).tag == "unknown-element"


def test_an_edit_of_running_does_not_change_startup(ann_and_bob: tuple[Client, Client]) -> None:
    # section 8.7.1
    ann, _ = ann_and_bob
    ann.ok(edit(ONE))
    assert "9000" not in ann.ok("<get-config><source><startup/></source></get-config>")


def test_a_session_with_a_private_candidate_writes_running_beside_it(writable: Device) -> None:
    own = "urn:ietf:params:netconf:capability:private-candidate:1.0"
    registry = Sessions()
    ann = Client(writable, registry, capabilities=[own])
    ann.edit(TWO)
    ann.ok(edit(ONE))
    assert "4000" not in ann.running()
    ann.ok("<commit/>")
    assert "9000" in ann.running()
    assert "4000" in ann.running()
