"""edit-config, copy-config, delete-config and discard-changes (RFC 6241 sections 7.2 to 7.4 and 8.3.4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.nos_mgmt.replies import error, errors, is_ok
from tests.openconfig import INTERFACES, interface, interfaces

if TYPE_CHECKING:
    from tests.conftest import Client

ONE = interfaces(interface("Ethernet1", mtu=9000))
TWO = interfaces(interface("Ethernet2", mtu=4000))
BOTH = interfaces(interface("Ethernet1", mtu=9000), interface("Ethernet2", mtu=4000))
NO_CONFIG = interfaces("<interface><name>Ethernet1</name></interface>")
"""Well-typed and not valid: the key refers to config/name, which is not there."""
PATH_1 = "/oc-if:interfaces/oc-if:interface[oc-if:name='Ethernet1']"


def edit(config: str, options: str = "", target: str = "candidate") -> str:
    return f"<edit-config><target><{target}/></target>{options}<config>{config}</config></edit-config>"


def copy(source: str, target: str = "candidate") -> str:
    return f"<copy-config><target><{target}/></target><source>{source}</source></copy-config>"


def with_operation(operation: str, name: str = "Ethernet1", content: str = "") -> str:
    return interfaces(f'<interface nc:operation="{operation}"><name>{name}</name>{content}</interface>')


def mtu(value: str, attributes: str = "") -> str:
    return interfaces(f"<interface><name>Ethernet1</name><config><mtu{attributes}>{value}</mtu></config></interface>")


def candidate(client: Client) -> str:
    answer = client.ok("<get-config><source><candidate/></source></get-config>")
    return answer.partition("<data>")[2].partition("</data>")[0]


def test_an_edit_changes_the_candidate_and_not_running(client: Client) -> None:
    assert is_ok(client.send(edit(ONE)))
    assert "<mtu>9000</mtu>" in candidate(client)
    assert client.running() == ""


@pytest.mark.parametrize(
    ("default_operation", "kept"), [("", True), ("merge", True), ("replace", False), ("none", True)]
)
def test_default_operation_says_what_becomes_of_what_is_not_named(
    client: Client, default_operation: str, *, kept: bool
) -> None:
    client.edit(ONE)
    options = f"<default-operation>{default_operation}</default-operation>" if default_operation else ""
    config = TWO if default_operation != "none" else with_operation("create", "Ethernet2")
    assert is_ok(client.send(edit(config, options)))
    assert ("Ethernet1" in candidate(client)) is kept
    assert "Ethernet2" in candidate(client)


def test_default_operation_none_wants_what_it_names_to_be_there(client: Client) -> None:
    options = "<default-operation>none</default-operation>"
    found = error(client.send(edit(TWO, options)))
    assert (found.type, found.tag) == ("application", "data-missing")
    assert candidate(client) == ""


def test_a_leaf_is_merged_replaced_created_deleted_and_removed(client: Client) -> None:
    client.edit(ONE)
    for operation, value, there in [
        ("merge", "1500", True),
        ("replace", "1600", True),
        ("delete", "", False),
        ("remove", "", False),
        ("create", "1700", True),
        ("remove", "", False),
    ]:
        assert is_ok(client.send(edit(mtu(value, f' nc:operation="{operation}"'))))
        assert ("<mtu>" in candidate(client)) is there
        assert f"<mtu>{value}</mtu>" in candidate(client) or not there


@pytest.mark.parametrize(
    ("config", "tag", "path"),
    [
        (with_operation("create"), "data-exists", PATH_1),
        (mtu("1", ' nc:operation="create"'), "data-exists", f"{PATH_1}/oc-if:config/oc-if:mtu"),
        (with_operation("delete", "Ethernet7"), "data-missing", PATH_1.replace("1", "7")),
        (
            interfaces(
                '<interface><name>Ethernet1</name><config><description nc:operation="delete"/></config></interface>'
            ),
            "data-missing",
            f"{PATH_1}/oc-if:config/oc-if:description",
        ),
    ],
)
def test_what_is_to_be_created_and_is_there_and_the_reverse_are_errors(
    client: Client, config: str, tag: str, path: str
) -> None:
    client.edit(ONE)
    found = error(client.send(edit(config)))
    assert (found.type, found.tag, found.path) == ("application", tag, path)
    assert "<mtu>9000</mtu>" in candidate(client)


@pytest.mark.parametrize(
    ("config", "tag", "path", "info"),
    [
        (mtu("65536"), "invalid-value", f"{PATH_1}/oc-if:config/oc-if:mtu", {"bad-element": "mtu"}),
        (mtu(""), "invalid-value", f"{PATH_1}/oc-if:config/oc-if:mtu", {"bad-element": "mtu"}),
        (mtu("nine"), "invalid-value", f"{PATH_1}/oc-if:config/oc-if:mtu", {"bad-element": "mtu"}),
        (mtu("<a/>"), "bad-element", f"{PATH_1}/oc-if:config/oc-if:mtu", {"bad-element": "mtu"}),
        (mtu("1") + mtu("2"), "bad-element", "/oc-if:interfaces", {"bad-element": "interfaces"}),
        (
            interfaces(interface("Ethernet1"), interface("Ethernet1")),
            "bad-element",
            PATH_1,
            {"bad-element": "interface"},
        ),
        (
            interfaces("<interface><config><mtu>1500</mtu></config></interface>"),
            "missing-element",
            "/oc-if:interfaces/oc-if:interface",
            {"bad-element": "name"},
        ),
        (
            interfaces("<interface><config/><name>Ethernet1</name></interface>"),
            "bad-element",
            "/oc-if:interfaces/oc-if:interface",
            {"bad-element": "name"},
        ),
        (interfaces("<port/>"), "unknown-element", "/oc-if:interfaces", {"bad-element": "port"}),
        (
            interfaces("<interface><name>Ethernet1</name><state><mtu>1</mtu></state></interface>"),
            "unknown-element",
            f"{PATH_1}/oc-if:state/oc-if:mtu",
            {"bad-element": "mtu"},
        ),
        (
            interfaces("<interface><name>Ethernet1</name><hold-time/></interface>"),
            "unknown-element",
            PATH_1,
            {"bad-element": "hold-time"},
        ),
        (
            '<interfaces xmlns="urn:other"/>',
            "unknown-namespace",
            None,
            {"bad-element": "interfaces", "bad-namespace": "urn:other"},
        ),
        (
            '<interfaces xmlns=""/>',
            "unknown-namespace",
            None,
            {"bad-element": "interfaces", "bad-namespace": ""},
        ),
        (
            "<interfaces/>",
            "unknown-element",
            None,
            {"bad-element": "interfaces"},
        ),
        (
            interfaces('<interface xmlns="urn:x"/>'),
            "unknown-namespace",
            "/oc-if:interfaces",
            {"bad-element": "interface", "bad-namespace": "urn:x"},
        ),
        (interfaces("text", interface("Ethernet1")), "bad-element", "/oc-if:interfaces", {"bad-element": "interfaces"}),
        (
            with_operation("overwrite"),
            "bad-attribute",
            PATH_1,
            {"bad-attribute": "operation", "bad-element": "interface"},
        ),
        (
            mtu("1500", ' operation="merge"'),
            "unknown-attribute",
            f"{PATH_1}/oc-if:config/oc-if:mtu",
            {"bad-attribute": "operation", "bad-element": "mtu"},
        ),
        (
            mtu("1500", ' a="b"'),
            "unknown-attribute",
            f"{PATH_1}/oc-if:config/oc-if:mtu",
            {"bad-attribute": "a", "bad-element": "mtu"},
        ),
    ],
)
def test_data_that_is_wrong_is_refused_where_it_is_and_changes_nothing(
    client: Client, config: str, tag: str, path: str | None, info: dict[str, str]
) -> None:
    client.edit(TWO)
    before = candidate(client)
    found = error(client.send(edit(config)))
    assert (found.type, found.tag, found.path, found.info) == ("application", tag, path, info)
    assert candidate(client) == before


@pytest.mark.parametrize(
    ("options", "element"),
    [
        ("<default-operation>delete</default-operation>", "default-operation"),
        ("<test-option>maybe</test-option>", "test-option"),
        ("<error-option>ignore</error-option>", "error-option"),
    ],
)
def test_an_option_that_there_is_not_is_an_invalid_value(client: Client, options: str, element: str) -> None:
    found = error(client.send(edit(ONE, options)))
    assert (found.type, found.tag, found.info) == ("protocol", "invalid-value", {"bad-element": element})
    assert candidate(client) == ""


def test_an_incomplete_candidate_may_be_set_and_that_is_the_default(client: Client) -> None:
    for options in ("", "<test-option>set</test-option>"):
        assert is_ok(client.send(edit(NO_CONFIG, options)))
        assert "Ethernet1" in candidate(client)
        client.ok("<discard-changes/>")


@pytest.mark.parametrize("option", ["test-then-set", "test-only"])
def test_what_is_tested_and_not_valid_is_not_set(client: Client, option: str) -> None:
    found = errors(client.send(edit(NO_CONFIG, f"<test-option>{option}</test-option>")))
    assert {one.tag for one in found} <= {"data-missing", "operation-failed"}
    assert all(one.path for one in found)
    assert candidate(client) == ""


def test_what_is_tested_and_valid_is_set_unless_it_was_only_to_be_tested(client: Client) -> None:
    assert is_ok(client.send(edit(ONE, "<test-option>test-only</test-option>")))
    assert candidate(client) == ""
    assert is_ok(client.send(edit(ONE, "<test-option>test-then-set</test-option>")))
    assert "Ethernet1" in candidate(client)


BAD_AMONG_GOOD = interfaces(
    interface("Ethernet1", mtu=1500),
    "<interface><name>Ethernet2</name><config><name>Ethernet2</name><mtu>70000</mtu></config></interface>",
    interface("Ethernet3", mtu=1700),
    '<interface nc:operation="delete"><name>Ethernet4</name></interface>',
)


@pytest.mark.parametrize("option", ["", "stop-on-error", "rollback-on-error"])
def test_an_edit_with_an_error_is_not_done_at_all(client: Client, option: str) -> None:
    options = f"<error-option>{option}</error-option>" if option else ""
    found = error(client.send(edit(BAD_AMONG_GOOD, options)))
    assert found.tag == "invalid-value"
    assert candidate(client) == ""


def test_an_edit_that_goes_on_after_errors_does_the_rest_and_tells_them_all(client: Client) -> None:
    found = errors(client.send(edit(BAD_AMONG_GOOD, "<error-option>continue-on-error</error-option>")))
    assert [one.tag for one in found] == ["invalid-value", "data-missing"]
    assert "<mtu>1500</mtu>" in candidate(client)
    assert "<mtu>1700</mtu>" in candidate(client)
    assert "70000" not in candidate(client)


def test_an_edit_that_goes_on_tells_what_is_wrong_and_what_is_not_valid(client: Client) -> None:
    options = "<test-option>test-then-set</test-option><error-option>continue-on-error</error-option>"
    config = interfaces("<interface><name>Ethernet1</name></interface>", "<port/>")
    found = errors(client.send(edit(config, options)))
    assert {"unknown-element"} < {one.tag for one in found}
    assert candidate(client) == ""


def test_an_edit_of_nothing_is_an_edit(client: Client) -> None:
    assert is_ok(client.send(edit("")))
    assert is_ok(client.send(edit(f'<interfaces xmlns="{INTERFACES}"/>')))
    assert candidate(client) == ""


def test_the_order_of_parameters_does_not_matter(client: Client) -> None:
    # RFC 6241's own XSD has an order, its YANG module has none
    parts = f"<config>{ONE}</config><error-option>stop-on-error</error-option><target><candidate/></target>"
    assert is_ok(client.send(f"<edit-config>{parts}</edit-config>"))


def test_running_is_copied_into_the_candidate(client: Client) -> None:
    client.edit(ONE)
    client.ok("<commit/>")
    client.edit(TWO)
    assert is_ok(client.send(copy("<running/>")))
    assert candidate(client) == client.running()
    assert is_ok(client.send("<lock><target><candidate/></target></lock>"))


def test_a_configuration_is_copied_into_the_candidate_in_place_of_all_that_was_there(client: Client) -> None:
    client.edit(ONE)
    assert is_ok(client.send(copy(f"<config>{TWO}</config>")))
    assert "Ethernet1" not in candidate(client)
    assert "Ethernet2" in candidate(client)
    assert is_ok(client.send(copy("<config/>")))
    assert candidate(client) == ""


def test_running_is_no_target_of_a_copy(client: Client) -> None:
    # section 8.2: that is the capability writable-running, which this server does not have
    client.edit(ONE)
    found = error(client.send(copy("<candidate/>", "running")))
    assert (found.type, found.tag, found.info) == ("protocol", "unknown-element", {"bad-element": "running"})
    assert client.running() == ""


def test_a_datastore_is_not_copied_to_itself(client: Client) -> None:
    found = error(client.send(copy("<candidate/>")))
    assert (found.type, found.tag) == ("protocol", "invalid-value")


def test_a_wrong_configuration_is_not_copied(client: Client) -> None:
    client.edit(ONE)
    found = error(client.send(copy(f"<config>{mtu('70000')}</config>")))
    assert (found.tag, found.path) == ("invalid-value", f"{PATH_1}/oc-if:config/oc-if:mtu")
    assert "9000" in candidate(client)


def test_nothing_can_be_deleted_as_a_whole(client: Client) -> None:
    client.edit(ONE)
    client.ok("<commit/>")
    for target in ("<running/>", "<candidate/>", ""):
        found = error(client.send(f"<delete-config><target>{target}</target></delete-config>"))
        assert (found.type, found.tag) in {("protocol", "unknown-element"), ("protocol", "missing-element")}
    assert "Ethernet1" in client.running()
    assert candidate(client) == client.running()


def test_discarded_changes_are_gone(client: Client) -> None:
    client.edit(ONE)
    client.ok("<commit/>")
    client.edit(TWO)
    assert is_ok(client.send("<discard-changes/>"))
    assert candidate(client) == client.running()
    assert is_ok(client.send("<discard-changes/>"))


def test_the_candidate_is_shared(pair: tuple[Client, Client]) -> None:
    ann, bob = pair
    ann.edit(ONE)
    bob.edit(TWO)
    assert candidate(ann) == candidate(bob)
    assert "Ethernet1" in candidate(bob)
    bob.ok("<discard-changes/>")
    assert candidate(ann) == ""


@pytest.mark.parametrize("operation", ["copy-config", "validate"])
def test_every_error_of_a_whole_configuration_is_told(client: Client, operation: str) -> None:
    content = interfaces(*(interface(f"Ethernet{number}", mtu=mtu) for number, mtu in enumerate((70000, 1500, -1))))
    config = f"<config>{content}</config>"
    request = copy(config) if operation == "copy-config" else f"<validate><source>{config}</source></validate>"
    assert len(errors(client.send(request))) == 2
