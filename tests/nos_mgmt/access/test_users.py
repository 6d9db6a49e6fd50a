"""Users in the configuration: their keys, passwords and roles, over real SSH, and how failures make one wait."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
import pytest

from datastore.events import LoginFailed
from nos_mgmt import passwords
from nos_mgmt.observability.metrics import Metrics
from nos_mgmt.pam_service import NoPam, checker
from nos_mgmt.sessions import Sessions
from nos_mgmt.throttle import FIRST, FREE, LONGEST, REMEMBERED, Throttle
from nos_mgmt.users import Users
from tests.conftest import Client, make_device
from tests.nos_mgmt.access.configured import SYSTEM, edited, nacm, rule, rule_list, user
from tests.nos_mgmt.over_ssh import SshServer
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device

SERVICES = Path("/etc/pam.d")


class Clock:
    """Time that passes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def device(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Device]:
    """A device of which only admin is the administrator."""
    made = make_device(tmp_path, [hardware], administrators=("admin",))
    yield made
    made.close()


@pytest.fixture
def admin(device: Device) -> Client:
    return Client(device)


@pytest.fixture
def server(device: Device, caplog: pytest.LogCaptureFixture) -> Iterator[SshServer]:
    made = SshServer(device)
    yield made
    made.close()
    assert "Traceback" not in caplog.text


def with_password(password: str) -> dict[str, object]:
    return {"client_keys": None, "password": password}


def test_a_password_in_clear_text_is_kept_as_a_hash_alone_and_never_shown(admin: Client) -> None:
    admin.edit(user("ann", "<password>s3cret&amp;</password>"))
    candidate = admin.ok("<get-config><source><candidate/></source></get-config>")
    assert "s3cret" not in candidate
    assert "<password-hashed>$6$rounds=" in candidate
    admin.ok("<commit/>")
    shown = admin.ok('<get-difference xmlns="urn:nos-mgmt:yang:nos-history"><from>1</from><to>1</to></get-difference>')
    assert "s3cret" not in admin.running() + shown


def test_a_password_comes_in_and_another_one_does_not(admin: Client, server: SshServer) -> None:
    edited(admin, user("ann", "<password>right</password>"))
    assert server.connect("ann", **with_password("right")).get_extra_info("username") == "ann"
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect("ann", **with_password("wrong"))
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect("bob", **with_password("right"))


@pytest.mark.parametrize("methods", ["password", "keyboard-interactive"])
def test_both_ways_to_send_a_password_work(admin: Client, server: SshServer, methods: str) -> None:
    edited(admin, user("ann", f"<password-hashed>{passwords.hashed('right')}</password-hashed>"))
    server.connect("ann", **with_password("right"), preferred_auth=methods)


def test_the_administrator_s_password_is_that_of_admin_user(admin: Client, server: SshServer) -> None:
    config = "<admin-user><config><admin-password>right</admin-password></config></admin-user>"
    edited(admin, f'<system xmlns="{SYSTEM}"><aaa><authentication>{config}</authentication></aaa></system>')
    server.connect("admin", **with_password("right"))


def test_several_keys_of_every_usual_kind_come_in_until_they_are_taken_away(admin: Client, server: SshServer) -> None:
    keys = [asyncssh.generate_private_key(kind) for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")]
    lines = "".join(key.export_public_key().decode() for key in keys)
    edited(admin, user("ann", f"<ssh-key>{lines}</ssh-key>"))
    for key in keys:
        server.connect("ann", client_keys=[key])
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect("bob", client_keys=keys)
    edited(
        admin,
        user("ann").replace(
            "<user>", '<user xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" nc:operation="replace">'
        ),
    )
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect("ann", client_keys=keys[:1])


@pytest.mark.parametrize(
    ("leaves", "leaf", "why"),
    [
        ("<ssh-key>ssh-ed25519 AAAA</ssh-key>", "ssh-key", "line 1 is no public key"),
        ("<ssh-key> </ssh-key>", "ssh-key", "there is no key"),
        ("<password-hashed>plain</password-hashed>", "password-hashed", "does not begin with"),
        ("<password-hashed>$1$abc$def</password-hashed>", "password-hashed", "does not begin with"),
        ("<password-hashed>$6$abc</password-hashed>", "password-hashed", "no whole hash"),
        (f"<password-hashed>$6$rounds=99999999${'a' * 8}${'b' * 86}</password-hashed>", "password-hashed", "rounds"),
    ],
)
def test_what_nobody_could_come_in_with_is_refused(admin: Client, leaves: str, leaf: str, why: str) -> None:
    config = user("ann", leaves)
    answer = admin.send(f"<edit-config><target><candidate/></target><config>{config}</config></edit-config>")
    assert "<error-tag>invalid-value</error-tag>" in answer
    assert f":{leaf}</error-path>" in answer
    assert why in answer


def test_a_role_is_a_group_and_that_of_the_system_s_administrator_permits_everything(
    admin: Client, device: Device
) -> None:
    permit = rule_list("operators", rule("permit", "<rpc-name>kill-session</rpc-name>"))
    edited(admin, user("ann", "<role>operators</role>") + nacm("", permit))
    kill = "<kill-session><session-id>4000</session-id></kill-session>"
    ann = Client(device, user="ann")
    assert "access-denied" not in ann.send(kill)
    edited(admin, nacm("<enable-external-groups>false</enable-external-groups>"))
    assert "access-denied" in ann.send(kill)
    role = '<role xmlns:t="http://openconfig.net/yang/aaa-types">t:SYSTEM_ROLE_ADMIN</role>'
    edited(admin, user("ann", role) + nacm("<enable-external-groups>true</enable-external-groups>"))
    assert "<nacm" in ann.running()


def test_users_who_are_no_administrators_see_no_hashes_in_any_way(admin: Client, device: Device) -> None:
    edited(admin, user("bob", "<password>s3cret</password>"))
    edited(admin, user("bob", "<password>another</password>"))
    ann = Client(device, user="ann")
    history = 'xmlns="urn:nos-mgmt:yang:nos-history"'
    answers = [
        ann.running(),
        ann.ok("<get/>"),
        ann.ok(f"<get-configuration {history}><commit>1</commit></get-configuration>"),
        ann.ok(f"<get-difference {history}><from>1</from><to>2</to></get-difference>"),
        ann.ok(f"<get-commits {history}><with-changes/></get-commits>"),
        ann.ok(f"<get-blame {history}/>"),
        ann.send("<validate><source><running/></source></validate>"),
    ]
    assert not [answer for answer in answers if "$6$" in answer or "password" in answer]
    assert "<username>bob</username>" in answers[0]
    assert "$6$" in admin.ok(f"<get-blame {history}/>")


def test_a_plan_names_only_what_may_be_seen(admin: Client, device: Device) -> None:
    path = (
        '<path xmlns:if="http://openconfig.net/yang/interfaces">/if:interfaces/if:interface[if:name="Ethernet1"]</path>'
    )
    edited(admin, nacm("", rule_list("g", rule("deny", path)), members={"g": ["ann"]}))
    admin.edit(interfaces(interface("Ethernet1", mtu=1400), interface("Ethernet2", mtu=1500)))
    plan = Client(device, user="ann").ok('<get-plan xmlns="urn:nos-mgmt:yang:nos-history"/>')
    assert "Ethernet2" in plan
    assert "Ethernet1" not in plan
    assert "plan-id" not in plan
    assert "plan-id" in admin.ok('<get-plan xmlns="urn:nos-mgmt:yang:nos-history"/>')


def test_failed_log_ins_are_logged_without_what_was_tried(
    admin: Client, server: SshServer, caplog: pytest.LogCaptureFixture
) -> None:
    edited(admin, user("ann", "<password>right</password>"))
    with caplog.at_level("WARNING"), pytest.raises(asyncssh.PermissionDenied):
        server.connect("ann", **with_password("wr0ng"))
    assert "login by password of 'ann' from 127.0.0.1 failed" in caplog.text
    assert "wr0ng" not in caplog.text


def test_failed_log_ins_are_published_and_counted_by_method_and_reason(
    admin: Client, device: Device, server: SshServer
) -> None:
    edited(admin, user("ann", "<password>right</password>"))
    registry = Metrics(device, Sessions()).registry
    failed: list[object] = []
    device.events.listen(failed.append)
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect("ann", **with_password("wrong"))
    with pytest.raises(asyncssh.PermissionDenied):
        server.connect("ann", client_keys=[stranger])
    told = [(event.method, event.reason, event.user) for event in failed if isinstance(event, LoginFailed)]
    assert ("password", "wrong", "ann") in told
    assert ("publickey", "wrong", "ann") in told
    for method in ("password", "publickey"):
        labels = {"method": method, "reason": "wrong"}
        count = sum((method, "wrong") == event[:2] for event in told)
        assert registry.get_sample_value("nos_logins_failed_total", labels) == count
    assert registry.get_sample_value("nos_logins_failed_total", {"method": "password", "reason": "early"}) == 0
    assert "wrong" not in [event.user for event in failed if isinstance(event, LoginFailed)]


def test_who_fails_too_often_waits_though_the_password_is_right_at_last(admin: Client, device: Device) -> None:
    edited(admin, user("ann", "<password>right</password>"))
    clock = Clock()
    server = SshServer(device, throttle=Throttle(clock))
    try:
        for _ in range(FREE + 1):
            with pytest.raises(asyncssh.PermissionDenied):
                server.connect("ann", **with_password("wrong"))
        with pytest.raises(asyncssh.PermissionDenied):
            server.connect("ann", **with_password("right"))
        clock.now += LONGEST
        server.connect("ann", **with_password("right"))
    finally:
        server.close()


def test_waiting_doubles_up_to_a_limit_and_is_forgotten() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(12):
        if wait := throttle.wait(user="ann"):
            clock.now += wait
            assert throttle.wait(user="ann") == 0
        throttle.failed(user="ann")
        waits.append(wait)
    assert waits == [0.0] * (FREE + 1) + [FIRST * 2**n for n in range(7)] + [LONGEST]
    clock.now += 3600
    assert throttle.wait(user="ann") == 0


def test_an_address_does_not_clear_its_name_by_coming_in_as_somebody_else(admin: Client, device: Device) -> None:
    edited(admin, user("victim", "<password>right</password>"))
    edited(admin, user("mallory", "<password>own</password>"))
    clock = Clock()
    users = Users(lambda: device.datastores.running, "admin", frozenset(), throttle=Throttle(clock))
    guesses = 0
    for _ in range(30):
        while users.knows_password("mallory", "own", "192.0.2.1"):
            guesses += 1
            assert not users.knows_password("victim", "guessed", "192.0.2.1")
        clock.now += 1
    # at once, and then after 1, 2, 4 and 8 seconds
    assert guesses == FREE + 5
    assert not users.knows_password("victim", "right", "192.0.2.1")


def test_a_key_lets_in_whatever_others_have_tried_in_that_name(admin: Client, device: Device) -> None:
    edited(admin, user("admin", "<password>right</password>"))
    server = SshServer(device, throttle=Throttle(Clock()))
    try:
        for _ in range(FREE + 2):
            with pytest.raises(asyncssh.PermissionDenied):
                server.connect("admin", **with_password("wrong"))
        server.connect("admin")
    finally:
        server.close()


def test_many_come_in_at_once(admin: Client, device: Device) -> None:
    edited(admin, user("ann", "<password>right</password>"))
    server = SshServer(device, throttle=Throttle(Clock()))

    async def connect(number: int) -> None:
        proof = with_password("right") if number % 2 else {"client_keys": [server.user_key]}
        given = {"known_hosts": None, "config": None, "agent_path": None, **proof}
        async with asyncssh.connect("127.0.0.1", server.port, username="ann" if number % 2 else "admin", **given):
            pass

    async def all_at_once() -> None:
        await asyncio.gather(*map(connect, range(16)))

    try:
        server.run(all_at_once())
    finally:
        server.close()


def test_a_flood_of_names_takes_no_more_memory() -> None:
    throttle = Throttle(Clock())
    for number in range(REMEMBERED + 500):
        throttle.failed(user=f"user{number}")
    assert len(throttle) == REMEMBERED


def test_an_unknown_user_has_no_password_whatever_is_tried() -> None:
    assert not passwords.is_of("", None)
    assert not passwords.is_of("x" * 100_000, None)
    assert not passwords.is_of("x", "no hash")
    assert passwords.is_of("right", passwords.hashed("right"))


@pytest.fixture
def service() -> Iterator[str]:
    """A PAM service that takes one password."""
    if os.geteuid() != 0 or not SERVICES.is_dir():
        pytest.skip("a PAM service is a file in /etc/pam.d, which only root may write")
    if not list(Path("/").glob("lib*/**/security/pam_exec.so")):
        pytest.skip("there is no pam_exec here")
    name = f"nos-mgmt-{secrets.token_hex(4)}"
    script = Path("/run") / f"{name}.sh"
    file = SERVICES / name
    script.write_text('#!/bin/sh\nread -r given || true\n[ "$given" = right ]\n')
    script.chmod(0o755)
    file.write_text(f"auth required pam_exec.so quiet expose_authtok {script}\naccount required pam_permit.so\n")
    yield name
    file.unlink()
    script.unlink()


def test_pam_judges_users_whom_the_configuration_gives_no_password(device: Device, admin: Client, service: str) -> None:
    """And the groups that the operating system has them in are groups of NACM."""
    try:
        judge = checker(service)
    except NoPam as error:
        pytest.skip(str(error))
    edited(admin, nacm("", rule_list("root", rule("permit", "<rpc-name>kill-session</rpc-name>"))))
    server = SshServer(device, pam=judge)
    try:
        with pytest.raises(asyncssh.PermissionDenied):
            server.connect("root", **with_password("wrong"))
        kill = "<kill-session><session-id>4000</session-id></kill-session>"
        assert "access-denied" in Client(device, user="root").send(kill)
        server.connect("root", **with_password("right"))
        assert "access-denied" not in Client(device, user="root").send(kill)
    finally:
        server.close()
