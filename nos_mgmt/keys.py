"""SSH keys: the server's own and its first user's, made when they are first needed. There are no passwords."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import asyncssh

from yang.errors import NosError

if TYPE_CHECKING:
    from pathlib import Path

ALGORITHM = "ssh-ed25519"
SSH = 22
"""The port that known_hosts does not name."""


class UnusableKey(NosError):
    """A file that should hold a private key and does not."""


def host_key(state: Path) -> asyncssh.SSHKey:
    """Return the server's key, from the state folder."""
    return _key(state / "host_ed25519", "nos-mgmt host")


def client_key_file(state: Path, user: str) -> Path:
    """Return the file of the key with which `user` comes in."""
    return state / f"{user}_ed25519"


def client_keys(state: Path, user: str) -> frozenset[bytes]:
    """Return the public keys with which `user` may come in; there is one, and it is made with the first start."""
    return frozenset({_key(client_key_file(state, user), user).public_data})


def _key(file: Path, comment: str) -> asyncssh.SSHKey:
    """Return the key in `file`, which is made, with mode 0600, if it is not there."""
    if not file.exists():
        key = asyncssh.generate_private_key(ALGORITHM, comment)
        new = file.with_name(f"{file.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(key.export_private_key())
        file.with_name(f"{file.name}.pub").write_bytes(key.export_public_key())
        new.rename(file)
    try:
        return asyncssh.read_private_key(file)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise UnusableKey(f"{file}: {error}") from error


def make_known(known_hosts: Path, host: str, port: int, key: asyncssh.SSHKey) -> None:
    """Put the server's key into a known_hosts file, in place of others for this address and port.

    Raises:
        OSError: The file cannot be written.
    """
    known_hosts.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known_hosts.touch(mode=0o600)
    public = key.export_public_key().decode().split()
    names = [name if port == SSH else f"[{name}]:{port}" for name in _names(host)]
    line = f"{','.join(names)} {public[0]} {public[1]}\n".encode()
    if line in known_hosts.read_bytes().splitlines(keepends=True):
        return
    keygen = shutil.which("ssh-keygen")
    for name in names if keygen else ():
        # it finds hashed names as well
        subprocess.run([str(keygen), "-f", str(known_hosts), "-R", name], capture_output=True, check=False)
    others = known_hosts.read_bytes()
    with known_hosts.open("ab") as opened:
        opened.write(b"\n" + line if others and not others.endswith(b"\n") else line)


def _names(host: str) -> tuple[str, ...]:
    """Return the names by which clients on this machine call a server that listens at `host`."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return ("127.0.0.1", "::1", "localhost")
    return (host, "localhost") if host in ("127.0.0.1", "::1") else (host,)
