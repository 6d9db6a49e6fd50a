"""The :url capability (RFC 6241 section 8.8): configurations in files and on web servers, within the places allowed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nos_mgmt.settings import Settings, SettingsError, load
from nos_mgmt.urls import Places, UnusablePlace
from tests.conftest import Client, make_device
from tests.nos_mgmt.replies import error, is_ok
from tests.nos_mgmt.web import Web, web_server
from tests.openconfig import interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backends.hardware import HardwareBackend
    from nos_mgmt.device import Device

    Place = tuple[str, Callable[[str], bytes | None], Callable[[str, bytes], object]]

ONE = interfaces(interface("Ethernet1", mtu=9000))
TWO = interfaces(interface("Ethernet2", mtu=4000))
CONFIG = f'<config xmlns="{NETCONF}">{ONE}</config>'
WITH_DEFAULTS = (
    '<with-defaults xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults">report-all</with-defaults>'
)


def copy(source: str, target: str, options: str = "") -> str:
    return f"<copy-config><target>{target}</target><source>{source}</source>{options}</copy-config>"


def at(url: str) -> str:
    return f"<url>{url}</url>"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web server."""
    with web_server(tmp_path_factory.mktemp("web")) as server:
        yield server


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """The folder that is a place, beside one that is none."""
    (tmp_path / "exports" / "inner").mkdir(parents=True)
    (tmp_path / "secret.xml").write_text(CONFIG)
    return tmp_path / "exports"


@pytest.fixture
def placed(tmp_path: Path, hardware: HardwareBackend, web: Web, exports: Path) -> Iterator[Device]:
    """A device with a place for files and one on the web."""
    web.documents.clear()
    web.redirects.clear()
    web.asked.clear()
    places = Places([f"file://{exports}/", web.url("/configs/")], str(web.ca), largest=100_000)
    made = make_device(tmp_path, [hardware], places=places, has_startup=True)
    yield made
    made.close()


@pytest.fixture
def ann(placed: Device) -> Client:
    """A client of it."""
    return Client(placed)


@pytest.fixture(params=["file", "https"])
def place(
    request: pytest.FixtureRequest, web: Web, exports: Path
) -> tuple[str, Callable[[str], bytes | None], Callable[[str, bytes], object]]:
    """A place's URL, and what reads and writes there beside the server."""
    if request.param == "https":
        return (
            web.url("/configs/"),
            lambda name: web.documents.get(f"/configs/{name}"),
            lambda name, content: web.documents.update({f"/configs/{name}": content}),
        )
    return (
        f"file://{exports}/",
        lambda name: (exports / name).read_bytes() if (exports / name).exists() else None,
        lambda name, content: (exports / name).write_bytes(content),
    )


def test_without_places_there_is_neither_capability_nor_parameter(client: Client) -> None:
    hello = client.session.hello()
    assert b"capability:url" not in hello
    assert b"url" not in hello.partition(b"ietf-netconf?")[2].partition(b"<")[0]
    found = error(client.send(copy("<running/>", at("file:///tmp/x"))))
    assert (found.tag, found.info["bad-element"]) == ("unknown-element", "url")


def test_the_capability_has_the_schemes_of_the_places(ann: Client) -> None:
    # section 8.8.3
    hello = etree.fromstring(ann.session.hello())
    found = [capability.text for capability in hello.iter(f"{{{NETCONF}}}capability")]
    assert "urn:ietf:params:netconf:capability:url:1.0?scheme=file,https" in found
    assert Places(["file:///a/"]).schemes == ("file",)


def test_a_datastore_is_copied_to_a_url_and_back(ann: Client, place: Place) -> None:
    # section 8.8.5.2
    url, read, _ = place
    ann.edit(ONE)
    ann.ok("<commit/>")
    assert is_ok(ann.send(copy("<running/>", at(f"{url}one.xml"))))
    written = etree.fromstring(read("one.xml") or b"")
    assert written.tag == f"{{{NETCONF}}}config"
    assert "9000" in (read("one.xml") or b"").decode()
    ann.ok(copy(f"<config>{TWO}</config>", "<candidate/>"))
    ann.ok("<commit/>")
    assert is_ok(ann.send(copy(at(f"{url}one.xml"), "<candidate/>")))
    assert is_ok(ann.send(copy(at(f"{url}one.xml"), "<startup/>")))
    ann.ok("<commit/>")
    assert "9000" in ann.running()
    assert "4000" not in ann.running()
    assert "9000" in ann.ok("<get-config><source><startup/></source></get-config>")


def test_what_was_there_is_replaced(ann: Client, place: Place) -> None:
    url, read, write = place
    write("one.xml", b"x" * 1000)
    assert is_ok(ann.send(copy(f"<config>{ONE}</config>", at(f"{url}one.xml"))))
    assert etree.fromstring(read("one.xml") or b"").tag == f"{{{NETCONF}}}config"


def test_a_copy_reports_defaults_as_it_is_told(ann: Client, place: Place) -> None:
    # RFC 6243 section 4.5.1
    url, read, _ = place
    assert is_ok(ann.send(copy(f"<config>{ONE}</config>", at(f"{url}full.xml"), WITH_DEFAULTS)))
    assert b"<enabled>true</enabled>" in (read("full.xml") or b"")


def test_one_url_is_copied_to_another_and_none_to_itself(ann: Client, place: Place, exports: Path) -> None:
    url, _, write = place
    write("one.xml", CONFIG.encode())
    assert is_ok(ann.send(copy(at(f"{url}one.xml"), at(f"file://{exports}/copy.xml"))))
    assert "9000" in (exports / "copy.xml").read_text()
    assert error(ann.send(copy(at(f"{url}one.xml"), at(f"{url}one.xml")))).tag == "invalid-value"


def test_an_edit_is_taken_from_a_url(ann: Client, place: Place) -> None:
    # section 8.8.5.1
    url, _, write = place
    write("edit.xml", CONFIG.encode())
    edit = f"<edit-config><target><candidate/></target>{at(f'{url}edit.xml')}</edit-config>"
    assert is_ok(ann.send(edit))
    delete = CONFIG.replace("<interface>", f'<interface xmlns:nc="{NETCONF}" nc:operation="delete">')
    write("edit.xml", delete.encode())
    assert is_ok(ann.send(edit))
    assert error(ann.send(edit)).tag == "data-missing"


def test_a_url_is_validated(ann: Client, place: Place) -> None:
    # section 8.8.5.4
    url, _, write = place
    request = f"<validate><source>{at(f'{url}one.xml')}</source></validate>"
    write("one.xml", CONFIG.encode())
    assert is_ok(ann.send(request))
    write("one.xml", CONFIG.replace("9000", "wide").encode())
    found = error(ann.send(request))
    assert (found.tag, (found.path or "").rpartition("/")[2]) == ("invalid-value", "oc-if:mtu")


def test_a_url_is_deleted(ann: Client, place: Place) -> None:
    # section 8.8.5.3
    url, read, write = place
    write("one.xml", CONFIG.encode())
    request = f"<delete-config><target>{at(f'{url}one.xml')}</target></delete-config>"
    assert is_ok(ann.send(request))
    assert read("one.xml") is None
    found = error(ann.send(request))
    assert found.tag == "operation-failed"
    assert "one.xml" in found.message


@pytest.mark.parametrize(
    ("content", "tag", "complaint"),
    [
        (b"<config", "invalid-value", "holds no XML"),
        (f"<!DOCTYPE a [<!ENTITY b 'c'>]>{CONFIG}".encode(), "invalid-value", "document type"),
        (CONFIG.replace("config xmlns", "data xmlns").replace("</config>\n", "").encode(), "invalid-value", ""),
        (b"<config/>", "invalid-value", "not config in the namespace"),
        (b" " * 200_000, "too-big", "more than the 100000 octets"),
        (None, "operation-failed", "bad.xml"),
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_told(
    ann: Client, place: Place, content: bytes | None, tag: str, complaint: str
) -> None:
    url, _, write = place
    if content is not None:
        write("bad.xml", content)
    found = error(ann.send(copy(at(f"{url}bad.xml"), "<candidate/>")))
    assert found.tag == tag
    assert complaint in found.message


@pytest.mark.parametrize(
    "url",
    [
        "{folder}/../secret.xml", "{folder}/inner/../../secret.xml", "{folder}/%2e%2e/secret.xml", "{folder}/.%2E/secret.xml",
        "{folder}/..%2fsecret.xml", "{folder}//secret.xml", "{folder}", "{folder}/", "{folder}x/secret.xml",
        "{parent}/secret.xml",
        "file://elsewhere{path}/a.xml", "{folder}/a.xml?b", "{folder}/a.xml#b", "{folder}/a%00.xml", "{folder}/a\\b.xml",
        "http://127.0.0.1/configs/a.xml", "ftp://127.0.0.1/configs/a.xml", "a.xml", "", "https://127.0.0.1/configs/a.xml",
        "{web}/a.xml", "{web}/configs/../a.xml", "{web}/configs/%2e%2e/a.xml", "{web}/configsx/a.xml", "{web}/configs/",
        "https://ann@127.0.0.1:{port}/configs/a.xml", "https://127.0.0.1:{port}/configs/a.xml#b", "https://127.0.0.1:x/configs/a",
    ],
)  # fmt: skip
def test_nothing_outside_the_places_is_touched(ann: Client, web: Web, exports: Path, url: str) -> None:
    full = url.format(
        folder=f"file://{exports}", parent=f"file://{exports.parent}", path=exports, web=web.url(""), port=web.port
    )
    for request in (
        copy(at(full), "<candidate/>"),
        copy("<running/>", at(full)),
        f"<delete-config><target>{at(full)}</target></delete-config>",
        f"<validate><source>{at(full)}</source></validate>",
        f"<edit-config><target><candidate/></target>{at(full)}</edit-config>",
    ):
        found = error(ann.send(request))
        assert (found.type, found.tag, found.info.get("bad-element")) == ("protocol", "invalid-value", "url")
    assert web.asked == []
    assert (exports.parent / "secret.xml").read_text() == CONFIG


def test_symbolic_links_and_special_files_are_not_followed(ann: Client, exports: Path) -> None:
    (exports / "link.xml").symlink_to(exports.parent / "secret.xml")
    (exports / "out").symlink_to(exports.parent)
    os.mkfifo(exports / "pipe")
    for name in ("link.xml", "out/secret.xml", "pipe", "inner"):
        for request in (
            copy(at(f"file://{exports}/{name}"), "<candidate/>"),
            copy("<running/>", at(f"file://{exports}/{name}")),
            f"<delete-config><target>{at(f'file://{exports}/{name}')}</target></delete-config>",
        ):
            found = error(ann.send(request))
            assert found.tag == "operation-failed"
            assert name.rpartition("/")[0] in found.message
    assert (exports.parent / "secret.xml").read_text() == CONFIG
    assert sorted(path.name for path in exports.iterdir()) == ["inner", "link.xml", "out", "pipe"]


def test_files_are_for_nobody_else_and_folders_are_not_made(ann: Client, exports: Path) -> None:
    ann.ok(copy("<running/>", at(f"file://{exports}/inner/a%20b.xml")))
    assert (exports / "inner" / "a b.xml").stat().st_mode & 0o777 == 0o600
    assert "none/a.xml" in error(ann.send(copy("<running/>", at(f"file://{exports}/none/a.xml")))).message


def test_a_redirect_does_not_lead_anywhere(ann: Client, web: Web) -> None:
    web.documents["/secret.xml"] = CONFIG.encode()
    web.redirects["/configs/a.xml"] = web.url("/secret.xml")
    found = error(ann.send(copy(at(web.url("/configs/a.xml")), "<candidate/>")))
    assert "answers GET with 302" in found.message
    assert web.asked == [("GET", "/configs/a.xml")]


def test_a_server_that_nobody_vouches_for_is_not_asked(tmp_path: Path, hardware: HardwareBackend, web: Web) -> None:
    web.asked.clear()
    made = make_device(tmp_path, [hardware], places=Places([web.url("/configs/")]))
    try:
        found = error(Client(made).send(copy("<running/>", at(web.url("/configs/a.xml")))))
        assert "is not trusted" in found.message
        assert web.asked == []
    finally:
        made.close()


@pytest.mark.parametrize("way", ["is_silent", "drips"])
def test_a_server_that_does_not_answer_is_not_waited_for(tmp_path: Path, hardware: HardwareBackend, way: str) -> None:
    with web_server(tmp_path) as slow:
        getattr(slow, way).set()
        places = Places([slow.url("/")], str(slow.ca), patience=0.5)
        made = make_device(tmp_path, [hardware], places=places)
        try:
            found = error(Client(made).send(copy(at(slow.url("/a.xml")), "<candidate/>")))
            assert "has not answered within 0.5 s" in found.message
        finally:
            made.close()


def test_a_server_that_is_not_there_is_told(tmp_path: Path, hardware: HardwareBackend) -> None:
    made = make_device(tmp_path, [hardware], places=Places(["https://127.0.0.1:1/"]))
    try:
        found = error(Client(made).send(copy(at("https://127.0.0.1:1/a.xml"), "<candidate/>")))
        assert found.tag == "operation-failed"
        assert "https://127.0.0.1:1/a.xml cannot be reached" in found.message
    finally:
        made.close()


@pytest.mark.parametrize(
    ("prefix", "complaint"),
    [
        ("/var/lib/", "its scheme is not one of file, https"),
        ("http://host/", "its scheme is not one of file, https"),
        ("file:///var/lib", "a place ends in a slash"),
        ("https://host/?a/", "a place ends in a slash"),
        ("file://host/var/", "neither a host nor a query"),
        ("https:///var/", "https has a host"),
        ("https://host:port/", "url_places has"),
        ("file:///var/../etc/", "leads elsewhere"),
    ],
)
def test_a_place_is_a_folder(prefix: str, complaint: str) -> None:
    with pytest.raises(UnusablePlace, match=complaint):
        Places([prefix])


def test_settings_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "nos.toml"
    file.write_text('url_places = ["https://host/"]\nurl_ca = "/nowhere.pem"\n')
    with pytest.raises(SettingsError, match=r"url_ca '/nowhere.pem' has no certificates"):
        load(file, {})
    assert Settings(url_places=("file:///a/",)).places.schemes == ("file",)
