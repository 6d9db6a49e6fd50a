"""SSH keys: the server's own and its first user's, made when they are first needed, and public keys as users have them."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import asyncssh

from yang.errors import NosError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RSA_BITS = 3072
SSH = 22
"""The port that known_hosts does not name."""


USABLE = ("ssh-ed25519", "ecdsa-sha2-", "ssh-rsa")
"""How the names of the algorithms begin of which users may have keys."""
SHORTEST_RSA = 2048
PROOF = b"what a key signs to show that it is whole"


class UnusableKey(NosError):
    """What should be a key, in a file or in the configuration, and is none that is taken."""


def public_keys(text: str) -> frozenset[bytes]:
    """Return the public keys in `text`, one a line, each as OpenSSH has it in a file `.pub`.

    Raises:
        UnusableKey: One is no key, or none of an algorithm and a length that is taken, or there is none.
    """
    found = set()
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        try:
            key = asyncssh.import_public_key(line)
        except (asyncssh.KeyImportError, ValueError) as error:
            raise UnusableKey(f"line {number} is no public key as OpenSSH has it: {error}") from error
        algorithm = key.get_algorithm()
        if not algorithm.startswith(USABLE):
            raise UnusableKey(f"line {number} is a key for {algorithm}, not one for Ed25519, ECDSA or RSA")
        bits = getattr(getattr(key, "pyca_key", None), "key_size", None)
        if algorithm == "ssh-rsa" and bits is not None and bits < SHORTEST_RSA:
            raise UnusableKey(f"line {number} is an RSA key of {bits} bits, fewer than {SHORTEST_RSA}")
        found.add(key.public_data)
    if not found:
        raise UnusableKey("there is no key")
    return frozenset(found)


def host_keys(state: Path) -> list[asyncssh.SSHKey]:
    """Return the server's keys, Ed25519 and RSA, from the state folder."""
    comment = "nos-mgmt host"
    return [_key(state / "host_ed25519", comment), _key(state / "host_rsa", comment, _rsa)]


def client_key_file(state: Path, user: str) -> Path:
    """Return the file of the key with which `user` comes in."""
    return state / f"{user}_ed25519"


def client_keys(state: Path, user: str) -> frozenset[bytes]:
    """Return the public keys with which `user` may come in; there is one, and it is made with the first start."""
    return frozenset({_key(client_key_file(state, user), user).public_data})


def _ed25519(comment: str) -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519", comment)


def _rsa(comment: str) -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-rsa", comment, key_size=RSA_BITS)


def _key(file: Path, comment: str, make: Callable[[str], asyncssh.SSHKey] = _ed25519) -> asyncssh.SSHKey:
    """Return the key in `file`, which is made, with mode 0600, if it is not there."""
    if not file.exists():
        key = make(comment)
        new = file.with_name(f"{file.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(key.export_private_key())
        file.with_name(f"{file.name}.pub").write_bytes(key.export_public_key())
        new.rename(file)
    try:
        # it is our own: that an RSA key's factors are primes is not proved at every start, which takes a quarter of a second
        key = asyncssh.read_private_key(file, unsafe_skip_rsa_key_validation=True)
        is_whole = key.convert_to_public().verify(PROOF, key.sign(PROOF, key.sig_algorithms[0]))
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        raise UnusableKey(f"{file}: {error}") from error
    if not is_whole:
        raise UnusableKey(f"{file}: what it signs is not what its public key verifies")
    return key


def make_known(known_hosts: Path, host: str, port: int, *keys: asyncssh.SSHKey) -> None:
    """Put the server's keys into a known_hosts file, in place of others for this address and port.

    Raises:
        OSError: The file cannot be written.
    """
    known_hosts.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known_hosts.touch(mode=0o600)
    names = [name if port == SSH else f"[{name}]:{port}" for name in _names(host)]
    public = [key.export_public_key().decode().split()[:2] for key in keys]
    lines = [f"{','.join(names)} {' '.join(words)}\n".encode() for words in public]
    if set(lines) <= set(known_hosts.read_bytes().splitlines(keepends=True)):
        return
    keygen = shutil.which("ssh-keygen")
    for name in names if keygen else ():
        # it finds hashed names as well
        subprocess.run([str(keygen), "-f", str(known_hosts), "-R", name], capture_output=True, check=False)
    others = known_hosts.read_bytes()
    with known_hosts.open("ab") as opened:
        opened.write((b"\n" if others and not others.endswith(b"\n") else b"") + b"".join(lines))


def _names(host: str) -> tuple[str, ...]:
    """Return the names by which clients on this machine call a server that listens at `host`."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return ("127.0.0.1", "::1", "localhost")
    return (host, "localhost") if host in ("127.0.0.1", "::1") else (host,)
