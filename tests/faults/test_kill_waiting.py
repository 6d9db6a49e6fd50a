"""A server is killed while something waits: what was scheduled is carried out once, what was asserted is not forgotten."""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING

from lxml import etree

from tests.datastore.rig import eventually
from tests.nos_mgmt.openssh import OpenSsh, command
from tests.nos_mgmt.replies import data, is_ok
from tests.nos_mgmt.test_post_conditions import ALIVE, commit, oper_status
from tests.nos_mgmt.test_scheduling import schedule
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Server

    Start = Callable[..., Server]

CHIP = ("--backends", "hardware")
KILLS = 3
SEED = 6241
PATIENCE = 20.0


def asked(session: OpenSsh, operation: str) -> str:
    """Return the reply to a request, without the header of its chunk."""
    reply = session.rpc(operation)
    return reply[reply.index("<") :]


def edit(session: OpenSsh, description: str) -> None:
    content = interfaces(interface("Ethernet1", mtu=9000, description=description))
    assert is_ok(asked(session, f"<edit-config><target><candidate/></target><config>{content}</config></edit-config>"))


def entries(session: OpenSsh, module: str, top: str) -> list[dict[str, str]]:
    """Return the commits that a module tells of."""
    found = data(
        asked(session, f'<get><filter><{top} xmlns="urn:nos-mgmt:yang:{module}"><commit/></{top}></filter></get>')
    )
    return [{etree.QName(node).localname: node.text or "" for node in entry} for each in found for entry in each]


def running(session: OpenSsh) -> str:
    return asked(session, "<get-config><source><running/></source></get-config>")


def killed(server: Server) -> None:
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL


def test_what_is_scheduled_is_carried_out_once_whenever_the_server_is_killed(start_server: Start) -> None:
    chance = random.Random(SEED)  # noqa: S311 - not for secrets
    server = start_server(*CHIP)
    logs = [server.log]
    for number in range(1, KILLS + 1):
        with OpenSsh(command(server)) as session:
            edit(session, f"as {number}")
            assert f">{number}</id>" in asked(session, schedule("<in>1</in>"))
        # the first one before it is due, the others about when it is
        time.sleep(0.0 if number == 1 else 0.9 + 0.2 * chance.random())
        killed(server)
        server = start_server(*CHIP, state=server.state)
        logs.append(server.log)
        with OpenSsh(command(server)) as session:
            assert eventually(
                lambda: entries(session, "nos-schedule", "schedule")[-1]["state"] == "done",
                PATIENCE,
            )
            done = [
                found for found in entries(session, "nos-history", "history") if found.get("schedule-id") == str(number)
            ]
            assert [found["state"] for found in done].count("sealed") == 1
            assert f"as {number}</description>" in running(session)
    assert all("Traceback" not in log.read_text() for log in logs)


def test_what_does_not_come_true_is_taken_back_by_the_next_server(start_server: Start) -> None:
    server = start_server(*CHIP)
    for assertion, deadline, reason in (
        (oper_status("Ethernet1", "TESTING"), 4, "its post-conditions did not come true"),
        (ALIVE, 60, "its post-conditions cannot come true any more, as its session has ended"),
    ):
        with OpenSsh(command(server)) as session:
            edit(session, "waiting")
            assert is_ok(asked(session, commit(assertion, deadline=deadline)))
            killed(server)
        server = start_server(*CHIP, state=server.state)
        with OpenSsh(command(server)) as session:
            assert eventually(lambda: "waiting" not in running(session), PATIENCE)
            last = entries(session, "nos-history", "history")[-1]
            assert (last["user"], last["state"]) == ("system", "sealed")
            assert reason in last["comment"]


def test_what_comes_true_under_the_next_server_stays(start_server: Start) -> None:
    server = start_server(*CHIP)
    with OpenSsh(command(server)) as session:
        edit(session, "waiting")
        # both looks and the kill may come first
        assert is_ok(asked(session, commit(oper_status("Ethernet1"))))
        killed(server)
    server = start_server(*CHIP, state=server.state)
    with OpenSsh(command(server)) as session:
        assert eventually(
            lambda: "came true" in entries(session, "nos-history", "history")[-1].get("outcome", ""), PATIENCE
        )
        assert "waiting</description>" in running(session)
