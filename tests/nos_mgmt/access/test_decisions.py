"""Every step of RFC 8341 sections 3.4.4 to 3.4.6, over sessions: users, rules, an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import Client, make_device, module
from tests.nos_mgmt.access.configured import ACM, edited, nacm, rule, rule_list
from tests.openconfig import INTERFACES, interface, interfaces
from tests.yang.playground import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device

KILL = "<kill-session><session-id>4000</session-id></kill-session>"
DISCARD = "<discard-changes/>"
PATH = f'<path xmlns:if="{INTERFACES}">/if:interfaces/if:interface[if:name="Ethernet1"]</path>'
CONFIG_PATH = f'<path xmlns:if="{INTERFACES}">/if:interfaces/if:interface/if:config/if:mtu</path>'


@pytest.fixture
def device(tmp_path: Path, hardware: HardwareBackend) -> Iterator[Device]:
    """A device of which only admin is the administrator, with two interfaces."""
    made = make_device(tmp_path, [hardware], administrators=("admin",))
    admin = Client(made)
    edited(admin, interfaces(interface("Ethernet1", mtu=1500), interface("Ethernet2", mtu=1500)))
    yield made
    made.close()


@pytest.fixture
def admin(device: Device) -> Client:
    return Client(device)


@pytest.fixture
def ann(device: Device) -> Client:
    return Client(device, user="ann")


def is_denied(answer: str) -> bool:
    return "<error-tag>access-denied</error-tag>" in answer


def change(client: Client, name: str = "Ethernet1", mtu: int = 9000) -> str:
    config = interfaces(interface(name, mtu=mtu))
    return client.send(f"<edit-config><target><candidate/></target><config>{config}</config></edit-config>")


def test_3_4_4_step_1_without_enable_nacm_everything_is_permitted(admin: Client, ann: Client) -> None:
    assert is_denied(change(ann))
    edited(admin, nacm("<enable-nacm>false</enable-nacm>"))
    assert not is_denied(change(ann))
    assert not is_denied(ann.send(KILL))


def test_3_4_4_step_2_the_recovery_session_may_do_everything(admin: Client) -> None:
    edited(
        admin, nacm("<read-default>deny</read-default><exec-default>deny</exec-default>", rule_list("*", rule("deny")))
    )
    assert "no session 4000" in admin.send(KILL).replace("there is ", "")
    assert "<mtu>1500</mtu>" in admin.running()


def test_3_4_4_step_3_close_session_is_always_permitted(admin: Client, ann: Client) -> None:
    edited(admin, nacm("<exec-default>deny</exec-default>", rule_list("g", rule("deny")), members={"g": ["ann"]}))
    assert is_denied(ann.send(DISCARD))
    assert "<ok/>" in ann.send("<close-session/>")


def test_3_4_4_step_5_without_a_group_no_rule_applies_not_even_one_for_all(admin: Client, ann: Client) -> None:
    edited(admin, nacm("", rule_list("*", rule("permit"))))
    assert is_denied(change(ann))
    edited(admin, nacm("", members={"any": ["ann"]}))
    assert not is_denied(change(ann))


def test_3_4_4_step_6_rule_lists_of_other_groups_are_passed_over_and_the_first_match_counts(
    admin: Client, ann: Client
) -> None:
    lists = (
        rule_list("others", rule("deny")),
        rule_list("g", rule("permit", "<rpc-name>kill-session</rpc-name>"), name="two"),
    )
    edited(
        admin, nacm("", *lists, rule_list("g", rule("deny"), name="three"), members={"g": ["ann"], "others": ["bob"]})
    )
    assert not is_denied(ann.send(KILL))
    assert is_denied(ann.send(DISCARD))


@pytest.mark.parametrize(
    ("criteria", "matches"),
    [
        ("", True),
        ("<module-name>*</module-name>", True),
        ("<module-name>ietf-netconf</module-name>", True),
        ("<module-name>nos-history</module-name>", False),
        ("<rpc-name>*</rpc-name>", True),
        ("<rpc-name>discard-changes</rpc-name>", True),
        ("<rpc-name>commit</rpc-name>", False),
        ("<notification-name>discard-changes</notification-name>", False),
        ("<path>/</path>", False),
        ("<access-operations>exec</access-operations>", True),
        ("<access-operations>*</access-operations>", True),
        ("<access-operations>create read update delete</access-operations>", False),
    ],
)
def test_3_4_4_step_7_a_rule_matches_by_module_and_name_and_exec(
    admin: Client, ann: Client, criteria: str, matches: bool
) -> None:
    edited(admin, nacm("", rule_list("g", rule("deny", criteria)), members={"g": ["ann"]}))
    assert is_denied(ann.send(DISCARD)) is matches


def test_3_4_4_steps_10_to_12_the_tag_then_disruptive_operations_then_the_default(admin: Client, ann: Client) -> None:
    reset = '<factory-reset xmlns="urn:ietf:params:xml:ns:yang:ietf-factory-default"/>'
    assert all(map(is_denied, (ann.send(reset), ann.send(KILL))))
    assert not is_denied(ann.send(DISCARD))
    edited(admin, nacm("<exec-default>deny</exec-default>"))
    assert is_denied(ann.send(DISCARD))


def test_3_1_3_an_operation_that_is_denied_is_named_by_error_path(ann: Client) -> None:
    answer = ann.send(KILL)
    assert "/rpc:rpc/nc:kill-session</error-path>" in answer
    assert "ann may not call kill-session" in answer


@pytest.mark.parametrize(
    ("criteria", "is_seen"),
    [
        ("", False),
        ("<module-name>openconfig-interfaces</module-name>", False),
        ("<module-name>ietf-netconf-acm</module-name>", True),
        (CONFIG_PATH, False),
        (PATH, False),
        (PATH.replace("Ethernet1", "Ethernet2"), True),
        ("<path>/</path>", False),
        (f"{PATH}<access-operations>read</access-operations>", False),
        (f"{PATH}<access-operations>create update delete exec</access-operations>", True),
        ("<rpc-name>kill-session</rpc-name>", True),
        ("<notification-name>*</notification-name>", True),
    ],
)
def test_3_4_5_step_6_a_rule_matches_by_module_and_path_and_operation(
    admin: Client, ann: Client, criteria: str, is_seen: bool
) -> None:
    wanted = "<interface><name>Ethernet1</name><config><mtu/></config></interface>"
    filter_ = f'<interfaces xmlns="{INTERFACES}">{wanted}</interfaces>'
    get = f"<get-config><source><running/></source><filter>{filter_}</filter></get-config>"
    edited(admin, nacm("", rule_list("g", rule("deny", criteria)), members={"g": ["ann"]}))
    assert ("<mtu>1500</mtu>" in ann.send(get)) is is_seen


def test_3_4_5_steps_10_to_12_tags_and_defaults(admin: Client, ann: Client) -> None:
    assert "<mtu>" in ann.running()
    assert "<nacm" not in ann.running()
    edited(admin, nacm("<read-default>deny</read-default><write-default>permit</write-default>"))
    assert ann.running() == ""
    assert not is_denied(change(ann))
    config = nacm("<enable-nacm>false</enable-nacm>")
    answer = ann.send(f"<edit-config><target><candidate/></target><config>{config}</config></edit-config>")
    assert is_denied(answer)
    assert ":nacm/nacm:enable-nacm</error-path>" in answer


def test_3_2_5_what_is_written_is_judged_by_the_operation_on_each_node(admin: Client, ann: Client) -> None:
    edited(
        admin,
        nacm(
            "", rule_list("g", rule("permit", "<access-operations>update</access-operations>")), members={"g": ["ann"]}
        ),
    )
    assert not is_denied(change(ann))
    answer = change(ann, "Ethernet3")
    assert is_denied(answer)
    assert "ann may not create interface" in answer
    assert "[oc-if:name='Ethernet3']</error-path>" in answer
    gone = (
        f'<interfaces xmlns="{INTERFACES}" xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" nc:operation="delete"/>'
    )
    assert is_denied(ann.send(f"<edit-config><target><candidate/></target><config>{gone}</config></edit-config>"))


def test_3_2_6_what_may_not_be_read_is_left_out_of_a_copy_and_counts_as_deleted(admin: Client, ann: Client) -> None:
    rules = rule("deny", f"{PATH}<access-operations>read delete</access-operations>"), rule("permit", name="b")
    edited(admin, nacm("", rule_list("g", *rules), members={"g": ["ann"]}))
    admin.edit(interfaces(interface("Ethernet4", mtu=1400)))
    copy = "<copy-config><target><candidate/></target><source><running/></source></copy-config>"
    assert is_denied(ann.send(copy))
    edited(admin, nacm("", members={"g": []}))


def test_3_2_8_a_commit_is_judged_on_what_differs_from_running(admin: Client, ann: Client) -> None:
    permit = rule("permit", f"{CONFIG_PATH}<access-operations>update</access-operations>")
    edited(admin, nacm("", rule_list("g", permit), members={"g": ["ann"]}))
    assert "<ok/>" in change(ann)
    assert "<ok/>" in ann.send("<commit/>")
    admin.edit(interfaces(interface("Ethernet2", enabled=False)))
    answer = ann.send("<commit/>")
    assert is_denied(answer)
    assert "oc-if:enabled</error-path>" in answer
    assert "enabled>false" not in admin.running()


def test_3_2_8_a_rollback_and_a_factory_reset_are_judged_on_what_they_change(admin: Client, ann: Client) -> None:
    rules = (
        rule("permit", "<rpc-name>rollback</rpc-name>"),
        rule("permit", "<rpc-name>factory-reset</rpc-name>", name="b"),
        rule("permit", f"{CONFIG_PATH}<access-operations>update</access-operations>", name="c"),
    )
    edited(admin, nacm("", rule_list("g", *rules), members={"g": ["ann"]}))
    edited(admin, interfaces(interface("Ethernet1", mtu=2000)))
    edited(admin, interfaces(interface("Ethernet1", enabled=False)))
    rollback = '<rollback xmlns="urn:nos-mgmt:yang:nos-history"><ago>{}</ago></rollback>'
    answer = ann.send(rollback.format(1))
    assert is_denied(answer)
    assert "oc-if:enabled</error-path>" in answer
    assert is_denied(ann.send('<factory-reset xmlns="urn:ietf:params:xml:ns:yang:ietf-factory-default"/>'))
    admin.ok(rollback.format(1))
    assert not is_denied(ann.send(rollback.format(3)).replace("before the last", ""))


def test_3_2_8_a_scheduled_commit_is_judged_when_it_is_scheduled(admin: Client, ann: Client) -> None:
    admin.edit(interfaces(interface("Ethernet1", mtu=2000)))
    schedule = '<schedule-commit xmlns="urn:nos-mgmt:yang:nos-schedule"><in>1000</in></schedule-commit>'
    answer = ann.send(schedule)
    assert is_denied(answer)
    assert "oc-if:mtu</error-path>" in answer
    assert "<id" in admin.ok(schedule)


def test_a_post_condition_tells_nothing_of_what_may_not_be_seen(admin: Client, ann: Client) -> None:
    edited(admin, nacm("", rule_list("g", rule("deny", PATH)), members={"g": ["ann"]}))
    path = PATH.replace("</path>", "/if:state/if:oper-status</path>")
    assertion = f"<assertion><name>a</name><state>{path}<value>UP</value></state></assertion>"
    conditions = f'<post-conditions xmlns="urn:nos-mgmt:yang:nos-post-conditions">{assertion}</post-conditions>'
    assert is_denied(ann.send(f"<commit>{conditions}</commit>"))


def test_an_error_about_what_may_not_be_seen_does_not_tell_it(admin: Client, ann: Client) -> None:
    hides = rule("deny", f"{PATH}<access-operations>read</access-operations>")
    edited(admin, nacm("", rule_list("g", hides, rule("permit", name="b")), members={"g": ["ann"]}))
    entry = '<interface nc:operation="create"><name>Ethernet1</name></interface>'
    answer = ann.send(f"<edit-config><target><candidate/></target><config>{interfaces(entry)}</config></edit-config>")
    assert "<error-tag>data-exists</error-tag>" in answer
    assert "Ethernet1" not in answer


@pytest.mark.parametrize("operation", ["create", "delete"])
@pytest.mark.parametrize("option", ["stop-on-error", "continue-on-error"])
def test_3_2_5_who_may_neither_see_nor_change_a_node_is_not_told_whether_it_is_there(
    admin: Client, ann: Client, operation: str, option: str
) -> None:
    edited(admin, nacm("", rule_list("g", rule("deny", PATH)), members={"g": ["ann"]}))

    def answers() -> list[str]:
        here = f' nc:operation="{operation}"'
        entry = f"<interface{here}><name>Ethernet1</name></interface>"
        value = "<mtu{}>1500</mtu>" if operation == "create" else "<mtu{}/>"
        leaf = f"<interface><name>Ethernet1</name><config>{value.format(here)}</config></interface>"
        bad = f"<interface><name>Ethernet1</name><config><mtu{here}>bad</mtu></config></interface>"
        options = f"<default-operation>none</default-operation><error-option>{option}</error-option>"
        return [
            ann.send(
                f"<edit-config><target><candidate/></target>{options}<config>{interfaces(each)}</config></edit-config>"
            )
            for each in (entry, leaf, bad)
        ]

    there = answers()
    assert all(is_denied(answer) and "Ethernet1" not in answer for answer in there)
    assert "ann may not change interface" in there[0]
    gone = '<interface nc:operation="delete"><name>Ethernet1</name></interface>'
    edited(admin, interfaces(gone))
    assert answers() == there


def test_3_2_5_who_may_change_a_node_is_told_that_it_is_there_or_is_not(admin: Client, ann: Client) -> None:
    """As RFC 6241 section 7.2 has it: without that, nobody could be sure what an edit did."""
    hides = rule("deny", f"{PATH}<access-operations>read</access-operations>")
    edited(admin, nacm("", rule_list("g", hides, rule("permit", name="b")), members={"g": ["ann"]}))
    config = '<interface nc:operation="{}"><name>Ethernet1</name></interface>'
    edit = "<edit-config><target><candidate/></target><config>{}</config></edit-config>"
    answer = ann.send(edit.format(interfaces(config.format("create"))))
    assert "<error-tag>data-exists</error-tag>" in answer
    ann.ok(edit.format(interfaces(config.format("delete"))))
    answer = ann.send(edit.format(interfaces(config.format("delete"))))
    assert "<error-tag>data-missing</error-tag>" in answer
    assert "Ethernet1" not in answer


def test_a_change_of_rules_takes_effect_with_its_commit(admin: Client, ann: Client) -> None:
    admin.edit(nacm("", rule_list("g", rule("deny", PATH)), members={"g": ["ann"]}))
    assert "Ethernet1" in ann.running()
    admin.ok("<commit/>")
    assert "Ethernet1" not in ann.running()
    assert "Ethernet2" in ann.running()


def test_the_user_s_own_name_can_stand_in_a_path(admin: Client, ann: Client) -> None:
    path = PATH.replace('"Ethernet1"', "$USER")
    edited(admin, nacm("", rule_list("g", rule("deny", path)), members={"g": ["ann", "Ethernet1"]}))
    assert "Ethernet1" in ann.running()


def test_denials_are_counted(admin: Client, ann: Client) -> None:
    ann.send(KILL)
    change(ann)
    change(ann)
    found = admin.ok(f'<get><filter><nacm xmlns="{ACM}"/></filter></get>')
    assert "<denied-operations>1<" in found
    assert "<denied-data-writes>2<" in found
    assert "<denied-notifications>0<" in found


def test_3_4_6_notifications_by_name_and_tag_and_default(device: Device, admin: Client) -> None:
    told = schema_of(
        module("notification a { leaf x { type string; } } notification replayComplete { leaf x { type string; } }")
    )
    a, replayed = told.root.children["m:a"], told.root.children["m:replayComplete"]
    assert device.access("ann").may_receive(a)
    deny = rule("deny", "<notification-name>a</notification-name>")
    edited(admin, nacm("", rule_list("g", deny, rule("deny", name="b")), members={"g": ["ann"]}))
    assert not device.access("ann").may_receive(a)
    assert device.access("ann").may_receive(replayed)
    edited(admin, nacm("<read-default>deny</read-default>"))
    assert not device.access("bob").may_receive(a)
    assert device.access_control.denials.notifications == 2
