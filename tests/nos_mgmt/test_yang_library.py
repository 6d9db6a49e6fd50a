"""YANG library (RFC 8525), and its older form (RFC 7895): that all of it is true, and the same wherever it is told."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from lxml import etree

from tests.conftest import Client, make_device, needs
from tests.nos_mgmt.replies import data, parsed
from yang.diff import NETCONF

if TYPE_CHECKING:
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device

LIBRARY = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
Y = {"y": LIBRARY}


def library(client: Client, top: str = "yang-library", content: str = "") -> etree._Element:
    (found,) = data(client.ok(f'<get><filter><{top} xmlns="{LIBRARY}">{content}</{top}></filter></get>'))
    return found


def announced(client: Client) -> dict[str, dict[str, str]]:
    """Return the parameters of the capabilities in hello, by what stands before them."""
    root = etree.fromstring(client.session.hello())
    found = {}
    for capability in root.iter(f"{{{NETCONF}}}capability"):
        name, _, query = (capability.text or "").partition("?")
        parameters = {key: value for key, (value,) in parse_qs(query).items()}
        found[parameters.get("module", name)] = parameters
    return found


def texts(element: etree._Element, path: str) -> list[str]:
    return [str(found.text or "") for found in element.xpath(path, namespaces=Y)]


def test_hello_announces_the_library_with_its_content_id(client: Client) -> None:
    # RFC 8525 section 2, RFC 7950 section 5.6.4
    said = announced(client)
    content_id = library(client).findtext("y:content-id", namespaces=Y)
    assert said["urn:ietf:params:netconf:capability:yang-library:1.1"] == {
        "revision": "2019-01-04",
        "content-id": content_id,
    }
    set_id = library(client, "modules-state").findtext("y:module-set-id", namespaces=Y)
    assert said["urn:ietf:params:netconf:capability:yang-library:1.0"] == {
        "revision": "2019-01-04",
        "module-set-id": set_id,
    }


def test_what_is_implemented_is_what_hello_names(client: Client) -> None:
    said = announced(client)
    for module in library(client).iterfind("y:module-set/y:module", Y):
        leaves = {etree.QName(leaf).localname: leaf.text for leaf in module}
        parameters = said[str(leaves["name"])]
        assert parameters["revision"] == leaves["revision"]
        assert parameters.get("features", "") == ",".join(texts(module, "y:feature"))
        assert parameters.get("deviations", "") == ",".join(texts(module, "y:deviation"))
    names = texts(library(client), "y:module-set/y:module/y:name")
    assert sorted(names) == sorted(parameters["module"] for parameters in said.values() if "module" in parameters)


def test_what_is_imported_only_is_the_rest_that_they_need(client: Client, device: Device) -> None:
    found = library(client)
    implemented = set(texts(found, "y:module-set/y:module/y:name"))
    imported = set(texts(found, "y:module-set/y:import-only-module/y:name"))
    assert not implemented & imported
    assert {"ietf-yang-types", "openconfig-extensions"} <= imported
    submodules = set(texts(found, "//y:submodule/y:name"))
    assert implemented | imported | submodules == {name for name, _ in device.texts()} | {"nos-deviations"}
    assert len(texts(found, "//y:import-only-module/y:revision")) == len(imported)


def test_every_datastore_has_a_schema_of_a_module_set(tmp_path: Path, hardware: HardwareBackend) -> None:
    # RFC 8525 section 4
    made = make_device(tmp_path, [hardware], has_startup=True)
    try:
        found = library(Client(made))
        names = texts(found, "y:datastore/y:name")
        assert {"ds:running", "ds:candidate", "ds:startup"} <= set(names)
        assert set(texts(found, "y:datastore/y:schema")) == set(texts(found, "y:schema/y:name"))
        assert texts(found, "y:schema/y:module-set") == texts(found, "y:module-set/y:name")
    finally:
        made.close()


def test_the_old_form_lists_the_same_modules(client: Client) -> None:
    # RFC 7895 section 2.2
    new, old = library(client), library(client, "modules-state")
    for kind, conformance in (("module", "implement"), ("import-only-module", "import")):
        wanted = f"y:module[y:conformance-type='{conformance}']"
        assert sorted(texts(old, f"{wanted}/y:name")) == sorted(texts(new, f"y:module-set/y:{kind}/y:name"))
    (interfaces,) = old.xpath("y:module[y:name='openconfig-interfaces']", namespaces=Y)
    assert texts(interfaces, "y:deviation/y:name") == ["nos-deviations"]
    assert sorted(texts(old, "//y:submodule/y:name")) == sorted(texts(new, "//y:submodule/y:name"))


def test_one_module_is_had_by_its_keys(client: Client) -> None:
    keys = "<module-set><name>complete</name><module><name>ietf-netconf</name></module></module-set>"
    found = library(client, content=keys)
    assert texts(found, "//y:module/y:name") == ["ietf-netconf"]
    assert "xpath" in texts(found, "//y:feature")
    found = library(client, "modules-state", "<module><name>nos-history</name></module>")
    assert texts(found, "//y:module/y:name") == ["nos-history"]


def test_the_content_id_stays_through_a_restart_and_changes_with_what_is_served(
    tmp_path: Path, hardware: HardwareBackend
) -> None:
    ids = []
    for options in ({}, {}, {"has_startup": True}, {"is_running_writable": True}):
        made = make_device(tmp_path, [hardware], **options)
        ids.append(made.library.content_id)
        made.close()
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_submodules_are_listed_below_their_modules(client: Client, device: Device) -> None:
    owners = {
        module.record.belongs_to for module in device.schema.modules.values()
        if module.record.belongs_to is not None and (module.name, module.revision) in device.texts()
    }  # fmt: skip
    found = library(client)
    assert {str(above.findtext("y:name", "", Y)) for above in found.xpath("//*[y:submodule]", namespaces=Y)} == owners


def test_yanglint_takes_the_library_and_loads_every_module_of_it(client: Client, tmp_path: Path) -> None:
    yanglint = needs("yanglint")
    found = library(client)
    files = []
    for entry in found.xpath("//y:module | //y:import-only-module | //y:submodule", namespaces=Y):
        name, revision = entry.findtext("y:name", "", Y), entry.findtext("y:revision", "", Y)
        version = f"<version>{revision}</version>" if revision else ""
        request = f'<get-schema xmlns="{MONITORING}"><identifier>{name}</identifier>{version}</get-schema>'
        (text,) = parsed(client.ok(request))
        file = tmp_path / (f"{name}@{revision}.yang" if revision else f"{name}.yang")
        file.write_text(text.text or "")
        features = ",".join(texts(entry, "y:feature"))
        if etree.QName(entry).localname == "module":
            files += ["-F", f"{name}:{features}", str(file)]
    document = tmp_path / "library.xml"
    document.write_text("".join(etree.tostring(part).decode() for part in (found, library(client, "modules-state"))))
    run = subprocess.run(
        [yanglint, "-p", str(tmp_path), "-f", "xml", "-t", "data", *files, str(document)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    errors = [line for line in run.stderr.splitlines() if not re.search("warn", line)]
    assert (run.returncode, errors) == (0, [])


def test_netconf_state_and_the_library_are_read_as_the_models_say(
    client: Client, tmp_path: Path, device: Device
) -> None:
    yanglint = needs("yanglint")
    client.ok("<lock><target><running/></target></lock>")
    filter_ = f'<filter><netconf-state xmlns="{MONITORING}"/></filter>'
    document = tmp_path / "state.xml"
    document.write_text("".join(etree.tostring(top).decode() for top in data(client.ok(f"<get>{filter_}</get>"))))
    modules = device.models / "modules"
    run = subprocess.run(
        [yanglint, "-p", str(modules), "-f", "xml", "-t", "data", str(modules / "ietf-netconf-monitoring.yang"), str(document)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
