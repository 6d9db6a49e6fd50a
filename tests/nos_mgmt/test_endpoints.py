"""Listeners, calls and certificates as settings say them, and what is wrong with them said in one line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from nos_mgmt.endpoints import CallHome, Endpoint, Keepalives, Listen, ReconnectStrategy
from nos_mgmt.settings import SettingsError, load

if TYPE_CHECKING:
    from pathlib import Path

LISTEN = '[[listen]]\nname = "a"\ntransport = "ssh"\naddress = "::1"\n'
CALL = '[[call_home]]\nname = "b"\nendpoints = [{ name = "c", transport = "ssh", address = "192.0.2.1" }]\n'
TLS = '[tls]\ncertificate = "a"\nkey = "b"\nclient_ca = "c"\n'
SHA256 = "04:" + ":".join(["ab"] * 32)


def rule(fingerprint: str = SHA256, map_type: str = "san-any", more: str = "") -> str:
    return f'{TLS}[[tls.cert_to_name]]\nid = 1\nfingerprint = "{fingerprint}"\nmap_type = "{map_type}"\n{more}'


def written(folder: Path, text: str) -> Path:
    file = folder / "nos.toml"
    file.write_text(text)
    return file


def test_with_listeners_host_and_port_count_only_if_they_are_given(tmp_path: Path) -> None:
    assert [one.address for one in load(None, {}).listeners] == ["127.0.0.1"]
    file = written(tmp_path, LISTEN)
    assert [one.address for one in load(file, {"host": None, "port": None}).listeners] == ["::1"]
    assert [one.address for one in load(file, {"port": 8830}).listeners] == ["127.0.0.1", "::1"]
    assert [one.address for one in load(written(tmp_path, f"port = 1\n{LISTEN}"), {}).listeners] == ["127.0.0.1", "::1"]


def test_ports_are_those_of_the_transport_if_nothing_is_said(tmp_path: Path) -> None:
    more = LISTEN.replace('"a"', '"b"').replace("ssh", "tls") + LISTEN.replace('"a"', '"c"') + "port = 0\n"
    found = load(written(tmp_path, LISTEN + more + rule()), {})
    assert [one.port for one in found.listen] == [830, 6513, 0]


def test_a_call_has_the_defaults_of_ietf_netconf_server(tmp_path: Path) -> None:
    (client,) = load(written(tmp_path, CALL), {}).call_home
    assert client == CallHome("b", (Endpoint("c", "ssh", "192.0.2.1", 4334),))
    assert client.reconnect_strategy == ReconnectStrategy("first-listed", 5.0, 3)
    assert (client.connection_type, client.period, client.idle_time) == ("persistent", 60, 180)


def test_everything_of_a_call_can_be_set(tmp_path: Path) -> None:
    text = f"""
        {CALL}
        connection_type = "periodic"
        period = 5
        anchor_time = 2026-01-01T00:30:00Z
        idle_time = 20
        reconnect_strategy = {{ start_with = "last-connected", max_wait = 2, max_attempts = 1, first_pause = 0.5 }}
        keepalives = {{ idle_time = 5, max_probes = 2, probe_interval = 1 }}
    """
    (client,) = load(written(tmp_path, text), {}).call_home
    assert client.anchor_time == datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    assert client.reconnect_strategy == ReconnectStrategy("last-connected", 2, 1, 0.5)
    assert client.keepalives == Keepalives(5, 2, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("listen = 1", "listen is 1, not a list of tables"),
        ("listen = [1]", r"listen\[1\] is 1, not a table"),
        ('[[listen]]\nname = "a"\ntransport = "ssh"', r"listen\[1\] has no address"),
        (f"{LISTEN}prot = 1", r"listen\[1\] has no setting prot; there are name, transport, address, port, keepalives"),
        (f"{LISTEN}port = 65536", r"listen\[1\].port is 65536, outside 0..65535"),
        (f'{LISTEN}port = "830"', r"listen\[1\].port is '830', not a whole number"),
        (f"{LISTEN}port = true", r"listen\[1\].port is True, not a whole number"),
        (f"{LISTEN}keepalives = {{ max_probes = 0 }}", r"listen\[1\].keepalives.max_probes is 0, outside 1..127"),
        (LISTEN.replace("ssh", "telnet"), r"listen\[1\].transport is 'telnet', not one of ssh, tls"),
        (LISTEN.replace("::1", "localhost"), "listen a: address 'localhost' is no IP address"),
        (LISTEN + LISTEN, "listen: 'a' is there twice"),
        (LISTEN + LISTEN.replace('"a"', '"b"'), r"listen: \('::1', 830\) is there twice"),
        (LISTEN.replace("ssh", "tls"), r"there is a transport 'tls', and no \[tls\] with certificate"),
        ('host = ""', "host '': nobody could come in"),
        (CALL + CALL, "call_home: 'b' is there twice"),
        ('[[call_home]]\nname = "b"\nendpoints = []', "call_home b: there are no endpoints"),
        (CALL.replace("ssh", "tls"), r"there is a transport 'tls', and no \[tls\]"),
        (CALL.replace('"192.0.2.1"', '"x", port = 0'), r"call_home\[1\].endpoints\[1\].port is 0, outside 1..65535"),
        (f'{CALL}connection_type = "often"', r"connection_type is 'often', not one of persistent, periodic"),
        (f"{CALL}period = 0", r"call_home\[1\].period is 0, outside 0.01..65535"),
        (f"{CALL}anchor_time = 2026-01-01T00:00:00", "anchor_time is 2026-01-01 00:00:00, without an offset from UTC"),
        (f"{CALL}anchor_time = 7", r"call_home\[1\].anchor_time is 7, not a date and time"),
        (f"{CALL}reconnect_strategy = {{ max_attempts = 0 }}", "reconnect_strategy.max_attempts is 0, outside 1..255"),
        (f"{CALL}reconnect_strategy = 3", r"call_home\[1\].reconnect_strategy is 3, not a table"),
        (TLS, "tls has no cert_to_name"),
        (rule("04:ab"), "tls.cert_to_name 1: fingerprint has 1 octets after the first, and sha256 has 32"),
        (rule("07:ab"), "tls.cert_to_name 1: fingerprint begins with 07, which is none of 1 md5, 2 sha1"),
        (rule("04abab"), "tls.cert_to_name 1: fingerprint '04abab' is not octets in hexadecimal with colons between"),
        (rule(map_type="uid"), r"tls.cert_to_name\[1\].map_type is 'uid', not one of specified, san-rfc822-name"),
        (rule(map_type="specified"), "tls.cert_to_name 1: map_type specified with no name"),
        (rule(more='name = "ann"'), "tls.cert_to_name 1: map_type san-any with name 'ann'"),
        (rule() + rule().removeprefix(TLS), "tls.cert_to_name: id: 1 is there twice"),
        (rule(more="").replace("id = 1", "id = -1"), r"tls.cert_to_name\[1\].id is -1, outside 0..4294967295"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place_and_value(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as refused:
        load(written(tmp_path, text), {})
    assert str(refused.value).startswith(f"{tmp_path / 'nos.toml'}: ")
    assert "\n" not in str(refused.value)


def test_a_listener_is_a_record() -> None:
    assert Listen("a", "tls", "::1").port == 6513
