"""The base operations on every target that they have (RFC 6241 section 7), where all of them are there."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from nos_mgmt.sessions import Sessions
from nos_mgmt.urls import Places
from tests.conftest import Client, make_device
from tests.nos_mgmt.replies import error, is_ok
from tests.openconfig import interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device

DATASTORES = ("running", "candidate", "startup")
CONTENT = {name: interfaces(interface("Ethernet1", description=name)) for name in (*DATASTORES, "url", "config")}


@pytest.fixture
def full(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Device]:
    """A device with every datastore and capability; each holds a configuration that names it."""
    places = Places([f"file://{tmp_path}/"])
    made = make_device(tmp_path, [hardware], has_startup=True, is_running_writable=True, places=places)
    yield made
    made.close()


@pytest.fixture
def pair(full: Device, tmp_path: Path) -> tuple[Client, Client]:
    """Two clients of it."""
    registry = Sessions()
    ann, bob = Client(full, registry, "ann"), Client(full, registry, "bob")
    for name in ("running", "startup", "candidate"):
        ann.ok(
            f"<copy-config><target><{name}/></target><source><config>{CONTENT[name]}</config></source></copy-config>"
        )
    (tmp_path / "there.xml").write_text(f'<config xmlns="{NETCONF}">{CONTENT["url"]}</config>')
    return ann, bob


def end(name: str, folder: Path, file: str) -> str:
    """Return a source or target."""
    if name == "url":
        return f"<url>file://{folder}/{file}</url>"
    return f"<config>{CONTENT['config']}</config>" if name == "config" else f"<{name}/>"


def held(client: Client, name: str, folder: Path) -> str:
    """Return what a target holds."""
    if name == "url":
        return (folder / "new.xml").read_text()
    return client.ok(f"<get-config><source><{name}/></source></get-config>")


@pytest.mark.parametrize(("source", "target"), list(product((*DATASTORES, "url", "config"), (*DATASTORES, "url"))))
def test_copy_config_copies_all_of_a_source_to_a_target(
    pair: tuple[Client, Client], tmp_path: Path, source: str, target: str
) -> None:
    # section 7.3
    ann, _ = pair
    request = (
        f"<copy-config><target>{end(target, tmp_path, 'new.xml')}</target>"
        f"<source>{end(source, tmp_path, 'there.xml')}</source></copy-config>"
    )
    if source == target != "url":
        found = error(ann.send(request))
        assert (found.type, found.tag) == ("protocol", "invalid-value")
        return
    assert is_ok(ann.send(request))
    assert f"<description>{source}</description>" in held(ann, target, tmp_path)
    for other in set(DATASTORES) - {target}:
        assert f"<description>{other}</description>" in held(ann, other, tmp_path)


@pytest.mark.parametrize("target", DATASTORES)
def test_what_another_session_has_locked_is_not_written(pair: tuple[Client, Client], target: str) -> None:
    # section 7.5
    ann, bob = pair
    if target == "candidate":
        ann.ok("<discard-changes/>")
    assert is_ok(ann.send(f"<lock><target><{target}/></target></lock>"))
    requests = [
        f"<copy-config><target><{target}/></target><source><config>{CONTENT['config']}</config></source></copy-config>",
        *(
            [f"<edit-config><target><{target}/></target><config>{CONTENT['config']}</config></edit-config>"]
            if target != "startup"
            else [f"<delete-config><target><{target}/></target></delete-config>"]
        ),
        *(["<discard-changes/>"] if target == "candidate" else []),
        *(["<commit/>"] if target != "startup" else []),
    ]
    for request in requests:
        found = error(bob.send(request))
        assert (found.tag, found.info) == ("in-use", {"session-id": str(ann.session.id)})
    denied = error(bob.send(f"<lock><target><{target}/></target></lock>"))
    assert (denied.type, denied.tag, denied.info) == ("protocol", "lock-denied", {"session-id": str(ann.session.id)})
    # what is locked can be read by everybody
    assert bob.ok(f"<get-config><source><{target}/></source></get-config>")
    for request in requests:
        if "delete" not in request:
            assert is_ok(ann.send(request))
    assert is_ok(ann.send(f"<unlock><target><{target}/></target></unlock>"))
    assert is_ok(bob.send(requests[0]))


@pytest.mark.parametrize("target", DATASTORES)
def test_a_lock_is_given_back_by_who_has_it_alone_and_with_the_session(
    pair: tuple[Client, Client], target: str
) -> None:
    # sections 7.6, 7.8
    ann, bob = pair
    ann.ok("<discard-changes/>")
    lock, unlock = (f"<{name}><target><{target}/></target></{name}>" for name in ("lock", "unlock"))
    assert error(bob.send(unlock)).tag == "lock-denied"
    ann.ok(lock)
    assert error(ann.send(lock)).info == {"session-id": str(ann.session.id)}
    assert error(bob.send(unlock)).tag == "lock-denied"
    ann.ok("<close-session/>")
    assert is_ok(bob.send(lock))


@pytest.mark.parametrize("source", [*DATASTORES, "url", "config"])
def test_validate_judges_every_source(pair: tuple[Client, Client], tmp_path: Path, source: str) -> None:
    # section 8.6.4.1
    ann, _ = pair
    assert is_ok(ann.send(f"<validate><source>{end(source, tmp_path, 'there.xml')}</source></validate>"))


def test_delete_config_deletes_what_can_be_deleted(pair: tuple[Client, Client], tmp_path: Path) -> None:
    # section 7.4
    ann, _ = pair
    for name in ("running", "candidate"):
        found = error(ann.send(f"<delete-config><target><{name}/></target></delete-config>"))
        assert (found.type, found.tag, found.info["bad-element"]) == ("protocol", "unknown-element", name)
    assert is_ok(ann.send("<delete-config><target><startup/></target></delete-config>"))
    assert "startup" not in held(ann, "startup", tmp_path).partition("<data>")[2]
    assert is_ok(ann.send(f"<delete-config><target>{end('url', tmp_path, 'there.xml')}</target></delete-config>"))
    assert not (tmp_path / "there.xml").exists()


@pytest.mark.parametrize(
    ("request_", "element"),
    [
        ("<edit-config><config/></edit-config>", "config-target"),
        ("<edit-config><target/><config/></edit-config>", "config-target"),
        ("<edit-config><target><candidate/></target></edit-config>", "edit-content"),
        ("<copy-config><source><running/></source></copy-config>", "config-target"),
        ("<copy-config><target><candidate/></target></copy-config>", "config-source"),
        ("<delete-config/>", "config-target"),
        ("<lock/>", "config-target"),
        ("<unlock/>", "config-target"),
        ("<get-config/>", "config-source"),
        ("<validate/>", "config-source"),
        ("<kill-session/>", "session-id"),
    ],
)
def test_what_an_operation_needs_has_to_be_there(pair: tuple[Client, Client], request_: str, element: str) -> None:
    found = error(pair[0].send(request_))
    assert (found.type, found.tag) == ("protocol", "missing-element")
    assert found.info["bad-element"] == element


def test_two_targets_are_one_too_many(pair: tuple[Client, Client]) -> None:
    found = error(pair[0].send("<lock><target><running/><candidate/></target></lock>"))
    assert (found.type, found.tag) == ("protocol", "bad-element")
