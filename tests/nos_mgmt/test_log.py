"""The log: its formats, and the lines about sessions, requests and commits."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from backends.hardware.simulated import Fault
from nos_mgmt.observability.formats import FORMATS, fields, fields_of
from nos_mgmt.observability.lines import write_lines
from tests.conftest import Client
from tests.nos_mgmt.openssh import OpenSsh, command
from tests.openconfig import interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.hardware.simulated import SimulatedAsic
    from nos_mgmt.device import Device
    from tests.conftest import Server

CONFIG = interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=2000))
SECRET = "swordfish"  # noqa: S105 - of nothing
READ = "<get-config><source><running/></source></get-config>"


def record(message: str, level: int = logging.INFO, **values: Any) -> logging.LogRecord:
    made = logging.getLogger("here").makeRecord("here", level, "file", 1, message, (), None, extra=fields(**values))
    made.created = 1.5
    return made


def written(layout: str, made: logging.LogRecord) -> str:
    return FORMATS[layout]().format(made)


def lines(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    """Return the fields of the lines with a message, at level info or above."""
    return [
        dict(fields_of(one)) for one in caplog.records if one.getMessage() == message and one.levelno >= logging.INFO
    ]


@pytest.fixture(autouse=True)
def _everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def test_text_has_the_time_the_level_and_the_fields() -> None:
    assert written("text", record("session ended", session=3, user="ann b")) == (
        '1970-01-01T00:00:01.500Z INFO session ended session=3 user="ann b"'
    )


def test_json_is_one_object_a_line() -> None:
    assert json.loads(written("json", record("session ended", session=3))) == {
        "time": "1970-01-01T00:00:01.500Z",
        "level": "info",
        "logger": "here",
        "message": "session ended",
        "session": 3,
    }


@pytest.mark.parametrize(("level", "priority"), [(logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (5, 7)])
def test_the_journal_is_given_priorities(level: int, priority: int) -> None:
    assert written("journal", record("out of step", level, a=1)) == f"<{priority}>out of step a=1"


def test_every_line_of_a_traceback_has_its_priority() -> None:
    made = record("a mistake", logging.ERROR)
    try:
        int(SECRET)
    except ValueError:
        made.exc_info = sys.exc_info()
    assert all(line.startswith("<3>") for line in written("journal", made).splitlines())
    assert "ValueError" in json.loads(written("json", made))["exception"]


@pytest.mark.parametrize("layout", list(FORMATS))
@pytest.mark.parametrize("evil", ["a\n<0>admin is in", "a\r\x1b[2J", "a\u2028b\x7f\x9b"])
def test_what_a_client_sends_makes_no_line_of_its_own(layout: str, evil: str) -> None:
    for made in (record(evil), record("", user=evil)):
        line = written(layout, made)
        assert line.splitlines() == [line]
        assert all(sign.isprintable() for sign in line)


def test_a_session_has_a_line_at_its_start(start_server: Callable[..., Server]) -> None:
    server = start_server("--backends", "hardware", "--log-format", "json")
    with OpenSsh(command(server)) as session:
        session.rpc(READ)
    (begun,) = [json.loads(line) for line in server.log.read_text().splitlines() if "session begins" in line]
    assert (begun["session"], begun["user"], begun["transport"], begun["address"]) == (1, "admin", "ssh", "127.0.0.1")


def test_a_session_has_a_line_at_its_end(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(device)
    client.ok(READ)
    client.ok("<close-session/>")
    (ended,) = lines(caplog, "session ended")
    assert ended.pop("seconds") >= 0
    assert ended == {
        "session": 1,
        "user": client.session.author.user,
        "protocol": "netconf",
        "reason": "closed",
        "rpcs": 2,
    }


@pytest.mark.parametrize(
    ("rpcs", "told"),
    [
        ("all", ["get-config", "edit-config", "unknown", "commit"]),
        ("changes", ["edit-config", "unknown", "commit"]),
        ("none", []),
    ],
)
def test_requests_have_a_line_each_if_they_are_wanted(
    device: Device, caplog: pytest.LogCaptureFixture, rpcs: str, told: list[str]
) -> None:
    write_lines(device, rpcs)
    client = Client(device)
    client.ok(READ)
    client.edit(CONFIG)
    client.send('<frob xmlns="urn:frob"/>')
    client.ok("<commit/>")
    found = lines(caplog, "answered")
    assert [one["rpc"] for one in found] == told
    for one in found:
        assert one["outcome"] == ("operation-not-supported" if one["rpc"] == "unknown" else "ok")
        assert one.keys() == {"rpc", "outcome", "ms", "session", "user"}


def test_a_commit_has_a_line_with_its_phases(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    write_lines(device, "none")
    client = Client(device)
    client.edit(CONFIG)
    client.ok("<commit/>")
    (line,) = lines(caplog, "commit sealed")
    assert (line["commit"], line["outcome"], line["user"], line["session"]) == (
        1,
        "sealed",
        client.session.author.user,
        1,
    )
    assert line.keys() >= {"ms", "validate_ms", "plan_ms", "apply_ms", "verify_ms", "journal_ms", "seal_ms"}


def test_a_commit_that_a_backend_refuses_has_a_line_with_the_reason(
    device: Device, chip: SimulatedAsic, caplog: pytest.LogCaptureFixture
) -> None:
    write_lines(device, "none")
    client = Client(device)
    client.edit(CONFIG)
    chip.inject(Fault(after=0))
    client.send("<commit/>")
    (line,) = lines(caplog, "commit aborted")
    assert (line["commit"], line["error_tag"]) == (1, "operation-failed")
    assert line["reason"]


def test_no_line_has_a_value_that_a_client_has_sent(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    write_lines(device, "all")
    client = Client(device)
    client.send(
        f"<edit-config><target><candidate/></target><config>{CONFIG.replace('2000', SECRET)}</config></edit-config>"
    )
    client.edit(CONFIG.replace("2000", "2001").replace("10.0.0.1", "10.0.0.2"))
    client.ok("<commit/>")
    client.send(f"<{SECRET}/>")
    client.send(f'<get xmlns:x="urn:{SECRET}"><filter type="{SECRET}"/></get>')
    layout = FORMATS["json"]()
    assert not any(SECRET in layout.format(one) for one in caplog.records if one.name.startswith("nos_mgmt"))
