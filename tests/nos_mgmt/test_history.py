"""nos-history over NETCONF: what was committed, how configurations differ, the plan, the way back."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from backends.hardware.driver import Status
from backends.hardware.simulated import Fault
from datastore.retention import Limits, Retention
from nos_mgmt.device import Device
from nos_mgmt.netconf.state import OWN_DEFAULTS, OWN_PATHS, own_state
from nos_mgmt.settings import Settings
from tests.conftest import Client
from tests.datastore.rig import eventually
from tests.nos_mgmt.replies import data, error, is_ok, parsed
from tests.openconfig import interface, interfaces, route, static_routes
from yang import bindings

if TYPE_CHECKING:
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from backends.hardware.simulated import SimulatedAsic

HISTORY = "urn:nos-mgmt:yang:nos-history"
NS = {"h": HISTORY}
CONFIGS = (
    interfaces(interface("Ethernet1", "10.0.0.1/24", mtu=9000)),
    interfaces(interface("Ethernet1", mtu=1500, description="a &amp; b"), interface("Ethernet2", mtu=4000)),
    interfaces('<interface nc:operation="delete"><name>Ethernet2</name></interface>')
    + static_routes(route("192.0.2.0/24", "10.0.0.2")),
)


def operation(name: str, **parameters: object) -> str:
    content = "".join(f"<{key}>{value}</{key}>" for key, value in parameters.items())
    return f'<{name} xmlns="{HISTORY}">{content}</{name}>'


def output(client: Client, name: str, **parameters: object) -> etree._Element:
    return parsed(client.ok(operation(name, **parameters)))


def history(client: Client, content: str = "") -> list[dict[str, str]]:
    """Return the commits that a filter selects, each as its leaves."""
    filter_ = f'<filter><history xmlns="{HISTORY}">{content}</history></filter>'
    found = data(client.ok(f"<get>{filter_}</get>"))
    return [
        {etree.QName(leaf).localname: leaf.text or "" for leaf in commit}
        for top in found
        for commit in top.iter(f"{{{HISTORY}}}commit")
    ]


def contents(element: etree._Element) -> str:
    """Return what stands in an element, with the prefixes in scope declared."""
    return "".join(etree.tostring(child).decode() for child in element)


def configuration(client: Client, commit: int) -> str:
    (found,) = output(client, "get-configuration", commit=commit)
    assert found.tag == f"{{{HISTORY}}}configuration"
    return contents(found)


def candidate_is(client: Client, config: str) -> None:
    source = f"<source><config>{config}</config></source>"
    client.ok(f"<copy-config><target><candidate/></target>{source}</copy-config>")


@pytest.fixture
def committed(client: Client) -> Client:
    """A client of a device with three commits."""
    for number, config in enumerate(CONFIGS, 1):
        client.edit(config)
        client.ok(f'<commit><comment xmlns="{HISTORY}">number {number}</comment></commit>')
    return client


def test_commits_are_listed_with_what_is_known_of_them(committed: Client) -> None:
    found = history(committed)
    assert [commit["id"] for commit in found] == ["1", "2", "3"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", commit.pop("time")) for commit in found)
    assert found[1] == {
        "id": "2",
        "user": "admin",
        "session-id": str(committed.session.id),
        "protocol": "netconf",
        "comment": "number 2",
        "state": "sealed",
    }


def test_one_commit_is_had_by_its_id_and_several_by_what_they_have(committed: Client) -> None:
    assert [commit["id"] for commit in history(committed, "<commit><id>2</id></commit>")] == ["2"]
    assert history(committed, "<commit><id>9</id></commit>") == []
    assert history(committed, "<commit><id>none</id></commit>") == []
    two = history(committed, "<commit><comment>number 3</comment><id/></commit>")
    assert two == [{"id": "3", "comment": "number 3"}]
    assert len(history(committed, "<commit><state>sealed</state></commit>")) == 3


def test_a_commit_that_took_no_effect_is_listed_with_the_reason(committed: Client, chip: SimulatedAsic) -> None:
    chip.inject(Fault(Status.NO_RESOURCES, key=("hardware:route", "198.51.100.0/24")))
    committed.edit(static_routes(route("198.51.100.0/24", "10.0.0.2")))
    assert "rpc-error" in committed.send("<commit/>")
    found = history(committed)[-1]
    assert (found["id"], found["state"]) == ("4", "aborted")
    assert "NO_RESOURCES" in found["reason"]


def test_history_is_no_configuration(committed: Client) -> None:
    found = data(
        committed.ok(
            f'<get-config><source><running/></source><filter><history xmlns="{HISTORY}"/></filter></get-config>'
        )
    )
    assert found == []


def test_an_earlier_configuration_is_what_was_running_then(client: Client) -> None:
    seen = []
    for config in CONFIGS:
        client.edit(config)
        client.ok("<commit/>")
        seen.append(client.running())
    for number, running in enumerate(seen, 1):
        candidate_is(client, configuration(client, number))
        assert client.ok("<get-config><source><candidate/></source></get-config>").count(running) == 1


@pytest.mark.parametrize(("from_", "to"), [(1, 2), (1, 3), (3, 1), (2, 3), (3, 2), (2, 2), (1, None)])
def test_a_difference_edits_the_one_configuration_into_the_other(committed: Client, from_: int, to: int | None) -> None:
    parameters = {"from": from_} if to is None else {"from": from_, "to": to}
    (edit,) = output(committed, "get-difference", **parameters).findall("h:edit", NS)
    candidate_is(committed, configuration(committed, from_))
    committed.edit(contents(edit))
    expected = committed.ok("<get-config><source><candidate/></source></get-config>")
    candidate_is(committed, configuration(committed, to or 3))
    assert committed.ok("<get-config><source><candidate/></source></get-config>") == expected


def test_a_difference_is_told_in_lines(committed: Client) -> None:
    found = [
        change.text for change in output(committed, "get-difference", **{"from": 1, "to": 2}).findall("h:change", NS)
    ]
    path = "/openconfig-interfaces:interfaces/interface"
    assert sorted(found) == [
        f"+ {path}[name='Ethernet1']/config/description a & b",
        f"+ {path}[name='Ethernet2']",
        f"~ {path}[name='Ethernet1']/config/mtu 9000 -> 1500",
    ]


def test_there_is_no_difference_between_equal_configurations(committed: Client) -> None:
    root = output(committed, "get-difference", **{"from": 2, "to": 2})
    assert root.findall("h:change", NS) == []
    assert len(root.find("h:edit", NS)) == 0


def test_the_plan_tells_what_a_commit_would_do_in_order(committed: Client, chip: SimulatedAsic) -> None:
    committed.edit(
        interfaces(interface("Ethernet3", "10.3.0.1/24", mtu=2000))
        + static_routes(route("198.51.100.0/24", "10.3.0.2"))
    )
    before = dict(chip._objects)
    root = output(committed, "get-plan")
    assert chip._objects == before
    operations = root.findall("h:operation", NS)
    assert [one.findtext("h:index", namespaces=NS) for one in operations] == [
        str(n + 1) for n in range(len(operations))
    ]
    assert {one.findtext("h:backend", namespaces=NS) for one in operations} == {"hardware"}
    resources = [one.findtext("h:resource", "", NS) for one in operations]
    hop = next(index for index, name in enumerate(resources) if "next_hop" in name)
    assert hop < resources.index(next(name for name in resources if "198.51.100.0/24" in name))
    paths = [one.findtext("h:path", "", NS) for one in operations]
    assert any(path.startswith("/openconfig-interfaces:interfaces/interface[name='Ethernet3']") for path in paths)
    update = next(one for one in operations if one.findtext("h:action", namespaces=NS) == "update")
    attributes = {
        one.findtext("h:name", namespaces=NS): (
            one.findtext("h:before", namespaces=NS),
            one.findtext("h:after", namespaces=NS),
        )
        for one in update.findall("h:attribute", NS)
    }
    assert attributes["mtu"][1] == "2000"


def test_equal_plans_have_equal_ids(committed: Client) -> None:
    empty = output(committed, "get-plan")
    assert [etree.QName(child).localname for child in empty] == ["plan-id", "text"]
    committed.edit(interfaces(interface("Ethernet3", mtu=2000)))
    first = output(committed, "get-plan").findtext("h:plan-id", namespaces=NS)
    committed.ok("<discard-changes/>")
    committed.edit(interfaces(interface("Ethernet3", mtu=2000)))
    assert output(committed, "get-plan").findtext("h:plan-id", namespaces=NS) == first
    committed.edit(interfaces(interface("Ethernet3", mtu=2001)))
    assert output(committed, "get-plan").findtext("h:plan-id", namespaces=NS) != first


def test_the_plan_tells_what_cannot_take_effect_yet(committed: Client) -> None:
    committed.edit(interfaces(interface("Ethernet99", "10.9.0.1/24")))
    deferred = output(committed, "get-plan").findall("h:deferred", NS)
    assert any("Ethernet99" in one.findtext("h:resource", "", NS) for one in deferred)
    assert all(one.findtext("h:reason", namespaces=NS) for one in deferred)
    assert any("[name='Ethernet99']" in one.findtext("h:path", "", NS) for one in deferred)


def test_there_is_no_plan_for_what_is_not_valid(committed: Client) -> None:
    committed.edit(interfaces("<interface><name>Ethernet4</name></interface>"))
    assert "data-missing" in committed.send(operation("get-plan"))


def test_a_rollback_is_a_commit_of_an_earlier_configuration(committed: Client, device: Device) -> None:
    first = configuration(committed, 1)
    root = output(committed, "rollback", commit=1, comment="it was &lt;better&gt;")
    assert root.findtext("h:commit", namespaces=NS) == "4"
    candidate_is(committed, first)
    assert is_ok(committed.send("<lock><target><candidate/></target></lock>"))  # equal to running
    last = list(device.history.commits())[-1]
    assert (last.comment, last.state) == ("it was <better>", "sealed")


def test_a_rollback_without_a_comment_says_to_where(committed: Client, device: Device) -> None:
    committed.ok(operation("rollback", commit=2))
    assert list(device.history.commits())[-1].comment == "rollback to 2"


def test_a_rollback_to_where_one_is_does_nothing(committed: Client, device: Device) -> None:
    assert is_ok(committed.send(operation("rollback", commit=3)))
    assert device.history.last() == 3


def test_a_rollback_does_not_throw_away_a_changed_candidate(committed: Client, device: Device) -> None:
    committed.edit(interfaces(interface("Ethernet4")))
    found = error(committed.send(operation("rollback", commit=1)))
    assert found.tag == "operation-failed"
    assert "candidate" in found.message
    assert device.history.last() == 3
    assert "Ethernet4" in committed.ok("<get-config><source><candidate/></source></get-config>")


def test_a_rollback_that_a_system_refuses_changes_nothing(committed: Client, chip: SimulatedAsic) -> None:
    running, objects = committed.running(), dict(chip._objects)
    chip.inject(Fault(Status.NO_RESOURCES, after=0))
    assert error(committed.send(operation("rollback", commit=1))).tag == "operation-failed"
    chip.inject(None)
    assert committed.running() == running
    assert chip._objects == objects


@pytest.mark.parametrize("name", ["get-configuration", "rollback"])
def test_a_commit_that_there_is_not_is_an_invalid_value(committed: Client, chip: SimulatedAsic, name: str) -> None:
    chip.inject(Fault(Status.NO_RESOURCES, after=0))
    committed.edit(interfaces(interface("Ethernet5")))
    assert "rpc-error" in committed.send("<commit/>")
    committed.ok("<discard-changes/>")
    for number, why in ((9, "no commit 9"), (4, "aborted")):
        found = error(committed.send(operation(name, commit=number)))
        assert found.tag == "invalid-value"
        assert why in found.message


@pytest.mark.parametrize("value", ["0", "-1", "x", "", "4294967296"])
@pytest.mark.parametrize("name", ["get-configuration", "rollback"])
def test_what_is_no_commit_id_is_an_invalid_value(committed: Client, name: str, value: str) -> None:
    found = error(committed.send(operation(name, commit=value)))
    assert (found.type, found.tag, found.info) == ("protocol", "invalid-value", {"bad-element": "commit"})


@pytest.mark.parametrize(
    ("name", "missing"), [("get-configuration", "which"), ("get-difference", "from-which"), ("rollback", "which")]
)
def test_the_commit_has_to_be_named(committed: Client, name: str, missing: str) -> None:
    found = error(committed.send(operation(name)))
    assert (found.tag, found.info) == ("missing-element", {"bad-element": missing})


def test_a_difference_to_a_commit_that_there_is_not_is_an_invalid_value(committed: Client) -> None:
    for parameters in ({"from": 9}, {"from": 1, "to": 9}):
        assert error(committed.send(operation("get-difference", **parameters))).tag == "invalid-value"


@pytest.mark.parametrize(
    ("which", "commit"),
    [
        ({"label": "good"}, 2),
        ({"ago": 0}, 3),
        ({"ago": 2}, 1),
        ({"as-of": "2100-01-01T00:00:00Z"}, 3),
        ({"as-of": "2100-01-01T00:00:00.123456789+02:00"}, 3),
    ],
)
def test_a_commit_is_named_by_label_time_or_how_long_ago_it_was(
    client: Client, device: Device, which: dict[str, object], commit: int
) -> None:
    for number, content in enumerate(CONFIGS):
        client.edit(content)
        label = f'<label xmlns="{HISTORY}">{"good" if number < 2 else "other"}</label>'
        assert is_ok(client.send(f"<commit>{label}</commit>"))
    (found,) = output(client, "get-configuration", **which)
    assert contents(found) == configuration(client, commit)
    client.ok(operation("rollback", **which))
    assert device.datastores.running == device.history.configuration(commit)


def test_the_configuration_as_of_a_time_is_that_of_the_last_commit_by_then(committed: Client) -> None:
    for commit in history(committed):
        (found,) = output(committed, "get-configuration", **{"as-of": commit["time"]})
        assert contents(found) == configuration(committed, int(commit["id"]))


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ({"label": "no such"}, "there is no commit labelled 'no such'"),
        ({"ago": 3}, "there is no commit 3 before the last"),
        ({"as-of": "1999-01-01T00:00:00Z"}, "there is no commit as early as that"),
        ({"as-of": "2026-13-01T00:00:00Z"}, "is no time"),
        ({"as-of": "yesterday"}, "match the pattern"),
    ],
)
def test_a_commit_that_nothing_names_is_an_invalid_value(
    committed: Client, which: dict[str, object], message: str
) -> None:
    for name in ("get-configuration", "rollback"):
        found = error(committed.send(operation(name, **which)))
        assert found.tag == "invalid-value"
        assert message in (found.message or "")


def test_a_commit_is_named_in_one_way(committed: Client) -> None:
    assert error(committed.send(operation("rollback", commit=1, ago=0))).tag == "bad-element"


# looking for commits


def found_ids(client: Client, **wanted: object) -> list[int]:
    return [
        int(commit.findtext("h:id", None, NS))
        for commit in output(client, "get-commits", **wanted).findall("h:commit", NS)
    ]


def labelled(client: Client) -> None:
    """Commit something with a label, and something that is refused."""
    client.edit(interfaces(interface("Ethernet1", mtu=1600)))
    client.ok(f'<commit><comment xmlns="{HISTORY}">Für später</comment><label xmlns="{HISTORY}">good</label></commit>')


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, [4, 3, 2, 1]),
        ({"user": "admin"}, [4, 3, 2, 1]),
        ({"user": "nobody"}, []),
        ({"protocol": "netconf", "state": "sealed"}, [4, 3, 2, 1]),
        ({"state": "aborted"}, []),
        ({"label": "good"}, [4]),
        ({"comment": "NUMBER"}, [3, 2, 1]),
        ({"comment": "FÜR"}, [4]),
        ({"comment": "number", "limit": 2}, [3, 2]),
        ({"comment": "number", "before": 3}, [2, 1]),
        ({"limit": 1}, [4]),
        ({"since": "1999-01-01T00:00:00Z", "until": "2100-01-01T00:00:00+02:00"}, [4, 3, 2, 1]),
        ({"until": "1999-01-01T00:00:00Z"}, []),
    ],
)
def test_commits_are_found_by_what_they_have(committed: Client, wanted: dict[str, object], ids: list[int]) -> None:
    labelled(committed)
    assert found_ids(committed, **wanted) == ids


def test_commits_are_found_by_when_they_were(committed: Client) -> None:
    times = [commit["time"] for commit in history(committed)]
    assert found_ids(committed, since=times[1], until=times[1]) == [
        number for number in (3, 2, 1) if times[number - 1] == times[1]
    ]
    assert error(committed.send(operation("get-commits", since="2026-13-01T00:00:00Z"))).info == {
        "bad-element": "since"
    }


def test_a_long_list_is_had_in_pages(committed: Client) -> None:
    first = output(committed, "get-commits", limit=2)
    assert first.find("h:more", NS) is not None
    last = output(committed, "get-commits", limit=2, before=2)
    assert last.find("h:more", NS) is None
    assert found_ids(committed, limit=2) + found_ids(committed, limit=2, before=2) == [3, 2, 1]


def test_a_commit_is_listed_with_what_it_changed(committed: Client) -> None:
    found = output(committed, "get-commits", **{"before": 3, "limit": 1, "with-changes": ""}).find("h:commit", NS)
    assert found is not None
    assert found.findtext("h:comment", None, NS) == "number 2"
    changes = [change.text for change in found.findall("h:change", NS)]
    differences = output(committed, "get-difference", **{"from": 1, "to": 2})
    assert changes == [change.text for change in differences.findall("h:change", NS)]
    assert "~ /openconfig-interfaces:interfaces/interface[name='Ethernet1']/config/mtu 9000 -> 1500" in changes
    assert output(committed, "get-commits").find("h:commit/h:change", NS) is None


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ({"from-ago": 1}, (3, 4)),
        ({"from-ago": 2, "to-ago": 1}, (2, 3)),
        ({"from-label": "good", "to": 1}, (4, 1)),
        ({"from": 2, "to-label": "good"}, (2, 4)),
        ({"from": 2, "to-as-of": "2100-01-01T00:00:00Z"}, (2, 4)),
        ({"from-as-of": "2100-01-01T00:00:00Z", "to": 3}, (4, 3)),
    ],
)
def test_both_sides_of_a_difference_are_named_in_any_way(
    committed: Client, device: Device, sides: dict[str, object], expected: tuple[int, int]
) -> None:
    labelled(committed)
    lines = [change.text for change in output(committed, "get-difference", **sides).findall("h:change", NS)]
    assert lines == device.history.compare(*expected).lines


# blame


def blame(client: Client, filter_: str = "") -> dict[str, dict[str, str]]:
    """Return what is told of each leaf, by the end of its path."""
    found = {}
    for leaf in (
        output(client, "get-blame", filter=filter_).findall("h:leaf", NS)
        if filter_
        else parsed(client.ok(operation("get-blame"))).findall("h:leaf", NS)
    ):
        told = {etree.QName(each).localname: each.text or "" for each in leaf}
        found[told.pop("path").replace("/openconfig-interfaces:interfaces/interface", "")] = told
    return found


def test_blame_says_who_set_each_leaf_when_and_why(committed: Client) -> None:
    labelled(committed)
    times = [commit["time"] for commit in history(committed)]
    one = '<interfaces xmlns="http://openconfig.net/yang/interfaces"><interface><name>Ethernet1</name></interface></interfaces>'
    found = blame(committed, one)
    assert found["[name='Ethernet1']/config/mtu"] == {
        "value": "1600",
        "commit": "4",
        "time": times[3],
        "user": "admin",
        "comment": "Für später",
        "label": "good",
    }
    assert found["[name='Ethernet1']/config/description"]["commit"] == "2"
    assert found["[name='Ethernet1']/name"] == {
        "value": "Ethernet1",
        "commit": "1",
        "time": times[0],
        "user": "admin",
        "comment": "number 1",
    }
    everything = blame(committed)
    assert found.items() < everything.items()
    assert {path: told["commit"] for path, told in everything.items() if "static-routes" in path}


def test_blame_of_what_is_not_there_is_empty(committed: Client) -> None:
    assert blame(committed, '<interfaces xmlns="urn:of-nobody"/>') == {}


def test_blame_takes_subtree_filters_only(committed: Client) -> None:
    found = error(committed.send(f'<get-blame xmlns="{HISTORY}"><filter type="xpath" select="/"/></get-blame>'))
    assert found.tag == "bad-attribute"


def test_a_rollback_sets_what_it_brings_back(committed: Client) -> None:
    committed.ok(operation("rollback", commit=1))
    found = blame(committed)
    assert found["[name='Ethernet1']/config/mtu"]["comment"] == "rollback to 1"
    assert found["[name='Ethernet1']/config/name"]["commit"] == "1"


def test_a_commit_that_was_dropped_is_older_than_the_history(committed: Client, device: Device) -> None:
    Retention(device.history, Limits(1)).drop()
    assert blame(committed)["[name='Ethernet1']/config/name"] == {"value": "Ethernet1", "commit": "1", "is-older": ""}
    found = error(committed.send(operation("get-configuration", commit=1)))
    assert (found.tag, found.message) == ("invalid-value", "commit 1 is no longer in the history")
    assert found_ids(committed) == [3]


def test_a_device_archives_its_commits_and_drops_the_old_ones(tmp_path: Path, hardware: HardwareBackend) -> None:
    found = Settings(state=tmp_path, history_count=2, archive_directory=str(tmp_path / "archive"))

    def device() -> Device:
        given = (OWN_PATHS, own_state, OWN_DEFAULTS)
        kept = {"limits": found.limits, "targets": found.targets}
        made = Device(bindings.DEFAULT, found.history_url, [hardware], *given, **kept)  # type: ignore[arg-type]
        made.start()
        return made

    with closing(device()) as first:
        client = Client(first)
        for mtu in (1500, 1600, 1700):
            client.edit(interfaces(interface("Ethernet1", mtu=mtu)))
            client.ok("<commit/>")
        assert eventually(lambda: not first.archive.waiting())
    assert [name.name[:8] for name in sorted((tmp_path / "archive").iterdir())] == ["00000001", "00000002", "00000003"]
    with closing(device()) as second:
        assert eventually(lambda: [commit.id for commit in second.history.commits()] == [2, 3])
        assert "1700" in Client(second).running()
