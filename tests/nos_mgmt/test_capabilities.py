"""What hello says, and that all of it is true: every module named can be had, with what it imports, and no other is."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from lxml import etree

from nos_mgmt.netconf.capabilities import CAPABILITIES
from tests.nos_mgmt.replies import data, error, parsed
from yang.diff import NETCONF
from yang.modelset import PROSE

if TYPE_CHECKING:
    from pathlib import Path

    from nos_mgmt.device import Device
    from tests.conftest import Client

MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"


def announced(client: Client) -> dict[str, dict[str, str]]:
    """Return the modules in hello, by name, each with its parameters and its namespace."""
    root = etree.fromstring(client.session.hello())
    found = {}
    for capability in root.iter(f"{{{NETCONF}}}capability"):
        namespace, _, query = (capability.text or "").partition("?")
        if "module=" in query:
            parameters = {name: value for name, (value,) in parse_qs(query, strict_parsing=True).items()}
            assert parameters["module"] not in found
            found[parameters["module"]] = parameters | {"namespace": namespace}
    return found


def get_schema(client: Client, identifier: str, version: str = "", format_: str = "") -> str:
    parts = f"<identifier>{identifier}</identifier>"
    parts += f"<version>{version}</version>" if version else ""
    parts += f'<format xmlns:m="{MONITORING}">{format_}</format>' if format_ else ""
    return client.send(f'<get-schema xmlns="{MONITORING}">{parts}</get-schema>')


def text_of(client: Client, identifier: str, version: str = "") -> str:
    (found,) = parsed(get_schema(client, identifier, version))
    assert found.tag == f"{{{MONITORING}}}data"
    return found.text or ""


def test_hello_says_what_the_server_can_do_and_which_session_it_is(client: Client) -> None:
    root = etree.fromstring(client.session.hello())
    assert root.tag == f"{{{NETCONF}}}hello"
    said = [capability.text for capability in root.iter(f"{{{NETCONF}}}capability")]
    assert tuple(said[: len(CAPABILITIES)]) == CAPABILITIES
    assert len(said) == len(set(said))
    assert root.findtext(f"{{{NETCONF}}}session-id") == str(client.session.id)


def test_every_module_in_hello_can_be_had_with_all_that_it_imports(client: Client) -> None:
    modules = announced(client)
    waiting = [(name, parameters.get("revision", "")) for name, parameters in modules.items()]
    had = set()
    while waiting:
        name, revision = waiting.pop()
        text = text_of(client, name, revision)
        assert re.match(rf"\s*(?:/[/*].*?)?(?:sub)?module {name}\s*{{", text, re.DOTALL)
        had.add(name)
        if name in modules:
            assert f'namespace "{modules[name]["namespace"]}"' in re.sub(r'namespace\s+"', 'namespace "', text)
        # a description may show an import
        statements = PROSE.sub("", text)
        needed = re.findall(r"^\s*(?:import|include)\s+\"?([\w.-]+)", statements, re.MULTILINE)
        waiting += [(other, "") for other in needed if other not in had]
    assert {"ietf-yang-types", "openconfig-extensions", "nos-deviations"} <= had


def test_a_module_is_in_hello_with_its_newest_revision(client: Client) -> None:
    for name, parameters in announced(client).items():
        revisions = re.findall(r"^\s*revision\s+\"?(\d{4}-\d\d-\d\d)", text_of(client, name), re.MULTILINE)
        assert parameters["revision"] == max(revisions)


def test_hello_names_no_module_that_is_not_served(client: Client, device: Device) -> None:
    nodes = {
        each.module.name for node in device.schema.root.descendants() for each in (node, *node.operations().values())
    }
    identities = {
        "iana-if-type",
        "ietf-datastores",
        "ietf-origin",
        "openconfig-aaa-types",
        "openconfig-local-routing",
        "openconfig-network-instance-types",
        "openconfig-policy-types",
    }
    assert announced(client).keys() == nodes | identities | {"nos-deviations"}
    assert "openconfig-bgp" not in announced(client)


def test_features_are_those_that_are_advertised_as_capabilities(client: Client) -> None:
    modules = announced(client)
    assert modules["ietf-netconf"]["features"] == "candidate,confirmed-commit,rollback-on-error,validate,xpath"
    assert modules["ietf-netconf-private-candidate"]["features"] == "private-candidate"
    assert modules["ietf-netconf-nmda"]["features"] == "origin,with-defaults"
    assert modules["ietf-factory-default"]["features"] == "factory-default-datastore"
    assert modules["ietf-subscribed-notifications"]["features"] == "encode-xml,replay,subtree,xpath"
    assert modules["ietf-yang-push"]["features"] == "on-change"
    assert sorted(name for name, parameters in modules.items() if "features" in parameters) == [
        "ietf-factory-default",
        "ietf-netconf",
        "ietf-netconf-nmda",
        "ietf-netconf-private-candidate",
        "ietf-subscribed-notifications",
        "ietf-yang-push",
    ]


def test_deviations_are_named_on_the_modules_that_deviate_and_no_other(client: Client) -> None:
    modules = announced(client)
    named = {name for name, parameters in modules.items() if parameters.get("deviations") == "nos-deviations"}
    prefixes = dict(re.findall(r"import ([\w-]+) {\s*prefix ([\w-]+);", text_of(client, "nos-deviations"), re.DOTALL))
    targets = re.findall(r'deviation "([^"]+)"', text_of(client, "nos-deviations"))
    last = {target.rpartition("/")[2].partition(":")[0] for target in targets}
    assert named == {name for name, prefix in prefixes.items() if prefix in last}
    assert "openconfig-interfaces" in named
    assert "nos-history" not in named


def test_the_deviations_are_good_yang(device: Device, tmp_path: Path) -> None:
    file = tmp_path / "nos-deviations.yang"
    file.write_text(device.deviation_module)
    done = subprocess.run(
        [sys.executable, "-m", "pyang.scripts.pyang_tool", "--strict", "-p", str(device.models / "modules"), str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    # others' modules have warnings of their own
    assert [line for line in done.stderr.splitlines() if line.startswith(str(file))] == []
    assert not [line for line in done.stderr.splitlines() if ": error: " in line and "deviation" in line]


def test_the_other_default_of_test_option_is_a_deviation(client: Client) -> None:
    # the model says test-then-set
    text = text_of(client, "nos-deviations")
    assert re.search(
        r'deviation "/nc:edit-config/nc:input/nc:test-option" {\s*deviate replace {\s*default "set";\s*}\s*}', text
    )


def test_a_schema_is_had_by_name_by_revision_and_by_format(client: Client) -> None:
    revision = announced(client)["openconfig-interfaces"]["revision"]
    for version, format_ in [("", ""), (revision, ""), ("", "m:yang"), (revision, "m:yang")]:
        (found,) = parsed(get_schema(client, "openconfig-interfaces", version, format_))
        assert "module openconfig-interfaces" in (found.text or "")


def test_a_schema_comes_as_it_is_in_the_file(client: Client, device: Device) -> None:
    text = (device.models / "modules" / "ietf-netconf.yang").read_text()
    assert "<" in text
    assert text_of(client, "ietf-netconf") == text


@pytest.mark.parametrize(
    ("identifier", "version", "format_", "element"),
    [
        ("no-such-module", "", "", "identifier"),
        ("openconfig-interfaces", "1999-01-01", "", "identifier"),
        ("nos-deviations", "1999-01-01", "", "identifier"),
        ("openconfig-bfd", "", "", "identifier"),  # in the model set, and not served
        ("../../../etc/passwd", "", "", "identifier"),
        ("", "", "", "identifier"),
        ("openconfig-interfaces", "", "m:yin", "format"),
        ("openconfig-interfaces", "", "m:xsd", "format"),
    ],
)
def test_a_schema_that_there_is_not_is_an_invalid_value(
    client: Client, identifier: str, version: str, format_: str, element: str
) -> None:
    # RFC 6022 section 3.1
    found = error(get_schema(client, identifier, version, format_))
    assert (found.type, found.tag, found.info["bad-element"]) == ("protocol", "invalid-value", element)


def test_a_schema_has_to_be_named(client: Client) -> None:
    found = error(client.send(f'<get-schema xmlns="{MONITORING}"/>'))
    assert (found.type, found.tag, found.info["bad-element"]) == ("protocol", "missing-element", "identifier")


def test_netconf_state_has_the_capabilities_of_hello(client: Client) -> None:
    filter_ = f'<filter><netconf-state xmlns="{MONITORING}"><capabilities/></netconf-state></filter>'
    (state,) = data(client.ok(f"<get>{filter_}</get>"))
    said = [capability.text for capability in etree.fromstring(client.session.hello()).iter(f"{{{NETCONF}}}capability")]
    assert [capability.text for capability in state.iter(f"{{{MONITORING}}}capability")] == said
    assert [child.tag for child in state] == [f"{{{MONITORING}}}capabilities"]


def test_netconf_state_lists_the_schemas_that_can_be_had(client: Client) -> None:
    filter_ = f'<filter><netconf-state xmlns="{MONITORING}"><schemas/></netconf-state></filter>'
    (state,) = data(client.ok(f"<get>{filter_}</get>"))
    listed = {}
    for schema in state.iter(f"{{{MONITORING}}}schema"):
        leaves = {etree.QName(leaf).localname: leaf for leaf in schema}
        name, version = leaves["identifier"].text or "", leaves["version"].text or ""
        prefix, _, format_ = (leaves["format"].text or "").partition(":")
        assert (leaves["format"].nsmap[prefix], format_) == (MONITORING, "yang")
        assert leaves["location"].text == "NETCONF"
        listed[name] = leaves["namespace"].text
        assert f"module {name}" in text_of(client, name, version)
    modules = announced(client)
    assert modules.keys() <= listed.keys()
    assert all(listed[name] == parameters["namespace"] for name, parameters in modules.items())


def test_one_schema_is_had_by_its_keys(client: Client) -> None:
    keys = "<identifier>nos-history</identifier>"
    filter_ = f'<filter><netconf-state xmlns="{MONITORING}"><schemas><schema>{keys}</schema></schemas></netconf-state></filter>'
    (state,) = data(client.ok(f"<get>{filter_}</get>"))
    assert len(list(state.iter(f"{{{MONITORING}}}schema"))) == 1
