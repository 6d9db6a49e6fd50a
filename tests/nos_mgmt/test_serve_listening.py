"""A server in a process of its own with every way in that settings know, and OpenSSH's client for what it offers."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.conftest import needs, servers
from tests.nos_mgmt.certificates import issue
from tests.nos_mgmt.on_loop import PATIENCE
from tests.nos_mgmt.openssh import NO_QUESTIONS, OpenSsh
from tests.nos_mgmt.over_tls import Authority, TlsClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Server

    Start = Callable[..., Server]

DISCARD = "<discard-changes/>"


def settings(folder: Path, authority: Authority, called: socket.socket) -> Path:
    """Write a file with listeners of both kinds and a call; return it."""
    address, port, *_ = called.getsockname()
    text = f"""
        [[listen]]
        name = "ssh-6"
        transport = "ssh"
        address = "::1"
        port = 0
        [[listen]]
        name = "tls-6"
        transport = "tls"
        address = "::1"
        port = 0
        [[call_home]]
        name = "orchestrator"
        endpoints = [{{ name = "a", transport = "tls", address = "{address}", port = {port} }}]
        [tls]
        certificate = "server.pem"
        key = "server.key"
        client_ca = "ca.pem"
        [[tls.cert_to_name]]
        id = 1
        fingerprint = "{authority.ca.fingerprint()}"
        map_type = "common-name"
    """
    file = folder / "nos.toml"
    file.write_text(text)
    return file


def ssh(server: Server, address: str, port: int, known_hosts: Path, *options: str) -> list[str]:
    """Return the command that connects to an address of a server whose keys are known."""
    asked = ["-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={known_hosts}", *options]
    where = ["-s", "-p", str(port), "-i", str(server.key), f"admin@{address}", "netconf"]
    return [needs("ssh"), "-o", "LogLevel=INFO", *NO_QUESTIONS, *asked, *where]


def test_all_ways_in_are_open_at_once_over_ipv4_and_ipv6(start_server: Start, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    admin = authority.client(issue("admin", authority.ca))
    known_hosts = tmp_path / "known_hosts"
    with closing(socket.create_server(("::1", 0), family=socket.AF_INET6)) as called:
        called.settimeout(PATIENCE)
        file = settings(tmp_path, authority, called)
        server = start_server("--config", str(file), "--backends", "hardware", "--known-hosts", str(known_hosts))
        log = server.log.read_text()
        found = re.search(r"SSH at ::1 port (\d+), TLS at ::1 port (\d+), calls to orchestrator, with", log)
        assert found is not None, log
        for address, port in (("127.0.0.1", server.port), ("::1", int(found[1]))):
            with OpenSsh(ssh(server, address, port, known_hosts)) as session:
                assert "<ok/>" in session.rpc(DISCARD)
        listened = TlsClient(socket.create_connection(("::1", int(found[2])), timeout=PATIENCE), admin)
        plain, _ = called.accept()
        plain.settimeout(PATIENCE)
        call = TlsClient(plain, admin)
        for client in (listened, call):
            assert "<ok/>" in client.rpc(DISCARD)
        server.process.terminate()
        for client in (listened, call):
            assert client.is_ended()
            client.connection.close()
        assert server.process.wait(PATIENCE) == 0
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    ("options", "is_let_in"),
    [
        (["HostKeyAlgorithms=ssh-ed25519"], True),
        (["HostKeyAlgorithms=rsa-sha2-512"], True),
        (["HostKeyAlgorithms=rsa-sha2-256"], True),
        (["HostKeyAlgorithms=ssh-rsa"], False),
        (["KexAlgorithms=curve25519-sha256"], True),
        (["KexAlgorithms=diffie-hellman-group16-sha512"], True),
        (["KexAlgorithms=diffie-hellman-group14-sha1"], False),
        (["Ciphers=aes256-gcm@openssh.com"], True),
        (["Ciphers=aes128-ctr", "MACs=hmac-sha2-256"], True),
        (["Ciphers=aes128-ctr", "MACs=hmac-sha1"], False),
        (["Ciphers=aes128-cbc"], False),
    ],
)
def test_openssh_gets_in_with_modern_algorithms_only(
    openssh_server: tuple[Server, Path], options: list[str], *, is_let_in: bool
) -> None:
    server, known_hosts = openssh_server
    given = [word for option in options for word in ("-o", option)]
    command = ssh(server, "127.0.0.1", server.port, known_hosts, *given)
    if is_let_in:
        with OpenSsh(command) as session:
            assert "<ok/>" in session.rpc(DISCARD)
    else:
        refused = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert "no matching" in refused.stderr


@pytest.fixture(scope="module")
def openssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server for several tests, and the file with its host keys."""
    folder = tmp_path_factory.mktemp("openssh")
    with servers(folder) as start:
        yield start("--backends", "hardware", "--known-hosts", str(folder / "known")), folder / "known"


def test_a_file_that_holds_no_certificate_ends_the_start_before_anything_is_touched(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.server.write_text("nothing")
    with closing(socket.create_server(("::1", 0), family=socket.AF_INET6)) as called:
        file = settings(tmp_path, authority, called)
    ended = subprocess.run(
        [sys.executable, "-m", "nos_mgmt", "serve", "--state", str(tmp_path / "state"), "--config", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert re.fullmatch(r"Error: tls certificate .*server.pem: .*\n", ended.stderr)
    assert not (tmp_path / "state" / "namespaces.json").exists()
