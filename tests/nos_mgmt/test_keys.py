"""Keys are made once, for their owner's eyes only; and clients are told the server's."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING

import asyncssh
import pytest

from nos_mgmt import keys
from nos_mgmt.keys import UnusableKey
from tests.conftest import needs

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "github.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


def key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


def known(file: Path, name: str) -> list[str]:
    """Return the lines that OpenSSH finds for a name."""
    found = subprocess.run(
        [needs("ssh-keygen"), "-F", name, "-f", str(file)], capture_output=True, text=True, check=False
    ).stdout
    return [line for line in found.splitlines() if not line.startswith("#")]


def public(key: asyncssh.SSHKey) -> str:
    return " ".join(key.export_public_key().decode().split()[:2])


def test_keys_are_made_with_the_first_start_and_stay(tmp_path: Path) -> None:
    host, client = keys.host_keys(tmp_path), keys.client_keys(tmp_path, "admin")
    assert [key.public_data for key in keys.host_keys(tmp_path)] == [key.public_data for key in host]
    assert keys.client_keys(tmp_path, "admin") == client
    assert client.isdisjoint(key.public_data for key in host)
    assert {file.name for file in tmp_path.iterdir()} == {
        "host_ed25519",
        "host_ed25519.pub",
        "host_rsa",
        "host_rsa.pub",
        "admin_ed25519",
        "admin_ed25519.pub",
    }


def test_private_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    keys.host_keys(tmp_path)
    keys.client_keys(tmp_path, "admin")
    for name in ("host_ed25519", "host_rsa", "admin_ed25519"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_the_public_key_beside_it_is_that_of_the_private_one(tmp_path: Path) -> None:
    file = keys.client_key_file(tmp_path, "ann.lee")
    (data,) = keys.client_keys(tmp_path, "ann.lee")
    assert asyncssh.read_public_key(tmp_path / "ann.lee_ed25519.pub").public_data == data
    shown = subprocess.run([needs("ssh-keygen"), "-y", "-f", str(file)], capture_output=True, text=True, check=True)
    assert shown.stdout.split()[:2] == (tmp_path / "ann.lee_ed25519.pub").read_text().split()[:2]


def test_what_an_interrupted_start_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "host_ed25519.new").write_text("half a k")
    assert keys.host_keys(tmp_path)[0].public_data == keys.host_keys(tmp_path)[0].public_data


@pytest.mark.parametrize("content", ["", "no key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_holds_no_key_is_named_and_kept(tmp_path: Path, content: str) -> None:
    file = tmp_path / "host_ed25519"
    file.write_text(content)
    with pytest.raises(UnusableKey, match="host_ed25519: "):
        keys.host_keys(tmp_path)
    assert file.read_text() == content


@pytest.mark.parametrize("place", [600, 900, 1500])
def test_an_rsa_key_of_which_an_octet_has_changed_is_named_and_kept(tmp_path: Path, place: int) -> None:
    keys.host_keys(tmp_path)
    file = tmp_path / "host_rsa"
    first, *lines, last = file.read_bytes().splitlines()
    octets = bytearray(base64.b64decode(b"".join(lines)))
    octets[place] ^= 1
    damaged = b"\n".join([first, base64.b64encode(octets), last, b""])
    file.write_bytes(damaged)
    with pytest.raises(UnusableKey, match="host_rsa: "):
        keys.host_keys(tmp_path)
    assert file.read_bytes() == damaged


def test_a_key_with_a_passphrase_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "host_ed25519").write_bytes(key().export_private_key(passphrase=OTHER))
    with pytest.raises(UnusableKey, match="host_ed25519: "):
        keys.host_keys(tmp_path)


def test_a_known_key_is_found_by_every_name_of_the_server(tmp_path: Path) -> None:
    file, mine = tmp_path / "ssh" / "known_hosts", key()
    keys.make_known(file, "127.0.0.1", 8830, mine)
    for name in ("[127.0.0.1]:8830", "[localhost]:8830"):
        assert [line.split()[1:] for line in known(file, name)] == [public(mine).split()]
    assert known(file, "[127.0.0.1]:8831") == []
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("host", "port", "names"),
    [
        ("127.0.0.1", 22, ["127.0.0.1", "localhost"]),
        ("::1", 8830, ["[::1]:8830", "[localhost]:8830"]),
        ("0.0.0.0", 8830, ["[127.0.0.1]:8830", "[localhost]:8830"]),  # noqa: S104 - nothing is bound
        ("192.0.2.1", 8830, ["[192.0.2.1]:8830"]),
    ],
)
def test_names_are_as_openssh_looks_for_them(tmp_path: Path, host: str, port: int, names: list[str]) -> None:
    file = tmp_path / "known_hosts"
    keys.make_known(file, host, port, key())
    assert all(known(file, name) for name in names)


def test_another_address_is_no_reason_to_forget_the_key_of_localhost(tmp_path: Path) -> None:
    file, mine = tmp_path / "known_hosts", key()
    keys.make_known(file, "127.0.0.1", 8830, mine)
    keys.make_known(file, "192.0.2.1", 8830, key())
    assert [line.split()[1:] for line in known(file, "[localhost]:8830")] == [public(mine).split()]


def test_all_keys_of_a_server_are_known(tmp_path: Path) -> None:
    file, mine = tmp_path / "known_hosts", [key(), asyncssh.generate_private_key("ssh-rsa", key_size=2048)]
    for _ in range(2):
        keys.make_known(file, "192.0.2.1", 8830, *mine)
        found = [line.split()[1:] for line in known(file, "[192.0.2.1]:8830")]
        assert found == [public(one).split() for one in mine]


def test_the_rsa_key_has_3072_bits(tmp_path: Path) -> None:
    (_, rsa) = keys.host_keys(tmp_path)
    assert rsa.get_algorithm() == "ssh-rsa"
    shown = subprocess.run(
        [needs("ssh-keygen"), "-l", "-f", str(tmp_path / "host_rsa.pub")], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("3072 ")


def test_a_known_key_is_written_once(tmp_path: Path) -> None:
    file, mine = tmp_path / "known_hosts", key()
    for _ in range(3):
        keys.make_known(file, "127.0.0.1", 8830, mine)
    assert len(file.read_text().splitlines()) == 1


def test_an_older_key_is_replaced_and_others_stay(tmp_path: Path) -> None:
    file, old, new = tmp_path / "known_hosts", key(), key()
    file.write_text(f"# mine\n{OTHER}\n[127.0.0.1]:8830 {public(old)}\n")
    keys.make_known(file, "127.0.0.1", 8830, new)
    assert [line.split()[1:] for line in known(file, "[127.0.0.1]:8830")] == [public(new).split()]
    assert OTHER in file.read_text()
    assert "# mine" in file.read_text()


def test_an_older_key_is_replaced_where_names_are_hashed(tmp_path: Path) -> None:
    file, old, new = tmp_path / "known_hosts", key(), key()
    file.write_text(f"{OTHER}\n[127.0.0.1]:8830 {public(old)}\n[localhost]:8830 {public(old)}\n")
    subprocess.run([needs("ssh-keygen"), "-H", "-f", str(file)], capture_output=True, check=True)
    assert "127.0.0.1" not in file.read_text()
    keys.make_known(file, "127.0.0.1", 8830, new)
    for name in ("[127.0.0.1]:8830", "[localhost]:8830"):
        assert [line.split()[1:] for line in known(file, name)] == [public(new).split()]
    assert known(file, "github.example")


def test_a_file_without_a_last_line_feed_and_with_other_octets_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_bytes(b"# caf\xe9\n" + OTHER.encode())
    keys.make_known(file, "127.0.0.1", 8830, key())
    assert file.read_bytes().startswith(b"# caf\xe9\n" + OTHER.encode() + b"\n")
    assert known(file, "github.example")
    assert known(file, "[127.0.0.1]:8830")
