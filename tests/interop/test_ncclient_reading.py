"""What ncclient reads by XPath, with defaults, and of monitoring, from a server in a process of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from ncclient.operations import RPCError

from tests.interop.test_ncclient import ONE, TWO, connected
from tests.openconfig import INTERFACES, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ncclient.manager import Manager

    from tests.conftest import Server

MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"


@pytest.fixture
def client(server: Server) -> Iterator[Manager]:
    """A session with two interfaces configured, and none afterwards."""
    with connected(server) as session:
        replace(session, ONE.removesuffix("</interfaces>") + TWO.partition(">")[2])
        yield session
        replace(session, "")


def replace(session: Manager, content: str) -> None:
    config = etree.fromstring(f'<config xmlns="{NETCONF}">{content}</config>')
    session.edit_config(target="candidate", config=config, default_operation="replace")
    session.commit()


def named(name: str) -> str:
    return interfaces(f"<interface><name>{name}</name></interface>")


def names(reply: object) -> list[str]:
    root = etree.fromstring(reply.data_xml.encode())  # type: ignore[attr-defined]  # one of ncclient's
    return [entry.findtext("{*}name", "") for entry in root.iter(f"{{{INTERFACES}}}interface")]


def test_an_xpath_filter_selects(client: Manager) -> None:
    # RFC 6241 section 8.9
    for call in (client.get, lambda **options: client.get_config("running", **options)):
        path = "/if:interfaces/if:interface[if:name='Ethernet2']"
        assert names(call(filter=("xpath", ({"if": INTERFACES}, path)))) == ["Ethernet2"]
        with pytest.raises(RPCError, match="is not an XPath expression"):
            call(filter=("xpath", ({"if": INTERFACES}, f"{path}[")))


def test_defaults_are_reported_as_the_client_wants(client: Manager) -> None:
    # RFC 6243 section 4.5.1
    filter_ = ("subtree", named("Ethernet1"))
    assert "<loopback-mode>" not in client.get_config("running", filter=filter_).data_xml
    for mode in ("report-all", "report-all-tagged", "trim", "explicit"):
        shown = client.get_config("running", filter=filter_, with_defaults=mode).data_xml
        assert bool(re.search("<enabled[^>]*>true<", shown)) is mode.startswith("report-all")
        assert ("wd:default" in shown) is (mode == "report-all-tagged")


def test_monitoring_knows_the_client(client: Manager) -> None:
    # RFC 6022 section 2.1.4
    content = f'<netconf-state xmlns="{MONITORING}"><sessions><session/></sessions></netconf-state>'
    shown = client.get(filter=("subtree", content)).data_xml
    assert f"<session-id>{client.session_id}</session-id>" in shown
    assert "<source-host>127.0.0.1</source-host>" in shown
    assert ":netconf-ssh</transport>" in shown


def test_every_schema_of_the_list_can_be_had(client: Manager) -> None:
    # RFC 6022 section 3.1
    content = f'<netconf-state xmlns="{MONITORING}"><schemas/></netconf-state>'
    root = etree.fromstring(client.get(filter=("subtree", content)).data_xml.encode())
    listed = [(entry.findtext("{*}identifier"), entry.findtext("{*}version")) for entry in root.iter("{*}schema")]
    assert len(listed) > 20
    for identifier, version in listed:
        assert f"module {identifier} " in client.get_schema(identifier, version or None).data
