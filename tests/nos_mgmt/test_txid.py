"""Etags (draft-ietf-netconf-transaction-id, version 06), by its sections' titles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from nos_mgmt.netconf.capabilities import PRIVATE_CANDIDATE
from nos_mgmt.sessions import Sessions
from tests.conftest import Client
from tests.nos_mgmt.replies import error, is_ok, parsed
from tests.openconfig import INTERFACES, interface, interfaces
from yang.diff import NETCONF
from yang.etags import etag

if TYPE_CHECKING:
    from nos_mgmt.device import Device

TXID = "urn:ietf:params:xml:ns:netconf:txid:1.0"
MODULE = "urn:ietf:params:xml:ns:yang:ietf-netconf-txid"
ETAG = f"{{{TXID}}}etag"
WITH_ETAG = f'<with-etag xmlns="{MODULE}">true</with-etag>'
THREE = [interface(f"Ethernet{number}", mtu=1500) for number in (1, 2, 3)]


def get_config(filter_: str = "", known: str | None = None, source: str = "running") -> str:
    attribute = f' txid:etag="{known}"' if known is not None else ""
    inner = f"<filter>{filter_}</filter>" if filter_ else ""
    return f'<get-config xmlns:txid="{TXID}"{attribute}><source><{source}/></source>{inner}</get-config>'


def asking(*entries: str, known: str = "?") -> str:
    """Return the interfaces container in a filter, of which something is known."""
    return f'<interfaces xmlns="{INTERFACES}" txid:etag="{known}">{"".join(entries)}</interfaces>'


def known_entry(name: str, known: str) -> str:
    return f'<interface xmlns="{INTERFACES}" txid:etag="{known}"><name>{name}</name></interface>'


def data_in(reply: str) -> etree._Element:
    (found,) = parsed(reply)
    assert found.tag == f"{{{NETCONF}}}data"
    return found


def etags(reply: str) -> dict[str, str | None]:
    """Return the etags of data, interfaces and each interface."""
    data = data_in(reply)
    found: dict[str, str | None] = {"data": data.get(ETAG)}
    for container in data:
        found["interfaces"] = container.get(ETAG)
        found.update({entry[0].text or "": entry.get(ETAG) for entry in container})
    return found


def commit(client: Client, config: str, options: str = "") -> str:
    client.edit(config)
    return client.ok(f"<commit>{options}</commit>")


@pytest.fixture
def clients(device: Device) -> tuple[Client, Client]:
    registry = Sessions()
    ann, bob = Client(device, registry, "ann"), Client(device, registry, "bob")
    commit(ann, interfaces(*THREE))
    return ann, bob


def test_the_capability_is_advertised(device: Device) -> None:
    hello = Client(device).session.hello().decode()
    assert "<capability>urn:ietf:params:netconf:capability:txid:etag:1.0</capability>" in hello
    assert f"{MODULE}?module=ietf-netconf-txid&amp;revision=2023-03-01<" in hello


def test_initial_configuration_retrieval(clients: tuple[Client, Client]) -> None:
    ann, _ = clients
    data = data_in(ann.ok(get_config(known="?")))
    for element in data.iter():
        is_versioned = element is data or len(element)
        assert (ETAG in element.attrib) == bool(is_versioned), element.tag
        assert re.fullmatch(r"[\x21-\x7e]+", element.get(ETAG, "x"))
        assert element.get(ETAG) not in ("?", "=", "!")


def test_only_what_is_asked_for_has_etags(clients: tuple[Client, Client]) -> None:
    ann, _ = clients
    found = etags(ann.ok(get_config(f'<interfaces xmlns="{INTERFACES}">{known_entry("Ethernet2", "?")}</interfaces>')))
    assert found["data"] is None
    assert found["interfaces"] is None
    assert found["Ethernet2"]
    assert "txid" not in ann.running()


def test_every_change_gives_new_etags_to_what_is_around_it_and_to_nothing_else(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    before = etags(ann.ok(get_config(known="?")))
    commit(bob, interfaces(interface("Ethernet2", mtu=9000)))
    after = etags(ann.ok(get_config(known="?")))
    assert [name for name in before if before[name] != after[name]] == ["data", "interfaces", "Ethernet2"]


def test_etags_survive_a_restart(clients: tuple[Client, Client], device: Device) -> None:
    ann, _ = clients
    before = etags(ann.ok(get_config(known="?")))
    last = device.history.last()
    assert last is not None
    assert etag(device.history.configuration(last)) == before["data"]


def test_subsequent_configuration_retrieval_of_what_has_not_changed(clients: tuple[Client, Client]) -> None:
    ann, _ = clients
    known = etags(ann.ok(get_config(known="?")))
    data = data_in(ann.ok(get_config(known=str(known["data"]))))
    assert (dict(data.attrib), len(data)) == ({ETAG: "="}, 0)
    (container,) = data_in(ann.ok(get_config(asking(known=str(known["interfaces"])))))
    assert (dict(container.attrib), len(container)) == ({ETAG: "="}, 0)


def test_an_entry_that_is_known_has_its_keys_alone(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    known = etags(ann.ok(get_config(known="?")))
    commit(bob, interfaces(interface("Ethernet2", mtu=9000)))
    entries = [known_entry(name, str(known[name])) for name in ("Ethernet1", "Ethernet2")]
    (container,) = data_in(ann.ok(get_config(asking(*entries, known=str(known["interfaces"])))))
    first, second = container
    assert (first.get(ETAG), [child.tag for child in first]) == ("=", [f"{{{INTERFACES}}}name"])
    assert second.get(ETAG) not in ("=", known["Ethernet2"])
    assert b"<mtu>9000</mtu>" in etree.tostring(second)


def test_txid_history_one_etag_of_the_whole_is_enough_to_get_the_changes_alone(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    known = etags(ann.ok(get_config(known="?")))
    commit(bob, interfaces(interface("Ethernet2", mtu=9000), interface("Ethernet4", mtu=1500)))
    found = etags(ann.ok(get_config(known=str(known["data"]))))
    assert {name: value for name, value in found.items() if value == "="} == dict.fromkeys(
        ("Ethernet1", "Ethernet3"), "="
    )
    assert found.keys() - known.keys() == {"Ethernet4"}


def test_txid_history_of_a_part_below_another_one_that_is_known(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    commit(bob, interfaces(interface("Ethernet2", "10.0.0.1/24", mtu=1500)))
    known = etags(ann.ok(get_config(known="?")))
    commit(bob, interfaces(interface("Ethernet2", mtu=9000)))
    entry = known_entry("Ethernet2", str(known["Ethernet2"]))
    (container,) = data_in(ann.ok(get_config(asking(entry))))
    (second,) = container
    found = {etree.QName(child).localname: child.get(ETAG) for child in second}
    assert found["subinterfaces"] == "="
    assert found["config"] not in ("=", None)


def test_a_leaf_has_the_etag_of_what_it_is_in(clients: tuple[Client, Client]) -> None:
    ann, _ = clients
    full = data_in(ann.ok(get_config(known="?")))
    config = full.find(f".//{{{INTERFACES}}}config")
    assert config is not None
    known = config.get(ETAG)
    filter_ = (
        f'<interfaces xmlns="{INTERFACES}"><interface><name>Ethernet1</name>'
        f'<config><mtu txid:etag="{known}"/></config></interface></interfaces>'
    )
    (mtu,) = data_in(ann.ok(get_config(filter_))).iter(f"{{{INTERFACES}}}mtu")
    assert (mtu.text, mtu.get(ETAG)) == (None, "=")


def test_candidate_datastore_configuration_retrieval(clients: tuple[Client, Client]) -> None:
    """What is as in running has its etag; what is not, the one that it will have."""
    ann, _ = clients
    running = etags(ann.ok(get_config(known="?")))
    assert etags(ann.ok(get_config(known="?", source="candidate"))) == running
    ann.edit(interfaces(interface("Ethernet2", mtu=9000)))
    candidate = etags(ann.ok(get_config(known="?", source="candidate")))
    assert [name for name in running if running[name] != candidate[name]] == ["data", "interfaces", "Ethernet2"]
    ann.ok("<commit/>")
    assert etags(ann.ok(get_config(known="?"))) == candidate


def conditional(config: str, known: str = "", options: str = "") -> str:
    attribute = f' txid:etag="{known}"' if known else ""
    target = f"<target><candidate/></target>{options}"
    return f'<edit-config xmlns:txid="{TXID}">{target}<config{attribute}>{config}</config></edit-config>'


def on_entry(name: str, known: str, mtu: int) -> str:
    entry = interface(name, mtu=mtu).replace("<interface>", f'<interface txid:etag="{known}">')
    return conditional(interfaces(entry))


def test_conditional_transactions_go_through_where_the_state_is_what_the_client_knows(
    clients: tuple[Client, Client],
) -> None:
    ann, bob = clients
    known = etags(ann.ok(get_config(known="?")))
    commit(bob, interfaces(interface("Ethernet1", mtu=4000)))
    ann.ok(on_entry("Ethernet2", str(known["Ethernet2"]), 9000))
    assert is_ok(ann.send("<commit/>"))


def test_error_response_on_out_of_band_changes(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    known = etags(ann.ok(get_config(known="?")))
    commit(bob, interfaces(interface("Ethernet2", mtu=4000)))
    now = etags(ann.ok(get_config(known="?")))
    ann.ok(on_entry("Ethernet2", str(known["Ethernet2"]), 9000))
    reply = ann.send("<commit/>")
    found = error(reply)
    assert (found.type, found.tag) == ("protocol", "operation-failed")
    structure = parsed(reply).find(f".//{{{MODULE}}}txid-value-mismatch-error-info")
    assert structure is not None
    path, value = structure
    assert (path.tag, path.text) == (f"{{{MODULE}}}mismatch-path", found.path)
    assert path.nsmap["oc-if"] == INTERFACES
    assert (value.tag, value.text) == (f"{{{MODULE}}}mismatch-etag-value", now["Ethernet2"])
    assert "<mtu>4000" in ann.running()
    ann.ok("<discard-changes/>")
    assert is_ok(ann.send("<commit/>"))


def test_a_condition_on_what_is_not_there_never_holds(clients: tuple[Client, Client]) -> None:
    ann, _ = clients
    ann.ok(on_entry("Ethernet5", "abc", 9000))
    assert "mismatch-etag-value" not in ann.send("<commit/>")
    assert error(ann.send("<commit/>")).tag == "operation-failed"


def test_a_condition_on_the_whole(clients: tuple[Client, Client]) -> None:
    ann, bob = clients
    known = str(etags(ann.ok(get_config(known="?")))["data"])
    ann.ok(conditional(interfaces(interface("Ethernet1", mtu=9000)), known))
    commit(bob, interfaces())
    assert is_ok(ann.send("<commit/>"))
    ann.ok(conditional(interfaces(interface("Ethernet1", mtu=4000)), known))
    assert "<mismatch-path>/</mismatch-path>" in ann.send("<commit/>")


def test_candidate_datastore_transactions_the_last_condition_on_a_node_counts(clients: tuple[Client, Client]) -> None:
    ann, _ = clients
    known = str(etags(ann.ok(get_config(known="?")))["Ethernet2"])
    ann.ok(on_entry("Ethernet2", "other", 9000))
    ann.ok(on_entry("Ethernet2", known, 9000))
    assert is_ok(ann.send("<commit/>"))


def test_private_candidates_have_conditions_of_their_own(device: Device) -> None:
    registry = Sessions()
    ann = Client(device, registry, "ann", capabilities=[PRIVATE_CANDIDATE])
    bob = Client(device, registry, "bob")
    commit(bob, interfaces(*THREE))
    ann.ok(on_entry("Ethernet2", "other", 9000))
    bob.edit(interfaces(interface("Ethernet2", mtu=4000)))
    assert is_ok(bob.send("<commit/>"))
    assert "Ethernet2" in str(error(ann.send("<commit/>")))


def test_commit_returns_the_new_etag(clients: tuple[Client, Client]) -> None:
    ann, _ = clients
    ann.edit(interfaces(interface("Ethernet2", mtu=9000)))
    (ok,) = parsed(ann.ok(f"<commit>{WITH_ETAG}</commit>"))
    assert (ok.tag, ok.get(ETAG)) == (f"{{{NETCONF}}}ok", etags(ann.ok(get_config(known="?")))["data"])
    assert is_ok(ann.send(f"<commit>{WITH_ETAG.replace('true', 'false')}</commit>"))


def test_edit_config_returns_the_new_etag_of_the_candidate(clients: tuple[Client, Client]) -> None:
    ann, _ = clients
    (ok,) = parsed(ann.ok(conditional(interfaces(interface("Ethernet2", mtu=9000)), options=WITH_ETAG)))
    assert ok.get(ETAG) == etags(ann.ok(get_config(known="?", source="candidate")))["data"]


class Mirror:
    """A client that keeps what it was told, and asks for nothing that it has."""

    def __init__(self) -> None:
        self.tree: Any = None
        self.etag = "?"

    def synchronise(self, client: Client) -> None:
        data = data_in(client.ok(get_config(known=self.etag)))
        self.tree = self._merged(self.tree, data)
        self.etag = str(self.tree.get(ETAG))

    def _merged(self, old: etree._Element | None, new: etree._Element) -> etree._Element:
        if new.get(ETAG) == "=":
            assert old is not None
            return old
        merged = etree.Element(new.tag, dict(new.attrib), nsmap=new.nsmap)
        merged.text = new.text
        for child in new:
            merged.append(self._merged(self._same(old, child), child))
        return merged

    @staticmethod
    def _same(old: etree._Element | None, child: etree._Element) -> etree._Element | None:
        """Return what the client has of a container or list entry, whose keys come first here."""
        for other in old if old is not None else ():
            is_entry = (
                len(child) and len(other) and not len(child[0]) and child[0].tag.endswith(("}name", "}index", "}ip"))
            )
            if other.tag == child.tag and (not is_entry or other[0].text == child[0].text):
                return other
        return None


PORTS = st.sampled_from([f"Ethernet{number}" for number in range(1, 7)])
EDITS = st.one_of(
    st.builds(
        lambda name, mtu, addresses: interface(name, *addresses, mtu=mtu),
        PORTS,
        st.sampled_from([1500, 4000, 9000]),
        st.lists(st.sampled_from(["10.0.0.1/24", "10.0.1.1/24"]), unique=True, max_size=0),
    ),
    PORTS.map(lambda name: f'<interface nc:operation="remove"><name>{name}</name></interface>'),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(EDITS, min_size=1, max_size=2, unique_by=lambda edit: edit[:90]), min_size=1, max_size=4))
def test_a_client_that_gets_what_it_does_not_know_has_what_the_server_has(
    device: Device, rounds: list[list[str]]
) -> None:
    registry = Sessions()
    ann, bob = Client(device, registry, "ann"), Client(device, registry, "bob")
    mirror = Mirror()
    for edits in rounds:
        for edit in edits:
            commit(bob, interfaces(edit))
        mirror.synchronise(ann)
        full = data_in(ann.ok(get_config(known="?")))
        assert etree.tostring(mirror.tree, method="c14n") == etree.tostring(full, method="c14n")
    assert data_in(ann.ok(get_config(known=mirror.etag))).get(ETAG) == "="
