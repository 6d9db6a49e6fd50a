"""NETCONF over real TLS (RFC 7589): who gets in, and how sessions end."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ncclient import manager

from nos_mgmt.endpoints import CertToName
from nos_mgmt.netconf.messages import BASE_1_0, BASE_1_1
from nos_mgmt.netconf.tls import UnusableCertificate, secured
from tests.nos_mgmt.certificates import issue, revoked
from tests.nos_mgmt.on_loop import PATIENCE
from tests.nos_mgmt.over_ssh import chunked, hello, rpc
from tests.nos_mgmt.over_tls import Authority, TlsClient, TlsServer
from tests.openconfig import interface, interfaces
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nos_mgmt.device import Device

DISCARD = "<discard-changes/>"
LOCK = "<lock><target><candidate/></target></lock>"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def server(device: Device, authority: Authority, caplog: pytest.LogCaptureFixture) -> Iterator[TlsServer]:
    """A server, which is not to fail over anything."""
    caplog.set_level("INFO")
    made = TlsServer(device, authority)
    yield made
    made.close()
    assert "Traceback" not in caplog.text


def eventually(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def refused(connect: Callable[[], TlsClient]) -> str:
    """Return the alert with which a server ends the connection, without a word of NETCONF."""
    with pytest.raises(ssl.SSLError) as alert:
        # with TLS 1.3 a client hears of what the server thinks of its certificate when it reads
        connect().connection.recv(1)
    return str(alert.value.reason)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("capabilities", [(BASE_1_0,), (BASE_1_1,)])
def test_a_certificate_s_owner_gets_in_and_both_framings_are_spoken(
    server: TlsServer, version: ssl.TLSVersion, capabilities: tuple[str, ...]
) -> None:
    context = server.authority.client(server.admin, maximum_version=version)
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    client = TlsClient(plain, context, capabilities)
    assert client.connection.version() == ("TLSv1.3" if version is ssl.TLSVersion.TLSv1_3 else "TLSv1.2")
    assert "<ok/>" in client.rpc(DISCARD)
    assert "<ok/>" in client.rpc("<close-session/>")
    assert client.is_ended()
    client.connection.close()


def test_versions_before_tls_1_2_are_refused(server: TlsServer) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(server.authority.ca_file)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert refused(lambda: server.connected(context, greets=False)) == "TLSV1_ALERT_PROTOCOL_VERSION"


def test_ncclient_connects_over_tls_and_edits(server: TlsServer, authority: Authority) -> None:
    certificate, key = server.admin.write(authority.folder, "ncclient")
    with manager.connect_tls(
        host="127.0.0.1",
        port=server.port,
        certfile=str(certificate),
        keyfile=str(key),
        ca_certs=str(authority.ca_file),
        protocol=ssl.PROTOCOL_TLS_CLIENT,
        server_hostname="localhost",
        timeout=PATIENCE,
    ) as client:
        many = interfaces(*(interface(f"Ethernet{n}", description="x" * 200) for n in range(1, 501)))
        config = f'<config xmlns="{NETCONF}">{many}</config>'
        assert client.edit_config(target="candidate", config=config).ok
        assert client.get_config("candidate").data_xml.count("<description>") == 500
        assert client.commit().ok
    eventually(lambda: not server.service.channels)


def test_a_client_without_a_certificate_is_told_that_one_is_needed(server: TlsServer, authority: Authority) -> None:
    assert (
        refused(lambda: server.connected(authority.client(None), greets=False)) == "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    )
    assert "<ok/>" in server.client().rpc(DISCARD)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_of_another_ca_is_refused_and_the_client_told(
    server: TlsServer, caplog: pytest.LogCaptureFixture, version: ssl.TLSVersion
) -> None:
    other = issue("another CA", is_ca=True)
    for stranger in (issue("admin", other), issue("admin"), other):
        context = server.authority.client(stranger, maximum_version=version)
        assert refused(lambda context=context: server.connected(context, greets=False)) == "TLSV1_ALERT_UNKNOWN_CA"
    eventually(lambda: caplog.text.count("was refused: ") == 3)
    assert "certificate verify failed" in caplog.text
    assert "<ok/>" in server.client().rpc(DISCARD)


def test_an_expired_certificate_is_refused_and_the_client_told(
    server: TlsServer, caplog: pytest.LogCaptureFixture
) -> None:
    expired = issue("admin", server.authority.ca, days=-1)
    assert refused(lambda: server.client(expired, greets=False)) == "SSLV3_ALERT_CERTIFICATE_EXPIRED"
    eventually(lambda: "certificate has expired" in caplog.text)


def test_a_revoked_certificate_is_refused(device: Device, authority: Authority) -> None:
    bad, good = issue("admin", authority.ca), issue("ann", authority.ca)
    crl = authority.folder / "crl.pem"
    crl.write_bytes(revoked(authority.ca, bad))
    server = TlsServer(device, authority, authority.tls(crl=crl))
    try:
        assert refused(lambda: server.client(bad, greets=False)) == "SSLV3_ALERT_CERTIFICATE_REVOKED"
        assert "<ok/>" in server.client(good).rpc(DISCARD)
    finally:
        server.close()


def test_a_certificate_by_an_intermediate_ca_is_the_owner_s_too(server: TlsServer) -> None:
    intermediate = issue("intermediate", server.authority.ca, is_ca=True)
    ann = issue("ann", intermediate)
    assert "<ok/>" in server.client(ann, intermediate).rpc(DISCARD)
    assert refused(lambda: server.client(ann, greets=False)) == "TLSV1_ALERT_UNKNOWN_CA"


def test_a_ca_that_a_client_brings_along_is_no_reason_to_trust_its_fingerprint(
    device: Device, authority: Authority
) -> None:
    # RFC 7407: what matches is the fingerprint of "a locally held copy of a trusted CA certificate"
    intermediate = issue("intermediate", authority.ca, is_ca=True)
    ann = issue("ann", intermediate)
    server = TlsServer(device, authority, authority.tls(CertToName(1, intermediate.fingerprint(), "common-name")))
    try:
        assert server.client(ann, intermediate, greets=False).is_ended()
    finally:
        server.close()
    held = authority.folder / "held.pem"
    authority.ca.write(authority.folder, "held", intermediate)
    rule = CertToName(1, intermediate.fingerprint(), "common-name")
    server = TlsServer(device, authority, authority.tls(rule, client_ca=held))
    try:
        assert "<ok/>" in server.client(ann).rpc(DISCARD)
    finally:
        server.close()


def test_a_certificate_that_maps_to_no_name_is_sent_away_with_a_close_notify(
    device: Device, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    server = TlsServer(device, authority, authority.tls(CertToName(1, authority.ca.fingerprint(), "san-dns-name")))
    failed: list[Any] = []
    device.events.listen(failed.append)
    try:
        assert server.client(greets=False).is_ended()
        assert "its certificate maps to no name" in caplog.text
        assert [(event.method, event.reason) for event in failed] == [("certificate", "unmapped")]
    finally:
        server.close()


def test_a_name_that_is_no_user_is_sent_away_with_a_close_notify(
    server: TlsServer, caplog: pytest.LogCaptureFixture
) -> None:
    assert server.client(issue("mallory", server.authority.ca), greets=False).is_ended()
    assert "there is no user 'mallory'" in caplog.text
    assert not server.service.channels


def test_hello_and_requests_in_one_write(server: TlsServer) -> None:
    client = server.client(greets=False)
    client.write(hello() + chunked(rpc(DISCARD)) + chunked(rpc("<close-session/>", 2)))
    client.receive()
    client.chunked = True
    assert b'message-id="1"' in client.receive()
    assert b'message-id="2"' in client.receive()
    assert client.is_ended()


def test_with_tls_1_3_a_client_that_says_nothing_more_is_still_answered(server: TlsServer) -> None:
    # RFC 8446 section 6.1: a close_notify is the end of what its sender says, and no more
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = server.authority.client(server.admin).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as plain:

        def until_done(step: Callable[[], Any]) -> Any:
            while True:
                try:
                    done = step()
                except ssl.SSLWantReadError:
                    plain.sendall(outgoing.read())
                    incoming.write(plain.recv(1 << 16))
                else:
                    plain.sendall(outgoing.read())
                    return done

        until_done(secured.do_handshake)
        secured.write(hello() + b"".join(chunked(rpc(DISCARD, number)) for number in range(20)))
        with suppress(ssl.SSLWantReadError):
            secured.unwrap()
        received = b""
        with suppress(ssl.SSLZeroReturnError):  # the server's close_notify; without it this would wait in vain
            while True:
                received += until_done(lambda: secured.read(1 << 16))
    assert received.count(b"<ok/>") == 20


def test_a_connection_is_ended_though_its_client_has_just_reset_it(server: TlsServer) -> None:
    silent = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    eventually(lambda: len(server.transport.connections) == 1)

    def reset_and_end() -> None:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        silent.close()
        # the loop has not heard of it yet
        for connection in list(server.transport.connections):
            connection.finish()

    server.call(reset_and_end)
    assert "<ok/>" in server.client().rpc(DISCARD)


def test_a_killed_session_ends_with_a_close_notify_and_its_locks_can_be_had_at_once(server: TlsServer) -> None:
    holder, killer = server.client(), server.client()
    assert "<ok/>" in holder.rpc(LOCK)
    number = killer.rpc(LOCK).partition("<session-id>")[2].partition("<")[0]
    assert "<ok/>" in killer.rpc(f"<kill-session><session-id>{number}</session-id></kill-session>")
    assert "<ok/>" in killer.rpc(LOCK)
    assert holder.is_ended()


def test_a_client_that_says_close_notify_gets_one(server: TlsServer) -> None:
    client = server.client()
    assert "<ok/>" in client.rpc(LOCK)
    client.connection.unwrap()  # it raises unless the server answers
    eventually(lambda: not server.service.channels)
    assert "<ok/>" in server.client().rpc(LOCK)


def test_a_client_that_goes_without_a_close_notify_gives_its_locks_back(server: TlsServer) -> None:
    for octets in (b"", b"\n#100\n<rpc"):
        client = server.client()
        assert "<ok/>" in client.rpc(LOCK)
        client.write(octets)
        client.connection.shutdown(socket.SHUT_RDWR)
        client.connection.close()
        eventually(lambda: not server.service.channels)
    assert "<ok/>" in server.client().rpc(LOCK)


def test_a_handshake_cut_at_every_point_disturbs_nobody(server: TlsServer) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    handshake = server.authority.client(server.admin).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        handshake.do_handshake()
    client_hello = outgoing.read()
    for length in (0, 1, 5, 6, 100, len(client_hello) - 1, len(client_hello)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as cut:
            cut.sendall(client_hello[:length])
            if length == len(client_hello):
                assert cut.recv(1 << 16)
    eventually(lambda: not server.transport.connections)
    assert "<ok/>" in server.client().rpc(DISCARD)


@pytest.mark.parametrize("octets", [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 300_000, hello(), b"\x16\x03\x01\x40\x01\x01"])
def test_what_is_no_tls_disturbs_nobody(server: TlsServer, octets: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as odd, suppress(OSError):
        odd.sendall(octets)
    assert "<ok/>" in server.client().rpc(DISCARD)
    eventually(lambda: len(server.transport.connections) == 1)


def test_a_client_that_does_not_end_its_handshake_is_sent_away_in_time(device: Device, authority: Authority) -> None:
    server = TlsServer(device, authority, login_time=0.3)
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as silent:
            assert silent.recv(1 << 16) == b""
    finally:
        server.close()


def test_more_clients_than_may_log_in_at_once_are_cut(device: Device, authority: Authority) -> None:
    server = TlsServer(device, authority, logins=1)
    try:
        inside = [server.client() for _ in range(2)]
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE):
            eventually(lambda: len(server.transport.connections) == 3)
            with pytest.raises(OSError, match=r"reset|EOF"):
                server.client()
        eventually(lambda: len(server.transport.connections) == 2)
        inside.append(server.client())
        assert all("<ok/>" in client.rpc(DISCARD) for client in inside)
    finally:
        server.close()


def test_a_client_that_says_no_hello_is_sent_away_in_time(device: Device, authority: Authority) -> None:
    server = TlsServer(device, authority, hello_time=0.3)
    try:
        client = server.client(greets=False)
        client.receive()
        assert client.is_ended()
    finally:
        server.close()


def test_more_sessions_than_the_limit_are_refused_and_one_that_ends_makes_room(
    device: Device, authority: Authority
) -> None:
    server = TlsServer(device, authority, sessions=2, user_sessions=1)
    try:
        first = server.client()
        assert server.client(greets=False).is_ended()  # admin has one
        ann = server.client(issue("ann", authority.ca))
        assert "<ok/>" in ann.rpc("<close-session/>")
        assert "<ok/>" in first.rpc("<close-session/>")
        assert first.is_ended()
        assert "<ok/>" in server.client().rpc(DISCARD)
    finally:
        server.close()


def test_a_reader_that_reads_nothing_holds_up_nobody_and_gets_everything_in_the_end(server: TlsServer) -> None:
    slow, other = server.client(), server.client()
    config = interfaces(*(interface(f"Ethernet{n}", description="x" * 200) for n in range(1, 5_001)))
    assert "<ok/>" in slow.rpc(f"<edit-config><target><candidate/></target><config>{config}</config></edit-config>")
    slow.send("<get-config><source><candidate/></source></get-config>")
    for _ in range(20):
        assert "<ok/>" in other.rpc("<validate><source><running/></source></validate>")
    assert slow.receive().count(b"<interface>") == 5_000


def test_the_end_of_the_server_is_the_end_of_all_sessions(device: Device, authority: Authority) -> None:
    server = TlsServer(device, authority)
    client, silent = server.client(), server.client(greets=False)
    half_open = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    eventually(lambda: len(server.transport.connections) == 3)
    server.end(server.transport)
    assert client.is_ended()
    silent.receive()
    assert silent.is_ended()
    with suppress(ConnectionError):
        assert half_open.recv(1) == b""
    half_open.close()
    assert not server.service.channels
    assert not server.transport.connections
    server.close()


def test_files_that_hold_something_else_are_named(authority: Authority) -> None:
    other_key = authority.folder / "other.key"
    issue("other").write(authority.folder, "other")
    no_file, nothing = authority.folder / "none.pem", authority.folder / "nothing.pem"
    nothing.write_bytes(b"")
    good = authority.tls()
    for wrong, why in (
        ({"certificate": no_file}, "tls certificate .*none.pem: No such file"),
        ({"key": no_file}, "tls key .*none.pem: No such file"),
        ({"key": other_key}, "tls certificate .*server.pem: KEY_VALUES_MISMATCH"),
        ({"client_ca": no_file}, "tls client_ca .*none.pem: No such file"),
        ({"client_ca": nothing}, "tls client_ca .*nothing.pem: "),
        ({"client_ca": authority.server_key}, "tls client_ca .*server.key: "),
        ({"crl": nothing}, "tls crl .*nothing.pem: "),
    ):
        with pytest.raises(UnusableCertificate, match=why):
            secured(replace(good, **wrong))
